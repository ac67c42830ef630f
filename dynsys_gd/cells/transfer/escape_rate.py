"""Escape rates: how fast mass leaves the cells, and how what is left is spread."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ...maps.base import Map
from ...results import Result, plain
from ..cells import Cells
from .classes import Class, communicating_classes, downstream
from .eigenvectors import leading_left
from .invariant_density import discretised
from .transitions import Transitions

__all__ = ["EscapeRate", "escape_rate_of"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class EscapeRate(Result):
    """How fast mass that is spread evenly leaves the cells.

    Parameters
    ----------
    map : Map
    cells : Cells
    rate : float
        -log λ, per step, λ the leading eigenvalue: the mass that is left falls like e^(-rate t).
        0 where some cells are never left; inf where everything is gone after finitely many steps.
    coarser : float or None
        The same from cells twice as wide; None where there are none.
    mass : ndarray, shape (len(cells),)
        Share of what is left in each cell once the fall is steady; the sum is 1. Empty for the
        rates 0 and inf, where nothing is steady or nothing is left.
    residual : float
        Sum of the absolute entries of q P - λ q; NaN for the rates 0 and inf.
    longest : int or None
        For the rate inf: after how many steps nothing is left.
    """

    map: Map
    cells: Cells
    rate: float
    coarser: float | None
    mass: Numbers
    residual: float
    longest: int | None
    evidence: Evidence

    @property
    def eigenvalue(self) -> float:
        """λ = e^(-rate): the share of the mass that is still there a step later."""
        return math.exp(-self.rate)

    @property
    def lifetime(self) -> float:
        """1 / rate, in steps: inf where some mass never leaves, 0 where all of it does at once."""
        return math.inf if self.rate == 0 else 1.0 / self.rate

    @cached_property
    def density(self) -> Numbers:
        """The conditionally invariant density on each cell, with respect to volume."""
        return self.mass * (2.0**self.cells.depth / self.cells.region.volume)

    def headline(self) -> str:
        of = f"{self.map.describe()} on {len(self.cells)} cells (depth {self.cells.depth})"
        if self.rate == 0:
            return f"Escape rate 0 of {of}: some cells are never left"
        if math.isinf(self.rate):
            return f"Escape rate ∞ of {of}: after {self.longest} steps nothing is left"
        return f"Escape rate {self.rate:.6g} per step of {of}"

    def rows(self) -> list[tuple[str, str]]:
        table = []
        if 0 < self.rate < math.inf:
            table = [
                ("left after a step", f"{self.eigenvalue:.6g} of what was there"),
                ("mean lifetime", f"{self.lifetime:.4g} steps"),
                ("residual", f"{self.residual:.1g}"),
            ]
        if self.coarser is not None:
            table.append(("on cells twice as wide", f"{self.coarser:.6g}"))
        return [*table, ("evidence", str(self.evidence))]

    def latex(self) -> str | None:
        if math.isinf(self.rate):
            return r"\kappa = \infty"
        return rf"\kappa = {self.rate:.6g}"

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "region": self.cells.region.describe(),
            "depth": self.cells.depth,
            "rate": plain(self.rate),
            "coarser": plain(self.coarser),
            "residual": plain(self.residual),
            "longest": self.longest,
            "cells": plain(self.cells.codes),
            "mass": plain(self.mass),
        }


def escape_rate_of(transitions: Transitions, entries: Evidence) -> EscapeRate:
    """Return the escape rate of a matrix."""
    coarse = transitions.coarser()
    value, rows = _leading(transitions)
    mass, residual, longest = np.empty(0), math.nan, None
    if 0 < value < 1:
        reached = downstream(transitions, rows)
        leading = leading_left(transitions.matrix[reached][:, reached])
        value, residual = leading.value, leading.residual
        mass = np.zeros(len(transitions.cells))
        mass[reached] = leading.vector
    elif value == 0:
        longest = _longest(transitions)
    return EscapeRate(
        map=transitions.F,
        cells=transitions.cells,
        rate=_rate(value),
        coarser=None if coarse is None else _rate(_leading(coarse)[0]),
        mass=mass,
        residual=residual,
        longest=longest,
        evidence=discretised(entries, "-log of the leading eigenvalue of the matrix"),
    )


def _rate(value: float) -> float:
    return math.inf if value == 0 else -math.log(value) if value < 1 else 0.0


def _leading(transitions: Transitions) -> tuple[float, NDArray[np.int64]]:
    """Return the largest eigenvalue, 1 for a closed class and 0 without cycles, and its class."""
    classes = communicating_classes(transitions)
    if not classes:
        return 0.0, np.empty(0, dtype=np.int64)
    if classes[0].closed:
        return 1.0, classes[0].rows
    best, found = -1.0, classes[0].rows
    for bound, block, each in sorted(
        (_bounded(transitions, each) for each in classes), key=lambda item: -item[0]
    ):
        if bound <= best:
            break
        value = leading_left(block).value
        if value > best:
            best, found = value, each.rows
    return min(best, math.nextafter(1.0, 0.0)), found


def _bounded(transitions: Transitions, each: Class) -> tuple[float, Any, Class]:
    """Return a bound of the eigenvalues of a class, the largest sum of a row, with its block."""
    block = transitions.matrix[each.rows][:, each.rows]
    return float(block.sum(axis=1).max()), block, each


def _longest(transitions: Transitions) -> int:
    """Return after how many steps a matrix without cycles has moved everything out."""
    pattern = transitions.matrix.T.tocsr().astype(bool).astype(np.int64)
    here, steps = np.ones(pattern.shape[0], dtype=np.int64), 0
    while here.any():
        here = ((pattern @ here) > 0).astype(np.int64)
        steps += 1
    return steps

"""Escape rates: how fast mass leaves the cells, and how what is left is spread."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ...maps.base import Map
from ...results import Result, plain
from ..cells import Cells
from ..counted import counted
from .classes import communicating_classes, downstream
from .eigenvectors import about, leading_left
from .invariant_density import discretised
from .surviving import RESOLVED, Slowest, slowest_class
from .transitions import Transitions

__all__ = ["Escape", "EscapeRate", "escape_rate_of"]

Numbers = NDArray[np.float64]


class Escape(Enum):
    """How mass leaves the cells in the long run.

    NEVER: some cells lead nowhere else, so that part of the mass stays. UNRESOLVED: every cell
    leads out, but too seldom to be told from rounding. STEADY: what is left falls by the same
    factor each step. ALL: after finitely many steps nothing is left.

    Examples
    --------
    >>> Escape("steady") is Escape.STEADY
    True
    """

    NEVER = "never"
    UNRESOLVED = "unresolved"
    STEADY = "steady"
    ALL = "all"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class EscapeRate(Result):
    """How fast mass that is spread evenly leaves the cells.

    Parameters
    ----------
    map : Map
    cells : Cells
    kind : Escape
        How mass leaves in the long run, which the graph of the matrix tells.
    rate : float
        -log λ, per step, λ the leading eigenvalue: the mass that is left falls like e^(-rate t).
        0 for NEVER and UNRESOLVED, inf for ALL.
    coarser : float or None
        The same from cells twice as wide; None where there are none.
    mass : ndarray, shape (len(cells),)
        Share of what is left in each cell once the fall is steady; the sum is 1. Empty for NEVER
        and ALL, where what is left is invariant or nothing.
    residual : float
        Sum of the absolute entries of q P - λ q; NaN for NEVER and ALL.
    kept : Cells
        The cells that are never left: those of the closed classes. None but for NEVER.
    longest : int or None
        For ALL: after how many steps nothing is left.
    """

    map: Map
    cells: Cells
    kind: Escape
    rate: float
    coarser: float | None
    mass: Numbers
    residual: float
    kept: Cells
    longest: int | None
    evidence: Evidence

    def __post_init__(self) -> None:
        self.mass.setflags(write=False)

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
        values = self.mass * (2.0**self.cells.depth / self.cells.region.volume)
        values.setflags(write=False)
        return values

    def headline(self) -> str:
        cells = counted(len(self.cells), "cell")
        of = f"{self.map.describe()} on {cells} (depth {self.cells.depth})"
        if self.kind is Escape.NEVER:
            return f"Escape rate 0 of {of}: some cells are never left"
        if self.kind is Escape.UNRESOLVED:
            return f"Escape rate below {RESOLVED:g} of {of}: not told from 0"
        if self.kind is Escape.ALL:
            return (
                f"Escape rate ∞ of {of}: after {counted(self.longest or 0, 'step')} nothing is left"
            )
        return f"Escape rate {self.rate:.6g} per step of {of}"

    def rows(self) -> list[tuple[str, str]]:
        table = []
        if self.kind is Escape.STEADY:
            table = [
                ("left after a step", f"{self.eigenvalue:.6g} of what was there"),
                ("mean lifetime", f"{self.lifetime:.4g} steps"),
                ("residual of the density", about(self.residual)),
            ]
        if self.kind is Escape.NEVER:
            share = 100 * self.kept.volume
            table.append(
                ("never left", f"{counted(len(self.kept), 'cell')}, {share:.4g} % of the region")
            )
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
            "kind": self.kind.value,
            "rate": plain(self.rate),
            "coarser": plain(self.coarser),
            "residual": plain(self.residual),
            "longest": self.longest,
            "kept": plain(self.kept.codes),
            "cells": plain(self.cells.codes),
            "mass": plain(self.mass),
        }


def escape_rate_of(transitions: Transitions, entries: Evidence) -> EscapeRate:
    """Return the escape rate of a matrix."""
    coarse = transitions.coarser()
    slowest = slowest_class(transitions)
    closed = [each.rows for each in communicating_classes(transitions) if each.closed]
    kept = np.concatenate([*closed, np.empty(0, dtype=np.int64)])
    mass, residual, longest = np.empty(0), math.nan, None
    kind, rate = _read(slowest)
    if slowest is None:
        longest = _longest(transitions)
    elif kind is not Escape.NEVER:
        reached = downstream(transitions, slowest.rows)
        mass = np.zeros(len(transitions.cells))
        mass[slowest.rows] = slowest.vector
        leading = leading_left(transitions.matrix[reached][:, reached], mass[reached])
        residual = leading.residual
        mass[reached] = leading.vector
    return EscapeRate(
        map=transitions.F,
        cells=transitions.cells,
        kind=kind,
        rate=rate,
        coarser=None if coarse is None else _read(slowest_class(coarse))[1],
        mass=mass,
        residual=residual,
        kept=transitions.cells.take(kept),
        longest=longest,
        evidence=discretised(entries, "-log of the leading eigenvalue of the matrix"),
    )


def _read(slowest: Slowest | None) -> tuple[Escape, float]:
    if slowest is None:
        return Escape.ALL, math.inf
    if slowest.vector is None:  # closed: a class that leaks very little may have 1.0 too
        return Escape.NEVER, 0.0
    if slowest.value > 1.0 - RESOLVED:
        return Escape.UNRESOLVED, 0.0
    return Escape.STEADY, -math.log(slowest.value)


def _longest(transitions: Transitions) -> int:
    """Return after how many steps a matrix without cycles has moved everything out."""
    pattern = transitions.matrix.T.tocsr().astype(bool).astype(np.int64)
    here, steps = np.ones(pattern.shape[0], dtype=np.int64), 0
    while here.any():
        here = ((pattern @ here) > 0).astype(np.int64)
        steps += 1
    return steps

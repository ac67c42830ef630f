"""Invariant densities: how often orbits visit each cell, one density for each closed class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...results import Result, plain
from ..cells import Cells
from ..counted import counted
from .classes import Class, communicating_classes, cyclic_pieces
from .eigenvectors import about, leading_left
from .transitions import Transitions

__all__ = ["ErgodicComponent", "InvariantDensity", "density_of"]

Numbers = NDArray[np.float64]

_SOURCES = ("ulam1960collection", "li1976finite")


@dataclass(frozen=True, kw_only=True, eq=False)
class ErgodicComponent:
    """The invariant density on one set of cells that nothing leaves.

    Parameters
    ----------
    cells : Cells
        The cells of the closed class: what starts there stays there and visits all of them.
    mass : ndarray, shape (len(cells),)
        Share of the time that is spent in each cell; the sum is 1.
    period : int
        The cells fall into so many pieces that are visited in turn; 1 where they do not.
    residual : float
        Sum of the absolute entries of p P - p.
    moved : float or None
        Integral of the absolute difference to the density on cells twice as wide, between 0 and 2;
        None where the coarser matrix has no closed class at the same place.

    Examples
    --------
    >>> from sympy import Abs, Rational
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, MonotonePieces, SymbolicMap, transfer_operator
    >>> tent = SymbolicMap([1 - 2 * Abs(x - Rational(1, 2))], [x])
    >>> P = transfer_operator(tent, Box([0], [1]), 4, method=MonotonePieces())
    >>> component = P.invariant_density().only
    >>> len(component.cells), component.period, component.density.round(12).max()
    (16, 1, np.float64(1.0))
    """

    cells: Cells
    mass: Numbers
    period: int
    residual: float
    moved: float | None

    def __post_init__(self) -> None:
        self.mass.setflags(write=False)

    @cached_property
    def density(self) -> Numbers:
        """The density on each cell, with respect to volume."""
        values = self.mass * (2.0**self.cells.depth / self.cells.region.volume)
        values.setflags(write=False)
        return values

    @property
    def volume(self) -> float:
        """Volume of the cells as a share of the region."""
        return self.cells.volume

    def at(self, points: Any) -> Numbers:
        """Return the density at points, shape (m, d); 0 outside of the cells."""
        row = self.cells.at(points)
        return np.where(row >= 0, self.density[row], 0.0)

    def mean(self, function: Callable[[Numbers], Any]) -> float:
        """Return the mean of a function along orbits, from its values at the centres of cells.

        Parameters
        ----------
        function : callable
            From points (m, d) to numbers (m,).

        Raises
        ------
        InvalidInput
            Where other shapes, or values that are not finite, come back.
        """
        centres = 0.5 * (self.cells.lower + self.cells.upper).T
        values = np.asarray(function(centres), dtype=np.float64)
        if values.shape != (len(centres),) or not np.isfinite(values).all():
            received = f"shape {values.shape}, {int((~np.isfinite(values)).sum())} not finite"
            raise InvalidInput("function", received, f"finite numbers of shape ({len(centres)},)")
        return float(values @ self.mass)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class InvariantDensity(Result):
    """The densities that Ulam's matrix leaves in place, one for each closed class of cells.

    Parameters
    ----------
    map : Map
    cells : Cells
        All cells that were looked at.
    components : tuple of ErgodicComponent
        The largest first; none where everything leaves the cells in the end.
    transient : float
        Volume of the cells in no closed class, as a share of the region.
    """

    map: Map
    cells: Cells
    components: tuple[ErgodicComponent, ...]
    transient: float
    evidence: Evidence

    def __len__(self) -> int:
        return len(self.components)

    def __iter__(self) -> Iterator[ErgodicComponent]:
        return iter(self.components)

    def __getitem__(self, index: int) -> ErgodicComponent:
        return self.components[index]

    @property
    def only(self) -> ErgodicComponent:
        """The one component.

        Raises
        ------
        InvalidInput
            Where there is none, or several.
        """
        if len(self.components) != 1:
            remedy = "write .components[k]" if self.components else "ask for the escape rate"
            received = f"{len(self.components)} densities"
            raise InvalidInput("density", received, "exactly one", remedy)
        return self.components[0]

    def at(self, points: Any) -> Numbers:
        """Return the density at points, shape (m, d), where there is exactly one."""
        return self.only.at(points)

    def mean(self, function: Callable[[Numbers], Any]) -> float:
        """Return the mean of a function along orbits, where there is exactly one density."""
        return self.only.mean(function)

    def headline(self) -> str:
        cells = counted(len(self.cells), "cell")
        at = f"on {cells} (depth {self.cells.depth}) of {self.map.describe()}"
        if not self.components:
            return f"No invariant density {at}: everything leaves the cells in the end"
        if len(self.components) == 1:
            return f"One invariant density {at}"
        return f"{len(self.components)} invariant densities {at}, one for each closed class"

    def rows(self) -> list[tuple[str, str]]:
        table = []
        for k, each in enumerate(self.components[:5]):
            parts = [f"{counted(len(each.cells), 'cell')}, {100 * each.volume:.4g} % of the region"]
            if each.period > 1:
                parts.append(f"in {each.period} pieces visited in turn")
            parts.append(
                "no such class on cells twice as wide"
                if each.moved is None
                else f"moved by {each.moved:.2g} since cells twice as wide"
            )
            parts.append(f"residual {about(each.residual)}")
            table.append((f"density {k}", ", ".join(parts)))
        if len(self.components) > 5:
            table.append(("others", f"{len(self.components) - 5} more in .components"))
        return [
            *table,
            ("in no closed class", f"{100 * self.transient:.4g} % of the region"),
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "region": self.cells.region.describe(),
            "depth": self.cells.depth,
            "transient": self.transient,
            "components": [
                {
                    "cells": plain(each.cells.codes),
                    "mass": plain(each.mass),
                    "period": each.period,
                    "residual": each.residual,
                    "moved": each.moved,
                }
                for each in self.components
            ],
        }


def density_of(transitions: Transitions, entries: Evidence) -> InvariantDensity:
    """Return the invariant densities of a matrix."""
    closed = [each for each in communicating_classes(transitions) if each.closed]
    coarse = transitions.coarser() if closed else None
    owners = None if coarse is None else _Owners.of(coarse)
    components = tuple(_component(transitions, each, owners) for each in closed)
    inside = sum(len(each.rows) for each in closed)
    return InvariantDensity(
        map=transitions.F,
        cells=transitions.cells,
        components=components,
        transient=(len(transitions.cells) - inside) / 2.0**transitions.cells.depth,
        evidence=discretised(entries, "closed classes of the matrix and their left eigenvectors"),
    )


def discretised(entries: Evidence, how: str, also: tuple[str, ...] = ()) -> Evidence:
    """Return the evidence of what follows from a matrix in floats, whatever is known of that."""
    return Evidence(
        grade=Grade.NUMERICAL,
        reason=f"{how}; the error of cutting into cells is not bounded; "
        f"entries {entries.grade.value}: {entries.reason}",
        sources=tuple(dict.fromkeys((*entries.sources, *_SOURCES, *also))),
    )


@dataclass(frozen=True, eq=False)
class _Owners:
    """The closed classes of a coarser matrix, and which of them each of its parts is in."""

    coarse: Transitions
    classes: list[Class]
    owner: NDArray[np.int64]
    count: NDArray[np.int64]

    @staticmethod
    def of(coarse: Transitions) -> _Owners:
        classes = [each for each in communicating_classes(coarse) if each.closed]
        owner = np.full(coarse.matrix.shape[0], -1)
        for k, each in enumerate(classes):
            owner[each.rows] = k
        return _Owners(coarse, classes, owner, np.bincount(coarse.parts))

    def moved(self, rows: NDArray[np.int64], mass: Numbers) -> float | None:
        """Return the distance to the density of the class that covers rows, if there is one."""
        coarse = self.coarse
        found = np.unique(self.owner[coarse.parts[rows]])
        if len(found) != 1 or found[0] < 0:
            return None
        parts = self.classes[found[0]].rows
        theirs = leading_left(coarse.matrix[parts][:, parts]).vector
        spread = np.zeros(coarse.matrix.shape[0])
        spread[parts] = theirs / self.count[parts]
        # What the coarser class has in cells outside of the rows is missed in full.
        near = spread[coarse.parts[rows]]
        return float(np.abs(mass - near).sum() + max(0.0, 1.0 - near.sum()))


def _component(transitions: Transitions, each: Class, owners: _Owners | None) -> ErgodicComponent:
    block = transitions.matrix[each.rows][:, each.rows]
    leading = leading_left(block)
    return ErgodicComponent(
        cells=transitions.cells.take(each.rows),
        mass=leading.vector,
        period=cyclic_pieces(block)[0],
        residual=leading.residual,
        moved=None if owners is None else owners.moved(each.rows, leading.vector),
    )

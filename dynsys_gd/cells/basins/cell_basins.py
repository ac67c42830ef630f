"""Basins of attracting sets of cells, each between two sets of cells."""

from __future__ import annotations

from collections.abc import Iterator
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

__all__ = ["BasinBounds", "CellBasins", "Commitment"]

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]


class Commitment(Enum):
    """What is known of all orbits that begin in a cell.

    COMMITTED: they enter one attracting set and stay. LEAVES: they leave the box. UNDECIDED: paths
    of the graph lead to different ends, or stay at a set that does not attract.

    Examples
    --------
    >>> Commitment("leaves") is Commitment.LEAVES
    True
    """

    COMMITTED = "committed"
    LEAVES = "leaves"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True, eq=False)
class BasinBounds:
    """An attracting set with the cells that surely, and those that possibly, belong to its basin.

    The basin is the set of starts in the box whose orbits enter the attracting set without leaving
    the box before.

    Parameters
    ----------
    cells : Cells
        The attracting set: no orbit leaves it.
    committed : Cells
        Every orbit from here enters the set and stays; the set itself included.
    possible : Cells
        From nowhere else an orbit enters the set before it has left the box.
    returning : Cells
        From nowhere else an orbit enters the set, even if it may leave the box and come back.
    steps : int or None
        From a committed cell the set is entered after at most so many steps; None where the graph
        gives no such number.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, GradientDescent, Loss, basins_of_cells, cell_graph
    >>> F = GradientDescent(Loss(x**2 / 2, [x]), step_size="5/4")  # x -> -x/4
    >>> basin = basins_of_cells(cell_graph(F, Box([-1], [1]), 6))[0]
    >>> basin.lower, basin.upper, basin.steps, len(basin.cells)
    (1.0, 1.0, 3, 2)
    """

    cells: Cells
    committed: Cells
    possible: Cells
    returning: Cells
    steps: int | None

    @property
    def lower(self) -> float:
        """Lower bound of the basin's share of the box, an exact dyadic number."""
        return self.committed.volume

    @property
    def upper(self) -> float:
        """Upper bound of the basin's share of the box, an exact dyadic number."""
        return self.possible.volume

    @property
    def upper_returning(self) -> float:
        """Upper bound that also holds where orbits leave the box and come back."""
        return self.returning.volume


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CellBasins(Result):
    """For each cell of a graph where its orbits must go, and where they may.

    Parameters
    ----------
    map : Map
    cells : Cells
        All cells of one depth.
    member : ndarray of int, shape (n,)
        The attracting set that each cell is part of, -1 for none.
    may_reach : ndarray of bool, shape (m, n)
        Whether each cell leads to each attracting set.
    may_leave : ndarray of bool, shape (n,)
        Whether it leads out of the box.
    may_linger : ndarray of bool, shape (n,)
        Whether it leads to cells with a cycle that do not attract: an orbit may stay there.
    goal : ndarray of int, shape (n,)
        The attracting set that each cell is committed to, -1 for none.
    leaves : ndarray of bool, shape (n,)
        Whether every orbit from the cell leaves the box.
    steps : ndarray of int, shape (n,)
        After at most how many steps, for cells that are committed or leave; -1 for others, in
        attracting sets, and where no number is known.
    """

    map: Map
    cells: Cells
    member: Numbers
    may_reach: Mask
    may_leave: Mask
    may_linger: Mask
    goal: Numbers
    leaves: Mask
    steps: Numbers
    evidence: Evidence

    def __post_init__(self) -> None:
        for name in ("member", "may_reach", "may_leave", "may_linger", "goal", "leaves", "steps"):
            getattr(self, name).setflags(write=False)

    @cached_property
    def basins(self) -> tuple[BasinBounds, ...]:
        """The basins, by the first cells of their attracting sets."""
        return tuple(self._basin(k) for k in range(len(self.may_reach)))

    def __len__(self) -> int:
        return len(self.may_reach)

    def __iter__(self) -> Iterator[BasinBounds]:
        return iter(self.basins)

    def __getitem__(self, index: int) -> BasinBounds:
        return self.basins[index]

    @property
    def leaving(self) -> tuple[float, float]:
        """Bounds of the share of starts whose orbits leave the box at some time."""
        return self._share(self.leaves), self._share(self.may_leave)

    @property
    def undecided(self) -> float:
        """Share of the box in cells that are neither committed nor surely leave."""
        return self._share((self.goal < 0) & ~self.leaves)

    def commitment(self, points: Any) -> list[Commitment]:
        """Return what is known of the orbit of each point, shape (m, d).

        A point outside of the box has left it.
        """
        rows = self.cells.at(points)
        found = []
        for row in rows.tolist():
            committed = row >= 0 and self.goal[row] >= 0
            left = row < 0 or bool(self.leaves[row])
            found.append(
                Commitment.COMMITTED
                if committed
                else Commitment.LEAVES
                if left
                else Commitment.UNDECIDED
            )
        return found

    def headline(self) -> str:
        sets = counted(len(self), "attracting set") if len(self) else "no attracting set"
        return (
            f"Basins of {self.map.describe()} on {counted(len(self.cells), 'cell')}: {sets}, "
            f"{100 * (1 - self.undecided):.4g} % of the box decided"
        )

    def rows(self) -> list[tuple[str, str]]:
        table = []
        for k, each in enumerate(self.basins[:5]):
            said = f"share in [{each.lower:.6g}, {each.upper:.6g}] of the box"
            if each.upper_returning > each.upper:
                said += f" ([{each.lower:.6g}, {each.upper_returning:.6g}] with orbits that return)"
            table.append((f"basin {k}", f"{said}; set of {counted(len(each.cells), 'cell')}"))
        if len(self) > 5:
            table.append(("others", f"{len(self) - 5} more in .basins"))
        low, high = self.leaving
        lingering = self._share(self.may_linger)
        return [
            *table,
            ("leave the box", f"share in [{low:.6g}, {high:.6g}]"),
            ("may stay elsewhere", f"{100 * lingering:.4g} %, at sets that do not attract"),
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "box": self.cells.region.describe(),
            "depth": self.cells.depth,
            "basins": [
                {
                    "cells": plain(each.cells.codes),
                    "lower": each.lower,
                    "upper": each.upper,
                    "upper_returning": each.upper_returning,
                    "steps": each.steps,
                }
                for each in self.basins
            ],
            "leaving": list(self.leaving),
            "undecided": self.undecided,
            "goal": plain(self.goal),
        }

    def _basin(self, k: int) -> BasinBounds:
        committed, possible = self.goal == k, self.may_reach[k]
        on_the_way = self.steps[committed & (self.member < 0)]
        return BasinBounds(
            cells=self.cells.take(self.member == k),
            committed=self.cells.take(committed),
            possible=self.cells.take(possible),
            returning=self.cells.take(possible | self.may_leave),
            steps=None if (on_the_way < 0).any() else int(on_the_way.max(initial=0)),
        )

    def _share(self, which: Mask) -> float:
        return int(np.count_nonzero(which)) / 2.0**self.cells.depth

"""How near is a start to a rare event: nested sets that lead down to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import chunk_rows, row_slices
from ...engine.iteration import orbit
from ...ensembles.budget import Budget
from ...ensembles.starts import states_of
from ...maps.base import Map
from ..event import Event, Seen
from ..survival import Survival
from ..target import Target

__all__ = ["Heights", "Ladder", "ladder_for"]

Rows = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Heights:
    """How high starts stand, ∞ for those in the event or perhaps in it, and the steps taken."""

    values: NDArray[np.float64]
    steps: int


class Ladder(ABC):
    """The sets A_h of the starts that stand at h or higher; the last one, at ∞, is the event.

    Starts that may belong to the event or not stand at ∞ as well, so that the sets are nested
    whatever they are.
    """

    event: Event
    #: +1 where levels as people say them grow on the way to the event, -1 where they fall
    direction: ClassVar[int]
    #: whether whole numbers are preferred as levels
    rounded: ClassVar[bool]

    @abstractmethod
    def heights(self, rows: Rows) -> Heights:
        """Return the height of each start."""

    @abstractmethod
    def reached(self, rows: Rows, height: float) -> tuple[NDArray[np.bool_], int]:
        """Return which starts stand at a finite height or higher, and the steps taken."""

    @abstractmethod
    def top(self, rows: Rows) -> Seen:
        """Return which starts are in the event, and which may be."""

    @abstractmethod
    def words(self, levels: tuple[float, ...]) -> str:
        """Return the levels for the table."""


@dataclass(frozen=True)
class SurvivalLadder(Ladder):
    """Orbits that stay for h steps; a fraction is how near they still are when they have left."""

    F: Map
    event: Survival
    budget: Budget
    direction: ClassVar[int] = 1
    rounded: ClassVar[bool] = True

    def heights(self, rows: Rows) -> Heights:
        return Heights(*self.event.lasted(self.F, rows, self.budget.arithmetic))

    def reached(self, rows: Rows, height: float) -> tuple[NDArray[np.bool_], int]:
        found = self.heights(rows)
        return found.values >= height, found.steps

    def top(self, rows: Rows) -> Seen:
        return self.event.seen(self.F, rows, self.budget)

    def words(self, levels: tuple[float, ...]) -> str:
        return f"still there after {', '.join(f'{level:.4g}' for level in levels)} steps"


@dataclass(frozen=True)
class ConvergenceLadder(Ladder):
    """Orbits with a step as short as -h among the first ones, and all that converge."""

    F: Map
    event: Target
    budget: Budget
    direction: ClassVar[int] = -1
    rounded: ClassVar[bool] = False

    def heights(self, rows: Rows) -> Heights:
        seen = self.top(rows)
        shortest, steps = self._shortest(rows)
        return Heights(np.where(seen.yes | seen.open, np.inf, -shortest), steps + seen.steps)

    def reached(self, rows: Rows, height: float) -> tuple[NDArray[np.bool_], int]:
        shortest, steps = self._shortest(rows)
        held = shortest <= -height
        others = np.flatnonzero(~held)
        if len(others):
            seen = self.top(rows[others])
            held[others] = seen.yes | seen.open
            steps += seen.steps
        return held, steps

    def top(self, rows: Rows) -> Seen:
        return self.event.seen(self.F, rows, self.budget)

    def words(self, levels: tuple[float, ...]) -> str:
        shown = ", ".join(f"{level:.3g}" for level in levels)
        return f"a step shorter than {shown} among the first {self.budget.first_window}"

    def _shortest(self, rows: Rows) -> tuple[NDArray[np.float64], int]:
        """Return the length of the shortest of the first steps of each orbit."""
        kernel, steps = self.F.kernel(), self.budget.first_window
        states = states_of(self.F, rows)
        shortest = np.empty(len(states))
        with np.errstate(all="ignore"):
            for part in row_slices(len(states), chunk_rows(self.F.dimension)):
                passed = orbit(kernel, states[part], steps, arithmetic=self.budget.arithmetic)
                lengths = np.linalg.norm(np.diff(passed, axis=0), axis=2)
                shortest[part] = np.where(np.isnan(lengths), np.inf, lengths).min(axis=0)
        return shortest, len(states) * steps


def ladder_for(F: Map, event: Event, budget: Budget) -> Ladder:
    """Return the sets that lead down to an event.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import SymbolicMap
    >>> x = sp.Symbol("x")
    >>> ladder = ladder_for(SymbolicMap([2 * x], [x]), Survival(steps=5, radius=8), Budget())
    >>> ladder.heights(np.array([[3.0], [1.5], [0.1]])).values
    array([1.7..., 2.7...,   inf])
    """
    if isinstance(event, Survival):
        return SurvivalLadder(F, event, budget)
    assert isinstance(event, Target)
    return ConvergenceLadder(F, event, budget)

"""What every event offers whose probability is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..ensembles.budget import Budget
from ..maps.base import Map

__all__ = ["Event", "Seen"]


@dataclass(frozen=True, eq=False)
class Seen:
    """Which of some starts belong to an event.

    Parameters
    ----------
    yes : ndarray of bool, shape (n,)
        Those seen to belong.
    open : ndarray of bool, shape (n,)
        Those that may belong or not; none of them is among `yes`.
    steps : int
        Steps of all of them together.
    """

    yes: NDArray[np.bool_]
    open: NDArray[np.bool_]
    steps: int


@runtime_checkable
class Event(Protocol):
    """Something that happens to an orbit, or does not: `Target` and `Survival` are of this kind."""

    @property
    def said(self) -> str:
        """What the orbits of such starts do, as in "starts that converge to a minimum"."""

    @property
    def key(self) -> str:
        """The event in plain data."""

    def seen(self, F: Map, rows: NDArray[np.float64], budget: Budget) -> Seen:
        """Return which starts, shape (n, k), belong to the event."""

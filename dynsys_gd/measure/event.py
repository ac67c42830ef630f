"""What every event offers whose probability is measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..ensembles.budget import Budget
from ..maps.base import Map

__all__ = ["Event", "Membership", "Seen"]


class Membership(IntEnum):
    """Whether a start belongs to an event of which no more is known than that.

    Examples
    --------
    >>> [each.name for each in Membership]
    ['YES', 'NO', 'OPEN']
    """

    YES = 0
    NO = 1
    OPEN = 2


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

    @property
    def memberships(self) -> NDArray[np.int8]:
        """The `Membership` of each start, shape (n,)."""
        known = np.where(self.yes, Membership.YES, Membership.NO)
        return np.where(self.open, Membership.OPEN, known).astype(np.int8)


@runtime_checkable
class Event(Protocol):
    """Something that happens to an orbit, or does not: `Target` and `Survival` are of this kind."""

    @property
    def said(self) -> str:
        """What the orbits of such starts do, as in "starts that converge to a minimum"."""

    @property
    def key(self) -> str:
        """The event in plain data."""

    @property
    def ends(self) -> type[IntEnum]:
        """The ends by which starts are counted: `Detail`, or `Membership` where none are finer."""

    def counts(self, end: Any) -> bool:
        """Return whether a start that met this end belongs to the event."""

    def leaves_open(self, end: Any) -> bool:
        """Return whether it may belong to the event or not."""

    def seen(self, F: Map, rows: NDArray[np.float64], budget: Budget) -> Seen:
        """Return which starts, shape (n, k), belong to the event."""

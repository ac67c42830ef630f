"""Which limits are counted."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ..ensembles.budget import Budget
from ..ensembles.fates import Detail, Fate
from ..ensembles.simulate import simulate
from ..maps.base import Map
from .event import Seen

__all__ = ["Target"]


class Target(Enum):
    """Which of the audited limits a measure counts.

    MINIMA counts orbits that converge to a minimum, degenerate ones included. FIXED_POINTS counts
    every orbit that converges, also to a plateau on which the gradient vanishes, such as the cell
    of a dead ReLU network; it is the one that maps without a loss have.

    Examples
    --------
    >>> Target.MINIMA.counts(Detail.PLATEAU), Target.FIXED_POINTS.counts(Detail.PLATEAU)
    (False, True)
    """

    MINIMA = "a minimum"
    FIXED_POINTS = "a fixed point"

    def counts(self, detail: Detail) -> bool:
        """Return whether a start with this detail belongs to the set that is measured."""
        if self is Target.MINIMA:
            return detail in (Detail.MINIMUM, Detail.DEGENERATE_MINIMUM)
        return detail.fate is Fate.CONVERGED

    @property
    def said(self) -> str:
        """What the orbits of such starts do."""
        return f"converge to {self.value}"

    @property
    def key(self) -> str:
        """The target in plain data."""
        return self.name.lower()

    @property
    def ends(self) -> type[Detail]:
        """The ends by which starts are counted."""
        return Detail

    def leaves_open(self, detail: Detail) -> bool:
        """Return whether a start with this detail may converge or not: undecided or drifting.

        An orbit that drifts farther and farther without blowing up may be on a long way to a
        minimum.
        """
        return detail.fate is Fate.UNDECIDED or detail is Detail.UNBOUNDED_DRIFT

    def seen(self, F: Map, rows: NDArray[np.float64], budget: Budget) -> Seen:
        """Return which starts are seen to converge, after the audit, and which are undecided."""
        fates = simulate(F, rows, budget=budget)
        yes = np.isin(fates.detail, [detail for detail in Detail if self.counts(detail)])
        undecided = np.isin(fates.detail, [detail for detail in Detail if self.leaves_open(detail)])
        return Seen(yes, undecided, int(fates.steps.sum()))

    def __str__(self) -> str:
        return self.value

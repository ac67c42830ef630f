"""Which limits are counted."""

from __future__ import annotations

from enum import Enum

from ..ensembles.fates import Detail, Fate

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

    def __str__(self) -> str:
        return self.value

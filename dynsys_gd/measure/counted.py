"""Independent starts, counted: the binomial reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..ensembles.fates import Detail, Fate
from .binomial import CLOPPER_PEARSON, Limits
from .reading import Reading
from .target import Target

__all__ = ["Counted", "Ending", "open_count"]

Tally = tuple[tuple[Detail, int], ...]


class Ending(Enum):
    """Why no more starts were drawn."""

    PLANNED = "their number was settled beforehand"
    NARROW_ENOUGH = "the interval is as narrow as wished"
    TOO_MANY_UNDECIDED = (
        "NOT as narrow as wished: the undecided starts alone are more than that; raise the budget"
    )
    MOST_STARTS = "NOT as narrow as wished: as many starts as allowed"


@dataclass(frozen=True)
class Counted(Reading):
    """What became of independent starts.

    Parameters
    ----------
    target : Target
        Which limits count.
    tally : tuple of (Detail, int)
        How many starts met each end, ends that did not occur left out.
    limits : Limits
        How confidence limits are made: Clopper and Pearson's unless their number depended on what
        was seen.
    ending : Ending
        Why there are no more starts.

    Notes
    -----
    An orbit that drifts farther and farther without blowing up may be on a long way to a minimum:
    it is undecided here.

    Examples
    --------
    >>> seen = Counted(Target.MINIMA, ((Detail.MINIMUM, 50), (Detail.DIVERGED, 50)))
    >>> seen.lower, [round(p, 4) for p in seen.interval(0.95)]
    (0.5, [0.3983, 0.6017])
    """

    target: Target
    tally: Tally
    limits: Limits = CLOPPER_PEARSON
    ending: Ending = Ending.PLANNED

    @property
    def n(self) -> int:
        return sum(k for _, k in self.tally)

    @property
    def hits(self) -> int:
        """How many starts were seen to converge to the target."""
        return sum(k for detail, k in self.tally if self.target.counts(detail))

    @property
    def lower(self) -> float:
        return self.hits / self.n

    @property
    def upper(self) -> float:
        return (self.hits + open_count(self.tally)) / self.n

    @property
    def undecided(self) -> float:
        return open_count(self.tally) / self.n

    def interval(self, level: float) -> tuple[float, float]:
        """Return the lower limit of the hits, and the upper one of hits and undecided starts.

        It stays two-sided where nothing converges; the one-sided statement is `upper_bound`, a
        different question that would be biased if the count chose between the two.
        """
        return self.limits.interval(self.hits, open_count(self.tally), self.n, level=level)

    def upper_bound(self, level: float) -> float:
        return self.limits.upper_limit(self.hits + open_count(self.tally), self.n, level=level)

    def rows(self) -> Iterable[tuple[str, str]]:
        for fate in Fate:
            parts = [f"{k} {detail.words}" for detail, k in self.tally if detail.fate is fate]
            if parts:
                count = sum(k for detail, k in self.tally if detail.fate is fate)
                yield fate.name.lower(), f"{count} of {self.n} ({', '.join(parts)})"
        if self.ending is not Ending.PLANNED:
            yield "ended", f"after {self.n} starts: {self.ending.value}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "fates": {
                fate.name.lower(): sum(k for detail, k in self.tally if detail.fate is fate)
                for fate in Fate
            },
            "details": {detail.name.lower(): k for detail, k in self.tally},
            "ending": self.ending.name.lower(),
        }


def open_count(tally: Tally) -> int:
    """Return how many starts of a tally may converge or not: undecided or drifting ones."""
    undecided = sum(k for detail, k in tally if detail.fate is Fate.UNDECIDED)
    return undecided + sum(k for detail, k in tally if detail is Detail.UNBOUNDED_DRIFT)

"""Independent starts, counted: the binomial reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..ensembles.fates import Detail, Fate
from .binomial import CLOPPER_PEARSON, Limits
from .event import Event, Membership
from .reading import Reading
from .target import Target

__all__ = ["Counted", "Ending"]

Tally = tuple[tuple[Detail | Membership, int], ...]


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
    target : Target or Survival
        Which limits count, or the other event.
    tally : tuple of (Detail or Membership, int)
        How many starts met each end of this event, ends that did not occur left out.
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

    target: Event
    tally: Tally
    limits: Limits = CLOPPER_PEARSON
    ending: Ending = Ending.PLANNED

    @property
    def n(self) -> int:
        return sum(k for _, k in self.tally)

    @property
    def hits(self) -> int:
        """How many starts were seen to converge to the target, or to belong to the event."""
        return sum(k for end, k in self.tally if self.target.counts(end))

    @property
    def open(self) -> int:
        """How many may or may not: undecided or drifting ones."""
        return sum(k for end, k in self.tally if self.target.leaves_open(end))

    @property
    def lower(self) -> float:
        return self.hits / self.n

    @property
    def upper(self) -> float:
        return (self.hits + self.open) / self.n

    @property
    def undecided(self) -> float:
        return self.open / self.n

    def interval(self, level: float) -> tuple[float, float]:
        """Return the lower limit of the hits, and the upper one of hits and undecided starts.

        It stays two-sided where nothing converges; the one-sided statement is `upper_bound`, a
        different question that would be biased if the count chose between the two.
        """
        return self.limits.interval(self.hits, self.open, self.n, level=level)

    def upper_bound(self, level: float) -> float:
        return self.limits.upper_limit(self.hits + self.open, self.n, level=level)

    def rows(self) -> Iterable[tuple[str, str]]:
        for fate, details in self._fates.items():
            if details:
                parts = ", ".join(f"{k} {detail.words}" for detail, k in details)
                yield fate.name.lower(), f"{_total(details)} of {self.n} ({parts})"
        if not isinstance(self.target, Target):
            yield "starts", f"{self.hits} of {self.n} {self.target.said}"
        if self.ending is not Ending.PLANNED:
            yield "ended", f"after {self.n} starts: {self.ending.value}"

    def to_dict(self) -> dict[str, Any]:
        fates = {fate.name.lower(): _total(details) for fate, details in self._fates.items()}
        return {
            **({"fates": fates} if fates else {}),
            "details": {end.name.lower(): k for end, k in self.tally},
            "ending": self.ending.name.lower(),
        }

    @property
    def _fates(self) -> dict[Fate, list[tuple[Detail, int]]]:
        """The tally by fates; empty for an event whose ends have none."""
        if not isinstance(self.target, Target):
            return {}
        known = [(end, k) for end, k in self.tally if isinstance(end, Detail)]
        return {fate: [(end, k) for end, k in known if end.fate is fate] for fate in Fate}


def _total(details: list[tuple[Detail, int]]) -> int:
    return sum(k for _, k in details)

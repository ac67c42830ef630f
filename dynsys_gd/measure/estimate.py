"""How much of a law of initialisations converges, and how far that is known."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from ..engine.intervals import enclosing
from ..ensembles.budget import Budget
from ..ensembles.fates import Detail, Fate
from ..errors import InvalidInput
from ..evidence import Evidence
from ..maps.base import Map
from ..regions import Box, Region
from ..results import Result, plain
from .binomial import rounded_up
from .counted import Counted
from .event import Event
from .reading import Reading

__all__ = ["Estimate"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Estimate(Result):
    """The share of a law of initialisations that converges to a target.

    Parameters
    ----------
    map : Map
        What was iterated.
    region : Region
        The law of the initialisations; shares are fractions of it.
    target : Target or Survival
        Which limits count, or the other event that was asked about.
    reading : Reading
        What the method saw; it makes the interval.
    level : float
        The confidence level asked for; `interval` answers for any other where the method can. A
        proved enclosure holds at every level.
    seed : int or None
        ``rng=estimate.seed`` draws the same starts again; None where nothing was drawn.
    budget : Budget or None
        Caps and tolerances of the simulation; None where nothing was simulated.
    map_steps : int
        Steps of all orbits together.
    seconds : float
        Wall time; no part of `to_dict`.

    Notes
    -----
    An undecided start, one whose orbit was neither seen to converge nor seen not to, counts as not
    converging in `lower` and as converging in `upper`.
    """

    map: Map
    region: Region
    target: Event
    reading: Reading
    level: float
    seed: int | None
    budget: Budget | None
    map_steps: int
    evidence: Evidence
    seconds: float

    @property
    def n(self) -> int:
        """Number of starts, or of cells, that were looked at."""
        return self.reading.n

    @property
    def tally(self) -> tuple[tuple[Detail, int], ...]:
        """How many starts met each end.

        Empty for methods that do not count independent starts, and for events without such ends.
        """
        pairs = self.reading.tally if isinstance(self.reading, Counted) else ()
        return tuple((end, k) for end, k in pairs if isinstance(end, Detail))

    def count(self, what: Fate | Detail) -> int:
        """Return how many starts met this fate, or this finer end."""
        if isinstance(what, Fate):
            return sum(k for detail, k in self.tally if detail.fate is what)
        if isinstance(what, Detail):
            return sum(k for detail, k in self.tally if detail is what)
        raise InvalidInput("what", what, "a Fate or a Detail")

    @property
    def hits(self) -> int:
        """How many starts were seen to converge to the target, or to belong to the event.

        0 for methods that do not count independent starts.
        """
        return self.reading.hits if isinstance(self.reading, Counted) else 0

    @property
    def lower(self) -> float:
        """The share that converges to the target, what is undecided not counted."""
        return self.reading.lower

    @property
    def upper(self) -> float:
        """The share that may converge to the target: `lower` plus `undecided`."""
        return self.reading.upper

    @property
    def undecided(self) -> float:
        """The share that may converge or not."""
        return self.reading.undecided

    @property
    def proved(self) -> bool:
        """Whether the interval holds for sure, and not only with some confidence."""
        return self.evidence.grade.rigorous

    def interval(self, level: float | None = None) -> tuple[float, float]:
        """Return a two-sided interval of the convergent share.

        Parameters
        ----------
        level : float, optional
            How often, at least, such an interval contains the share; the level of the estimate
            where none is given. A proved enclosure does not depend on it.
        """
        return self.reading.interval(self.level if level is None else level)

    def upper_bound(self, level: float | None = None) -> float:
        """Return the one-sided upper confidence limit of the convergent share."""
        return self.reading.upper_bound(self.level if level is None else level)

    @property
    def bound(self) -> str | None:
        """What can be said where nothing was seen, as a sentence; None where something was."""
        if self.proved or self.lower > 0:
            return None
        if self.reading.obstacle:
            return (
                f"No estimate of the share of starts that {self.target.said}, "
                f"{self.reading.obstacle}: "
                f"it is below {rounded_up(self.upper_bound())} at {_percent(self.level)}"
            )
        left = f", {100 * self.undecided:.3g} % undecided" if self.undecided else ""
        return (
            f"0 of {self.n} starts seen to {self.target.said}{left}: "
            f"the share is below {rounded_up(self.upper_bound())} at {_percent(self.level)}"
        )

    @property
    def volume(self) -> tuple[float, float] | None:
        """Lebesgue measure of the convergent set in the region, as `lower` and `upper` give it.

        None for a law on the whole space, such as a Gaussian.
        """
        size = self.region.volume
        return None if size is None else (self.lower * size, self.upper * size)

    def volume_interval(self, level: float | None = None) -> tuple[float, float] | None:
        """Return `interval` as Lebesgue measure, or None where the region has none."""
        size = self.region.volume
        if size is None:
            return None
        low, high = self.interval(level)
        if self.proved and isinstance(self.region, Box):
            # The corners are doubles: bounds that are proved are rounded outwards.
            ends = zip(self.region.low, self.region.high, strict=True)
            exact = prod(Fraction(b) - Fraction(a) for a, b in ends)
            return enclosing(Fraction(low) * exact)[0], enclosing(Fraction(high) * exact)[1]
        return low * size, high * size

    def headline(self) -> str:
        if self.bound is not None:
            return self.bound
        low, high = self.interval()
        if self.proved:
            return f"Share of starts that {self.target.said}: in [{low:.9g}, {high:.9g}]"
        share = f"{self.lower:.6g}"
        if self.undecided:
            share = f"from {share} to {self.upper:.6g} by the undecided ones"
        return (
            f"Share of starts that {self.target.said}: {share}, "
            f"in [{low:.6g}, {high:.6g}] at {_percent(self.level)}"
        )

    def rows(self) -> list[tuple[str, str]]:
        table = [("map", self.map.describe()), ("law", self.region.describe())]
        extent = self.volume_interval()
        if extent is not None:
            table.append(("volume", f"in [{extent[0]:.6g}, {extent[1]:.6g}]"))
        table += self.reading.rows()
        table.append(("evidence", str(self.evidence)))
        if self.seed is not None:
            table.append(("repeat with", f"rng={self.seed}"))
        table.append(("cost", f"{self.map_steps:.3g} steps in {self.seconds:.2g} s"))
        return table

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as plain data, wall time left out: equal seeds give equal data."""
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "region": self.region.describe(),
            "target": self.target.key,
            "n": self.n,
            "level": self.level,
            "lower": self.lower,
            "upper": self.upper,
            "undecided": self.undecided,
            "interval": list(self.interval()),
            "upper_bound": self.upper_bound(),
            "volume": plain(self.volume),
            "volume_interval": plain(self.volume_interval()),
            **self.reading.to_dict(),
            "seed": self.seed,
            "map_steps": self.map_steps,
        }


def _percent(level: float) -> str:
    return f"{100 * level:g} %"

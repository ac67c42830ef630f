"""How much of a law of initialisations converges, as far as sampling can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..ensembles.budget import Budget
from ..ensembles.fates import Detail, Fate
from ..errors import InvalidInput
from ..evidence import Evidence
from ..maps.base import Map
from ..regions import Region
from ..results import Result, plain
from .intervals import interval, rounded_up, upper_limit
from .target import Target

__all__ = ["Estimate"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Estimate(Result):
    """The share of a law of initialisations that converges to a target.

    Parameters
    ----------
    map : Map
        What was iterated.
    region : Box, Ball or Gaussian
        The law of the initialisations; shares are fractions of it.
    target : Target
        Which limits count.
    n : int
        Number of independent starts.
    tally : tuple of (Detail, int)
        How many starts met each end, ends that did not occur left out.
    level : float
        The confidence level asked for; `interval` answers for any other.
    seed : int
        ``rng=estimate.seed`` draws the same starts again.
    budget : Budget
        Caps and tolerances of the simulation.
    map_steps : int
        Steps of all orbits together until their fate was recognised.
    seconds : float
        Wall time; no part of `to_dict`.

    Notes
    -----
    An undecided start, one whose orbit was neither seen to converge nor seen not to, counts as not
    converging in `lower` and as converging in `upper`. An orbit that drifts farther and farther
    without blowing up is one of them: it may be on a long way to a minimum.
    """

    map: Map
    region: Region
    target: Target
    n: int
    tally: tuple[tuple[Detail, int], ...]
    level: float
    seed: int
    budget: Budget
    map_steps: int
    evidence: Evidence
    seconds: float

    def count(self, what: Fate | Detail) -> int:
        """Return how many starts met this fate, or this finer end."""
        if isinstance(what, Fate):
            return sum(k for detail, k in self.tally if detail.fate is what)
        if isinstance(what, Detail):
            return sum(k for detail, k in self.tally if detail is what)
        raise InvalidInput("what", what, "a Fate or a Detail")

    @property
    def hits(self) -> int:
        """How many starts were seen to converge to the target."""
        return sum(k for detail, k in self.tally if self.target.counts(detail))

    @property
    def lower(self) -> float:
        """The share of starts that converge to the target, undecided ones not counted."""
        return self.hits / self.n

    @property
    def upper(self) -> float:
        """The share of starts that may converge to the target: `lower` plus `undecided`."""
        return (self.hits + self._open) / self.n

    @property
    def undecided(self) -> float:
        """The share of starts that may converge or not: undecided or drifting ones."""
        return self._open / self.n

    @property
    def _open(self) -> int:
        return self.count(Fate.UNDECIDED) + self.count(Detail.UNBOUNDED_DRIFT)

    def interval(self, level: float | None = None) -> tuple[float, float]:
        """Return a two-sided confidence interval of the convergent share.

        Parameters
        ----------
        level : float, optional
            How often, at least, such an interval contains the share; the level of the estimate
            where none is given.

        Notes
        -----
        From the Clopper-Pearson lower limit of the starts seen to converge to the upper limit of
        those seen to converge or undecided. It stays two-sided where none converges; the one-sided
        statement is `upper_bound`, a different question that would be biased if the count chose
        between the two.
        """
        at = self.level if level is None else level
        return interval(self.hits, self._open, self.n, level=at)

    def upper_bound(self, level: float | None = None) -> float:
        """Return the one-sided upper confidence limit of the convergent share."""
        at = self.level if level is None else level
        return upper_limit(self.hits + self._open, self.n, level=at)

    @property
    def bound(self) -> str | None:
        """What can be said where no start converges, as a sentence; None where one does."""
        if self.hits:
            return None
        left = f", {self._open} undecided" if self._open else ""
        return (
            f"0 of {self.n} starts seen to converge to {self.target}{left}: "
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
        return low * size, high * size

    def headline(self) -> str:
        if self.bound is not None:
            return self.bound
        low, high = self.interval()
        share = f"{self.lower:.6g}"
        if self.undecided:
            share = f"from {share} to {self.upper:.6g} by the undecided ones"
        return (
            f"Share of starts that converge to {self.target}: {share}, "
            f"in [{low:.6g}, {high:.6g}] at {_percent(self.level)}"
        )

    def rows(self) -> list[tuple[str, str]]:
        table = [("map", self.map.describe()), ("law", self.region.describe())]
        extent = self.volume_interval()
        if extent is not None:
            table.append(("volume", f"in [{extent[0]:.6g}, {extent[1]:.6g}]"))
        for fate in Fate:
            parts = [
                f"{k} {detail.name.lower().replace('_', ' ')}"
                for detail, k in self.tally
                if detail.fate is fate
            ]
            if parts:
                label = fate.name.lower()
                table.append((label, f"{self.count(fate)} of {self.n} ({', '.join(parts)})"))
        table.append(("evidence", str(self.evidence)))
        table.append(("repeat with", f"rng={self.seed}"))
        table.append(("cost", f"{self.map_steps:.3g} steps in {self.seconds:.2g} s"))
        return table

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as plain data, wall time left out: equal seeds give equal data."""
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "region": self.region.describe(),
            "target": self.target.name.lower(),
            "n": self.n,
            "level": self.level,
            "lower": self.lower,
            "upper": self.upper,
            "undecided": self.undecided,
            "interval": list(self.interval()),
            "upper_bound": self.upper_bound(),
            "volume": plain(self.volume),
            "volume_interval": plain(self.volume_interval()),
            "fates": {fate.name.lower(): self.count(fate) for fate in Fate},
            "details": {detail.name.lower(): k for detail, k in self.tally},
            "seed": self.seed,
            "map_steps": self.map_steps,
        }


def _percent(level: float) -> str:
    return f"{100 * level:g} %"

"""The attractors that random starts from a region lead to, with their shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...evidence import Evidence
from ...maps.base import Map
from ...regions import Region
from ...results import Result, plain
from .attractor import Attractor

__all__ = ["AttractorSet"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AttractorSet(Result):
    """Attractors, those with the most starts first.

    Parameters
    ----------
    map : Map
    region : Region
        The law of the starts.
    attractors : tuple of Attractor
    n : int
        Number of random starts.
    escaped, undecided : int
        How many of them escaped, and of how many it is not known where they end.
    seeds : tuple of int
        Where starts that were given besides ended: the index of an attractor, -1 for escape, -2
        where it is not known.
    carried : tuple of Attractor
        Attractors at an earlier parameter value, whose own states ended nobody knows where: they
        may still be there.
    level : float
        Of the intervals of the shares.
    seed : int
    budget : Budget
    evidence : Evidence
    """

    map: Map
    region: Region
    attractors: tuple[Attractor, ...]
    n: int
    escaped: int
    undecided: int
    seeds: tuple[int, ...]
    carried: tuple[Attractor, ...] = ()
    level: float
    seed: int
    budget: Budget
    evidence: Evidence

    def __len__(self) -> int:
        return len(self.attractors)

    def __iter__(self) -> Iterator[Attractor]:
        return iter(self.attractors)

    def __getitem__(self, k: int) -> Attractor:
        return self.attractors[k]

    def share(self, k: int) -> float:
        """Return the share of the starts that end on attractor k."""
        return self[k].starts / self.n

    def interval(self, k: int) -> tuple[float, float]:
        """Return limits of the probability that a start ends on attractor k.

        Clopper and Pearson's; undecided starts count against the lower and for the upper limit.

        Examples
        --------
        >>> from sympy.abc import x
        >>> from dynsys_gd import Box, GradientDescent, Loss, attractors
        >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")
        >>> found = attractors(well, Box([-1], [1]), n=100, rng=0)
        >>> low, high = found.interval(0)
        >>> low < 0.5 < high
        True
        """
        if not isinstance(k, (int, np.integer)) or not -len(self) <= k < len(self):
            raise InvalidInput("k", k, f"the index of one of {len(self)} attractors")
        from scipy.stats import binomtest

        few, many = self[k].starts, self[k].starts + self.undecided
        low = binomtest(few, self.n).proportion_ci(self.level).low
        high = binomtest(many, self.n).proportion_ci(self.level).high
        return float(low), float(high)

    def headline(self) -> str:
        count = f"{len(self)} attractor{'s' * (len(self) != 1)}"
        return f"{count if len(self) else 'No attractor'} found from {self.n} starts"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe()), ("starts", self.region.describe())]
        for k, attractor in enumerate(self.attractors[:6]):
            low, high = self.interval(k)
            share = f"{100 * self.share(k):.4g} % in [{100 * low:.4g}, {100 * high:.4g}]"
            rows.append((attractor.words, f"{share}, exponent {attractor.exponent:.4g}"))
        if len(self) > 6:
            rows.append(("others", f"{len(self) - 6} more in .attractors"))
        rest = [f"{self.escaped / self.n:.4g} escaped"] if self.escaped else []
        rest += [f"{self.undecided / self.n:.4g} undecided"] if self.undecided else []
        if rest:
            rows.append(("shares of the rest", ", ".join(rest)))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "region": self.region.describe(),
            "attractors": [attractor.to_dict() for attractor in self.attractors],
            "shares": [self.share(k) for k in range(len(self))],
            "intervals": [list(self.interval(k)) for k in range(len(self))],
            "n": self.n,
            "escaped": self.escaped,
            "undecided": self.undecided,
            "seeds": list(self.seeds),
            "carried": [attractor.to_dict() for attractor in self.carried],
            "level": self.level,
            "seed": self.seed,
            "budget": plain(vars(self.budget)),
        }

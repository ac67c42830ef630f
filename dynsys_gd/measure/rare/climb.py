"""One run of splitting: a population that climbs from level to level down to the rare event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ensembles.budget import Budget
from ...maps.base import Map
from ...regions import Region
from ..event import Event
from .ladder import Ladder, ladder_for
from .moves import ALL_SIZES, band, proposed

__all__ = ["Climb", "climbed", "piloted"]

Rows = NDArray[np.float64]

# A population that falls below one of these no longer stands for the set it is in.
_FEWEST_REACHING = 10
_FEWEST_DIFFERENT = 100
_FEWEST_ANCESTORS = 5

_FIRST_MOVES = 4


@dataclass(frozen=True, kw_only=True)
class Climb:
    """What one run needs: plain data that can travel.

    Parameters
    ----------
    levels : tuple of float
        Heights on the way.
    bands : tuple of (float, float)
        For each of them, which sizes of moves are worth trying.
    to_the_top : bool
        Whether the event itself comes after the last level.
    number : int
        Of the run; with the seed it determines everything random.
    """

    F: Map
    event: Event
    region: Region
    budget: Budget
    size: int
    moves: int
    share: float
    seed: int
    number: int
    levels: tuple[float, ...] = ()
    bands: tuple[tuple[float, float], ...] = ()
    to_the_top: bool = True


@dataclass(eq=False)
class _Population:
    """The starts of one run, and what is remembered of them."""

    climb: Climb
    ladder: Ladder
    rng: np.random.Generator
    rows: Rows
    ancestors: NDArray[np.intp]
    steps: int = 0
    reaching: list[int] = field(default_factory=list)
    different: list[int] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    bands: list[tuple[float, float]] = field(default_factory=list)
    why: str = ""

    def raised(
        self, held: NDArray[np.bool_], height: float, sizes: tuple[float, float] | None
    ) -> bool:
        """Go on with those who reach a level, moved about in it; False where that breaks down.

        Without sizes for the moves, the first ones show which are accepted.
        """
        n = self.climb.size
        among = np.flatnonzero(held)
        if not self.enough(self.rows[among]):
            return False
        self.reaching.append(len(among))
        picked = self.rng.choice(among, n)
        self.rows, self.ancestors = self.rows[picked], self.ancestors[picked]
        passed: list[NDArray[np.float64]] = []
        for k in range(self.climb.moves):
            if sizes is None and k == _FIRST_MOVES:
                sizes = band(np.concatenate(passed))
            passed.append(self._moved(height, sizes or ALL_SIZES))
        self.accepted.append(sum(map(len, passed)) / (n * self.climb.moves))
        self.bands.append(sizes or band(np.concatenate(passed)))
        self.different.append(_different(self.rows))
        ancestors = len(np.unique(self.ancestors))
        if self.different[-1] < min(_FEWEST_DIFFERENT, n // 2):
            self.why = (
                f"only {self.different[-1]} of {n} starts still differ after {self.climb.moves} "
                "moves, for the set has become finer than double precision or than the moves"
            )
        elif ancestors < _FEWEST_ANCESTORS:
            self.why = f"all {n} starts descend from {ancestors}"
        return not self.why

    def finished(self) -> tuple[int, int]:
        """Return how many are in the event, and how many may be."""
        seen = self.ladder.top(self.rows)
        self.steps += seen.steps
        may_be = seen.yes | seen.open
        if not self.climb.levels or self.enough(self.rows[may_be]):
            self.reaching.append(int(may_be.sum()))
        return int(seen.yes.sum()), int(seen.open.sum())

    def enough(self, rows: Rows) -> bool:
        distinct = _different(rows)
        if distinct < _FEWEST_REACHING:
            self.why = f"only {distinct} of {self.climb.size} starts reached the next level"
        return not self.why

    def _moved(self, height: float, sizes: tuple[float, float]) -> NDArray[np.float64]:
        """Move every start once, where it stays in the set; return the sizes of these moves."""
        move = proposed(self.climb.region, self.rows, self.rng, sizes)
        places = np.flatnonzero(move.inside & (move.rows != self.rows).any(axis=1))
        if not len(places):
            return np.empty(0)
        held, steps = self.ladder.reached(move.rows[places], height)
        self.steps += steps
        places = places[held]
        self.rows[places] = move.rows[places]
        return move.powers[places]

    def report(self, levels: tuple[float, ...], ends: tuple[int, int] | None) -> dict[str, Any]:
        return {
            "levels": list(levels),
            "reaching": self.reaching,
            "different": self.different,
            "accepted": self.accepted,
            "bands": [list(sizes) for sizes in self.bands],
            "ends": None if ends is None or self.why else list(ends),
            "why": self.why,
            "steps": self.steps,
        }


def climbed(climb: Climb) -> dict[str, Any]:
    """Return how many of the population reached each of the given levels, and the event.

    With levels and sizes of moves that were fixed before, the mean of the product of the shares is
    exactly the probability of the event [cerou2012sequential]_.
    """
    population = _drawn(climb)
    for height, sizes in zip(climb.levels, climb.bands, strict=True):
        held, steps = population.ladder.reached(population.rows, height)
        population.steps += steps
        if not population.raised(held, height, sizes):
            return population.report(climb.levels, None)
    ends = population.finished() if climb.to_the_top else None
    return population.report(climb.levels, ends)


def piloted(climb: Climb) -> dict[str, Any]:
    """Return levels that about the wanted share of the population before reaches, with bands.

    Given levels are kept.

    A level is the largest one that the wanted share reaches, rounded down to a whole number where
    not all reach that; where they are tied with the level before, it is the next that occurs.
    """
    population = _drawn(climb)
    levels: tuple[float, ...] = ()
    while True:
        found = population.ladder.heights(population.rows)
        population.steps += found.steps
        height = _next_level(found.values, climb.share, levels, population.ladder.rounded)
        if climb.levels:
            height = [*climb.levels, np.inf][len(levels)]
        if height == np.inf:
            enough = population.enough(population.rows[np.isposinf(found.values)])
            return population.report(levels, (0, 0) if enough else None)
        if not population.raised(found.values >= height, height, None):
            kept = (*levels, height)[: len(population.reaching)]
            return population.report(kept, None)
        levels = (*levels, height)


def _drawn(climb: Climb) -> _Population:
    rng = np.random.default_rng(np.random.SeedSequence(climb.seed, spawn_key=(climb.number,)))
    return _Population(
        climb=climb,
        ladder=ladder_for(climb.F, climb.event, climb.budget),
        rng=rng,
        rows=climb.region.sample(climb.size, rng=rng),
        ancestors=np.arange(climb.size),
    )


def _next_level(
    heights: NDArray[np.float64], share: float, levels: tuple[float, ...], rounded: bool
) -> float:
    wanted = max(1, int(np.ceil(share * len(heights))))
    height = float(np.sort(heights)[-wanted])
    before = levels[-1] if levels else -np.inf
    if rounded and np.floor(height) > max(before, heights.min()):
        return float(np.floor(height))
    if height > before:
        return height
    above = heights[heights > before]
    return float(above.min()) if len(above) else np.inf


def _different(rows: Rows) -> int:
    return len(np.unique(rows, axis=0))

"""Measuring by independent random starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from ..engine.chunks import chunk_rows, map_ordered, row_slices, spawned
from ..ensembles.budget import Budget
from ..ensembles.fates import Detail, Fate
from ..ensembles.simulate import simulate
from ..evidence import Evidence, Grade
from ..maps.base import Map
from ..regions import Region, generator_of, positive_count
from .estimate import Estimate
from .intervals import checked_level
from .target import Target

__all__ = ["MonteCarlo", "Progress", "seed_of"]

Progress = Callable[[int, int], Any]


@dataclass(frozen=True)
class MonteCarlo:
    """Independent starts, simulated one by one.

    Parameters
    ----------
    n : int
        Number of starts. With none converging, n = 2995, 29956, 299572 starts put the share below
        10⁻³, 10⁻⁴, 10⁻⁵ at 95 %.
    level : float
        Confidence level between 0 and 1.

    Examples
    --------
    >>> MonteCarlo(n=10_000)
    MonteCarlo(n=10000, level=0.95)
    """

    n: int = 100_000
    level: float = 0.95

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", positive_count(self.n, "n"))
        object.__setattr__(self, "level", checked_level(self.level))

    def measure(
        self,
        F: Map,
        region: Region,
        *,
        to: Target,
        budget: Budget,
        rng: Any,
        executor: Executor | None,
        progress: Progress | None,
    ) -> Estimate:
        """Return the estimate; `convergent_measure` checks the arguments."""
        began = perf_counter()
        seed = seed_of(rng)
        sizes = [s.stop - s.start for s in row_slices(self.n, chunk_rows(F.dimension))]
        chunks = [
            _Chunk(F=F, region=region, budget=budget, size=size, rng=generator)
            for size, generator in zip(sizes, spawned(seed, len(sizes)), strict=True)
        ]
        done = 0

        def report(tally: _Tally) -> None:
            nonlocal done
            done += tally.counts.total()
            if progress is not None:
                progress(done, self.n)

        tallies = map_ordered(_simulated, chunks, executor=executor, on_answer=report)
        counts = sum((tally.counts for tally in tallies), Counter[Detail]())
        return Estimate(
            map=F,
            region=region,
            target=to,
            n=self.n,
            tally=tuple((detail, counts[detail]) for detail in Detail if counts[detail]),
            level=self.level,
            seed=seed,
            budget=budget,
            map_steps=sum(tally.steps for tally in tallies),
            evidence=self._evidence(bounded=any(d.fate is Fate.BOUNDED for d in counts)),
            seconds=perf_counter() - began,
        )

    def _evidence(self, *, bounded: bool) -> Evidence:
        reason = (
            f"{self.n} independent starts, Clopper-Pearson at {100 * self.level:g} %, "
            "undecided ones counted at both extremes; every start that counts as converging "
            "passed the audit of its limit"
        )
        if bounded:
            reason += "; bounded ones count as not converging, which was seen up to the budget only"
        return Evidence(grade=Grade.STATISTICAL, reason=reason, sources=("clopper1934use",))


def seed_of(rng: Any) -> int:
    """Return one whole number from which everything random follows.

    Parameters
    ----------
    rng : None, int, Generator or SeedSequence
        A whole number is its own seed. From a generator one is drawn, and without any it is
        fresh entropy of the operating system.

    Examples
    --------
    >>> seed_of(7)
    7
    >>> seed_of(np.random.default_rng(7)) == seed_of(np.random.default_rng(7))
    True
    """
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return int(rng)
    if rng is None:
        return int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
    return int.from_bytes(generator_of(rng).bytes(16), "little")


@dataclass(frozen=True, kw_only=True)
class _Chunk:
    """Some of the starts, as plain data that can travel to another process."""

    F: Map
    region: Region
    budget: Budget
    size: int
    rng: np.random.Generator


@dataclass(frozen=True, kw_only=True)
class _Tally:
    """What became of one chunk."""

    counts: Counter[Detail]
    steps: int


def _simulated(chunk: _Chunk) -> _Tally:
    starts = chunk.region.sample(chunk.size, rng=chunk.rng)
    fates = simulate(chunk.F, starts, budget=chunk.budget)
    codes, occurrences = np.unique(fates.detail, return_counts=True)
    counts = Counter({Detail(int(c)): int(k) for c, k in zip(codes, occurrences, strict=True)})
    return _Tally(counts=counts, steps=int(fates.steps.sum()))

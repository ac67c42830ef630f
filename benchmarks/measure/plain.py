"""Plain Monte Carlo: draw starts, run them, count those that came to rest."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from dynsys_gd import (
    Budget,
    Fate,
    Keep,
    MonteCarlo,
    Stop,
    StoppingRule,
    convergent_measure,
    starts,
    stopping_times,
)

from ..engines import Engine, Unsuited
from ..engines.base import Label
from ..workloads import RADIUS
from .problems import SampledProblem

__all__ = ["AUDITED", "LOOKED", "Sampler", "own_samplers", "peer", "raced"]

AUDITED = "MonteCarlo"
LOOKED = "stopping_times"
_BATCH = 2**14
_MOST = 2**24
_SIGMAS = 6.0

Counting = Callable[[int, int], tuple[int, int]]
"""Number of starts and seed to how many come to rest, and how many have not when time is up."""


@dataclass(kw_only=True)
class Sampler:
    """One who counts.

    Parameters
    ----------
    name : str
    count : callable or None
        None where it took no part.
    absent : str
        Why it took no part.
    n : int
        Number of starts a turn.
    hits, late : int
        Of those in the first turn: how many came to rest, and for how many time was up.
    rates : list of float
        Starts per second of processor time, one for each turn.
    """

    name: str
    count: Counting | None = None
    absent: str = ""
    n: int = _BATCH
    hits: int = 0
    late: int = 0
    rates: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Median starts per second."""
        return float(np.median(self.rates))

    def ratio(self, base: Sampler) -> float:
        """Return how many times as fast as `base` it is: the median over the turns."""
        pairs = zip(self.rates, base.rates, strict=True)
        return float(np.median([own / other for own, other in pairs]))

    def agrees(self, share: float) -> bool:
        """Whether the share is between its counts, as far as chance allows."""
        spread = _SIGMAS * (share * (1 - share) / self.n) ** 0.5
        low, high = self.hits / self.n, (self.hits + self.late) / self.n
        return low - spread <= share <= high + spread


def own_samplers(problem: SampledProblem) -> list[Sampler]:
    """Return the package: with every limit audited, and as the first look that claims nothing."""
    w = problem.workload
    budget = Budget(steps=w.steps)
    rule = StoppingRule(steps=w.steps, tolerance=w.tolerance, radius=RADIUS)

    def audited(n: int, seed: int) -> tuple[int, int]:
        method = MonteCarlo(n=n)
        found = convergent_measure(problem.F, problem.box, method=method, budget=budget, rng=seed)
        return found.hits, found.count(Fate.UNDECIDED)

    def looked(n: int, seed: int) -> tuple[int, int]:
        drawn = starts.drawn(problem.box, n, rng=seed)
        found = stopping_times(problem.F, drawn, rule=rule, keep=Keep.COUNTS).counts
        return found[Stop.STILL], found[Stop.TIME]

    return [Sampler(name=AUDITED, count=audited), Sampler(name=LOOKED, count=looked)]


def peer(engine: Engine, problem: SampledProblem) -> Sampler:
    """Return an engine that gets its starts from numpy, as its users have them."""
    w = problem.workload
    try:
        runner = engine.prepare(w)
    except Unsuited as reason:
        return Sampler(name=engine.name, absent=str(reason))

    def count(n: int, seed: int) -> tuple[int, int]:
        columns = np.random.default_rng(seed).uniform(-w.box, w.box, (w.d, n))
        labels = runner(columns).labels
        assert labels is not None
        still, late = (int(np.count_nonzero(labels == k)) for k in (Label.STILL, Label.TIME))
        return still, late

    return Sampler(name=engine.name, count=count)


def raced(samplers: list[Sampler], *, repeats: int, seconds: float) -> None:
    """Let all count in turns, each as many starts as it can in some seconds."""
    for sampler in samplers:
        if sampler.count is not None:
            _fit(sampler, sampler.count, seconds)
    for turn in range(repeats):
        for sampler in samplers:
            if sampler.count is not None:
                spent, counts = _timed(sampler.count, sampler.n, turn)
                sampler.rates.append(sampler.n / spent)
                if turn == 0:
                    sampler.hits, sampler.late = counts


def _fit(sampler: Sampler, count: Counting, seconds: float) -> None:
    count(sampler.n, 0)  # compiles
    spent, _ = _timed(count, sampler.n, 0)
    while 4 * spent < seconds and sampler.n < _MOST:
        sampler.n *= 4
        spent, _ = _timed(count, sampler.n, 0)


def _timed(count: Counting, n: int, seed: int) -> tuple[float, tuple[int, int]]:
    begin = time.process_time()
    counts = count(n, seed)
    return max(time.process_time() - begin, 1e-6), counts

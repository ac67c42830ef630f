"""Measuring what is too rare for independent starts."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, ClassVar

import numpy as np

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...regions import positive_count
from ..binomial import checked_level
from ..estimate import Estimate
from ..question import MeasureMethod, MeasureQuestion
from ..survival import Survival
from ..target import Target
from .climb import Climb, climbed, piloted
from .ladder import ladder_for
from .moves import checked_law
from .replicated import Replicated, scatter

__all__ = ["Splitting"]

_FEWEST_STARTS = 200
_FEWEST_WANTED = 20
_MOST_SCATTER = 1.0


@dataclass(frozen=True)
class Splitting(MeasureMethod):
    """Multilevel splitting, or subset simulation: down to a rare set through larger ones.

    A share of 10⁻⁹ is a product of nine shares of a tenth. A population of starts is thinned out
    to those that reach the next level, replenished from them, and moved about within the set they
    are in, level by level.

    Parameters
    ----------
    n : int
        Starts in the population of a run, at least 200.
    moves : int
        Metropolis moves of every start at each level.
    replicates : int
        Independent runs, at least 2; their scatter makes the interval.
    share : float
        Which share of a population should reach the next level, from 0.01 to 0.9, with at least
        20 starts.
    levels : sequence of float, optional
        The levels themselves, on the way to the event: for `Survival` numbers of steps, growing;
        for convergence the length of the shortest of the first steps, falling. By default a pilot
        run finds them. (It also finds which moves are worth trying.)
    level : float
        Confidence level between 0 and 1.

    Raises
    ------
    InvalidInput
        For numbers outside these ranges, and, when measuring, for laws other than a Box, a Ball
        and a Gaussian.

    Notes
    -----
    The runs use fixed levels, which a pilot run of its own has found, so that each product of
    shares is unbiased [cerou2012sequential]_. A start counts as converging only after the audit
    of its limit; undecided ones belong to the last set and are counted at both extremes.

    A run breaks down where a population no longer stands for the set it is in: where fewer than
    10 different starts reach a level, where fewer than 100 differ after the moves, because the set
    has become finer than double precision, or where all descend from fewer than 5 starts. If that
    happens to one run, or the runs scatter by more than a factor e, there is no estimate: `lower`
    is 0 and the upper limit is that of the last set which all runs reached, for it contains the
    event. Chaotic orbits are those of double precision, as in every simulation.

    The interval knows what the populations met. A part of the event whose surroundings stand no
    higher than others is met by chance alone, in few of many runs, and may be missing.

    References
    ----------
    Au and Beck (2001), ``au2001subset``; Cérou, Del Moral, Furon and Guyader (2012),
    ``cerou2012sequential``.

    Examples
    --------
    Under x -> 2x exactly the starts within 8·2⁻³⁰ stay within 8 for 30 steps.

    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, SymbolicMap, convergent_measure
    >>> F, law = SymbolicMap([2*x], [x]), Box([-8], [8])
    >>> few = Splitting(n=1000, moves=10, replicates=4)
    >>> m = convergent_measure(F, law, method=few, to=Survival(steps=30, radius=8), rng=0)
    >>> low, high = m.interval()
    >>> low < 2**-30 < high < 2**-29
    True
    """

    n: int = 10_000
    moves: int = 30
    replicates: int = 10
    share: float = 0.1
    levels: tuple[float, ...] | None = None
    level: float = 0.95

    events: ClassVar[tuple[type, ...]] = (Target, Survival)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", positive_count(self.n, "n"))
        object.__setattr__(self, "moves", positive_count(self.moves, "moves"))
        object.__setattr__(self, "replicates", positive_count(self.replicates, "replicates"))
        object.__setattr__(self, "level", checked_level(self.level))
        object.__setattr__(self, "share", _checked_share(self.share))
        if self.n < _FEWEST_STARTS:
            raise InvalidInput("n", self.n, f"at least {_FEWEST_STARTS}")
        if self.share * self.n < _FEWEST_WANTED:
            raise InvalidInput("share", self.share, f"at least {_FEWEST_WANTED} of {self.n} starts")
        if self.replicates < 2:
            raise InvalidInput("replicates", self.replicates, "at least 2")
        if self.levels is not None:
            object.__setattr__(self, "levels", _checked_levels(self.levels))

    def answer(self, question: MeasureQuestion) -> Estimate:
        """Return the estimate, graded STATISTICAL; without one, its reading names the obstacle."""
        began = perf_counter()
        climb = Climb(
            F=question.F,
            event=question.to,
            region=checked_law(question.region),
            budget=question.budget,
            size=self.n,
            moves=self.moves,
            share=self.share,
            seed=question.seed,
            number=0,
        )
        if self.levels is not None:
            climb = replace(climb, levels=_heights(self.levels, question))
        (pilot,) = question.work.answers(piloted, [climb])
        obstacle = str(pilot["why"])
        climb = replace(
            climb,
            levels=tuple(map(float, pilot["levels"])),
            bands=tuple((float(low), float(high)) for low, high in pilot["bands"]),
            to_the_top=not obstacle,
        )
        question.work.tell(1, self.replicates + 1)
        runs = []
        tasks = [replace(climb, number=k + 1) for k in range(self.replicates)]
        for run in question.work.answers(climbed, tasks):
            runs.append(run)
            question.work.tell(len(runs) + 1, self.replicates + 1)
        return Estimate(
            map=question.F,
            region=question.region,
            target=question.to,
            reading=_reading(climb, runs, obstacle),
            level=self.level,
            seed=question.seed,
            budget=question.budget,
            map_steps=sum(int(run["steps"]) for run in (pilot, *runs)),
            evidence=_evidence(self),
            seconds=perf_counter() - began,
        )


def _reading(climb: Climb, runs: list[dict[str, Any]], obstacle: str) -> Replicated:
    """Return what the runs say, as deep as all of them are in good order and agree."""
    depth = min(len(run["reaching"]) for run in runs)
    broken = [str(run["why"]) for run in runs if run["why"]]
    if broken and not obstacle:
        obstacle = f"in {len(broken)} of {len(runs)} runs {broken[0]}"
    while depth > 1:
        products = tuple(
            float(np.prod(np.array(run["reaching"][:depth]) / climb.size)) for run in runs
        )
        if scatter(products) <= _MOST_SCATTER:
            break
        ends = f"from {min(products):.2g} to {max(products):.2g}"
        obstacle = obstacle or f"the runs scatter {ends}, by more than a factor e"
        depth -= 1
    ladder = ladder_for(climb.F, climb.event, climb.budget)
    levels = tuple(ladder.direction * height for height in climb.levels)
    at_each = len(climb.levels)
    return Replicated(
        size=climb.size,
        levels=levels,
        levels_said=ladder.words(levels),
        reaching=tuple(tuple(map(int, run["reaching"][:depth])) for run in runs),
        ends=() if obstacle else tuple((int(run["ends"][0]), int(run["ends"][1])) for run in runs),
        different=_means(runs, "different", at_each, climb.size),
        accepted=_means(runs, "accepted", at_each, 1),
        obstacle=obstacle,
    )


def _means(runs: list[dict[str, Any]], key: str, levels: int, unit: int) -> tuple[float, ...]:
    """Return the mean over the runs that got there, level by level."""
    columns = itertools.zip_longest(*(run[key][:levels] for run in runs))
    return tuple(float(np.mean([v for v in column if v is not None])) / unit for column in columns)


def _heights(levels: tuple[float, ...], question: MeasureQuestion) -> tuple[float, ...]:
    """Return given levels as heights, or refuse those that do not lead to the event."""
    ladder = ladder_for(question.F, question.to, question.budget)
    heights = tuple(ladder.direction * level for level in levels)
    rising = all(a < b for a, b in itertools.pairwise(heights))
    if isinstance(question.to, Survival):
        if not rising or (heights and not 0 < heights[0] <= heights[-1] < question.to.steps):
            expected = f"numbers of steps that grow, between 0 and {question.to.steps}"
            raise InvalidInput("levels", levels, expected)
    elif not rising or (heights and heights[-1] >= 0):
        raise InvalidInput("levels", levels, "positive lengths of a step that fall")
    return heights


def _evidence(method: Splitting) -> Evidence:
    levels = "given levels" if method.levels is not None else "levels fixed by a pilot run"
    reason = (
        f"{method.replicates} runs of splitting with {levels}, each unbiased; log-normal interval "
        f"of their scatter at {100 * method.level:g} %; orbits in double precision"
    )
    sources = ("au2001subset", "cerou2012sequential", "olsson2005confidence")
    return Evidence(grade=Grade.STATISTICAL, reason=reason, sources=sources)


def _checked_share(value: Any) -> float:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not 0.01 <= value <= 0.9:
        raise InvalidInput("share", value, "a number from 0.01 to 0.9")
    return float(value)


def _checked_levels(values: Any) -> tuple[float, ...]:
    expected = "a list of finite numbers, or None for those of a pilot run"
    try:
        levels = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        raise InvalidInput("levels", values, expected) from None
    if isinstance(values, str) or not np.all(np.isfinite(levels)):
        raise InvalidInput("levels", values, expected)
    return levels

"""The values of a scan, one after the other: those given, then those added where it matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
import sympy as sp

from ...engine.work import Work
from ...ensembles.budget import Budget
from ...ensembles.fates import Detail
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...regions import Region, seed_of
from ..binomial import interval
from ..counted import Counted
from ..estimate import Estimate
from ..question import MeasureMethod, MeasureQuestion
from ..sampling.monte_carlo import MonteCarlo
from ..target import Target
from .looking import Look, looked_at, pieces_of
from .point import Norms, TransitionPoint
from .refinement import Refinement, next_value

__all__ = ["Scan", "starts_of"]

_NEGLIGIBLE = 0.01
_NORM_STARTS = 1_024  # for the gradient norm, where another method measures the share


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What is scanned, and how; `points` looks at one value after the other.

    Parameters
    ----------
    F : Map
        With `parameter` open and no other.
    parameter : str
    values : tuple of sympy.Expr
        Ascending.
    region : Region
    method : MeasureMethod
    to : Target
    budget : Budget
    refine : Refinement
    level : float
        For all intervals together.
    seed : int
    work : Work
    """

    F: Map
    parameter: str
    values: tuple[sp.Expr, ...]
    region: Region
    method: MeasureMethod
    to: Target
    budget: Budget
    refine: Refinement
    level: float
    seed: int
    work: Work = field(default_factory=Work)

    @property
    def most(self) -> int:
        """The largest number of values that may be looked at."""
        return len(self.values) + self.refine.points

    @property
    def point_level(self) -> float:
        """The level of each interval: the error is shared out evenly among `most` values."""
        return 1.0 - (1.0 - self.level) / self.most

    @property
    def least_upper(self) -> float:
        """The upper limit of the share where none of the starts converges; 0 if not counted."""
        if not isinstance(self.method, MonteCarlo):
            return 0.0
        return interval(0, 0, self.method.n, level=self.point_level)[1]

    @property
    def negligible(self) -> float:
        """The share whose upper limit counts as vanished."""
        given = self.refine.negligible
        return max(_NEGLIGIBLE, 2.0 * self.least_upper) if given is None else given

    @property
    def width(self) -> float:
        """Distance below which neighbours are not bisected."""
        return self.refine.width_in(float(self.values[0]), float(self.values[-1]))

    def points(self) -> Iterator[TransitionPoint]:
        """Yield the given values, ascending, then the added ones in the order they are chosen."""
        told = _Told(self.work, self.most * starts_of(self.method))
        known: list[TransitionPoint] = []
        for point in self._measured(self.values, self.seed, told, refined=False):
            known.append(point)
            yield point
        for k in range(self.refine.points):
            value = next_value(known, negligible=self.negligible, width=self.width)
            if value is None:
                break
            # Its place depends on what the others showed, so its starts must not.
            seed = seed_of(np.random.SeedSequence(self.seed, spawn_key=(k,)))
            for point in self._measured([value], seed, told, refined=True):
                known = sorted([*known, point], key=lambda point: point.at)
                yield point
        told.all()

    def _measured(
        self, values: Sequence[sp.Expr], seed: int, told: _Told, *, refined: bool
    ) -> Iterator[TransitionPoint]:
        maps = [self.F.at(**{self.parameter: value}) for value in values]
        counted = isinstance(self.method, MonteCarlo)
        n = starts_of(self.method)
        lists = [pieces_of(F, self.region, n, seed, self.budget) for F in maps]
        on_rows = told.add if counted else None
        looks = looked_at(self.work, lists, on_rows=on_rows)
        for value, F in zip(values, maps, strict=True):
            began = perf_counter()
            look = next(looks)
            if counted:
                estimate = self._counted(F, look, seed, perf_counter() - began)
            else:
                estimate = self._answered(F, seed)
                told.add(n)
            yield TransitionPoint(
                parameter=self.parameter,
                value=value,
                estimate=estimate,
                level=self.point_level,
                norms=Norms.of(look.residuals, look.looked),
                seed=seed,
                refined=refined,
            )

    def _counted(self, F: Map, look: Look, seed: int, seconds: float) -> Estimate:
        """Return what `MonteCarlo` says of the same starts, which are simulated once for both."""
        return Estimate(
            map=F,
            region=self.region,
            target=self.to,
            reading=Counted(self.to, look.tally),
            level=self.point_level,
            seed=seed,
            budget=self.budget,
            map_steps=look.steps,
            evidence=Evidence(
                grade=Grade.STATISTICAL,
                reason=_reason(starts_of(self.method), Counter(dict(look.tally))),
                sources=("clopper1934use",),
            ),
            seconds=seconds,
        )

    def _answered(self, F: Map, seed: int) -> Estimate:
        question = MeasureQuestion(
            F=F,
            region=self.region,
            to=self.to,
            budget=self.budget,
            seed=seed,
            work=replace(self.work, progress=None),
        )
        return self.method.answer(question)


@dataclass
class _Told:
    """Tells how many of the starts are done, of the most there may be."""

    work: Work
    total: int
    done: int = field(default=0)

    def add(self, starts: int) -> None:
        self.done += starts
        self.work.tell(self.done, self.total)

    def all(self) -> None:
        """Tell that it is over; fewer values were looked at than could have been."""
        if self.done < self.total:
            self.work.tell(self.total, self.total)


def starts_of(method: MeasureMethod) -> int:
    """Return how many starts at each value are simulated here for a method."""
    return method.n if isinstance(method, MonteCarlo) else _NORM_STARTS


def _reason(n: int, counts: Counter[Detail]) -> str:
    reason = (
        f"{n} independent starts, Clopper-Pearson limits, undecided ones counted at both extremes; "
        "every start that counts as converging passed the audit of its limit"
    )
    if counts[Detail.CHAOTIC] or counts[Detail.QUASI_PERIODIC]:
        reason += "; bounded ones count as not converging, which was seen up to the budget only"
    return reason

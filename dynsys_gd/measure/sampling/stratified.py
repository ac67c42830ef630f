"""Measuring where it matters: cells at the boundary are found first, then all are sampled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...regions import positive_count
from ..binomial import checked_level
from ..estimate import Estimate
from ..question import MeasureMethod, MeasureQuestion
from ..survival import Survival
from ..target import Target
from .strata import Frozen, Stratification
from .subdivision import Cells, Kind, look, subdivided
from .tallies import how_counted

__all__ = ["Stratified"]

_FEWEST = 128
_MOST_DIMENSIONS = 6
_FRESH_STAGE = 2**31  # of the random numbers of fresh draws: no stage of the pilot reaches it


@dataclass(frozen=True)
class Stratified(MeasureMethod):
    """Adaptive subdivision, with samples kept in every cell.

    Parameters
    ----------
    n : int
        Number of starts, not exceeded, at least 128.
    level : float
        Confidence level between 0 and 1.
    pilot : float
        Share of the starts that may be spent on finding the cells, from 0.05 to 0.8.

    Raises
    ------
    InvalidInput
        When used: for a law whose coordinates are not independent, or that has more than six
        random ones.

    Notes
    -----
    Pilot draws find cells of the cube of quantiles that are mixed; these are halved again and
    again. Then fresh draws measure all cells: most of them the mixed ones, whose share of the law
    becomes small, and some every cell that was frozen because all of its pilot draws were of one
    kind. So a thin part of another kind that the pilot missed is not lost: what frozen cells may
    hide is bounded, is part of the interval, and is shown. The interval (`Stratification`) is not
    asymptotic.

    The half-width falls like 1/n where the boundary is a curve in the plane. From about five
    dimensions on nearly all cells are mixed, and `MonteCarlo` does as well.

    References
    ----------
    Hoeffding (1956), ``hoeffding1956distribution``; Hoeffding (1963),
    ``hoeffding1963probability``.

    Examples
    --------
    >>> Stratified(n=50_000)
    Stratified(n=50000, level=0.95, pilot=0.4)
    """

    n: int = 100_000
    level: float = 0.95
    pilot: float = 0.4

    events: ClassVar[tuple[type, ...]] = (Target, Survival)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", positive_count(self.n, "n"))
        if self.n < _FEWEST:
            raise InvalidInput("n", self.n, f"at least {_FEWEST} starts")
        object.__setattr__(self, "level", checked_level(self.level))
        object.__setattr__(self, "pilot", _checked_share(self.pilot))

    def answer(self, question: MeasureQuestion) -> Estimate:
        """Return the estimate, graded STATISTICAL."""
        began = perf_counter()
        d = len(question.region.random_coordinates)
        if d > _MOST_DIMENSIONS:
            expected = f"a law with at most {_MOST_DIMENSIONS} random coordinates"
            raise InvalidInput("region", f"{d} of them", expected, "take MonteCarlo")
        cells, pilot = subdivided(question, math.floor(self.pilot * self.n), self.n)
        spent = len(pilot.codes)
        counts = self._allotted(cells, self.n - spent)
        fresh = look(question, cells, counts, stage=_FRESH_STAGE, done=spent, total=self.n)
        question.work.tell(self.n, self.n)
        per_cell = [
            np.add.reduceat(which, np.cumsum(counts) - counts, dtype=np.int64)
            for which in (fresh.hits, fresh.possible)
        ]
        return Estimate(
            map=question.F,
            region=question.region,
            target=question.to,
            reading=_reading(cells, counts, per_cell[0], per_cell[1], spent),
            level=self.level,
            seed=question.seed,
            budget=question.budget,
            map_steps=pilot.steps + fresh.steps,
            evidence=Evidence(
                grade=Grade.STATISTICAL,
                reason=f"{int(counts.sum())} fresh starts in cells that {spent} others had found, "
                f"limits at {100 * self.level:g} % that are not asymptotic and contain what frozen "
                "cells may hide, " + how_counted(question.to, {*pilot.ends, *fresh.ends}),
                sources=(
                    "hoeffding1956distribution",
                    "hoeffding1963probability",
                    "clopper1934use",
                ),
            ),
            seconds=perf_counter() - began,
        )

    def _allotted(self, cells: Cells, draws: int) -> NDArray[np.int64]:
        """Return how many fresh draws each cell gets, at least one."""
        mixed = cells.kind == Kind.MIXED
        boundary, inner = float(cells.volume[mixed].sum()), float(cells.volume[~mixed].sum())
        counts = np.zeros(len(mixed), dtype=np.int64)
        share = _best_share(boundary, inner, draws, 1.0 - self.level)
        if mixed.any():
            kept = int(np.count_nonzero(~mixed))
            most = max(1, (draws - 2 * kept) // int(mixed.sum()))
            counts[mixed] = min(most, max(1, int(share * draws) // int(mixed.sum())))
        rest = draws - int(counts.sum())
        if not mixed.all():
            each = inner / (rest - int(np.count_nonzero(~mixed)))
            counts[~mixed] = np.ceil(cells.volume[~mixed] / each)
        return counts


def _best_share(boundary: float, inner: float, draws: int, error: float) -> float:
    """Return the share of the draws in mixed cells for which the interval will be narrowest.

    The half-width is near z boundary √(1/6)/√(s n) + log(10/error) inner/((1 - s) n): probabilities
    in mixed cells are spread over 0 … 1, where p(1 - p) is 1/6 in the mean, and frozen cells hide
    what draws without a find leave open.
    """
    if not boundary or not inner:
        return 1.0 if boundary else 0.0
    s = np.linspace(0.02, 0.98, 97)
    z = math.sqrt(-2.0 * math.log(error))
    sampling = z * boundary * math.sqrt(1.0 / 6.0) / np.sqrt(s * draws)
    hiding = math.log(10.0 / error) * inner / ((1.0 - s) * draws)
    return float(s[np.argmin(sampling + hiding)])


def _reading(
    cells: Cells,
    counts: NDArray[np.int64],
    hits: NDArray[np.int64],
    possible: NDArray[np.int64],
    pilot: int,
) -> Stratification:
    volume = cells.volume
    mixed = cells.kind == Kind.MIXED
    return Stratification(
        pilot=pilot,
        cells=int(np.count_nonzero(mixed)),
        volume=float(volume[mixed].sum()),
        draws=int(counts[mixed].sum()),
        hits=int(hits[mixed].sum()),
        possible=int(possible[mixed].sum()),
        converging=_frozen(
            cells.kind == Kind.CONVERGES, volume, counts, counts - hits, counts - possible
        ),
        elsewhere=_frozen(cells.kind == Kind.ELSEWHERE, volume, counts, possible, hits),
        undecided_volume=float(volume[cells.kind == Kind.UNDECIDED].sum()),
        estimates=(
            min(1.0, math.fsum(volume * hits / counts)),
            min(1.0, math.fsum(volume * possible / counts)),
        ),
        fresh=int(counts.sum()),
    )


def _frozen(
    which: NDArray[np.bool_],
    volume: NDArray[np.float64],
    counts: NDArray[np.int64],
    strange: NDArray[np.int64],
    surely: NDArray[np.int64],
) -> Frozen:
    weight = volume[which] / counts[which]
    return Frozen(
        cells=int(np.count_nonzero(which)),
        volume=float(volume[which].sum()),
        draws=int(counts[which].sum()),
        heaviest=float(weight.max(initial=0.0)),
        strange=math.fsum(weight * strange[which]),
        surely=math.fsum(weight * surely[which]),
    )


def _checked_share(share: object) -> float:
    try:
        number = float(share)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(share, bool) or not 0.05 <= number <= 0.8:
        raise InvalidInput("pilot", share, "a share of the starts from 0.05 to 0.8")
    return number

"""Measuring by independent random starts until the interval is narrow enough."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

from ...ensembles.starts import drawn
from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...regions import positive_count
from ..binomial import checked_level
from ..counted import Counted, Ending
from ..estimate import Estimate
from ..question import MeasureMethod, MeasureQuestion
from ..survival import Survival
from ..target import Target
from .mixture import Mixture, suited_mixture
from .tallies import Tally, how_counted, pieces, tallies

__all__ = ["Adaptive"]

_FIRST = 256
_LEAST_GROWTH = 1.125
_MOST_GROWTH = 2.0


@dataclass(frozen=True, kw_only=True)
class Adaptive(MeasureMethod):
    """Independent starts, as many as a wished half-width takes.

    Parameters
    ----------
    half_width : float
        Half the length of the interval that is wished, between 0 and 1/2.
    level : float
        Confidence level between 0 and 1.
    most : int
        Number of starts that is not exceeded.

    Notes
    -----
    An interval for a number of starts that was settled beforehand may not be looked at again and
    again until it is narrow: it would miss more often than it says. This one is a confidence
    sequence: at the stated level it contains the share at all times at once (see `Mixture`), also
    when it was looked at last. That costs about 2.7 times the starts that knowing the share
    beforehand would take, at shares near 0 and 1 far fewer than at 1/2.

    The starts do not end narrow enough where as many as allowed are spent, or where undecided
    ones alone fill more than the wish, which only a larger budget can change. The estimate says
    so, and its interval holds all the same.

    References
    ----------
    Robbins (1970), ``robbins1970statistical``; Howard et al. (2021), ``howard2021timeuniform``.

    Examples
    --------
    >>> Adaptive(half_width=0.01)
    Adaptive(half_width=0.01, level=0.95, most=100000000)
    """

    half_width: float
    level: float = 0.95
    most: int = 100_000_000

    events: ClassVar[tuple[type, ...]] = (Target, Survival)

    def __post_init__(self) -> None:
        object.__setattr__(self, "half_width", _checked_half_width(self.half_width))
        object.__setattr__(self, "level", checked_level(self.level))
        object.__setattr__(self, "most", positive_count(self.most, "most"))

    def answer(self, question: MeasureQuestion) -> Estimate:
        """Return the estimate, graded STATISTICAL."""
        began = perf_counter()
        starts = drawn(question.region, self.most, rng=question.seed)
        limits = suited_mixture(self.half_width, self.level)
        seen = Tally(counts=Counter(), steps=0)
        total = min(_FIRST, self.most)
        while True:
            for tally in tallies(question, pieces(question, starts, seen.n, total)):
                seen += tally
                question.work.tell(seen.n, None)
            reading = Counted(question.to, seen.pairs, limits)
            low, high = reading.interval(self.level)
            ending = self._ending(reading, 0.5 * (high - low), limits)
            if ending is not None:
                break
            total = self._next(seen.n, 0.5 * (high - low))
        return Estimate(
            map=question.F,
            region=question.region,
            target=question.to,
            reading=Counted(question.to, seen.pairs, limits, ending),
            level=self.level,
            seed=question.seed,
            budget=question.budget,
            map_steps=seen.steps,
            evidence=Evidence(
                grade=Grade.STATISTICAL,
                reason=f"{seen.n} independent starts, stopped by a confidence sequence that holds "
                f"at all times at once at {100 * self.level:g} % (half-width "
                f"{self.half_width:g} wished), " + how_counted(question.to, seen.counts),
                sources=("howard2021timeuniform", "robbins1970statistical", "ville1939etude"),
            ),
            seconds=perf_counter() - began,
        )

    def _ending(self, seen: Counted, half_width: float, limits: Mixture) -> Ending | None:
        """Return why no more starts are drawn, or None where there are."""
        if half_width <= self.half_width:
            return Ending.NARROW_ENOUGH
        undecided = seen.open
        if undecided and limits.interval(undecided, 0, seen.n, level=self.level)[0] > (
            2.0 * self.half_width
        ):
            return Ending.TOO_MANY_UNDECIDED
        return Ending.MOST_STARTS if seen.n == self.most else None

    def _next(self, n: int, half_width: float) -> int:
        """Return how many starts to look at next: nearly as many as will do, if one can tell."""
        growth = min(max((half_width / self.half_width) ** 2, _LEAST_GROWTH), _MOST_GROWTH)
        return min(math.ceil(growth * n), self.most)


def _checked_half_width(half_width: object) -> float:
    try:
        number = float(half_width)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(half_width, bool) or not 1e-9 <= number < 0.5:
        raise InvalidInput("half_width", half_width, "a number from 1e-9 to below 1/2")
    return number

"""Measuring by independent random starts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

from ...ensembles.starts import drawn
from ...evidence import Evidence, Grade
from ...regions import positive_count
from ..binomial import checked_level
from ..counted import Counted
from ..estimate import Estimate
from ..question import MeasureMethod, MeasureQuestion
from ..survival import Survival
from ..target import Target
from .tallies import Tally, how_counted, pieces, tallies

__all__ = ["MonteCarlo"]


@dataclass(frozen=True)
class MonteCarlo(MeasureMethod):
    """Independent starts, simulated one by one.

    Parameters
    ----------
    n : int
        Number of starts. With none converging, n = 2995, 29956, 299572 starts put the share below
        10⁻³, 10⁻⁴, 10⁻⁵ at 95 %.
    level : float
        Confidence level between 0 and 1.

    Notes
    -----
    With h of n starts seen to converge and u undecided, the interval goes from the lower
    Clopper-Pearson limit of h to the upper one of h + u.

    References
    ----------
    Clopper and Pearson (1934), ``clopper1934use``.

    Examples
    --------
    >>> MonteCarlo(n=10_000)
    MonteCarlo(n=10000, level=0.95)
    """

    n: int = 100_000
    level: float = 0.95

    events: ClassVar[tuple[type, ...]] = (Target, Survival)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", positive_count(self.n, "n"))
        object.__setattr__(self, "level", checked_level(self.level))

    def answer(self, question: MeasureQuestion) -> Estimate:
        """Return the estimate, graded STATISTICAL."""
        began = perf_counter()
        starts = drawn(question.region, self.n, rng=question.seed)
        seen = Tally(counts=Counter(), steps=0)
        for tally in tallies(question, pieces(question, starts)):
            seen += tally
            question.work.tell(seen.n, self.n)
        return Estimate(
            map=question.F,
            region=question.region,
            target=question.to,
            reading=Counted(question.to, seen.pairs),
            level=self.level,
            seed=question.seed,
            budget=question.budget,
            map_steps=seen.steps,
            evidence=Evidence(
                grade=Grade.STATISTICAL,
                reason=f"{self.n} independent starts, Clopper-Pearson at {100 * self.level:g} %, "
                + how_counted(question.to, seen.counts),
                sources=("clopper1934use",),
            ),
            seconds=perf_counter() - began,
        )

"""Measuring by independent random starts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import perf_counter

from ...engine.chunks import chunk_rows, row_slices
from ...ensembles.fates import Detail
from ...ensembles.starts import drawn
from ...evidence import Evidence, Grade
from ...regions import positive_count
from ..binomial import checked_level
from ..counted import Counted
from ..estimate import Estimate
from ..question import MeasureMethod, MeasureQuestion
from .tallies import Piece, Tally, tallies

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", positive_count(self.n, "n"))
        object.__setattr__(self, "level", checked_level(self.level))

    def answer(self, question: MeasureQuestion) -> Estimate:
        """Return the estimate, graded STATISTICAL."""
        began = perf_counter()
        F = question.F
        starts = drawn(question.region, self.n, rng=question.seed)
        pieces = (
            Piece(F=F, starts=starts, first=s.start, last=s.stop, budget=question.budget)
            for s in row_slices(self.n, chunk_rows(F.dimension))
        )
        seen = Tally(counts=Counter(), steps=0)
        for tally in tallies(question.work, pieces):
            seen += tally
            question.work.tell(seen.n, self.n)
        return Estimate(
            map=F,
            region=question.region,
            target=question.to,
            reading=Counted(question.target, seen.pairs),
            level=self.level,
            seed=question.seed,
            budget=question.budget,
            map_steps=seen.steps,
            evidence=_evidence(self, seen),
            seconds=perf_counter() - began,
        )


def _evidence(method: MonteCarlo, seen: Tally) -> Evidence:
    reason = (
        f"{method.n} independent starts, Clopper-Pearson at {100 * method.level:g} %, "
        "undecided ones counted at both extremes; every start that counts as converging "
        "passed the audit of its limit"
    )
    if any(detail in (Detail.CHAOTIC, Detail.QUASI_PERIODIC) for detail in seen.counts):
        reason += "; bounded ones count as not converging, which was seen up to the budget only"
    return Evidence(grade=Grade.STATISTICAL, reason=reason, sources=("clopper1934use",))

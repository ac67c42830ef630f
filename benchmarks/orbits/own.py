"""The package's certified search on the problems."""

from __future__ import annotations

from dataclasses import dataclass

import dynsys_gd as dg

from .problems import OrbitProblem

__all__ = ["Answer", "own_answer", "search"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a search came to.

    Parameters
    ----------
    count : int
        Orbits for the package, connected sets of boxes for codac.
    boxes : int
        How many were examined.
    """

    count: int
    boxes: int


def own_answer(problem: OrbitProblem) -> Answer:
    """Find all orbits with F^n = id, one least period after the other; nothing may stay open."""
    found = [search(problem, d) for d in problem.divisors]
    return Answer(count=sum(map(len, found)), boxes=sum(each.boxes or 0 for each in found))


def search(problem: OrbitProblem, period: int) -> dg.OrbitSet:
    """Return the proved list of one least period."""
    found = dg.periodic_orbits(
        problem.F, problem.box, period=period, method=dg.Krawczyk(), seconds=600
    )
    if not found.complete:
        raise RuntimeError(f"{problem.title}: {found.why}")
    return found

"""Measuring between proved bounds."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from time import perf_counter
from typing import Any

import numpy as np

from ...checker.content import Bounded
from ...engine.intervals import enclosing
from ...engine.work import Work
from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ...maps.heavy_ball import HeavyBall
from ...maps.nesterov import Nesterov
from ...orbits.certified.images import Images
from ...orbits.certified.scale import Scale
from ...orbits.exact.gradient_sets import FLOAT_REASON
from ...regions import Box, positive_count
from ...thresholds.critical import critical_step_size
from ..estimate import Estimate
from ..question import MeasureMethod, MeasureQuestion
from ..target import Target
from .bounds import ProvedShare, area
from .cells import Cells
from .clock import Clock, same
from .facts import Facts, facts_of
from .search import Search
from .tree import Tree
from .written import certificate_of

__all__ = ["Enclosure", "certified", "checked_region", "searched"]

_RULES = (GradientDescent, HeavyBall, Nesterov)  # under which what attracts is a minimum
_MOST_REACH = {1: 200, 2: 12, 3: 3}
_THEOREM_SECONDS = 2.0


@dataclass(frozen=True)
class Enclosure(MeasureMethod):
    """Cells that surely converge, and cells that surely do not; nothing is left to chance.

    Parameters
    ----------
    seconds : float
        Time limit of the search for cells; the bounds reached by then are returned.
    width : float, optional
        Stop as soon as the bounds of the share are this close to each other.
    cells : int
        Most cells; each takes about 60 bytes.
    steps : int
        Most steps for which the image of a cell is followed.
    apart : bool
        Whether to tell limits apart as well as can be: cells from which different minima may be
        reached are cut further, which takes time.

    Notes
    -----
    The bounds are exact rational numbers, the areas of dyadic cells. Cells are decided by balls
    that the map contracts, by residuals that shrink near a family of minima, by escape regions and
    barriers, by blocks around saddles and by residuals that grow, which almost every point leaves,
    by sets that trap and hold no stable minimum, and by images under several steps, rounded
    outwards, that lie in cells decided before. Beyond the critical step size the theorem answers.
    The proofs are in docs/theory/certificates.md; ``estimate.reading.certificate`` can be saved
    and is then verified by ``dynsys-gd check FILE``, a program that shares no code with this one.

    For maps in up to three dimensions given by formulas without kinks, and a Box of their states.
    With `seconds` the course depends on how fast the machine is, and the bounds are true all the
    same; with `width` alone, and time enough, they are always the same.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, GradientDescent, Loss, convergent_measure
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2")
    >>> m = convergent_measure(F, Box([-3], [3]), method=Enclosure(width=1e-9))
    >>> low, high = m.volume_interval()
    >>> low < 2 * 5**0.5 < high, high - low < 6e-9
    (True, True)
    """

    seconds: float = 60.0
    width: float | None = None
    cells: int = 5_000_000
    steps: int = 16
    apart: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", _positive(self.seconds, "seconds"))
        if self.width is not None:
            object.__setattr__(self, "width", _positive(self.width, "width"))
        object.__setattr__(self, "cells", positive_count(self.cells, "cells"))
        object.__setattr__(self, "steps", positive_count(self.steps, "steps"))
        if not isinstance(self.apart, bool):
            raise InvalidInput("apart", self.apart, "True or False")

    def answer(self, question: MeasureQuestion) -> Estimate:
        """Return the estimate, graded CERTIFIED, or PROVED where a theorem answers."""
        began = perf_counter()
        F, region = question.F, checked_region(question)
        share, evidence, images = None, None, 0
        if question.to is Target.MINIMA:
            share, evidence = _beyond(F, min(_THEOREM_SECONDS, self.seconds))
        if share is None:
            facts = facts_of(F, region, target=question.target)
            search = searched(self, question, facts, region)
            share, images = _share(search, question, facts, region), search.images
            evidence = certified(F)
        assert evidence is not None
        return Estimate(
            map=F,
            region=region,
            target=question.to,
            reading=share,
            level=1.0,
            seed=None,
            budget=None,
            map_steps=images,
            evidence=evidence,
            seconds=perf_counter() - began,
        )


def searched(
    method: Enclosure,
    question: MeasureQuestion,
    facts: Facts,
    region: Box,
    *,
    enough: Callable[[Search], bool] = lambda search: False,
) -> Search:
    """Return the search when its bounds are close, its time is up, or nothing is unknown.

    It also ends when it is `enough`.
    """
    reach = _reach(question.F, region)
    cells = Cells(facts, Scale(region), Images(question.F), Tree(region.dimension, reach))
    clock = Clock(question.work)
    _same_facts(facts, question.work)
    with _workers(question.work) as work:
        search = Search(cells, work, method.steps, method.apart)
        for _ in search.rounds():
            seconds = clock.seconds()
            question.work.tell(min(int(seconds), int(method.seconds)), math.ceil(method.seconds))
            low, high = search.shares
            # A tree without unknown cells in the region cannot be improved.
            if (low == high and not method.apart) or (
                method.width is not None and high - low <= method.width
            ):
                break
            if seconds >= method.seconds or cells.tree.n >= method.cells:
                break
            if not search.open or enough(search):
                break
    search.finish()
    return search


def _same_facts(facts: Facts, work: Work) -> None:
    """Refuse to go on with remembered answers about cells where other facts were found since.

    Time limits play a part in what is found.
    """
    found = (facts.cores, facts.blocks, facts.escapes, facts.forms, facts.regular_at)
    digest = hashlib.sha256(repr(found).encode()).hexdigest()
    (told,) = Work(journal=work.journal).answers(same, [digest])
    if told != digest:
        raise InvalidInput(
            "checkpoint",
            "a search that began with other facts about the map",
            "the same cores, blocks and escape regions as now",
            "run again on the machine where it began, or begin anew with another file",
        )


@contextmanager
def _workers(work: Work) -> Iterator[Work]:
    """Give the work threads where the user gave it no executor: the answer does not change."""
    if work.executor is not None:
        yield work
        return
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        yield Work(executor=threads, journal=work.journal)


def _alike(facts: Facts, j: int) -> int:
    """Return the mask of outcome j and of families that may have limits in common with it.

    The number of equations is the rank of the Hessian at a limit: where it differs so do limits.
    """
    ranks = {len(form.equations) for form in facts.forms if form.outcome == j}
    alike = {form.outcome for form in facts.forms if len(form.equations) in ranks}
    return sum(1 << k for k in {j, *alike})


def _share(search: Search, question: MeasureQuestion, facts: Facts, region: Box) -> ProvedShare:
    tree, low_high = search.cells.tree, search.shares
    limits = [(j, name) for j, name in enumerate(facts.outcomes) if j]
    by_outcome = []
    for j, name in limits:
        low = area(tree, of=1 << j, sure=True)
        high = area(tree, of=_alike(facts, j), sure=False)
        if low or high > low_high[1] - low_high[0]:
            by_outcome.append((name, low, high))
    decided = int(np.count_nonzero(tree.mask[tree.leaves()] != 0xFFFF))
    shares = tuple(by_outcome) if len(by_outcome) > 1 else ()
    claim = Bounded(lower=low_high[0], upper=low_high[1], by_outcome=shares)
    certificate = certificate_of(search.cells, question.F, region, question.target, claim)
    notes = facts.why_not
    if shares and not search.apart and max(high - low for _, low, high in shares) > 0.01:
        notes = (*notes, "Enclosure(apart=True) tells the limits apart more sharply")
    return ProvedShare(low_high, shares, decided, certificate, notes)


def _beyond(F: Map, seconds: float) -> tuple[ProvedShare | None, Evidence | None]:
    """Return the share 0 where every minimum is proved to be unstable."""
    from ...orbits.certified.system import system_of
    from .regular import regular_point

    if not isinstance(F, GradientDescent) or not F.exact or F.parameters:
        return None, None
    threshold = critical_step_size(F.loss, seconds=seconds)
    if not threshold.evidence.grade.rigorous or not threshold.upper < enclosing(F.step_size)[0]:
        return None, None
    point = regular_point(system_of(F))
    if point is None:
        return None, None
    reason = (
        f"every minimum has a sharpness above 2/η ({threshold.headline()}), and det DF is not 0 "
        f"at {point}: the starts that converge to a minimum are a null set"
    )
    zero = ProvedShare((Fraction(0), Fraction(0)), (), 0, None)
    evidence = Evidence(
        grade=threshold.evidence.grade, reason=reason, sources=("craciun2024convergence",)
    )
    return zero, evidence


def certified(F: Map) -> Evidence:
    evidence = Evidence(
        grade=Grade.CERTIFIED,
        reason="cells decided by interval arithmetic rounded outwards; exact areas",
        sources=("lohner1987enclosing", "liang2025chaos"),
    )
    return evidence if F.exact else evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON)


def _reach(F: Map, region: Box) -> int:
    """Return how many regions to each side are worth cells: where orbits pass before they leave."""
    d = region.dimension
    starts = region.grid(max(2, round(4096 ** (1 / d)))).points
    low, side = np.array(region.low), np.array(region.high) - np.array(region.low)
    reach = 1
    with np.errstate(all="ignore"):
        for _ in range(6):
            starts = F(starts[np.isfinite(starts).all(axis=1)])
            place = np.abs((starts - low) / side - 0.5).max(axis=1)
            seen = place[np.isfinite(place)]
            if len(seen):
                # most of them: what goes far escapes
                reach = max(reach, math.ceil(float(np.quantile(seen, 0.75)) - 0.5))
    return min(reach, _MOST_REACH[d])


def checked_region(question: MeasureQuestion) -> Box:
    """Return the region, or refuse the question."""
    F, region = question.F, question.region
    if question.to is Target.MINIMA and type(F) not in _RULES:
        # Of other rules what attracts need not be a minimum of the loss.
        expected = "Target.FIXED_POINTS, for a map other than GradientDescent, HeavyBall, Nesterov"
        raise InvalidInput("to", question.to, expected, "sampling methods audit limits by the loss")
    if not isinstance(region, Box):
        remedy = "sampling methods measure other laws"
        raise InvalidInput("region", region, "a Box, for proved bounds", remedy)
    if region.dimension != F.dimension:
        raise InvalidInput(
            "region",
            f"dimension {region.dimension}",
            f"a box of states, dimension {F.dimension}",
            "proved bounds are about states; starts at rest are a null set of them",
        )
    if F.dimension not in _MOST_REACH:
        remedy = "sampling methods have no such limit"
        raise InvalidInput("F", f"dimension {F.dimension}", "at most 3 dimensions", remedy)
    return region


def _positive(value: Any, argument: str) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0:
        raise InvalidInput(argument, value, "a positive finite number")
    return float(value)

"""Walking along a curve of bifurcations: its orbits, what is between them, and where it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...evidence import Evidence, Grade
from ..branch import BranchLimit
from ..continuation.method import PseudoArclength
from ..continuation.newton import corrected, tangent_of
from ..continuation.walk import Stop, Walked, walk
from .beginning import Course
from .bifurcation_curve import CurveLimit
from .codimension_two import CodimensionTwo, CodimensionTwoPoint
from .critical_curve import CriticalCurve
from .followed_bifurcation import FollowedBifurcation
from .locate import Found, found_between
from .spot import Spot

__all__ = ["Item", "steps_along"]

_SOURCES = ("govaerts2000numerical", "kuznetsov2019numerical")
_ROUNDING = 2e-15  # of a range: values this near to an edge are on it
_SLACK = 1e-12  # of a range: how far rounding may lead out of it
_REACH = 0.02  # along the tangent: how near an edge is that is reached from inside alone
_ENDS = (CodimensionTwo.RESONANCE_1_1, CodimensionTwo.RESONANCE_1_2)
_LIMITS = {
    BranchLimit.STUCK: CurveLimit.STUCK,
    BranchLimit.CLOSED: CurveLimit.CLOSED,
    BranchLimit.STEPS: CurveLimit.STEPS,
    BranchLimit.FAR: CurveLimit.FAR,
}

Item = FollowedBifurcation | CodimensionTwoPoint | CurveLimit


def steps_along(course: Course, method: PseudoArclength) -> Iterator[Item]:
    """Yield the orbits along a course, special points between them, and why it ends."""
    curve = course.curve
    before: Walked | None = None
    for count, here in enumerate(walk(curve, course.start, course.tangent, method, None)):
        if isinstance(here, Stop):
            # Beyond an edge the map need not be defined: it is reached from inside alone.
            last = _edge(course, before, None) if here.limit is BranchLimit.STUCK else None
            if last is not None and before is not None:
                yield _seen(course, last)
                for each in found_between(curve, before, last, last=True):
                    yield _point(course, each, count - 1)
                yield CurveLimit.RANGE
            else:
                yield _LIMITS[here.limit]
            return
        if before is None:
            yield _seen(course, here)
        else:
            there, limit = _cut(course, before, here)
            if limit is CurveLimit.HALVED:
                yield limit
                return
            if there is not before:
                yield _seen(course, there)
                yield from _between(course, before, here, count - 1, there)
            if limit is not None:
                yield limit
                return
        before = here


def _cut(course: Course, before: Walked, here: Walked) -> tuple[Walked, CurveLimit | None]:
    """Return how far of a step the curve goes, and why no farther."""
    curve, there, limit = course.curve, here, None
    if _halves_swapped(curve, before, here):
        return before, CurveLimit.HALVED
    if curve.turning and abs(curve.cosine(here.u)) >= 1.0:
        limit = CurveLimit.RESONANCE
        ends = [f for f in found_between(curve, before, here) if f.kind in _ENDS]
        there = ends[0].walked if ends else before
    if not _inside(course, there.u):
        edge = _edge(course, before, there)
        there, limit = (before if edge is None else edge), CurveLimit.RANGE
    return there, limit


def _between(
    course: Course, before: Walked, here: Walked, after: int, end: Walked | None = None
) -> Iterator[CodimensionTwoPoint]:
    """Yield the special points between two points of the curve, up to `end`."""
    curve = course.curve
    found = list(found_between(curve, before, here))
    if end is not None and end is not here:
        # Beyond the end a coefficient need not exist: look once more at what is left.
        kinds = {each.kind for each in found}
        found += [f for f in found_between(curve, before, end) if f.kind not in kinds]
        last = _along(curve, before, end) + 1e-9
        found = [f for f in found if _along(curve, before, f.walked) <= last]
        found.sort(key=lambda each: each.walked.length)
    for each in found:
        if _inside(course, each.walked.u):
            yield _point(course, each, after)


def _along(curve: CriticalCurve, before: Walked, there: Walked) -> float:
    """Return how far one point lies beyond another along the tangent there."""
    return float(np.sum(curve.weights * before.tangent * (there.u - before.u)))


def _point(course: Course, found: Found, after: int) -> CodimensionTwoPoint:
    curve = course.curve
    low, high = (_clipped(course, end) for end in found.ends)
    orbit = _seen(course, found.walked)
    return CodimensionTwoPoint(
        map=curve.system.F,
        parameters=curve.system.parameters,
        bifurcation=curve.bifurcation,
        kind=found.kind,
        located=found.located,
        interval=(low, high),
        at=orbit,
        after=after,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason=f"a test function changes its sign along the curve ({found.located}); the "
            f"equations there have the residual {orbit.residual:.1e}",
            sources=_SOURCES,
        ),
    )


def _seen(course: Course, walked: Walked) -> FollowedBifurcation:
    orbit = Spot(course.curve, walked.u).followed(walked.tangent)
    return replace(orbit, values=_clipped(course, walked.u[-2:]))


def _clipped(course: Course, values: Any) -> tuple[float, float]:
    """Return parameter values with what rounding has added to an edge taken off."""
    shown = []
    for value, (low, high) in zip(values, course.to, strict=True):
        near = [end for end in (low, high) if abs(value - end) <= _ROUNDING * (high - low)]
        shown.append(near[0] if near else float(value))
    return shown[0], shown[1]


def _inside(course: Course, u: Any) -> bool:
    return all(
        low - _SLACK * (high - low) <= value <= high + _SLACK * (high - low)
        for value, (low, high) in zip(u[-2:], course.to, strict=True)
    )


def _edge(course: Course, before: Walked | None, there: Walked | None) -> Walked | None:
    """Return where the curve leaves the ranges; without a point beyond, along the tangent."""
    if before is None:
        return None
    curve = course.curve
    across = before.tangent * _REACH if there is None else there.u - before.u
    shares = []
    for k, (low, high) in zip((-2, -1), course.to, strict=True):
        end = before.u[k] + across[k]
        if end < low or end > high:
            edge = low if end < low else high
            shares.append(((edge - before.u[k]) / across[k], k, edge))
    if not shares:
        return None
    share, k, edge = min(shares)
    if share <= _SLACK:
        return before
    guess = before.u + share * across
    guess[k] = edge
    normal = np.zeros_like(guess)
    normal[k] = 1.0
    found = corrected(curve, guess, normal)
    tangent = None if found is None else tangent_of(curve, found.u, before.tangent)
    if found is None or tangent is None:
        return None
    u = found.u.copy()
    u[k] = edge  # to the last bit
    return Walked(u, tangent, before.length + curve.norm(u - before.u))


def _halves_swapped(curve: CriticalCurve, before: Walked, here: Walked) -> bool:
    """Return whether the halves of the orbit have changed places: it shrank to half its period."""
    if curve.period % 2:
        return False
    half = curve.period // 2
    gaps = [x - np.roll(x, half, axis=0) for x in (curve.orbit(before.u), curve.orbit(here.u))]
    return bool(np.sum(gaps[0] * gaps[1]) < 0)

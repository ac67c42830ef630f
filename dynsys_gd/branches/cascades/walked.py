"""The next flip by plain continuation: along the branch until it comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...orbits.normal_forms.kinds import Bifurcation
from ..bifurcation_point import BifurcationPoint
from ..branch import BranchLimit
from ..continuation.follow import Course, walked_steps
from ..continuation.method import PseudoArclength
from ..continuation.switch import courses_from
from ..continuation.walk import Stop
from .ending import CascadeEnd, Ending

__all__ = ["flip_along", "flip_of_doubled"]

_WIDER = 4.0
_LOCAL = 3.0  # distances between the last two doubling points that are searched at first


def flip_along(
    course: Course, method: PseudoArclength
) -> tuple[BifurcationPoint | Ending, tuple[BifurcationPoint, ...]]:
    """Return the next flip along a course, or why there is none, and what was passed on the way."""
    passed: list[BifurcationPoint] = []
    for _, step in walked_steps(course, method):
        if isinstance(step, BifurcationPoint):
            if step.bifurcation is Bifurcation.NEIMARK_SACKER:
                why = f"{step.headline()} comes before a flip: a closed curve begins there"
                return Ending(CascadeEnd.NEIMARK_SACKER, why, step), tuple(passed)
            if step.bifurcation is Bifurcation.FLIP:
                if step.count > 1:
                    why = (
                        f"{step.count} multipliers become -1 together at {step.parameter} = "
                        f"{step.value:.9g}: restrict the map to one of the directions"
                    )
                    return Ending(CascadeEnd.SEVERAL, why, step), tuple(passed)
                return step, tuple(passed)
            passed.append(step)
        elif isinstance(step, Stop):
            return _stopped(step.limit, course), tuple(passed)
    return _stopped(BranchLimit.STEPS, course), tuple(passed)


def _stopped(limit: BranchLimit, course: Course) -> Ending:
    period = len(course.curve.orbit(course.start))
    what = "fixed point" if period == 1 else f"orbit of period {period}"
    if limit is BranchLimit.RANGE:
        return Ending(CascadeEnd.RANGE, f"the {what} does not flip before the end of the range")
    return Ending(CascadeEnd.BRANCH, f"before the {what} flips, its branch stops: {limit}")


def flip_of_doubled(
    point: BifurcationPoint,
    limits: tuple[float, float],
    method: PseudoArclength,
    gap: float | None,
) -> tuple[BifurcationPoint | Ending, tuple[BifurcationPoint, ...]]:
    """Return the next flip of the orbit that begins at a flip.

    Parameters
    ----------
    gap : float or None
        How far this flip is from the one before: steps are measured by it.
    """
    found: tuple[BifurcationPoint | Ending, tuple[BifurcationPoint, ...]] | None = None
    for window, scaled in _windows(point.value, limits, method, gap):
        course = next(courses_from(point, window), None)
        if course is None:
            why = f"no orbit of twice the period was found next to {point.parameter} = "
            return Ending(CascadeEnd.LOST, f"{why}{point.value:.12g}"), ()
        found = flip_along(course, scaled)
        ending = found[0]
        if not (isinstance(ending, Ending) and ending.end is CascadeEnd.RANGE):
            return found
    assert found is not None
    return found


def _windows(
    value: float, limits: tuple[float, float], method: PseudoArclength, gap: float | None
) -> Iterator[tuple[tuple[float, float], PseudoArclength]]:
    """Yield wider and wider ranges around a value, and steps that fit into them."""
    width = limits[1] - limits[0]
    reach = width if gap is None else min(_LOCAL * gap, width)
    while True:
        window = (max(limits[0], value - reach), min(limits[1], value + reach))
        # An orbit moves like the square root of the distance to the flip.
        share = min(1.0, ((window[1] - window[0]) / width) ** 0.5)
        first = max(method.first * share, method.shortest)
        longest = max(method.longest * share, first)
        yield window, replace(method, first=first, longest=longest)
        if window == limits:
            return
        reach *= _WIDER

"""Cascades of period doublings: from flip to flip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ...engine.chunks import checked_progress
from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...orbits.critical_manifold import CriticalManifold
from ...orbits.periodic_orbit import PeriodicOrbit
from ...regions import positive_count
from ...values import to_value
from ..bifurcation_point import BifurcationPoint
from ..continuation.follow import course_of
from ..continuation.method import PseudoArclength
from ..parametric import Parametric, parametric
from .cascade_result import Cascade
from .doubling import Doubling, doubling_of
from .ending import CascadeEnd, Ending
from .opened import Opened
from .predicted import predicted_flip
from .walked import flip_along, flip_of_doubled

__all__ = ["cascade", "cascade_steps"]

_SOURCES = ("feigenbaum1978quantitative", "kuznetsov2004elements")
_TOLD_APART = 100.0  # errors that two doubling points have to be apart

Step = Doubling | BifurcationPoint | Ending
Found = BifurcationPoint | Ending | tuple[Doubling, float]


def cascade(
    F: Map,
    orbit: PeriodicOrbit | CriticalManifold | Any,
    parameter: str,
    *,
    to: tuple[Any, Any],
    doublings: int = 11,
    start: Any = None,
    method: PseudoArclength = PseudoArclength(),  # noqa: B008 (frozen)
    progress: Callable[[int, int | None], Any] | None = None,
) -> Cascade:
    """Return the doubling points that follow each other from an orbit on, and their limit.

    Parameters
    ----------
    F : Map
        With one open parameter.
    orbit : PeriodicOrbit, CriticalManifold of dimension 1, or array_like of shape (d,) or (p, d)
        Where to begin, as for `follow`: of a family of minima at the flattest one.
    parameter : str
        Name of the open parameter.
    to : tuple of two numbers
        The parameter range. From the orbit on the parameter goes towards the second of them; with
        the larger number first the search for the first flip goes downwards.
    doublings : int
        How many doubling points to find at most.
    start : number, fraction or text, optional
        The parameter value that the orbit belongs to, as for `follow`.
    method : PseudoArclength
        How the first branches are followed, until the distances between flips are known.
    progress : callable, optional
        Called as ``progress(found, doublings)``.

    Returns
    -------
    Cascade
        Without a doubling point where there is no flip; `why` tells the reason that it ends.

    Raises
    ------
    InvalidInput
        As `follow` does, and for a number of doublings below one.

    Notes
    -----
    From the third flip on the next one is predicted by Feigenbaum's ratio, and found by Newton's
    method for the orbit together with the critical direction and the parameter value; orbits in
    between show that nothing happens before. Where that fails the branch is followed step by step.
    Doubling points of maps with formulas have some forty digits, since residuals are evaluated in
    ball arithmetic; up to about a thousand unknowns their error is proved. That each orbit branches
    off from the one before is seen in floating point and not proved, and the limit is an
    extrapolation.

    References
    ----------
    Feigenbaum (1978) [feigenbaum1978quantitative]_; Kuznetsov (2004) [kuznetsov2004elements]_,
    section 10.2.

    Examples
    --------
    >>> from sympy.abc import eta, u
    >>> from dynsys_gd import SymbolicMap
    >>> line = SymbolicMap([u - eta * (u**2 - 1) * u], [u])
    >>> found = cascade(line, [1.0], "eta", to=(0.5, 1.5), doublings=6)
    >>> found.values[:3].round(10).tolist(), round(float(found.ratios[-1]), 3)
    ([1.0, 1.2360679775, 1.2880317545], 4.668)
    >>> abs(found.limit - 1.3022834627007) < found.limit_error
    True
    """
    count = positive_count(doublings, "doublings")
    checked_progress(progress)
    found: list[Doubling] = []
    passed: list[BifurcationPoint] = []
    ending: Ending | None = None
    for step in _steps(F, orbit, parameter, to, count, start, method):
        if isinstance(step, Ending):
            ending = step
        elif isinstance(step, BifurcationPoint):
            passed.append(step)
        else:
            found.append(step)
            if progress is not None:
                progress(len(found), count)
    assert ending is not None
    return Cascade(
        map=F,
        parameter=parameter,
        doublings=tuple(found),
        passed=tuple(passed),
        end=ending.end,
        why=ending.why,
        ended_at=ending.point,
        evidence=_evidence(found),
    )


def cascade_steps(
    F: Map,
    orbit: PeriodicOrbit | CriticalManifold | Any,
    parameter: str,
    *,
    to: tuple[Any, Any],
    doublings: int = 11,
    start: Any = None,
    method: PseudoArclength = PseudoArclength(),  # noqa: B008 (frozen)
) -> Iterator[Doubling]:
    """Return the doubling points of a cascade one by one, as they are found.

    Parameters
    ----------
    F, orbit, parameter, to, doublings, start, method
        As for `cascade`.

    Returns
    -------
    iterator of Doubling

    Raises
    ------
    InvalidInput
        As `cascade` does, when the first of them is asked for.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> for doubling in cascade_steps(well, [1.0], "eta", to=(0.5, 1.5)):
    ...     print(doubling.period, round(doubling.value, 10), doubling.evidence.grade)
    ...     if doubling.period == 2:
    ...         break
    1 1.0 CERTIFIED
    2 1.2360679775 CERTIFIED
    """
    count = positive_count(doublings, "doublings")
    for step in _steps(F, orbit, parameter, to, count, start, method):
        if isinstance(step, Doubling):
            yield step


def _steps(
    F: Map, orbit: Any, parameter: str, to: Any, count: int, start: Any, method: PseudoArclength
) -> Iterator[Step]:
    """Yield doublings, what is passed between them, and at last why there are no more."""
    if parameter is None:
        raise InvalidInput("parameter", None, "the name of a parameter", 'such as "eta"')
    course = course_of(F, orbit, parameter, to, start, method)
    first, second = (float(to_value(end, "to")) for end in to)
    if first > second:
        course = replace(course, tangent=-course.tangent)
    limits = course.limits
    assert limits is not None
    system = parametric(F, parameter, limits)
    found: list[Doubling] = []
    openings: list[float] = []
    flip: Found
    for _ in range(count):
        if not found:
            flip, on_the_way = flip_along(course, method)
        else:
            flip, on_the_way = _next(system, found, openings, limits, method)
        yield from on_the_way
        if isinstance(flip, Ending):
            yield flip
            return
        if isinstance(flip, BifurcationPoint):
            doubling = doubling_of(flip, not found)
            if found:
                branch = Opened(system, found[-1].point, 1.0)
                openings.append(branch.opening(doubling.point.at.points))
        else:
            doubling, opening = flip
            openings.append(opening)
        stop = _refused(doubling, found, limits)
        if stop is not None:
            yield stop
            return
        yield doubling
        found.append(doubling)
    yield Ending(CascadeEnd.DOUBLINGS, f"the {count} doubling points asked for were found")


def _next(
    system: Parametric,
    found: list[Doubling],
    openings: list[float],
    limits: tuple[float, float],
    method: PseudoArclength,
) -> tuple[Found, tuple[BifurcationPoint, ...]]:
    if len(found) == 1:
        return flip_of_doubled(found[-1].point, limits, method, None)
    predicted = predicted_flip(system, found, openings)
    if predicted is not None:
        return predicted, ()
    gap = abs(found[-1].value - found[-2].value)
    return flip_of_doubled(found[-1].point, limits, method, gap)


def _refused(
    doubling: Doubling, found: list[Doubling], limits: tuple[float, float]
) -> Ending | None:
    if not limits[0] <= doubling.value <= limits[1]:
        why = (
            f"the orbit of period {doubling.period} flips at {doubling.value:.12g}, beyond the "
            "end of the range"
        )
        return Ending(CascadeEnd.RANGE, why, doubling.point)
    if found:
        last = found[-1]
        gap = abs(float(doubling.decimal - last.decimal))
        if gap <= _TOLD_APART * (doubling.error + last.error):
            why = f"the next flip is {gap:.1e} further, which rounding does not tell from nothing"
            return Ending(CascadeEnd.DIGITS, why, doubling.point)
    return None


def _evidence(found: list[Doubling]) -> Evidence:
    shown = sum(doubling.evidence.grade is Grade.CERTIFIED for doubling in found)
    sources = tuple(dict.fromkeys(s for d in found for s in d.evidence.sources))
    each = "" if not found else f"; {shown} of {len(found)} doubling points are certified"
    return Evidence(
        grade=Grade.NUMERICAL,
        reason="that each orbit branches off from the one before is seen in floating point, and "
        f"the limit is an extrapolation{each}",
        sources=tuple(dict.fromkeys((*_SOURCES, *sources))),
    )

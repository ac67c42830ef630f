"""Follow a fixed point or a periodic orbit along a parameter."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...orbits.critical_manifold import CriticalManifold
from ...orbits.periodic_orbit import PeriodicOrbit
from ...values import to_value
from ..bifurcation_point import BifurcationPoint
from ..branch import Branch, BranchLimit
from ..followed import FollowedOrbit
from ..parametric import parametric
from .beginning import beginning, checked_range, given_points, own_value
from .curve import Curve, Vector
from .events import events_between
from .families import family_beginning, last_stable_member
from .method import PseudoArclength
from .newton import tangent_of
from .unit import unit_of_states
from .walk import Stop, Walked, walk

__all__ = ["Course", "branch_of", "branch_steps", "follow", "walked_steps"]

_SOURCES = ("keller1977numerical", "kuznetsov2004elements")
_LEVEL = 1e-5  # the parameter's share of a tangent, in its range: less, and it is a fold


@dataclass(frozen=True, eq=False)
class Course:
    """A curve with a point and a direction to begin with; what there is to be followed."""

    F: Map
    parameter: str | None
    curve: Curve
    start: Vector
    tangent: Vector
    limits: tuple[float, float] | None

    @property
    def beginning(self) -> tuple[Vector, Vector]:
        """The first point and the unit tangent there."""
        return self.start, self.tangent


def follow(
    F: Map,
    orbit: PeriodicOrbit | CriticalManifold | Any,
    *,
    parameter: str | None = None,
    to: tuple[Any, Any] | None = None,
    start: Any = None,
    method: PseudoArclength = PseudoArclength(),  # noqa: B008 (frozen)
    progress: Callable[[int, int | None], Any] | None = None,
) -> Branch:
    """Return the branch of orbits that goes through one orbit, as a parameter changes.

    Parameters
    ----------
    F : Map
        With one open parameter; without any, a family of fixed points is followed along itself.
    orbit : PeriodicOrbit, CriticalManifold of dimension 1, or array_like of shape (d,) or (p, d)
        Where to begin. A point of the loss stands for a state at rest. Of a family of minima the
        flattest one is followed along a parameter: the last to lose its stability.
    parameter : str, optional
        Name of the open parameter; needed unless a family is followed along itself.
    to : tuple of two numbers
        Ends of the parameter range, in any order; needed with a parameter.
    start : number, fraction or text, optional
        The parameter value that the orbit belongs to. By default the one of the map that the
        orbit was found for; for an orbit that does not say, the first end of the range.
    method : PseudoArclength
        Step lengths and where to stop.
    progress : callable, optional
        Called as ``progress(steps, None)``.

    Returns
    -------
    Branch
        From where it leaves the range on one side to where it does on the other; it may turn
        around and pass a parameter value several times.

    Raises
    ------
    InvalidInput
        For a parameter that is unknown or not the only one open, a range without extent or
        without the start in it, numbers that are not next to an orbit, and maps with kinks.

    Notes
    -----
    Unknowns are all points of the orbit and the parameter λ, equations
    x_(k+1) = F(x_k, λ) around the orbit; a step goes along the tangent and is corrected at right
    angles to it [1]_. Between two orbits a flip is a change of sign of Π(1 + μ) over the
    multipliers μ, a crossing of branches one of Π(1 - μ), a turn of the parameter one of its part
    of the tangent, both together a fold, and a pair on the unit circle one of Π(1 - μ_i μ_j) [2]_.
    A turn alone is a pitchfork met from one of its arms. What comes and goes between two steps is
    not seen: shorten `longest` of the method.

    Where the orbit belongs to a family of fixed points at every parameter value, as minima of
    (xy - 1)² do, the equations leave as many directions open as the family has; the branch goes
    to the nearest orbit in each step, and the multipliers 1 of the family are left out.

    References
    ----------
    .. [1] Keller (1977), Numerical solution of bifurcation and nonlinear eigenvalue problems.
    .. [2] Kuznetsov (2004), Elements of applied bifurcation theory, chapters 4 and 10.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> branch = follow(well, [1.0], parameter="eta", to=(0.5, 1.5))
    >>> branch.special[0]
    Supercritical flip of the fixed point at eta = 1
      status: located, between ...
      coefficient: 8
      evidence: NUMERICAL: ...
    """
    course = course_of(F, orbit, parameter, to, start, method)
    return branch_of(course, method, progress, both=True)


def branch_steps(
    F: Map,
    orbit: PeriodicOrbit | CriticalManifold | Any,
    *,
    parameter: str | None = None,
    to: tuple[Any, Any] | None = None,
    start: Any = None,
    backwards: bool = False,
    method: PseudoArclength = PseudoArclength(),  # noqa: B008 (frozen)
) -> Iterator[FollowedOrbit | BifurcationPoint]:
    """Return the orbits of a branch one by one, with the special points between them.

    Parameters
    ----------
    F, orbit, parameter, to, start, method
        As for `follow`.
    backwards : bool
        Whether to begin with a falling parameter.

    Returns
    -------
    iterator of FollowedOrbit and BifurcationPoint
        In the order of the branch; each special point comes after both orbits beside it. Nothing
        is computed before it is asked for.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import BifurcationPoint, GradientDescent, Loss
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> for step in branch_steps(well, [1.0], parameter="eta", to=(0.5, 9)):
    ...     if isinstance(step, BifurcationPoint):
    ...         print(step.bifurcation, round(step.value, 9))
    ...         break
    flip 1.0
    """
    course = course_of(F, orbit, parameter, to, start, method)
    turned = replace(course, tangent=-course.tangent) if backwards else course
    for _, step in walked_steps(turned, method):
        if not isinstance(step, Stop):
            yield step


def course_of(
    F: Map,
    orbit: Any,
    parameter: str | None,
    to: Any,
    start: Any,
    method: PseudoArclength,
) -> Course:
    """Return what there is to be followed, with everything checked."""
    if not isinstance(method, PseudoArclength):
        raise InvalidInput("method", method, "a PseudoArclength", "PseudoArclength(longest=0.01)")
    if parameter is None:
        return Course(F, None, *family_beginning(F, orbit), None)
    system = parametric(F, parameter)
    if isinstance(orbit, CriticalManifold):
        orbit = last_stable_member(F, orbit)
    if to is None:
        raise InvalidInput("to", None, "the two ends of the parameter range", "to=(1.0, 1.4)")
    low, high = checked_range(to)
    points = given_points(F, orbit)
    value = own_value(F, parameter, orbit) if start is None else _given_value(start)
    if value is None:
        value = float(to_value(to[0], "to"))
    if not low <= value <= high:
        raise InvalidInput("start", value, f"a value of {parameter} from {low:g} to {high:g}")
    system = replace(system, limits=(low, high))
    curve, u = beginning(system, points, value, unit_of_states(system, points, value))
    rising = np.zeros_like(u)
    rising[-1] = high - low
    tangent = tangent_of(curve, u, rising)
    if tangent is None:
        # At a fold the parameter's direction is no part of the tangent.
        draw = np.random.default_rng(0).standard_normal(len(u))
        tangent = tangent_of(curve, u, draw)
    if tangent is None:
        raise InvalidInput(
            "orbit", points[0], "an orbit through which one branch goes", "begin next to it"
        )
    course = Course(F, parameter, curve, u, tangent, (low, high))
    return course if abs(tangent[-1]) > _LEVEL * (high - low) else _off_fold(course, method)


def _off_fold(course: Course, method: PseudoArclength) -> Course:
    """Return a course that begins beside a fold: at the fold itself no test function has a sign."""
    assert course.limits is not None
    low, high = course.limits
    for tangent in (course.tangent, -course.tangent):
        stepped = walk(course.curve, course.start, tangent, method, None)
        moved = next(itertools.islice(stepped, 1, None))
        if isinstance(moved, Walked) and low <= moved.u[-1] <= high:
            return replace(course, start=moved.u, tangent=moved.tangent)
    return course


def _given_value(start: Any) -> float:
    number = to_value(start, "start")
    if not number.is_number:
        raise InvalidInput("start", start, "a number")
    return float(number)


def walked_steps(
    course: Course, method: PseudoArclength
) -> Iterator[tuple[Walked | None, FollowedOrbit | BifurcationPoint | Stop]]:
    """Yield the orbits along a course, special points between them, and why it ends."""
    F, parameter, curve = course.F, course.parameter, course.curve
    before: tuple[Walked, FollowedOrbit] | None = None
    for count, here in enumerate(walk(curve, *course.beginning, method, course.limits)):
        if isinstance(here, Stop):
            yield None, here
            return
        length = here.length if parameter is None else None
        step = curve.followed(here.u, here.tangent, length)
        yield here, step
        if before is not None:
            pair, steps = (before[0], here), (before[1], step)
            for point in events_between(F, parameter, curve, pair, steps, count - 1):
                yield None, point
        before = here, step


def branch_of(
    course: Course,
    method: PseudoArclength,
    progress: Callable[[int, int | None], Any] | None,
    *,
    both: bool,
) -> Branch:
    """Return the branch along a course, to both sides where asked for."""
    if progress is not None and not callable(progress):
        raise InvalidInput("progress", progress, "None, or a function to call")
    steps, special, ahead = _one_way(course, method, progress, 0)
    first = BranchLimit.ORIGIN
    if both and ahead is not BranchLimit.CLOSED:
        turned = replace(course, tangent=-course.tangent)
        back, found, first = _one_way(turned, method, progress, len(steps) - 1)
        shift = len(back) - 1
        special = [
            *(
                replace(_mirrored(point, course.parameter), after=shift - 1 - point.after)
                for point in reversed(found)
            ),
            *(replace(point, after=shift + point.after) for point in special),
        ]
        steps = [*(_turned(step, course.parameter) for step in reversed(back[1:])), *steps]
    elif both:
        first = BranchLimit.CLOSED
    if course.parameter is None:
        # Lengths are counted from the first orbit on.
        shift_by = min(step.value for step in steps)
        steps = [replace(step, value=step.value - shift_by) for step in steps]
        special = [
            replace(
                point,
                at=replace(point.at, value=point.at.value - shift_by),
                interval=(point.interval[0] - shift_by, point.interval[1] - shift_by),
            )
            for point in special
        ]
    residual = max(step.residual for step in steps)
    return Branch(
        map=course.F,
        parameter=course.parameter,
        steps=tuple(steps),
        special=tuple(special),
        limits=(first, ahead),
        family=course.curve.family + (course.parameter is None),
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="pseudo-arclength continuation in floating point, residuals up to "
            f"{residual:.1e}; that no other branch was jumped to is not proved",
            sources=_SOURCES,
        ),
    )


def _one_way(
    course: Course,
    method: PseudoArclength,
    progress: Callable[[int, int | None], Any] | None,
    done: int,
) -> tuple[list[FollowedOrbit], list[BifurcationPoint], BranchLimit]:
    steps: list[FollowedOrbit] = []
    special: list[BifurcationPoint] = []
    limit = BranchLimit.STEPS
    for _, step in walked_steps(course, method):
        if isinstance(step, Stop):
            limit = step.limit
        elif isinstance(step, BifurcationPoint):
            special.append(step)
        else:
            steps.append(step)
            if progress is not None:
                progress(done + len(steps), None)
    return steps, special, limit


def _turned(step: FollowedOrbit, parameter: str | None) -> FollowedOrbit:
    """Return the same orbit seen by somebody who walks the other way."""
    value = -step.value if parameter is None else step.value
    return replace(step, tangent=-step.tangent, value=value)


def _mirrored(point: BifurcationPoint, parameter: str | None) -> BifurcationPoint:
    low, high = point.interval
    interval = (-high, -low) if parameter is None else point.interval
    return replace(point, at=_turned(point.at, parameter), interval=interval)

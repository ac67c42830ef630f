"""Follow a bifurcation in the plane of two parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...orbits.normal_forms.kinds import Bifurcation
from ...orbits.periodic_orbit import PeriodicOrbit
from ..bifurcation_point import BifurcationPoint
from ..continuation.method import PseudoArclength
from .beginning import Course, course_of
from .bifurcation_curve import BifurcationCurve, CurveLimit
from .closed_form import closed_form
from .codimension_two import CodimensionTwoPoint
from .followed_bifurcation import FollowedBifurcation
from .stepping import steps_along

__all__ = ["bifurcation_curve_steps", "follow_bifurcation"]

_SOURCES = ("govaerts2000numerical", "kuznetsov2019numerical", "keller1977numerical")
_ROUNDING = 2e-15  # of a range: values this near to an edge are on it


def follow_bifurcation(
    F: Map,
    orbit: BifurcationPoint | CodimensionTwoPoint | PeriodicOrbit | Any,
    *,
    parameters: tuple[str, str] = ("eta", "beta"),
    to: tuple[tuple[Any, Any], tuple[Any, Any]],
    bifurcation: Bifurcation | None = None,
    start: tuple[Any, Any] | None = None,
    method: PseudoArclength = PseudoArclength(),  # noqa: B008 (frozen)
    progress: Callable[[int, int | None], Any] | None = None,
) -> BifurcationCurve:
    """Return the curve of bifurcations through one point, as two parameters change.

    Parameters
    ----------
    F : Map
        With two open parameters.
    orbit : BifurcationPoint, CodimensionTwoPoint, PeriodicOrbit, or array_like, (d,) or (p, d)
        Where to begin: a bifurcation that `follow` has found with one of the parameters fixed, or
        an orbit next to one. A point of the loss stands for a state at rest.
    parameters : tuple of two str
        Names of the open parameters, in the order of the plane.
    to : two pairs of numbers
        Ends of the range of each parameter.
    bifurcation : Bifurcation, optional
        What to follow: by default the kind of the point, or what the multipliers of the orbit are
        nearest to. PITCHFORK and TRANSCRITICAL need orbits that persist, for example by symmetry.
    start : two numbers, optional
        The parameter values that the orbit belongs to, where it does not say itself.
    method : PseudoArclength
        Step lengths and where to stop; lengths are shares of both ranges and of the orbit's size.
    progress : callable, optional
        Called as ``progress(steps, None)``.

    Returns
    -------
    BifurcationCurve
        To both sides of the point, until it leaves the ranges, closes, or ends.

    Raises
    ------
    InvalidInput
        For parameters that are unknown or not the only ones open, ranges without extent or without
        the start in them, orbits that are not next to a bifurcation of the kind, families of
        fixed points, and maps with kinks.

    Notes
    -----
    The unknowns are all points of the orbit and both parameters, for a pair on the unit circle
    also the cosine of its angle; an orbit is critical where a matrix built from its Jacobians is
    singular, see `CriticalCurve` [1]_. Along the curve test functions change their sign at points
    of codimension two [2]_: the coefficient of the normal form vanishes (CP, GPD, CH), the pair
    has the angle of a strong resonance (R1 to R4), or another multiplier is critical too (LPPD,
    LPNS, PDNS, NSNS). Coefficients need a map with formulas. What comes and goes between two
    steps is not seen: shorten `longest` of the method.

    A curve of Neimark-Sacker points ends where the pair meets at 1 or -1. For heavy ball at
    momentum 1, where areas are preserved, the pair of every minimum lies on the circle, first
    Lyapunov coefficients vanish identically, and what is computed is where the pair resonates.

    References
    ----------
    .. [1] Govaerts (2000), Numerical methods for bifurcations of dynamical equilibria.
    .. [2] Kuznetsov and Meijer (2019), Numerical bifurcation analysis of maps.

    Examples
    --------
    >>> from sympy.abc import beta, eta, x
    >>> from dynsys_gd import HeavyBall, Loss, follow
    >>> ball = HeavyBall(Loss(x**2 / 2 + x**4 / 4, [x]), eta, beta)
    >>> flip = follow(ball.at(beta=0), [0], parameter="eta", to=(1, 3)).special[0]
    >>> curve = follow_bifurcation(ball, flip, to=((0, 5), (0, 1)))
    >>> curve
    Flip curve of fixed points over eta in [2, 4] and beta in [0, 1]
      map: heavy ball on x**4/4 + x**2/2, step size eta, momentum beta
      orbits: ...
      closed form: eta = 2*(beta + 1)/λ, λ = 1; largest deviation ...
      criticality: subcritical ×...
      R2: 1:2 resonance at (4, 1)
      ends: the edge of the range; the edge of the range
      evidence: NUMERICAL: ...
    """
    course = course_of(F, orbit, parameters, to, bifurcation, start)
    _check(method)
    ahead, found, last = _one_way(course, method, progress, 0)
    first = CurveLimit.CLOSED
    if last is not CurveLimit.CLOSED:
        turned = replace(course, tangent=-course.tangent)
        back, behind, first = _one_way(turned, method, progress, len(ahead))
        shift = len(back) - 1
        found = [
            *(_turned(point, shift - 1 - point.after) for point in reversed(behind)),
            *(replace(point, after=shift + point.after) for point in found),
        ]
        ahead = [*(replace(s, tangent=-s.tangent) for s in reversed(back[1:])), *ahead]
    curve = course.curve
    values = np.array([step.values for step in ahead])
    form = None
    if curve.period == 1:
        states = np.array([step.points[0] for step in ahead])
        form = closed_form(F, curve.system.parameters, curve.bifurcation, values, states)
    residual = max(step.residual for step in ahead)
    limited = "" if curve.system.formulas else "; without formulas coefficients are not known"
    return BifurcationCurve(
        map=F,
        parameters=curve.system.parameters,
        to=course.to,
        bifurcation=curve.bifurcation,
        steps=tuple(ahead),
        special=tuple(found),
        limits=(first, last),
        closed_form=form,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="pseudo-arclength continuation in floating point, residuals up to "
            f"{residual:.1e}; that no other curve was jumped to is not proved{limited}",
            sources=_SOURCES,
        ),
    )


def bifurcation_curve_steps(
    F: Map,
    orbit: BifurcationPoint | CodimensionTwoPoint | PeriodicOrbit | Any,
    *,
    parameters: tuple[str, str] = ("eta", "beta"),
    to: tuple[tuple[Any, Any], tuple[Any, Any]],
    bifurcation: Bifurcation | None = None,
    start: tuple[Any, Any] | None = None,
    backwards: bool = False,
    method: PseudoArclength = PseudoArclength(),  # noqa: B008 (frozen)
) -> Iterator[FollowedBifurcation | CodimensionTwoPoint]:
    """Yield the orbits of a curve of bifurcations one by one, and the points between them.

    Parameters
    ----------
    F, orbit, parameters, to, bifurcation, start, method
        As for `follow_bifurcation`.
    backwards : bool
        Whether to begin with a falling second parameter.

    Returns
    -------
    iterator of FollowedBifurcation and CodimensionTwoPoint
        In the order of the curve; each special point comes after both orbits beside it.

    Examples
    --------
    >>> from sympy.abc import beta, eta, x
    >>> from dynsys_gd import CodimensionTwoPoint, HeavyBall, Loss
    >>> ball = HeavyBall(Loss(x**2 / 2, [x]), eta, beta)
    >>> for step in bifurcation_curve_steps(ball, [0], start=(1, 1), to=((0, 5), (0, 1))):
    ...     if isinstance(step, CodimensionTwoPoint):
    ...         print(step.kind, round(step.values[0], 9))
    1:4 resonance 2.0
    1:3 resonance 3.0
    1:2 resonance 4.0
    """
    course = course_of(F, orbit, parameters, to, bifurcation, start)
    _check(method)
    turned = replace(course, tangent=-course.tangent) if backwards else course
    for item in steps_along(turned, method):
        if not isinstance(item, CurveLimit):
            yield item


def _check(method: Any) -> None:
    if not isinstance(method, PseudoArclength):
        raise InvalidInput("method", method, "a PseudoArclength", "PseudoArclength(longest=0.01)")


def _one_way(
    course: Course,
    method: PseudoArclength,
    progress: Callable[[int, int | None], Any] | None,
    done: int,
) -> tuple[list[FollowedBifurcation], list[CodimensionTwoPoint], CurveLimit]:
    steps: list[FollowedBifurcation] = []
    special: list[CodimensionTwoPoint] = []
    limit = CurveLimit.STEPS
    for item in steps_along(course, method):
        if isinstance(item, CurveLimit):
            limit = item
        elif isinstance(item, CodimensionTwoPoint):
            special.append(item)
        else:
            steps.append(item)
            if progress is not None:
                progress(done + len(steps), None)
    return steps, special, limit


def _turned(point: CodimensionTwoPoint, after: int) -> CodimensionTwoPoint:
    """Return the same point seen by somebody who walks the other way."""
    low, high = point.interval
    at = replace(point.at, tangent=-point.at.tangent)
    return replace(point, after=after, interval=(high, low), at=at)

"""The smallest sharpness along a hypersurface of critical points, exactly.

On a surface g = 0 of critical points the Hessian has rank at most one, so that its trace t is the
only eigenvalue that can differ from zero: t > 0 is a minimum of the loss, t < 0 is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from ..evidence import Outcome
from ..orbits.algebra.decomposition import Decomposition, Family
from ..orbits.algebra.number_field import AlgebraicPoint
from ..orbits.algebra.quotient import ConjugatePoints
from ..orbits.algebra.real_algebraic import RealAlgebraic
from ..orbits.exact.landscape import is_coercive
from .flat_surface import flat_minima
from .line_minimum import positive_infimum
from .rational_functions import RationalFunction, constant_on, rational_function, stationary_on

__all__ = ["SurfaceMinimum", "smallest_trace"]

_ZERO = RealAlgebraic.rational(0)


@dataclass(frozen=True)
class SurfaceMinimum:
    """What is known of the minima of the loss on one surface.

    Attributes
    ----------
    infimum : RealAlgebraic or None
        The infimum of their sharpness; None where there are no minima, or nothing is known.
    points : tuple of AlgebraicPoint
        Where it is attained, as far as known.
    unknown : str
        Why nothing is known; empty otherwise.
    """

    infimum: RealAlgebraic | None = None
    points: tuple[AlgebraicPoint, ...] = ()
    unknown: str = ""


def smallest_trace(
    trace: RationalFunction,
    surface: sp.Poly,
    *,
    family: Family,
    loss: sp.Poly | None,
    seconds: float,
) -> SurfaceMinimum:
    """Return the infimum of the trace over the minima on the surface g = 0.

    Parameters
    ----------
    trace : RationalFunction
        Of the Hessian.
    surface : sympy.Poly
        g, irreducible over the rationals.
    family : Family
        The set g = 0.
    loss : sympy.Poly or None
        The loss where it is a polynomial; only needed where the trace vanishes on all of g = 0.
    seconds : float

    Notes
    -----
    1. A trace that is constant on the surface.
    2. Two variables, one of them linear in g: it is eliminated, and a rational function of the
       other is followed from end to end.
    3. Otherwise, where the trace tends to infinity or the surface is bounded, the minimum exists
       and is one of the stationary points.
    """
    constant = constant_on(trace, [surface])
    if constant is not None:
        if constant == 0:
            return _flat(loss, surface, family)
        return _constant(Fraction(int(constant.p), int(constant.q)), family.sample)
    if len(surface.gens) == 2:
        graph = _as_graph(surface)
        if graph is not None:
            return _along_graph(trace, surface, *graph, seconds=seconds)
    bounded = is_coercive(surface) or is_coercive(-surface)
    growing = trace.denominator.is_ground and is_coercive(trace.numerator)
    if not (bounded or growing):
        return SurfaceMinimum(unknown="the sharpness need not attain its infimum on a family")
    return _least(trace, stationary_on(trace, surface, seconds))


def _constant(value: Fraction, example: AlgebraicPoint | None) -> SurfaceMinimum:
    if value < 0:
        return SurfaceMinimum()
    points = () if example is None else (example,)
    return SurfaceMinimum(infimum=RealAlgebraic.rational(value), points=points)


def _flat(loss: sp.Poly | None, surface: sp.Poly, family: Family) -> SurfaceMinimum:
    found, points = (Outcome.UNDECIDED, ()) if loss is None else flat_minima(loss, surface, family)
    if found is Outcome.UNDECIDED:
        return SurfaceMinimum(unknown="the Hessian vanishes on a family that may be minima or not")
    return SurfaceMinimum() if found is Outcome.NO else SurfaceMinimum(_ZERO, points)


def _as_graph(surface: sp.Poly) -> tuple[int, sp.Poly, sp.Poly] | None:
    """Return k, a, b with g = a x_k + b, a and b in the other variable, or None."""
    for k, variable in enumerate(surface.gens):
        if surface.degree(variable) == 1:
            other = surface.gens[1 - k]
            split = sp.Poly(surface.as_expr(), variable)
            slope, rest = (sp.Poly(c, other, domain=sp.QQ) for c in split.all_coeffs())
            return k, slope, rest
    return None


def _along_graph(
    trace: RationalFunction,
    surface: sp.Poly,
    k: int,
    slope: sp.Poly,
    rest: sp.Poly,
    *,
    seconds: float,
) -> SurfaceMinimum:
    variable, other = surface.gens[k], surface.gens[1 - k]
    solved_for = -rest.as_expr() / slope.as_expr()
    along = rational_function(
        (trace.numerator.as_expr() / trace.denominator.as_expr()).subs(variable, solved_for),
        [other],
    )
    if along is None:
        return SurfaceMinimum(unknown="the sharpness along a family is not a rational function")
    found = positive_infimum(along, slope * along.denominator, seconds)
    if found is None:
        return SurfaceMinimum()
    points = tuple(_lifted(point, k, slope, rest) for point in found.points)
    return SurfaceMinimum(infimum=found.infimum, points=points)


def _lifted(point: AlgebraicPoint, k: int, slope: sp.Poly, rest: sp.Poly) -> AlgebraicPoint:
    """Return the point of the plane above a point of the line."""
    value: Any = point.times(point.evaluate(-rest), point.inverse(point.evaluate(slope)))
    coefficients = tuple(Fraction(int(c.p), int(c.q)) for c in value.coeffs())
    own = point.points.coordinates[0]
    pair = (coefficients, own) if k == 0 else (own, coefficients)
    return AlgebraicPoint(ConjugatePoints(point.points.modulus, pair), point.place)


def _least(trace: RationalFunction, stationary: Decomposition) -> SurfaceMinimum:
    candidates: list[tuple[RealAlgebraic, AlgebraicPoint | None]] = [
        (point.number(trace.at(point)), point) for point in stationary.points
    ]
    for family in stationary.families:
        value = _constant_on_family(trace, family)
        if value is None:
            return SurfaceMinimum(unknown="the sharpness is stationary on a set that is not simple")
        candidates.append((value, family.sample))
    if not candidates:
        return SurfaceMinimum()
    least = candidates[0][0]
    for value, _ in candidates[1:]:
        least = value if value < least else least
    if not least > _ZERO:
        return SurfaceMinimum(unknown="the trace of the Hessian is not positive on all of a family")
    points = tuple(p for value, p in candidates if value == least and p is not None)
    return SurfaceMinimum(infimum=least, points=points)


def _constant_on_family(trace: RationalFunction, family: Family) -> RealAlgebraic | None:
    gens: Sequence[sp.Symbol] = trace.numerator.gens
    equations = [
        sp.Poly.from_dict(dict(terms), *gens).set_domain(sp.QQ) for terms in family.generators
    ]
    value = constant_on(trace, equations)
    return None if value is None else RealAlgebraic.rational(Fraction(int(value.p), int(value.q)))

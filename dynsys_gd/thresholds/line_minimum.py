"""The infimum of a rational function of one variable over the intervals where it is positive."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from itertools import pairwise

import sympy as sp

from ..orbits.algebra.number_field import AlgebraicPoint
from ..orbits.algebra.real_algebraic import RealAlgebraic
from .rational_functions import RationalFunction, common_zeros

__all__ = ["LineMinimum", "positive_infimum"]

_ZERO = RealAlgebraic.rational(0)


@dataclass(frozen=True)
class LineMinimum:
    """The infimum of the positive values, and the points that attain it, if any do."""

    infimum: RealAlgebraic
    points: tuple[AlgebraicPoint, ...]


@dataclass(frozen=True)
class _Value:
    """A finite value or plus or minus infinity at a stationary point, an edge, or at infinity."""

    sign_of_infinity: int
    finite: RealAlgebraic
    point: AlgebraicPoint | None = None

    def compare(self, other: _Value) -> int:
        if self.sign_of_infinity or other.sign_of_infinity:
            return self.sign_of_infinity - other.sign_of_infinity
        return self.finite.compare(other.finite)


def positive_infimum(
    function: RationalFunction, holes: sp.Poly, seconds: float
) -> LineMinimum | None:
    """Return the infimum of the positive values of f(s), s real with `holes`(s) ≠ 0.

    Parameters
    ----------
    function : RationalFunction
        Of one variable, not constant.
    holes : sympy.Poly
        Not zero; its real roots are left out, and every real pole of f is among them.
    seconds : float

    Returns
    -------
    LineMinimum or None
        None where f is positive nowhere.

    Examples
    --------
    >>> from .rational_functions import rational_function
    >>> s = sp.Symbol("s")
    >>> positive_infimum(rational_function(s**2 + 1 / s**2, [s]), sp.Poly(s, s), 5).infimum
    RealAlgebraic(polynomial=(-2, 1), place=0)
    >>> positive_infimum(rational_function(1 / (1 + s**2), [s]), sp.Poly(1, s), 5).infimum
    RealAlgebraic(polynomial=(0, 1), place=0)

    Notes
    -----
    Between two holes the extreme values are taken at stationary points or in the limit at the
    ends. Where values of both signs occur in one interval, the positive ones come close to zero.
    """
    (slope,) = function.slopes()
    stationary = _sorted_points(slope, seconds)
    edges = _sorted_points(holes, seconds) if holes.degree() > 0 else []
    ends = [None, *edges, None]
    best: LineMinimum | None = None
    for left, right in pairwise(ends):
        inside = [p for p in stationary if _between(left, p, right)]
        values = [_Value(0, p.number(function.at(p)), p) for p in inside]
        values.append(_limit(function, left, from_right=True))
        values.append(_limit(function, right, from_right=False))
        found = _of_interval(values)
        if found is not None and (best is None or found.infimum < best.infimum):
            best = found
        elif found is not None and best is not None and found.infimum == best.infimum:
            best = LineMinimum(best.infimum, best.points + found.points)
    return best


def _of_interval(values: list[_Value]) -> LineMinimum | None:
    ordered = sorted(values, key=cmp_to_key(_Value.compare))
    low, high = ordered[0], ordered[-1]
    zero = _Value(0, _ZERO)
    if high.compare(zero) <= 0:
        return None
    if low.compare(zero) <= 0:
        return LineMinimum(_ZERO, ())
    attained = tuple(v.point for v in values if v.point is not None and v.compare(low) == 0)
    return LineMinimum(low.finite, attained)


def _sorted_points(polynomial: sp.Poly, seconds: float) -> list[AlgebraicPoint]:
    points = list(common_zeros([polynomial], 1, seconds).points)
    return sorted(points, key=cmp_to_key(_order))


def _order(p: AlgebraicPoint, q: AlgebraicPoint) -> int:
    return _place(p).compare(_place(q))


def _place(point: AlgebraicPoint) -> RealAlgebraic:
    return point.number(point.coordinates[0])


def _between(
    left: AlgebraicPoint | None, point: AlgebraicPoint, right: AlgebraicPoint | None
) -> bool:
    above = left is None or _place(left) < _place(point)
    return above and (right is None or _place(point) < _place(right))


def _limit(function: RationalFunction, edge: AlgebraicPoint | None, *, from_right: bool) -> _Value:
    """Return the limit at an edge of the interval, or at infinity, from inside."""
    above, below = function.numerator, function.denominator
    if edge is None:
        excess = above.degree() - below.degree()
        if above.is_zero or excess < 0:
            return _Value(0, _ZERO)
        ratio = sp.Rational(above.LC()) / sp.Rational(below.LC())
        if excess == 0:
            return _Value(0, RealAlgebraic.rational(Fraction(int(ratio.p), int(ratio.q))))
        # from_right marks the left end of the interval, which is minus infinity here.
        flip = from_right and excess % 2 == 1
        return _Value(-1 if (ratio < 0) != flip else 1, _ZERO)
    if function.defined_at(edge):
        return _Value(0, edge.number(function.at(edge)))
    return _Value(_sign_beside(function, edge, from_right=from_right), _ZERO)


def _sign_beside(function: RationalFunction, pole: AlgebraicPoint, *, from_right: bool) -> int:
    """Return the sign of f next to a pole, from the first derivative below that is not zero."""
    order, derivative = 0, function.denominator
    while not pole.sign(pole.evaluate(derivative)):
        order, derivative = order + 1, derivative.diff()
    sign = pole.sign(pole.evaluate(derivative)) * pole.sign(pole.evaluate(function.numerator))
    return sign if from_right or order % 2 == 0 else -sign

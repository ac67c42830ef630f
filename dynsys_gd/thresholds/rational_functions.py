"""Rational functions over the rationals, their values at algebraic points, and systems of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import flint
import sympy as sp

from ..orbits.algebra.decomposition import Decomposition, System, as_terms
from ..orbits.algebra.number_field import AlgebraicPoint, Element
from ..orbits.algebra.polynomials import rational_polynomials, ring, to_flint
from ..orbits.exact.time_limit import solved

__all__ = ["RationalFunction", "common_zeros", "rational_function", "stationary_on"]


@dataclass(frozen=True)
class RationalFunction:
    """A quotient of two polynomials in the same variables, in lowest terms."""

    numerator: sp.Poly
    denominator: sp.Poly

    def at(self, point: AlgebraicPoint) -> Element:
        """Return the value in the number field of a point where the denominator is not zero."""
        above, below = point.evaluate(self.numerator), point.evaluate(self.denominator)
        return point.times(above, point.inverse(below))

    def defined_at(self, point: AlgebraicPoint) -> bool:
        """Return whether the denominator is not zero at the point."""
        return bool(point.sign(point.evaluate(self.denominator)))

    def plus(self, other: RationalFunction) -> RationalFunction:
        """Return the sum."""
        return _lowest(
            self.numerator * other.denominator + other.numerator * self.denominator,
            self.denominator * other.denominator,
        )

    def slopes(self) -> list[sp.Poly]:
        """Return the numerators of the partial derivatives."""
        above, below = self.numerator, self.denominator
        return [above.diff(v) * below - above * below.diff(v) for v in above.gens]


def rational_function(
    expression: sp.Expr, variables: Sequence[sp.Symbol]
) -> RationalFunction | None:
    """Return an expression as a `RationalFunction`, or None where it is not one over Q.

    Floats are read as the dyadic rationals they are.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> found = rational_function(y**2 / (2 + 2 * x**2), [x, y])
    >>> found.numerator.as_expr(), found.denominator.as_expr()
    (y**2/2, x**2 + 1)
    """
    floats = expression.atoms(sp.Float)
    exact = expression.xreplace({number: sp.Rational(number) for number in floats})
    if not exact.is_rational_function(*variables):
        return None
    parts = rational_polynomials(sp.fraction(sp.together(exact)), variables)
    return None if parts is None else _lowest(*parts[0])


def common_zeros(polynomials: Iterable[sp.Poly], size: int, seconds: float) -> Decomposition:
    """Return all real solutions of polynomial equations, in points and families.

    Raises
    ------
    TimeLimitReached, AlgebraFailed
        As `solved` does.
    """
    base = ring(size)
    equations = [as_terms(to_flint(p, base)) for p in polynomials if not p.is_zero]
    return solved(System(size, tuple(equations)), seconds)


def stationary_on(function: RationalFunction, surface: sp.Poly, seconds: float) -> Decomposition:
    """Return where a function is stationary on the surface g = 0, singular points included.

    There the gradients of both are parallel: all 2 × 2 minors of the pair vanish.
    """
    slopes = function.slopes()
    normal = [surface.diff(v) for v in surface.gens]
    minors = [
        slopes[i] * normal[j] - slopes[j] * normal[i]
        for i, j in combinations(range(len(normal)), 2)
    ]
    return common_zeros([surface, *minors], len(normal), seconds)


def constant_on(function: RationalFunction, equations: Sequence[sp.Poly]) -> flint.fmpq | None:
    """Return c where the function is the constant c wherever the equations hold, else None.

    None also where the equations imply it but do not generate it.
    """
    variables = function.numerator.gens
    basis = sp.groebner(list(equations), *variables, order="grevlex", domain=sp.QQ)
    above, below = (
        sp.Poly(basis.reduce(part.as_expr())[1], *variables, domain=sp.QQ)
        for part in (function.numerator, function.denominator)
    )
    if below.is_zero:
        return None
    c = above.coeff_monomial(below.monoms()[0]) / below.LC()
    if not (above - below * c).is_zero:
        return None
    return flint.fmpq(int(c.p), int(c.q))


def _lowest(numerator: sp.Poly, denominator: sp.Poly) -> RationalFunction:
    if numerator.is_zero:
        return RationalFunction(numerator, sp.Poly(1, *numerator.gens, domain=sp.QQ))
    above, below = numerator.cancel(denominator, include=True)
    above, below = above.set_domain(sp.QQ), below.set_domain(sp.QQ)
    scale = below.LC() * below.content() / abs(below.LC())
    return RationalFunction(above.quo_ground(scale), below.quo_ground(scale))

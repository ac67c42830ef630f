"""For which values of one parameter a point exists and is stable, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import flint
import sympy as sp

from ..algebra.number_field import AlgebraicPoint
from ..algebra.open_sets import End, OpenIntervals
from ..algebra.quotient import ConjugatePoints
from ..algebra.real_algebraic import RealAlgebraic, real_roots, signed
from ..update_rules import rationals_between, real_zeros

__all__ = ["Radical", "real_where", "stable_where"]


@dataclass(frozen=True)
class Radical:
    """A root of a polynomial of degree one or two in x with parameters in the coefficients.

    Parameters
    ----------
    polynomial : sympy.Poly
        In x; the coefficients are polynomials in the parameters.
    sign : int
        Which root (-b + sign * s * sqrt(D)) / (2 a) with b² - 4 a c = s² D; 1 for degree one.
    """

    polynomial: sp.Poly
    sign: int

    @property
    def discriminant(self) -> sp.Expr:
        """b² - 4 a c; one for degree one."""
        if self.polynomial.degree() == 1:
            return sp.S.One
        a, b, c = self.polynomial.all_coeffs()
        return sp.factor(b**2 - 4 * a * c)

    @cached_property
    def square_free(self) -> tuple[sp.Expr, sp.Expr]:
        """Expressions s and D with discriminant s² D and no square in D."""
        constant, factors = sp.factor_list(self.discriminant)
        s = sp.Mul(*(f ** (k // 2) for f, k in factors))
        return s, constant * sp.Mul(*(f for f, k in factors if k % 2))

    @cached_property
    def value(self) -> sp.Expr:
        """The root as an expression, (-b + sign * s * sqrt(D)) / (2 a)."""
        if self.polynomial.degree() == 1:
            a, b = self.polynomial.all_coeffs()
            return sp.apart(-b / a) if len((-b / a).free_symbols) == 1 else sp.cancel(-b / a)
        a, b, _ = self.polynomial.all_coeffs()
        s, D = self.square_free
        common = sp.gcd(sp.gcd(a, b), s)
        a, b, s = (sp.cancel(c / common) for c in (a, b, s))
        return (-b + self.sign * s * sp.sqrt(D)) / (2 * a)

    def reduce(self, expression: sp.Expr) -> sp.Expr:
        """Return an expression in x as a polynomial of degree below that of the root."""
        x = self.polynomial.gen
        parameters = sorted((expression.free_symbols | self.polynomial.free_symbols) - {x}, key=str)
        domain = sp.QQ.frac_field(*parameters) if parameters else sp.QQ
        divisor = sp.Poly(self.polynomial.as_expr(), x, domain=domain)
        return sp.factor(sp.Poly(expression, x, domain=domain).rem(divisor).as_expr())

    def at(self, expression: sp.Expr) -> sp.Expr:
        """Return an expression in x at the root."""
        return sp.simplify(sp.expand(expression.subs(self.polynomial.gen, self.value)))


def real_where(root: Radical, parameter: sp.Symbol) -> sp.Set:
    """Return the parameter values for which the root is real and simple.

    Examples
    --------
    >>> from sympy.abc import r, x
    >>> real_where(Radical(sp.Poly(x**2 - r, x), 1), r)
    Interval.open(0, oo)
    """
    return _positive_where(root, [root.discriminant], parameter).to_sympy()


def stable_where(
    root: Radical, conditions: Sequence[sp.Expr] | None, parameter: sp.Symbol, *, positive: bool
) -> sp.Set | None:
    """Return the parameter values for which all conditions are positive at the real root.

    Parameters
    ----------
    root : Radical
    conditions : sequence of sympy expressions in x and the parameter, or None
    parameter : Symbol
    positive : bool
        Whether only positive values of the parameter make sense.
    """
    if conditions is None:
        return None
    found = _positive_where(root, [root.discriminant, *conditions], parameter)
    if positive:
        found = found.intersection(OpenIntervals(((RealAlgebraic.rational(0), None),)))
    return found.to_sympy()


def _positive_where(root: Radical, conditions: Sequence[sp.Expr], p: sp.Symbol) -> OpenIntervals:
    x = root.polynomial.gen
    fractions = [sp.fraction(sp.together(c)) for c in conditions]
    edges = [sp.expand(root.polynomial.LC()), sp.expand(root.discriminant)]
    for top, bottom in fractions:
        edges.append(sp.expand(bottom))
        edges.append(sp.expand(sp.resultant(root.polynomial.as_expr(), top, x)))
    breaks = real_zeros([e for e in edges if e != 0], p)
    inside = [_all_positive(root, fractions, p, value) for value in rationals_between(breaks)]
    ends: list[End] = [None, *breaks, None]
    pairs: list[tuple[End, End]] = []
    for place, holds in enumerate(inside):
        if not holds:
            continue
        low, high = ends[place], ends[place + 1]
        if pairs and pairs[-1][1] == low and _harmless(root, fractions, p, breaks[place - 1]):
            pairs[-1] = (pairs[-1][0], high)
        else:
            pairs.append((low, high))
    return OpenIntervals(tuple(pairs))


def _harmless(
    root: Radical, fractions: Sequence[tuple[sp.Expr, sp.Expr]], p: sp.Symbol, at: RealAlgebraic
) -> bool:
    """Return whether the conditions are proved to hold at a break too.

    A break can belong to the other root. Irrational ones are left out rather than decided.
    """
    value = at.fraction
    return value is not None and _all_positive(root, fractions, p, value)


def _all_positive(
    root: Radical, fractions: Sequence[tuple[sp.Expr, sp.Expr]], p: sp.Symbol, at: Fraction
) -> bool:
    number = sp.Rational(at.numerator, at.denominator)
    point = _point(root, p, number)
    if point is None:
        return False
    x = root.polynomial.gen
    for top, bottom in fractions:
        below = bottom.subs(p, number)
        if below == 0:
            return False
        value = sp.Poly(top.subs(p, number) / below, x, domain=sp.QQ)
        if point.sign(point.evaluate(value)) <= 0:
            return False
    return True


def _point(root: Radical, p: sp.Symbol, number: sp.Rational) -> AlgebraicPoint | None:
    """Return the root for one rational value of the parameter, or None where it is not real."""
    x = root.polynomial.gen
    if root.polynomial.LC().subs(p, number) == 0:
        return None
    f = sp.Poly(root.polynomial.as_expr().subs(p, number), x, domain=sp.QQ)
    found = []
    for factor, _ in (
        flint.fmpq_poly([flint.fmpq(int(c.p), int(c.q)) for c in f.all_coeffs()[::-1]])
        .numer()
        .factor()[1]
    ):
        modulus = signed(tuple(int(c) for c in factor.coeffs()))
        identity = (
            (Fraction(-modulus[0], modulus[1]),)
            if len(modulus) == 2
            else (Fraction(0), Fraction(1))
        )
        points = ConjugatePoints(modulus, (identity,))
        found += [AlgebraicPoint(points, k) for k in range(len(real_roots(modulus, 64)))]
    if not found:
        return None
    found.sort(key=lambda point: point.approximate)
    direction = root.sign * root.square_free[0].subs(p, number) * f.LC()
    return found[-1] if direction > 0 else found[0]

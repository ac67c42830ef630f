"""Real roots of rational polynomials in one variable, and signs at them, decided exactly."""

from __future__ import annotations

from fractions import Fraction

import flint
import sympy as sp

from ...orbits.algebra.real_algebraic import RealAlgebraic, real_roots, signed

__all__ = ["between", "compared", "from_sympy", "roots", "sign", "sign_at"]

_BITS = (64, 256, 1024, 4096)


def from_sympy(polynomial: sp.Poly) -> flint.fmpq_poly:
    """Return a polynomial over the rationals as one of FLINT."""
    coefficients = [sp.Rational(c) for c in reversed(polynomial.all_coeffs())]
    return flint.fmpq_poly([flint.fmpq(int(c.p), int(c.q)) for c in coefficients])


def roots(polynomial: flint.fmpq_poly) -> list[RealAlgebraic]:
    """Return the different real roots, ascending.

    Examples
    --------
    >>> [str(root.to_sympy()) for root in roots(flint.fmpq_poly([0, 2, 0, -1]))]
    ['-sqrt(2)', '0', 'sqrt(2)']
    """
    found = []
    for factor, _ in polynomial.numer().factor()[1]:
        coefficients = signed(tuple(int(c) for c in factor.coeffs()))
        places = range(len(real_roots(coefficients, _BITS[0])))
        found += [RealAlgebraic(coefficients, place) for place in places]
    return sorted(found)


def sign(number: flint.fmpq) -> int:
    """Return -1, 0 or 1."""
    return (number > 0) - (number < 0)


def sign_at(polynomial: flint.fmpq_poly, root: RealAlgebraic) -> int | None:
    """Return the sign at an algebraic number, None where enclosures do not separate it from 0."""
    minimal = flint.fmpz_poly(list(root.polynomial))
    if polynomial.numer() % minimal == 0:
        return 0
    return compared(polynomial, root, RealAlgebraic.rational(0))


def compared(polynomial: flint.fmpq_poly, point: RealAlgebraic, other: RealAlgebraic) -> int | None:
    """Return the sign of p(point) - other, None where enclosures do not separate the two."""
    for bits in _BITS:
        with flint.ctx.workprec(bits):
            at, value = point.ball(bits), flint.arb(0)
            for coefficient in reversed(polynomial.coeffs()):
                value = value * at + flint.arb(coefficient)
            difference = value - other.ball(bits)
            if difference > 0:
                return 1
            if difference < 0:
                return -1
    return None


def between(low: RealAlgebraic | None, high: RealAlgebraic | None) -> flint.fmpq:
    """Return a rational number between two different numbers; None stands for infinity.

    Examples
    --------
    >>> between(RealAlgebraic.rational(1), None), between(None, None)
    (2, 0)
    """
    if low is None or high is None:
        near = low or high
        if near is None:
            return flint.fmpq(0)
        ball = near.ball(_BITS[0])
        whole = ball.upper().ceil() if low is not None else ball.lower().floor()
        return flint.fmpq(whole.unique_fmpz()) + (1 if low is not None else -1)
    bits = _BITS[0]
    while True:
        a, b = low.ball(bits), high.ball(bits)
        if a < b:
            middle = (a.upper() + b.lower()) / 2
            exact = middle.mid().man_exp()
            rational = flint.fmpq(exact[0]) * flint.fmpq(2) ** int(exact[1])
            number = Fraction(int(rational.p), int(rational.q))
            if low < number < high:
                return rational
        bits *= 2

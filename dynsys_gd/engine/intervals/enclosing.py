"""Which two doubles enclose an exact number most tightly."""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from typing import Any

import sympy as sp

from ...errors import InvalidInput

__all__ = ["LARGEST", "enclosing", "outward"]

LARGEST = sys.float_info.max
_PRECISION = 160  # bits for irrational numbers


def enclosing(number: sp.Expr | Fraction | int | float) -> tuple[float, float]:
    """Return the tightest doubles (lower, upper) with lower <= number <= upper.

    The two are equal exactly where the number is a double. A float stands for the dyadic number
    that it is, so write 9/10 as ``Fraction(9, 10)`` or ``Rational(9, 10)``, not as 0.9. Numbers
    beyond the range of doubles are enclosed by the largest double and infinity.

    Examples
    --------
    >>> enclosing(sp.Rational(1, 2))
    (0.5, 0.5)
    >>> lower, upper = enclosing(Fraction(9, 10))
    >>> Fraction(lower) < Fraction(9, 10) < Fraction(upper), upper == math.nextafter(lower, 1)
    (True, True)
    >>> enclosing(sp.sqrt(2))
    (1.414213562373095, 1.4142135623730951)
    """
    if isinstance(number, sp.Rational):
        return _of_fraction(Fraction(int(number.p), int(number.q)))
    if isinstance(number, (float, sp.Float)):
        if not math.isfinite(float(number)):
            raise InvalidInput("number", number, "a finite number")
        return _of_fraction(Fraction(*sp.Rational(number).as_numer_denom()))
    if isinstance(number, (int, Fraction)):
        return _of_fraction(Fraction(number))
    import flint

    from ..ball_printer import ball

    precision = flint.ctx.prec
    flint.ctx.prec = _PRECISION
    try:
        return outward(ball(number))
    finally:
        flint.ctx.prec = precision


def outward(enclosure: Any) -> tuple[float, float]:
    """Return the tightest doubles around a ball of python-flint; the whole line for NaN."""
    if not enclosure.is_finite():
        return -math.inf, math.inf
    return _of_fraction(_exact(enclosure.lower()))[0], _of_fraction(_exact(enclosure.upper()))[1]


def _exact(point: Any) -> Fraction:
    """Return the number that a ball of radius zero stands for, or one beyond all doubles."""
    mantissa, exponent = (int(part) for part in point.man_exp())
    if exponent + mantissa.bit_length() > 2000:
        return Fraction(math.copysign(1, mantissa)) * 2**1100
    if mantissa and exponent + mantissa.bit_length() < -2000:
        return Fraction(math.copysign(1, mantissa)) / 2**1100
    return mantissa * Fraction(2) ** exponent


def _of_fraction(value: Fraction) -> tuple[float, float]:
    try:
        nearest = value.numerator / value.denominator  # rounded correctly by Python
    except OverflowError:
        return (LARGEST, math.inf) if value > 0 else (-math.inf, -LARGEST)
    if Fraction(nearest) == value:
        return nearest, nearest
    if Fraction(nearest) < value:
        return nearest, math.nextafter(nearest, math.inf)
    return math.nextafter(nearest, -math.inf), nearest

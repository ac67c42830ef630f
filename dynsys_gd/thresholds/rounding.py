"""Floats on the safe side of exact numbers and balls."""

from __future__ import annotations

import math
from fractions import Fraction

import flint
import sympy as sp

__all__ = ["enclosing_floats", "rounded_down", "rounded_up"]

_DIGITS = 40


def rounded_down(number: Fraction | flint.arb) -> float:
    """Return a float at most `number`: the largest for a fraction, nearly so for a ball.

    Examples
    --------
    >>> rounded_down(Fraction(1, 2)), rounded_down(Fraction(1, 10)) < rounded_up(Fraction(1, 10))
    (0.5, True)
    """
    if isinstance(number, Fraction):
        nearest = _nearest(number)
        exact = math.isfinite(nearest) and Fraction(nearest) <= number
        return nearest if exact else math.nextafter(nearest, -math.inf)
    return math.nextafter(float(number.lower()), -math.inf)


def rounded_up(number: Fraction | flint.arb) -> float:
    """Return a float at least `number`: the smallest for a fraction, nearly so for a ball."""
    return -rounded_down(-number)


def enclosing_floats(number: sp.Expr) -> tuple[float, float]:
    """Return floats on both sides of a real number; equal where the number is a float.

    Examples
    --------
    >>> enclosing_floats(sp.Rational(1, 2)), enclosing_floats(sp.oo)
    ((0.5, 0.5), (inf, inf))
    """
    if number is sp.oo:
        return math.inf, math.inf
    if isinstance(number, sp.Rational):
        fraction = Fraction(int(number.p), int(number.q))
        return rounded_down(fraction), rounded_up(fraction)
    digits = sp.N(number, _DIGITS)
    ball = sp.Rational(digits)
    slack = abs(ball) * sp.Rational(1, 10 ** (_DIGITS - 5))
    low, high = ball - slack, ball + slack
    return (
        rounded_down(Fraction(int(low.p), int(low.q))),
        rounded_up(Fraction(int(high.p), int(high.q))),
    )


def _nearest(number: Fraction) -> float:
    try:
        return number.numerator / number.denominator
    except OverflowError:
        return math.inf if number > 0 else -math.inf

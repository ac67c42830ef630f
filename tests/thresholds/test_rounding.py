"""Floats on the safe side."""

import math
from fractions import Fraction

import flint
import pytest
import sympy as sp

from dynsys_gd.thresholds.rounding import enclosing_floats, rounded_down, rounded_up

CASES = [Fraction(1, 3), Fraction(-1, 3), Fraction(1, 2), Fraction(10**400), Fraction(1, 10**400)]


@pytest.mark.parametrize("number", CASES)
def test_fractions_are_enclosed_by_neighbouring_floats(number):
    low, high = rounded_down(number), rounded_up(number)
    assert low <= number <= high
    assert high <= math.nextafter(low, math.inf)


def test_balls_are_enclosed():
    ball = flint.arb(1, 1e-10) / 3
    assert Fraction(rounded_down(ball)) < Fraction(1, 3) - Fraction(3, 10**11)
    assert Fraction(rounded_up(ball)) > Fraction(1, 3) + Fraction(3, 10**11)


@pytest.mark.parametrize("number", [sp.sqrt(2), sp.CRootOf(sp.Symbol("t") ** 5 - 4, 0), sp.pi])
def test_irrational_numbers_lie_strictly_inside(number):
    low, high = enclosing_floats(number)
    assert sp.Rational(low) < number < sp.Rational(high)
    assert high <= math.nextafter(low, math.inf)

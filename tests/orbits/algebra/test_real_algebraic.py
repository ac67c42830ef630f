"""Real algebraic numbers, number fields, unions of intervals."""

from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy as sp

from dynsys_gd.errors import InvalidInput
from dynsys_gd.orbits.algebra.open_sets import OpenIntervals, quotient
from dynsys_gd.orbits.algebra.real_algebraic import RealAlgebraic


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (sp.Rational(-3, 7), sp.Rational(-3, 7)),
        (sp.sqrt(2), sp.sqrt(2)),
        (1 - sp.sqrt(6), 1 - sp.sqrt(6)),
        (-sp.cbrt(2), -sp.cbrt(2)),
        (sp.root(5, 4), sp.root(5, 4)),
        (sp.sqrt(3 - sp.sqrt(2)), sp.sqrt(3 - sp.sqrt(2))),
        (-sp.sqrt(3 + sp.sqrt(2)), -sp.sqrt(3 + sp.sqrt(2))),
    ],
)
def test_short_numbers_come_back_as_radicals(number, expected):
    back = RealAlgebraic.from_sympy(number).to_sympy()
    assert not back.has(sp.CRootOf)
    assert sp.simplify(back - expected) == 0


def test_places_agree_with_sympy():
    t = sp.Symbol("t")
    polynomial = sp.Poly(t**5 - 5 * t + 1, t)
    coefficients = tuple(int(c) for c in polynomial.all_coeffs()[::-1])
    for place in range(3):
        ours = RealAlgebraic(coefficients, place)
        theirs = sp.CRootOf(polynomial, place)
        assert ours.to_sympy() == theirs
        assert float(ours) == pytest.approx(float(theirs), abs=1e-14)
        assert RealAlgebraic.from_sympy(theirs) == ours


def test_order_is_exact_where_doubles_agree():
    a = RealAlgebraic.from_sympy(sp.sqrt(2))
    p, q = 1, 1
    for _ in range(60):  # convergents of sqrt(2)
        p, q = p + 2 * q, p + q
    close = RealAlgebraic.rational(Fraction(p, q))
    assert float(close) == float(a)
    assert a != close
    assert (a < close) != (close < a)
    assert (a < close) == (p * p > 2 * q * q)


def test_transcendental_numbers_are_refused():
    with pytest.raises(InvalidInput, match="algebraic"):
        RealAlgebraic.from_sympy(sp.pi)


@pytest.mark.parametrize(
    ("top", "bottom"),
    [
        (2, sp.sqrt(3)),
        (sp.sqrt(3), 2),
        (0, sp.sqrt(3)),
        (sp.sqrt(2), sp.sqrt(3)),
        (2, 1 + sp.cbrt(2)),
    ],
)
def test_quotients(top, bottom):
    found = quotient(
        RealAlgebraic.from_sympy(sp.sympify(top)), RealAlgebraic.from_sympy(sp.sympify(bottom))
    )
    assert float(found) == pytest.approx(float(top / bottom), abs=1e-15)
    exact = sp.minimal_polynomial(sp.sympify(top) / bottom, sp.Symbol("t"))
    assert found.degree == sp.degree(exact)


def test_intervals_intersect_and_scale():
    zero, one, root = (RealAlgebraic.from_sympy(sp.sympify(v)) for v in (0, 1, sp.sqrt(2)))
    both = OpenIntervals(((zero, root),)).intersection(OpenIntervals(((None, one), (one, None))))
    assert both.to_sympy() == sp.Union(sp.Interval.open(0, 1), sp.Interval.open(1, sp.sqrt(2)))
    assert not both.contains(one)
    assert both.contains(RealAlgebraic.rational(Fraction(1, 2)))
    minus = RealAlgebraic.rational(-2)
    assert OpenIntervals(((zero, one),)).scaled_by_inverse(minus).to_sympy() == sp.Interval.open(
        sp.Rational(-1, 2), 0
    )
    touching = OpenIntervals(((zero, one),)).intersection(OpenIntervals(((one, None),)))
    assert touching.to_sympy() is sp.S.EmptySet


def test_enclosures_shrink_and_keep_the_root():
    number = RealAlgebraic.from_sympy(sp.sqrt(2))
    for bits in (64, 200, 800):
        ball = number.ball(bits)
        assert ball.rad() < flint.arb(2) ** (8 - bits)
        assert (ball**2).contains(2)
    assert np.isclose(float(number), np.sqrt(2), atol=0, rtol=1e-15)

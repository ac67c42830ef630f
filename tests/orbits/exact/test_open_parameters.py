"""Orbits and stability as functions of an open parameter."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, r, x, y

from dynsys_gd import Box, GradientDescent, Loss, SymbolicMap
from dynsys_gd.orbits.exact.parameter_sets import Radical, real_where, stable_where
from dynsys_gd.orbits.fixed_points import fixed_points
from dynsys_gd.orbits.periodic_orbits import periodic_orbits

eta = sp.Symbol("eta")
LOGISTIC = SymbolicMap([r * x * (1 - x)], [x])


def test_logistic_fixed_points():
    zero, other = fixed_points(LOGISTIC).orbits
    assert zero.exact == ((0,),)
    assert zero.step_sizes == sp.Interval.open(-1, 1)
    assert sp.simplify(other.exact[0][0] - (1 - 1 / r)) == 0
    assert other.exact_multipliers == (2 - r,)
    assert other.step_sizes == sp.Interval.open(1, 3)
    assert other.parameter == "r"
    assert np.isnan(other.points).all()
    assert "r = 0" in fixed_points(LOGISTIC).why


def test_logistic_two_cycle():
    found = periodic_orbits(LOGISTIC, period=2)
    assert found.complete
    (cycle,) = found.orbits
    assert sp.expand(cycle.exact_multipliers[0] - (4 + 2 * r - r**2)) == 0
    assert cycle.step_sizes == sp.Union(
        sp.Interval.open(1 - sp.sqrt(6), -1), sp.Interval.open(3, 1 + sp.sqrt(6))
    )
    assert cycle.exists_where == sp.Union(sp.Interval.open(-sp.oo, -1), sp.Interval.open(3, sp.oo))
    # The two points swap.
    p, q = (point[0] for point in cycle.exact)
    for value in (sp.Rational(7, 2), sp.Rational(-3, 2)):
        f = float(value)
        P, Q = (float(e.subs(r, value)) for e in (p, q))
        assert f * P * (1 - P) == pytest.approx(Q)
        assert f * Q * (1 - Q) == pytest.approx(P)


def test_stable_sets_agree_with_the_map_at_single_values():
    (cycle,) = periodic_orbits(LOGISTIC, period=2).orbits
    for k in range(-30, 45):
        value = sp.Rational(k, 10) + sp.Rational(1, 137)
        numeric = periodic_orbits(LOGISTIC.at(r=value), period=2).orbits
        assert bool(numeric) == (value in cycle.exists_where)
        stable = bool(numeric) and abs(numeric[0].multipliers[0]) < 1
        assert stable == (value in cycle.step_sizes)


def test_what_is_not_solved_is_said():
    found = periodic_orbits(LOGISTIC, period=3)
    assert not found.complete
    assert "give r a value" in found.why


def test_double_well_in_the_step_size():
    F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size=eta)
    found = periodic_orbits(F, period=2)
    (outer,) = found.orbits  # eta x² = eta + 2
    assert sp.expand(outer.exact_multipliers[0] - (2 * eta + 5) ** 2) == 0
    assert outer.step_sizes is sp.S.EmptySet
    # eta² x⁴ - (eta² + eta) x² + 1 is of degree four and is named, not guessed at.
    assert not found.complete
    assert "x**4" in found.why


def test_henon_fixed_points_in_one_parameter():
    F = SymbolicMap([1 - a * x**2 + y, b * x], [x, y]).at(b="3/10")
    low, high = fixed_points(F).orbits
    # Stable between the fold at -49/400 and the flip at 3(1 - b)²/4 = 147/400.
    stable = low.step_sizes if high.step_sizes is sp.S.EmptySet else high.step_sizes
    assert stable == sp.Union(
        sp.Interval.open(sp.Rational(-49, 400), 0), sp.Interval.open(0, sp.Rational(147, 400))
    )
    # At a = 0 the equation is linear and the formula does not apply: that is said.
    assert "a = 0" in fixed_points(F).why
    for orbit in (low, high):
        for value in ("1/5", "1", "-1/10"):
            at = F.at(a=value)
            numbers = [float(c.subs(a, sp.Rational(value))) for c in orbit.exact[0]]
            np.testing.assert_allclose(at(numbers), numbers, atol=1e-12)
            spectrum = np.linalg.eigvals(at.jacobian_at(numbers))
            assert (np.abs(spectrum).max() < 1) == (sp.Rational(value) in orbit.step_sizes)


def test_two_open_parameters_give_formulas_without_sets():
    found = fixed_points(SymbolicMap([1 - a * x**2 + y, b * x], [x, y]))
    assert found.complete
    assert all(orbit.step_sizes is None for orbit in found.orbits)
    at = {a: sp.Rational(7, 5), b: sp.Rational(3, 10)}
    found_numbers = sorted(float(o.exact[0][0].subs(at)) for o in found.orbits)
    exact = [(-7 - np.sqrt(609)) / 28, (-7 + np.sqrt(609)) / 28]
    np.testing.assert_allclose(found_numbers, exact)


def test_a_region_is_not_applied_to_formulas():
    assert "region is not applied" in fixed_points(LOGISTIC, Box([0], [1])).why


@pytest.mark.parametrize(
    ("polynomial", "expected"),
    [
        (x**2 - r, sp.Interval.open(0, sp.oo)),
        (x**2 - r**2, sp.Union(sp.Interval.open(-sp.oo, 0), sp.Interval.open(0, sp.oo))),
        (r * x - 1, sp.Union(sp.Interval.open(-sp.oo, 0), sp.Interval.open(0, sp.oo))),
        (x**2 + r**2 + 1, sp.S.EmptySet),
        (x**2 - x + r**2 - 2, sp.Interval.open(-sp.Rational(3, 2), sp.Rational(3, 2))),
    ],
)
def test_where_roots_are_real(polynomial, expected):
    assert real_where(Radical(sp.Poly(polynomial, x), 1), r) == expected


def test_conditions_hold_for_one_root_and_not_its_conjugate():
    # x = ±sqrt(r): x - 1 > 0 for the upper one when r > 1, never for the lower.
    poly = sp.Poly(x**2 - r, x)
    assert stable_where(Radical(poly, 1), [x - 1], r, positive=False) == sp.Interval.open(1, sp.oo)
    assert stable_where(Radical(poly, -1), [x - 1], r, positive=False) is sp.S.EmptySet
    # The conjugate's break at r = 1 is no end point of x + 1 > 0 for the upper root.
    assert stable_where(Radical(poly, 1), [x + 1], r, positive=False) == sp.Interval.open(0, sp.oo)

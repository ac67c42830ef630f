"""What is claimed of polynomial maps of the line, against orbits and known formulas."""

import itertools

import flint
import numpy as np
import pytest
import sympy as sp

from dynsys_gd.measure.exact.line_map import NOTHING, converging, kinds_of_fixed_points
from dynsys_gd.measure.exact.polynomial_roots import between, compared, roots, sign_at
from dynsys_gd.orbits.algebra.real_algebraic import RealAlgebraic


def polynomial(*coefficients):
    """Return a polynomial, constant term first, of numbers such as "1/3"."""
    fractions = [sp.Rational(c) for c in coefficients]
    return flint.fmpq_poly([flint.fmpq(int(c.p), int(c.q)) for c in fractions])


def iterated(F, x, steps=500):
    """Return where float orbits end, NaN for those that escape."""
    coefficients = [float(sp.Rational(str(c))) for c in F.coeffs()]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            x = np.polynomial.polynomial.polyval(x, coefficients)
            x = np.where(np.abs(x) < 1e6, x, np.nan)
    return x


def ends(basin):
    ((low, high),) = basin.intervals.pairs
    return float(low), float(high)


@pytest.mark.parametrize("eta", ["1/10", "1/2", "9/10"])
def test_the_double_well_converges_up_to_its_outer_cycle(eta):
    step = sp.Rational(eta)
    basin = converging(polynomial(0, 1 + step, 0, -step))
    ((low, high),) = basin.intervals.pairs
    assert high.to_sympy() == sp.sqrt(1 + 2 / step)
    assert low.to_sympy() == -sp.sqrt(1 + 2 / step)


@pytest.mark.parametrize("a", ["3/2", "2", "14/5", "3"])
def test_the_logistic_map_converges_on_the_unit_interval_up_to_the_flip(a):
    # At a = 3 the fixed point is neutral, and every orbit still converges to it.
    basin = converging(polynomial(0, a, "-" + a))
    assert basin.intervals.to_sympy() == sp.Interval.open(0, 1)
    turned = converging(polynomial(0, a, a))
    assert turned.intervals.to_sympy() == sp.Interval.open(-1, 0)


@pytest.mark.parametrize("a", ["16/5", "4", "9/2"])
def test_nothing_is_claimed_with_a_second_cycle_or_a_hole(a):
    assert converging(polynomial(0, a, "-" + a)) is None


def test_a_second_cycle_inside_is_not_overlooked():
    # The double well beyond its flip: two stable cycles between the ends.
    assert converging(polynomial(0, "21/10", 0, "-11/10")) is None


def test_critical_values_that_touch_the_end_are_refused():
    # Chebyshev's cubic: the critical values are the ends ±2 themselves, and orbits are chaotic.
    assert converging(polynomial(0, "3", 0, "-1")) is None


@pytest.mark.parametrize(("slope", "all_of_it"), [("1/2", True), ("-9/10", True), ("3", False)])
def test_affine_maps(slope, all_of_it):
    found = converging(polynomial(1, slope)).intervals
    assert (found == NOTHING) is not all_of_it


@pytest.mark.parametrize("slope", ["1", "-1"])
def test_affine_maps_on_the_border_are_left_open(slope):
    assert converging(polynomial(0, slope)) is None


def test_a_map_without_fixed_points_keeps_nothing():
    assert converging(polynomial(1, 1, 1)).intervals == NOTHING


def test_the_other_preimage_of_an_irrational_end_is_found():
    # x² - x - 1/3 fixes (3 ± √(32/3) ...)/...; the end is irrational and so is its preimage.
    F = polynomial("-1/3", 0, 1)
    low, high = ends(converging(F))
    fixed = (1 + np.sqrt(1 + 4 / 3)) / 2
    assert (low, high) == pytest.approx((-fixed, fixed))


def test_random_maps_do_what_is_claimed():
    rng = np.random.default_rng(0)
    claimed = 0
    for _ in range(40):
        degree = int(rng.integers(2, 5))
        c = [sp.Rational(int(k), 16) for k in rng.integers(-24, 25, degree + 1)]
        F = polynomial(*c)
        if F.degree() != degree:
            continue
        basin = converging(F)
        if basin is None or not basin.intervals.pairs:
            continue
        claimed += 1
        low, high = ends(basin)
        inside = iterated(F, low + (high - low) * rng.uniform(0.001, 0.999, 100))
        points = np.array([float(p) for p in roots(F - flint.fmpq_poly([0, 1]))])
        assert np.isfinite(inside).all()
        # Orbits near a neutral limit are still on their way.
        assert np.abs(inside[:, None] - points).min(axis=1).max() < 5e-2
        width = high - low
        outside = np.array([low - 0.3 * width, low - width, high + 0.3 * width])
        assert np.isnan(iterated(F, outside)).all()
    assert claimed >= 8


def test_kinds_of_fixed_points():
    # x - L'(x)/2 for L' = x²(x - 1)(x + 1): inflection at 0, minimum at 1, maximum at -1.
    F = polynomial(0, 1, "1/2", 0, "-1/2")
    found = {float(point): sides for point, sides in kinds_of_fixed_points(F)}
    assert found == {-1.0: (-1, 1), 0.0: (1, 1), 1.0: (1, -1)}


def test_roots_signs_and_numbers_in_between():
    p = polynomial(-2, 0, 1) * polynomial(-2, 0, 1) * polynomial("-1/3", 1)
    found = roots(p)
    assert [r.to_sympy() for r in found] == [-sp.sqrt(2), sp.Rational(1, 3), sp.sqrt(2)]
    assert sign_at(p, found[0]) == 0
    assert sign_at(polynomial(0, 1), found[0]) == -1
    third = RealAlgebraic.rational(0)
    assert compared(polynomial(-2, 0, 1), found[2], third) is None
    for a, b in itertools.pairwise([None, *found, None]):
        middle = between(a, b)
        number = sp.Rational(int(middle.p), int(middle.q))
        assert a is None or float(a) < number
        assert b is None or float(b) > number

"""Exponents normal to invariant subspaces: against multipliers, integrals, and whole spectra."""

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg

x, y, z, a, eta = sp.symbols("x y z a eta")
YES, NO, UNDECIDED = dg.Outcome.YES, dg.Outcome.NO, dg.Outcome.UNDECIDED
PRODUCT = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta)
DRIVEN = dg.SymbolicMap([4 * x * (1 - x), a * x * y], [x, y])


@pytest.mark.parametrize("step", [1.05, 1.1, 1.2])
def test_the_two_cycle_of_the_product(step):
    """Along it 9 - 2a² with a = 1 + eta, across it 3 - 2 eta."""
    found = dg.transverse_exponent(PRODUCT.at(eta=sp.Rational(str(step))), [1, 1], [[0.9]])
    assert found.course == (dg.OrbitCourse.CYCLE,)
    assert found.value == pytest.approx(np.log(abs(3 - 2 * step)) / 2, abs=1e-10)
    assert found.along_value == pytest.approx(np.log(abs(9 - 2 * (1 + step) ** 2)) / 2, abs=1e-10)
    assert found.error == 0
    assert (found.attracts, found.chaotic) == (YES, NO)


@pytest.mark.parametrize("step", ["13/10", "3/2", "17/10", "19/10"])
def test_the_balanced_line_attracts_up_to_two(step):
    found = dg.transverse_exponent(PRODUCT.at(eta=step), [1, 1], steps=5_000)
    assert found.attracts is YES
    assert found.value + 3 * found.error < 0


def test_it_is_zero_at_two():
    found = dg.transverse_exponent(PRODUCT.at(eta=2), [1, 1], steps=20_000)
    assert abs(found.value) < 3 * found.error
    assert found.attracts is UNDECIDED
    assert found.chaotic is YES
    assert found.along_value == pytest.approx(np.log(3), abs=2e-3)


def test_along_and_across_together_are_the_spectrum_of_the_whole_map():
    """At 8/5 the line attracts, so that orbits of the plane come to it."""
    F = PRODUCT.at(eta="8/5")
    whole = dg.lyapunov_spectrum(F, dg.Box([0.5, 0.6], [0.9, 1.1]).sample(32, rng=0), steps=20_000)
    found = dg.transverse_exponent(F, [1, 1], steps=20_000)
    together = whole.pooled()
    assert together.values[0] == pytest.approx(found.along_value, abs=0.01)
    assert together.values[1] == pytest.approx(found.value, abs=5 * (found.error + 1e-3))


def test_a_superstable_cycle_has_minus_infinity():
    F = dg.SymbolicMap([x / 2, x * y], [x, y])
    found = dg.transverse_exponent(F, [1, 0], [[0.5]])
    assert found.value == -np.inf
    assert found.attracts is YES


def test_an_integral_that_is_known():
    """The mean of log(a x) under the logistic map at 4 is log a - 2 log 2."""
    found = dg.transverse_exponent(DRIVEN.at(a=3), [1, 0], dg.Box([0.1], [0.9]).sample(64, rng=0))
    assert abs(found.value - np.log(3 / 4)) < 3 * found.error
    assert found.error < 5e-3
    assert found.attracts is YES


def test_the_blow_out_is_enclosed():
    found = dg.transverse_exponents(DRIVEN, [1, 0], "a", [2, 3, "9/2", 6])
    (crossing,) = found.crossings
    assert crossing.low < 4 < crossing.high
    assert crossing.high - crossing.low < 0.35
    assert crossing.loses
    assert crossing.blow_out is YES
    assert (np.diff(found.values) > 0).all()
    assert "blow-out" in dict(found.rows())["loses attraction"]


def test_a_cycle_that_bifurcates_out_of_the_line_is_no_blow_out():
    """y -> a y next to the fixed point 1/2 of the logistic map at 2."""
    F = dg.SymbolicMap([2 * x * (1 - x), 2 * a * x * y - y**3], [x, y])
    found = dg.transverse_exponents(F, [1, 0], "a", ["1/2", 2], start=[[0.3]], steps=1_000,
                                    transient=200)  # fmt: skip
    (crossing,) = found.crossings
    assert crossing.low <= 1 <= crossing.high
    assert crossing.high - crossing.low < 0.02
    assert crossing.blow_out is NO


def test_escaping_starts_are_left_out():
    F = PRODUCT.at(eta="3/2")
    found = dg.transverse_exponent(F, [1, 1], [[0.5], [9.0]], steps=2_000)
    alone = dg.transverse_exponent(F, [1, 1], [0.5], steps=2_000)
    assert found.course[1] is dg.OrbitCourse.ESCAPED
    assert found.value == alone.value
    gone = dg.transverse_exponent(F, [1, 1], [[9.0]], steps=2_000)
    assert np.isnan(gone.value)
    assert gone.attracts is UNDECIDED


def test_two_attractors_count_by_the_less_attracting_one():
    branch = sp.Piecewise((x / 2 - sp.Rational(1, 2), x < 0), (x / 2 + sp.Rational(1, 2), True))
    F = dg.SymbolicMap([branch, y * (2 + x) / 2], [x, y])  # at x = -1 by 1/2, at x = 1 by 3/2
    found = dg.transverse_exponent(F, [1, 0], [[-0.5], [0.5]], steps=2_000)
    np.testing.assert_allclose(found.exponents[:, 0], np.log([0.5, 1.5]))
    assert found.value == pytest.approx(np.log(1.5))
    assert found.attracts is NO


def test_several_normal_directions():
    F = dg.GradientDescent(dg.Loss((x * y * z - 1) ** 2 / 2, [x, y, z]), "3/10")
    found = dg.transverse_exponent(F, [1, 1, 1], [[0.9]])
    assert found.exponents.shape == (1, 2)
    np.testing.assert_allclose(found.exponents, 0, atol=1e-12)  # along the minima xyz = 1
    assert found.along_value == pytest.approx(np.log(abs(1 - 0.9)), abs=1e-9)

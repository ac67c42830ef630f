"""Spectra against exact values, with errors that cover them, and refusals to call them final."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg
from dynsys_gd.branches.exponents.spectrum import kaplan_yorke

x, y, z, r, eta = sp.symbols("x y z r eta")
YES, NO, UNDECIDED = dg.Outcome.YES, dg.Outcome.NO, dg.Outcome.UNDECIDED
LOGISTIC = dg.SymbolicMap([r * x * (1 - x)], [x])
CUBIC = dg.SymbolicMap([3 * x - x**3], [x])  # the balanced line of (xy - 1)²/2 at step size 2
HENON = dg.textbook.henon()
GRADIENT = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), eta)


def starts(low, high, n, seed):
    return dg.Box([low], [high]).sample(n, rng=seed)


@pytest.mark.parametrize(
    ("F", "low", "high", "exact"),
    [(LOGISTIC.at(r=4), 0.1, 0.9, np.log(2)), (CUBIC, -1.9, 1.9, np.log(3))],
    ids=["ln 2", "ln 3"],
)
def test_full_shifts_over_seeds(F, low, high, exact):
    found = dg.lyapunov_spectrum(F, starts(low, high, 40, 1), steps=50_000)
    z_scores = (found.exponents[:, 0] - exact) / found.errors[:, 0]
    assert np.abs(z_scores).max() < 3
    assert (found.converged == YES).all()
    assert (found.positive() == YES).all()
    together = found.pooled()
    assert together.alike is YES
    assert abs(together.values[0] - exact) < 3 * together.errors[0]


def test_error_bars_cover_an_exponent_whose_batches_fluctuate():
    """x -> 4x(1-x) drives y -> y x: log x has the mean -2 log 2, and a memory."""
    F = dg.SymbolicMap([4 * x * (1 - x), x * y], [x, y])
    rows = np.column_stack([np.linspace(0.11, 0.89, 80), np.zeros(80)])
    found = dg.lyapunov_spectrum(F, rows, steps=20_000)
    z_scores = (found.exponents[:, 1] + 2 * np.log(2)) / found.errors[:, 1]
    assert np.mean(np.abs(z_scores) < 1) > 0.55
    assert np.mean(np.abs(z_scores) < 2) > 0.88
    assert 0.7 < np.sqrt(np.mean(z_scores**2)) < 1.35


def test_henon_to_three_units_in_the_fourth_digit():
    found = dg.lyapunov_spectrum(HENON, dg.Box([-0.1, -0.1], [0.1, 0.1]).sample(64, rng=0),
                                 steps=200_000)  # fmt: skip
    together = found.pooled()
    assert together.alike is YES
    assert abs(together.values[0] - 0.4192) < 3e-4
    assert together.errors[0] < 3e-4
    np.testing.assert_allclose(found.exponents.sum(axis=1), np.log(0.3), atol=1e-11)
    assert found.volume_gap < 1e-11
    first, second = together.values
    expected = 1 + first / abs(second)
    np.testing.assert_allclose(found.dimension.mean(), expected, rtol=1e-3)
    spread = found.dimension.std()
    assert 0.5 * spread < found.dimension_error.mean() < 2 * spread


def test_the_first_exponent_alone_is_that_of_the_spectrum():
    one = dg.lyapunov_spectrum(HENON, [0.1, 0.1], exponents=1, steps=20_000)
    both = dg.lyapunov_spectrum(HENON, [0.1, 0.1], steps=20_000)
    np.testing.assert_allclose(one.exponents[0, 0], both.exponents[0, 0], atol=1e-8)
    assert np.isnan(one.dimension[0])  # one positive exponent does not determine it
    assert np.isnan(one.volume_gap)


@pytest.mark.parametrize(
    ("value", "period", "exponent"),
    [
        ("13/4", 2, np.log(abs(4 + 2 * 3.25 - 3.25**2)) / 2),
        ("5/2", 1, np.log(0.5)),
        (2, 1, -np.inf),
        (1 + sp.sqrt(5), 2, -np.inf),
    ],
)
def test_on_a_cycle_exponents_are_those_of_the_multipliers(value, period, exponent):
    found = dg.lyapunov_spectrum(LOGISTIC.at(r=value), [[0.3], [0.4]], steps=2_000)
    assert found.course == (dg.OrbitCourse.CYCLE,) * 2
    assert found.periods.tolist() == [period] * 2
    np.testing.assert_allclose(found.exponents[:, 0], exponent, rtol=1e-9)
    assert not found.errors.any()
    assert (found.converged == YES).all()
    assert (found.positive() == NO).all()
    assert found.dimension.tolist() == [0, 0]
    assert found.pooled().alike is YES


def test_the_two_cycle_of_the_product():
    """Multipliers 9 - 2a² along the balanced line and 3 - 2 eta across, a = 1 + eta."""
    step = 1.1
    found = dg.lyapunov_spectrum(GRADIENT.at(eta="11/10"), [0.8, 0.9], steps=2_000)
    expected = np.sort(np.log(np.abs([9 - 2 * (1 + step) ** 2, 3 - 2 * step])) / 2)[::-1]
    np.testing.assert_allclose(found.exponents[0], expected, rtol=1e-12)


def test_complex_multipliers_share_their_modulus():
    c, s = sp.Rational(3, 10), sp.Rational(4, 10)
    F = dg.SymbolicMap([c * x - s * y, s * x + c * y, z / 3], [x, y, z])
    found = dg.lyapunov_spectrum(F, [1, 1, 1], steps=2_000)
    np.testing.assert_allclose(found.exponents[0], np.log([0.5, 0.5, 1 / 3]), rtol=1e-12)


def test_small_multipliers_are_not_lost_in_rounding():
    """Hénon's fixed point and a cycle whose multipliers differ by ten orders of magnitude."""
    F = dg.SymbolicMap([x / 2 + y, sp.Float(1e-12) * y], [x, y])
    found = dg.lyapunov_spectrum(F, [1, 1], steps=2_000)
    np.testing.assert_allclose(found.exponents[0], np.log([0.5, 1e-12]), rtol=1e-9)


def test_a_start_on_an_unstable_cycle_is_said_to_be_there():
    found = dg.lyapunov_spectrum(LOGISTIC.at(r=4), [[0.0], [0.75]], steps=2_000)
    assert found.course == (dg.OrbitCourse.UNSTABLE_CYCLE,) * 2
    np.testing.assert_allclose(found.exponents[:, 0], np.log([4, 2]))


def test_rounding_that_throws_an_orbit_onto_a_cycle_is_seen():
    """Doubling is exact in binary: every orbit of the tent map ends at 0."""
    tent = dg.SymbolicMap([1 - sp.Abs(1 - 2 * x)], [x])
    found = dg.lyapunov_spectrum(tent, [0.3], steps=2_000)
    assert found.course == (dg.OrbitCourse.UNSTABLE_CYCLE,)


def test_growth_like_a_power_has_not_converged_and_has_no_sign():
    shear = dg.SymbolicMap([x + y, y], [x, y])
    found = dg.lyapunov_spectrum(shear, [0.1, 0.2], steps=20_000, transient=100)
    assert found.exponents[0, 0] > 0
    assert (found.converged == NO).all()
    assert (found.positive() == UNDECIDED).all()
    assert "2 not converged of 2" in found.headline()


def test_a_slow_transient_has_not_converged():
    """At a flip the distance falls like 1/√t: the exponent goes to 0 like log t / t."""
    found = dg.lyapunov_spectrum(LOGISTIC.at(r=3), [0.4], steps=20_000, transient=0)
    assert found.converged[0, 0] is NO


def test_a_rotation_has_zero_exponents():
    c, s = sp.Rational(3, 5), sp.Rational(4, 5)
    found = dg.lyapunov_spectrum(dg.SymbolicMap([c * x - s * y, s * x + c * y], [x, y]), [1, 0])
    np.testing.assert_allclose(found.exponents, 0, atol=1e-12)
    assert (found.converged == YES).all()
    assert found.dimension[0] == 2


def test_escaping_orbits_have_none_and_leave_the_others_alone():
    found = dg.lyapunov_spectrum(HENON, [[0.1, 0.1], [9, 9]], steps=5_000)
    alone = dg.lyapunov_spectrum(HENON, [0.1, 0.1], steps=5_000)
    assert found.course == (dg.OrbitCourse.APERIODIC, dg.OrbitCourse.ESCAPED)
    np.testing.assert_array_equal(found.exponents[0], alone.exponents[0])
    assert np.isnan(found.exponents[1]).all()
    assert (found.converged[1] == NO).all()
    assert found.pooled().orbits == 1
    lost = dg.lyapunov_spectrum(HENON, [[9, 9], [8, 8]], steps=1_000)
    assert "all of which escaped" in lost.headline()


def test_several_attractors_are_not_averaged_in_silence():
    well = dg.SymbolicMap([sp.Piecewise((x / 2, x < 0), (4 * x * (1 - x), True))], [x])
    found = dg.lyapunov_spectrum(well, [[-1.0], [0.3], [0.4]], steps=5_000)
    assert found.pooled().alike is NO


def test_orbits_that_collapse_onto_the_diagonal_are_marked():
    found = dg.lyapunov_spectrum(GRADIENT.at(eta="8/5"), [[0.7, 0.9], [0.7, 0.7]], steps=5_000)
    assert found.collapsed.tolist() == [True, False]
    assert "collapsed" in dict(found.rows())
    np.testing.assert_allclose(found.exponents[0], found.exponents[1], atol=0.1)


def test_sums_of_volumes_are_checked():
    found = dg.lyapunov_spectrum(GRADIENT.at(eta="8/5"), [0.7, 0.9], steps=5_000)
    assert found.volume_gap < 1e-10


def test_a_momentum_map_starts_at_rest_at_points_of_the_loss():
    F = dg.HeavyBall(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "1/10", "1/2")
    found = dg.lyapunov_spectrum(F, [0.3], steps=2_000)
    assert found.exponents.shape == (1, 2)
    product = np.exp(found.exponents[0].sum())
    assert product == pytest.approx(0.5)  # the determinant is the momentum


def test_a_network():
    rng = np.random.default_rng(0)
    net = dg.MLP((1, 3, 1), dg.Activation.TANH, rng.standard_normal((6, 1)),
                 rng.standard_normal((6, 1)), dg.DataLoss.SQUARED)  # fmt: skip
    F = dg.GradientDescent(net, "1/10")
    found = dg.lyapunov_spectrum(F, rng.standard_normal((2, net.dimension)), exponents=2,
                                 steps=1_000)  # fmt: skip
    assert found.exponents.shape == (2, 2)
    assert (found.exponents < 1e-2).all()


def test_the_same_bits_for_any_number_of_workers():
    rows = dg.Box([-0.1, -0.1], [0.1, 0.1]).sample(600, rng=0)
    alone = dg.lyapunov_spectrum(HENON, rows, steps=500)
    calls = []
    with ThreadPoolExecutor(3) as pool:
        other = dg.lyapunov_spectrum(
            HENON, rows, steps=500, executor=pool, progress=lambda *done: calls.append(done)
        )
    np.testing.assert_array_equal(alone.exponents, other.exponents)
    np.testing.assert_array_equal(alone.errors, other.errors)
    assert calls == [(256, 600), (512, 600), (600, 600)]


@pytest.mark.parametrize(
    ("exponents", "d", "expected"),
    [
        ([0.5, -1.0], 2, 1.5),
        ([0.5, 0.1, -1.0], 3, 2.6),
        ([-0.5, -1.0], 2, 0.0),
        ([0.5, -0.25], 2, 2.0),
        ([0.0, -1.0], 2, 1.0),
        ([-1e-16, -1.0], 2, 1.0),
        ([0.3, -0.3 - 1e-16], 2, 2.0),
        ([0.5], 2, np.nan),
        ([0.5, -np.inf], 2, 1.0),
        ([np.nan, 1.0], 2, np.nan),
    ],
)
def test_kaplan_yorke(exponents, d, expected):
    assert kaplan_yorke(np.array([exponents]), d)[0] == pytest.approx(expected, nan_ok=True)


def test_an_orbit_that_still_creeps_towards_a_cycle_is_not_called_cyclic():
    """At the fold 1 + √8 of period 3 the distance falls like 1/t, at a flip like 1/√t."""
    for value, start in ((1 + sp.sqrt(8), 0.5), (3, 0.4)):
        found = dg.lyapunov_spectrum(LOGISTIC.at(r=value), [start], steps=100_000)
        assert found.course == (dg.OrbitCourse.APERIODIC,)
        assert found.converged[0, 0] is not YES
    found = dg.lyapunov_spectrum(LOGISTIC.at(r="299/100"), [0.4], steps=2_000)
    assert found.exponents[0, 0] == pytest.approx(np.log(0.99), rel=1e-9)


def test_on_a_family_of_minima_one_exponent_is_zero():
    found = dg.lyapunov_spectrum(GRADIENT.at(eta="1/2"), [1.2, 0.9], steps=1_000)
    assert found.course == (dg.OrbitCourse.CYCLE,)
    assert found.exponents[0, 0] == pytest.approx(0, abs=1e-12)
    assert found.dimension[0] == 0  # it is a point


@pytest.mark.parametrize("scale", [-11, -8, 8])
def test_cycles_and_chaos_are_told_apart_at_any_scale(scale):
    size = sp.Integer(10) ** scale
    starts = float(size) * np.linspace(0.11, 0.93, 40)[:, None]
    for a, periods in ((4, {0}), (sp.Rational(5, 2), {1}), (sp.Rational(16, 5), {2})):
        F = dg.SymbolicMap([a * x * (1 - x / size)], [x])
        found = dg.lyapunov_spectrum(F, starts, steps=1_000)
        assert set(found.periods.tolist()) == periods


def test_an_exponent_that_vanishes_to_rounding_has_no_sign():
    found = dg.lyapunov_spectrum(GRADIENT.at(eta="1/2"), [0.5, 0.4], steps=1_000)
    assert abs(found.exponents[0, 0]) < 1e-12
    assert found.positive()[0].tolist() == [UNDECIDED, NO]


def test_the_headline_counts_orbits_that_escaped_apart():
    found = dg.lyapunov_spectrum(CUBIC, [[0.3], [5.0]], steps=1_000)
    assert found.headline().startswith("Lyapunov spectra of 2 orbits (1 escaped), on average 1.0")
    assert found.headline().endswith("; converged")


def test_an_orbit_that_escaped_has_no_numbers_in_its_headline():
    found = dg.lyapunov_spectrum(HENON, [5.0, 5.0], steps=100)
    assert found.headline() == "Lyapunov spectrum: none, the orbit escaped"

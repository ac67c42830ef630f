"""Cycles, tori and chaos with known periods, multipliers and exponents."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import (
    Budget,
    Detail,
    Fate,
    GradientDescent,
    LinearNetwork,
    Loss,
    SymbolicMap,
    data,
    simulate,
)
from dynsys_gd.engine.arithmetic import Arithmetic
from dynsys_gd.engine.kernel import RowsKernel
from dynsys_gd.ensembles.lyapunov import lyapunov_exponents
from dynsys_gd.thresholds.critical import critical_step_size
from dynsys_gd.thresholds.flattest import near_flattest

x, y, u, v, r = sp.symbols("x y u v r")
W = sp.symbols("w1:5")
LOGISTIC = SymbolicMap([r * x * (1 - x)], [x])


def diagonal(depth, step_size, n=40):
    """Starts on the balanced slice of the scalar chain of this depth."""
    F = GradientDescent(Loss((sp.prod(W[:depth]) - 1) ** 2 / 2, W[:depth]), step_size)
    s = np.random.default_rng(0).uniform(0.5, 1.1, (n, 1))
    return simulate(F, np.repeat(s, depth, axis=1))


def test_the_two_cycle_of_the_product_loss_has_its_two_multipliers():
    """uv = 1, u² + v² = a with a = 1 + η in scaled variables; multipliers 9 - 2a², 3 - 2η."""
    F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "11/10")
    fates = simulate(F, np.random.default_rng(0).uniform(0.4, 1.2, (100, 2)))
    cycling = fates.where(Detail.STABLE_CYCLE)
    assert cycling.sum() > 90
    assert set(fates.period[cycling]) == {2}
    np.testing.assert_allclose(fates.multiplier[cycling], 3 - 2 * 1.1, rtol=1e-9)
    first = fates.limit[cycling]
    second = F(first)
    np.testing.assert_allclose(first[:, 0], first[:, 1], rtol=1e-9)
    np.testing.assert_allclose(1.1 * first[:, 0] * second[:, 0], 1.0, rtol=1e-9)
    np.testing.assert_allclose(1.1 * (first**2 + second**2)[:, 0], 2.1, rtol=1e-9)
    assert np.isnan(fates.exponent[cycling]).all()


@pytest.mark.parametrize(
    ("depth", "step_size", "period"),
    [
        (2, "99/100", 1),  # flip at 1
        (2, "12/10", 2),  # at √5 - 1 = 1.23607
        (2, "125/100", 4),  # at 1.28803
        (2, "1295/1000", 8),  # at 1.29923
        (2, "13/10", 16),
        (3, "8/10", 2),  # flips .66667 .82974 .86694
        (3, "84/100", 4),
        (4, "6/10", 2),  # flips .5 .62358 .65207
        (4, "64/100", 4),
    ],
)
def test_period_doubling_of_scalar_chains(depth, step_size, period):
    fates = diagonal(depth, step_size)
    decided = fates.period[fates.where(Fate.CONVERGED) | fates.where(Fate.CYCLING)]
    assert decided.size > 0.9 * len(fates)
    assert set(decided) == {period}


@pytest.mark.parametrize(
    ("value", "period"), [("3.2", 2), ("3.5", 4), ("3.56", 8), ("3.83", 3), ("3.7389", 5)]
)
def test_least_periods_of_the_logistic_map(value, period):
    fates = simulate(LOGISTIC.at(r=value), np.random.default_rng(0).uniform(0.1, 0.9, (30, 1)))
    assert fates.count(Detail.STABLE_CYCLE) == 30
    assert set(fates.period) == {period}


def test_superstable_cycles_have_multiplier_zero():
    """r = 1 + √5: the critical point 1/2 has period 2."""
    fates = simulate(LOGISTIC.at(r=1 + sp.sqrt(5)), [[0.3]])
    assert fates.period[0] == 2
    assert fates.multiplier[0] < 1e-6


def test_a_period_above_the_cap_is_not_a_cycle():
    fates = simulate(LOGISTIC.at(r="3.5"), [[0.3]], budget=Budget(max_period=3))
    assert fates.count(Detail.BUDGET_SPENT) == 1
    assert fates.exponent[0] < 0


def test_a_family_of_cycles_is_a_stable_cycle():
    """(xu + yv - 1)²/2 is symmetric under rotations, so its 2-cycles come in circles."""
    F = GradientDescent(Loss((x * u + y * v - 1) ** 2 / 2, [x, y, u, v]), "11/10")
    fates = simulate(F, np.random.default_rng(0).normal(0, 0.4, (60, 4)))
    cycling = fates.where(Detail.STABLE_CYCLE)
    assert cycling.sum() > 40
    np.testing.assert_allclose(fates.multiplier[cycling], 0.8, rtol=1e-6)


def test_neutral_cycles_are_undecided():
    fates = simulate(SymbolicMap([-y, x], [x, y]), np.random.default_rng(0).normal(size=(20, 2)))
    assert fates.count(Detail.NEUTRAL_CYCLE) == 20
    assert set(fates.period) == {4}
    assert set(fates.fate) == {Fate.UNDECIDED}


def test_a_float_orbit_held_on_a_repelling_cycle_is_an_artefact():
    """x - 2x³ maps 1 to -1 and back, exactly; the derivative there is -5 twice."""
    fates = simulate(SymbolicMap([x - 2 * x**3], [x]), [[-1.0]])
    assert fates.count(Detail.CYCLE_ARTEFACT) == 1
    assert fates.multiplier[0] == pytest.approx(25.0)
    assert fates.period[0] == 2


def test_rotation_is_quasi_periodic():
    c, s = sp.cos(1), sp.sin(1)
    F = SymbolicMap([c * x - s * y, s * x + c * y], [x, y])
    fates = simulate(F, np.random.default_rng(0).normal(size=(20, 2)))
    assert fates.count(Detail.QUASI_PERIODIC) == 20
    assert np.abs(fates.exponent).max() < 1e-3


@pytest.mark.parametrize(
    ("F", "starts", "exponent", "error"),
    [
        (LOGISTIC.at(r=4), [[0.3], [0.123], [0.77]], np.log(2), 2e-3),
        (
            SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y]),
            [[0.1, 0.1], [0.0, 0.0], [-0.1, 0.05]],
            0.419,
            0.01,
        ),
        (
            GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), 2),
            [[0.3, 0.3], [0.8, 0.8], [1.1, 1.1]],
            np.log(3),
            5e-3,
        ),
    ],
    ids=["logistic", "Hénon", "product loss at its crisis"],
)
def test_known_lyapunov_exponents(F, starts, exponent, error):
    fates = simulate(F, starts, budget=Budget(steps=2**12, lyapunov_steps=2**13))
    assert fates.count(Detail.CHAOTIC) == len(fates)
    np.testing.assert_allclose(fates.exponent, exponent, atol=error)


def test_difference_quotients_agree_with_jacobians():
    """Nine uncoupled logistic maps have too many coordinates for Jacobians; one has few."""
    many = sp.symbols("q1:10")
    F = SymbolicMap([4 * q * (1 - q) for q in many], many)
    starts = np.random.default_rng(0).uniform(0.1, 0.9, (4, 9))
    wide = lyapunov_exponents(F.kernel(), starts, Budget())
    assert np.all(np.abs(wide.mean - np.log(2)) < 5 * wide.error + 0.02)


def test_one_exponent_by_both_ways():
    F = SymbolicMap([sp.sin(3 * x) * 2, x / 2 + y / 3], [x, y])
    tape = F.kernel()
    start = np.array([[0.4, 0.1]])
    padded = RowsKernel(
        9,
        lambda s: tuple(np.hstack([part, np.zeros((len(s), 7))]) for part in tape.step(s[:, :2])),
        lambda s: np.full((len(s), 9, 9), np.nan),  # must not be asked for
    )
    budget = Budget(arithmetic=Arithmetic.NUMPY)  # the orbit is chaotic: it must be the same one
    few = lyapunov_exponents(tape, start, budget)
    wide = lyapunov_exponents(padded, np.hstack([start, np.zeros((1, 7))]), budget)
    assert wide.mean[0] == pytest.approx(few.mean[0], abs=1e-5)


def test_weak_instability_below_the_power_of_time_is_not_called_chaos():
    """An area-preserving twist shears: tangents grow like t, exponents like log(t)/t."""
    c, s = sp.cos(1), sp.sin(1)
    F = SymbolicMap([c * x - s * (y - x**2), s * x + c * (y - x**2)], [x, y])
    fates = simulate(F, np.random.default_rng(0).uniform(-0.2, 0.2, (30, 2)))
    assert fates.count(Detail.CHAOTIC) == 0
    assert fates.count(Detail.QUASI_PERIODIC) > 25


@pytest.mark.parametrize(("ratio", "detail"), [(0.98, Detail.MINIMUM), (1.02, Detail.STABLE_CYCLE)])
def test_iris_networks_change_at_their_critical_step_size(ratio, detail):
    """Multipliers up to 0.9995 on both sides: slow directions must not be left undecided."""
    X, Y = data.iris()
    net = LinearNetwork(widths=(4, 3, 3), X=X, Y=Y)
    threshold = critical_step_size(net)
    flattest = np.atleast_2d(threshold.attained_at)[0]
    around = np.random.default_rng(0).normal(size=(6, net.dimension))
    around *= 0.005 * np.linalg.norm(flattest) / np.linalg.norm(around, axis=1, keepdims=True)
    fates = simulate(GradientDescent(net, ratio * threshold.value), flattest + around)
    assert fates.count(detail) == len(fates)


def test_an_orbit_that_is_settling_is_not_called_quasi_periodic():
    """Along a family of cycles the exponent is zero, whatever the orbit does across it."""
    X, Y = data.iris()
    net = LinearNetwork(widths=(4, 8, 3), X=X, Y=Y)
    threshold = critical_step_size(net)
    F = GradientDescent(net, 1.02 * threshold.value)
    starts = near_flattest(net).sample(12, rng=0)
    early = simulate(F, starts, budget=Budget(steps=4096))
    assert early.count(Detail.QUASI_PERIODIC) == 0
    assert early.count(Detail.BUDGET_SPENT) > 6
    assert simulate(F, starts).count(Detail.STABLE_CYCLE) == 12

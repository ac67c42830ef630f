"""The ten traps of floating-point orbits, each with a known answer."""

import flint
import numpy as np
import pytest
import sympy as sp

from dynsys_gd import (
    Budget,
    Detail,
    Fate,
    Grade,
    GradientDescent,
    Loss,
    SymbolicMap,
    simulate,
)

x, y = sp.symbols("x y")
W = sp.symbols("w1:5")
GONE = {Detail.DIVERGED}


def chain(depth, step_size):
    """Gradient descent on (w_1 … w_N - 1)²/2, critical step size 2/N."""
    return GradientDescent(Loss((sp.prod(W[:depth]) - 1) ** 2 / 2, W[:depth]), step_size)


def one(expression, step_size):
    return GradientDescent(Loss(expression, [x]), step_size)


def normal(n, d, seed=0, scale=1.0):
    return np.random.default_rng(seed).normal(0, scale, (n, d))


def test_1_a_small_gradient_at_a_degenerate_saddle_is_no_convergence():
    """Depth 3 beyond the capture value 1.2203: orbits rest at 0 for ever longer."""
    F = chain(3, "5/4")
    fates = simulate(F, normal(100, 3, scale=0.5))
    ends = F.iterate(fates.starts, fates.budget.steps)
    with np.errstate(invalid="ignore"):
        resting = np.linalg.norm(F.loss.gradient_at(ends), axis=1) < 1e-8
    assert resting.mean() > 0.2  # a test of the final gradient would count these
    assert fates.count(Fate.CONVERGED) == 0
    assert np.all(fates.fate[resting] == Fate.UNDECIDED)
    assert fates.count(Detail.DEGENERATE_UNSTABLE_APPROACH) > 0.2 * len(fates)


@pytest.mark.parametrize("recurrence", [1e-6, 1e-3])
def test_2_slow_decay_is_not_read_as_period_two(recurrence):
    """At the critical step size the residual falls like t^(-1/2) while it alternates."""
    fates = simulate(chain(2, 1), normal(100, 2), budget=Budget(recurrence=recurrence))
    slow = fates.where(Detail.SLOW_DECAY)
    assert fates.count(Fate.CONVERGED) == fates.count(Fate.CYCLING) == 0
    assert slow.sum() > 0.7 * len(fates)
    assert np.median(fates.decay[slow]) == pytest.approx(-0.5, abs=0.01)
    assert np.isnan(fates.decay[~slow]).all()


def test_2_just_below_the_threshold_nothing_is_called_a_cycle():
    fates = simulate(chain(4, "999/2000"), normal(100, 4))
    assert fates.count(Fate.CYCLING) == 0
    assert fates.count(Detail.SLOW_DECAY) > 0.5 * len(fates)


def test_3_starts_within_the_tolerance_of_an_unstable_minimum_leak_through():
    u = np.random.default_rng(0).uniform(0.5, 2, 200)
    starts = np.stack([u, 1 / u], axis=1) + normal(200, 2, 1, scale=1e-8)
    F = chain(2, "101/100")
    three = np.stack([F.iterate(starts, k) for k in (1, 2, 3)])
    assert np.linalg.norm(F.loss.gradient_at(three), axis=2).max() < 1e-5
    assert simulate(F, starts).count(Fate.CONVERGED) == 0


def test_3_on_the_minima_themselves_the_multiplier_speaks():
    fates = simulate(chain(2, "101/100"), [[1, 1], [2, 0.5], [4, 0.25]])
    assert fates.count(Detail.UNSTABLE_POINT_REACHED) == 3
    sharpness = np.array([2, 4.25, 16.0625])
    np.testing.assert_allclose(fates.multiplier, 1.01 * sharpness - 1, rtol=1e-12)


def test_4_dyadic_maps_fall_onto_a_repelling_point():
    """x -> 1 - 2|x| sends every binary fraction to -1, whose multiplier is 2."""
    F = SymbolicMap([1 - 2 * sp.Abs(x)], [x])
    fates = simulate(F, np.random.default_rng(0).uniform(-1, 1, (200, 1)))
    np.testing.assert_array_equal(F.iterate(fates.starts, 80), -1.0)
    assert fates.count(Detail.UNSTABLE_POINT_REACHED) == len(fates)
    np.testing.assert_allclose(fates.multiplier, 2.0)


def test_5_an_underflowed_gradient_is_not_a_minimum():
    F = one((sp.tanh(x) - sp.Rational(1, 2)) ** 2 / 2, 100)
    fates = simulate(F, normal(200, 1))
    ends = F.iterate(fates.starts, 2000)
    assert np.mean(np.abs(F.loss.gradient_at(ends)) < 1e-9) > 0.5
    assert fates.count(Fate.CONVERGED) == 0
    assert fates.count(Detail.UNDERFLOW_PLATEAU) > 0.5 * len(fates)


@pytest.mark.parametrize(("step_size", "reach"), [("3/2", 3.0), ("5/2", 0.0)])
def test_5_a_dead_cell_is_a_plateau_and_told_apart(step_size, reach):
    """(relu(w) - 1)²/2: w <= 0 is dead; at 3/2 exactly (0, 3) reaches the minimum, at 5/2 none."""
    F = one((sp.Max(x, 0) - 1) ** 2 / 2, step_size)
    fates = simulate(F, normal(300, 1, scale=2.0))
    start = fates.starts[:, 0]
    expected = np.where((start > 0) & (start < reach), Detail.MINIMUM, Detail.PLATEAU)
    np.testing.assert_array_equal(fates.detail, expected)


def test_5_dead_coordinates_beside_a_live_minimum_are_told_apart():
    """u·relu(v) + b fits 1 by b alone once v is dead."""
    u, v, b = sp.symbols("u v b")
    F = GradientDescent(Loss((u * sp.Max(v, 0) + b - 1) ** 2 / 2, [u, v, b]), "1/2")
    fates = simulate(F, [[1.0, -1.0, 0.0], [0.5, 0.5, 0.0]])
    assert [Detail(code) for code in fates.detail] == [Detail.PARTIAL_PLATEAU, Detail.MINIMUM]


def test_5_saturated_coordinates_of_an_analytic_loss_are_not_dead():
    """At v = 50 the derivative of tanh is 0 in floating point and e^-100 in truth: with an error
    left over v moves for ever; at zero loss it stops."""
    u, v, b = sp.symbols("u v b")
    fits = (u * sp.tanh(v) + b - 1) ** 2 / 2
    starts = [[1.0, 50.0, 0.0], [1.0, 0.5, 0.0]]
    exact, torn = (
        simulate(GradientDescent(Loss(f, [u, v, b]), "1/4"), starts)
        for f in (fits, fits + (u * sp.tanh(2 * v) + b - 3) ** 2 / 2)
    )
    assert exact.count(Detail.MINIMUM) == 2
    assert torn.where(Detail.UNDERFLOW_PLATEAU)[0]


def test_5_a_coordinate_that_plays_no_part_is_not_dead_either():
    assert simulate(GradientDescent(Loss(x**2 / 2, [x, y]), "1/2"), [[1, 7]]).count(Detail.MINIMUM)


def test_6_a_step_lost_to_rounding_is_not_convergence():
    fates = simulate(one(sp.log(sp.cosh(x)), "1/2"), [[1e17], [-1e18], [3.0]])
    stuck, arrived = fates.where(Detail.STAGNATED_ROUNDING), fates.where(Detail.MINIMUM)
    np.testing.assert_array_equal(stuck, [True, True, False])
    np.testing.assert_array_equal(arrived, [False, False, True])
    np.testing.assert_allclose(fates.residual[stuck], 1.0)


def test_6_the_tail_of_the_logistic_loss_is_no_limit():
    fates = simulate(one(sp.log(1 + sp.exp(-x)), "1/2"), [[40.0], [800.0], [0.0]])
    assert fates.count(Fate.UNDECIDED) == 3
    assert fates.where(Detail.SLOW_DECAY)[2]
    assert fates.decay[2] == pytest.approx(-1.0, abs=0.02)


def test_7_transient_chaos_is_bounded_up_to_the_budget_only():
    """Just beyond the crisis at 2 most orbits live 1000 steps and few live 10 000."""
    s = np.random.default_rng(0).uniform(-1.4, 1.4, 200)
    F = chain(2, sp.Integer(2) + sp.Rational(1, 10**6))
    short, long = (
        simulate(F, np.stack([s, s], axis=1), budget=Budget(steps=n, lyapunov_steps=64))
        for n in (2**10, 2**14)
    )
    assert "bounded up to 1024 steps" in repr(short)
    assert short.count(Fate.BOUNDED) > 0.5 * len(short)
    assert long.count(Fate.BOUNDED) < 0.1 * len(long)
    assert long.count(Detail.DIVERGED) > 0.9 * len(long)


@pytest.mark.parametrize("step_size", ["21/10", "2001/1000"])
def test_8_geometric_growth_is_divergence_however_slow(step_size):
    fates = simulate(one(x**2 / 2, step_size), normal(50, 1))
    assert fates.count(Detail.DIVERGED) == len(fates)
    assert np.isnan(fates.limit).all()


def test_8_a_steady_drift_is_not_divergence():
    """-cos x at 2π: orbits gain 2π a step for ever."""
    fates = simulate(one(-sp.cos(x), 2 * sp.pi), normal(50, 1))
    assert fates.count(Detail.UNBOUNDED_DRIFT) == len(fates)


@pytest.mark.parametrize("step_size", [5, 1000])
def test_8_diffusion_is_neither_divergence_nor_convergence(step_size):
    fates = simulate(one(-sp.cos(x), step_size), normal(100, 1))
    assert fates.count(Detail.DIVERGED) == fates.count(Fate.CONVERGED) == 0
    assert fates.count(Detail.UNBOUNDED_DRIFT) > 0.7 * len(fates)
    assert fates.count(Fate.BOUNDED) < 0.05 * len(fates)


def test_8_a_minimum_far_out_is_reached_all_the_same():
    fates = simulate(chain(2, sp.Rational(1, 10**8)), [[1e4, 1.1e-4]])
    assert fates.count(Detail.MINIMUM) == 1


def wide_well(size, step_size):
    """A maximum at 0, between minima at 0.8799·size where ηλ = 8.21 η; near 0, x -> (1 + η/2) x."""
    s = x / size
    return one(size**2 * (-(s**2) / 4 - s**4 + s**6), step_size)


@pytest.mark.parametrize("size", [5000, 10**4, 10**6, 10**10])
@pytest.mark.parametrize("step_size", ["1/5", "1/20"])
def test_8_exponential_growth_towards_a_far_minimum_is_not_divergence(size, step_size):
    """Orbits by hand reach the minimum; ratios 1.1 and 1.025, on both sides of the rule's 1.05."""
    F = wide_well(size, step_size)
    starts = np.concatenate([np.linspace(-2, 2, 20), [1.0]])[:, None]
    fates = simulate(F, starts)
    assert fates.count(Detail.MINIMUM) == len(fates)
    by_hand = F.iterate(starts, 4000)
    np.testing.assert_allclose(fates.limit, by_hand, rtol=1e-12)
    np.testing.assert_allclose(np.abs(by_hand), np.sqrt((2 + np.sqrt(7)) / 6) * size, rtol=1e-12)


def test_8_a_start_beyond_the_far_minimum_diverges_all_the_same():
    fates = simulate(wide_well(10**6, "1/5"), [[1.0], [1e7], [-1e8]])
    assert [Detail(code) for code in fates.detail] == [Detail.MINIMUM] + [Detail.DIVERGED] * 2


@pytest.mark.parametrize(("steps", "detail"), [(2**14, "BUDGET_SPENT"), (2**15, "MINIMUM")])
def test_8_growth_that_has_not_shown_where_it_goes_is_undecided(steps, detail):
    """At ratio 1.001 orbits take some 18 000 steps to the minimum; the quadratic that grows as fast
    is told apart by what the map does farther out."""
    fates = simulate(wide_well(10**8, "1/500"), [[1.0], [-1.0]], budget=Budget(steps=steps))
    assert fates.count(Detail[detail]) == 2
    quadratic = one(x**2 / 2, "2001/1000")
    assert simulate(quadratic, [[1.0]], budget=Budget(steps=steps)).count(Detail.DIVERGED) == 1


def test_8_a_far_minimum_reached_during_the_last_window_is_a_limit():
    """Some 12 000 of 16 384 steps at ratio 1.00125: the largest residual is in the last window."""
    fates = simulate(wide_well(10**6, "1/400"), [[1.0], [-1.0]])
    assert fates.count(Detail.MINIMUM) == 2


def test_8_a_budget_that_ends_before_the_horizon_leaves_growth_undecided():
    F = one(x**2 / 2, "21/10")
    assert simulate(F, [[1.0]], budget=Budget(steps=80)).count(Detail.BUDGET_SPENT) == 1
    small = Budget(steps=80, radius=100.0, horizon=100.0)
    assert simulate(F, [[1.0]], budget=small).count(Detail.DIVERGED) == 1


def test_8_the_evidence_says_what_escape_means():
    reason = simulate(wide_well(10**6, "1/5"), [[1.0]]).evidence.reason
    assert "escape: overflow, or growth still unchecked at 1e+12 times" in reason


def test_9_chaotic_float_orbits_do_not_land_on_fixed_points():
    F = SymbolicMap([sp.Rational(29, 10) * x - x**3], [x])
    fates = simulate(F, np.random.default_rng(0).uniform(-1, 1, (200, 1)))
    assert fates.count(Detail.CHAOTIC) == len(fates)


def test_10_balls_explode_under_iteration_so_fates_claim_no_certificate():
    """400 bits are gone after 450 chaotic steps, though a single step is enclosed tightly."""
    with flint.ctx.workprec(400):
        ball = flint.arb("0.3")
        once = 4 * ball * (1 - ball)
        for _ in range(450):
            ball = 4 * ball * (1 - ball)
    assert float(once.rad()) < 1e-100
    assert float(ball.rad()) > 1
    logistic = SymbolicMap([4 * x * (1 - x)], [x])
    assert simulate(logistic, [[0.3]]).evidence.grade is Grade.NUMERICAL

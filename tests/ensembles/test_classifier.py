"""Every label of the classifier on a case whose answer is known."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import (
    Box,
    Budget,
    Detail,
    Fate,
    GradientDescent,
    HeavyBall,
    Loss,
    MinibatchCycle,
    Nesterov,
    SymbolicMap,
    simulate,
)

x, y, z = sp.symbols("x y z")
PRODUCT = Loss((x * y - 1) ** 2 / 2, [x, y])


def descent(expression, step_size, variables=(x,)):
    return GradientDescent(Loss(expression, list(variables)), step_size)


def details(F, starts):
    return [Detail(code) for code in simulate(F, starts).detail]


def uniform(n, d, reach, seed=0):
    return np.random.default_rng(seed).uniform(-reach, reach, (n, d))


# ── limits ──────────────────────────────────────────────────────────────────────────────────────


def test_minima_of_a_family_are_not_called_marginal():
    """Along xy = 1 the Hessian has a kernel: its multiplier 1 is left out."""
    fates = simulate(GradientDescent(PRODUCT, "1/2"), uniform(300, 2, 1.5))
    arrived = fates.where(Detail.MINIMUM)
    assert arrived.sum() > 250
    np.testing.assert_allclose(fates.limit[arrived].prod(axis=1), 1.0, rtol=1e-12)
    sharpness = np.square(fates.limit[arrived]).sum(axis=1)
    np.testing.assert_allclose(fates.multiplier[arrived], abs(1 - sharpness / 2), atol=1e-9)
    assert fates.residual[arrived].max() < 1e-14
    assert np.all(fates.period[arrived] == 1)


def test_the_share_of_the_box_is_the_area_of_the_ellipse():
    """(x² + y² - xy/2)/(8 - 1/2) < 1: p = 2√15·π/36 = 0.675963 on [-3, 3]²."""
    fates = simulate(GradientDescent(PRODUCT, "1/2"), Box([-3, -3], [3, 3]).grid(201))
    u, v = fates.starts.T
    inside = (u**2 + v**2 - u * v / 2) / (8 - 1 / 2) < 1
    off_line = ~np.isclose(u, -v)
    np.testing.assert_array_equal(fates.where(Fate.CONVERGED)[off_line], inside[off_line])
    assert fates.count(Fate.CONVERGED) / len(fates) == pytest.approx(0.675963, abs=4e-3)


def test_orbits_on_the_stable_line_of_a_saddle_are_no_evidence():
    fates = simulate(GradientDescent(PRODUCT, "1/2"), [[1.0, -1.0], [-0.5, 0.5], [0.0, 0.0]])
    assert fates.count(Detail.SADDLE_REACHED) == 3
    np.testing.assert_allclose(fates.multiplier, 1.5, rtol=1e-12)
    assert fates.count(Fate.UNDECIDED) == 3


def test_a_saddle_with_negative_curvature_that_is_passed_is_not_kept():
    F = descent(x**2 / 2 - y**2 / 2 + y**4 / 4, "1/2", (x, y))
    assert details(F, [[1.0, 0.0], [1.0, 1e-12]]) == [Detail.SADDLE_REACHED, Detail.MINIMUM]


@pytest.mark.parametrize(
    ("step_size", "detail"),
    [
        ("1", Detail.MINIMUM),  # C10: singular, all land at once, yet below the threshold
        ("3/2", Detail.MINIMUM),
        ("2", Detail.NEUTRAL_CYCLE),  # C11: at the threshold itself every orbit has period 2
        ("21/10", Detail.DIVERGED),
    ],
)
def test_quadratic(step_size, detail):
    assert set(details(descent(x**2 / 2, step_size), uniform(50, 1, 5.0))) == {detail}


@pytest.mark.parametrize(
    ("step_size", "share", "fate"),
    [("99/100", 0.870, Fate.CONVERGED), ("101/100", 0.870, Fate.CYCLING)],
)
def test_double_well_changes_at_one(step_size, share, fate):
    """A1-f: 0.870 of [-2, 2] converges at 0.99 of the critical step size, none beyond."""
    fates = simulate(descent(x**4 / 4 - x**2 / 2, step_size), uniform(4000, 1, 2.0))
    assert fates.count(fate) / len(fates) == pytest.approx(share, abs=0.02)
    assert fates.count(Fate.ESCAPED) + fates.count(fate) == len(fates)


@pytest.mark.parametrize("step_size", [1, 10**4, 10**8])
def test_the_quartic_converges_inside_its_exact_interval(step_size):
    """C2: x - ηx³ converges for |x| < √(2/η), at the rate t^(-1/2), for every η."""
    edge = np.sqrt(2 / step_size)
    starts = np.linspace(-2 * edge, 2 * edge, 402)[:, None]
    fates = simulate(descent(x**4 / 4, step_size), starts)
    inside = np.abs(starts[:, 0]) < edge
    np.testing.assert_array_equal(fates.where(Detail.DEGENERATE_MINIMUM), inside)
    assert np.abs(fates.limit[inside]).max() < 1e-3 * edge


def test_a_degenerate_direction_beside_a_regular_one():
    assert set(details(descent(x**2 / 2 + y**4, "1/10", (x, y)), uniform(40, 2, 1.0))) == {
        Detail.DEGENERATE_MINIMUM
    }


@pytest.mark.parametrize(
    ("expression", "variables", "starts"),
    [
        (x**2 / 2 + y**3, (x, y), [[1.0, 0.5], [0.0, 0.1]]),  # attracts from one side only
        (x**3 - 3 * x * y**2, (x, y), [[0.5, 0.0], [0.0, 0.0]]),  # monkey saddle
        ((x * y * z - 1) ** 2 / 2, (x, y, z), [[-0.5, -0.5, -0.5]]),  # C12: symmetric start
    ],
)
def test_degenerate_saddles_are_no_minima(expression, variables, starts):
    found = details(descent(expression, "1/10", variables), starts)
    assert set(found) == {Detail.DEGENERATE_UNSTABLE_APPROACH}


def test_a_kink_that_repels_on_its_other_side_is_no_minimum():
    """The multiplier on the left of 0 is 1/2, on the right 3/2."""
    F = descent(sp.Piecewise((x**2 / 2, x <= 0), (-(x**2) / 2, True)), "1/2")
    assert details(F, [[-1.0]]) == [Detail.DEGENERATE_UNSTABLE_APPROACH]


def test_a_kink_that_attracts_from_both_sides_is_a_minimum():
    F = descent(sp.Piecewise((x**2 / 2, x < 0), (x**2 / 4, True)), "1/2")
    assert details(F, [[-1.0], [1.0]]) == [Detail.MINIMUM] * 2


def test_limits_at_zero_product():
    """C14: (xy)²/2 has minima of every sharpness on both axes."""
    fates = simulate(descent((x * y) ** 2 / 2, 1, (x, y)), uniform(200, 2, 1.5))
    arrived = fates.where(Fate.CONVERGED)
    assert arrived.mean() > 0.7
    assert np.abs(fates.limit[arrived].prod(axis=1)).max() < 1e-12


def test_minima_whose_sharpness_falls_to_zero_are_reached_far_out():
    """C5: y²/(2(1 + x²)) at η = 50: limits have |x| >= √(η/2 - 1)."""
    starts = np.random.default_rng(0).normal(size=(200, 2))
    fates = simulate(descent(y**2 / (2 * (1 + x**2)), 50, (x, y)), starts)
    arrived = fates.where(Detail.MINIMUM)
    assert arrived.mean() > 0.5
    assert np.abs(fates.limit[arrived, 0]).min() > np.sqrt(24)
    assert fates.count(Fate.ESCAPED) == 0


def test_separable_data_never_converge():
    """C8: the minimiser of log(1 + e^-x) is at infinity, at every step size."""
    for step_size in ("1/2", 50):
        loss = sp.log(1 + sp.exp(-x))
        fates = simulate(descent(loss, step_size), uniform(20, 1, 2.0), budget=Budget(steps=2**12))
        assert fates.count(Fate.UNDECIDED) == len(fates)


def test_a_logarithm_of_a_negative_number_is_undecided_not_escaped():
    F = descent(x * sp.log(x), 2)
    assert details(F, [[5.0]]) == [Detail.NOT_A_NUMBER]


def test_too_short_a_budget_says_so():
    fates = simulate(GradientDescent(PRODUCT, "1/100"), [[2.0, 2.0]], budget=Budget(steps=40))
    assert fates.count(Detail.BUDGET_SPENT) == 1


# ── other maps ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("step_size", "detail"), [("24/10", Detail.MINIMUM), ("26/10", Detail.DIVERGED)]
)
def test_momentum_moves_the_threshold(step_size, detail):
    """Heavy ball on x²/2 with β = 1/4: critical step size 2(1 + β) = 5/2."""
    F = HeavyBall(Loss(x**2 / 2, [x]), step_size, "1/4")
    assert set(details(F, uniform(20, 1, 3.0))) == {detail}


def test_momentum_along_a_family_of_minima():
    F = Nesterov(PRODUCT, "1/2", "1/4")
    fates = simulate(F, uniform(100, 2, 1.0))
    assert fates.count(Detail.MINIMUM) > 90
    assert fates.limit.shape == (100, 2)
    arrived = fates.where(Detail.MINIMUM)
    np.testing.assert_allclose(fates.limit[arrived].prod(axis=1), 1.0, rtol=1e-12)


def test_starts_may_be_points_at_rest_or_states():
    F = HeavyBall(PRODUCT, "1/2", "1/4")
    points = uniform(20, 2, 1.0)
    at_rest, states = (simulate(F, s) for s in (points, np.hstack([points, points])))
    np.testing.assert_array_equal(at_rest.limit, states.limit)
    np.testing.assert_array_equal(at_rest.detail, states.detail)
    assert at_rest.starts.shape == (20, 2)
    assert states.starts.shape == (20, 4)


def test_the_fixed_point_of_a_minibatch_pass_is_no_minimum_unless_it_interpolates():
    apart = MinibatchCycle([Loss((x - 1) ** 2 / 2, [x]), Loss((x + 1) ** 2, [x])], "1/4")
    together = MinibatchCycle([Loss(x**2 / 2, [x]), Loss(x**2, [x])], "1/4")
    assert details(apart, [[0.3]]) == [Detail.STABLE_POINT]
    assert details(together, [[0.3]]) == [Detail.MINIMUM]


def test_a_map_without_a_loss_has_stable_points():
    F = SymbolicMap([sp.cos(x)], [x])
    fates = simulate(F, [[0.3]])
    assert fates.count(Detail.STABLE_POINT) == 1
    assert fates.limit[0, 0] == pytest.approx(0.7390851332151607, abs=1e-15)
    assert fates.multiplier[0] == pytest.approx(np.sin(0.7390851332151607), rel=1e-14)


def test_shear_is_marginal():
    """(x, y) -> (x + y, y) has a Jordan block at 1: fixed points with y = 0 are not stable."""
    F = SymbolicMap([x + y, y], [x, y])
    assert details(F, [[1.0, 0.0]])[0].fate is Fate.UNDECIDED

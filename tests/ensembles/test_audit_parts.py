"""The parts of the audit one by one: Newton's method, multipliers, families, replays, trends."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import Budget, GradientDescent, Loss, SymbolicMap
from dynsys_gd.ensembles.iterate import PStep, polish, pseudo_step
from dynsys_gd.ensembles.multipliers import GAP, Side, in_a_family, spectrum
from dynsys_gd.ensembles.recurrence import recurrence
from dynsys_gd.ensembles.replay import Return, directions, flat_nearby, returns
from dynsys_gd.ensembles.trends import decay_exponents, drifting, exploding, resting, staying

x, y = sp.symbols("x y")
BUDGET = Budget()


def steps_of(expression, step_size="1/2", variables=(x, y), period=1):
    F = GradientDescent(Loss(expression, list(variables)), step_size)
    return PStep(F, F.kernel(), period)


PRODUCT = (x * y - 1) ** 2 / 2


def test_the_displacement_of_a_gradient_step_is_not_rounded_by_the_sum():
    """Near 10^8 the sum x - η∇L loses the gradient; the displacement keeps it."""
    steps = steps_of((x - 10**8) ** 2 / 2, variables=(x,))
    point = np.array([[1e8 + 1e-8]])  # the nearest double is 1e8 + 1.49e-8
    assert steps.displacement(point)[0, 0] == -0.5 * (point[0, 0] - 1e8) != 0
    assert steps.F(point)[0, 0] - point[0, 0] != steps.displacement(point)[0, 0]


@pytest.mark.parametrize("period", [1, 2, 3])
def test_derivatives_of_p_steps_match_difference_quotients(period):
    steps = steps_of(PRODUCT, period=period)
    point, h = np.array([[0.7, 1.1]]), 1e-6
    columns = [
        (steps.displacement(point + h * e) - steps.displacement(point - h * e))[0] / (2 * h)
        for e in np.eye(2)
    ]
    np.testing.assert_allclose(steps.derivative(point)[0], np.transpose(columns), atol=1e-7)


@pytest.mark.parametrize("symmetric", [True, False])
def test_the_pseudo_inverse_leaves_the_kernel_alone(symmetric):
    A = np.array([[[2.0, 0.0], [0.0, 1e-12]], [[1.0, 1.0], [1.0, 1.0]]])
    r = np.array([[4.0, 5.0], [1.0, 1.0]])
    moves = pseudo_step(A, r, cut=1e-9, symmetric=symmetric)
    np.testing.assert_allclose(moves, [[-2.0, 0.0], [-0.5, -0.5]], atol=1e-12)


def test_rows_that_are_not_finite_stay_where_they_are():
    A = np.array([[[np.nan]], [[2.0]]])
    moves = pseudo_step(A, np.array([[1.0], [1.0]]), cut=1e-9, symmetric=True)
    np.testing.assert_array_equal(moves, [[0.0], [-0.5]])


def test_newton_is_quadratic_at_a_family_and_slow_at_a_degenerate_point():
    found = polish(steps_of(PRODUCT), np.array([[2.0, 0.5001]]), cut=GAP, rounds=4)
    assert found.regular[0]
    assert found.points[0].prod() == pytest.approx(1.0, abs=1e-15)
    slow = polish(steps_of(x**4, variables=(x,)), np.array([[0.01]]), cut=1e-9, rounds=4)
    assert not slow.regular[0]


def test_multipliers_off_the_kernel():
    """At (a, 1/a) the multipliers are 1 - η(a² + 1/a²), and 1 along the curve."""
    steps = steps_of(PRODUCT)
    a = np.array([1.0, 1.5, 2.0])
    here = spectrum(steps, np.stack([a, 1 / a], axis=1), BUDGET)
    np.testing.assert_allclose(here.largest, np.abs(1 - (a**2 + 1 / a**2) / 2), atol=1e-12)
    assert here.kernel.tolist() == [1, 1, 1]
    assert here.side.tolist() == [Side.INSIDE, Side.INSIDE, Side.OUTSIDE]
    assert here.clear.all()
    assert not here.above_one.any()


def test_the_circle_itself_is_neither_side():
    for step_size, side in (("2", Side.ON), ("199/100", Side.INSIDE), ("201/100", Side.OUTSIDE)):
        steps = steps_of(x**2 / 2, step_size, (x,))
        assert spectrum(steps, np.zeros((1, 1)), BUDGET).side[0] == side


@pytest.mark.parametrize("curvature", ["1/1000", "1/100000"])
def test_a_flat_minimum_is_stable_though_its_multiplier_is_near_one(curvature):
    steps = steps_of(sp.Rational(curvature) * x**2 / 2 + y**2 / 2)
    here = spectrum(steps, np.zeros((1, 2)), BUDGET)
    assert here.side[0] == Side.INSIDE
    assert here.kernel[0] == 0


def test_complex_multipliers_are_measured_by_their_modulus():
    for factor, side in (("99/100", Side.INSIDE), ("1", Side.ON), ("101/100", Side.OUTSIDE)):
        k = sp.Rational(factor)
        F = SymbolicMap([-k * y, k * x], [x, y])
        here = spectrum(PStep(F, F.kernel()), np.zeros((1, 2)), BUDGET)
        assert here.side[0] == side
        assert here.largest[0] == pytest.approx(float(k))


def test_a_jordan_block_at_one_is_on_the_circle():
    F = SymbolicMap([x + y, y], [x, y])
    assert spectrum(PStep(F, F.kernel()), np.zeros((1, 2)), BUDGET).side[0] == Side.ON


def test_a_matrix_that_is_not_finite_decides_nothing():
    F = SymbolicMap([sp.sqrt(x)], [x])
    here = spectrum(PStep(F, F.kernel()), np.zeros((1, 1)), BUDGET)
    assert here.side[0] == Side.ON
    assert np.isnan(here.largest[0])


@pytest.mark.parametrize(
    ("expression", "point", "family"),
    [
        (PRODUCT, [2.0, 0.5], True),
        (PRODUCT, [1.0, 1.0], True),
        ((x**2 + y**2 - 1) ** 2, [0.6, 0.8], True),
        (x**2 / 2 + y**4, [0.0, 0.0], False),
        (x**2 / 2 + y**3, [0.0, 0.0], False),
        (x**2 / 2 + y**2 / 2, [0.0, 0.0], False),  # no kernel at all
    ],
)
def test_kernels_of_families_and_of_degenerate_points(expression, point, family):
    assert in_a_family(steps_of(expression, "1/10"), np.array([point]), BUDGET)[0] == family


def test_directions_come_in_pairs_and_from_the_seed():
    u = directions(5, Budget(perturbations=3, seed=4))
    np.testing.assert_allclose(np.linalg.norm(u, axis=1), 1.0)
    np.testing.assert_array_equal(u[:3], -u[3:])
    np.testing.assert_array_equal(u, directions(5, Budget(perturbations=3, seed=4)))
    assert not np.array_equal(u, directions(5, Budget(perturbations=3, seed=5)))


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        (x**2 / 2, Return.ALL),
        (x**4, Return.ALL),
        (-(x**4), Return.SOME_LEFT),
        (x**3, Return.SOME_LEFT),
        (sp.Integer(0) * x + 3 * x, Return.NEITHER),  # a constant gradient shows nothing
    ],
)
def test_perturbed_orbits_come_back_or_leave(expression, answer):
    kernel = GradientDescent(Loss(expression, [x]), "1/10").kernel()
    found = returns(kernel, np.zeros((2, 1)), np.array([1e-3, 0.0]), BUDGET)
    assert found.tolist() == [answer, answer]


def test_flat_entries_of_the_gradient_are_found():
    F = GradientDescent(Loss(sp.Max(x, 0) ** 2 / 2 + y**2 / 2, [x, y]), "1/2")
    points = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    flat = flat_nearby(F.kernel(), points, BUDGET)
    assert flat.tolist() == [[True, False], [False, False], [False, False]]


def test_least_period_from_return_distances():
    t = np.arange(1, 13)
    six = np.abs(np.sin(np.pi * t / 6))
    noisy = six + 1e-9
    fixed = np.full(12, 1e-3)
    nothing = np.zeros(12)
    seen = recurrence(np.stack([six, noisy, fixed, nothing], axis=1), 1e-6)
    assert seen.period.tolist() == [6, 6, 0, 0]
    assert seen.exact.tolist() == [False, False, False, False]
    assert seen.closest[1] == pytest.approx(1e-9, rel=1e-3)


def test_recurrence_of_rows_that_departed_is_nothing():
    seen = recurrence(np.full((4, 1), np.nan), 1e-6)
    assert seen.period[0] == 0
    assert not seen.exact[0]


@pytest.mark.parametrize("p", [-0.5, -1.0, -1.5])
def test_decay_exponents_of_powers(p):
    t = 2.0 ** np.arange(10, 14)
    assert decay_exponents((3 * t**p)[None, :])[0] == pytest.approx(p)


def test_what_is_no_decay():
    rows = np.array([[1.0, 1.0, 1.0, 1.0], [4.0, 2.0, 1.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    assert np.isnan(decay_exponents(rows)).all()
    assert np.isnan(decay_exponents(np.array([[np.nan, 4.0, 2.0, 1.0]]))).all()


def test_growth_faster_than_any_power():
    t = 2.0 ** np.arange(8, 12)
    far = np.full(1, 10.0)
    assert exploding(np.exp(t / 200)[None, :], far)[0]
    for power in (0.5, 1, 3):
        assert not exploding((t**power)[None, :], far)[0]
    assert not exploding(np.exp(t / 200)[None, :], np.full(1, np.inf))[0]


def test_walks_and_attractors():
    t = 2.0 ** np.arange(8, 12)
    steady, one = np.ones((1, 4)), np.ones(1)
    for power, goes in ((0.5, True), (1.0, True), (0.0, False)):
        extent = (20 * t**power)[None, :]
        assert drifting(extent, steady, one)[0] == goes
        assert staying(extent, one)[0] != goes
    slowing = np.array([[8.0, 4.0, 2.0, 1.0]])
    assert not drifting((20 * t)[None, :], slowing, one)[0]
    assert resting(slowing)[0]
    assert not resting(steady)[0]


def test_a_small_orbit_may_still_fill_its_box():
    growing = np.array([[2.0, 2.4, 2.6, 2.8]])
    assert staying(growing, np.ones(1))[0]
    assert not staying(100 * growing, np.ones(1))[0]
    assert staying(np.array([[np.nan, np.nan, 1.0, 3.0]]), np.ones(1))[0]

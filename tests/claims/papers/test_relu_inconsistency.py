"""Exact fits on both sides of 0, networks that interpolate, and runs in which kinks cross."""

from fractions import Fraction

import numpy as np
import pytest

from dynsys_gd import MLP, Activation, Box, GradientDescent
from dynsys_gd.claims.support.crossing_runs import (
    Schedule,
    crossing_runs,
    he_law_with_biases,
    largest_bias,
)
from dynsys_gd.claims.support.half_lines import (
    affine_fits,
    best_pair_loss,
    exact_loss,
    interpolating,
    kinks_stay_between,
    relu_units,
    tangent_step_sizes,
    without_fits,
)

X = np.array([[-3.0], [-2.0], [-1.0], [1.0], [2.0], [3.0]])
Y = np.array([[-1.0], [2.0], [-1.0], [1.0], [-2.0], [1.0]])
SCHEDULE = Schedule(steps=300, watched=20, stride=40)


def network(width, targets=Y):
    return MLP((1, width, 1), Activation.RELU, X, targets)


def test_the_best_pair_of_lines_is_zero():
    assert affine_fits(network(3)) == ((0, 0, 6), (0, 0, 6))
    assert best_pair_loss(network(3)) == 1


def test_fits_are_those_of_least_squares():
    targets = np.random.default_rng(0).integers(-9, 9, size=(6, 1)) / 8
    for (slope, level, rest), side in zip(
        affine_fits(network(2, targets)), (slice(3), slice(3, 6)), strict=True
    ):
        coefficients, squares, *_ = np.polyfit(X[side, 0], targets[side, 0], 1, full=True)
        np.testing.assert_allclose([float(slope), float(level)], coefficients, atol=1e-12)
        assert float(rest) == pytest.approx(squares[0], abs=1e-12)
    left = affine_fits(network(2, without_fits(network(2, targets))))
    assert all(abs(float(entry)) < 1e-14 for fit in left for entry in fit[:2])


def test_exact_loss_is_the_loss():
    net = network(4)
    for point in np.random.default_rng(1).normal(size=(5, net.dimension)):
        assert float(exact_loss(net, point)) == pytest.approx(float(net(point)), rel=1e-13)


def test_an_interpolating_network_has_no_loss():
    points = [(Fraction(int(x)), Fraction(int(y))) for x, y in zip(X[:, 0], Y[:, 0], strict=True)]
    theta = np.array([float(entry) for entry in interpolating(points)])
    assert exact_loss(network(5), theta) == 0


@pytest.mark.parametrize(("bias", "stays"), [(0.99, True), (1.0, False)])
def test_whether_kinks_stay_between_is_decided_at_the_edge(bias, stays):
    low, high = [1.0, -2.0, -bias, -bias, -1, -1, -1], [2.0, -1.0, bias, bias, 1, 1, 1]
    assert kinks_stay_between(network(2), Box(low, high)) is stays
    low[0] = -1.0  # a slope of either sign: the kink may be anywhere
    assert not kinks_stay_between(network(2), Box(low, high))


def test_units_are_those_of_relu_networks_of_one_input():
    assert relu_units(network(7)) == 7
    assert relu_units(MLP((1, 7, 1), Activation.TANH, X, Y)) is None
    assert relu_units(MLP((1, 7, 1), Activation.RELU, X, Y, biases=False)) is None
    assert relu_units(None) is None


def test_step_sizes_are_those_of_the_tangent_kernel():
    net = network(6)
    points = np.random.default_rng(2).normal(size=(3, net.dimension))
    h = 1e-6 * np.eye(net.dimension)
    for point, step in zip(points, tangent_step_sizes(net, points), strict=True):
        J = (net.outputs_at(point + h) - net.outputs_at(point - h))[:, :, 0].T / 2e-6
        assert 1 / step == pytest.approx(np.linalg.eigvalsh(J @ J.T / 6)[-1], rel=1e-7)


def test_runs_are_those_of_gradient_descent_one_by_one():
    net, law = network(8), he_law_with_biases(8, 0.0)
    runs = crossing_runs(net, law, runs=20, seeds=[(0, 8, 1)], schedule=SCHEDULE)
    starts = law.sample(20, rng=np.random.default_rng((0, 8, 1)))
    for start, crossed, loss in zip(starts, runs.crossed[0], runs.losses[0], strict=True):
        F = GradientDescent(net, float(tangent_step_sizes(net, start[None])[0]))
        path = F.trajectory(start, SCHEDULE.steps).points
        assert loss == pytest.approx(float(net(path[-1])), rel=1e-9)
        beyond = (np.abs(path[:, 8:16]) >= np.abs(path[:, :8])).any(axis=1)
        looked_at = [*range(21), *range(60, 301, 40)]
        assert crossed == beyond[looked_at].any()


def test_a_run_without_a_crossing_is_not_below_the_bound():
    law = he_law_with_biases(16, 0.0)
    runs = crossing_runs(network(16), law, runs=200, seeds=[(0,), (1,)], schedule=SCHEDULE)
    assert 0 < runs.share < 0.3
    low, high = runs.limits(0.95)
    assert low < runs.share < high
    assert runs.losses[~runs.crossed].min() >= 1 - 1e-12
    assert largest_bias(law, 16) == 0
    assert largest_bias(he_law_with_biases(16, 1.5), 16) == 1.5

"""Critical step sizes of linear networks: enclosure, twin, closed forms, gradient descent."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from reference.min_sharpness import smallest_sharpness
from reference.networks import random_network

from dynsys_gd.evidence import Grade
from dynsys_gd.losses.linear_network import LinearNetwork
from dynsys_gd.thresholds.critical import critical_step_size
from dynsys_gd.thresholds.flattest import flattest_minimum, near_flattest
from dynsys_gd.thresholds.threshold import ThresholdStatus

SEEDS = range(30)


@pytest.mark.parametrize("seed", SEEDS)
def test_enclosure_is_narrow_and_holds_the_brute_minimum(seed):
    net = random_network(seed)
    found = critical_step_size(net)
    assert found.evidence.grade is Grade.CERTIFIED
    assert 0 < found.lower < found.value < found.upper
    assert (found.upper - found.lower) / found.lower < 1e-14
    twin, violation = smallest_sharpness(net, np.random.default_rng(seed))
    assert violation < 1e-12
    # The twin is a float: it must lie in the enclosure widened to the relative width 1e-10.
    middle = (found.sharpness_lower + found.sharpness_upper) / 2
    assert abs(twin - middle) < 0.5e-10 * middle


@pytest.mark.parametrize("seed", SEEDS)
def test_flattest_minimum_attains_the_smallest_sharpness(seed):
    net = random_network(seed)
    point, sharpness = flattest_minimum(net)
    found = critical_step_size(net)
    assert np.abs(net.gradient_at(point)).max() < 1e-12
    assert net(point) == pytest.approx(net.minimal_loss, rel=1e-9, abs=1e-12)
    assert sharpness == pytest.approx(found.sharpness_lower, rel=1e-12)
    assert net.gauss_newton_spectrum_at(point)[-1] == pytest.approx(sharpness, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_witness_certifies_the_bound_in_rational_arithmetic(seed):
    net = random_network(seed)
    found = critical_step_size(net)
    n, N = net.n_samples, net.depth
    u = [Fraction(float(entry)) for entry in found.witness]
    X, Y = (
        [[Fraction(float(entry)) for entry in row] for row in array] for array in (net.X, net.Y)
    )
    along = [sum(a * b for a, b in zip(row, u, strict=True)) for row in X]
    image = [sum(a * row[k] for a, row in zip(along, X, strict=True)) / n for k in range(len(u))]
    target = [
        sum(a * row[k] for a, row in zip(along, Y, strict=True)) / n for k in range(len(Y[0]))
    ]
    gram = sum(a * a for a in along) / n
    image_square, target_square = sum(a * a for a in image), sum(a * a for a in target)
    power = (Fraction(N) / gram) ** N * image_square * target_square ** (N - 1)
    assert power >= (2 / Fraction(found.upper)) ** N


@pytest.mark.parametrize("seed", SEEDS)
def test_descent_near_the_flattest_minimum_converges_below_and_not_above(seed):
    net = random_network(seed)
    threshold = critical_step_size(net).value
    starts = near_flattest(net).sample(4, rng=seed)
    excess = {}
    for share in (0.98, 1.02):
        points = starts.copy()
        for _ in range(4000):
            points = points - share * threshold * net.gradient_at(points)
        excess[share] = net(points) - net.minimal_loss
    # Ill-conditioned inputs leave slow directions, so that the loss tells more than the gradient.
    assert np.all(excess[0.98] < 1e-6)
    assert np.all(excess[1.02] > 1e-4)


def test_white_data_give_the_balanced_spectrum_formula():
    X = np.sqrt(3) * np.eye(3)
    net = LinearNetwork((3, 3, 3, 3), X, X @ np.diag([3.0, 2.0, 1.0]))
    assert critical_step_size(net).value == pytest.approx(2 / (3 * 3 ** (4 / 3)), rel=1e-13)


@pytest.mark.parametrize(("depth", "target"), [(2, 1), (3, 2), (4, 5)])
def test_one_input_is_a_closed_form(depth, target):
    net = LinearNetwork((1,) * (depth + 1), [[1.0]], [[float(target)]])
    found = critical_step_size(net)
    expected = 2 / (depth * sp.Integer(target) ** (2 - sp.Rational(2, depth)))
    assert found.evidence.grade is Grade.PROVED
    assert sp.simplify(found.exact - expected) == 0
    assert found.lower <= float(expected) <= found.upper


def test_closed_form_on_floats_is_not_called_proved():
    found = critical_step_size(LinearNetwork((1, 1, 1), [[0.1]], [[0.3]]))
    assert found.evidence.grade is Grade.CERTIFIED
    assert found.exact is not None


def test_two_outputs_on_white_data_are_a_closed_form():
    net = LinearNetwork((2, 2, 2), [[1, 0], [0, 1]], [[1, 2], [0, 3]])
    found = critical_step_size(net)
    sigma = np.linalg.norm([[1, 2], [0, 3]], 2)
    assert float(found.exact) == pytest.approx(2 / (2 * np.sqrt(0.5) * sigma * np.sqrt(0.5)))
    diagonal = critical_step_size(LinearNetwork((3, 3, 3), np.eye(3), np.diag([1, 3, 2])))
    assert diagonal.exact == 1
    assert diagonal.evidence.grade is Grade.PROVED


def test_one_layer_is_the_largest_moment():
    rng = np.random.default_rng(3)
    X, Y = rng.standard_normal((30, 4)), rng.standard_normal((30, 2))
    found = critical_step_size(LinearNetwork((4, 2), X, Y))
    assert found.value == pytest.approx(2 / np.linalg.eigvalsh(X.T @ X / 30)[-1], rel=1e-13)
    uncorrelated = critical_step_size(LinearNetwork((1, 1), [[1.0]], [[0.0]]))
    assert uncorrelated.exact == 2


@pytest.mark.parametrize("depth", [2, 3])
def test_uncorrelated_targets_have_an_infinite_threshold(depth):
    net = LinearNetwork((2,) * (depth + 1), [[1, 0], [-1, 0]], [[1, 1], [1, 1]])
    found = critical_step_size(net)
    assert (found.value, found.lower, found.upper) == (math.inf,) * 3
    assert found.evidence.grade is Grade.PROVED
    assert np.abs(net.hessian_at(found.attained_at)).max() < 1e-15


def test_zero_inputs_have_an_infinite_threshold():
    assert critical_step_size(LinearNetwork((2, 2), [[0.0, 0.0]], [[1.0, 2.0]])).value == math.inf


def test_crossing_eigenvalues_need_a_combination_of_eigenvectors():
    # Σ = diag(4, 1) and Ŵ = diag(1, 4) / ...: the two modes balance, neither alone is the maximum.
    X = np.sqrt(2) * np.diag([2.0, 1.0])
    net = LinearNetwork((2, 2, 2), X, X @ np.diag([0.25, 3.0]))
    found = critical_step_size(net)
    assert (found.upper - found.lower) / found.lower < 1e-14
    assert np.all(np.abs(found.witness) > 0.01)
    twin, _ = smallest_sharpness(net, np.random.default_rng(0))
    # Brute force is slow to settle on a crossing, and only from above.
    assert -1e-12 < twin * found.value / 2 - 1 < 1e-6


def test_ill_conditioned_inputs_keep_the_width():
    rng = np.random.default_rng(8)
    X = rng.standard_normal((40, 6)) * np.logspace(0, -7, 6)
    net = LinearNetwork((6, 3, 2), X, rng.standard_normal((40, 2)))
    found = critical_step_size(net)
    assert np.linalg.cond(X.T @ X) > 1e13
    assert (found.upper - found.lower) / found.lower < 1e-13


def test_rescaling_the_data_rescales_the_threshold():
    net = random_network(4)
    found = critical_step_size(net)
    scaled = critical_step_size(LinearNetwork(net.widths, 4 * net.X, 4 * net.Y))
    assert scaled.value == pytest.approx(found.value / 16, rel=1e-13)


def test_spare_width_changes_nothing():
    net = random_network(0)
    wide = LinearNetwork((net.widths[0], 9, net.widths[-1]), net.X, net.Y)
    assert net.depth == 2
    assert critical_step_size(wide).value == critical_step_size(net).value


class TestNarrowNetworks:
    """Hidden layers narrower than the rank of the target: the residual does not vanish."""

    def network(self, widths, seed=0):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((20, widths[0])) * np.array([2.0, 1.0, 0.5, 0.3])[: widths[0]]
        Y = X @ rng.standard_normal((widths[0], widths[-1])) + 0.1 * rng.standard_normal(
            (20, widths[-1])
        )
        return LinearNetwork(widths, X, Y)

    @pytest.mark.parametrize("widths", [(4, 1, 3), (4, 2, 3), (4, 2, 2, 3), (4, 3, 2, 3)])
    def test_value_is_numerical_below_a_certified_bound(self, widths):
        net = self.network(widths)
        found = critical_step_size(net)
        assert found.evidence.grade is Grade.NUMERICAL
        assert found.bound_evidence.grade is Grade.CERTIFIED
        assert found.lower == 0 < found.value <= found.upper < 1.5 * found.value
        point = found.attained_at[0]
        assert np.abs(net.gradient_at(point)).max() < 1e-9
        assert net(point) == pytest.approx(net.minimal_loss, rel=1e-9)
        assert float(net.sharpness_at(point)) == pytest.approx(2 / found.value, rel=1e-12)

    def test_bound_holds_at_random_minima(self):
        net = self.network((4, 2, 3, 3))
        found = critical_step_size(net)
        rng = np.random.default_rng(1)
        layers = net.unflatten(found.attained_at[0])
        for _ in range(50):
            first = np.eye(2) + 0.5 * rng.standard_normal((2, 2))
            second = np.eye(3) + 0.5 * rng.standard_normal((3, 3))
            moved = [
                first @ layers[0],
                second @ layers[1] @ np.linalg.inv(first),
                layers[2] @ np.linalg.inv(second),
            ]
            point = net.flatten(moved)
            assert np.abs(net.gradient_at(point)).max() < 1e-9
            assert 2 / net.sharpness_at(point) <= min(found.upper, found.value * (1 + 1e-9))

    @pytest.mark.parametrize("widths", [(3, 1, 3), (3, 1, 4, 3), (3, 4, 2, 3), (3, 2, 2, 2, 3)])
    def test_white_data_are_certified(self, widths):
        net = LinearNetwork(widths, np.eye(3), np.diag([3.0, 2.0, 1.0]))
        found = critical_step_size(net)
        depth, moment = net.depth, 1 / 3
        sharpness = depth * moment ** (1 / depth) * (3 * np.sqrt(moment)) ** (2 - 2 / depth)
        assert found.evidence.grade is Grade.CERTIFIED
        assert found.lower <= 2 / sharpness * (1 + 1e-14)
        assert found.upper >= 2 / sharpness * (1 - 1e-14)
        point = found.attained_at[0]
        assert net(point) == pytest.approx(net.minimal_loss, rel=1e-12)
        assert float(net.sharpness_at(point)) == pytest.approx(sharpness, rel=1e-12)


def test_result_says_what_it_is():
    found = critical_step_size(random_network(0))
    assert found.status is ThresholdStatus.VALUE
    assert "CERTIFIED" in found.headline()
    assert "enclosure" in repr(found)
    assert found.to_dict()["lower"] == found.lower
    assert "craciun2024convergence" in found.sources()

"""Staircase activations: values by hand, a gradient of zero, and the coarse gradient."""

import numpy as np
import pytest

from dynsys_gd.evidence import Outcome
from dynsys_gd.losses.quantized_network import QuantizedNetwork, class_votes
from dynsys_gd.losses.straight_through import StraightThrough


def network(bits=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(12, 3))
    return QuantizedNetwork(X, np.arange(12) % 3, rng.normal(size=(3, 5)), bits=bits)


def slow_loss(net, theta):
    """Sample by sample, class by class."""
    W, total = theta.reshape(net.width, -1), 0.0
    for x, y in zip(net.X, net.labels, strict=True):
        hidden = [min(max(np.ceil(w @ x), 0), 2**net.bits - 1) for w in W]
        o = net.votes @ hidden
        total += max(0.0, 1 - o[y] + max(o[k] for k in range(len(o)) if k != y))
    return total / len(net.X)


def slow_coarse_gradient(net, theta, estimator):
    W = theta.reshape(net.width, -1)
    gradient = np.zeros_like(W)
    for x, y in zip(net.X, net.labels, strict=True):
        u = W @ x
        o = net.votes @ np.clip(np.ceil(u), 0, net.levels)
        rivals = [k for k in range(len(o)) if k != y]
        k = max(rivals, key=lambda k: o[k])
        if 1 - o[y] + o[k] > 0:
            back = (net.votes[k] - net.votes[y]) * estimator.slope(u, levels=net.levels)
            gradient += back[:, None] * x
    return gradient.ravel() / len(net.X)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_loss_and_accuracy_are_those_of_the_definition(bits):
    net = network(bits)
    points = 2 * np.random.default_rng(1).normal(size=(2, 4, net.dimension))
    losses = net(points)
    assert losses.shape == (2, 4)
    assert np.allclose(losses[1, 2], slow_loss(net, points[1, 2]), rtol=1e-13)
    outputs = net.outputs_at(points)
    own = np.take_along_axis(outputs, np.broadcast_to(net.labels, (2, 4, 12))[..., None], axis=-1)
    best = (outputs < own).sum(axis=-1) == 2
    assert np.array_equal(net.accuracy_at(points), best.mean(axis=-1))


def test_equal_outputs_count_as_wrong():
    net = network()
    assert net(np.zeros(net.dimension)) == 1
    assert net.accuracy_at(np.zeros(net.dimension)) == 0


@pytest.mark.parametrize("estimator", StraightThrough)
@pytest.mark.parametrize("bits", [1, 3])
def test_coarse_gradient_is_the_chain_rule_with_the_estimator(estimator, bits):
    net = network(bits)
    points = np.random.default_rng(2).normal(size=(6, net.dimension))
    found = net.coarse_gradient_at(points, estimator)
    expected = [slow_coarse_gradient(net, point, estimator) for point in points]
    assert np.allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("estimator", StraightThrough)
def test_coarse_hessian_is_the_derivative_on_a_piece(estimator):
    net = network()
    point = np.random.default_rng(3).normal(size=net.dimension)
    h = 0.1 * float(net.flat_radius_at(point))
    here = net.coarse_gradient_at(point, estimator)
    columns = (net.coarse_gradient_at(point + h * np.eye(net.dimension), estimator) - here) / h
    found = net.coarse_hessian_at(point, estimator)
    assert np.array_equal(found, found.T)
    assert np.allclose(found, np.transpose(columns), atol=1e-2 * (1 + abs(found).max()))
    assert bool(found.any()) is (estimator.value in ("reversed exponential", "log-tailed"))


def test_the_loss_is_constant_within_the_flat_radius_and_not_beyond():
    net = network()
    rng = np.random.default_rng(4)
    point = rng.normal(size=net.dimension)
    radius = float(net.flat_radius_at(point))
    arrows = rng.normal(size=(300, net.dimension))
    arrows /= np.linalg.norm(arrows, axis=1, keepdims=True)
    outputs = net.outputs_at(point)
    assert (net.outputs_at(point + 0.999 * radius * arrows) == outputs).all()
    assert not (net.outputs_at(point + 30 * radius * arrows) == outputs).all()
    # Towards the nearest jump itself the outputs change just beyond the radius.
    u = net.X @ point.reshape(net.width, -1).T
    nearest = np.clip(np.rint(u), 0, net.levels - 1)
    lengths = np.linalg.norm(net.X, axis=1)[:, None]
    i, j = np.unravel_index((abs(u - nearest) / lengths).argmin(), u.shape)
    step = np.zeros((net.width, 3))
    step[j] = np.sign(nearest[i, j] - u[i, j]) * net.X[i] / lengths[i] * radius
    assert (net.outputs_at(point + 0.999 * step.ravel()) == outputs).all()
    assert (net.outputs_at(point + 1.001 * step.ravel()) != outputs).any()
    assert net.flat_radius_at(np.zeros(net.dimension)) == 0


def test_gradient_and_hessian_vanish_and_nothing_is_analytic():
    net = network()
    points = np.random.default_rng(5).normal(size=(2, net.dimension))
    assert not net.gradient_at(points).any()
    assert net.hessian_at(points).shape == (2, net.dimension, net.dimension)
    assert not net.hessian_at(points).any()
    assert net.sharpness_at(points).tolist() == [0, 0]
    assert net.analytic is Outcome.NO
    assert net.symbolic is None


@pytest.mark.parametrize("estimator", [e for e in StraightThrough if e.one_sided])
def test_estimators_vanish_on_the_negative_side(estimator):
    u = np.array([-3.0, -1e-9, 0.0, 1e-9, 0.5])
    slope = estimator.slope(u, levels=3)
    assert not slope[:3].any()
    assert (slope[3:] > 0).all()
    assert np.isfinite(estimator.slope(np.array([-1e308, 1e308]), levels=3)).all()


@pytest.mark.parametrize("estimator", StraightThrough)
def test_bend_is_the_derivative_of_the_slope(estimator):
    u, h = np.array([-1.5, 0.3, 2.2]), 1e-6
    quotient = estimator.slope(u + h, levels=3) - estimator.slope(u - h, levels=3)
    assert np.allclose(estimator.bend(u, levels=3), quotient / (2 * h), atol=1e-8)


def test_networks_are_values():
    net, same = network(), network()
    assert net == same
    assert hash(net) == hash(same)
    assert net != network(bits=3)
    assert len(net.names) == net.dimension == 15
    assert net.names[3] == "W_2_1"
    assert not net.labels.flags.writeable
    votes = class_votes(3, 2)
    assert votes.sum(axis=0).tolist() == [1] * 6
    assert votes.sum(axis=1).tolist() == [2] * 3

"""Balanced layers, the explicit step size for them, and the proof that equal weights converge."""

from fractions import Fraction

import numpy as np
import pytest

import dynsys_gd as dg
from dynsys_gd.claims.support import balanced_layers as balanced
from dynsys_gd.claims.support.scalar_networks import scalar_network


@pytest.fixture
def net():
    return balanced.white_network((3, 3, 3, 3), np.random.default_rng(0))


def test_loss_is_half_the_squared_distance(net):
    point = np.random.default_rng(1).normal(size=net.dimension)
    distance = net.end_to_end(point) - net.cross_moment
    assert net(point) == pytest.approx(np.sum(distance**2) / 2)


def test_layers_are_balanced_and_have_the_singular_values_asked_for(net):
    sizes = np.array([0.9, 0.5, 0.0])
    point = balanced.balanced_layers(net, sizes, np.random.default_rng(2))
    assert balanced.imbalance(net, point) < 1e-15
    found = np.linalg.svd(net.end_to_end(point), compute_uv=False)
    np.testing.assert_allclose(found, sizes**3, atol=1e-15)


def test_enclosed_step_size_is_that_of_floating_point():
    low, high = balanced.explicit_step_size_of_two_scalars(Fraction(1, 2), Fraction(1, 100))
    scalars = dg.LinearNetwork((1, 1, 1), [[1.0]], [[1.0]])
    found = balanced.explicit_step_size(scalars, np.array([0.5, 0.5]), 0.01, 0.0)
    assert low <= high
    assert found == pytest.approx(low, rel=1e-14)


def test_loss_falls_at_the_explicit_step_size_and_rises_far_beyond(net):
    start = balanced.balanced_layers(net, np.full(3, 0.5), np.random.default_rng(3))
    step = balanced.explicit_step_size(net, start, 0.01, 0.0)
    assert not balanced.rises(balanced.losses_along(net, step, start, 300)[1])
    multiple = balanced.first_rise(net, step, start, 300, 14)
    assert 2 <= multiple < np.inf
    assert balanced.first_rise(net, step, start, 300, 1) == np.inf
    assert balanced.first_rise(net, multiple * step, start, 300, 1) == 1


@pytest.mark.parametrize(("step", "proved"), [("1/10", True), ("1/2", True), ("3/5", False)])
def test_equal_weights_are_proved_to_converge_where_they_grow_monotonically(step, proved):
    assert balanced.stays_below_one(dg.GradientDescent(scalar_network(2), step)) is proved


def test_a_rounded_step_size_proves_nothing():
    assert not balanced.stays_below_one(dg.GradientDescent(scalar_network(2), 0.5))

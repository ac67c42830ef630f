"""The weak threshold of linear networks, and the minima that make it infinite."""

import math

import numpy as np
import pytest
from reference.networks import random_network

from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Grade
from dynsys_gd.losses.linear_network import LinearNetwork
from dynsys_gd.thresholds.critical import critical_step_size
from dynsys_gd.thresholds.threshold import ThresholdStatus
from dynsys_gd.thresholds.weak import weak_critical_step_size
from dynsys_gd.thresholds.weak_network import minimum_with_small_eigenvalue

RNG = np.random.default_rng(12)
WHITE = np.sqrt(3) * np.eye(3)

FAMILIES = {
    "target of full rank": random_network(3),
    "four layers": random_network(2),
    "one output": LinearNetwork((3, 1, 1), WHITE, RNG.standard_normal((3, 1))),
    "target of low rank": LinearNetwork((3, 2, 3), WHITE, np.outer([1, 2, 3], [1, 0, 2])),
    "narrow but wide enough": LinearNetwork((3, 1, 4, 3), WHITE, np.outer([1, 2, 3], [1, 0, 2])),
    "zero target": LinearNetwork((3, 2, 2, 2), WHITE, np.zeros((3, 2))),
    "one input, two outputs": LinearNetwork((1, 2, 2), [[1.0], [2.0]], [[1.0, 0.0], [0.0, 1.0]]),
}


@pytest.mark.parametrize("net", FAMILIES.values(), ids=FAMILIES.keys())
def test_a_family_of_minima_has_a_vanishing_eigenvalue(net):
    found = weak_critical_step_size(net)
    assert found.value == math.inf
    assert found.evidence.grade.rigorous
    sizes = (0.2, 0.1, 0.05)
    smallest = []
    for size in sizes:
        point = minimum_with_small_eigenvalue(net, size)
        assert np.abs(net.gradient_at(point)).max() < 1e-10
        assert net(point) == pytest.approx(net.minimal_loss, rel=1e-9, abs=1e-12)
        values = net.gauss_newton_spectrum_at(point)
        smallest.append(min(value for value in values if value > 1e-12 * values[-1]))
    rates = np.log2(np.array(smallest[:-1]) / np.array(smallest[1:]))
    assert np.all(np.abs(rates - 2) < 0.1)


def test_one_eigenvalue_only_gives_equal_thresholds():
    net = LinearNetwork((1, 2, 1), [[1.0], [2.0]], [[1.0], [3.0]])
    assert weak_critical_step_size(net).exact == critical_step_size(net).exact
    deficient = LinearNetwork((2, 2, 1), [[1.0, 1.0]], [[3.0]])
    assert weak_critical_step_size(deficient).exact == critical_step_size(deficient).exact


def test_one_layer_is_the_smallest_moment_that_is_not_zero():
    X = RNG.standard_normal((20, 3))
    X[:, 2] = X[:, 0]
    net = LinearNetwork((3, 1), X, RNG.standard_normal((20, 1)))
    found = weak_critical_step_size(net)
    moments = np.linalg.eigvalsh(X.T @ X / 20)
    assert found.evidence.grade is Grade.CERTIFIED
    assert found.value == pytest.approx(2 / moments[1], rel=1e-12)
    assert found.value > critical_step_size(net).value


def test_zero_inputs_have_no_eigenvalue_to_speak_of():
    assert weak_critical_step_size(LinearNetwork((1, 1), [[0.0]], [[1.0]])).value == math.inf


def test_narrow_networks_are_undecided():
    net = LinearNetwork((3, 1, 3), WHITE, np.diag([3.0, 2.0, 1.0]))
    found = weak_critical_step_size(net)
    assert found.status is ThresholdStatus.UNDECIDED
    assert math.isnan(found.value)
    with pytest.raises(InvalidInput, match="at least two layers"):
        minimum_with_small_eigenvalue(net, 0.1)


def test_size_must_be_positive():
    with pytest.raises(InvalidInput, match="size"):
        minimum_with_small_eigenvalue(FAMILIES["one output"], 0)


def test_float_data_prove_nothing():
    X, Y = np.array([[0.1, 0.0], [0.0, 0.3]]), np.array([[0.7], [0.2]])
    assert weak_critical_step_size(LinearNetwork((2, 2, 1), X, Y)).evidence.grade is Grade.CERTIFIED
    uncorrelated = LinearNetwork((1, 1, 1), [[0.1], [-0.1]], [[0.3], [0.3]])
    assert critical_step_size(uncorrelated).evidence.grade is Grade.CERTIFIED
    whole = LinearNetwork((1, 1, 1), [[1.0], [-1.0]], [[3.0], [3.0]])
    assert critical_step_size(whole).evidence.grade is Grade.PROVED

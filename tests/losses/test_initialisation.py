"""The usual laws put the right variance on every layer and nothing on the biases."""

import numpy as np
import pytest

from dynsys_gd.errors import InvalidInput
from dynsys_gd.losses.activations import Activation
from dynsys_gd.losses.initialisation import fan_in_uniform, he_normal, xavier_normal
from dynsys_gd.losses.linear_network import LinearNetwork
from dynsys_gd.losses.mlp import MLP

X, Y = np.ones((3, 2)), np.ones((3, 4))


def test_scales_of_an_mlp():
    net = MLP((2, 8, 4), Activation.RELU, X, Y)
    (first, bias), (second, last_bias) = net.unflatten(np.array(he_normal(net).scale))
    assert np.all(first == 1.0)  # sqrt(2/2)
    assert np.all(second == 0.5)  # sqrt(2/8)
    assert not bias.any()
    assert not last_bias.any()
    (first, _), (second, _) = net.unflatten(np.array(xavier_normal(net).scale))
    assert np.allclose(first, np.sqrt(2 / 10))
    assert np.allclose(second, np.sqrt(2 / 12))


def test_draws_have_zero_biases_and_the_stated_spread():
    net = MLP((2, 8, 4), Activation.RELU, X, Y)
    draws = he_normal(net).sample(4000, rng=0)
    (first, bias), (second, _) = net.unflatten(draws)
    assert not bias.any()
    assert first.std() == pytest.approx(1.0, rel=0.02)
    assert second.std() == pytest.approx(0.5, rel=0.02)


def test_linear_network_and_words():
    net = LinearNetwork((2, 8, 4), X, Y)
    law = xavier_normal(net)
    assert law.dimension == net.dimension
    assert law.describe() == "Xavier normal"
    assert law == xavier_normal(net)


def test_only_networks_have_such_a_law():
    with pytest.raises(InvalidInput, match="network"):
        he_normal("net")


def test_the_law_of_pytorch_is_uniform_by_the_inputs_of_a_layer():
    net = MLP((4, 9, 2), Activation.TANH, np.ones((1, 4)), np.ones((1, 2)))
    law = fan_in_uniform(net, 3)
    high = np.array([float(value) for value in law.high])
    assert np.array_equal(high, -np.array([float(value) for value in law.low]))
    (first, bias), (second, last) = net.unflatten(high)
    for part, size in ((first, 0.5), (bias, 0.5), (second, 1 / 3), (last, 1 / 3)):
        np.testing.assert_allclose(part, 3 * size)


def test_the_scale_may_be_a_number_of_numpy():
    net = MLP((4, 9, 2), Activation.TANH, np.ones((1, 4)), np.ones((1, 2)))
    assert fan_in_uniform(net, np.int64(3)) == fan_in_uniform(net, 3)

"""Multilayer perceptrons against JAX, finite differences and cases known by hand."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Outcome
from dynsys_gd.losses.activations import Activation
from dynsys_gd.losses.data_loss import DataLoss
from dynsys_gd.losses.linear_network import LinearNetwork
from dynsys_gd.losses.mlp import MLP

PEERS = {
    Activation.TANH: jnp.tanh,
    Activation.SIGMOID: jax.nn.sigmoid,
    Activation.RELU: jax.nn.relu,
    Activation.LEAKY_RELU: jax.nn.leaky_relu,
    Activation.GELU: lambda u: jax.nn.gelu(u, approximate=False),
    Activation.SOFTPLUS: jax.nn.softplus,
    Activation.RELU_CUBED: lambda u: jax.nn.relu(u) ** 3,
}
LINEAR_GROWTH = [one for one in Activation if one is not Activation.RELU_CUBED]


def network(widths, activation=Activation.TANH, loss=DataLoss.SQUARED, n=6, biases=True):
    rng = np.random.default_rng(0)
    Y = rng.normal(size=(n, widths[-1]))
    if loss is DataLoss.CROSS_ENTROPY:
        Y = abs(Y) / abs(Y).sum(axis=1, keepdims=True)
    X = rng.normal(size=(n, widths[0]))
    return MLP(widths, activation, X, Y, loss, biases=biases)


def in_jax(net):
    def f(theta):
        signal, start = jnp.asarray(net.X), 0
        for k, (before, after) in enumerate(zip(net.widths, net.widths[1:], strict=False)):
            weights = theta[start : start + before * after].reshape(after, before)
            start += before * after
            signal = signal @ weights.T
            if net.biases:
                signal, start = signal + theta[start : start + after], start + after
            if k < net.depth - 1:
                signal = PEERS[net.activation](signal)
        if net.loss is DataLoss.SQUARED:
            return jnp.sum((signal - net.Y) ** 2) / (2 * net.n_samples)
        if net.loss is DataLoss.HUBER:
            r = jnp.abs(signal - net.Y)
            return jnp.sum(jnp.where(r > 1, r - 0.5, 0.5 * r**2)) / net.n_samples
        return -jnp.sum(net.Y * jax.nn.log_softmax(signal)) / net.n_samples

    return f


@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("loss", DataLoss)
def test_value_gradient_and_hessian_are_those_of_jax(activation, loss):
    net = network((3, 4, 3, 2), activation, loss)
    points = np.random.default_rng(1).normal(size=(2, 3, net.dimension))
    theta = points[1, 2]
    with jax.enable_x64(True):
        f = in_jax(net)
        together = jax.jit(lambda t: (f(t), jax.grad(f)(t), jax.hessian(f)(t)))
        value, gradient, hessian = (np.asarray(a) for a in together(theta))
    assert net(points)[1, 2] == pytest.approx(float(value), rel=1e-12)
    slope, bend = (max(1.0, abs(a).max()) for a in (gradient, hessian))
    assert np.allclose(net.gradient_at(points)[1, 2], gradient, rtol=0, atol=1e-12 * slope)
    assert np.allclose(net.hessian_at(points)[1, 2], hessian, rtol=0, atol=1e-12 * bend)
    assert np.allclose(net.gradient_at(theta), net.gradient_at(points)[1, 2], atol=1e-15 * slope)
    assert net.hessian_at(points).shape == (2, 3, net.dimension, net.dimension)


@pytest.mark.parametrize("widths", [(3, 2), (2, 3, 1), (2, 3, 3, 2)])
@pytest.mark.parametrize("biases", [True, False])
def test_derivatives_against_finite_differences(widths, biases):
    net = network(widths, biases=biases)
    theta = np.random.default_rng(2).normal(size=net.dimension)
    steps = 1e-5 * np.eye(net.dimension)
    slope = (net(theta + steps) - net(theta - steps)) / 2e-5
    bend = (net.gradient_at(theta + steps) - net.gradient_at(theta - steps)) / 2e-5
    assert np.allclose(net.gradient_at(theta), slope, atol=1e-8)
    assert np.allclose(net.hessian_at(theta), bend, atol=1e-7)
    assert net.output_bias is biases


def test_order_of_the_coordinates_and_dimension():
    net = network((2, 3, 1))
    (first, first_bias), (second, second_bias) = net.unflatten(np.arange(13.0))
    assert first.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert first_bias.tolist() == [6, 7, 8]
    assert second.tolist() == [[9, 10, 11]]
    assert second_bias.tolist() == [12]
    assert net.names[6:10] == ("b1_1", "b1_2", "b1_3", "W2_1_1")
    assert len(net.names) == net.dimension == 13
    assert network((2, 3, 1), biases=False).unflatten(np.arange(9.0))[1][1] is None


def test_one_layer_without_bias_is_linear_regression():
    net = network((3, 2), biases=False)
    linear = LinearNetwork((3, 2), net.X, net.Y)
    theta = np.random.default_rng(3).normal(size=(4, 6))
    assert np.allclose(net(theta), linear(theta), rtol=1e-13)
    assert np.allclose(net.gradient_at(theta), linear.gradient_at(theta), rtol=1e-12)
    assert np.allclose(net.hessian_at(theta), linear.hessian_at(theta), rtol=1e-12, atol=1e-15)


def test_output_bias_makes_the_sharpness_at_least_one():
    net = network((2, 5, 1))
    points = np.random.default_rng(4).normal(size=(50, net.dimension))
    assert net.sharpness_at(points).min() >= 1 - 1e-12


def test_blocks_of_starts_and_of_directions_do_not_change_the_answer(monkeypatch):
    net = network((3, 4, 2))
    points = np.random.default_rng(5).normal(size=(9, net.dimension))
    whole = net(points), net.gradient_at(points), net.hessian_at(points)
    monkeypatch.setattr("dynsys_gd.losses.mlp._BLOCK_ENTRIES", 50)
    parts = net(points), net.gradient_at(points), net.hessian_at(points)
    for one, other in zip(whole, parts, strict=True):
        assert np.allclose(one, other, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("activation", LINEAR_GROWTH)
@pytest.mark.parametrize("loss", DataLoss)
def test_large_preactivations_stay_finite(activation, loss):
    net = network((3, 4, 2), activation, loss)
    points = np.random.default_rng(6).normal(size=(5, net.dimension)) * 1e30
    assert np.isfinite(net(points)).all()
    assert np.isfinite(net.gradient_at(points)).all()
    assert np.isfinite(net.hessian_at(points)).all()


@pytest.mark.parametrize("activation", LINEAR_GROWTH)
def test_activations_at_extreme_arguments(activation):
    u = np.array([-1e300, -800.0, -1.0, 0.0, 1.0, 800.0, 1e300])
    assert np.isfinite(activation.apply(u)).all()
    assert np.isfinite(activation.slope(u)).all()
    assert np.isfinite(activation.curvature(u)).all()


@pytest.mark.parametrize("activation", Activation)
def test_activation_derivatives(activation):
    u = np.linspace(-6, 6, 101) + 0.013
    h = 1e-5
    slope = (activation.apply(u + h) - activation.apply(u - h)) / (2 * h)
    curvature = (activation.slope(u + h) - activation.slope(u - h)) / (2 * h)
    assert np.allclose(activation.slope(u), slope, atol=1e-9)
    assert np.allclose(activation.curvature(u), curvature, atol=1e-9)


def test_saturated_slopes_keep_their_relative_accuracy():
    # sech(20)^2 and its like are far below 1 - tanh(20)^2 in double precision, which is 0.
    assert Activation.TANH.slope(np.array(20.0)) == pytest.approx(4 * np.exp(-40.0), rel=1e-14)
    assert Activation.SIGMOID.slope(np.array(40.0)) == pytest.approx(np.exp(-40.0), rel=1e-14)


def test_dead_relu_network_is_a_plateau():
    net = MLP((1, 1, 1), Activation.RELU, [[1.0]], [[1.0]])
    dead = np.array([-1.0, -1.0, 1.0, 1.0])  # w1, b1, w2, b2: outputs b2
    assert net(dead) == 0
    assert not net.gradient_at(dead).any()
    hessian = net.hessian_at(dead)
    assert hessian[3, 3] == 1
    assert np.count_nonzero(hessian) == 1


def test_what_is_analytic():
    assert network((2, 3, 1)).analytic is Outcome.YES
    assert network((2, 3, 1), Activation.LEAKY_RELU).analytic is Outcome.NO
    assert network((2, 3, 1), Activation.RELU_CUBED).analytic is Outcome.NO
    assert network((2, 1), Activation.RELU).analytic is Outcome.YES  # no activation is used
    assert network((2, 1), loss=DataLoss.HUBER).analytic is Outcome.NO


def test_huber_is_half_the_square_near_and_linear_far_away():
    outputs = np.array([[0.5], [-1.0], [3.0], [-1e300]])
    targets = np.zeros((4, 1))
    each = [DataLoss.HUBER.mean(o[None], t[None]) for o, t in zip(outputs, targets, strict=True)]
    assert np.array_equal(each, [0.125, 0.5, 2.5, 1e300])
    slopes = 4 * DataLoss.HUBER.slope(outputs, targets)
    assert slopes.ravel().tolist() == [0.5, -1.0, 1.0, -1.0]
    bends = 4 * DataLoss.HUBER.bend(outputs, targets, np.ones((4, 1)))
    assert bends.ravel().tolist() == [1.0, 1.0, 0.0, 0.0]


def test_cross_entropy_of_confident_outputs():
    net = MLP((1, 2), Activation.TANH, [[1.0]], [[0.0, 1.0]], DataLoss.CROSS_ENTROPY, biases=False)
    assert net([1000.0, 0.0]) == 1000
    assert net([0.0, 1000.0]) == 0
    assert net([1e308, -1e308]) == np.inf
    assert net([-1e308, 1e308]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((1, 1), "tanh", [[1]], [[1]]), ["activation", "Activation.TANH"]),
        (((1, 1), Activation.TANH, [[1]], [[1]], "squared"), ["loss", "CROSS_ENTROPY"]),
        (((1, 1), Activation.TANH, [[1]], [[1]], DataLoss.CROSS_ENTROPY), ["Y", "two columns"]),
        (
            ((1, 2), Activation.TANH, [[1], [2]], [[1, 0], [1, 1]], DataLoss.CROSS_ENTROPY),
            ["Y", "row 1", "summing to 1"],
        ),
        (
            ((1, 2), Activation.TANH, [[1]], [[1.5, -0.5]], DataLoss.CROSS_ENTROPY),
            ["Y", "row 0", "not negative"],
        ),
        (((2, 1), Activation.TANH, [[1]], [[1]]), ["widths", "write (1, 1)"]),
        (((1, 1), Activation.TANH, [1], [[1]]), ["X", "reshape"]),
    ],
)
def test_wrong_input_is_named_with_a_remedy(arguments, words):
    with pytest.raises(InvalidInput) as caught:
        MLP(*arguments)
    for word in words:
        assert word in str(caught.value)


def test_biases_must_be_a_truth_value():
    with pytest.raises(InvalidInput, match="biases"):
        MLP((1, 1), Activation.TANH, [[1]], [[1]], biases="no")


def test_equality_hash_pickling_and_words():
    net = network((2, 3, 1))
    assert net == network((2, 3, 1))
    assert hash(net) == hash(network((2, 3, 1)))
    assert net != network((2, 3, 1), Activation.GELU)
    assert net != network((2, 3, 1), n=5)
    copy = pickle.loads(pickle.dumps(net))
    assert copy == net
    assert copy(np.ones(13)) == net(np.ones(13))
    assert net.describe() == "tanh network 2-3-1 with squared loss on 6 samples"
    assert "activation=TANH" in repr(net)


def test_a_large_model_without_hidden_layers_multiplies_with_its_hessian():
    model = network((99, 9), n=20)  # as large as to work by matrices
    points = np.full((2, model.dimension), 0.1)
    directions = np.random.default_rng(0).normal(size=points.shape)
    found = model.hessian_operator(points)(directions)
    expected = np.einsum("sij,sj->si", model.hessian_at(points), directions)
    np.testing.assert_allclose(found, expected, atol=1e-12 * np.abs(expected).max())

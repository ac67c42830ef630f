"""Deep linear networks: closed forms against the definition, JAX and exact arithmetic."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Outcome
from dynsys_gd.losses.linear_network import LinearNetwork

SHAPES = [(3, 2), (2, 3, 2), (1, 1, 1, 1), (3, 2, 4, 2), (4, 5, 5, 5, 1), (6, 3, 3)]


def network(widths, n=7, seed=0):
    rng = np.random.default_rng(seed)
    return LinearNetwork(widths, rng.normal(size=(n, widths[0])), rng.normal(size=(n, widths[-1])))


def product(net, theta):
    """W_N…W_1, multiplied in the order in which the docstring lists the coordinates."""
    total, start = np.eye(net.widths[0]), 0
    for rows, columns in net.shapes:
        total = theta[start : start + rows * columns].reshape(rows, columns) @ total
        start += rows * columns
    return total


def by_definition(net, theta):
    """Loss, gradient and Hessian summed over the samples.

    The product of the layers is affine in each coordinate and in each pair of coordinates up to
    their product, so that unit differences are its derivatives, exactly.
    """
    d, n = net.dimension, net.n_samples
    unit, zero = np.eye(d), product(net, theta)
    outputs = [(product(net, theta + e) - zero) @ net.X.T for e in unit]
    residual = zero @ net.X.T - net.Y.T
    hessian = np.empty((d, d))
    for a in range(d):
        for b in range(d):
            mixed = np.zeros_like(residual)
            if a != b:
                both = product(net, theta + unit[a] + unit[b]) @ net.X.T
                mixed = both - outputs[a] - outputs[b] - zero @ net.X.T
            hessian[a, b] = np.sum(outputs[a] * outputs[b] + residual * mixed) / n
    gradient = np.array([np.sum(residual * output) for output in outputs]) / n
    return np.sum(residual**2) / (2 * n), gradient, hessian


@pytest.mark.parametrize("widths", SHAPES)
@pytest.mark.parametrize("n", [2, 7])
def test_value_gradient_and_hessian_are_those_of_the_definition(widths, n):
    net = network(widths, n)
    points = np.random.default_rng(1).normal(size=(2, 3, net.dimension))
    values, gradients, hessians = net(points), net.gradient_at(points), net.hessian_at(points)
    assert values.shape == (2, 3)
    theta = points[1, 2]
    value, gradient, hessian = by_definition(net, theta)
    assert values[1, 2] == pytest.approx(value, rel=1e-13)
    assert np.allclose(gradients[1, 2], gradient, rtol=0, atol=1e-12 * abs(gradient).max())
    assert np.allclose(hessians[1, 2], hessian, rtol=0, atol=1e-12 * abs(hessian).max())
    assert np.array_equal(net.gradient_at(theta), gradients[1, 2])
    assert np.allclose(net.hessian_at(theta), hessians[1, 2], rtol=1e-14)


def test_derivatives_are_those_of_automatic_differentiation():
    net = network((3, 4, 2, 2))
    theta = np.random.default_rng(4).normal(size=net.dimension)

    def f(t):
        signal, start = jnp.asarray(net.X), 0
        for rows, columns in net.shapes:
            weights = t[start : start + rows * columns].reshape(rows, columns)
            signal, start = signal @ weights.T, start + rows * columns
        return jnp.sum((signal - jnp.asarray(net.Y)) ** 2) / (2 * net.n_samples)

    with jax.enable_x64(True):
        gradient = np.asarray(jax.jit(jax.grad(f))(theta))
        hessian = np.asarray(jax.jit(jax.hessian(f))(theta))
    assert np.allclose(net.gradient_at(theta), gradient, rtol=0, atol=1e-12 * abs(gradient).max())
    assert np.allclose(net.hessian_at(theta), hessian, rtol=0, atol=1e-12 * abs(hessian).max())


def test_order_of_the_coordinates():
    net = network((2, 3, 1))
    first, second = net.unflatten(np.arange(9.0))
    assert first.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert second.tolist() == [[6, 7, 8]]
    assert net.names[3] == "W1_2_2"
    assert net.names[6:] == ("W2_1_1", "W2_1_2", "W2_1_3")
    assert np.array_equal(net.flatten([first, second]), np.arange(9.0))
    assert np.array_equal(net.end_to_end(np.arange(9.0)), second @ first)
    assert (net.depth, net.n_samples, net.dimension) == (2, 7, 9)
    assert net.analytic is Outcome.YES


def test_nothing_depends_on_the_samples_once_they_are_compressed():
    net = network((3, 4, 2), n=500)
    points = np.random.default_rng(2).normal(size=(5, net.dimension))

    def everything():
        return [net(points), net.gradient_at(points), net.hessian_at(points)]

    before = everything()
    assert net._compressed[0].shape == (3, 3)
    object.__setattr__(net, "X", None)
    object.__setattr__(net, "Y", None)
    for first, second in zip(before, everything(), strict=True):
        assert np.array_equal(first, second)


def minimum(net, rng, gauge=0.3):
    """A global minimum: the least-squares map times random invertible gauges."""
    best = np.linalg.lstsq(net.X, net.Y, rcond=None)[0].T
    first = np.linalg.qr(rng.normal(size=(net.widths[1], net.widths[-1])))[0]
    layers = [first @ best]
    for rows, columns in net.shapes[1:-1]:
        layers.append(np.eye(rows, columns) + gauge * rng.normal(size=(rows, columns)))
    rest = first
    for layer in layers[1:]:
        rest = layer @ rest
    return net.flatten([*layers, np.linalg.pinv(rest)])


@pytest.mark.parametrize("widths", [(3, 4, 2), (4, 3, 3, 2), (3, 3, 3, 3, 3)])
def test_gauss_newton_spectrum_is_the_nonzero_hessian_spectrum_at_a_minimum(widths):
    net = network(widths, n=11)
    theta = minimum(net, np.random.default_rng(3))
    assert net(theta) == pytest.approx(net.minimal_loss, rel=1e-13)
    assert net.minimal_loss > 0.01  # noisy targets: the residual does not vanish
    spectrum = np.linalg.eigvalsh(net.hessian_at(theta))
    count = widths[0] * widths[-1]
    assert np.allclose(net.gauss_newton_spectrum_at(theta), spectrum[-count:], rtol=1e-10)
    assert abs(spectrum[:-count]).max() < 1e-11 * spectrum[-1]
    assert net.gauss_newton_spectrum_at(np.stack([theta, theta])).shape == (2, count)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_spectrum_at_the_balanced_minimum_of_whitened_data(depth):
    # sum over k of sigma_i^(2(N-k)/N) sigma_j^(2(k-1)/N), for all pairs of singular values.
    sigma = np.array([2.0, 1.0, 0.5])
    net = LinearNetwork((3,) * (depth + 1), np.sqrt(3) * np.eye(3), np.sqrt(3) * np.diag(sigma))
    theta = net.flatten([np.diag(sigma ** (1 / depth))] * depth)
    a = sigma ** (2 / depth)
    expected = sorted(
        sum(a[i] ** (depth - k) * a[j] ** (k - 1) for k in range(1, depth + 1))
        for i in range(3)
        for j in range(3)
    )
    assert np.allclose(net.gauss_newton_spectrum_at(theta), expected, rtol=1e-13)
    assert np.allclose(np.linalg.eigvalsh(net.hessian_at(theta))[-9:], expected, rtol=1e-12)


@pytest.mark.parametrize("stretch", [1.0, 10.0, 1000.0])
def test_spare_width_leaves_an_unbounded_family_of_one_sharpness(stretch):
    net = LinearNetwork((1, 2, 2, 1), [[1.0]], [[1.0]])
    theta = net.flatten([[[1.0], [0.0]], np.diag([1.0, stretch]), [[1.0, 0.0]]])
    assert net(theta) == 0
    assert net.gauss_newton_spectrum_at(theta) == pytest.approx([3.0], rel=1e-14)
    assert net.sharpness_at(theta) == pytest.approx(3.0, rel=1e-12)


def test_minimal_loss_with_narrow_layers_and_dependent_columns():
    sigma = np.array([3.0, 2.0, 1.0])
    whitened = np.sqrt(3) * np.eye(3), np.sqrt(3) * np.diag(sigma)
    assert LinearNetwork((3, 1, 3), *whitened).minimal_loss == pytest.approx((4 + 1) / 2)
    assert LinearNetwork((3, 2, 3), *whitened).minimal_loss == pytest.approx(1 / 2)
    assert LinearNetwork((3, 3, 3), *whitened).minimal_loss == pytest.approx(0, abs=1e-28)

    rng = np.random.default_rng(5)
    X = rng.normal(size=(20, 2)) @ rng.normal(size=(2, 4))  # rank 2
    Y = rng.normal(size=(20, 3))
    fitted = X @ np.linalg.lstsq(X, Y, rcond=None)[0]
    plain = np.sum((fitted - Y) ** 2) / 40
    assert LinearNetwork((4, 3), X, Y).minimal_loss == pytest.approx(plain, rel=1e-12)
    lost = np.linalg.svd(fitted, compute_uv=False)[1:]
    narrow = plain + np.sum(lost**2) / 40
    assert LinearNetwork((4, 1, 3), X, Y).minimal_loss == pytest.approx(narrow, rel=1e-12)


def test_all_zero_inputs_leave_the_loss_of_the_zero_map():
    net = LinearNetwork((2, 2, 1), np.zeros((3, 2)), np.ones((3, 1)))
    assert net.minimal_loss == pytest.approx(0.5)
    assert net(np.ones(6)) == pytest.approx(0.5)


def test_loss_near_a_realisable_minimum_has_no_cancellation():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(50, 3)) * [1.0, 1e-3, 1e3]
    net = LinearNetwork((3, 2), X, X @ rng.normal(size=(3, 2)))
    best = np.linalg.lstsq(X, net.Y, rcond=None)[0].T
    assert 0 <= net(best.ravel()) < 1e-24 * net.target_moment


def test_moments():
    net = network((3, 2), n=9)
    assert np.allclose(net.second_moment, net.X.T @ net.X / 9)
    assert np.allclose(net.cross_moment, net.Y.T @ net.X / 9)
    assert net.target_moment == pytest.approx(np.trace(net.Y.T @ net.Y) / 9)


@pytest.mark.parametrize("widths", [(1, 1, 1), (2, 1, 2), (2, 2), (3, 2, 2), (2, 2, 2, 2)])
def test_symbolic_form_is_the_definition_exactly(widths):
    net = network(widths, n=4)
    form = net.symbolic
    assert not form.bound.has(sp.Float)
    assert tuple(v.name for v in form.variables) == net.names
    theta = [sp.Rational(k + 1, 7 - k % 5) for k in range(net.dimension)]
    weights, start = sp.eye(widths[0]), 0
    for rows, columns in net.shapes:
        weights = sp.Matrix(rows, columns, theta[start : start + rows * columns]) * weights
        start += rows * columns
    exact = [sp.Matrix([[sp.Rational(v) for v in row] for row in A]) for A in (net.X, net.Y)]
    residual = exact[0] * weights.T - exact[1]
    expected = sum(entry**2 for entry in residual) / 8
    assert form.bound.subs(dict(zip(form.variables, theta, strict=True))) == expected


def test_symbolic_form_of_dependent_columns_and_of_too_many_parameters():
    net = LinearNetwork((2, 1), [[1, 2], [2, 4]], [[1], [0]])
    a, b = net.symbolic.variables
    residual = (a + 2 * b - 1) ** 2 + (2 * a + 4 * b) ** 2
    assert sp.expand(net.symbolic.bound - residual / 4) == 0
    assert network((3, 4)).symbolic is not None
    assert network((13, 1)).symbolic is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (((2, 1), [1.0, 2.0], [[1.0]]), ["X", "(2,)", "X.reshape(-1, 1)"]),
        (((1, 1), [[1.0], [2.0]], [1.0, 2.0]), ["Y", "Y.reshape(-1, 1)"]),
        (((1, 1), [[1.0], [2.0]], [[1.0]]), ["2 and 1 rows", "X.T"]),
        (((1, 1), [[1.0], [np.nan]], [[1.0], [1.0]]), ["X", "nan", "row 1, column 0"]),
        (((1, 1), [[1.0]], [[np.inf]]), ["Y", "inf"]),
        (((1, 1), np.empty((0, 1)), np.empty((0, 1))), ["X", "(0, 1)"]),
        (((1, 1), [["a"]], [[1.0]]), ["X", "numbers"]),
        (((1, 1), [[1, 2], [3]], [[1.0], [2.0]]), ["X", "numbers"]),
        (((3, 1), [[1.0]], [[1.0]]), ["widths", "write (1, 1)"]),
        (((1, 4, 2), [[1.0]], [[1.0]]), ["widths", "write (1, 4, 1)"]),
        (((1.0, 1), [[1.0]], [[1.0]]), ["widths", "whole numbers"]),
        (((1, 0, 1), [[1.0]], [[1.0]]), ["widths", "at least 1"]),
        (((1,), [[1.0]], [[1.0]]), ["widths", "two or more"]),
        ((3, [[1.0]], [[1.0]]), ["widths", "(4, 8, 3)"]),
        (((1, True, 1), [[1.0]], [[1.0]]), ["widths", "whole numbers"]),
        (((1, 1), [[1e200]], [[1.0]]), ["overflow", "rescale"]),
        (((1, 1), [[2**53 + 1]], [[1]]), ["2^53"]),
    ],
)
def test_wrong_input_is_named_with_a_remedy(arguments, words):
    with pytest.raises(InvalidInput) as caught:
        LinearNetwork(*arguments)
    for word in words:
        assert word in str(caught.value)


def test_points_and_layers_of_the_wrong_shape():
    net = network((2, 3, 1))
    with pytest.raises(InvalidInput, match="points"):
        net(np.zeros(8))
    with pytest.raises(InvalidInput, match="layers"):
        net.flatten([np.zeros((2, 3)), np.zeros((1, 3))])
    with pytest.raises(InvalidInput, match="none are open"):
        net.at(eta=1)


def test_data_are_copied_and_kept_from_change():
    X, Y = np.ones((2, 1)), np.ones((2, 1))
    net = LinearNetwork((1, 1), X, Y)
    X[:] = 5
    assert net.X.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        net.X[0, 0] = 3


def test_equality_hash_and_pickling():
    net, same, other = network((2, 3, 1)), network((2, 3, 1)), network((2, 3, 1), seed=1)
    assert net == same
    assert hash(net) == hash(same)
    assert net != other
    assert net != network((2, 2, 1))
    net.exact_moments()
    copy = pickle.loads(pickle.dumps(net))
    assert copy == net
    assert copy(np.ones(9)) == net(np.ones(9))
    assert repr(net) == "LinearNetwork(widths=(2, 3, 1), n_samples=7)"
    assert net.describe() == "linear network 2-3-1 on 7 samples"


def test_overflow_is_silent_and_infinite():
    net = network((1, 1, 1))
    assert net([1e200, 1e200]) == np.inf

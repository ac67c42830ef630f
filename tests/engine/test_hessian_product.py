"""Hessian products in machine code against whole Hessians."""

from itertools import product

import numpy as np
import pytest
import sympy as sp
from reference.machine_code import aligned, exported

from dynsys_gd import MLP, Activation, DataLoss, LinearNetwork, Loss
from dynsys_gd.engine.machine.activation_code import ActivationCode
from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.engine.machine.hessian_product import (
    NetworkHessianProduct,
    TapeHessianProduct,
    product_tape,
)
from dynsys_gd.engine.machine.network_shape import NetworkShape
from dynsys_gd.engine.machine.writer import Module

pytestmark = pytest.mark.skipif(processor() is None, reason="no machine code here")

CASES = [
    (widths, activation, loss)
    for widths, activation, loss in product(
        [(1, 1), (2, 7, 1), (3, 5, 2), (2, 3, 4, 5, 2)], Activation, DataLoss
    )
    if loss is DataLoss.SQUARED or widths[-1] > 1
]


def products(code, data, points, directions, *, fused=False):
    """Return H(x) v at rows x along rows v, which are as many as there are lanes."""
    lanes, d = points.shape
    module = Module(lanes=lanes, fused=fused)
    code.write(module)
    tiles = [aligned(lanes * d) for _ in range(3)]
    numbers = aligned(max(1, len(data)))
    numbers[: len(data)] = data
    tiles[0][:], tiles[1][:], tiles[2][:] = points.T.ravel(), directions.T.ravel(), np.nan
    exported(module, "hessian_product", 4)(*tiles, numbers)
    return tiles[2].reshape(d, lanes).T.copy()


def check(code, data, loss, *, lanes=4, fused=True):
    points, directions = np.random.default_rng(1).normal(size=(2, lanes, loss.dimension))
    expected = np.einsum("kij,kj->ki", loss.hessian_at(points), directions)
    found = products(code, data, points, directions, fused=fused)
    assert code.dimension == loss.dimension
    assert np.abs(found - expected).max() <= 1e-13 * np.abs(expected).max()


@pytest.mark.parametrize(("widths", "activation", "loss"), CASES)
@pytest.mark.parametrize("biases", [True, False])
def test_products_of_networks_are_those_with_the_hessian(widths, activation, loss, biases):
    rng = np.random.default_rng(len(widths))
    X, Y = rng.standard_normal((9, widths[0])), rng.dirichlet(np.ones(widths[-1]), 9)
    net = MLP(widths, activation, X, Y, loss, biases=biases)
    shape = net.machine_shape
    check(NetworkHessianProduct(shape=shape), shape.parameters(X, Y), net)


@pytest.mark.parametrize("widths", [(2, 2), (2, 2, 2), (3, 4, 2, 3)])
def test_a_network_without_activation_is_a_linear_network(widths):
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((7, widths[0])), rng.standard_normal((7, widths[-1]))
    shape = NetworkShape(
        widths=widths, activation=ActivationCode.IDENTITY, biases=False, output_bias=False
    )
    code = NetworkHessianProduct(shape=shape, block=3)
    check(code, shape.parameters(X, Y), LinearNetwork(widths, X, Y), lanes=8)


def test_no_bit_depends_on_lanes_or_on_how_many_samples_go_together():
    rng = np.random.default_rng(2)
    X, Y = rng.standard_normal((11, 3)), rng.dirichlet(np.ones(2), 11)
    net = MLP((3, 5, 4, 2), Activation.TANH, X, Y, DataLoss.CROSS_ENTROPY)
    shape = net.machine_shape
    data = shape.parameters(X, Y)
    points, directions = rng.normal(size=(2, 8, net.dimension))
    one_by_one = NetworkHessianProduct(shape=shape, block=1)
    alone = [products(one_by_one, data, points[k, None], directions[k, None]) for k in range(8)]
    together = products(NetworkHessianProduct(shape=shape, block=4), data, points, directions)
    np.testing.assert_array_equal(together, np.concatenate(alone))


@pytest.mark.parametrize(
    "text",
    [
        "(x*y - 1)**2/2",
        "log(1 + exp(-x*y)) + a*x**2",
        "sqrt(1 + x**2 + y**2) + x**3*y",
        "Max(x, y)**2 + a*x*y",
    ],
)
def test_products_of_symbolic_losses(text):
    x, y, a = sp.symbols("x y a")
    expression = sp.sympify(text, locals={"x": x, "y": y, "a": a})
    loss = Loss(expression.subs(a, sp.Rational(1, 4)), [x, y])
    gradient = [sp.diff(expression, v) for v in (x, y)]
    code = TapeHessianProduct(product_tape(gradient, [x, y], [a]))
    check(code, np.array([0.25]), loss, lanes=16)


def test_nan_stays_in_its_lane():
    net = MLP((1, 3, 1), Activation.TANH, [[1.0], [2.0]], [[0.0], [1.0]])
    shape = net.machine_shape
    code, data = NetworkHessianProduct(shape=shape), shape.parameters(net.X, net.Y)
    points, directions = np.random.default_rng(3).normal(size=(2, 4, net.dimension))
    clean = products(code, data, points, directions)
    points[2, 0] = np.nan
    found = products(code, data, points, directions)
    assert np.isnan(found[2]).any()
    np.testing.assert_array_equal(np.delete(found, 2, axis=0), np.delete(clean, 2, axis=0))

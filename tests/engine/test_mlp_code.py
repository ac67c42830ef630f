"""Gradients of networks in machine code against back-propagation in numpy."""

from itertools import product

import numpy as np
import pytest
from reference.machine_code import CompiledStep, aligned, exported

from dynsys_gd import MLP, Activation, DataLoss, GradientDescent, HeavyBall, Nesterov
from dynsys_gd.engine.machine import compiler
from dynsys_gd.engine.machine.cpu import Processor, llvm, processor
from dynsys_gd.engine.machine.gradient_step import GradientStep, update_code
from dynsys_gd.engine.machine.mlp_code import MLPCode
from dynsys_gd.engine.machine.network_shape import NetworkShape
from dynsys_gd.engine.machine.writer import Module

pytestmark = pytest.mark.skipif(processor() is None, reason="no machine code here")

WIDTHS = [(1, 1), (3, 2), (2, 5, 1), (2, 20, 3), (2, 3, 4, 2), (4, 7, 6, 5, 3)]
CASES = [
    (widths, activation, loss, biases)
    for widths, activation, loss, biases in product(WIDTHS, Activation, DataLoss, (True, False))
    if loss is DataLoss.SQUARED or widths[-1] > 1
]


def network(widths, activation, loss=DataLoss.SQUARED, biases=True, n=11):
    """Return a network on random data."""
    rng = np.random.default_rng([len(widths), sum(widths), n])
    X = rng.standard_normal((n, widths[0]))
    if loss is DataLoss.CROSS_ENTROPY:
        return MLP(
            widths, activation, X, rng.dirichlet(np.ones(widths[-1]), n), loss, biases=biases
        )
    return MLP(widths, activation, X, rng.standard_normal((n, widths[-1])), loss, biases=biases)


def gradients(code, data, points, *, fused=False):
    """Return gradients at rows, which are as many as there are lanes."""
    lanes, d = points.shape
    module = Module(lanes=lanes, fused=fused)
    code.write(module)
    tile, gradient, numbers = aligned(lanes * d), aligned(lanes * d), aligned(len(data))
    tile[:], numbers[:] = points.T.ravel(), data
    gradient[:] = np.nan  # what is there must not matter
    exported(module, "gradient", 3)(tile, gradient, numbers)
    return gradient.reshape(d, lanes).T.copy()


def relative(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize(("widths", "activation", "loss", "biases"), CASES)
def test_gradients_are_those_of_numpy(widths, activation, loss, biases):
    net = network(widths, activation, loss, biases)
    code, data = net.gradient_code()
    points = np.random.default_rng(1).normal(size=(4, net.dimension))
    assert code.dimension == net.dimension
    assert relative(gradients(code, data, points, fused=True), net.gradient_at(points)) < 1e-13


@pytest.mark.parametrize("activation", Activation)
def test_far_and_near_zero_every_entry_is_accurate(activation):
    # Saturated units pass little back, but that little is right; so is what a tiny weight lets in.
    rng = np.random.default_rng(3)
    net = network((2, 4, 1), activation, biases=False, n=3)
    code, data = net.gradient_code()
    points = rng.normal(size=(8, net.dimension)) * np.logspace(-9, 1.5, 8)[:, None]
    found, expected = gradients(code, data, points), net.gradient_at(points)
    scale = np.abs(expected[:, :8]).max(axis=1)  # of the first layer alone, row by row
    assert np.all(np.abs(found - expected)[:, :8].max(axis=1) <= 1e-12 * scale)


@pytest.mark.parametrize("activation", [Activation.RELU, Activation.TANH])
@pytest.mark.parametrize("loss", DataLoss)
def test_no_bit_depends_on_lanes_or_on_how_many_samples_go_together(activation, loss):
    net = network((3, 5, 6, 2), activation, loss)
    shape, (_, data) = net.machine_shape, net.gradient_code()
    points = np.random.default_rng(2).normal(size=(16, net.dimension))
    alone = [gradients(MLPCode(shape=shape, block=1), data, row[None]) for row in points]
    for lanes, block in ((2, 4), (4, 3), (8, 8), (16, 16)):
        code = MLPCode(shape=shape, block=block)
        parts = [gradients(code, data, rows) for rows in points.reshape(-1, lanes, net.dimension)]
        np.testing.assert_array_equal(np.concatenate(parts), np.concatenate(alone))


def test_wide_layers_take_fewer_samples_at_a_time():
    shape = network((2, 20, 1), Activation.RELU).machine_shape
    assert shape.samples_together(8) == 8
    assert shape.samples_together(7) == 4
    net = network((1, 1500, 2), Activation.RELU, n=3)
    assert net.machine_shape.samples_together(8) == 2
    code, data = net.gradient_code()
    points = np.random.default_rng(1).normal(size=(8, net.dimension))
    assert relative(gradients(code, data, points), net.gradient_at(points)) < 1e-12


def test_networks_too_large_for_the_nearer_caches_stay_with_numpy():
    assert network((2, 4000, 2), Activation.RELU, n=2).gradient_code() is None


def test_the_last_bias_can_be_left_out():
    net = network((2, 3, 2), Activation.SIGMOID)
    shape = net.machine_shape
    without = NetworkShape(widths=shape.widths, activation=shape.activation, output_bias=False)
    assert without.dimension == net.dimension - 2
    points = np.random.default_rng(5).normal(size=(2, without.dimension))
    expected = net.gradient_at(np.pad(points, [(0, 0), (0, 2)]))[:, :-2]
    found = gradients(MLPCode(shape=without), without.parameters(net.X, net.Y), points)
    assert relative(found, expected) < 1e-13


@pytest.mark.parametrize("activation", Activation)
def test_overflow_and_nan_stay_in_their_lane(activation):
    net = network((2, 3, 1), activation)
    code, data = net.gradient_code()
    points = np.random.default_rng(4).normal(size=(8, net.dimension))
    clean = gradients(code, data, points)
    spoiled = points.copy()
    spoiled[1, 0], spoiled[4] = np.nan, 1e200
    found = gradients(code, data, spoiled)
    others = [0, 2, 3, 5, 6, 7]
    np.testing.assert_array_equal(found[others], clean[others])
    assert np.isnan(found[1]).any()
    bounded = activation in (Activation.TANH, Activation.SIGMOID)
    assert bounded or not np.isfinite(found[4]).all()


def test_huge_outputs_do_not_overflow_in_the_softmax():
    net = network((2, 3, 3), Activation.RELU, DataLoss.CROSS_ENTROPY)
    code, data = net.gradient_code()
    points = 100 * np.random.default_rng(4).normal(size=(8, net.dimension))
    found, expected = gradients(code, data, points), net.gradient_at(points)
    assert np.isfinite(expected).all()
    assert relative(found, expected) < 1e-12


def test_units_at_the_kink_have_the_slope_on_the_left():
    for activation in (Activation.RELU, Activation.LEAKY_RELU):
        net = network((2, 3, 1), activation)
        code, data = net.gradient_code()
        points = np.random.default_rng(4).normal(size=(2, net.dimension))
        points[:, :9] = 0.0
        assert relative(gradients(code, data, points), net.gradient_at(points)) < 1e-14


@pytest.mark.parametrize(
    "make",
    [
        lambda net: GradientDescent(net, step_size=0.1),
        lambda net: HeavyBall(net, step_size=0.1, momentum=0.9),
        lambda net: Nesterov(net, step_size=0.1, momentum=0.9),
    ],
)
def test_trajectories_follow_those_of_the_maps(make):
    net = network((2, 6, 2), Activation.TANH, DataLoss.CROSS_ENTROPY, n=9)
    F = make(net)
    code, data = net.gradient_code()
    settings = F.settings
    step = GradientStep(code, update_code(type(F).update, F.blocks, tuple(settings)))
    parameters = np.concatenate([[float(value) for value in settings.values()], data])
    states = F.lift(np.random.default_rng(6).normal(size=(8, net.dimension)))
    compiled, expected = CompiledStep(step, lanes=8, fused=True), states
    for _ in range(50):
        states = compiled.step(states, parameters, in_place=True)
        expected, _ = F.kernel().step(expected)
    np.testing.assert_allclose(states, expected, rtol=0, atol=1e-12)


def test_equal_networks_share_code_whatever_their_data():
    small, large = (network((2, 3, 1), Activation.RELU, n=n).gradient_code()[0] for n in (5, 50))
    assert small == large
    assert hash(small) == hash(large)
    assert large.work == 10 * small.work


@pytest.mark.skipif(
    llvm() is None or not llvm().get_process_triple().startswith("x86_64"), reason="not x86-64"
)
def test_it_runs_on_the_oldest_processors(monkeypatch):
    plain = Processor(name="x86-64", features="", width=2, registers=16, fused=False)
    monkeypatch.setattr(compiler, "processor", lambda: plain)
    for activation in Activation:
        net = network((2, 5, 3), activation, DataLoss.CROSS_ENTROPY)
        code, data = net.gradient_code()
        points = np.random.default_rng(1).normal(size=(2, net.dimension))
        assert relative(gradients(code, data, points), net.gradient_at(points)) < 1e-13

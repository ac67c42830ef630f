"""Gradients of deep linear networks in machine code against the ones in numpy."""

import numpy as np
import pytest
from reference.machine_code import CompiledStep, aligned, exported

from dynsys_gd import GradientDescent, HeavyBall, LinearNetwork, Nesterov
from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.engine.machine.gradient_step import GradientStep, update_code
from dynsys_gd.engine.machine.linear_network_code import (
    LinearNetworkGradient,
    cheapest_plan,
    rooms,
)
from dynsys_gd.engine.machine.writer import Module

needs_machine = pytest.mark.skipif(processor() is None, reason="no machine code here")

SHAPES = [
    (1, 1),
    (3, 2),
    (9, 5),
    (1, 1, 1),
    (2, 2, 2),
    (10, 2, 10),
    (2, 12, 3),
    (13, 1, 6),
    (4, 8, 3),
    (4, 4, 4, 4),
    (5, 2, 7, 3),
    (1, 6, 6, 11),
    (12, 6, 6, 1),
    (2, 2, 2, 2, 2),
    (10, 10, 10, 10, 10),
    (7, 3, 9, 2, 8),
    (3, 3, 3, 3, 3, 3),
    (8, 5, 1, 5, 4, 9),
]


def network(widths, seed=0):
    rng = np.random.default_rng([seed, *widths])
    n = 2 * widths[0]
    return LinearNetwork(widths, rng.normal(size=(n, widths[0])), rng.normal(size=(n, widths[-1])))


def gradients(net, points, fused):
    code, data = net.gradient_code()
    module = Module(lanes=len(points), fused=fused)
    code.write(module)
    tile, answer = aligned(points.size), aligned(points.size)
    tile[:] = points.T.ravel()
    exported(module, "gradient", 3)(tile, answer, data)
    np.testing.assert_array_equal(tile, points.T.ravel())
    return answer.reshape(-1, len(points)).T


def scale(net, points):
    """Return the size of the sums behind each gradient, in which nothing cancels."""
    moments = np.abs(net.second_moment), -np.abs(net.cross_moment)
    layers = net.unflatten(np.abs(points))
    above, below = [np.eye(net.widths[-1])], [np.eye(net.widths[0])]
    for layer in layers:
        below.append(layer @ below[-1])
    for layer in reversed(layers[1:]):
        above.append(above[-1] @ layer)
    error = below.pop() @ moments[0] - moments[1]
    parts = zip(above[::-1], below, strict=True)
    return net.flatten([np.swapaxes(a, -1, -2) @ error @ np.swapaxes(b, -1, -2) for a, b in parts])


@needs_machine
@pytest.mark.parametrize("widths", SHAPES)
def test_gradients_are_those_of_numpy(widths):
    net = network(widths)
    points = np.random.default_rng(1).normal(size=(16, net.dimension))
    exact, room = net.gradient_at(points), 1e-13 * scale(net, points)
    widest = gradients(net, points, True)
    assert (np.abs(widest - exact) <= room).all()
    assert (np.abs(gradients(net, points[:8], False) - exact[:8]) <= room[:8]).all()
    # Fused results are the same for every number of lanes.
    for lanes in (2, 4):
        np.testing.assert_array_equal(gradients(net, points[:lanes], True), widest[:lanes])


@needs_machine
@pytest.mark.parametrize("widths", [(2, 2, 2), (4, 8, 3), (6, 6, 6, 6)])
@pytest.mark.parametrize("rule", [GradientDescent, HeavyBall, Nesterov])
def test_steps_of_every_rule(widths, rule):
    net = network(widths)
    settings = {"step_size": 0.125, "momentum": 0.5}
    if rule is GradientDescent:
        del settings["momentum"]
    gradient, data = net.gradient_code()
    code = GradientStep(gradient, update_code(rule.update, rule.blocks, tuple(settings)))
    parameters = np.array([*settings.values(), *data])
    states = np.random.default_rng(2).normal(size=(8, code.dimension))
    compiled = CompiledStep(code, lanes=8, fused=True)
    images, residuals = compiled.step_with_residual(states, parameters, in_place=False)
    expected, used = rule(net, **settings).kernel().step(states)
    np.testing.assert_allclose(images, expected, rtol=0, atol=1e-13 * np.abs(expected).max())
    if net.symbolic is None:
        np.testing.assert_allclose(residuals, used, rtol=0, atol=1e-13 * np.abs(used).max())
    np.testing.assert_array_equal(compiled.step(states, parameters, in_place=True), images)


@needs_machine
def test_descent_finds_the_linear_map():
    rng = np.random.default_rng(3)
    target = np.eye(4) + 0.2 * rng.normal(size=(4, 4))
    net = LinearNetwork((4, 4, 4, 4), 2 * np.eye(4), 2 * target.T)
    gradient, data = net.gradient_code()
    code = GradientStep(gradient, update_code(GradientDescent.update, 1, ("step_size",)))
    compiled = CompiledStep(code, lanes=8, fused=True)
    states = np.tile(np.eye(4).ravel(), 3) + 0.1 * rng.normal(size=(8, net.dimension))
    for _ in range(500):
        states = compiled.step(states, np.array([0.2, *data]), in_place=True)
    ends = net.end_to_end(states)
    np.testing.assert_allclose(ends, np.broadcast_to(target, ends.shape), rtol=0, atol=1e-12)


@needs_machine
def test_lanes_do_not_disturb_each_other():
    net = network((4, 8, 3))
    points = np.random.default_rng(4).normal(size=(8, net.dimension))
    before = gradients(net, points, True)
    points[3], points[5] = np.inf, np.nan
    after = gradients(net, points, True)
    assert not np.isfinite(after[[3, 5]]).any()
    others = [0, 1, 2, 4, 6, 7]
    np.testing.assert_array_equal(after[others], before[others])


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_square_networks_take_the_known_number_of_products(depth):
    assert len(cheapest_plan((6,) * (depth + 1))) == 3 * depth - 2
    assert LinearNetworkGradient((6,) * (depth + 1)).work == (3 * depth - 2) * 6**3


@pytest.mark.parametrize(
    ("widths", "work"),
    [
        ((3, 2), 2 * 3 * 3),
        # Σ comes in at the bottleneck: W₁Σ, W₂(W₁Σ) - C, E W₁ᵀ and W₂ᵀE, 2·10² each.
        ((10, 2, 10), 4 * 200),
        # One output: from above, only rows: A₁, A₀, E, F₂, G₁, F₃, G₂.
        ((12, 6, 6, 1), 36 + 72 + 144 + 72 + 36 + 72 + 36),
        # One input: from below, only columns: B₃, B₃Σ, E, G₃, D₂, G₂, D₁.
        ((1, 6, 6, 12), 36 + 6 + 72 + 72 + 72 + 36 + 36),
    ],
)
def test_rectangular_networks_take_the_cheaper_way(widths, work):
    assert LinearNetworkGradient(widths).work == work


def test_no_matrix_is_overwritten_while_it_is_needed():
    for widths in SHAPES:
        plan, places = cheapest_plan(widths), rooms(widths)
        inside = {}  # what each piece of memory holds now
        for product in plan:
            for name in (product.left, product.right):
                if name in places:
                    assert inside[places[name].owner] == name
            target = product.result
            owner = places[target].owner if target in places else target
            sources = [places[n].owner for n in (product.left, product.right) if n in places]
            assert owner not in sources
            inside[owner] = target
        assert all(inside["G", k] == ("G", k) for k in range(1, len(widths)))


def test_what_a_network_gives():
    net = network((4, 8, 3))
    code, data = net.gradient_code()
    assert code == LinearNetworkGradient((4, 8, 3))
    assert hash(code) == hash(network((4, 8, 3), seed=1).gradient_code()[0])
    np.testing.assert_array_equal(data[:16].reshape(4, 4), net.second_moment)
    np.testing.assert_array_equal(data[16:].reshape(3, 4), -net.cross_moment)


@pytest.mark.parametrize("widths", [(200, 1, 200), (40, 40, 40)])
def test_wide_networks_stay_with_numpy(widths):
    ones = np.ones((2, widths[0]))
    assert LinearNetwork(widths, ones, ones).gradient_code() is None

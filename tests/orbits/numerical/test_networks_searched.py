"""Numerical searches on maps without a formula: networks and functions differentiated by JAX."""

import numpy as np
import pytest
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd import CriticalKind, Kind, LinearSolver, NewtonSearch


@pytest.fixture(scope="module")
def net():
    rng = np.random.default_rng(3)
    X = np.linspace(-2, 2, 20)[:, None]
    rng.normal(size=X.shape)
    Y = np.tanh(1.5 * X + 1) - 0.8 * np.tanh(-2 * X + 1.2) + 0.1 * rng.normal(size=X.shape)
    return dg.MLP((1, 2, 1), dg.Activation.TANH, X, Y, dg.DataLoss.SQUARED)


@pytest.fixture(scope="module")
def minima(net):
    F = dg.GradientDescent(net, "1/4")
    found = dg.fixed_points(F, dg.Box([-5] * 7, [5] * 7), method=NewtonSearch(starts=500, rounds=3))
    return [orbit for orbit in found if orbit.critical is CriticalKind.MINIMUM]


def flipped(point, unit):
    """Return the same network with the signs around one hidden unit changed."""
    other = point.copy()
    other[[unit, 2 + unit, 4 + unit]] *= -1
    return other


def test_the_minimum_of_a_small_network_and_its_mirror_images(net, minima):
    points = np.array([orbit.points[0] for orbit in minima])
    values = np.array([float(orbit.loss_value) for orbit in minima])
    lowest = points[values < values.min() + 1e-9]
    assert len(lowest) == 8  # two units can be exchanged, and each turned round
    for point in lowest:
        for unit in (0, 1):
            assert np.abs(lowest - flipped(point, unit)).max(axis=1).min() < 1e-9
        assert np.abs(net.gradient_at(point)).max() < 1e-14


def test_krylov_and_direct_agree(net, minima):
    near = minima[0].points + 0.05 * np.random.default_rng(0).normal(size=(20, 7))
    method = NewtonSearch(starts=near, solver=LinearSolver.KRYLOV)
    found = dg.fixed_points(dg.GradientDescent(net, "1/4"), method=method)
    gaps = [np.abs(o.points - minima[0].points).max() for o in found]
    assert min(gaps) < 1e-12
    assert found.evidence.reason.startswith("Newton-Krylov iteration with products from diff")


def test_two_cycles_of_a_network_are_found_either_way(net, minima):
    step = 2.3 / float(net.sharpness_at(minima[0].points[0]))
    F = dg.GradientDescent(net, step)
    start = minima[0].points[0] + 0.02 * np.random.default_rng(1).normal(size=(40, 7))
    answers = [
        dg.periodic_orbits(F, period=2, method=NewtonSearch(starts=start, solver=solver))
        for solver in LinearSolver
    ]
    for found in answers:
        for orbit in found:
            assert np.allclose(F(orbit.points), orbit.points[::-1], atol=1e-12)
    direct = np.array([orbit.points for orbit in answers[0]])
    for orbit in answers[1]:
        assert np.abs(direct - orbit.points).max(axis=(1, 2)).min() < 1e-9


def test_krylov_on_a_symbolic_map_uses_the_tangent_map():
    loss = dg.Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y])
    method = NewtonSearch(solver=LinearSolver.KRYLOV)
    box = dg.Box([-16, -16], [16, 16])
    F = dg.GradientDescent(loss, "1/50")
    found = dg.periodic_orbits(F, box, period=2, method=method)
    assert len(found) == 6
    assert "the tangent map" in found.evidence.reason


def test_a_function_differentiated_by_jax():
    pytest.importorskip("jax")

    def himmelblau(w):
        return (w[0] ** 2 + w[1] - 11) ** 2 + (w[0] + w[1] ** 2 - 7) ** 2

    F = dg.GradientDescent(dg.AutodiffLoss(himmelblau, 2), "1/50")
    found = dg.fixed_points(F, dg.Box([-6, -6], [6, 6]), method=NewtonSearch())
    assert len(found) == 9
    assert [o.critical for o in found].count(CriticalKind.MINIMUM) == 4


def test_newton_krylov_on_a_regularised_network_of_many_parameters():
    pytest.importorskip("jax")
    import jax.numpy as jnp

    rng = np.random.default_rng(0)
    width, features = 40, 8
    A, b = jnp.array(rng.normal(size=(30, features))), jnp.array(rng.normal(size=30))

    def ridge(w):
        W, v = w[: features * width].reshape(features, width), w[features * width :]
        return jnp.mean((jnp.tanh(A @ W) @ v - b) ** 2) / 2 + 0.05 * jnp.sum(w**2)

    d = (features + 1) * width
    loss = dg.AutodiffLoss(ridge, d)
    F = dg.GradientDescent(loss, "1/10")
    method = NewtonSearch(rounds=1, starts=4)
    found = dg.fixed_points(F, dg.Gaussian([0] * d, 0.3), method=method)
    assert len(found) >= 2
    for orbit in found:
        assert np.abs(loss.gradient_at(orbit.points)).max() < 1e-12
        assert orbit.kind in (Kind.SINK, Kind.SADDLE)
        assert len(repr(orbit)) < 1500

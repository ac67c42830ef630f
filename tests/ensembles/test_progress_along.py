"""Relative progress and directional smoothness, against their definitions as integrals."""

import numpy as np
import pytest
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd.ensembles import progress_along as module

PRODUCT = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
STARTS = [[1.3, 0.4], [0.2, -0.7], [1.0, 1.5]]


def integrals(F, theta):
    """Return RP and DS of one step by Gauss-Legendre quadrature of the Hessian along it."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    tau, weights, eta = (nodes + 1) / 2, weights / 2, float(F.step_size)
    g = F.loss.gradient_at([theta])[0]
    unit = g / np.linalg.norm(g)
    hessians = F.loss.hessian_at(theta - eta * np.outer(tau, g))
    along = np.einsum("i,kij,j->k", unit, hessians, unit)
    return -1 + eta * weights @ ((1 - tau) * along), weights @ along


@pytest.mark.parametrize("step", ["1/10", "11/10"])
def test_definitions_as_integrals(step):
    F = dg.GradientDescent(PRODUCT, step)
    found = dg.progress_along(F, STARTS, 7)
    for row, start in enumerate(STARTS):
        for k, theta in enumerate(F.trajectory(start, 7).points[:-1]):
            progress, smoothness = integrals(F, theta)
            assert found.progress[row, k] == pytest.approx(progress, abs=1e-9)
            assert found.smoothness[row, k] == pytest.approx(smoothness, abs=1e-9)


def test_quadratic_losses_have_one_relation():
    F = dg.GradientDescent(dg.Loss(x**2 + 3 * y**2 / 2 + x * y, [x, y]), "1/5")
    found = dg.progress_along(F, STARTS, 12)
    assert found.progress == pytest.approx(-1 + found.step_size * found.smoothness / 2, abs=1e-9)


def test_the_weighted_mean_telescopes():
    F = dg.GradientDescent(PRODUCT, "13/10")
    found = dg.progress_along(F, [[1.2, 1.0], [0.5, 1.1]], 5000, transient=100)
    change = found.losses[:, -1] - found.losses[:, 0]
    total = found.step_size * found.squared_gradients.sum(axis=1)
    assert found.weighted_progress == pytest.approx(change / total, abs=1e-13)
    assert abs(found.weighted_progress).max() < 1e-3


def test_on_a_cycle_of_period_two_the_values_are_exact():
    found = dg.progress_along(
        dg.GradientDescent(PRODUCT, "11/10"), [[1.2, 1.1]], 100, transient=3000
    )
    assert found.mean_progress[0] == pytest.approx(0, abs=1e-12)
    assert found.step_size * found.smoothness[0] == pytest.approx(2, abs=1e-12)


def test_where_the_gradient_vanishes_nothing_is_said():
    found = dg.progress_along(dg.GradientDescent(PRODUCT, "1/2"), [[1, 1]], 3)
    assert np.isnan(found.progress).all()
    assert np.isnan(found.smoothness).all()
    assert np.isnan(found.weighted_progress).all()


def test_stretches_of_an_orbit_join(monkeypatch):
    F = dg.GradientDescent(PRODUCT, "5/4")
    whole = dg.progress_along(F, STARTS, 100, transient=5)
    monkeypatch.setattr(module, "_NUMBERS", 40)
    parts = dg.progress_along(F, STARTS, 100, transient=5)
    for name in ("losses", "squared_gradients", "smoothness"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))


def test_orbits_are_those_of_the_map():
    F = dg.GradientDescent(PRODUCT, "5/4")
    found = dg.progress_along(F, [STARTS[2]], 50, transient=10)
    points = F.trajectory(STARTS[2], 60).points[10:]
    assert np.array_equal(found.losses[0], PRODUCT(points))


def test_orbits_without_a_mean_are_counted():
    found = dg.progress_along(dg.GradientDescent(PRODUCT, "1/2"), [[1, 1], [2, 1], [1, 1]], 3)
    assert "not defined for 2" in found.headline()

"""Formulas for cycles of period two, against the instruments that find such cycles."""

import numpy as np
import pytest
import sympy as sp

import dynsys_gd as dg
from dynsys_gd.claims.support import two_cycles

eta = sp.Symbol("eta")
RANDOM = [("1", "2"), ("0", "-1"), ("3/2", "7/3"), ("-1/3", "5")]


@pytest.mark.parametrize("pair", RANDOM)
def test_the_coefficient_is_that_of_the_normal_form(pair):
    loss = two_cycles.quartic(*pair)
    form = dg.normal_form(dg.GradientDescent(loss, eta), [0])
    assert form.exact == two_cycles.flip_coefficient(loss)
    assert (str(form.criticality) == "supercritical") is bool(two_cycles.flip_coefficient(loss) > 0)


def test_derivatives_of_a_steeper_minimum():
    x = sp.Symbol("x")
    loss = dg.Loss(3 * x**2 / 2 + x**3 / 6 - x**4 / 8, [x])
    assert two_cycles.derivatives_at_zero(loss) == (0, 3, 1, -3)
    form = dg.normal_form(dg.GradientDescent(loss, eta), [0])
    assert form.exact == two_cycles.flip_coefficient(loss)
    assert two_cycles.derivatives_at_zero(dg.Loss(x * eta, [x, eta])) is None


@pytest.mark.parametrize("ratio", ["11/10", "6/5"])
def test_values_on_the_cycle_are_those_of_exact_orbits(ratio):
    x, y = sp.symbols("x y")
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), ratio)
    found = dg.periodic_orbits(F, dg.Box([0, 0], [2, 2]), period=2)
    (cycle,) = [orbit for orbit in found.orbits if orbit.kind is dg.Kind.SINK]
    values = np.sort(cycle.points.prod(axis=1))
    assert np.allclose(values, two_cycles.alternating_values(float(sp.Rational(ratio))), rtol=1e-12)


def test_the_imbalance_of_balanced_and_of_stretched_factors():
    net = two_cycles.random_factorisation(4, (3,), (2.0, 1.2, 0.6), rng=0)
    target = np.linalg.lstsq(net.X, net.Y, rcond=None)[0].T
    left, values, right = np.linalg.svd(target)
    assert np.allclose(values[:3], (2.0, 1.2, 0.6))
    first = np.sqrt(values[:3])[:, None] * right[:3]
    second = left[:, :3] * np.sqrt(values[:3])
    points = np.array(
        [
            np.concatenate([first.ravel(), second.ravel()]),
            np.concatenate([2 * first.ravel(), second.ravel() / 2]),
        ]
    )
    assert np.allclose(net(points), 0, atol=1e-28)
    product, gap = two_cycles.leading_imbalance(net, points)
    assert np.allclose(product, 2.0)
    assert np.allclose(gap, [0.0, 1.5 * np.sqrt(2.0)])

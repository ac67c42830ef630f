"""Formulas for the minima of linear networks against whole Hessians and the certified search."""

import numpy as np
import pytest

import dynsys_gd as dg
from dynsys_gd.claims.support import network_minima as minima

WHITE = np.array([[1, 1, 1], [1, -1, 1], [1, 1, -1], [1, -1, -1]], dtype=float)
MIXED = WHITE @ np.array([[1, 0.5, -1], [0, 2, 0.25], [0, 0, 0.5]])
BEST = np.array([[2.0, -1.0, 0.5], [0.25, 1.0, -1.5]])
SHAPES = ((3, 3, 2), (3, 2, 4, 2), (3, 3, 3, 3, 2))


def network(widths, inputs=WHITE):
    return dg.LinearNetwork(widths, inputs, inputs @ BEST.T)


@pytest.mark.parametrize("widths", SHAPES)
@pytest.mark.parametrize("inputs", [WHITE, MIXED], ids=["white", "correlated"])
def test_closed_form_lies_in_the_certified_enclosure(widths, inputs):
    net = network(widths, inputs)
    found = dg.critical_step_size(net)
    lower, upper = minima.flattest_of_any_data(net)
    assert lower == pytest.approx(upper, rel=1e-9)
    assert found.lower * (1 - 1e-9) <= 2 / lower <= found.upper * (1 + 1e-9)


@pytest.mark.parametrize("widths", SHAPES)
def test_white_inputs_have_the_shorter_formula(widths):
    net = network(widths)
    assert minima.distance_from_white(net) == 0
    assert minima.flattest_of_white_data(net) == pytest.approx(minima.flattest_of_any_data(net)[0])


def test_correlated_inputs_are_not_white():
    assert minima.distance_from_white(network(SHAPES[0], MIXED)) == 4 + 0.25 - 1


@pytest.mark.parametrize("widths", SHAPES)
def test_balanced_spectrum_is_that_of_the_whole_hessian(widths):
    net = network(widths)
    point = minima.minimum_with_gains(net, 1.0, 0)
    expected = minima.split_spectrum(net, 1.0, 0)
    eigenvalues = np.linalg.eigvalsh(net.hessian_at(point))
    np.testing.assert_allclose(eigenvalues[-len(expected) :], expected, atol=1e-12)
    np.testing.assert_allclose(eigenvalues[: -len(expected)], 0.0, atol=1e-12)


@pytest.mark.parametrize("widths", SHAPES)
@pytest.mark.parametrize(("factor", "direction"), [(1.3, 0), (2.0, -1)])
def test_split_spectrum_is_that_of_the_whole_hessian(widths, factor, direction):
    net = network(widths)
    point = minima.minimum_with_gains(net, factor, direction)
    expected = minima.split_spectrum(net, factor, direction)
    eigenvalues = np.linalg.eigvalsh(net.hessian_at(point))
    np.testing.assert_allclose(eigenvalues[-len(expected) :], expected, atol=1e-12)


@pytest.mark.parametrize("widths", SHAPES)
def test_unequal_gains_leave_the_product_alone(widths):
    net = network(widths)
    np.testing.assert_allclose(net.end_to_end(minima.minimum_with_gains(net, 1.3, 0)), BEST)


@pytest.mark.parametrize("widths", SHAPES)
def test_transformed_minima_are_minima(widths):
    net, rng = network(widths, MIXED), np.random.default_rng(0)
    start = dg.flattest_minimum(net)[0]
    points = minima.transformed_minima(net, start, np.full(20, 0.3), rng)
    np.testing.assert_allclose(net.end_to_end(points), np.tile(BEST, (20, 1, 1)), atol=1e-9)
    assert np.ptp(points, axis=0).max() > 0.1

"""Limits of gradient flow by one equation against the integrated flow."""

import numpy as np
import pytest

import dynsys_gd as dg
from dynsys_gd.claims.support.scalar_networks import (
    flow_limit,
    is_scalar_network,
    minimum_of_sharpness,
    scalar_network,
)


@pytest.mark.parametrize(
    "start", [[2.0, 0.3], [0.5, 0.9, 1.4], [-1.2, 0.4, 1.5], [2, 1, 0.3, -0.2]]
)
def test_limit_is_that_of_the_integrated_flow(start):
    flow = dg.gradient_flow(scalar_network(len(start)), start, [0.0, 100.0])
    np.testing.assert_allclose(flow.end**2, flow_limit([start])[0], atol=1e-7)


def test_a_minimum_is_its_own_limit():
    point = np.array([4.0, 0.5, 0.5])
    np.testing.assert_allclose(flow_limit([point])[0], point**2, rtol=1e-14)


@pytest.mark.parametrize("sharpness", [3.5, 10.0, 400.0])
def test_minimum_has_the_sharpness_asked_for(sharpness):
    point = minimum_of_sharpness(np.array([1.0, -0.3, -0.7]), sharpness)
    assert point.prod() == pytest.approx(1)
    assert scalar_network(3).sharpness_at(point) == pytest.approx(sharpness)


def test_other_losses_are_told_apart():
    from sympy.abc import x, y

    assert is_scalar_network(scalar_network(3))
    assert is_scalar_network(dg.Loss((x * y - 1) ** 2 / 2, [x, y]))
    assert not is_scalar_network(dg.Loss((x * y - 2) ** 2 / 2, [x, y]))

"""Whether a map expands on the whole way to the horizon."""

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import SymbolicMap
from dynsys_gd.ensembles.beyond import expands_beyond

x, y = sp.symbols("x y")


def expands(images, state, rate=0.001, horizon=1e12):
    variables = [x, y][: len(images)]
    kernel = SymbolicMap([sp.sympify(image) for image in images], variables).kernel()
    states = np.array([state], dtype=float)
    return bool(expands_beyond(kernel, states, np.array([horizon]), np.array([rate]))[0])


@pytest.mark.parametrize("image", [1.01 * x, -1.01 * x, 1.01 * x + 3, 2 * x + x**3, -x - x**5])
def test_expanding_maps_pass(image):
    assert expands([image], [1e3])


@pytest.mark.parametrize("size", [1e4, 1e7, 1e11])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_fixed_point_on_the_way_is_seen(size, sign):
    """x -> x + 0.01 x (1 - |x|/size): within a factor of √2 of the fixed point the rate is lower
    than 0.005, on either side."""
    image = sign * (x + x / 100 * (1 - sp.Abs(x) / size))
    assert not expands([image], [1e3], rate=0.005)
    assert not expands([image], [-1e3], rate=0.005)
    assert expands([image], [1e3], rate=0.005, horizon=size / 100)


def test_a_fixed_point_on_the_other_side_is_seen_by_an_orbit_that_alternates():
    there = sp.Piecewise((-1.01 * x, x > 0), (-1.01 * x * (1 + x / 10**7), True))
    assert not expands([there], [1e3], rate=0.005)


def test_growth_slower_than_asked_for_and_images_that_are_not_numbers_do_not_pass():
    assert not expands([1.01 * x], [1e3], rate=0.02)
    assert not expands([2 * x + 0 * sp.log(10**6 - x) * x + sp.sqrt(10**6 - x)], [1e3])
    assert not expands([x / 2, 2 * y], [1.0, 0.0])
    assert expands([x / 2, 2 * y], [0.0, 1.0])


def test_rows_do_not_depend_on_each_other():
    kernel = SymbolicMap([x + x / 100 * (1 - sp.Abs(x) / 10**7)], [x]).kernel()
    states = np.array([[1e3], [0.0], [-1e8], [1.0], [1e6]])
    far, rate = np.array([1e12, 1e12, 1e12, 1e4, 1e12]), np.full(5, 1e-3)
    together = expands_beyond(kernel, states, far, rate)
    alone = [
        expands_beyond(kernel, states[k : k + 1], far[k : k + 1], rate[:1])[0] for k in range(5)
    ]
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together, [False, False, False, True, False])

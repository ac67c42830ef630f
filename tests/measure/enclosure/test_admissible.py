"""Boxes that are said to hold no limit of many points, against where limits are."""

import numpy as np
import pytest
from sympy import Rational
from sympy.abc import x, y

from dynsys_gd import SymbolicMap
from dynsys_gd.measure.enclosure.admissible import admissible
from dynsys_gd.orbits.certified.system import system_of


@pytest.mark.parametrize(("step_size", "limit"), [("1/2", 4.0), ("9/10", 20 / 9)])
def test_cells_of_the_curve_are_admissible_exactly_where_it_is_steep(
    known, cells, step_size, limit
):
    _, facts = known("product", step_size)
    low, high = cells(3, 512)
    found = facts.admissible(low, high)
    corners = np.stack([low[0] * low[1], low[0] * high[1], high[0] * low[1], high[0] * high[1]])
    curve = (corners.min(axis=0) <= 1) & (corners.max(axis=0) >= 1)
    least = (np.maximum(np.maximum(low, -high), 0) ** 2).sum(axis=0)
    most = (np.maximum(-low, high) ** 2).sum(axis=0)
    assert not found[curve & (most <= limit)].any()
    assert found[curve & (least > 1.02 * limit)].all()
    assert found[~curve].mean() > 0.998
    saddle = (low <= 0).all(axis=0) & (high >= 0).all(axis=0)
    assert found[saddle].all()


def test_no_box_with_a_stable_minimum_is_admissible(known):
    _, facts = known("himmelblau", "1/100")
    rng = np.random.default_rng(0)
    for minimum in ([3, 2], [-2.805118, 3.131313], [-3.779310, -3.283186], [3.584428, -1.848127]):
        low = np.array(minimum)[:, None] - 10 ** rng.uniform(-5, 1, (2, 200))
        high = np.array(minimum)[:, None] + 10 ** rng.uniform(-5, 1, (2, 200))
        assert not facts.admissible(low, high).any()
    saddles = np.array([[0.086678, 3.385154, -0.270845], [2.884255, 0.073852, -0.923039]])
    assert facts.admissible(saddles - 0.05, saddles + 0.05).all()


def test_minima_beyond_the_critical_step_are_admissible(known):
    low, high = np.array([[0.98, -1.02]]), np.array([[1.02, -0.98]])
    assert known("double well", "11/10")[1].admissible(low, high).all()
    assert not known("double well", "1/2")[1].admissible(low, high).any()


def test_maps_without_a_loss_need_a_step_with_a_sign():
    system = system_of(SymbolicMap([1 - Rational(7, 5) * x**2 + y, Rational(3, 10) * x], [x, y]))
    fixed = np.array([[0.631354, 0.5], [0.189406, 0.5]])
    assert admissible(system, fixed - 1e-3, fixed + 1e-3).tolist() == [False, True]


def test_boxes_without_bounds_are_not_admissible(known):
    _, facts = known("product", "1/2")
    low = np.array([[np.nan, 1.0, -np.inf, 1.0], [3.0] * 4])
    high = np.array([[1.0, np.nan, 1.0, np.inf], [3.0] * 4])
    assert not facts.admissible(low, high).any()

"""Cobwebs: the orbit, the graphs, and the orbits they are drawn with."""

import numpy as np
import pytest
from sympy.abc import a, x, y

import dynsys_gd as dg

LOGISTIC = dg.SymbolicMap([a * x * (1 - x)], [x])
UNIT = dg.Box([0], [1])


def test_the_orbit_and_the_graphs():
    F = LOGISTIC.at(a="7/2")
    found = dg.cobweb(F, 0.1, 40, period=4, region=UNIT)
    assert found.points.tolist() == F.trajectory([0.1], 40).points[:, 0].tolist()
    np.testing.assert_allclose(found.graph, 3.5 * found.places * (1 - found.places), atol=1e-15)
    power = found.places
    for _ in range(4):
        power = 3.5 * power * (1 - power)
    np.testing.assert_allclose(found.power, power, atol=1e-12)
    assert (found.places[0], found.places[-1]) == (0.0, 1.0)


def test_orbits_are_the_fixed_points_and_those_of_the_least_period():
    fixed, cycles = dg.cobweb(LOGISTIC.at(a="7/2"), 0.1, 5, period=4, region=UNIT).orbits
    assert sorted(float(orbit.points[0, 0]) for orbit in fixed.orbits) == pytest.approx([0, 5 / 7])
    assert [orbit.period for orbit in cycles.orbits] == [4]
    alone = dg.cobweb(LOGISTIC.at(a="7/2"), 0.1, 5, region=UNIT).orbits
    assert len(alone) == 1


def test_the_interval_is_that_of_the_orbit_where_none_is_given():
    found = dg.cobweb(LOGISTIC.at(a=3), [0.2], 50)
    low, high = found.region.low[0], found.region.high[0]
    assert low < found.points.min() < found.points.max() < high
    at_rest = dg.cobweb(LOGISTIC.at(a=2), 0.5, 3)
    assert at_rest.region.low[0] < 0.5 < at_rest.region.high[0]


def test_orbits_that_escape_need_an_interval():
    F = LOGISTIC.at(a=5)
    with pytest.raises(dg.InvalidInput, match="say over which interval"):
        dg.cobweb(F, 0.5, 30)
    found = dg.cobweb(F, 0.5, 30, region=UNIT)
    assert 1 < len(found.points) < 31
    assert np.isfinite(found.points).all()


def test_maps_of_more_coordinates_are_refused():
    with pytest.raises(dg.InvalidInput, match="one coordinate"):
        dg.cobweb(dg.SymbolicMap([x, y], [x, y]), 0.5)
    with pytest.raises(dg.InvalidInput, match="one coordinate"):
        dg.cobweb(dg.HeavyBall(dg.Loss(x**2, [x]), "1/2", "1/2"), 0.5)

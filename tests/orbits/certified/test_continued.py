"""Which earlier answers a certified search goes on from, and that nothing of them is lost."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd import Ball, Box, InvalidInput, Krawczyk, SymbolicMap

R = sp.Rational
HENON = SymbolicMap([1 - R(7, 5) * x**2 + y, R(3, 10) * x], [x, y])
BOX = Box([-2, -2], [2, 2])


@pytest.mark.parametrize("first", [dg.NewtonSearch(), dg.Exact()])
def test_answers_of_other_methods_leave_everything_to_be_searched(first):
    earlier = dg.periodic_orbits(HENON, BOX, period=2, method=first)
    found = dg.periodic_orbits(HENON, BOX, period=2, method=Krawczyk(), continued=earlier)
    assert found.complete
    assert len(found.orbits) == 1
    assert found.boxes > 1


def test_orbits_on_the_edge_stay_unresolved():
    circle = SymbolicMap([x + x**2 + y**2 - 1, x], [x, y])  # two fixed points at x = y
    first = dg.fixed_points(circle, Ball([0, 0], 1), method=Krawczyk())
    second = dg.fixed_points(circle, Ball([0, 0], 1), method=Krawczyk(), continued=first)
    for found in (first, second):
        assert [c.obstacle for c in found.clusters] == [dg.Obstacle.EDGE] * 2
        assert not found.complete
        assert not found.orbits


def test_complete_answers_are_given_again():
    first = dg.periodic_orbits(HENON, BOX, period=6, method=Krawczyk())
    again = dg.periodic_orbits(HENON, BOX, period=6, method=Krawczyk(), continued=first)
    assert first.complete
    assert again.complete
    assert len(again.orbits) == len(first.orbits) == 2
    for one, other in zip(again.orbits, first.orbits, strict=True):
        assert np.abs(one.points - other.points).max() < 1e-13


def test_maps_told_by_the_same_words_are_different_questions():
    terms = sum(sp.sin(k * x) / k for k in range(1, 9))
    maps = [SymbolicMap([terms + c * sp.sin(30 * x)], [x]) for c in (1, 2)]
    assert maps[0].describe() == maps[1].describe()
    earlier = dg.fixed_points(maps[0], Box([-9], [9]), method=Krawczyk(boxes=1))
    with pytest.raises(InvalidInput, match="continued"):
        dg.fixed_points(maps[1], Box([-9], [9]), method=Krawczyk(), continued=earlier)


def test_fixed_points_of_momentum_are_taken_over_in_the_coordinates_of_the_loss():
    F = dg.HeavyBall(dg.Loss(sp.sin(x) * sp.sin(y), [x, y]), R(1, 2), R(1, 2))
    found = dg.fixed_points(F, Box([-5, -5], [6, 6]), method=Krawczyk(boxes=1))
    for _ in range(20):
        found = dg.fixed_points(F, found.region, method=Krawczyk(boxes=20), continued=found)
    assert found.complete
    assert len(found.orbits) == 25

"""Families that touch the region, or pass just outside of it, are not taken for each other."""

import pytest
import sympy as sp
from sympy.abc import x, y

import dynsys_gd as dg

R = sp.Rational
BOX = dg.Box([-2, -2], [2, 2])


def two_lines(distance):
    """Return a map that fixes the lines x = 2 + distance and y = 1, and no other point of BOX."""
    product = (x - 2 - distance) * (y - 1)
    return dg.SymbolicMap([x + product, y + product * (x + y + 7)], [x, y])


def corner(distance):
    """Return a map that fixes a line through a corner of BOX, or at some distance from it."""
    h = x - y + 4 + distance
    return dg.SymbolicMap([x + h, y + h * (y + 7)], [x, y])


@pytest.mark.parametrize("distance", [R(1, 10**9), R(1, 10**12), R(1, 10**20)])
def test_families_just_outside_are_not_listed(distance):
    found = dg.fixed_points(two_lines(distance), BOX, method=dg.Krawczyk())
    assert [family.equations for family in found.families] == [(y - 1,)]
    assert {cluster.obstacle for cluster in found.clusters} == {dg.Obstacle.EDGE}
    assert not found.complete


@pytest.mark.parametrize("distance", [R(1, 10**16), R(1, 10**20)])
def test_a_family_may_miss_a_corner_by_less_than_doubles_tell(distance):
    found = dg.fixed_points(corner(distance), BOX, method=dg.Krawczyk())
    assert not found.families
    assert not found.complete


@pytest.mark.parametrize(("make", "count"), [(two_lines, 2), (corner, 1)])
def test_families_on_a_face_or_through_a_corner_belong_to_the_closed_region(make, count):
    found = dg.fixed_points(make(0), BOX, method=dg.Krawczyk())
    assert found.complete
    assert len(found.families) == count

"""The skeleton: period by period, counted, and honest about what was not searched."""

import math

import numpy as np
import pytest
from sympy import Rational
from sympy.abc import x, y

from dynsys_gd import Box, Grade, GradientDescent, Krawczyk, Loss, SymbolicMap
from dynsys_gd.errors import InvalidInput
from dynsys_gd.orbits.skeleton import skeleton

FULL = SymbolicMap([4 * x * (1 - x)], [x])
HENON = SymbolicMap([1 - Rational(7, 5) * x**2 + y, Rational(3, 10) * x], [x, y])
HENON_BOX = Box([-1.43, -0.43], [1.43, 0.43])
UNIT = Box([0], [1])


def test_prime_orbits_of_the_full_shift_and_their_points():
    found = skeleton(FULL, UNIT, periods=range(1, 8), method=Krawczyk())
    assert [line.orbits for line in found.counts] == [2, 1, 2, 3, 6, 9, 18]
    assert [line.points for line in found.counts] == [2**p for p in range(1, 8)]
    assert all(line.growth == pytest.approx(math.log(2)) for line in found.counts)
    assert found.complete
    assert len(found) == len(list(found)) == 41
    assert {orbit.period for orbit in found[5].orbits} == {5}


def test_the_table_of_the_henon_map_is_the_published_one():
    """Galias (2001), table 1."""
    found = skeleton(HENON, HENON_BOX, periods=range(1, 13), method=Krawczyk())
    published = [2, 1, 0, 1, 0, 2, 4, 7, 6, 10, 14, 19]
    assert [line.orbits for line in found.counts] == published
    assert found.evidence.grade is Grade.CERTIFIED
    assert all(line.unresolved == 0 for line in found.counts)


def test_without_the_divisors_the_points_are_not_known():
    found = skeleton(FULL, UNIT, periods=[1, 4, 4, 3])
    assert found.periods == (1, 3, 4)
    assert [line.points for line in found.counts] == [2, 8, None]
    with pytest.raises(InvalidInput, match="1, 3, 4"):
        found[2]


def test_with_a_family_the_points_are_not_counted():
    F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), "11/10")
    found = skeleton(F, Box([-3, -3], [3, 3]), periods=[1, 2])
    assert [line.points for line in found.counts] == [None, None]
    assert [line.orbits for line in found.counts] == [1, 4]


def test_time_is_shared_and_what_had_no_turn_is_open():
    found = skeleton(HENON, HENON_BOX, periods=[1, 2], seconds=1e-9, method=Krawczyk())
    assert not found.complete
    assert found.evidence.grade is Grade.NUMERICAL
    assert "allow more seconds" in found[2].why


def test_the_cloud_lies_on_the_attractor_and_is_repeated():
    one, two = (skeleton(HENON, HENON_BOX, periods=[1], rng=3).cloud for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, skeleton(HENON, HENON_BOX, periods=[1], rng=4).cloud)
    # The attractor lies in the trapping region of Hénon (1976): |x| < 1.33, |y| < 0.42.
    assert np.abs(one).max(axis=0) == pytest.approx([1.28, 0.385], abs=0.01)


def test_open_parameters_are_refused():
    from sympy.abc import a

    with pytest.raises(InvalidInput, match=r"F\.at\(a=\.\.\.\)"):
        skeleton(SymbolicMap([a * x * (1 - x)], [x]), UNIT)

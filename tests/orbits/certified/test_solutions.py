"""Proved solutions: tight, each once, and of the right least period."""

import numpy as np
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import (
    Box,
    GradientDescent,
    Krawczyk,
    Loss,
    SymbolicMap,
    fixed_points,
    periodic_orbits,
)
from dynsys_gd.orbits.certified.equations import equations_of
from dynsys_gd.orbits.certified.operator import attempt
from dynsys_gd.orbits.certified.solutions import solutions

LOGISTIC = SymbolicMap([4 * x * (1 - x)], [x])
HIMMELBLAU = GradientDescent(Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y]), "1/50")


def proved(equations, orbits, room):
    """Return boxes around orbits (p, d, n), all proved, and the bounds of what they hold."""
    lower, upper = orbits - room, orbits + room
    tried = attempt(equations, lower, upper)
    assert tried.proved.all()
    return lower, upper, tried.lower, tried.upper


def test_a_point_found_from_several_boxes_is_listed_once():
    equations = equations_of(HIMMELBLAU, 1)
    shifts = np.array([[0, 0], [1e-3, 0], [-1e-3, 1e-3], [0, -2e-3]]).T[None]
    around = np.array([3.0, 2.0])[None, :, None] + shifts
    found = solutions(equations, *proved(equations, around, 4e-3), np.array([12.0, 12.0]))
    assert found.lower.shape == (1, 2, 1)
    assert found.unsure_lower.shape[2] == 0
    assert (np.abs(found.lower[0, :, 0] - [3, 2]) < 1e-13).all()
    assert (found.unique_lower < found.lower).all()
    assert (found.upper < found.unique_upper).all()


def test_all_numberings_of_a_cycle_are_one():
    angles = 2 * np.pi * np.array([1, 2, 4]) / 7
    cycle = np.sin(angles / 2) ** 2
    orbits = np.stack([np.roll(cycle, k) for k in range(3)], axis=-1)[:, None, :]
    equations = equations_of(LOGISTIC, 3)
    found = solutions(equations, *proved(equations, orbits, 1e-4), np.array([1.0]))
    assert found.lower.shape == (3, 1, 1)
    assert found.unsure_lower.shape[2] == 0


def test_two_cycles_are_two():
    cycles = [np.sin(np.pi * np.array([1, 2, 4]) / n) ** 2 for n in (7, 9)]
    equations = equations_of(LOGISTIC, 3)
    orbits = np.stack(cycles, axis=-1)[:, None, :]
    assert (
        solutions(equations, *proved(equations, orbits, 1e-4), np.array([1.0])).lower.shape[2] == 2
    )


def test_shorter_periods_are_left_out():
    fixed = np.full((4, 1, 1), 0.75)
    a = (5 - np.sqrt(5)) / 8
    two = np.array([a, 4 * a * (1 - a)] * 2)[:, None, None]
    equations = equations_of(LOGISTIC, 4)
    for orbits in (fixed, two):
        found = solutions(equations, *proved(equations, orbits, 1e-5), np.array([1.0]))
        assert found.lower.shape[2] == 0
        assert found.unsure_lower.shape[2] == 0


def test_bounds_are_as_tight_as_rounding_allows():
    a = sp.Rational(7, 5)
    F = SymbolicMap([1 - a * x**2 + y, sp.Rational(3, 10) * x], [x, y])
    root = (sp.sqrt(609) - 7) / 28
    exact = [root, sp.Rational(3, 10) * root]
    orbits = np.array([float(value) for value in exact])[None, :, None]
    equations = equations_of(F, 1)
    found = solutions(equations, *proved(equations, orbits, 1e-3), np.array([2.86, 0.86]))
    for low, value, high in zip(found.lower[0, :, 0], exact, found.upper[0, :, 0], strict=True):
        assert sp.Rational(low) <= value <= sp.Rational(high)
        assert high - low < 5e-15


def test_bounds_that_begin_to_shrink_slowly_become_tight():
    # Around a fixed point with the multiplier -0.997 a box for period two hardly shrinks at first.
    F = GradientDescent(Loss(sp.sin(3 * x) * sp.sin(2 * y) + x * y / 9, [x, y]), "1/2")
    found = periodic_orbits(F, Box([-2, -2], [2, 2]), period=2, method=Krawczyk())
    assert found.complete
    assert len(found.orbits) == 31


def test_orbits_far_from_the_origin_are_told_apart():
    far = 10**8
    F = GradientDescent(Loss((x - far) ** 4 / 4 - (x - far) ** 2 / 200, [x]), "1/2")
    found = fixed_points(F, Box([far - 1.0], [far + 1.0]), method=Krawczyk())
    assert found.complete
    assert [round(float(o.points[0, 0]) - far, 6) for o in found.orbits] == [-0.1, 0.0, 0.1]

"""Branch and bound: nothing is lost, nothing floods, nothing hangs."""

from __future__ import annotations

import time

import numpy as np
import pytest
import sympy as sp

from dynsys_gd import Box, GradientDescent, Krawczyk, Loss, SymbolicMap, fixed_points
from dynsys_gd.orbits.certified.contract import contracted
from dynsys_gd.orbits.certified.equations import equations_of
from dynsys_gd.orbits.certified.search import search
from dynsys_gd.orbits.certified.solutions import solutions

x, y = sp.symbols("x y")


def searched(F, low, high, *, period=1, least=1e-9, seconds=20.0, most=10**7, known=None):
    equations = equations_of(F, period)
    lower = np.repeat(np.array(low, dtype=float)[None, :, None], period, axis=0)
    upper = np.repeat(np.array(high, dtype=float)[None, :, None], period, axis=0)
    scale = upper[0, :, 0] - lower[0, :, 0]
    found = search(
        equations, lower, upper, scale=scale, least=least, seconds=seconds, most=most, known=known
    )
    return equations, found


def descent(loss, *variables):
    return GradientDescent(Loss(loss, variables), sp.Rational(1, 10))


def distinct(equations, found, scale):
    """The first points of the orbits of least period p, shape (n, d)."""
    images = found.lower, found.upper, found.image_lower, found.image_upper
    proved = solutions(equations, *images, np.array(scale, dtype=float))
    assert not proved.unsure_lower.shape[2]
    return 0.5 * (proved.lower + proved.upper)[0].T


def covers(found, point):
    """Whether a fixed point lies in one of the boxes that are left, proved or open."""
    point = np.asarray(point, dtype=float)[None, :, None]
    pairs = [
        (found.lower, found.upper),
        (found.open_lower, found.open_upper),
        (found.left_lower, found.left_upper),
        (found.known_lower, found.known_upper),
    ]
    return any(((low <= point) & (point <= high)).all(axis=(0, 1)).any() for low, high in pairs)


@pytest.mark.parametrize("most", [1, 5, 40, 10**6])
def test_every_fixed_point_stays_in_some_box_wherever_the_search_stops(most):
    himmelblau = descent((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, x, y)
    _, found = searched(himmelblau, [-6, -6], [6, 6], most=most)
    assert covers(found, [3, 2])
    assert covers(found, [-0.27084459, -0.92303856])
    assert bool(found.left_lower.shape[2]) == (most < 10**6)


def test_one_box_for_each_fixed_point_and_no_other():
    himmelblau = descent((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, x, y)
    equations, found = searched(himmelblau, [-6, -6], [6, 6])
    assert len(distinct(equations, found, [12, 12])) == 9
    assert not found.open_lower.shape[2]


def test_a_pole_does_not_hide_the_zeros_next_to_it():
    # 1 - 1/x²: the quotient h/h' = (x³ - x)/2 has bounds at the pole, where no mean value theorem
    # holds.
    equations, found = searched(descent(x + 1 / x, x), [-1.2], [2])
    assert covers(found, [1.0])
    assert covers(found, [-1.0])
    box = np.array([[[-0.5]]]), np.array([[[0.7]]])
    low, high, kept = contracted(equations, *box)
    assert len(kept) == 1
    assert low[0, 0, 0] <= 0 <= high[0, 0, 0]


def test_a_pole_keeps_a_box_until_it_is_narrow():
    _, found = searched(descent(x + 1 / x, x), [-1.2], [2])
    assert found.open_lower.shape[2] == 1
    assert found.open_lower[0, 0, 0] <= 0 <= found.open_upper[0, 0, 0]
    assert found.open_upper[0, 0, 0] - found.open_lower[0, 0, 0] < 1e-8


def test_a_multiple_zero_shrinks_while_a_family_is_given_up():
    # In the left half a curve of fixed points that no equation explains, in the right one (2, 0).
    F = SymbolicMap([x + (x - 2) ** 3, y + y**3], [x, y])
    _, found = searched(F, [-1, -1.1], [3, 1])
    assert 0 < found.open_lower.shape[2] < 50
    assert np.max(found.open_upper - found.open_lower) < 1e-8


@pytest.mark.parametrize("exponent", [1, 2])
def test_a_curve_of_fixed_points_neither_floods_nor_hangs(exponent):
    began = time.process_time()
    _, found = searched(descent((x * y - 1) ** (2 * exponent) / 2, x, y), [-3, -3], [3, 3])
    assert time.process_time() - began < 5
    assert found.boxes < 200_000
    assert not found.left_lower.shape[2]
    t = np.linspace(0.4, 2.9, 37)
    assert all(covers(found, [s, 1 / s]) for s in t)


def test_regular_orbits_are_not_given_up_with_a_curve():
    # A curve of fixed points, and next to it seven isolated ones.
    h = x * y - 1
    F = SymbolicMap([x + h * (x**3 - x) / 4, y + h * (y**3 - y) / 4], [x, y])
    equations, found = searched(F, [-1.6, -1.7], [1.8, 1.9])
    isolated = {tuple(c) for c in np.round(distinct(equations, found, [3.4, 3.6]), 9) + 0.0}
    # (1, 1) and (-1, -1) lie on the curve.
    assert isolated == {(a, b) for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0) if a * b != 1}
    assert covers(found, [1, 1])
    assert covers(found, [-1, -1])


def test_henon_has_the_known_number_of_orbits_of_period_12():
    henon = SymbolicMap([1 - sp.Rational(7, 5) * x**2 + y, sp.Rational(3, 10) * x], [x, y])
    equations, found = searched(henon, [-1.43, -0.43], [1.43, 0.43], period=12)
    assert not found.open_lower.shape[2]
    assert len(distinct(equations, found, [2.86, 0.86])) == 19


def test_functions_with_kinks_are_left_undecided_whole():
    _, found = searched(descent(sp.Abs(x) + x**2, x), [-1], [2])
    assert found.boxes == 0
    assert found.open_lower.shape[2] == 1
    assert (found.open_lower[0, 0, 0], found.open_upper[0, 0, 0]) == (-1, 2)


def test_what_is_known_leaves_the_search():
    class LeftHalf:
        def holds(self, lower, upper):
            return upper[0, 0] < 0

    _, found = searched(descent((x * y - 1) ** 2 / 2, x, y), [-3, -3], [3, 3], known=LeftHalf())
    assert (found.known_upper[0, 0] < 0).all()
    assert found.known_lower.shape[2] > 0
    assert covers(found, [-2, -0.5])
    assert (found.open_upper[0, 0] >= 0).all()


def test_repetition_gives_the_same_boxes():
    F = descent((x * y - 1) ** 2 / 2, x, y)
    _, first = searched(F, [-3, -3], [3, 3])
    _, second = searched(F, [-3, -3], [3, 3])
    assert first.boxes == second.boxes
    np.testing.assert_array_equal(first.open_lower, second.open_lower)
    np.testing.assert_array_equal(first.image_lower, second.image_lower)


def test_a_box_that_becomes_narrow_at_once_is_tried_again():
    # From a width of 1e-5 one step leads below the least one: x is y² / 2 and y is x² / 2.
    F = SymbolicMap([y**2 - x, x**2 - y], [x, y])
    found = fixed_points(F, Box([-1, -1], [1, 1]), method=Krawczyk())
    assert found.complete
    assert len(found.orbits) == 1


def test_boxes_of_a_few_doubles_are_decided():
    well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")
    above = np.nextafter(1.0, 2.0)
    found = fixed_points(well, Box([1.0], [above]), method=Krawczyk())
    assert found.complete
    assert [o.exact for o in found.orbits] == [((1,),)]
    beside = Box([1 + 1e-12], [1 + 1.001e-12])
    assert len(fixed_points(well, beside, method=Krawczyk())) == 0

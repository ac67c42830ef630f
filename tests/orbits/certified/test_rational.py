"""Rational orbits are recognised exactly, others are left alone."""

import numpy as np
import sympy as sp
from sympy.abc import x, y

from dynsys_gd import GradientDescent, Loss, SymbolicMap
from dynsys_gd.orbits.certified.equations import equations_of
from dynsys_gd.orbits.certified.rational import rational_orbit

HIMMELBLAU = GradientDescent(Loss((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, [x, y]), "1/50")
CIRCLE = SymbolicMap([x**2 - sp.Rational(29, 16)], [x])  # 3-cycle -1/4, -7/4, 5/4


def bounds(points, room=1e-14):
    middle = np.array(points, dtype=float)
    return middle - room, middle + room


def test_points_and_cycles():
    assert rational_orbit(equations_of(HIMMELBLAU, 1), *bounds([[3, 2]])) == ((3, 2),)
    cycle = [[-0.25], [-1.75], [1.25]]
    quarter = sp.Rational(1, 4)
    expected = ((-quarter,), (-7 * quarter,), (5 * quarter,))
    assert rational_orbit(equations_of(CIRCLE, 3), *bounds(cycle)) == expected


def test_near_misses():
    equations = equations_of(HIMMELBLAU, 1)
    assert rational_orbit(equations, *bounds([[3 + 1e-9, 2]])) is None
    assert rational_orbit(equations, *bounds([[3, 2.5]])) is None
    assert rational_orbit(equations_of(CIRCLE, 2), *bounds([[-0.25], [-1.75]])) is None
    # A rational start whose images leave the bounds is not the orbit of these bounds.
    assert rational_orbit(equations_of(CIRCLE, 3), *bounds([[-0.25], [-1.75], [1.0]])) is None


def test_irrational_values_are_no_rational_orbit():
    F = GradientDescent(Loss(sp.cos(x), [x]), "1/2")
    assert rational_orbit(equations_of(F, 1), *bounds([[0.0]])) == ((0,),)
    assert rational_orbit(equations_of(F, 1), *bounds([[np.pi]])) is None
    roots = GradientDescent(Loss(x**3 / 3 - 2 * x, [x]), "1/2")
    assert rational_orbit(equations_of(roots, 1), *bounds([[np.sqrt(2)]])) is None

"""Finite solution sets: conjugacy classes, multiplicities, agreement with resultants."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import x, y, z

from dynsys_gd.orbits.algebra.ideals import Ideal
from dynsys_gd.orbits.algebra.number_field import real_points
from dynsys_gd.orbits.algebra.polynomials import rational_polynomials, ring, to_flint
from dynsys_gd.orbits.algebra.quotient import conjugate_points


def classes(expressions, variables):
    polynomials, _ = rational_polynomials(expressions, variables)
    base = ring(len(variables))
    return conjugate_points(Ideal(base, [to_flint(p, base) for p in polynomials]))


def real_solutions(expressions, variables):
    return [p for c in classes(expressions, variables) for p in real_points(c)]


def test_himmelblau_splits_as_its_resultant_does():
    f = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    found = classes([sp.diff(f, x), sp.diff(f, y)], [x, y])
    # (y - 2)(y³ + 2y² - 10y - 19)(32y⁵ - 208y³ - 168y² + 1), by FLINT's resultant.
    assert sorted(len(c.modulus) - 1 for c in found) == [1, 3, 5]


def test_every_point_satisfies_the_equations_exactly():
    equations = [x**3 - y * z + 1, y**2 - x, z**2 + z - y - 3]
    polynomials, _ = rational_polynomials(equations, [x, y, z])
    points = real_solutions(equations, [x, y, z])
    assert points
    for point in points:
        assert all(point.evaluate(p).is_zero() for p in polynomials)


def test_a_multiple_point_is_listed_once():
    points = real_solutions([x**2, x * y, y**3], [x, y])
    assert [p.approximate for p in points] == [(0.0, 0.0)]


def test_points_that_share_every_coordinate_value_are_told_apart():
    # No single coordinate separates the four points (±1, ±1).
    points = real_solutions([x**2 - 1, y**2 - 1], [x, y])
    assert sorted(p.approximate for p in points) == [(-1, -1), (-1, 1), (1, -1), (1, 1)]


@pytest.mark.parametrize("seed", range(6))
def test_random_plane_systems_agree_with_numpy(seed):
    rng = np.random.default_rng(seed)
    monomials = [x**i * y**j for i in range(4) for j in range(4 - i)]
    f, g = (
        sum(int(c) * m for c, m in zip(rng.integers(-5, 6, len(monomials)), monomials, strict=True))
        for _ in range(2)
    )
    found = sorted(p.approximate for p in real_solutions([f, g], [x, y]))
    eliminant = sp.Poly(sp.resultant(f, g, y), x)
    xs = np.roots([float(c) for c in eliminant.all_coeffs()])
    expected = []
    for root in xs[np.abs(xs.imag) < 1e-9].real:
        ys = np.roots([float(c) for c in sp.Poly(f.subs(x, root), y).all_coeffs()])
        for value in ys[np.abs(ys.imag) < 1e-7].real:
            if abs(complex(g.subs({x: root, y: value}))) < 1e-5:
                expected.append((root, value))
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, sorted(expected), atol=1e-5)

"""Eigenvalues relative to the unit circle, decided exactly."""

from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy as sp
from sympy.abc import z

from dynsys_gd.orbits.algebra.number_field import AlgebraicPoint
from dynsys_gd.orbits.algebra.quotient import ConjugatePoints
from dynsys_gd.orbits.algebra.spectra import (
    CircleCount,
    at_rational_numbers,
    characteristic,
    circle_count,
    real_eigenvalues,
    sign_counts,
    squarefree_parts,
)


def over_rationals(expression):
    coefficients = sp.Poly(expression, z).all_coeffs()[::-1]
    return [flint.fmpq_poly([flint.fmpq(int(c.p), int(c.q))]) for c in coefficients]


@pytest.mark.parametrize(
    ("polynomial", "expected"),
    [
        ((z - 1) ** 2 * (z + 1) * (z - 2), (0, 3, 1)),
        (z**2 + 1, (0, 2, 0)),
        ((z**2 + 1) ** 2 * (z**2 - 3 * z + 1), (1, 4, 1)),
        (z**4 + z**3 + z**2 + z + 1, (0, 4, 0)),
        # Angle not a rational multiple of pi: 5z² - 6z + 5 has roots (3 ± 4i)/5.
        ((5 * z**2 - 6 * z + 5) * (3 * z - 1) ** 3, (3, 2, 0)),
        # Salem's polynomial: two roots off the circle, reciprocal, the others on it.
        (z**10 + z**9 - z**7 - z**6 - z**5 - z**4 - z**3 + z + 1, (1, 8, 1)),
        ((z**2 - z * sp.Rational(5, 2) + 1) ** 2, (2, 0, 2)),
        (z**3, (3, 0, 0)),
    ],
)
def test_known_polynomials(polynomial, expected):
    found = circle_count(at_rational_numbers(), over_rationals(polynomial))
    assert (found.inside, found.on, found.outside) == expected


def test_nearly_on_the_circle_is_not_on_it():
    tiny = sp.Rational(1, 10**40)
    found = circle_count(at_rational_numbers(), over_rationals((z - 1 - tiny) * (z - 1 + tiny)))
    assert found == CircleCount(1, 0, 1)


@pytest.mark.parametrize("seed", range(10))
def test_random_polynomials_agree_with_numpy(seed):
    rng = np.random.default_rng(seed)
    coefficients = [int(c) for c in rng.integers(-9, 10, size=6)]
    coefficients[0] = coefficients[0] or 1
    found = circle_count(
        at_rational_numbers(), [flint.fmpq_poly([c]) for c in reversed(coefficients)]
    )
    sizes = np.abs(np.roots(coefficients))
    missing = 5 - len(sizes)  # numpy drops roots at zero
    assert found.inside + found.on + found.outside == 5
    assert found.outside == np.sum(sizes > 1 + 1e-9)
    assert found.inside == np.sum(sizes < 1 - 1e-9) + missing


def sqrt_two():
    return AlgebraicPoint(ConjugatePoints((-2, 0, 1), ((Fraction(0), Fraction(1)),)), 1)


def test_counts_over_a_number_field():
    point = sqrt_two()
    t, one = flint.fmpq_poly([0, 1]), flint.fmpq_poly([1])
    # z² - sqrt(2) z + 1 has its roots at angle ±45°.
    assert circle_count(point, [one, -t, one]) == CircleCount(0, 2, 0)
    # z² - 2 sqrt(2) z + 1 has them at sqrt(2) ± 1.
    assert circle_count(point, [one, -2 * t, one]) == CircleCount(1, 0, 1)


def test_a_double_root_over_a_field_is_found_as_one():
    point = sqrt_two()
    t, one = flint.fmpq_poly([0, 1]), flint.fmpq_poly([1])
    # (z - sqrt(2))² = z² - 2 sqrt(2) z + 2.
    ((part, multiplicity),) = squarefree_parts(point, [flint.fmpq_poly([2]), -2 * t, one])
    assert multiplicity == 2
    assert len(part) == 2
    numbers = real_eigenvalues(point, [flint.fmpq_poly([2]), -2 * t, one])
    assert [n.to_sympy() for n in numbers] == [sp.sqrt(2), sp.sqrt(2)]


def test_symmetric_matrices_with_known_eigenvalues():
    point = sqrt_two()
    t = flint.fmpq_poly([0, 1])
    zero, one = flint.fmpq_poly([]), flint.fmpq_poly([1])
    matrix = [[one, t, zero], [t, one, zero], [zero, zero, zero]]
    polynomial = characteristic(point, matrix)
    assert sign_counts(point, polynomial) == (1, 1, 1)
    numbers = [n.to_sympy() for n in real_eigenvalues(point, polynomial)]
    assert numbers == [1 - sp.sqrt(2), 0, 1 + sp.sqrt(2)]

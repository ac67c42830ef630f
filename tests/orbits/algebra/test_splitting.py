"""Cutting real solution sets into pieces: what is found, and that nothing is lost."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import w, x, y, z

from dynsys_gd import Loss
from dynsys_gd.evidence import Outcome
from dynsys_gd.orbits.algebra.decomposition import System, as_terms, decompose
from dynsys_gd.orbits.algebra.effort import AlgebraFailed
from dynsys_gd.orbits.algebra.ideals import Ideal
from dynsys_gd.orbits.algebra.polynomials import (
    factored,
    from_flint,
    rational_polynomials,
    ring,
    to_flint,
)
from dynsys_gd.orbits.algebra.splitting import equidimensional, irredundant, real_pieces
from dynsys_gd.orbits.critical_points import critical_points


def flint_system(expressions, variables):
    polynomials, _ = rational_polynomials(expressions, variables)
    base = ring(len(variables))
    return base, [to_flint(p, base) for p in polynomials]


def pieces(expressions, variables):
    base, equations = flint_system(expressions, variables)
    return real_pieces(base, equations)


def as_sets(found, variables):
    return {frozenset(str(from_flint(p, variables)) for p in ideal.basis) for ideal in found}


def solve(expressions, variables):
    base, equations = flint_system(expressions, variables)
    return decompose(System(base.nvars(), tuple(as_terms(e) for e in equations)))


def gradient(loss, variables):
    return [sp.diff(loss, v) for v in variables]


def test_a_product_is_the_union_of_its_factors():
    found = pieces([x * y * (x - 1), y * (y - 2)], [x, y])
    assert as_sets(found, [x, y]) == {
        frozenset({"y"}),
        frozenset({"x", "y - 2"}),
        frozenset({"x - 1", "y - 2"}),
    }


def test_pieces_inside_others_are_dropped():
    # y = 0 contains (5, 0), which the second factor alone would list.
    found = pieces([y * (x - 5), y * y], [x, y])
    assert as_sets(found, [x, y]) == {frozenset({"y"})}


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        (x**2 + y**2 + 1, set()),
        (x**4 + 3 * y**2, {frozenset({"x", "y"})}),
        (x**2 - 2 * x * y + 2 * y**2, {frozenset({"x", "y"})}),
        (x**2 + 2 * x + 3 + y**2, set()),
        (x**2 - 2 * x + 1 + y**2, {frozenset({"x - 1", "y"})}),
        (x**2 + x + 1, set()),
    ],
)
def test_semidefinite_equations_mean_what_they_mean_over_the_reals(equation, expected):
    assert as_sets(pieces([equation], [x, y]), [x, y]) == expected


@pytest.mark.parametrize("equation", [x * y - 1, x * y, x**2 - y**2 - 1, x**2 - y, x * y + z * w])
def test_indefinite_quadrics_are_kept(equation):
    # Their matrices have trace zero or gaps in the characteristic polynomial.
    variables = sorted(equation.free_symbols, key=str)
    base, equations = flint_system([equation], variables)
    expected = 2 if equation == x * y else 1
    found = real_pieces(base, equations)
    assert len(found) == expected
    assert all(ideal.dimension == len(variables) - 1 for ideal in found)


def test_random_solutions_of_random_products_survive():
    rng = np.random.default_rng(5)
    for _ in range(20):
        point = rng.integers(-3, 4, size=3)
        variables = [x, y, z]
        # Random equations that vanish at the point, some of them products.
        lines = [
            sum(int(c) * (v - int(p)) for c, v, p in zip(row, variables, point, strict=True))
            for row in rng.integers(-2, 3, size=(3, 3))
        ]
        equations = [
            lines[0] * (x * y - z + 1),
            lines[1] * (x**2 + y**2 + 1),
            lines[2] * (x + 7),
        ]
        base, system = flint_system(equations, variables)
        at = [int(p) for p in point]
        assert all(p(*at) == 0 for p in system)
        assert any(all(p(*at) == 0 for p in ideal.basis) for ideal in real_pieces(base, system))


def test_components_of_one_dimension_may_stay_together_and_are_then_singular_where_they_meet():
    # (x z - y², x³ - y z) is the line x = y = 0 and the curve (t³, t⁴, t⁵).
    (family,) = solve([x * z - y**2, x**3 - y * z], [x, y, z]).families
    assert family.dimension == 1
    assert family.smooth is Outcome.NO
    assert [p.approximate for p in family.singular_points] == [(0.0, 0.0, 0.0)]


def test_a_point_off_a_curve_is_not_hidden_in_an_ideal_of_the_curve():
    # (x y - 1, z) and the point (2, 2, 3), as one ideal.
    curve = [x * y - 1, z]
    point = [x - 2, y - 2, z - 3]
    base, equations = flint_system([a * b for a in curve for b in point], [x, y, z])
    parts = irredundant(equidimensional(Ideal(base, equations)))
    assert [part.dimension for part in parts] == [1, 0]
    assert set(map(str, parts[1].basis)) == {"x0 - 2", "x1 - 2", "x2 - 3"}


def test_chains_have_one_hypersurface_and_all_pairs_of_zeros():
    variables = [x, y, z, w]
    found = solve(gradient((x * y * z * w - 1) ** 2 / 2, variables), variables)
    assert not found.points
    assert sorted(family.dimension for family in found.families) == [2] * 6 + [3]
    assert all(family.smooth is Outcome.YES for family in found.families)


def test_two_by_two_factorisation():
    A = sp.Matrix(2, 2, sp.symbols("a:4"))
    B = sp.Matrix(2, 2, sp.symbols("b:4"))
    variables = [*A, *B]
    loss = sum(entry**2 for entry in A * B - sp.diag(2, 1)) / 2
    found = solve(gradient(loss, variables), variables)
    assert [family.dimension for family in found.families] == [4, 3, 3]
    assert [p.approximate for p in found.points] == [(0.0,) * 8]
    assert all(family.smooth is Outcome.YES for family in found.families)
    # W1 = W2 = 1-dimensional kernels: disjoint, so the minima are one manifold.
    assert set(found.meetings.values()) == {Outcome.NO}


def test_rank_deficient_target_has_singular_minima():
    A = sp.Matrix(2, 2, sp.symbols("a:4"))
    B = sp.Matrix(2, 2, sp.symbols("b:4"))
    variables = [*A, *B]
    loss = sum(entry**2 for entry in A * B - sp.diag(1, 0)) / 2
    found = solve(gradient(loss, variables), variables)
    surfaces = [k for k, family in enumerate(found.families) if family.dimension == 4]
    assert len(surfaces) == 2
    assert found.meetings[tuple(surfaces)] is Outcome.YES


def test_singular_points_are_found_also_isolated_ones():
    (node,) = solve([y**2 - x**2 * (x + 1)], [x, y]).families
    (acnode,) = solve([y**2 - x**2 * (x - 1)], [x, y]).families
    for curve in (node, acnode):
        assert curve.smooth is Outcome.NO
        assert [p.approximate for p in curve.singular_points] == [(0.0, 0.0)]


@pytest.mark.parametrize(
    "equation",
    [x**4 + y**4 - x * y / 10 + 1, x**4 + x**2 * y**2 + y**4 - x + 2],
)
def test_curves_without_real_points_are_recognised(equation):
    assert solve([equation], [x, y]).families == ()


def test_the_empty_system_is_everything():
    (family,) = solve([sp.Integer(0) * x], [x, y]).families
    assert family.dimension == 2


def test_coefficients_beyond_machine_words_are_factored_in_one_variable():
    far = 10**20
    found = critical_points(Loss((x - far) ** 2 * (x - 1) ** 2, [x]))
    assert found.complete
    assert [orbit.exact for orbit in found.orbits] == [
        ((sp.Integer(1),),),
        ((sp.Rational(far + 1, 2),),),
        ((sp.Integer(far),),),
    ]
    floats = critical_points(Loss((x - 1e-7) ** 2 * (x - 0.3) ** 2, [x]))
    assert [orbit.points[0, 0] for orbit in floats.orbits] == pytest.approx([1e-7, 0.15000005, 0.3])


def test_factors_of_one_variable_in_a_larger_ring_multiply_to_the_polynomial():
    base = ring(3)
    v = base.gens()[1]
    polynomial = v**2 * (v - 10**30) ** 3 * (2 * v**2 + 10**25 + 1)
    product = base.constant(1)
    for factor, power in factored(polynomial):
        product *= factor**power
    assert product == polynomial
    assert sorted(power for _, power in factored(polynomial)) == [1, 2, 3]
    assert factored(base.constant(5)) == []


def test_coefficients_beyond_machine_words_are_undecided_in_more_variables():
    loss = (x - 1e-7) ** 2 * (x - 0.3 * y) ** 2 * (y - 0.7 * x - 0.1) ** 2
    base = ring(2)
    u, v = base.gens()
    with pytest.raises(AlgebraFailed, match="too large to be factored"):
        factored((10**20 * u - 10**19 * v - 1) * (10**20 * u + 10**19 * v - 3))
    found = critical_points(Loss(loss, [x, y]), seconds=5)
    assert not found.complete
    assert "too large to be factored" in found.why

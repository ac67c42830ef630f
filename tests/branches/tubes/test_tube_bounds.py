"""The parts of the proofs against exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, x, y

import dynsys_gd as dg
from dynsys_gd.branches.tubes.crossing import _last_of_solution
from dynsys_gd.branches.tubes.cyclic_system import CyclicSystem
from dynsys_gd.branches.tubes.formulas import DEGREE, formulas_of
from dynsys_gd.branches.tubes.krawczyk import proved_tubes
from dynsys_gd.branches.tubes.polynomials import bounds_between, coefficients_everywhere
from dynsys_gd.branches.tubes.series import Along
from dynsys_gd.branches.tubes.spectra import _spatial
from dynsys_gd.branches.tubes.symmetry import symmetry_at
from dynsys_gd.engine.rewrite import stable
from dynsys_gd.orbits.certified.enclosed import Enclosed

HENON = dg.SymbolicMap([1 - a * x**2 + y, sp.Rational(3, 10) * x], [x, y])


def horner(coefficients, sigma):
    value = Fraction(0)
    for c in reversed(coefficients):
        value = value * sigma + Fraction(float(c))
    return value


def taylor(coefficients, order, sigma):
    later = [
        Fraction(float(c)) * sp.binomial(k, order).p * sigma ** (k - order)
        for k, c in enumerate(coefficients)
        if k >= order
    ]
    return sum(later, Fraction(0))


def test_bounds_of_polynomials():
    rng = np.random.default_rng(0)
    curves = rng.standard_normal((20, 3, DEGREE + 1))
    ends = np.sort(rng.uniform(-1, 1, (20, 2)))
    found = bounds_between(curves, ends[:, 0].copy(), ends[:, 1].copy())
    for n in range(20):
        low, high = (Fraction(float(end)) for end in ends[n])
        for share in (0, Fraction(1, 3), Fraction(1, 2), 1):
            for w in range(3):
                value = horner(curves[n, w], low + share * (high - low))
                assert found.lower[n, w] <= value <= found.upper[n, w]


def test_bounds_of_taylor_coefficients():
    rng = np.random.default_rng(1)
    curves = rng.standard_normal((10, 2, DEGREE + 1))
    low, high = coefficients_everywhere(curves)
    for sigma in (Fraction(-1), Fraction(1, 7), Fraction(1)):
        for place in np.ndindex(low.shape):
            value = taylor(curves[place[:2]], place[2], sigma)
            assert low[place] <= value <= high[place]


@pytest.mark.parametrize(("period", "signs"), [(1, (1, 1)), (3, (1, 1)), (2, (1, -1))])
def test_equations_along_a_curve(period, signs):
    """What is left of the equations, in fractions, lies in the polynomial with bounds."""
    system = CyclicSystem(formulas_of(HENON, "a"), period, signs)
    rng = np.random.default_rng(2)
    curves = rng.standard_normal((4, system.size + 1, DEGREE + 1)) * [1, 0.1, 0.01, 0.001]
    series = system.series(curves)
    low, high = series.centre - series.radius, series.centre + series.radius
    for n in range(4):
        for sigma in (Fraction(-1), Fraction(-2, 5), Fraction(1, 3), Fraction(1)):
            v = [horner(curve, sigma) for curve in curves[n]]
            for row in range(system.size):
                k, i = divmod(row, 2)
                u, w = v[2 * k], v[2 * k + 1]
                image = 1 - v[-1] * u * u + w if i == 0 else Fraction(3, 10) * u
                sign = signs[i] if k == period - 1 else 1
                value = image - sign * v[(2 * k + 2 + i) % system.size]
                powers = [sigma**m for m in range(DEGREE + 2)]
                terms = [
                    sorted(
                        (Fraction(float(low[n, row, m])) * s, Fraction(float(high[n, row, m])) * s)
                    )
                    for m, s in enumerate(powers)
                ]
                room = Fraction(1, 10**25)
                assert sum(t[0] for t in terms) - room <= value <= sum(t[1] for t in terms) + room


FUNCTIONS = [
    x**3 * y - y / 3 + 2,
    sp.exp(x * y) * x,
    sp.tanh(x - y) ** 2,
    sp.log(1 + x**2) / y,
    sp.sqrt(x + y) * sp.sin(x) * sp.cos(y),
    (x * y) ** sp.Rational(-3, 2) + sp.atan(x),
    x**y,
    sp.log(sp.cosh(x * y)) + 1 / (1 + sp.exp(-x)),
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_taylor_coefficients_of_expressions(function):
    """By recurrences, and by differentiating what depends on τ."""
    tau = sp.Symbol("tau")
    given = {x: [sp.Rational(n, 7) for n in (5, 2, -3, 1)], y: [sp.Rational(9, 8), 1, 0, -2]}
    moving = {v: sum(c * tau**k for k, c in enumerate(cs)) for v, cs in given.items()}
    along = Along(given)
    expression = stable(function)
    for order in range(DEGREE + 2):
        slow = sp.diff(function.xreplace(moving), tau, order).subs(tau, 0) / sp.factorial(order)
        assert abs(sp.N(along.coefficient(expression, order) - slow, 30, maxn=60)) < 1e-25


def test_derivatives_of_the_equations():
    system = CyclicSystem(formulas_of(HENON, "a"), 2, (1, 1))
    v = np.array([0.5, 0.25, -0.75, 0.125, 1.5])
    linear = system.linear(v[None], v[None])
    expected = [
        [-1.5, 1, -1, 0, -0.25],
        [Fraction(3, 10), 0, 0, -1, 0],
        [-1, 0, 2.25, 1, -0.5625],
        [0, -1, Fraction(3, 10), 0, 0],
    ]
    for i, row in enumerate(expected):
        for j, entry in enumerate(row):
            away = abs(Fraction(float(linear.centre[0, i, j])) - Fraction(entry))
            assert away <= Fraction(float(linear.radius[0, i, j]))
    values = [1 - 1.5 * 0.25 + 0.25 + 0.75, 0.15 - 0.125, 1 - 1.5 * 0.5625 + 0.125 - 0.5, -0.475]
    assert np.allclose(linear.value[0], values)


def test_where_a_map_is_not_defined_nothing_is_known():
    """The slope 1/x of log x has bounds on boxes of negative numbers."""
    system = CyclicSystem(formulas_of(dg.SymbolicMap([a + sp.log(x)], [x]), "a"), 1, (1,))
    low, high = np.array([[-2.0, 1.0], [1.0, 1.0]]), np.array([[-1.0, 1.0], [2.0, 1.0]])
    linear = system.linear(low, high)
    assert np.isinf(linear.radius[0]).all()
    assert np.isfinite(linear.radius[1]).all()


def test_curves_without_orbits_are_not_proved():
    system = CyclicSystem(formulas_of(dg.SymbolicMap([x**2 + a], [x]), "a"), 1, (1,))
    curves = np.zeros((3, 2, DEGREE + 1))
    curves[:, 0, 0] = [-0.5, 0.02, 0.5]
    curves[:, 1, 0], curves[:, 1, 1] = [-0.75, 0.0, 0.25], 0.01
    proof = proved_tubes(system, 1, curves, (0.1, 1e-3, 0.0))
    # At -3/4 the fixed point is -1/2; near 0 there is one, at 1/4 two of them meet and vanish.
    assert proof.proved.tolist() == [True, True, False]
    assert np.all(proof.tight[1] <= proof.radius[1])
    assert proof.tight[1, 0] > 0.018  # the fixed point is 0, the curve was 1/50 away
    far = curves.copy()
    far[:, 0, 0] = 40.0
    assert not proved_tubes(system, 1, far, (0.1, 1e-3, 0.0)).proved[1:].any()


def test_eigenvalues_of_products_of_matrices():
    rng = np.random.default_rng(3)
    size, p, n = 4, 3, 12
    blocks = rng.standard_normal((size, size, p, n))
    width = 1e-6 * rng.uniform(0, 1, blocks.shape)
    found = _spatial(Enclosed(blocks - width, blocks + width), p, n)
    for j in range(n):
        shifted = blocks[..., j] + width[..., j] * rng.uniform(-1, 1, blocks.shape[:3])
        values = np.linalg.eigvals(shifted[:, :, 2] @ shifted[:, :, 1] @ shifted[:, :, 0])
        for value in values:
            inside = (found.real.lower[:, j] <= value.real) & (value.real <= found.real.upper[:, j])
            inside &= (found.imaginary.lower[:, j] <= value.imag) & (
                value.imag <= found.imaginary.upper[:, j]
            )
            assert inside.any()
        if found.inside[j] + found.outside[j] == size:
            assert found.outside[j] == np.sum(np.abs(values) > 1)
            if found.flips[j] >= 0:
                assert found.flips[j] == np.sum((values.imag == 0) & (values.real < -1))
    assert np.sum(found.inside + found.outside == size) > 6


def test_solutions_of_linear_systems():
    rng = np.random.default_rng(4)
    for _ in range(10):
        signs = rng.choice([-1, 1], (4, 4))
        centre, right = rng.standard_normal((4, 4)), rng.standard_normal(4)
        radius, spread = np.full((4, 4), 1e-9), np.zeros(4)
        found = _last_of_solution(centre, radius, right, spread)
        matrix = sp.Matrix(
            4, 4, [sp.Rational(c) for c in (centre + 9e-10 * signs).ravel().tolist()]
        )
        exact = matrix.LUsolve(sp.Matrix([sp.Rational(c) for c in right.tolist()]))[3]
        assert sp.Rational(found[0]) <= exact <= sp.Rational(found[1])
        assert found[1] - found[0] < 1e-5
    assert _last_of_solution(np.zeros((2, 2)), np.zeros((2, 2)), np.ones(2), np.zeros(2)) is None
    wide = _last_of_solution(np.eye(2), np.ones((2, 2)), np.ones(2), np.zeros(2))
    assert wide is None


def test_symmetries_are_proved_by_the_formulas():
    odd = formulas_of(dg.SymbolicMap([a * x - x**3], [x]), "a")
    nearly = formulas_of(dg.SymbolicMap([a * x - x**3 + x**4 / 10**9], [x]), "a")
    at, along = np.zeros((1, 1)), np.ones((1, 1))
    assert symmetry_at(odd, at, along) == ((-1,),)
    assert symmetry_at(nearly, at, along) is None
    assert symmetry_at(odd, at + 1, along) is None

"""Scalar chains recognised in any writing, with their exact thresholds."""

import math

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, c, t, x, y

from dynsys_gd.evidence import Grade
from dynsys_gd.losses.symbolic import Loss
from dynsys_gd.thresholds.critical import critical_step_size
from dynsys_gd.thresholds.monomial_chain import recognised_chain
from dynsys_gd.thresholds.weak import weak_critical_step_size

half = sp.Rational(1, 2)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("target", [1, 2, -3])
@pytest.mark.parametrize("factor", [half, 1, sp.Rational(2, 7)])
def test_table_of_chains(depth, target, factor):
    weights = sp.symbols(f"w:{depth}")
    loss = Loss(factor * (sp.prod(weights) - target) ** 2, weights)
    found = critical_step_size(loss)
    expected = 1 / (factor * depth * sp.Abs(sp.Integer(target)) ** (2 - sp.Rational(2, depth)))
    assert found.evidence.grade is Grade.PROVED
    assert sp.simplify(found.exact - expected) == 0
    assert found.lower <= float(expected) <= found.upper
    assert found.attained_at.shape == (2 ** (depth - 1), depth)
    assert np.abs(loss.gradient_at(found.attained_at)).max() < 1e-13
    assert loss.sharpness_at(found.attained_at) == pytest.approx(2 / found.value, rel=1e-13)


@pytest.mark.parametrize(
    ("expression", "variables", "expected"),
    [
        (sp.expand((a * b * c - 2) ** 2 / 2) + 5, [a, b, c], 2 / (3 * 2 ** sp.Rational(4, 3))),
        ((3 * x * y - 6) ** 2, [x, y], sp.Rational(1, 36)),
        (half * (2 - x * y) ** 2, [y, x], half),
        ((x - 7) ** 2 / 2, [x], 2),
        ((t**3 - 1) ** 2, [t], sp.Rational(1, 9)),
        ((x**2 - 1) ** 2, [x], sp.Rational(1, 4)),
        ((sp.sqrt(2) * x * y - 1) ** 2, [x, y], sp.sqrt(2) / 4),
    ],
)
def test_other_writings(expression, variables, expected):
    found = critical_step_size(Loss(expression, variables))
    assert sp.simplify(found.exact - expected) == 0
    assert found.evidence.grade is Grade.PROVED


def test_random_minima_are_never_flatter():
    loss = Loss((x**3 * y * a - 2) ** 2 / 3, [x, y, a])
    found = critical_step_size(loss)
    rng = np.random.default_rng(0)
    first, second = np.exp(rng.uniform(-1, 1, (2, 500)))
    points = np.stack([first, second, 2 / (first**3 * second)], axis=1)
    assert np.all(2 / loss.sharpness_at(points) <= found.value * (1 + 1e-12))


def test_a_variable_outside_the_monomial_is_free():
    found = critical_step_size(Loss((x * y - 1) ** 2 / 2, [x, y, t]))
    assert found.exact == 1
    assert found.exact_points == ((1, 1, 0), (-1, -1, 0))


@pytest.mark.parametrize(
    "expression",
    [(x * y) ** 2 / 2, x**4, 3 * x**2 * y**2 * t**2, (x**2 * y - 1) ** 2 / 2, (x**4 * y + 1) ** 2],
)
def test_infinite_thresholds(expression):
    variables = sorted(expression.free_symbols, key=str)
    found = critical_step_size(Loss(expression, variables))
    assert (found.value, found.lower, found.upper, found.exact) == (math.inf,) * 3 + (sp.oo,)
    assert found.evidence.grade is Grade.PROVED


def test_mixed_parity_really_has_flat_local_minima():
    loss = Loss((x**2 * y - 1) ** 2 / 2, [x, y])
    point = np.array([0.0, -1e-3])
    assert np.abs(loss.gradient_at(point)).max() == 0
    assert 0 < loss.sharpness_at(point) < 3e-3
    nearby = point + 1e-4 * np.random.default_rng(0).standard_normal((200, 2))
    assert np.all(loss(nearby) >= loss(point))


@pytest.mark.parametrize(
    "expression",
    [(x**2 + 1) ** 2, (x * y - 1) ** 2 + x, -((x * y - 1) ** 2), (x * y - 1) ** 4, x * y, x + y],
)
def test_what_is_not_a_chain(expression):
    loss = Loss(expression, [x, y])
    assert recognised_chain(loss.symbolic) is None


def test_a_float_in_the_loss_ends_the_proof():
    found = critical_step_size(Loss((x * y - 0.5) ** 2, [x, y]))
    assert found.evidence.grade is Grade.NUMERICAL
    assert found.exact is None
    assert (found.lower, found.upper) == (0, math.inf)
    assert found.value == pytest.approx(1)


def test_both_thresholds_of_a_chain_agree():
    loss = Loss((a * b * c - 2) ** 2 / 2, [a, b, c])
    weak = weak_critical_step_size(loss)
    assert weak.exact == critical_step_size(loss).exact
    assert weak.headline().startswith("weak critical step size")
    assert weak.latex().startswith(r"\eta_E")

"""Derivatives over the reals, almost everywhere."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from dynsys_gd.engine.derivative import derivative, hessian, jacobian
from dynsys_gd.engine.numpy_printer import numpy_function
from dynsys_gd.engine.tape import lower

x, y = sp.symbols("x y")

KINKED = {
    "abs": sp.Abs(x),
    "abs to a power": sp.Abs(x) ** sp.Rational(3, 2),
    "abs of a product": sp.Abs(x * y - 1),
    "sign": sp.sign(x) * x**2,
    "relu": (sp.Max(x, 0) - 1) ** 2 / 2,
    "deep relu": (1 - sp.Max(y * sp.Max(x, 0), 0)) ** 2,
    "three way maximum": sp.Max(x, y, x * y),
    "minimum": sp.Min(x**2, y) * y,
    "step": sp.Heaviside(x - y) * x,
    "piecewise": sp.Piecewise((x**2, sp.Abs(x) < 1), (2 * sp.Abs(x) - 1, True)),
}


@pytest.mark.parametrize("expression", KINKED.values(), ids=KINKED.keys())
def test_first_and_second_derivatives_are_slopes_off_the_kinks(expression: sp.Expr) -> None:
    points = np.random.default_rng(0).uniform(-2, 2, (60, 2))
    step = 1e-6
    forms = [expression, derivative(expression, x), derivative(expression, y)]
    outputs = [*forms, *hessian(expression, [x, y])]
    function = numpy_function(lower(outputs, [x, y]))

    def at(shift: np.ndarray) -> np.ndarray:
        return function((points + shift).T, np.empty(0))

    exact = at(np.zeros(2))
    slopes = [(at(s) - at(-s))[:3] / (2 * step) for s in step * np.eye(2)]
    found = exact[1:]
    second = [slopes[j][1 + i] for i in (0, 1) for j in (0, 1)]
    numeric = np.array([slopes[0][0], slopes[1][0], *second])
    assert np.allclose(found, numeric, rtol=1e-4, atol=1e-4)


def test_symbols_count_as_real_and_come_back_as_they_were() -> None:
    slope = derivative(sp.Abs(x) + y, x)
    assert slope == sp.sign(x)
    assert slope.free_symbols == {x}


def test_symbols_with_assumptions_keep_them() -> None:
    p = sp.Symbol("p", positive=True)
    assert derivative(sp.Abs(x) * p, x) == p * sp.sign(x)
    assert derivative(sp.Abs(p) * p, p) == 2 * p


def test_no_point_mass_is_left() -> None:
    for expression in KINKED.values():
        assert not hessian(expression, [x, y]).has(sp.DiracDelta)


def test_smooth_expressions_go_the_ordinary_way() -> None:
    f = sp.sin(x * y) * x**3
    assert derivative(f, x) == sp.diff(f, x)
    assert hessian(f, [x, y]) == sp.ImmutableMatrix(sp.hessian(f, [x, y]))
    assert jacobian([f, x], [x, y]) == sp.ImmutableMatrix([f, x]).jacobian([x, y])

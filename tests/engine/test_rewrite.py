"""Stable rewriting: the same function, and no overflow where its value is finite."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsys_gd.engine.derivative import derivative
from dynsys_gd.engine.numpy_printer import numpy_function
from dynsys_gd.engine.operations import logcosh, sigmoid, softplus
from dynsys_gd.engine.rewrite import stable
from dynsys_gd.engine.tape import lower

x, y, z = sp.symbols("x y z")
e = sp.exp

WRITTEN = {
    "softplus": sp.log(1 + e(x)),
    "softplus of a product": sp.log(1 + e(-x * y)),
    "shifted softplus": sp.log(2 + e(x)),
    "weighted softplus": sp.log(1 + 3 * e(1 - 2 * x)),
    "log of two exponentials": sp.log(e(x) + e(y)),
    "log of three exponentials": sp.log(1 + e(x) + e(y)),
    "log of four exponentials": sp.log(e(x) + e(-y) + e(z) + 2),
    "log of a power": sp.log((1 + e(x)) ** 2),
    "log of a product": sp.log(3 * (1 + e(x)) * e(y)),
    "log of a ratio": sp.log(e(x) / (1 + e(x))),
    "log of a softmax": sp.log(e(x) / (e(x) + e(y) + e(z))),
    "log cosh": sp.log(sp.cosh(x)),
    "log 2 cosh": sp.log(2 * sp.cosh(x * y)),
    "log root cosh": sp.log(sp.sqrt(sp.cosh(x))),
    "sigmoid": e(x) / (1 + e(x)),
    "sigmoid the other way": 1 / (1 + e(-x)),
    "sigmoid squared": e(2 * x) / (1 + e(x)) ** 2,
    "slope of the sigmoid": e(x) / (1 + e(x)) ** 2,
    "half a sigmoid": e(x / 2) / (1 + e(x)),
    "root of a sigmoid": 1 / sp.sqrt(1 + e(-x)),
    "softmax of two": e(x) / (e(x) + e(y)),
    "softmax of three": e(x) / (e(x) + e(y) + e(z)),
    "two sigmoids": e(x) * e(y) / ((1 + e(x)) * (1 + e(y))),
    "two sigmoids, joined": e(x + y) / ((1 + e(x)) * (1 + e(y))),
    "tanh by exponentials": (e(x) - e(-x)) / (e(x) + e(-x)),
    "tanh by hyperbolics": sp.sinh(x) / sp.cosh(x),
    "reciprocal cosh": 1 / sp.cosh(x),
    "exponential over cosh": e(x) / sp.cosh(x),
    "powers of hyperbolics": sp.sinh(x) ** 2 / sp.cosh(x) ** 3,
    "penalised": sp.log(1 + e(-x * y)) + (x**2 + y**2) / 10,
}
_CASES = pytest.mark.parametrize("expression", WRITTEN.values(), ids=WRITTEN.keys())


def values(expression: sp.Expr, points: np.ndarray) -> np.ndarray:
    """Return the numpy value at each row (x, y, z)."""
    return numpy_function(lower([expression], [x, y, z]))(points.T, np.empty(0))[0]


def exact(expression: sp.Expr, point: np.ndarray) -> float:
    """Return the value in arithmetic that neither overflows nor cancels."""
    with mpmath.workdps(1500):
        function = sp.lambdify((x, y, z), expression, "mpmath")
        return float(function(*(mpmath.mpf(float(c)) for c in point)))


@_CASES
def test_the_rewritten_expression_is_the_same_function(expression: sp.Expr) -> None:
    plain = stable(expression).replace(sigmoid, lambda u: 1 / (1 + e(-u)))
    plain = plain.replace(softplus, lambda u: sp.log(1 + e(u)))
    plain = plain.replace(logcosh, lambda u: sp.log(sp.cosh(u)))
    with mpmath.workdps(50):
        both = sp.lambdify((x, y, z), [expression, plain], "mpmath")
        for point in np.random.default_rng(0).normal(size=(5, 3)):
            before, after = both(*map(mpmath.mpf, point))
            assert abs(before - after) < 1e-45


@_CASES
def test_nothing_overflows_for_arguments_up_to_a_thousand(expression: sp.Expr) -> None:
    generator = np.random.default_rng(1)
    points = generator.uniform(-1000, 1000, (200, 3))
    points[:, 1] = np.where(expression.has(x * y), np.sign(points[:, 1]), points[:, 1])
    form = stable(expression)
    forms = [form, *(derivative(form, v) for v in (x, y, z))]
    second = [derivative(f, v) for f in forms[1:] for v in (x, y, z)]
    for f in forms + second:
        assert np.all(np.isfinite(values(f, points)))


@_CASES
def test_the_rewritten_value_is_accurate_at_large_arguments(expression: sp.Expr) -> None:
    for point in ([800.0, -1.0, 700.0], [-900.0, 1.0, 3.0], [30.0, 29.0, -40.0]):
        found = values(stable(expression), np.array([point]))[0]
        assert found == pytest.approx(exact(expression, np.array(point)), rel=1e-10, abs=1e-300)


@pytest.mark.parametrize(
    ("expression", "form"),
    [
        (sp.log(1 + e(x)), softplus(x)),
        (1 / (1 + e(-x)), sigmoid(x)),
        (sp.log(sp.cosh(x * y)), logcosh(x * y)),
        (e(x) / (e(x) + e(y)), sigmoid(x - y)),
        (sp.sinh(x) / sp.cosh(x), sp.tanh(x)),
        (x * e(2 * y) / (1 + e(2 * y)), x * sigmoid(2 * y)),
    ],
)
def test_the_form_is_the_one_a_reader_expects(expression: sp.Expr, form: sp.Expr) -> None:
    assert stable(expression) == form


@pytest.mark.parametrize(
    "expression",
    [
        x**3 - 2 * x * y,
        sp.log(x),
        sp.log(-x),
        sp.log(x * e(y)),
        sp.log(1 + x**2),
        1 / (e(x) - 1),
        1 / (1 + x**2),
        sp.log(sp.pi),
        e(-(x**2)) * sp.cosh(x),
        sp.Piecewise((x**2, x > 0), (0, True)),
    ],
)
def test_what_is_not_of_these_shapes_stays_as_it_is(expression: sp.Expr) -> None:
    assert stable(expression) == expression


def test_a_pattern_inside_another_function_is_found() -> None:
    written = sp.Piecewise((sp.sin(sp.log(1 + e(x))), x > 0), (1 / (1 + e(-x)), True))
    assert stable(written) == sp.Piecewise((sp.sin(softplus(x)), x > 0), (sigmoid(x), True))


def test_a_long_log_sum_of_exponentials_stays_small() -> None:
    many = sp.log(sum(e(k * x + y) for k in range(100)))
    form = stable(many)
    assert sum(1 for _ in sp.preorder_traversal(form)) < 20_000
    found = values(form, np.array([[50.0, 1.0, 0.0], [-50.0, 1.0, 0.0]]))
    assert found == pytest.approx([99 * 50 + 1, 1])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.floats(-700, 700), min_size=2, max_size=6))
def test_softmax_shares_add_up_to_one(logits: list[float]) -> None:
    symbols = sp.symbols(f"u0:{len(logits)}")
    total = sum(e(u) for u in symbols)
    tape = lower([stable(e(u) / total) for u in symbols], symbols)
    shares = numpy_function(tape)(np.array(logits)[:, None], np.empty(0))[:, 0]
    assert np.all(shares >= 0)
    assert shares.sum() == pytest.approx(1, abs=1e-12)

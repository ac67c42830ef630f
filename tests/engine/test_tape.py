"""Lowering: sharing, order, refusals, and what counts as analytic."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsys_gd.engine.numpy_printer import numpy_function
from dynsys_gd.engine.operations import Op, softplus
from dynsys_gd.engine.tape import lower
from dynsys_gd.errors import InvalidInput, UnsupportedFunction

x, y, a = sp.symbols("x y a")


def operations(*expressions: sp.Expr) -> list[Op]:
    return [instruction.op for instruction in lower(expressions, [x, y], [a]).code]


def test_a_common_part_is_computed_once() -> None:
    shared = sp.exp(x * y)
    assert operations(shared + 1, sp.sin(shared), x * shared).count(Op.EXP) == 1


def test_each_instruction_refers_to_earlier_ones_only() -> None:
    tape = lower([sp.exp(x) / (1 + y**2), sp.Max(x, y) * sp.exp(x)], [x, y])
    for place, instruction in enumerate(tape.code):
        assert all(argument < place for argument in instruction.arguments)
    assert len(set(tape.code)) == len(tape.code)


def test_equal_expressions_give_equal_tapes() -> None:
    one = lower([(x * y - a) ** 2], [x, y], [a])
    other = lower([(a - x * y) ** 2], [x, y], [a])
    assert one == lower([(x * y - a) ** 2], [x, y], [a])
    assert hash(one) == hash(lower([(x * y - a) ** 2], [x, y], [a]))
    point, number = np.array([[2.0], [3.0]]), np.array([5.0])
    assert numpy_function(one)(point, number) == numpy_function(other)(point, number)


def test_a_quotient_is_divided_once() -> None:
    ops = operations(x / (y * (1 + x**2)))
    assert ops.count(Op.DIV) == 1
    assert Op.REAL_POWER not in ops


def test_a_negative_power_is_one_over_the_positive_one() -> None:
    assert operations(x**-3).count(Op.DIV) == 1
    assert Op.REAL_POWER not in operations(x**-3)
    assert operations(1 / sp.sqrt(x)).count(Op.SQRT) == 1


def test_outputs_may_repeat_and_be_inputs() -> None:
    tape = lower([x, x, a], [x], [a])
    found = numpy_function(tape)(np.array([[1.0, 2.0]]), np.array([7.0]))
    assert found.tolist() == [[1, 2], [1, 2], [7, 7]]


UNSUPPORTED = [
    sp.gamma(x),
    sp.factorial(x),
    sp.besselj(0, x),
    sp.asin(x),
    sp.acosh(x),
    sp.coth(x),
    sp.sec(x),
    sp.floor(x),
    sp.Mod(x, 2),
    sp.zeta(x),
    sp.Function("f")(x),
    sp.Integral(sp.exp(-(x**2)), x),
    sp.Sum(x ** sp.Symbol("k"), (sp.Symbol("k"), 0, 3)),
    sp.Derivative(sp.Function("f")(x), x),
    sp.DiracDelta(x),
    sp.I * x,
    sp.re(x),
    sp.conjugate(x),
    sp.Piecewise((x, x > 0)),
    sp.Piecewise((x, sp.Xor(x > 0, y > 0)), (0, True)),
]


@pytest.mark.parametrize("expression", UNSUPPORTED, ids=str)
def test_an_unsupported_function_is_refused_with_the_supported_ones(expression: sp.Expr) -> None:
    with pytest.raises(UnsupportedFunction) as refused:
        lower([expression], [x, y])
    assert "expected" in str(refused.value)


def test_the_refusal_names_the_function_and_the_list() -> None:
    with pytest.raises(UnsupportedFunction, match=r"gamma\(x\).*tanh"):
        lower([1 + sp.gamma(x)], [x])


@pytest.mark.parametrize("number", [sp.nan, sp.oo, -sp.oo, sp.zoo])
def test_infinite_numbers_are_refused(number: sp.Expr) -> None:
    with pytest.raises((InvalidInput, UnsupportedFunction)):
        lower([number], [x])


def test_an_undeclared_symbol_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="'a'"):
        lower([a * x], [x])


@pytest.mark.parametrize(
    ("expression", "analytic"),
    [
        (sp.exp(x) * sp.tanh(y) + softplus(x), True),
        (1 / (1 + x**2), True),
        (sp.sqrt(1 + x**2), True),
        (sp.Abs(x), False),
        (sp.Max(x, y), False),
        (sp.sign(x), False),
        (sp.Heaviside(x), False),
        (sp.Piecewise((x, x > 0), (0, True)), False),
    ],
)
def test_analytic_means_built_of_analytic_operations(expression, analytic) -> None:
    assert lower([expression], [x, y]).analytic is analytic


_LEAVES = st.sampled_from([x, y, sp.Integer(2), sp.Rational(1, 3), sp.Integer(-1)])
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda t: t[0] + t[1]),
        st.tuples(inner, inner).map(lambda t: t[0] * t[1]),
        st.tuples(inner, inner).map(lambda t: t[0] / (1 + t[1] ** 2)),
        inner.map(sp.sin),
        inner.map(sp.tanh),
        inner.map(lambda u: sp.sqrt(1 + u**2)),
        inner.map(lambda u: u**3),
        st.tuples(inner, inner).map(lambda t: sp.Max(*t)),
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(_TREES, st.floats(-2, 2), st.floats(-2, 2))
def test_a_random_expression_keeps_its_value(expression, u: float, v: float) -> None:
    found = numpy_function(lower([expression], [x, y]))(np.array([[u], [v]]), np.empty(0))[0, 0]
    exact = expression.subs({x: sp.Rational(u), y: sp.Rational(v)}).evalf(30)
    assert found == pytest.approx(float(exact), rel=1e-9, abs=1e-9)

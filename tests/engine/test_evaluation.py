"""Tapes evaluated for many rows at once, against the array operations."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.processors import AVX2, SSE2, pretend

from dynsys_gd.engine.batch import columns_of
from dynsys_gd.engine.evaluation import evaluate, hessian_eigenvalues
from dynsys_gd.engine.machine.cpu import processor
from dynsys_gd.engine.numpy_printer import numpy_function
from dynsys_gd.engine.tape import lower

x, y, a = sp.symbols("x y a")
POLYNOMIALS = [
    (x * y - a) ** 2 / 2,
    x**7 - 3 * a * x**3 * y**2 + y / 7,
    (x + y + a) ** 3 * (x - y),
    sp.Abs(x) + sp.Max(x, a * y) ** 2 + sp.Piecewise((x**2, x < y), (y, True)),
]
TRANSCENDENTAL = [sp.log(1 + sp.exp(-x * y)), sp.tanh(x + a * y), sp.sqrt(x**2 + 1) / (1 + y**2)]
A = np.array([0.7])


def everything(expression):
    """Value, gradient and Hessian of an expression, as one tape."""
    gradient = [sp.diff(expression, v) for v in (x, y)]
    second = [sp.diff(g, v) for g in gradient for v in (x, y)]
    return lower([expression, *gradient, *second], [x, y], [a])


def hessian_tape(expression, variables, parameters=()):
    second = [sp.diff(expression, u, v) for u in variables for v in variables]
    return lower(second, variables, parameters)


def points(n, d=2, seed=0):
    return np.random.default_rng([seed, n]).normal(size=(d, n))


@pytest.mark.parametrize("n", [0, 1, 7, 8, 64, 65, 1000])
@pytest.mark.parametrize("expression", POLYNOMIALS[:3], ids=str)
def test_polynomials_agree_with_array_operations_to_the_last_bit(expression, n):
    tape = everything(expression)
    found = evaluate(tape, points(n), A)
    assert found.shape == (7, n)
    assert found.tobytes() == numpy_function(tape)(points(n), A).tobytes()


def test_kinks_and_branches():
    tape = lower([POLYNOMIALS[3]], [x, y], [a])
    found = evaluate(tape, points(999), A)
    assert found.tobytes() == numpy_function(tape)(points(999), A).tobytes()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(width=64), min_size=2, max_size=40))
def test_any_doubles_at_all(numbers):
    tape = _CUBIC
    inputs = np.array([numbers, numbers[::-1]])
    found, wanted = evaluate(tape, inputs, A), numpy_function(tape)(inputs, A)
    np.testing.assert_array_equal(found, wanted)


_CUBIC = everything(POLYNOMIALS[2])


@pytest.mark.parametrize("expression", TRANSCENDENTAL, ids=str)
def test_other_functions_agree_to_rounding(expression):
    tape = everything(expression)
    found, wanted = evaluate(tape, points(300), A), numpy_function(tape)(points(300), A)
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-14)


def test_inputs_may_lie_in_memory_any_way():
    tape = everything(POLYNOMIALS[0])
    rows = np.ascontiguousarray(points(50).T)
    wanted = evaluate(tape, points(50), A)
    np.testing.assert_array_equal(evaluate(tape, columns_of(rows), A), wanted)
    np.testing.assert_array_equal(evaluate(tape, points(50)[:, ::-1], A), wanted[:, ::-1])
    np.testing.assert_array_equal(evaluate(tape, points(50)[:, 10:30], A), wanted[:, 10:30])
    assert (rows == points(50).T).all()


@pytest.mark.skipif(processor() is None, reason="no machine code here")
@pytest.mark.parametrize("other", [SSE2, AVX2])
@pytest.mark.parametrize("expression", [POLYNOMIALS[1], TRANSCENDENTAL[0]], ids=str)
def test_every_processor_gives_the_same_bits(expression, other, monkeypatch):
    tape, hessian = everything(expression), hessian_tape(expression, (x, y), (a,))
    here = evaluate(tape, points(99), A), hessian_eigenvalues(hessian, points(99), A)
    pretend(monkeypatch, other)
    assert evaluate(tape, points(99), A).tobytes() == here[0].tobytes()
    assert hessian_eigenvalues(hessian, points(99), A).tobytes() == here[1].tobytes()


@pytest.mark.parametrize("host", [processor(), None])
@pytest.mark.parametrize("d", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("n", [0, 1, 100])
def test_eigenvalues_of_hessians(host, d, n, monkeypatch):
    pretend(monkeypatch, host)
    z = sp.symbols(f"z:{d}")
    tape = hessian_tape((sp.prod(z) - a) ** 2 / 2 + z[0] ** 4, z, (a,))
    inputs = points(n, d)
    found = hessian_eigenvalues(tape, inputs, A)
    matrices = numpy_function(tape)(inputs, A).T.reshape(n, d, d)
    size = 1.0 + np.abs(matrices).max(axis=(1, 2))
    assert found.shape == (d, n)
    assert np.all(np.abs(found.T - np.linalg.eigvalsh(matrices)) <= 1e-14 * size[:, None])


def test_the_eigenvalues_at_a_minimum():
    """At (s, 1/s) the Hessian of (xy - 1)²/2 has eigenvalues 0 and s² + 1/s²."""
    tape = hessian_tape((x * y - 1) ** 2 / 2, (x, y))
    s = np.array([1.0, 2.0, 4.0])
    found = hessian_eigenvalues(tape, np.array([s, 1 / s]), np.empty(0))
    np.testing.assert_allclose(found, [[0.0] * 3, s**2 + 1 / s**2], atol=4e-15)


def test_hessians_that_overflow_have_no_eigenvalues():
    tape = hessian_tape(x**6 + y**2, (x, y))
    inputs = np.array([[1e200, 1.0, np.nan], [0.0, 1.0, 0.0]])
    found = hessian_eigenvalues(tape, inputs, np.empty(0))
    assert np.isnan(found[:, [0, 2]]).all()
    np.testing.assert_array_equal(found[:, 1], [2.0, 30.0])

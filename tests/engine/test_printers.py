"""Every operation in numpy and in ball arithmetic, against arbitrary precision."""

from __future__ import annotations

import flint
import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from dynsys_gd.engine.ball_printer import ball, ball_function
from dynsys_gd.engine.numpy_printer import numpy_function
from dynsys_gd.engine.operations import SUPPORTED_FUNCTIONS, Op, logcosh, sigmoid, softplus
from dynsys_gd.engine.tape import lower
from dynsys_gd.errors import InvalidInput

x, y = sp.symbols("x y")

# One expression for each operation; the domain is where its value is real and tame.
OPERATIONS: dict[Op, tuple[sp.Expr, tuple[float, float]]] = {
    Op.INPUT: (x, (-3, 3)),
    Op.PARAMETER: (x + y, (-3, 3)),
    Op.CONSTANT: (sp.Rational(1, 3) + 0 * x, (-3, 3)),
    Op.ADD: (x + y + sp.pi, (-3, 3)),
    Op.MUL: (x * y * sp.Rational(7, 3), (-3, 3)),
    Op.NEG: (-x * y, (-3, 3)),
    Op.DIV: (x / (1 + y**2), (-3, 3)),
    Op.INTEGER_POWER: (x**7 - y**6 + x**5, (-2, 2)),
    Op.REAL_POWER: (x ** sp.Rational(3, 7) + x**y, (0.1, 3)),
    Op.SQRT: (sp.sqrt(x), (0.1, 3)),
    Op.EXP: (sp.exp(x * y), (-3, 3)),
    Op.LOG: (sp.log(x), (0.1, 3)),
    Op.SIN: (sp.sin(x), (-9, 9)),
    Op.COS: (sp.cos(x), (-9, 9)),
    Op.TAN: (sp.tan(x), (-1.4, 1.4)),
    Op.SINH: (sp.sinh(x), (-5, 5)),
    Op.COSH: (sp.cosh(x), (-5, 5)),
    Op.TANH: (sp.tanh(x), (-5, 5)),
    Op.ATAN: (sp.atan(x), (-9, 9)),
    Op.ERF: (sp.erf(x), (-3, 3)),
    Op.SIGMOID: (sigmoid(x), (-40, 40)),
    Op.SOFTPLUS: (softplus(x), (-40, 40)),
    Op.LOGCOSH: (logcosh(x), (-40, 40)),
    Op.ABS: (sp.Abs(x), (-3, 3)),
    Op.SIGN: (sp.sign(x), (-3, 3)),
    Op.STEP: (sp.Heaviside(x), (-3, 3)),
    Op.MAX: (sp.Max(x, y, sp.Rational(1, 2)), (-3, 3)),
    Op.MIN: (sp.Min(x, y, sp.Rational(1, 2)), (-3, 3)),
    Op.LESS: (sp.Piecewise((x, x < y), (y**2, True)), (-3, 3)),
    Op.LESS_EQUAL: (sp.Piecewise((x, x >= y), (y**2, True)), (-3, 3)),
    Op.EQUAL: (sp.Piecewise((x, sp.Eq(x, y)), (y**2, True)), (-3, 3)),
    Op.NOT: (sp.Piecewise((x, sp.Ne(x, y)), (y**2, True)), (-3, 3)),
    Op.AND: (sp.Piecewise((x, (x < y) & (y < 1)), (y**2, True)), (-3, 3)),
    Op.OR: (sp.Piecewise((x, (x < y) | (y < 1)), (y**2, True)), (-3, 3)),
    Op.SELECT: (sp.Piecewise((x, x > 1), (y, x < 0), (x * y, True)), (-3, 3)),
}
_EACH = pytest.mark.parametrize(
    ("op", "expression", "domain"),
    [(op, *case) for op, case in OPERATIONS.items()],
    ids=[op.value for op in OPERATIONS],
)


def reference(expression: sp.Expr, point: np.ndarray, digits: int = 60) -> mpmath.mpf:
    """Return the value at an exact dyadic point, by sympy's arbitrary precision."""
    at = dict(zip((x, y), (sp.Rational(float(c)) for c in point), strict=True))
    return mpmath.mpf(str(expression.subs(at).evalf(digits)))


def draws(domain: tuple[float, float], n: int) -> np.ndarray:
    return np.random.default_rng(3).uniform(*domain, (n, 2))


def test_every_operation_has_a_case_that_uses_it() -> None:
    assert set(OPERATIONS) == set(Op)
    for op, (expression, _) in OPERATIONS.items():
        parameters = [y] if op is Op.PARAMETER else []
        tape = lower([expression], [x] if parameters else [x, y], parameters)
        assert op in {instruction.op for instruction in tape.code}


def test_every_supported_function_is_an_operation_with_a_case() -> None:
    assert set(SUPPORTED_FUNCTIONS.values()) <= set(OPERATIONS)


@_EACH
def test_numpy_values_are_those_of_arbitrary_precision(op, expression, domain) -> None:
    points = draws(domain, 25)
    found = numpy_function(lower([expression], [x, y]))(points.T, np.empty(0))[0]
    exact = [float(reference(expression, point)) for point in points]
    np.testing.assert_allclose(found, exact, rtol=2e-13, atol=1e-300)


@_EACH
def test_balls_enclose_the_exact_value_and_are_thin(op, expression, domain) -> None:
    function = ball_function(lower([expression], [x, y]))
    for point in draws(domain, 8):
        (enclosure,) = function(list(point), [])
        with mpmath.workdps(60):
            value = reference(expression, point)
            middle, radius = mpmath.mpf(enclosure.mid().str(40, radius=False)), enclosure.rad()
            assert abs(value - middle) <= float(radius) * (1 + 1e-9) + 1e-38
        assert float(radius) <= 1e-11 * max(1.0, abs(float(value)))


@_EACH
def test_a_wide_ball_encloses_the_values_at_its_points(op, expression, domain) -> None:
    function = ball_function(lower([expression], [x, y]))
    evaluate = numpy_function(lower([expression], [x, y]))
    width = 0.05 * (domain[1] - domain[0])
    for centre in draws(domain, 6):
        (enclosure,) = function([flint.arb(float(c), width) for c in centre], [])
        points = centre + np.random.default_rng(4).uniform(-width, width, (200, 2))
        for value in evaluate(points.T, np.empty(0))[0]:
            if np.isfinite(value):
                assert enclosure.is_nan() or enclosure.overlaps(flint.arb(value, 1e-12))


@pytest.mark.parametrize(
    ("expression", "centre"),
    [
        (sp.log(x), 0),
        (sp.sqrt(x), 0),
        (1 / x, 0),
        (x ** sp.Rational(1, 3), 0),
        (sp.tan(x), 1.5),
        (sp.Piecewise((1 / x, x < 0), (1, True)), 0),
    ],
)
def test_a_ball_over_a_singularity_concludes_nothing(expression, centre) -> None:
    (enclosure,) = ball_function(lower([expression], [x]))([flint.arb(centre, 0.5)], [])
    assert not enclosure.is_finite()
    assert enclosure.contains(flint.arb(0)) or enclosure.is_nan()


def test_an_undecided_comparison_gives_both_branches() -> None:
    function = ball_function(lower([sp.Piecewise((-1, x < 0), (2, True))], [x]))
    (undecided,) = function([flint.arb(0, 1)], [])
    assert undecided.contains(flint.arb(-1))
    assert undecided.contains(flint.arb(2))
    (decided,) = function([flint.arb(-2, 1)], [])
    assert decided == -1


@pytest.mark.parametrize("u", [-1000.0, -710.0, 710.0, 1000.0, 1e8])
def test_the_stable_functions_hold_at_large_arguments(u: float) -> None:
    tape = lower([sigmoid(x), softplus(x), logcosh(x)], [x])
    found = numpy_function(tape)(np.array([[u]]), np.empty(0))[:, 0]
    limit = np.array([float(u > 0), max(u, 0.0), abs(u) - np.log(2)])
    np.testing.assert_allclose(found, limit, atol=1e-300, rtol=1e-12)
    for value, enclosure in zip(limit, ball_function(tape)([u], []), strict=True):
        assert enclosure.is_finite()
        assert float(enclosure.mid()) == pytest.approx(value, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("size", [1e-9, 1e-5, 0.1, 0.499999, 0.5, 0.500001, 3.0])
def test_logcosh_is_accurate_near_zero(size: float) -> None:
    found = numpy_function(lower([logcosh(x)], [x]))(np.array([[size, -size]]), np.empty(0))[0]
    with mpmath.workdps(60):
        exact = float(mpmath.log(mpmath.cosh(mpmath.mpf(size))))
    np.testing.assert_allclose(found, [exact, exact], rtol=3e-15)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 60), st.floats(-2, 2))
def test_integer_powers_are_products(exponent: int, base: float) -> None:
    tape = lower([x**exponent, x**-exponent], [x])
    up, down = numpy_function(tape)(np.array([[base]]), np.empty(0))[:, 0]
    assert up == pytest.approx(base**exponent, rel=1e-13, abs=1e-300)
    if abs(base) > 1e-3:
        assert down == pytest.approx(float(base) ** -exponent, rel=1e-13)


def test_the_step_is_one_half_at_zero_unless_told_otherwise() -> None:
    tape = lower([sp.Heaviside(x), sp.Heaviside(x, 0), sp.Heaviside(x, 1)], [x])
    found = numpy_function(tape)(np.array([[-1.0, 0.0, 1.0]]), np.empty(0))
    assert found.tolist() == [[0, 0.5, 1], [0, 0, 1], [0, 1, 1]]
    assert [float(b.mid()) for b in ball_function(tape)([0], [])] == [0.5, 0.0, 1.0]


def test_numbers_beyond_the_range_of_floats_become_infinite_silently() -> None:
    tape = lower([sp.Integer(10) ** 400 * x, sp.exp(x), 1 / (x - 800)], [x])
    found = numpy_function(tape)(np.array([[800.0]]), np.empty(0))
    assert np.all(np.isinf(found))


def test_parameters_may_vary_from_column_to_column() -> None:
    function = numpy_function(lower([x + y], [x], [y]))
    states, settings_ = np.array([[1.0, 2.0]]), np.array([[10.0, 20.0]])
    assert function(states, settings_).tolist() == [[11.0, 22.0]]


def test_constant_outputs_fill_their_row() -> None:
    found = numpy_function(lower([sp.Integer(2), sp.sqrt(2), x], [x]))(np.ones((1, 3)), np.empty(0))
    assert found.shape == (3, 3)
    assert np.all(found[0] == 2)


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (sp.Rational(1, 3), mpmath.mpf(1) / 3),
        (sp.sqrt(5) - 1, None),
        (sp.pi, None),
        (sp.E, None),
        (3, 3),
        (0.1, mpmath.mpf(0.1)),
        (sp.log(2) / 3, None),
    ],
)
def test_a_ball_of_a_number_encloses_it(number, value) -> None:
    enclosure = ball(number)
    with mpmath.workdps(40):
        exact = mpmath.mpf(str(sp.N(number, 40))) if value is None else value
        inside = abs(mpmath.mpf(enclosure.mid().str(40, radius=False)) - exact)
        assert inside <= float(enclosure.rad()) * (1 + 1e-9) + 1e-30


@pytest.mark.parametrize("number", [sp.oo, sp.Symbol("x"), sp.GoldenRatio, sp.I])
def test_what_is_no_enclosable_number_is_refused(number) -> None:
    with pytest.raises(InvalidInput):
        ball(number)

"""The symbolic loss: values, derivatives, parameters, refusals."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from dynsys_gd import InvalidInput, Loss, Outcome, UnknownParameter, UnsupportedFunction
from dynsys_gd.losses import catalog

x, y, a, b = sp.symbols("x y a b")


def test_value_gradient_and_hessian_of_a_polynomial_by_hand() -> None:
    loss = Loss((x * y - 1) ** 2 / 2, [x, y])
    point = [2.0, 3.0]
    assert float(loss(point)) == 12.5
    assert loss.gradient_at(point).tolist() == [15.0, 10.0]
    assert loss.hessian_at(point).tolist() == [[9.0, 11.0], [11.0, 4.0]]
    assert float(loss.sharpness_at([1.0, 1.0])) == 2.0


@pytest.mark.parametrize("shape", [(2,), (5, 2), (3, 4, 2), (0, 2), (2, 0, 2)])
def test_points_are_rows_of_any_batch_shape(shape: tuple[int, ...]) -> None:
    loss = Loss(sp.exp(x) * y**2, [x, y])
    points = np.random.default_rng(0).normal(size=shape)
    assert loss(points).shape == shape[:-1]
    assert loss.gradient_at(points).shape == shape
    assert loss.hessian_at(points).shape == (*shape, 2)
    np.testing.assert_allclose(loss(points), np.exp(points[..., 0]) * points[..., 1] ** 2)


@pytest.mark.parametrize("name", ["himmelblau", "penalised_logistic_product", "relu_pair", "tent"])
def test_the_symbolic_derivatives_have_the_numeric_values(name: str) -> None:
    loss = catalog.get(name).loss
    points = catalog.get(name).region.sample(10, rng=1)
    for point in points:
        at = dict(zip(loss.variables, map(float, point), strict=True))
        gradient = np.array(loss.gradient.subs(at).evalf(), dtype=float).ravel()
        hessian = np.array(
            sp.Matrix(loss.hessian.subs(at))
            .replace(lambda e: hasattr(e, "_eval_rewrite_as_exp"), lambda e: e.rewrite(sp.exp))
            .evalf(),
            dtype=float,
        )
        np.testing.assert_allclose(loss.gradient_at(point), gradient, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(loss.hessian_at(point), hessian, rtol=1e-9, atol=1e-12)


def test_the_logistic_loss_against_scipy() -> None:
    loss = Loss(sp.log(1 + sp.exp(-x * y)), [x, y])
    points = np.random.default_rng(2).normal(scale=20, size=(200, 2))
    margin = points.prod(axis=1)
    np.testing.assert_allclose(loss(points), np.logaddexp(0, -margin), rtol=1e-13)
    slope = -points[:, ::-1] * special.expit(-margin)[:, None]
    np.testing.assert_allclose(loss.gradient_at(points), slope, rtol=1e-12, atol=1e-300)


def test_relu_and_abs_have_derivatives_almost_everywhere() -> None:
    relu = Loss((sp.Max(x, 0) - 1) ** 2 / 2, [x])
    assert relu.hessian_at([[2.0], [-2.0]]).ravel().tolist() == [1.0, 0.0]
    cusp = Loss(sp.Abs(x) ** sp.Rational(3, 2), [x])
    assert cusp.gradient_at([[4.0], [-4.0], [0.0]]).ravel().tolist() == [3.0, -3.0, 0.0]
    assert not relu.hessian.has(sp.DiracDelta)


def test_parameters_are_matched_by_name_and_never_baked_in() -> None:
    loss = Loss((x * y - a) ** 2 + b * x, [x, y])
    assert loss.parameters == ("a", "b")
    half = loss.at(b=0)
    assert half.parameters == ("a",)
    assert half.at(a="1/3").bound_expression == (x * y - sp.Rational(1, 3)) ** 2
    values = [float(half.at(a=value)([1.0, 1.0])) for value in (0, 1, 3)]
    assert values == [1.0, 0.0, 4.0]
    assert loss.parameters == ("a", "b")


@pytest.mark.parametrize("value", ["1/10", Fraction(1, 10), sp.Rational(1, 10), "0.1"])
def test_exact_parameter_values_stay_exact(value: object) -> None:
    loss = Loss(a * x, [x]).at(a=value)
    assert loss.exact
    assert loss.bound_expression == x / 10


def test_a_float_parameter_ends_exactness() -> None:
    assert not Loss(a * x, [x]).at(a=0.1).exact
    assert not Loss(0.1 * x, [x]).exact


def test_equal_losses_are_equal_and_hash_alike() -> None:
    one, other = Loss(a * x**2, [x]).at(a=2), Loss(a * x**2, [x], values={"a": 2})
    assert one == other
    assert hash(one) == hash(other)
    assert one != Loss(a * x**2, [x]).at(a=3)


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        (x**4 - x, Outcome.YES),
        (sp.tanh(x) * sp.exp(-(x**2)), Outcome.YES),
        (sp.sqrt(1 + x**2), Outcome.YES),
        (sp.sqrt(x), Outcome.UNDECIDED),
        ((x**2) ** sp.Rational(1, 3), Outcome.UNDECIDED),
        (sp.Abs(x), Outcome.NO),
        (sp.Max(x, 0) ** 2, Outcome.NO),
        (sp.Piecewise((x**2, x > 0), (0, True)), Outcome.NO),
    ],
)
def test_whether_a_loss_is_analytic(expression: sp.Expr, outcome: Outcome) -> None:
    assert Loss(expression, [x]).analytic is outcome


REFUSED = [
    ("x**2", [x], "parse_loss"),
    (x**2, x, r"\[x\]"),
    (x**2, "x", "variables"),
    (x**2, [], "variables"),
    (x**2, [x, x], "variables"),
    (x**2, ["x"], "variables"),
    (x**2, [x, 2], "variables"),
    (None, [x], "expression"),
    (object(), [x], "expression"),
    (sp.nan, [x], "finite"),
    (sp.oo * x, [x], "expression"),
    (sp.I * x, [x], "expression"),
    (x < 1, [x], "scalar"),
    (x * sp.Symbol("x", positive=True), [x], "assumptions"),
]


@pytest.mark.parametrize(("expression", "variables", "message"), REFUSED)
def test_a_loss_that_cannot_be_one_is_refused(expression, variables, message) -> None:
    with pytest.raises(InvalidInput, match=message):
        Loss(expression, variables)


def test_an_unsupported_function_is_refused_at_construction() -> None:
    with pytest.raises(UnsupportedFunction, match="gamma"):
        Loss(sp.gamma(x) + x, [x])


def test_wrong_parameters_are_refused_by_name() -> None:
    loss = Loss(a * x, [x])
    with pytest.raises(UnknownParameter, match=r"open parameters \(a\)"):
        loss.at(c=1)
    with pytest.raises(UnknownParameter):
        loss.at(x=1)
    with pytest.raises(UnknownParameter, match="nothing is left open"):
        loss.at(a=1).at(a=2)
    with pytest.raises(InvalidInput, match="a number"):
        loss.at(a=b)
    with pytest.raises(InvalidInput, match=r"loss\.at\(a=\.\.\.\)"):
        loss([1.0])
    for bad in (float("nan"), float("inf"), sp.I, sp.I * b, True, "1 0", "x"):
        with pytest.raises(InvalidInput, match=r"^a: "):
            loss.at(a=bad)


@pytest.mark.parametrize("points", [1.0, [1.0, 2.0], [[1.0, 2.0]], "x", [["x"]], None])
def test_points_of_another_shape_are_refused(points: object) -> None:
    with pytest.raises(InvalidInput, match="points"):
        Loss(x**2, [x])(points)


def test_overflow_is_an_answer_and_not_a_warning() -> None:
    loss = Loss(sp.exp(x) + x**4, [x])
    assert np.isinf(float(loss([1000.0])))
    assert np.isinf(loss.gradient_at([1e200])).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(-3, 3), min_size=3, max_size=6),
    st.floats(-2, 2).filter(lambda u: abs(u) > 1e-3),
)
def test_polynomials_agree_with_numpy(coefficients: list[int], u: float) -> None:
    polynomial = np.polynomial.Polynomial(coefficients)
    loss = Loss(sum(c * x**k for k, c in enumerate(coefficients)), [x])
    tolerance = {"rel": 1e-10, "abs": 1e-10}
    assert float(loss([u])) == pytest.approx(polynomial(u), **tolerance)
    assert loss.gradient_at([u])[0] == pytest.approx(polynomial.deriv()(u), **tolerance)
    assert loss.hessian_at([u])[0, 0] == pytest.approx(polynomial.deriv(2)(u), **tolerance)

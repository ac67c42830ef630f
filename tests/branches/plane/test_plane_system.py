"""Derivatives of maps with two parameters, against sympy and against formulas."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, b, beta, eta, x, y

import dynsys_gd as dg
from dynsys_gd.branches.plane.coefficients import Forms
from dynsys_gd.branches.plane.critical_curve import CriticalCurve
from dynsys_gd.branches.plane.floats import Floats
from dynsys_gd.branches.plane.system import plane_system
from dynsys_gd.engine.operations import Op, logcosh, sigmoid, softplus

KINDS = [
    dg.Bifurcation.FLIP,
    dg.Bifurcation.FOLD,
    dg.Bifurcation.NEIMARK_SACKER,
    dg.Bifurcation.PITCHFORK,
]
BALL = dg.HeavyBall(dg.Loss(x**2 / 2 + x**3 / 3 + y**2 * (1 + x), [x, y]), eta, beta)


@pytest.mark.parametrize(
    ("op", "function"),
    [
        (Op.SQRT, sp.sqrt),
        (Op.EXP, sp.exp),
        (Op.LOG, sp.log),
        (Op.SIN, sp.sin),
        (Op.COS, sp.cos),
        (Op.TAN, sp.tan),
        (Op.SINH, sp.sinh),
        (Op.COSH, sp.cosh),
        (Op.TANH, sp.tanh),
        (Op.ATAN, sp.atan),
        (Op.ERF, sp.erf),
        (Op.SIGMOID, sigmoid),
        (Op.SOFTPLUS, softplus),
        (Op.LOGCOSH, logcosh),
    ],
)
def test_taylor_coefficients_of_each_function(op, function):
    at = sp.Rational(7, 10)
    exact = [sp.diff(function(x), x, k).subs(x, at).evalf(30) / sp.factorial(k) for k in range(4)]
    found = Floats().taylor(op, np.array([0.7]))
    assert [float(c[0]) for c in found] == pytest.approx([float(c) for c in exact], rel=1e-13)


def test_first_and_second_derivatives():
    F = dg.SymbolicMap([a * sp.sin(x * y) + b**2 * x, sp.exp(a * x) + x / (1 + y**2)], [x, y])
    system = plane_system(F, ("a", "b"))
    points, values = np.array([[0.3, -0.7], [1.1, 0.4]]), np.array([0.6, -0.8])
    symbols = [x, y, a, b]
    slope = F.expression.jacobian(symbols)
    direction = np.array([[0.2, 0.5, -0.1, 0.3], [1.0, -2.0, 0.5, 0.25]])
    _, slopes, rates = system.at(points, values)
    bent = system.bent(points, values, direction)
    for k, point in enumerate(points):
        at = dict(zip(symbols, [*point, *values], strict=True))
        exact = np.array(slope.subs(at), dtype=float)
        assert np.hstack([slopes[k], rates[k]]) == pytest.approx(exact, rel=1e-13)
        along = slope * sp.Matrix(direction[k])
        second = np.array(along.jacobian(symbols).subs(at), dtype=float)
        assert bent[k] == pytest.approx(second, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("period", [1, 2, 3])
def test_the_equations_have_the_stated_derivative(kind, period):
    curve = CriticalCurve(plane_system(BALL, ("eta", "beta")), period, kind)
    u = 0.3 * np.random.default_rng(period).standard_normal(curve.size)
    _, matrix = curve.linear(u)
    count = period * 4
    frame = curve._frame(*curve.system.at(curve.orbit(u), curve.values(u))[1:], curve.cosine(u))

    def equations(at):
        slopes, rates = curve.system.at(curve.orbit(at), curve.values(at))[1:]
        moved = replace(frame, matrix=curve._frame(slopes, rates, curve.cosine(at)).matrix)
        return np.append(curve.residual(at)[:count], moved.value)

    h = 1e-6
    steps = h * np.eye(len(u))
    differences = np.array([(equations(u + e) - equations(u - e)) / (2 * h) for e in steps]).T
    assert matrix == pytest.approx(differences, abs=1e-8)


def test_derivatives_of_the_second_iterate():
    F = dg.SymbolicMap([1 - a * x**2 + y, b * x], [x, y])
    system = plane_system(F, ("a", "b"))
    values, start = np.array([1.3, 0.2]), np.array([0.4, 0.1])
    points = np.array([start, F.at(a=1.3, b=0.2)(start[None])[0]])
    forms = Forms(system, points, values)
    symbols = [x, y, a, b]
    twice = F.expression.subs({x: F.expression[0], y: F.expression[1]}, simultaneous=True)
    at = dict(zip(symbols, [*start, *values], strict=True))
    assert forms.matrix == pytest.approx(
        np.array(twice.jacobian([x, y]).subs(at), dtype=float), rel=1e-12
    )
    assert forms.rates == pytest.approx(
        np.array(twice.jacobian([a, b]).subs(at), dtype=float), rel=1e-12
    )
    directions = np.random.default_rng(1).standard_normal((3, 4))
    third = twice
    for v in directions:
        third = third.jacobian(symbols) * sp.Matrix(v)
    exact = np.array(third.subs(at), dtype=float).ravel()
    assert forms.along(*directions) == pytest.approx(exact, rel=1e-11)


def test_without_formulas_differences_stand_in():
    X, Y = np.array([[0.5], [-1.0], [2.0]]), np.array([[0.3], [-0.2], [0.9]])
    net = dg.MLP((1, 1, 1), dg.Activation.TANH, X, Y, dg.DataLoss.SQUARED)
    system = plane_system(dg.HeavyBall(net, eta, beta), ("eta", "beta"))
    assert not system.formulas
    state, values = np.arange(1.0, 9.0)[None] / 10, np.array([0.4, 1.0])
    _, slopes, rates = replace(system, ranges=((0, 1), (0, 1))).at(state, values)
    gradient = net.gradient_at(state[:, :4])[0]
    # At the end of the range of the momentum only one side is defined.
    assert rates[0, :4, 0] == pytest.approx(-gradient, abs=1e-9)
    assert rates[0, :4, 1] == pytest.approx(state[0, :4] - state[0, 4:], abs=1e-9)
    assert slopes[0, :4, 4:] == pytest.approx(-np.eye(4))
    direction = np.zeros((1, 10))
    direction[0, 8] = 1.0  # by the step size
    bent = system.bent(state, np.array([0.4, 0.5]), direction)
    hessian = net.hessian_at(state[:, :4])[0]
    assert bent[0, :4, :4] == pytest.approx(-hessian, abs=1e-6)


def test_a_parameter_may_cancel_out_of_the_formulas():
    F = dg.GradientDescent(dg.Loss(a * x + x**2 / 2 - a * x, [x]), eta)
    G = dg.SymbolicMap([x - eta * x**2 + 0 * b], [x])
    assert plane_system(dg.SymbolicMap([a * x + b], [x]), ("b", "a")).parameters == ("b", "a")
    assert F.parameters == ("eta",)
    assert G.parameters == ("eta",)

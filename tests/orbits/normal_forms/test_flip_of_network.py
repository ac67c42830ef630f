"""The flip of gradient descent where the loss has no formula."""

import numpy as np
import pytest
import sympy as sp
from sympy.abc import eta

import dynsys_gd as dg
from dynsys_gd.orbits.normal_forms.find import normal_form

X = np.linspace(-1.5, 1.5, 7)[:, None]
Y = np.tanh(2 * X + 1) + 0.2 * np.sin(5 * X)
NET = dg.MLP((1, 1, 1), dg.Activation.TANH, X, Y, dg.DataLoss.SQUARED)
OPEN = dg.GradientDescent(NET, eta)


@pytest.fixture(scope="module")
def minimum():
    found = OPEN.at(eta=0.5).iterate([1.0, 1.0, 0.5, 0.1], 200_000)
    assert np.linalg.norm(NET.gradient_at(found)) < 1e-12
    return found


def with_a_formula():
    w = [sp.Symbol(name) for name in NET.names]
    at = np.array([0.3, -0.7, 0.4, 0.2])
    # The order of weights and biases is read off from values.
    for a, b, c, d in ((0, 1, 2, 3), (0, 2, 1, 3)):
        outputs = [w[c] * sp.tanh(w[a] * float(s) + w[b]) + w[d] for s in X[:, 0]]
        terms = [(o - float(t)) ** 2 for o, t in zip(outputs, Y[:, 0], strict=True)]
        for scale in (sp.Rational(1, 14), sp.Rational(1, 7)):
            loss = dg.Loss(scale * sum(terms), w)
            if np.isclose(loss(at), NET(at)):
                return loss
    raise AssertionError("no formula agrees with the network")


def test_it_agrees_with_the_formula(minimum):
    form = normal_form(OPEN, minimum)
    exact = normal_form(dg.GradientDescent(with_a_formula(), eta), minimum)
    assert form.evidence.grade is dg.Grade.NUMERICAL
    assert form.value == pytest.approx(exact.value, rel=1e-9)
    assert form.coefficient == pytest.approx(exact.coefficient, rel=1e-4)
    assert form.criticality is exact.criticality


def test_the_step_size_must_be_the_critical_one(minimum):
    critical = 2 / NET.sharpness_at(minimum)
    assert normal_form(OPEN.at(eta=critical), minimum).parameter is None
    with pytest.raises(dg.InvalidInput, match="the critical step size"):
        normal_form(OPEN.at(eta=critical / 2), minimum)
    with pytest.raises(dg.InvalidInput, match="the critical step size"):
        normal_form(OPEN, minimum, value=critical / 2)


def test_what_is_refused(minimum):
    with pytest.raises(dg.InvalidInput, match="gradient has the norm"):
        normal_form(OPEN, minimum + 0.1)
    with pytest.raises(dg.InvalidInput, match="a map with a formula"):
        normal_form(dg.HeavyBall(NET, eta, "1/2"), minimum)
    wide = dg.MLP((1, 2, 1), dg.Activation.TANH, X, Y, dg.DataLoss.SQUARED)
    flat = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, Y.mean()])
    assert np.linalg.norm(wide.gradient_at(flat)) < 1e-12
    with pytest.raises(dg.InvalidInput, match="singular"):
        normal_form(dg.GradientDescent(wide, eta), flat)
    for wrong in ([1.0], None, "x", np.full(4, np.nan)):
        with pytest.raises(dg.InvalidInput, match="at"):
            normal_form(OPEN, wrong)

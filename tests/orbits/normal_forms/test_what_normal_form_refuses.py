"""Clear answers where there is no normal form, and how several candidates are named."""

import pytest
import sympy as sp
from sympy.abc import a, beta, eta, r, x, y

import dynsys_gd as dg
from dynsys_gd.orbits.normal_forms.find import normal_form

WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
OPEN = dg.GradientDescent(WELL, eta)
LOGISTIC = dg.SymbolicMap([r * x * (1 - x)], [x])

CASES = {
    "not a fixed point": (lambda: normal_form(OPEN, [2]), "a fixed point of F; F moves it by"),
    "not a fixed point, closed": (lambda: normal_form(OPEN.at(eta=1), [2]), "F moves it by 6;"),
    "not quite": (lambda: normal_form(OPEN, [1.0001]), "F moves it by 0.0002"),
    "fixed for no value": (
        lambda: normal_form(dg.SymbolicMap([x + 1 + 0 * r, y * r], [x, y]), [0, 0]),
        "whatever the value",
    ),
    "a maximum": (lambda: normal_form(OPEN, [0]), "a positive Hessian eigenvalue"),
    "a kink": (
        lambda: normal_form(dg.GradientDescent(dg.Loss(x**2 + sp.Abs(x) ** 3, [x]), eta), [0]),
        "a smooth map",
    ),
    "equal multipliers": (
        lambda: normal_form(dg.GradientDescent(dg.Loss(x**2 + y**2 + x**4, [x, y]), eta), [0, 0]),
        "several are on the unit circle",
    ),
    "equal multipliers in balls": (
        lambda: normal_form(
            dg.GradientDescent(dg.Loss(sp.cos(x) + sp.cos(y), [x, y]), eta), [sp.pi, sp.pi]
        ),
        "several",
    ),
    "two open parameters": (
        lambda: normal_form(dg.HeavyBall(WELL, eta, beta), [1]),
        "at most one open parameter",
    ),
    "several critical values": (
        lambda: normal_form(LOGISTIC, [1 - 1 / r]),
        r"one of the critical values 1, 3;",
    ),
    "never critical": (
        lambda: normal_form(dg.SymbolicMap([x / 2 + a - a * x / (1 + x) - a / (1 + x)], [x]), [0]),
        "it never is",
    ),
    "another symbol": (lambda: normal_form(LOGISTIC, [1 - 1 / a]), "no symbols but r"),
    "a symbol in a closed map": (lambda: normal_form(OPEN.at(eta=1), [eta]), "no symbols"),
    "value of a closed map": (
        lambda: normal_form(OPEN.at(eta=1), [1], value=1),
        "F has no open parameter",
    ),
    "value that is a symbol": (lambda: normal_form(OPEN, [1], value=x), "a number"),
    "wrong value": (lambda: normal_form(LOGISTIC, ["1/2"], value=3), "F moves it by 0.25"),
    "not critical": (lambda: normal_form(LOGISTIC, ["1/2"], value=2), "it is not critical"),
    "longer period than least": (
        lambda: normal_form(LOGISTIC, ["2/3"], value=3, period=2),
        "the least period of the point, 1",
    ),
    "period of another orbit": (
        lambda: normal_form(LOGISTIC, dg.periodic_orbits(LOGISTIC, period=2)[0], value=4, period=3),
        "the period of the orbit, 2",
    ),
    "birth of a cycle at its parent": (
        lambda: normal_form(LOGISTIC, dg.periodic_orbits(LOGISTIC, period=2)[0], value=3),
        "the least period of the point, 1",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_says_why(name):
    ask, words = CASES[name]
    with pytest.raises(dg.InvalidInput, match=words):
        ask()


def test_a_period_may_be_given_for_a_point():
    F = dg.SymbolicMap([x**2 + a], [x])
    form = normal_form(F, [(sp.sqrt(2) - 1) / 2], value=sp.Rational(-5, 4), period=2)
    orbit = form.points.ravel()
    assert form.period == 2
    assert F.at(a="-5/4")([[orbit[0]]])[0, 0] == pytest.approx(orbit[1])


def test_symbols_are_matched_by_name():
    own = sp.Symbol("r", positive=True)
    assert normal_form(LOGISTIC, [1 - 1 / own], value=3).exact == 9


def test_only_values_that_a_setting_may_have_are_offered():
    losses = [WELL, dg.Loss(x**2 / 2, [x])]
    form = normal_form(dg.MinibatchCycle(losses, eta), [0])
    assert form.exact_value == sp.sqrt(2)  # the multiplier is 1 - eta², and -sqrt(2) no step size
    assert normal_form(dg.GradientDescent(WELL, 2 * eta), [1]).exact_value == sp.Rational(1, 2)


def test_an_algebraic_minimum_is_certified():
    point = sp.CRootOf(x**5 - x - 1, 0)
    form = normal_form(dg.GradientDescent(dg.Loss(x**6 / 6 - x**2 / 2 - x, [x]), eta), [point])
    assert form.evidence.grade is dg.Grade.CERTIFIED
    top = 5 * float(point) ** 4 - 1
    assert form.value == pytest.approx(2 / top, rel=1e-14)
    third, fourth = 20 * float(point) ** 3, 60 * float(point) ** 2
    assert form.coefficient == pytest.approx(2 / top * (third**2 / top / 2 - fourth / 6), rel=1e-12)


def test_a_transcendental_critical_value():
    form = normal_form(dg.SymbolicMap([a * sp.exp(x)], [x]), [-1])
    assert form.value == pytest.approx(-2.718281828459045, rel=1e-15)
    assert str(form.bifurcation) == "flip"
    with pytest.raises(dg.InvalidInput, match="where F is finite"):
        normal_form(dg.SymbolicMap([1 / x + a * (x - 1)], [x]), [0], value=1)

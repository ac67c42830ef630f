"""The line of theory: what the update rule makes of it, and what a comparison says."""

import math
from dataclasses import replace

import numpy as np
import pytest
from sympy import Rational
from sympy.abc import a, beta, eta, x, y

import dynsys_gd as dg
from dynsys_gd.evidence import Evidence, Grade
from dynsys_gd.measure.transition.refinement import BracketLimit, CriticalBracket
from dynsys_gd.measure.transition.theory import compared, theory_of

PRODUCT = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
RULES = {
    "gradient descent": dg.GradientDescent(PRODUCT, eta),
    "heavy ball": dg.HeavyBall(PRODUCT, eta, "1/3"),
    "heavy ball, negative": dg.HeavyBall(PRODUCT, eta, "-1/3"),
    "Nesterov": dg.Nesterov(PRODUCT, eta, "2/5"),
}


def line_of(F, parameter="eta", to=dg.Target.MINIMA, threshold=None):
    return theory_of(F, parameter, to, threshold=threshold, seed=0)


@pytest.mark.parametrize("rule", RULES)
def test_factor_and_slowing_are_those_of_the_multipliers(rule):
    F = RULES[rule]
    line, why = line_of(F)
    assert why == ""
    assert line.evidence.grade is Grade.PROVED
    state = F.lift(np.array([[1.0, 1.0]]))
    for distance in (1e-3, 1e-4):
        G = F.at(eta=line.value * (1 - distance))
        sizes = np.abs(np.linalg.eigvals(G.jacobian_at(state)[0]))
        largest = sizes[np.abs(sizes - 1) > 1e-9].max()  # without the direction of the family
        assert (1 - largest) / distance == pytest.approx(line.slowing, rel=20 * distance)
    beyond = F.at(eta=line.value * 1.001)
    assert np.abs(np.linalg.eigvals(beyond.jacobian_at(state)[0])).max() > 1


def test_exact_momentum_keeps_the_line_exact():
    assert line_of(RULES["heavy ball"])[0].exact == Rational(4, 3)
    assert line_of(RULES["Nesterov"])[0].exact == Rational(7, 9)
    typed = line_of(dg.HeavyBall(PRODUCT, eta, 0.25))[0]
    assert typed.exact is None
    assert typed.evidence.grade is Grade.NUMERICAL
    assert typed.value == 1.25


def test_enclosures_are_scaled_outwards():
    net = dg.LinearNetwork((2, 2, 1), [[0, 1], [1, 0], [1, 2]], [[1], [0], [2]])
    plain = dg.critical_step_size(net)
    line = line_of(dg.HeavyBall(net, eta, "1/3"), threshold=plain)[0]
    assert line.lower < Rational(4, 3) * Rational(plain.lower)
    assert line.upper > Rational(4, 3) * Rational(plain.upper)
    assert line.lower <= line.value <= line.upper


@pytest.mark.parametrize(
    ("F", "parameter", "to", "why"),
    [
        (RULES["gradient descent"], "eta", dg.Target.FIXED_POINTS, "theory is about minima"),
        (dg.HeavyBall(PRODUCT, "1/2", beta), "beta", dg.Target.MINIMA, "not the step size"),
        (dg.GradientDescent(PRODUCT, 2 * eta), "eta", dg.Target.MINIMA, "not the step size"),
        (dg.HeavyBall(PRODUCT, eta, eta / 3), "eta", dg.Target.MINIMA, "not the step size"),
        (
            dg.GradientDescent(dg.Loss((x * y - a) ** 2, [x, y]), a),
            "a",
            dg.Target.MINIMA,
            "not the step size",
        ),
        (dg.HeavyBall(PRODUCT, eta, 1), "eta", dg.Target.MINIMA, "full momentum"),
        (dg.SymbolicMap([a * x], [x]), "a", dg.Target.MINIMA, "no critical value is known"),
    ],
)
def test_where_there_is_no_line(F, parameter, to, why):
    line, reason = line_of(F, parameter, to)
    assert line is None
    assert why in reason


def bracket(low, high):
    exact = [None if v is None else Rational(v) for v in (low, high)]
    return CriticalBracket(low=exact[0], high=exact[1], limit=BracketLimit.WIDTH)


@pytest.mark.parametrize(
    ("low", "high", "outcome", "words"),
    [
        ("9/10", "11/10", "YES", "lies in"),
        ("1/2", "3/5", "NO", "contradicts nothing"),
        (None, "3/5", "NO", "contradicts nothing"),
        ("11/10", "6/5", "NO", "this contradicts theory"),
        ("9/10", None, "UNDECIDED", "do not enclose"),
        (None, "11/10", "UNDECIDED", "do not enclose"),
    ],
)
def test_what_a_comparison_says(low, high, outcome, words):
    line = line_of(RULES["gradient descent"])[0]
    found = compared(line, bracket(low, high))
    assert found.outcome.name == outcome
    assert words in found.detail


def test_an_estimate_from_below_contradicts_nothing():
    exact = dg.critical_step_size(PRODUCT)
    guessed = replace(
        exact,
        evidence=Evidence(grade=Grade.NUMERICAL, reason="a search"),
        exact=None,
        lower=0.0,
        upper=math.inf,
    )
    line = line_of(RULES["gradient descent"], threshold=guessed)[0]
    found = compared(line, bracket("11/10", "6/5"))
    assert found.outcome is dg.Outcome.NO
    assert found.evidence.grade is Grade.NUMERICAL
    assert "estimate from below" in found.detail


def test_a_bound_is_compared_as_a_bound():
    net = dg.MLP((1, 2, 1), dg.Activation.TANH, [[0.0], [1.0]], [[0.0], [1.0]])
    line = line_of(dg.GradientDescent(net, eta))[0]
    assert "[0, 2]" in line.words
    assert compared(line, bracket(1, "3/2")).outcome is dg.Outcome.UNDECIDED
    assert "this contradicts theory" in compared(line, bracket("5/2", 3)).detail


def test_a_law_far_from_the_minima_contradicts_nothing():
    found = dg.transition(
        RULES["gradient descent"],
        "eta",
        ["1/100", "1/10", "1/2", "9/10"],
        region=dg.Box([4, 4], [5, 5]),
        method=dg.MonteCarlo(n=1000),
        rng=0,
    )
    assert found.critical.interval[1] < 0.5
    assert found.comparison.outcome is dg.Outcome.NO
    assert "contradicts nothing" in repr(found)


def test_a_wrong_threshold_is_shouted():
    found = dg.transition(
        RULES["gradient descent"],
        "eta",
        ["1/2", "6/5"],
        region=dg.Box([-2, -2], [2, 2]),
        method=dg.MonteCarlo(n=1000),
        threshold=dg.critical_step_size(dg.Loss((x * y - 4) ** 2 / 2, [x, y])),
        rng=0,
    )
    assert "this contradicts theory" in repr(found)

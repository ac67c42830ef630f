"""Comparing a step size with what is known of the critical one; recognising linear networks."""

import math

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, x, y

from dynsys_gd import (
    MLP,
    Activation,
    Budget,
    Evidence,
    Grade,
    GradientDescent,
    LinearNetwork,
    Loss,
    Outcome,
)
from dynsys_gd.claims import Instance, checks
from dynsys_gd.claims.verify import usual_region
from dynsys_gd.thresholds.threshold import Threshold, ThresholdStatus

YES, NO, OPEN = Outcome.YES, Outcome.NO, Outcome.UNDECIDED
PROVED = Evidence(grade=Grade.PROVED, reason="closed form")
CERTIFIED = Evidence(grade=Grade.CERTIFIED, reason="enclosed")
NUMERICAL = Evidence(grade=Grade.NUMERICAL, reason="searched")


def instance(F):
    return Instance(F=F, region=usual_region(F), seed=0, starts=10, budget=Budget())


def compared(step_size, **known):
    known = {"name": "critical step size", "status": ThresholdStatus.VALUE, **known}
    F = GradientDescent(Loss((x * y - 1) ** 2 / 2, [x, y]), step_size=step_size)
    on = instance(F)
    on.__dict__["threshold"] = Threshold(**known)  # in place of the computed one
    return checks.is_beyond_critical_step(on)


def exact(value):
    return {"value": float(value), "lower": 0.0, "exact": sp.sympify(value), "evidence": PROVED}


ENCLOSED = {"value": 1.0, "lower": 0.999, "upper": 1.001, "evidence": CERTIFIED}
BOUND = {
    "status": ThresholdStatus.BOUND,
    "value": math.nan,
    "lower": 0.0,
    "upper": 2.0,
    "evidence": PROVED,
}
FOUND = {"value": 1.0, "evidence": NUMERICAL}


@pytest.mark.parametrize(
    ("step_size", "known", "outcome", "grade"),
    [
        ("11/10", exact(1), YES, Grade.PROVED),
        (1, exact(1), NO, Grade.PROVED),
        (1.0, exact(1), NO, Grade.CERTIFIED),
        ("9/10", exact(1), NO, Grade.PROVED),
        (1.1, exact(1), YES, Grade.CERTIFIED),
        (sp.sqrt(2), exact(sp.sqrt(2)), NO, Grade.PROVED),
        (sp.sqrt(3 + 2 * sp.sqrt(2)), exact(1 + sp.sqrt(2)), NO, Grade.PROVED),
        (1.4142135623730951, exact(sp.sqrt(2)), YES, Grade.CERTIFIED),  # the float lies above √2
        ("1.002", ENCLOSED, YES, Grade.CERTIFIED),
        ("1.0005", ENCLOSED, OPEN, Grade.NUMERICAL),
        ("0.9", ENCLOSED, NO, Grade.CERTIFIED),
        ("21/10", BOUND, YES, Grade.PROVED),
        (2, BOUND, OPEN, Grade.NUMERICAL),
        (1, BOUND, OPEN, Grade.NUMERICAL),
        ("1.1", FOUND, YES, Grade.NUMERICAL),
        ("0.9", FOUND, NO, Grade.NUMERICAL),
        ("1.0000001", FOUND, OPEN, Grade.NUMERICAL),
    ],
)
def test_strictly_beyond_and_no_better_known_than_the_threshold(step_size, known, outcome, grade):
    found = compared(step_size, **known)
    assert found.outcome is outcome, found
    assert found.evidence.grade is grade, found


def test_an_infinite_threshold_is_never_exceeded():
    found = compared(10**9, value=math.inf, lower=math.inf, exact=sp.oo, evidence=PROVED)
    assert (found.outcome, found.evidence.grade) == (NO, Grade.PROVED)


def test_without_a_minimum_there_is_nothing_to_exceed():
    found = compared(
        5, status=ThresholdStatus.NO_MINIMUM, value=math.nan, upper=0.0, evidence=NUMERICAL
    )
    assert found.outcome is NO
    assert "no minimum" in found.detail


def test_a_long_exact_threshold_is_shown_as_a_number():
    root = sp.CRootOf(x**5 - x - 1, 0)
    found = compared(2, **exact(root + sp.sqrt(2) / 7 - sp.sqrt(3) / 11))
    assert found.outcome is YES
    assert "CRootOf" not in found.detail


@pytest.mark.parametrize(
    ("loss", "outcome"),
    [
        (Loss((x * y - 1) ** 2 / 2, [x, y]), YES),
        (LinearNetwork((2, 2, 1), np.eye(2), np.ones((2, 1))), YES),
        (Loss(x**4, [x]), NO),
        (Loss(sp.exp(x), [x]), NO),
        (MLP((1, 2, 1), Activation.TANH, [[1.0]], [[1.0]]), NO),
        (MLP((1, 1), Activation.TANH, [[1.0]], [[1.0]]), OPEN),  # no hidden layer: linear, biased
        (Loss((x * y + a - 1) ** 2, [x, y, a]), OPEN),  # quadratic in each weight
        (Loss((x * y - a) ** 2, [x, y]), OPEN),
    ],
)
def test_not_recognised_is_not_refuted(loss, outcome):
    found = checks.is_linear_network(instance(GradientDescent(loss, step_size=1)))
    assert found.outcome is outcome
    if outcome is not OPEN:
        expected = Grade.PROVED
        if isinstance(loss, MLP):
            expected = Grade.NUMERICAL  # by its form: on zero inputs the activation plays no part
        elif loss.symbolic is not None and loss.symbolic.bound.has(sp.exp):
            expected = Grade.CERTIFIED  # nothing exact tells that exp is no polynomial; a ball does
        assert found.evidence.grade is expected


@pytest.mark.parametrize(
    ("expression", "outcome"),
    [
        (x**4, YES),
        (sp.tanh(x) ** 2 + sp.log(1 + sp.exp(x)), YES),
        (sp.Max(x, 0) ** 2, NO),
        (sp.sqrt(1 + x**2), YES),
        (sp.atan(1 / x), YES),  # its gradient is rational
        (sp.exp(1 / x), OPEN),
    ],
)
def test_analytic(expression, outcome):
    F = GradientDescent(Loss(expression, [x]), step_size=1)
    assert checks.is_analytic(instance(F)).outcome is outcome

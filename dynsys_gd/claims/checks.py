"""Hypotheses that several claims share, each with the way it is checked."""

from __future__ import annotations

import math
from fractions import Fraction

import sympy as sp

from ..engine.rewrite import stable
from ..engine.tape import lower
from ..errors import DynsysError
from ..evidence import Evidence, Finding, Grade, Outcome
from ..losses.linear_network import LinearNetwork
from ..losses.mlp import MLP
from ..maps.base import Map
from ..maps.gradient_descent import GradientDescent
from ..thresholds.threshold import Threshold, ThresholdStatus
from ..values import is_exact
from .claim import Hypothesis, Instance
from .determinant import NOT_IDENTICALLY_ZERO, determinant_finding
from .domain import connected_domain
from .networks import network_facts
from .quadratic_form import not_quadratic

__all__ = [
    "ANALYTIC",
    "BEYOND_CRITICAL_STEP",
    "GRADIENT_DESCENT",
    "LINEAR_NETWORK",
    "NON_SINGULAR",
    "compared_with_threshold",
    "decided",
]


def decided(
    statement: str, outcome: Outcome, grade: Grade, reason: str, detail: str = ""
) -> Finding:
    """Return a finding in one line."""
    evidence = Evidence(grade=grade, reason=reason)
    return Finding(statement=statement, outcome=outcome, evidence=evidence, detail=detail)


def is_gradient_descent(instance: Instance) -> Finding:
    """Return whether the map is x - η∇L(x)."""
    yes = isinstance(instance.F, GradientDescent)
    return decided(
        _GRADIENT_DESCENT,
        Outcome.YES if yes else Outcome.NO,
        Grade.PROVED,
        "by the type of the map",
        type(instance.F).__name__,
    )


def is_analytic(instance: Instance) -> Finding:
    """Return whether the map is real-analytic on a connected domain.

    On a domain of several components one regular point says nothing about the others; rational
    functions are the exception, because they have one formula on all components.
    """
    outcome, known = _analytic(instance.F)
    if outcome is Outcome.NO:
        # Abs(x)**2 is analytic although it is written with Abs: the refutation is by its form.
        reason = "its formula contains functions that are not analytic, such as Max or Piecewise"
        return decided(_ANALYTIC, outcome, Grade.NUMERICAL, reason)
    if outcome is Outcome.UNDECIDED:
        return decided(_ANALYTIC, outcome, Grade.NUMERICAL, known)
    form = instance.F.expression
    if form is not None and not connected_domain(tuple(form), instance.F.variables):
        reason = "analytic where it is defined, but its domain may have several components"
        return decided(_ANALYTIC, Outcome.UNDECIDED, Grade.NUMERICAL, reason)
    return decided(_ANALYTIC, Outcome.YES, Grade.PROVED, known)


def _analytic(F: Map) -> tuple[Outcome, str]:
    composed = "composed of analytic functions"
    if F.loss is not None:
        outcome = F.loss.analytic
        unknown = "the loss does not say whether it is analytic"
        return outcome, unknown if outcome is Outcome.UNDECIDED else composed
    if F.expression is None:
        return Outcome.UNDECIDED, "the map has no formula"
    used = set().union(*(image.free_symbols for image in F.expression)) - set(F.variables)
    try:
        tape = lower([stable(e) for e in F.expression], F.variables, sorted(used, key=str))
    except DynsysError as error:
        return Outcome.UNDECIDED, str(error)
    return (Outcome.YES if tape.analytic else Outcome.NO), composed


def is_non_singular(instance: Instance) -> Finding:
    """Return whether the Jacobian determinant is not identically zero."""
    return determinant_finding(instance.F, rng=instance.rng("regular point"))


def is_linear_network(instance: Instance) -> Finding:
    """Return whether the loss is the squared loss of a linear network, or a product of scalars."""
    loss = instance.F.loss
    if loss is None:
        return decided(_LINEAR_NETWORK, Outcome.NO, Grade.PROVED, "the map has no loss")
    facts = network_facts(loss)
    if facts is not None:
        shape = "-".join(str(width) for width in facts.widths)
        named = "widths" if isinstance(loss, LinearNetwork) else "a product of scalars: widths"
        return decided(
            _LINEAR_NETWORK, Outcome.YES, Grade.PROVED, "by its form", f"{named} {shape}"
        )
    return _no_network(instance)


def _no_network(instance: Instance) -> Finding:
    """Tell a loss that cannot be one from a loss whose form is only not recognised."""
    loss = instance.loss
    if isinstance(loss, MLP) and loss.depth > 1:
        # By its form: where the inputs are all zero the activation may play no part.
        reason = f"its activation {loss.activation} is not linear"
        return decided(_LINEAR_NETWORK, Outcome.NO, Grade.NUMERICAL, reason)
    form = loss.symbolic
    if form is None or loss.parameters:
        reason = "not recognised as one; write it as LinearNetwork(widths, X, Y)"
        return decided(_LINEAR_NETWORK, Outcome.UNDECIDED, Grade.NUMERICAL, reason)
    grade = not_quadratic(form.bound, form.variables)
    if grade is not None:
        reason = "such a loss is a polynomial, at most quadratic in each weight; this one is not"
        return decided(_LINEAR_NETWORK, Outcome.NO, grade, reason)
    reason = "not recognised as one; write it as LinearNetwork(widths, X, Y)"
    return decided(_LINEAR_NETWORK, Outcome.UNDECIDED, Grade.NUMERICAL, reason)


def is_beyond_critical_step(instance: Instance) -> Finding:
    """Return whether the step size lies strictly above the critical step size of the loss."""
    if not isinstance(instance.F, GradientDescent):
        return decided(_BEYOND, Outcome.NO, Grade.PROVED, "the map is not gradient descent")
    if instance.F.parameters:
        remedy = f"give a value to {', '.join(instance.F.parameters)}"
        return decided(_BEYOND, Outcome.UNDECIDED, Grade.NUMERICAL, f"open parameters: {remedy}")
    return compared_with_threshold(instance, _BEYOND)


def compared_with_threshold(instance: Instance, statement: str) -> Finding:
    """Return whether η exceeds the critical step size strictly, no better known than either."""
    eta = sp.sympify(instance.F.step_size)  # type: ignore[attr-defined]
    threshold = instance.threshold
    outcome, known, detail = _compared(eta, threshold)
    if not is_exact(eta):
        known = known.weakened_to(
            Grade.CERTIFIED, f'the step size is the float {float(eta)!r}; "11/10" would be exact'
        )
    return Finding(
        statement=statement, outcome=outcome, evidence=known, detail=f"step size {eta} {detail}"
    )


def _compared(eta: sp.Expr, threshold: Threshold) -> tuple[Outcome, Evidence, str]:
    """Compare by algebra, else with the rigorous enclosure, else with the floating-point value."""
    known, bound = threshold.evidence, threshold.bound_evidence or threshold.evidence
    if threshold.status is ThresholdStatus.NO_MINIMUM:
        return Outcome.NO, known, "has nothing to exceed: the loss has no minimum"
    if threshold.decided and threshold.value == math.inf:
        return Outcome.NO, known, "is below the critical step size, which is infinite"
    if threshold.decided and threshold.exact is not None:
        sign = _sign((sp.Rational(eta) if eta.is_Float else eta) - threshold.exact)
        if sign is not None:
            relation, outcome = _RELATIONS[sign]
            text = str(threshold.exact)
            shown = text if len(text) <= 40 else f"{threshold.value:.10g}"
            return outcome, known, f"{relation} the critical step size {shown}"
    number, low, high = _fraction(eta), threshold.lower, threshold.upper
    where = f"{high:.10g}" if high - low <= 1e-9 * high else f"in [{low:.10g}, {high:.10g}]"
    where = f"at most {high:.10g}" if low == 0 else where
    if high < math.inf and number > Fraction(high):
        return Outcome.YES, bound, f"is above the critical step size, {where}"
    if number < Fraction(low):
        return Outcome.NO, bound, f"is below the critical step size, {where}"
    estimated = threshold.decided and not known.grade.rigorous
    if estimated and abs(float(eta) / threshold.value - 1) > _NUMERICAL_MARGIN:
        above = float(eta) > threshold.value
        side = "above" if above else "below"
        outcome = Outcome.YES if above else Outcome.NO
        known = known.weakened_to(Grade.NUMERICAL, "no rigorous bound decides")
        return outcome, known, f"is {side} the critical step size, about {threshold.value:.6g}"
    undecided = known.weakened_to(Grade.NUMERICAL, "no bound decides")
    return Outcome.UNDECIDED, undecided, f"is not told apart from it: {threshold.headline()}"


_NUMERICAL_MARGIN = 1e-6  # a floating-point threshold decides at this relative distance
_RELATIONS = {
    1: ("is above", Outcome.YES),
    0: ("equals (the inequality must be strict)", Outcome.NO),
    -1: ("is below", Outcome.NO),
}


def _fraction(eta: sp.Expr) -> Fraction:
    if eta.is_Rational or eta.is_Float:
        value = sp.Rational(eta)
        return Fraction(int(value.p), int(value.q))
    value = sp.Rational(str(eta.evalf(_DIGITS)))  # irrational: 60 digits tell it from any double
    return Fraction(int(value.p), int(value.q))


def _sign(number: sp.Expr) -> int | None:
    """Return the sign of an exact real number, or None where algebra does not tell."""
    number = sp.simplify(number)
    if number.is_zero:
        return 0
    value = number.evalf(_DIGITS)
    if abs(value) < sp.Float(10) ** (10 - _DIGITS):
        return None
    return 1 if value > 0 else -1


_DIGITS = 60
_GRADIENT_DESCENT = "the map is gradient descent with a fixed step size"
_ANALYTIC = "the map is real-analytic on a connected domain"
_LINEAR_NETWORK = "the loss is the squared loss of a linear network"
_BEYOND = "the step size lies strictly above the critical step size 2 / min λmax of the minima"

GRADIENT_DESCENT = Hypothesis(
    name="gradient descent", statement=_GRADIENT_DESCENT, check=is_gradient_descent
)
ANALYTIC = Hypothesis(name="analytic", statement=_ANALYTIC, check=is_analytic)
NON_SINGULAR = Hypothesis(
    name="non-singular", statement=NOT_IDENTICALLY_ZERO, check=is_non_singular
)
LINEAR_NETWORK = Hypothesis(
    name="linear network", statement=_LINEAR_NETWORK, check=is_linear_network
)
BEYOND_CRITICAL_STEP = Hypothesis(
    name="beyond the critical step size", statement=_BEYOND, check=is_beyond_critical_step
)

"""Hypotheses about data with two classes, decided by rational arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from ...evidence import Grade, Outcome
from ..claim import Hypothesis, Instance
from ..declare import condition, yes_if
from .separation import HardMargin, Link, MarginTerms, hard_margin, margin_terms

__all__ = [
    "EXPONENTIAL_LOSS",
    "LOGISTIC_LOSS",
    "NOT_SEPARABLE",
    "ONE_FEATURE",
    "ONE_MAGNITUDE",
    "SEPARABLE",
    "SUPPORT_IS_A_BASIS",
    "margin_of",
    "pair_of",
    "step_size_from",
    "terms_of",
]


def terms_of(instance: Instance) -> MarginTerms | None:
    """Return the data behind the loss, or None where it is no sum of penalised margins."""
    return margin_terms(instance.F.loss)


def margin_of(instance: Instance) -> HardMargin | None:
    """Return the largest margin of the data behind the loss, or None where it is not known."""
    terms = terms_of(instance)
    return None if terms is None else hard_margin(terms.rows)


def pair_of(sides: Sequence[Any], widest: Any) -> Hypothesis:
    """Return the hypothesis that the data are (γ, b) for two numbers b, with 0 < γ ≤ `widest`.

    Examples
    --------
    >>> pair_of(("9/10", "-1/2"), "1/5").statement
    'the samples are (γ, 9/10) and (γ, -1/2) with equal weights, 0 < γ ≤ 1/5'
    """

    def holds(instance: Instance) -> tuple[Outcome, str]:
        terms = terms_of(instance)
        rows = () if terms is None else terms.rows
        told = f"{len(rows)} samples"
        if terms is None or len(rows) != 2 or len(rows[0]) != 2 or len(set(terms.weights)) > 1:
            return Outcome.NO, told
        gammas = {row[0] for row in rows}
        known = {row[1] for row in rows} == set(map(sp.Rational, sides)) and len(gammas) == 1
        return yes_if(known and bool(0 < min(gammas) <= sp.Rational(widest))), told

    told = " and ".join(f"(γ, {side})" for side in sides)
    return condition(
        "two samples",
        f"the samples are {told} with equal weights, 0 < γ ≤ {widest}",
        holds,
        grade=Grade.PROVED,
        reason="by its form",
    )


def step_size_from(times: int) -> Hypothesis:
    """Return the hypothesis η ≥ `times` · 2/λmax at weights 0.

    Examples
    --------
    >>> step_size_from(3).statement
    'the step size is at least 3 times 2/λmax at the start'
    """

    def holds(instance: Instance) -> tuple[Outcome, str]:
        if (form := instance.loss.symbolic) is None:
            return Outcome.UNDECIDED, "no formula"
        at_zero = sp.hessian(form.bound, form.variables).subs(dict.fromkeys(form.variables, 0))
        bound = 2 * times / max(at_zero.eigenvals(), key=float)
        detail = f"η = {instance.step_size}, {times}·2/λmax = {float(bound):.6g}"
        return yes_if(bool(instance.step_size >= bound)), detail

    return condition(
        "large step",
        f"the step size is at least {times} times 2/λmax at the start",
        holds,
        grade=Grade.PROVED,
        reason="exact Hessian at 0",
    )


def _with_loss(link: Link) -> Hypothesis:
    def holds(instance: Instance) -> tuple[Outcome, str]:
        terms = terms_of(instance)
        return yes_if(terms is not None and terms.link is link), ""

    return condition(
        f"{link.value} loss",
        f"the loss is a weighted sum of {link.value} losses of margins",
        holds,
        grade=Grade.PROVED,
        reason="by its form",
    )


def _separable(instance: Instance) -> tuple[Outcome, str]:
    margin = margin_of(instance)
    if margin is None:
        return Outcome.UNDECIDED, "the loss is no sum of margins, or the margin was not found"
    return yes_if(margin.separable), f"γ² = {margin.squared}"


def _not_separable(instance: Instance) -> tuple[Outcome, str]:
    margin = margin_of(instance)
    if margin is None:
        return Outcome.UNDECIDED, "the loss is no sum of margins, or the margin was not found"
    return yes_if(not margin.separable), f"distance of 0 from the convex hull: √{margin.squared}"


def _support_is_a_basis(instance: Instance) -> tuple[Outcome, str]:
    margin = margin_of(instance)
    if margin is None:
        return Outcome.UNDECIDED, "the support vectors were not found"
    dual = ", ".join(str(margin.weights[i]) for i in margin.support)
    return yes_if(margin.separable and margin.support_is_a_basis), f"dual weights {dual}"


def _has_one_feature(instance: Instance) -> tuple[Outcome, str]:
    return yes_if(instance.F.dimension == 1), ""


def _has_one_magnitude(instance: Instance) -> tuple[Outcome, str]:
    terms = terms_of(instance)
    squares = set() if terms is None else {sum(v**2 for v in row) for row in terms.rows}
    return yes_if(len(squares) == 1), ""


_HULL = "shortest vector of the convex hull, in rational numbers"

LOGISTIC_LOSS = _with_loss(Link.LOGISTIC)
EXPONENTIAL_LOSS = _with_loss(Link.EXPONENTIAL)
SEPARABLE = condition(
    "separable",
    "a hyperplane through 0 separates the classes",
    _separable,
    grade=Grade.PROVED,
    reason=_HULL,
)
NOT_SEPARABLE = condition(
    "not separable",
    "no hyperplane through 0 separates the classes",
    _not_separable,
    grade=Grade.PROVED,
    reason=_HULL,
)
SUPPORT_IS_A_BASIS = condition(
    "support vectors",
    "the support vectors are a basis of the span of the data, with positive dual weights",
    _support_is_a_basis,
    grade=Grade.PROVED,
    reason="rank and optimality conditions, in rational numbers",
)
ONE_FEATURE = condition(
    "one feature",
    "the data have one feature",
    _has_one_feature,
    grade=Grade.PROVED,
    reason="by counting",
)
ONE_MAGNITUDE = condition(
    "equal magnitude",
    "all samples have the same norm",
    _has_one_magnitude,
    grade=Grade.PROVED,
    reason="by its form",
)

"""Is gradient descent on a product below, at or just beyond its critical step size?"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from ...evidence import Grade, Outcome
from ...maps.gradient_descent import GradientDescent
from ..claim import Hypothesis, Instance
from ..declare import condition, yes_if

__all__ = ["REGULAR", "regime"]


def _is_regular(instance: Instance) -> tuple[Outcome, str]:
    form = instance.loss.symbolic
    if form is None or not isinstance(instance.F, GradientDescent):
        return Outcome.NO, "not gradient descent on a formula"
    x, f = form.variables, sp.prod(form.variables)
    if len(x) < 2 or sp.expand(2 * form.bound - (f - 1) ** 2) != 0:
        return Outcome.NO, "the loss is not (x_1⋯x_N - 1)²/2"
    basis = sp.groebner([f - 1, *(sp.diff(f, each) for each in x)], *x)
    return yes_if(basis.exprs == [1]), "the ideal of f - 1 and ∂f contains 1"


REGULAR = condition(
    "regular value",
    "the map is gradient descent on (f - 1)²/2 with f = x_1⋯x_N, and ∇f vanishes nowhere on f = 1",
    _is_regular,
    grade=Grade.PROVED,
    reason="by its form, and a Gröbner basis",
)


def regime(name: str, statement: str, holds: Callable[[sp.Expr], bool]) -> Hypothesis:
    """Return a condition on ηλ* - 2 for the smallest sharpness λ* of a minimum, decided exactly."""

    def check(instance: Instance) -> tuple[Outcome, str]:
        limit = instance.threshold.exact
        if limit is None or "step_size" not in getattr(instance.F, "settings", {}):
            return Outcome.UNDECIDED, "the critical step size is not known exactly"
        eta = instance.step_size
        excess = sp.Integer(-2) if limit == sp.oo else sp.simplify(2 * eta / limit - 2)
        if not excess.is_number:
            return Outcome.UNDECIDED, "the step size is open"
        return yes_if(bool(holds(excess))), f"η = {eta}, 2/λ* = {limit}"

    return condition(name, statement, check, grade=Grade.PROVED, reason="exact comparison")

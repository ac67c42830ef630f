"""Stochastic gradient descent on parabolas: when its stationary law is known exactly."""

from __future__ import annotations

import sympy as sp

from ...evidence import Grade, Outcome
from ...maps.random_minibatch import RandomMinibatch
from ..claim import Instance
from ..declare import condition, yes_if

__all__ = ["BELOW_TWO", "PARABOLAS", "UNIT_NOISE", "mean_minimum"]


def _derivatives(instance: Instance) -> list[tuple[sp.Expr, sp.Expr, sp.Expr]]:
    """Return (p, L'(0), L'') of each batch with a formula in one variable, exactly."""
    F, told = instance.F, []
    if not isinstance(F, RandomMinibatch) or F.loss.dimension != 1:
        return []
    for chance, loss in zip(F.probabilities, F.losses, strict=True):
        if loss.symbolic is None or loss.parameters:
            return []
        (x,) = loss.symbolic.variables
        slope = sp.diff(loss.symbolic.bound, x)
        told.append((chance, slope.subs(x, 0), sp.expand(sp.diff(slope, x))))
    return told


def mean_minimum(F: RandomMinibatch) -> float:
    """Return -Σ p L'(0), the minimum of the mean of parabolas with L'' = 1.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd.losses.symbolic import Loss
    >>> losses = [Loss((x - 1) ** 2 / 2, [x]), Loss((x - 4) ** 2 / 2, [x])]
    >>> mean_minimum(RandomMinibatch(losses, "1/2", rng=0))
    2.5
    """
    return -float(F.loss.gradient_at([[0.0]])[0, 0])


def _are_parabolas(instance: Instance) -> tuple[Outcome, str]:
    curvatures = {str(curvature) for _, _, curvature in _derivatives(instance)}
    return yes_if(curvatures == {"1"}), f"L'' = {', '.join(sorted(curvatures)) or 'unknown'}"


def _is_unit(instance: Instance) -> tuple[Outcome, str]:
    found = _derivatives(instance)
    mean = sum(p * slope for p, slope, _ in found)
    variance = sp.nsimplify(sum(p * (slope - mean) ** 2 for p, slope, _ in found))
    return yes_if(bool(found) and sp.simplify(variance - 1) == 0), f"their variance is {variance}"


def _is_below_two(instance: Instance) -> tuple[Outcome, str]:
    eta = getattr(instance.F, "step_size", None)
    return yes_if(eta is not None and bool(0 < eta < 2)), f"η = {eta}"


#: Each batch loss has L'' = 1, in one variable.
PARABOLAS = condition(
    "quadratic",
    "the batch losses are parabolas in one variable with L'' = 1",
    _are_parabolas,
    grade=Grade.PROVED,
    reason="exact derivatives",
)
#: The gradients of the batches at a point have variance 1.
UNIT_NOISE = condition(
    "noise",
    "the gradients of the batches at 0 have variance 1",
    _is_unit,
    grade=Grade.PROVED,
    reason="exact derivatives",
)
#: 0 < η < 2.
BELOW_TWO = condition(
    "step size", "0 < η < 2", _is_below_two, grade=Grade.PROVED, reason="exact numbers"
)

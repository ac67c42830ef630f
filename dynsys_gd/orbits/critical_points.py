"""Critical points of a loss."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from ..errors import InvalidInput
from ..losses.base import AbstractLoss
from ..maps.gradient_descent import GradientDescent
from ..regions import Region
from .fixed_points import fixed_points
from .orbit_set import OrbitSet
from .question import OrbitMethod

__all__ = ["critical_points"]


def critical_points(
    loss: AbstractLoss,
    region: Region | None = None,
    *,
    method: OrbitMethod | None = None,
    seconds: float = 20,
) -> OrbitSet:
    """Return all critical points of a loss: the fixed points of every gradient map.

    Parameters
    ----------
    loss : Loss or another loss
    region : Region, optional
        Keep only points in it; families are kept whole. Needed for losses that are no polynomials.
    method : OrbitMethod, optional
        As for `fixed_points`.
    seconds : float
        Time limit.

    Returns
    -------
    OrbitSet
        Isolated points and families, with the multipliers of gradient descent as functions of
        the step size.

    Raises
    ------
    InvalidInput
        For something that is not a loss, or a loss without a formula.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Loss
    >>> critical_points(Loss((x**2 - 1)**2 / 4, [x]))
    Critical points: 3 points; complete
      minimum: (-1): multipliers 1 - 2*eta; stable for 0 < eta < 1
      maximum: (0): multipliers 1 + eta; stable for no eta
      minimum: (1): multipliers 1 - 2*eta; stable for 0 < eta < 1
      complete: every real solution of gradient = 0 is in one of the listed sets
      evidence: PROVED: exact algebra: Gröbner bases split by factors, real roots isolated
    """
    if not isinstance(loss, AbstractLoss):
        raise InvalidInput(
            "loss",
            loss,
            "a loss",
            "wrap an expression as Loss(expression, variables); of a map ask fixed_points(F)",
        )
    form = loss.symbolic
    if form is None:
        raise InvalidInput(
            "loss",
            loss.describe(),
            "a loss written as a formula",
            "choose a step size: fixed_points(GradientDescent(loss, step_size), region)",
        )
    taken = set(loss.names) | set(loss.parameters)
    taken |= {symbol.name for symbol in form.expression.free_symbols}
    name = next(n for n in ("eta", "step_size", "the_step_size") if n not in taken)
    F = GradientDescent(loss, step_size=sp.Symbol(name, positive=True))
    found = fixed_points(F, region, method=method, seconds=seconds)
    return replace(found, title="Critical points")

"""Up to which ηλ a minimum is stable, for the update rules with a fixed momentum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from ...losses.base import AbstractLoss
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ...maps.heavy_ball import HeavyBall
from ...maps.nesterov import Nesterov

__all__ = ["DESCENT", "HEAVY_BALL", "LIMITS", "NESTEROV", "StepLimit", "momentum_of"]


@dataclass(frozen=True, kw_only=True)
class StepLimit:
    """An update rule with the value of ηλ at which a minimum of curvature λ ceases to be stable.

    Parameters
    ----------
    name : str
        As a part of other names.
    word : str
        What the rule is called.
    formula : str
        The value as text, β the momentum.
    kind : type of Map
    multiple : callable
        β -> the value, exact.

    Examples
    --------
    >>> HEAVY_BALL.multiple(sp.Rational(1, 2))
    3
    """

    name: str
    word: str
    formula: str
    kind: type[Map]
    multiple: Callable[[sp.Expr], sp.Expr]

    def of(self, loss: AbstractLoss, step_size: Any, momentum: sp.Expr) -> Map:
        """Return the map with these settings; gradient descent has no momentum to set."""
        settings = () if self.kind is GradientDescent else (momentum,)
        return self.kind(loss, step_size, *settings)  # type: ignore[call-arg]


def momentum_of(F: Map) -> sp.Expr:
    """Return the momentum of a map, 0 where it has none."""
    return getattr(F, "momentum", sp.Integer(0))


DESCENT = StepLimit(
    name="gradient_descent",
    word="gradient descent",
    formula="2",
    kind=GradientDescent,
    multiple=lambda beta: sp.Integer(2),
)
HEAVY_BALL = StepLimit(
    name="heavy_ball",
    word="heavy ball",
    formula="2(1 + β)",
    kind=HeavyBall,
    multiple=lambda beta: 2 * (1 + beta),
)
NESTEROV = StepLimit(
    name="nesterov",
    word="Nesterov's method",
    formula="2(1 + β)/(1 + 2β)",
    kind=Nesterov,
    multiple=lambda beta: 2 * (1 + beta) / (1 + 2 * beta),
)
LIMITS = (DESCENT, HEAVY_BALL, NESTEROV)

"""Nesterov's method with constant momentum: the gradient is taken at the extrapolated point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..losses.base import AbstractLoss, Points
from .gradient_map import Block, GradientMap, checked_loss, checked_setting, refuse_coordinates
from .heavy_ball import checked_momentum, remembering

__all__ = ["Nesterov"]


@dataclass(frozen=True, repr=False)
class Nesterov(GradientMap):
    """Nesterov's accelerated gradient with constant momentum; the state is (θ_t, θ_{t-1}).

    Parameters
    ----------
    loss : Loss, LinearNetwork, MLP or AutodiffLoss
    step_size : number, fraction, text or sympy expression
        The step size η > 0.
    momentum : number, fraction, text or sympy expression
        The momentum β in [0, 1); 0 is gradient descent.

    Notes
    -----
    With y = θ_t + β (θ_t - θ_{t-1}) the step is θ_{t+1} = y - η ∇L(y). In a direction of curvature
    λ the multipliers are the roots of μ² - (1 + β)(1 - ηλ) μ + β (1 - ηλ). A minimum is linearly
    stable where every λ lies in (0, (2 + 2β)/((1 + 2β) η)): the critical step size falls from 2/λ
    to (2 + 2β)/((1 + 2β) λ).

    References
    ----------
    Nesterov [nesterov1983method]_.

    Examples
    --------
    >>> from sympy.abc import beta, eta, x
    >>> from dynsys_gd import Loss
    >>> F = Nesterov(Loss(x**2 / 2, [x]), step_size=eta, momentum=beta)
    >>> F.determinant
    -beta*(eta - 1)
    >>> F.at(eta="1/2", beta="1/2")([[4.0, 2.0]])
    array([[2.5, 4. ]])
    """

    loss: AbstractLoss
    step_size: sp.Expr
    momentum: sp.Expr
    blocks = 2

    def __post_init__(self) -> None:
        checked_loss(self.loss)
        step = checked_setting(self.step_size, "step_size", low=0, low_allowed=False)
        refuse_coordinates(step, "step_size", self.loss)
        object.__setattr__(self, "step_size", step)
        momentum = checked_momentum(self.momentum, low=0, low_allowed=True)
        refuse_coordinates(momentum, "momentum", self.loss)
        object.__setattr__(self, "momentum", momentum)

    @staticmethod
    def update(
        state: Sequence[Block], gradient: Callable[[Block], Block], settings: Mapping[str, Any]
    ) -> tuple[list[Block], Block]:
        theta, previous = state
        ahead = theta + settings["momentum"] * (theta - previous)
        g = gradient(ahead)
        return [ahead - settings["step_size"] * g, theta], g

    @staticmethod
    def update_jacobian(
        state: Sequence[Points],
        hessian: Callable[[Points], NDArray[np.float64]],
        settings: Mapping[str, float],
    ) -> NDArray[np.float64]:
        theta, previous = state
        beta = settings["momentum"]
        ahead = theta + beta * (theta - previous)
        descent = np.eye(theta.shape[1]) - settings["step_size"] * hessian(ahead)
        return remembering((1 + beta) * descent, -beta * descent)

"""Gradient descent with momentum: θ_{t+1} = θ_t - η ∇L(θ_t) + β (θ_t - θ_{t-1})."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..losses.base import AbstractLoss, Points
from ..values import to_value
from .gradient_map import Block, GradientMap, checked_loss, checked_setting, refuse_coordinates

__all__ = ["HeavyBall", "checked_momentum", "remembering"]


@dataclass(frozen=True, repr=False)
class HeavyBall(GradientMap):
    """Gradient descent with heavy-ball momentum; the state is (θ_t, θ_{t-1}).

    Parameters
    ----------
    loss : Loss, LinearNetwork, MLP or AutodiffLoss
    step_size : number, fraction, text or sympy expression
        The step size η > 0.
    momentum : number, fraction, text or sympy expression
        The momentum β in (-1, 1]; 0 is gradient descent, and 1 loses nothing: areas are kept.

    Notes
    -----
    In a direction of curvature λ the multipliers are the roots of μ² - (1 + β - ηλ) μ + β. A
    minimum is linearly stable where every λ lies in (0, 2 (1 + β)/η): momentum raises the critical
    step size from 2/λ to 2 (1 + β)/λ. Their product is β, which is also the determinant of the
    Jacobian in one dimension: for |β| > 1 nothing could be stable, hence the range; at β = 1
    minima are neutral, surrounded by invariant curves. Negative
    momentum, which lowers the critical step size, is of use in games [gidel2019negative]_; and in
    one dimension it gives the orientation-reversing Hénon maps.

    References
    ----------
    Polyak [polyak1964some]_; Gidel et al. [gidel2019negative]_ for β < 0.

    Examples
    --------
    >>> from sympy.abc import beta, eta, x
    >>> from dynsys_gd import Loss
    >>> F = HeavyBall(Loss(x**2 / 2, [x]), step_size=eta, momentum=beta)
    >>> F.jacobian
    Matrix([
    [beta - eta + 1, -beta],
    [             1,     0]])
    >>> F.at(eta="1/2", beta="1/4")([[4.0, 2.0]])
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
        momentum = checked_momentum(self.momentum, low=-1, low_allowed=False, one_allowed=True)
        refuse_coordinates(momentum, "momentum", self.loss)
        object.__setattr__(self, "momentum", momentum)

    @staticmethod
    def update(
        state: Sequence[Block], gradient: Callable[[Block], Block], settings: Mapping[str, Any]
    ) -> tuple[list[Block], Block]:
        theta, previous = state
        g = gradient(theta)
        moved = theta - settings["step_size"] * g + settings["momentum"] * (theta - previous)
        return [moved, theta], g

    @staticmethod
    def update_jacobian(
        state: Sequence[Points],
        hessian: Callable[[Points], NDArray[np.float64]],
        settings: Mapping[str, float],
    ) -> NDArray[np.float64]:
        theta, _ = state
        beta, identity = settings["momentum"], np.eye(theta.shape[1])
        now = (1 + beta) * identity - settings["step_size"] * hessian(theta)
        return remembering(now, np.broadcast_to(-beta * identity, now.shape))


def checked_momentum(
    value: Any, *, low: float, low_allowed: bool, one_allowed: bool = False
) -> sp.Expr:
    """Return the momentum as a sympy value from `low` to 1, or an expression in symbols."""
    momentum = to_value(value, "momentum")
    too_low = momentum.is_number and (momentum < low or (momentum == low and not low_allowed))
    too_high = momentum.is_number and (momentum > 1 or (momentum == 1 and not one_allowed))
    if too_low or too_high:
        lower = f"of at least {low:g}" if low_allowed else f"above {low:g}"
        upper = "at most 1" if one_allowed else "below 1"
        raise InvalidInput(
            "momentum", value, f"a number {lower} and {upper}, or an expression in symbols"
        )
    return momentum


def remembering(now: NDArray[np.float64], previous: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return [[now, previous], [I, 0]] for each row: the old point is kept as the second block."""
    n, d, _ = now.shape
    jacobian = np.zeros((n, 2 * d, 2 * d))
    jacobian[:, :d, :d] = now
    jacobian[:, :d, d:] = previous
    jacobian[:, d:, :d] = np.eye(d)
    return jacobian

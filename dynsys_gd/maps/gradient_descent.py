"""Gradient descent with a fixed step size: G(θ) = θ - η ∇L(θ)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..losses.base import AbstractLoss, Points
from .gradient_map import Block, GradientMap, checked_loss, checked_setting, refuse_coordinates

__all__ = ["GradientDescent"]


@dataclass(frozen=True, repr=False)
class GradientDescent(GradientMap):
    """Gradient descent on a loss, G(θ) = θ - η ∇L(θ), with Jacobian I - η ∇²L(θ).

    Parameters
    ----------
    loss : Loss, LinearNetwork, MLP or AutodiffLoss
    step_size : number, fraction, text or sympy expression
        The step size η > 0. ``"1/10"`` is exact, ``0.1`` is a float; a symbol stays open until
        ``F.at(eta=...)`` gives it a value.

    Raises
    ------
    InvalidInput
        For a step size that is not a positive number or an expression in symbols.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import Loss
    >>> F = GradientDescent(Loss(x**2 / 2, [x]), step_size=eta)
    >>> F.jacobian
    Matrix([[1 - eta]])
    >>> F.at(eta="1/2")([4.0])
    array([2.])
    """

    loss: AbstractLoss
    step_size: sp.Expr

    def __post_init__(self) -> None:
        checked_loss(self.loss)
        step = checked_setting(self.step_size, "step_size", low=0, low_allowed=False)
        refuse_coordinates(step, "step_size", self.loss)
        object.__setattr__(self, "step_size", step)

    @staticmethod
    def update(
        state: Sequence[Block], gradient: Callable[[Block], Block], settings: Mapping[str, Any]
    ) -> tuple[list[Block], Block]:
        (theta,) = state
        g = gradient(theta)
        return [theta - settings["step_size"] * g], g

    @staticmethod
    def update_jacobian(
        state: Sequence[Points],
        hessian: Callable[[Points], NDArray[np.float64]],
        settings: Mapping[str, float],
    ) -> NDArray[np.float64]:
        (theta,) = state
        return np.eye(theta.shape[1]) - settings["step_size"] * hessian(theta)

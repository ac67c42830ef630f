"""What stands in for the slope of a staircase, and losses that are trained that way."""

from __future__ import annotations

from abc import abstractmethod
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import AbstractLoss, Points

__all__ = ["QuantizedLoss", "StraightThrough"]

Array = NDArray[np.float64]


class StraightThrough(Enum):
    """A straight-through estimator: the slope g(u) that replaces that of a staircase.

    The staircase rises by 1 at 0, 1, …, q - 1 and is constant in between, so that its own slope is
    zero where it has one.

    IDENTITY: 1. RELU: 1 for u > 0. CLIPPED_RELU: 1 for 0 < u < q, where the staircase rises.
    REVERSED_EXPONENTIAL: e^-u for u > 0, the slope of 1 - e^-u. LOG_TAILED: 1/(1 + u) for u > 0,
    the slope of log(1 + u). All are 0 elsewhere.

    References
    ----------
    Long, Yin and Xin [long2020learning]_.

    Examples
    --------
    >>> StraightThrough.CLIPPED_RELU.slope(np.array([-1.0, 0.5, 3.5]), levels=3)
    array([0., 1., 0.])
    >>> StraightThrough.IDENTITY.one_sided, StraightThrough.LOG_TAILED.one_sided
    (False, True)
    """

    IDENTITY = "identity"
    RELU = "ReLU"
    CLIPPED_RELU = "clipped ReLU"
    REVERSED_EXPONENTIAL = "reversed exponential"
    LOG_TAILED = "log-tailed"

    @property
    def one_sided(self) -> bool:
        """Whether g vanishes for negative u, where the staircase is flat."""
        return self is not StraightThrough.IDENTITY

    def slope(self, u: Array, *, levels: int) -> Array:
        """Return g(u), for a staircase of so many steps up."""
        if self is StraightThrough.IDENTITY:
            return np.ones_like(u)
        if self is StraightThrough.RELU:
            return np.where(u > 0, 1.0, 0.0)
        if self is StraightThrough.CLIPPED_RELU:
            return np.where((u > 0) & (u < levels), 1.0, 0.0)
        right = np.maximum(u, 0.0)
        tail = np.exp(-right) if self is StraightThrough.REVERSED_EXPONENTIAL else 1 / (1 + right)
        return np.where(u > 0, tail, 0.0)

    def bend(self, u: Array, *, levels: int) -> Array:
        """Return g'(u), which is 0 for the piecewise constant slopes."""
        if self is StraightThrough.REVERSED_EXPONENTIAL:
            return -self.slope(u, levels=levels)
        if self is StraightThrough.LOG_TAILED:
            return -(self.slope(u, levels=levels) ** 2)
        return np.zeros_like(u)

    def __str__(self) -> str:
        return str(self.value)


class QuantizedLoss(AbstractLoss):
    """A loss that is constant between jumps, with a coarse gradient in place of its gradient.

    Its gradient is zero wherever there is one. `CoarseGradient` follows the coarse gradient: the
    chain rule with the slope of the staircase replaced by an estimator.
    """

    @abstractmethod
    def coarse_gradient_at(self, points: Any, estimator: StraightThrough) -> Points:
        """Return the coarse gradient at each row, shape (..., d)."""

    @abstractmethod
    def coarse_hessian_at(self, points: Any, estimator: StraightThrough) -> NDArray[np.float64]:
        """Return the Jacobian of the coarse gradient at each row, shape (..., d, d).

        It is that of the piece on which the point lies; jumps are left out.
        """

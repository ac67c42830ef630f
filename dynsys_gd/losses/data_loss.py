"""How far the outputs of a network are from the targets, with two derivatives in the outputs."""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput

__all__ = ["DataLoss"]

Array = NDArray[np.float64]

_ROW_SUM_TOLERANCE = 1e-12


class DataLoss(Enum):
    """The loss of one network output o against its target y, averaged over the samples.

    SQUARED: ½‖o - y‖². CROSS_ENTROPY: -Σ y_k log p_k with p = softmax(o); every target row is a
    probability vector (one-hot, or smoothed by the user). HUBER: Σ h(o_k - y_k), where h(r) is
    ½r² up to |r| = 1 and |r| - ½ beyond; it has one continuous derivative.

    Outputs and targets are arrays of shape (..., n_samples, n_targets).

    Examples
    --------
    >>> outputs, targets = np.array([[1000.0, 0.0]]), np.array([[0.0, 1.0]])
    >>> float(DataLoss.CROSS_ENTROPY.mean(outputs, targets))
    1000.0
    """

    SQUARED = "squared loss"
    CROSS_ENTROPY = "cross-entropy"
    HUBER = "Huber loss"

    @property
    def analytic(self) -> bool:
        """Whether the loss is real-analytic in the outputs."""
        return self is not DataLoss.HUBER

    def mean(self, outputs: Array, targets: Array) -> Array:
        """Return the loss averaged over the samples, shape (...,)."""
        if self is DataLoss.SQUARED:
            each = 0.5 * np.sum((outputs - targets) ** 2, axis=-1)
        elif self is DataLoss.HUBER:
            away = np.abs(outputs - targets)
            near = np.minimum(away, 1.0)
            each = np.sum(near * (away - 0.5 * near), axis=-1)
        else:
            shifted = outputs - outputs.max(axis=-1, keepdims=True)
            total = np.log(np.sum(np.exp(shifted), axis=-1))
            # A class of probability 0 counts nothing, also where its log-probability overflows.
            each = total - np.sum(np.where(targets > 0, targets * shifted, 0.0), axis=-1)
        return np.mean(each, axis=-1)

    def slope(self, outputs: Array, targets: Array) -> Array:
        """Return the gradient of the mean in the outputs, of their shape."""
        n = targets.shape[-2]
        if self is DataLoss.SQUARED:
            return (outputs - targets) / n
        if self is DataLoss.HUBER:
            return np.clip(outputs - targets, -1.0, 1.0) / n
        return (_softmax(outputs) - targets) / n

    def bend(self, outputs: Array, targets: Array, direction: Array) -> Array:
        """Return the second derivative of the mean in the outputs, applied to `direction`.

        At the two kinks of the Huber loss it is the one from within.
        """
        n = outputs.shape[-2]
        if self is DataLoss.SQUARED:
            return direction / n
        if self is DataLoss.HUBER:
            return np.where(np.abs(outputs - targets) > 1.0, 0.0, direction) / n
        p = _softmax(outputs)
        return p * (direction - np.sum(p * direction, axis=-1, keepdims=True)) / n

    def check(self, targets: Array) -> None:
        """Refuse targets that this loss is not meant for."""
        if self is not DataLoss.CROSS_ENTROPY:
            return
        expected = "rows of probabilities: not negative, summing to 1"
        remedy = "write one column for each class, one-hot or smoothed"
        if targets.shape[-1] < 2:
            raise InvalidInput("Y", "a single column", f"{expected}, two columns or more", remedy)
        wrong = (targets.min(axis=-1) < 0) | (abs(targets.sum(axis=-1) - 1) > _ROW_SUM_TOLERANCE)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise InvalidInput("Y", f"{targets[row].tolist()} in row {row}", expected, remedy)

    def __str__(self) -> str:
        return str(self.value)


def _softmax(outputs: Array) -> Array:
    weights = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))

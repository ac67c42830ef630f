"""Activation functions with two derivatives, none of which overflows where its value is finite."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAKY_SLOPE", "Activation"]

Array = NDArray[np.float64]

LEAKY_SLOPE = 0.01
_FAR = 40.0  # from here on the normal density is below the smallest double


class Activation(Enum):
    """The function σ between two layers of a network.

    TANH; SIGMOID, 1/(1 + e^-u); RELU, max(u, 0); LEAKY_RELU, slope 0.01 below 0; GELU, u Φ(u) with
    the normal distribution function Φ, not its tanh approximation; SOFTPLUS, log(1 + e^u);
    RELU_CUBED, max(u, 0)³, twice continuously differentiable. At 0 the slope of the two piecewise
    linear ones is the one on the left.

    Examples
    --------
    >>> Activation.RELU.apply(np.array([-1.0, 2.0]))
    array([0., 2.])
    >>> Activation.SOFTPLUS.slope(np.array([0.0, 1e4]))
    array([0.5, 1. ])
    """

    TANH = "tanh"
    SIGMOID = "sigmoid"
    RELU = "ReLU"
    LEAKY_RELU = "leaky ReLU"
    GELU = "GELU"
    SOFTPLUS = "softplus"
    RELU_CUBED = "ReLU³"

    @property
    def analytic(self) -> bool:
        """Whether σ is real-analytic."""
        return self not in (Activation.RELU, Activation.LEAKY_RELU, Activation.RELU_CUBED)

    def apply(self, u: Array) -> Array:
        """Return σ(u)."""
        return _FORMULAS[self].value(u)

    def slope(self, u: Array) -> Array:
        """Return σ'(u)."""
        return _FORMULAS[self].slope(u)

    def curvature(self, u: Array) -> Array:
        """Return σ''(u), which is 0 for the piecewise linear functions."""
        return _FORMULAS[self].curvature(u)

    def __str__(self) -> str:
        return str(self.value)


class _Formulas(NamedTuple):
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    curvature: Callable[[Array], Array]


def _logistic(u: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(u))


def _normal(u: Array) -> Array:
    """Return the distribution function of the normal law."""
    from scipy.special import ndtr

    return np.asarray(ndtr(u))


def _tanh_slope(u: Array) -> Array:
    # sech² rather than 1 - tanh², which cancels where the unit saturates.
    decay = np.exp(-2.0 * np.abs(u))
    return 4.0 * decay / (1.0 + decay) ** 2


def _sigmoid_slope(u: Array) -> Array:
    decay = np.exp(-np.abs(u))
    return decay / (1.0 + decay) ** 2


def _density(u: Array) -> Array:
    return np.exp(-0.5 * u * u) / math.sqrt(2.0 * math.pi)


def _rectified(u: Array) -> Array:
    return np.maximum(u, 0.0)


def _gelu_slope(u: Array) -> Array:
    near = np.clip(u, -_FAR, _FAR)
    return _normal(u) + near * _density(near)


def _gelu_curvature(u: Array) -> Array:
    near = np.clip(u, -_FAR, _FAR)
    return (2.0 - near * near) * _density(near)


_FORMULAS = {
    Activation.TANH: _Formulas(np.tanh, _tanh_slope, lambda u: -2.0 * np.tanh(u) * _tanh_slope(u)),
    Activation.SIGMOID: _Formulas(
        _logistic, _sigmoid_slope, lambda u: -np.tanh(0.5 * u) * _sigmoid_slope(u)
    ),
    Activation.RELU: _Formulas(_rectified, lambda u: np.where(u > 0, 1.0, 0.0), np.zeros_like),
    Activation.LEAKY_RELU: _Formulas(
        lambda u: np.where(u > 0, u, LEAKY_SLOPE * u),
        lambda u: np.where(u > 0, 1.0, LEAKY_SLOPE),
        np.zeros_like,
    ),
    Activation.GELU: _Formulas(lambda u: u * _normal(u), _gelu_slope, _gelu_curvature),
    Activation.SOFTPLUS: _Formulas(lambda u: np.logaddexp(0.0, u), _logistic, _sigmoid_slope),
    Activation.RELU_CUBED: _Formulas(
        lambda u: _rectified(u) ** 3,
        lambda u: 3.0 * _rectified(u) ** 2,
        lambda u: 6.0 * _rectified(u),
    ),
}

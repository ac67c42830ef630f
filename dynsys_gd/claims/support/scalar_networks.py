"""Products of scalars, ½(w_1⋯w_N - 1)²: their minima, and where gradient flow leads."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...losses.base import AbstractLoss
from ...losses.symbolic import Loss

__all__ = ["flow_limit", "is_scalar_network", "minimum_of_sharpness", "scalar_network"]

Array = NDArray[np.float64]

_HALVINGS = 80  # until neighbouring doubles are reached


def scalar_network(depth: int) -> Loss:
    """Return ½(w_1⋯w_N - 1)².

    Examples
    --------
    >>> scalar_network(2).symbolic.bound
    (w1*w2 - 1)**2/2
    """
    weights = sp.symbols(f"w1:{depth + 1}")
    return Loss((sp.prod(weights) - 1) ** 2 / 2, weights)


def is_scalar_network(loss: AbstractLoss) -> bool:
    """Return whether a loss is ½(w_1⋯w_N - 1)², by its formula."""
    form = loss.symbolic
    return form is not None and (
        sp.expand(form.bound - (sp.prod(form.variables) - 1) ** 2 / 2) == 0
    )


def flow_limit(points: Any) -> Array:
    """Return the squares of the limit of gradient flow from each row, shape (n, N).

    Notes
    -----
    Flow keeps every difference of squares, so that the limit has squares w_i² + s with
    Σ log(w_i² + s) = 0, which grows in s. Written as w_i² - min w² + e^v, v ≤ 0 is bisected. Where
    the product is negative the smallest weight changes its sign on the way; where two are equally
    small then, flow ends at a saddle, which the formula does not know.

    Examples
    --------
    >>> flow_limit([[2.0, 0.5], [1.0, 0.5]]).prod(axis=1).round(12)
    array([1., 1.])
    """
    squares = np.square(np.asarray(points, dtype=np.float64))
    above = squares - squares.min(axis=1, keepdims=True)
    low, high = np.full(len(above), np.log(np.finfo(float).tiny)), np.zeros(len(above))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        positive = np.log(above + np.exp(middle)[:, None]).sum(axis=1) > 0
        low, high = np.where(positive, low, middle), np.where(positive, middle, high)
    return np.asarray(above + np.exp(high)[:, None])


def minimum_of_sharpness(direction: Array, sharpness: float) -> Array:
    """Return the minimum whose logarithms are t > 0 times a direction of sum zero, shape (N,).

    Examples
    --------
    >>> import numpy as np
    >>> minimum_of_sharpness(np.array([1.0, -1.0]), 4.25)
    array([2. , 0.5])
    """
    from scipy.optimize import brentq

    steepest = -2 * direction.min()
    scale = brentq(
        lambda t: float(np.exp(-2 * t * direction).sum()) - sharpness,
        0.0,
        np.log(sharpness) / steepest + 1.0,
        xtol=1e-15,
    )
    return np.asarray(np.exp(scale * direction))

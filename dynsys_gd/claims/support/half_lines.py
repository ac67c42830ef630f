"""What a two-layer ReLU network of one input fits while no kink crosses a point."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...losses.activations import Activation
from ...losses.base import AbstractLoss
from ...losses.mlp import MLP
from ...regions import Box

__all__ = [
    "affine_fits",
    "best_pair_loss",
    "exact_data",
    "exact_loss",
    "interpolating",
    "kinks_stay_between",
    "least_squares_loss",
    "relu_units",
    "tangent_step_sizes",
    "without_fits",
]

Array = NDArray[np.float64]
Fit = tuple[Fraction, Fraction, Fraction]


def relu_units(loss: AbstractLoss | None) -> int | None:
    """Return the width of a two-layer ReLU network of one input and output, with biases.

    None for every other loss.
    """
    if not isinstance(loss, MLP) or loss.activation is not Activation.RELU or not loss.biases:
        return None
    return loss.widths[1] if loss.depth == 2 and loss.widths[::2] == (1, 1) else None


def exact_data(net: MLP) -> list[tuple[Fraction, Fraction]]:
    """Return the samples (x, y) as the rational numbers that they are."""
    pairs = zip(net.X[:, 0], net.Y[:, 0], strict=True)
    return [(Fraction(float(x)), Fraction(float(y))) for x, y in pairs]


def kinks_stay_between(net: MLP, box: Box) -> bool:
    """Return whether |b| < |a| min |x| for each unit of every network of a box, exactly."""
    units = net.widths[1]
    low, high = ([Fraction(float(entry)) for entry in end] for end in (box.low, box.high))
    innermost = min(abs(x) for x, _ in exact_data(net))
    return all(
        max(abs(low[units + i]), abs(high[units + i])) < innermost * max(low[i], -high[i])
        for i in range(units)
    )


def interpolating(points: Sequence[tuple[Fraction, Fraction]]) -> list[Fraction]:
    """Return a network with a kink at each point but the last that goes through all, exactly."""
    points = sorted(points)
    rises = [(q[1] - p[1]) / (q[0] - p[0]) for p, q in pairwise(points)]
    turns = [rises[0], *(after - before for before, after in pairwise(rises))]
    return [*[Fraction(1)] * len(turns), *(-x for x, _ in points[:-1]), *turns, points[0][1]]


def affine_fits(net: MLP) -> tuple[Fit, Fit]:
    """Return the best affine functions on the negative and on the positive points, exactly.

    Each as its slope, its value at 0, and the sum of squares that it leaves.
    """
    data = exact_data(net)
    return _best_fit([p for p in data if p[0] < 0]), _best_fit([p for p in data if p[0] > 0])


def without_fits(net: MLP) -> Array:
    """Return the targets with the best affine function of each side taken away, shape (n, 1)."""
    lines = np.array([[float(entry) for entry in fit[:2]] for fit in affine_fits(net)])
    slope, level = np.moveaxis(lines[(net.X > 0).astype(int)], -1, 0)
    return np.asarray(net.Y - slope * net.X - level)


def _best_fit(points: Sequence[tuple[Fraction, Fraction]]) -> Fit:
    nothing = Fraction(0)
    n = Fraction(len(points))
    x_mean, y_mean = (sum((p[k] for p in points), nothing) / n for k in range(2))
    spread = sum(((x - x_mean) ** 2 for x, _ in points), nothing)
    together = sum(((x - x_mean) * (y - y_mean) for x, y in points), nothing)
    slope = together / spread if spread else nothing
    level = y_mean - slope * x_mean
    return slope, level, sum(((y - slope * x - level) ** 2 for x, y in points), nothing)


def best_pair_loss(net: MLP) -> Fraction:
    """Return the loss of the two best affine functions together, exactly."""
    return sum((fit[2] for fit in affine_fits(net)), Fraction(0)) / (2 * net.n_samples)


def least_squares_loss(net: MLP) -> float:
    """Return the loss of the two best affine functions together, in floating point."""
    sides = (net.X[:, 0] < 0, net.X[:, 0] > 0)
    fits = (np.polyfit(net.X[side, 0], net.Y[side, 0], 1, full=True) for side in sides)
    return sum(float(np.sum(squares)) for _, squares, *_ in fits) / (2 * net.n_samples)


def exact_loss(net: MLP, point: Array) -> Fraction:
    """Return the loss of a two-layer ReLU network at one point, in rational numbers."""
    *layers, offset = (Fraction(float(entry)) for entry in point)
    units = net.widths[1]
    a, b, w = (layers[k * units : (k + 1) * units] for k in range(3))
    total = Fraction(0)
    for x, y in exact_data(net):
        units_at = zip(a, b, w, strict=True)
        output = sum((wi * max(Fraction(0), ai * x + bi) for ai, bi, wi in units_at), offset)
        total += (output - y) ** 2
    return total / (2 * net.n_samples)


def tangent_step_sizes(net: MLP, points: Array) -> Array:
    """Return 1/λ at each row, λ the largest eigenvalue of the neural tangent kernel J Jᵀ/n.

    J holds the derivatives of the n outputs in the weights and biases, so that λ is the largest
    curvature of the loss where the outputs are linear in them.
    """
    x, units = net.X[:, 0], net.widths[1]
    a, b, w = (points[:, None, k * units : (k + 1) * units] for k in range(3))
    preactivations = a * x[:, None] + b
    on = preactivations > 0
    hidden, slopes = preactivations * on, w * on
    first = (np.multiply.outer(x, x) + 1.0) * (slopes @ np.swapaxes(slopes, 1, 2))
    kernel = first + hidden @ np.swapaxes(hidden, 1, 2) + 1.0
    return np.asarray(net.n_samples / np.linalg.eigvalsh(kernel)[:, -1])

"""Two-layer networks with a fixed second layer, trained in the span of their inputs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Outcome
from ...losses.base import AbstractLoss, Points, as_points

__all__ = [
    "Inputs",
    "SpanNetwork",
    "agreement",
    "largest_margin",
    "least_cosine",
    "linear_predictor",
    "margin_share",
    "singular_values",
    "stable_rank",
]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """Samples as whole numbers of a unit, so that their inner products are exact.

    Parameters
    ----------
    products : ndarray of int64, shape (n, n)
        Inner products in squares of the unit.
    dimension : int
        Number d of coordinates of a sample.
    unit : Fraction
    labels : ndarray, shape (n,)
        1 or -1.
    """

    products: NDArray[np.int64]
    dimension: int
    unit: Fraction
    labels: Array

    @staticmethod
    def of(whole: NDArray[np.int64], labels: Array, *, unit: Fraction) -> Inputs:
        """Return samples with these multiples of the unit as rows; products stay below 2^63."""
        products, dimension = np.asarray(whole @ whole.T), whole.shape[1]
        return Inputs(products=products, dimension=dimension, unit=unit, labels=labels)

    @staticmethod
    def gaussian(n: int, d: int, *, unit: Fraction, rng: np.random.Generator) -> Inputs:
        """Return normal samples, rounded to whole multiples of the unit, with random labels."""
        whole = np.rint(rng.normal(size=(n, d)) / float(unit)).astype(np.int64)
        return Inputs.of(whole, rng.choice([-1.0, 1.0], size=n), unit=unit)

    @cached_property
    def gram(self) -> Array:
        """Inner products, rounded once."""
        return np.asarray(self.products * float(self.unit) ** 2)

    def largest_square(self) -> Fraction:
        """Return the largest |x_i|², exactly."""
        return int(np.diag(self.products).max()) * self.unit**2

    def dominance(self) -> Fraction:
        """Return the smallest |x_i|² over the sum of the |⟨x_i, x_j⟩| of the others, exactly."""
        sizes = [[abs(int(entry)) for entry in row] for row in self.products]
        others = [(row[i], sum(row) - row[i]) for i, row in enumerate(sizes)]
        return min(Fraction(own, max(rest, 1)) for own, rest in others)

    def largest_eigenvalue_bound(self) -> Fraction:
        """Return a bound of the largest eigenvalue of the Gram matrix, by its rows, exactly."""
        rows = [sum(abs(int(entry)) for entry in row) for row in self.products]
        return max(rows) * self.unit**2


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SpanNetwork(AbstractLoss):
    """Mean logistic loss of f(x) = Σ_j a_j φ(⟨w_j, x⟩) in the first layer, a_j = ±1/√m fixed.

    Parameters
    ----------
    inputs : Inputs
    units : int
        Number m of hidden units; the first half has a_j > 0.
    slope : float
        Of φ on the left, γ: φ is the leaky ReLU max(γ z, z).
    smooth : bool
        Whether φ is γ z + (1 - γ) log((1 + e^z)/2) instead.
    outside : ndarray, shape (m, m), optional
        V Vᵀ of the part V of the weights outside of the span of the inputs, which never moves.

    Notes
    -----
    Gradients of w_j lie in the span of the inputs, so that what w_j has outside of it stays. A
    point holds the coordinates of W in an orthonormal basis of the span, K^(-1/2) X with the Gram
    matrix K: m rows of n numbers, whatever the dimension d is. Gradient descent in these
    coordinates is that in the m d weights.
    """

    inputs: Inputs
    units: int
    slope: float
    smooth: bool
    outside: Array | None = None

    @cached_property
    def root(self) -> Array:
        """K^(1/2): the inputs in coordinates of their span."""
        values, vectors = np.linalg.eigh(self.inputs.gram)
        root: Array = (vectors * np.sqrt(values)) @ vectors.T
        return root

    @cached_property
    def outer(self) -> Array:
        """The fixed weights a, shape (m, 1)."""
        signs = np.where(np.arange(self.units) < self.units // 2, 1.0, -1.0)
        outer: Array = signs[:, None] / np.sqrt(self.units)
        return outer

    @property
    def dimension(self) -> int:
        return self.units * len(self.root)

    @property
    def names(self) -> tuple[str, ...]:
        rows, columns = range(1, self.units + 1), range(1, len(self.root) + 1)
        return tuple(f"w{j}_{i}" for j in rows for i in columns)

    @property
    def analytic(self) -> Outcome:
        return Outcome.YES if self.smooth else Outcome.NO

    def weights(self, points: Any) -> Array:
        """Return points as matrices, shape (..., m, n)."""
        rows = as_points(points, self.dimension)
        return rows.reshape(*rows.shape[:-1], self.units, len(self.root))

    def second_moments(self, points: Any) -> Array:
        """Return W Wᵀ of all weights, shape (..., m, m)."""
        weights = self.weights(points)
        inside = weights @ np.swapaxes(weights, -1, -2)
        return np.asarray(inside if self.outside is None else inside + self.outside)

    def outputs(self, preactivations: Array) -> Array:
        """Return f from the ⟨w_j, x⟩, shape (..., m, k) -> (..., k)."""
        return np.asarray(np.sum(self.outer * self._value(preactivations), axis=-2))

    def outputs_at(self, points: Any) -> Array:
        """Return f on the samples, shape (..., n)."""
        return self.outputs(self.weights(points) @ self.root)

    def __call__(self, points: Any) -> Points:
        margins = self.inputs.labels * self.outputs_at(points)
        return np.asarray(np.mean(np.logaddexp(0.0, -margins), axis=-1))

    def gradient_at(self, points: Any) -> Points:
        weights = self.weights(points)
        into, _ = self._links(weights)
        gradient = (into[..., None, :] * self._moved(weights)) @ self.root
        return np.asarray(gradient.reshape(*gradient.shape[:-2], -1))

    def hessian_at(self, points: Any) -> NDArray[np.float64]:
        weights = self.weights(points)
        into, bend = self._links(weights)
        # Derivatives of each output in the weights, (..., n, m n), and their own bending.
        moved = np.swapaxes(self._moved(weights), -1, -2)
        slopes = (moved[..., None] * self.root[:, None, :]).reshape(*into.shape, -1)
        hessian = np.swapaxes(slopes, -1, -2) @ (bend[..., None] * slopes)
        if self.smooth:
            own = into[..., None, :] * self.outer * self._bend(weights @ self.root)
            blocks = (self.root * own[..., None, :]) @ self.root
            n = len(self.root)
            for j in range(self.units):
                part = slice(j * n, (j + 1) * n)
                hessian[..., part, part] += blocks[..., j, :, :]
        return np.asarray(hessian)

    def _moved(self, weights: Array) -> Array:
        return np.asarray(self.outer * self._slope(weights @ self.root))

    def _links(self, weights: Array) -> tuple[Array, Array]:
        """Return both derivatives of the mean loss in the outputs."""
        labels = self.inputs.labels
        wrong = _logistic(-labels * self.outputs(weights @ self.root))
        return -labels * wrong / len(labels), wrong * (1.0 - wrong) / len(labels)

    def _value(self, z: Array) -> Array:
        if self.smooth:
            return self.slope * z + (1.0 - self.slope) * (np.logaddexp(0.0, z) - np.log(2.0))
        return np.where(z > 0, z, self.slope * z)

    def _slope(self, z: Array) -> Array:
        rising = _logistic(z) if self.smooth else np.where(z > 0, 1.0, 0.0)
        return self.slope + (1.0 - self.slope) * rising

    def _bend(self, z: Array) -> Array:
        rising = _logistic(z)
        return (1.0 - self.slope) * rising * (1.0 - rising)

    def describe(self) -> str:
        n, d = len(self.inputs.labels), self.inputs.dimension
        kind = "smooth leaky ReLU" if self.smooth else "leaky ReLU"
        return f"first layer of {self.units} {kind} units on {n} inputs of dimension {d}"

    def __repr__(self) -> str:
        return f"SpanNetwork({self.describe()})"


def _logistic(z: Array) -> Array:
    from scipy.special import expit

    return np.asarray(expit(z))


def stable_rank(second_moment: Array) -> float:
    """Return ‖W‖_F²/‖W‖_2² from W Wᵀ."""
    return float(np.trace(second_moment) / np.linalg.eigvalsh(second_moment)[-1])


def largest_margin(inputs: Inputs) -> float:
    """Return the largest margin min y_i⟨u, x_i⟩ of a unit vector u, for separable data.

    The dual of the hard-margin problem, min ½ λᵀ Q λ - Σ λ over λ ≥ 0 with Q = (y_i y_j K_ij), is
    a problem of non-negative least squares in a root of Q; the margin is (Σ λ)^(-1/2).
    """
    from scipy.optimize import nnls

    labels = inputs.labels
    factor = np.linalg.cholesky(inputs.gram * np.multiply.outer(labels, labels))
    multipliers, _ = nnls(factor.T, np.linalg.solve(factor, np.ones(len(labels))))
    return float(1.0 / np.sqrt(multipliers.sum()))


def singular_values(net: SpanNetwork, point: Array) -> Array:
    """Return the singular values of all weights over the largest, falling, shape (m,)."""
    squares = np.linalg.eigvalsh(net.second_moments(point))[::-1]
    return np.asarray(np.sqrt(np.maximum(squares, 0.0) / squares[0]))


def least_cosine(net: SpanNetwork, point: Array) -> float:
    """Return the least cosine between two neurons with the same sign of a_j."""
    moments, half = net.second_moments(point), net.units // 2
    lengths = np.sqrt(np.diag(moments))
    cosines = moments / np.multiply.outer(lengths, lengths)
    return float(min(cosines[:half, :half].min(), cosines[half:, half:].min()))


def linear_predictor(net: SpanNetwork, point: Array) -> Array:
    """Return the difference of the mean weights of both groups, in the span, shape (n,)."""
    weights, half = net.weights(point), net.units // 2
    return np.asarray(weights[:half].mean(axis=0) - weights[half:].mean(axis=0))


def margin_share(net: SpanNetwork, direction: Array) -> float:
    """Return the margin of a linear predictor over the largest margin."""
    margins = net.inputs.labels * (net.root @ direction) / np.linalg.norm(direction)
    return float(margins.min() / largest_margin(net.inputs))


def agreement(net: SpanNetwork, point: Array, fresh: int, rng: np.random.Generator) -> float:
    """Return how often net and linear predictor have the same sign on fresh normal inputs.

    Coordinates of a normal input in the span are normal. Weights outside of the span are left
    out: they are as small as at the start.
    """
    inputs = rng.normal(size=(len(net.root), fresh))
    outputs = net.outputs(net.weights(point) @ inputs)
    return float(np.mean(np.sign(outputs) == np.sign(linear_predictor(net, point) @ inputs)))

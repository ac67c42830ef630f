"""Deep linear networks with squared loss, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.machine.activation_code import ActivationCode
from ..engine.machine.gradient_step import GradientCode
from ..engine.machine.hessian_product import HessianProductCode, NetworkHessianProduct
from ..engine.machine.linear_network_code import LinearNetworkGradient
from ..engine.machine.network_shape import NetworkShape
from ..errors import InvalidInput
from ..evidence import Outcome
from .base import AbstractLoss, Points, SymbolicForm, as_points
from .exact_moments import exact_gram, rational_matrix, sum_of_squares
from .samples import Samples, checked_samples, checked_widths, split_layers

__all__ = ["LinearNetwork"]

Stack = NDArray[np.float64]  # one matrix for each point, shape (..., rows, columns)

_MOST_SYMBOLS = 12
_MOST_COORDINATES = 2500  # of machine code, whose memory is on the stack


@dataclass(frozen=True, init=False, repr=False, eq=False)
class LinearNetwork(AbstractLoss):
    """Squared loss of a deep linear network, L = 1/(2n) Σ ‖W_N…W_1 x - y‖² over n samples.

    Parameters
    ----------
    widths : sequence of int
        (dx, hidden widths…, dy); N = len(widths) - 1 layers. Two widths give linear regression.
    X : array, shape (n_samples, dx)
    Y : array, shape (n_samples, dy)

    Raises
    ------
    InvalidInput
        For widths that are not whole numbers or do not fit the data, arrays that are not
        two-dimensional, rows that do not match, empty, non-finite or overflowing data.

    Notes
    -----
    A point θ holds all entries of W_1 row by row, then those of W_2, and so on.

    The loss depends on the data through Σ = XᵀX/n, C = YᵀX/n and tr(YᵀY)/n only. One QR
    factorisation of [X Y]/√n replaces the samples by at most dx equivalent ones (rows of R_x with
    targets R_y) and a constant: no evaluation depends on n_samples, and none forms the square of
    the condition number of the data. With A_i = W_N…W_{i+1}, B_i = W_{i-1}…W_1, E = WΣ - C,

    * ∂L/∂W_i = A_iᵀ E B_iᵀ,
    * the Hessian has blocks A_iᵀA_j ⊗ B_iΣB_jᵀ, and for i < j in addition the products of
      A_jᵀEB_iᵀ with the entries of W_{j-1}…W_{i+1},
    * at a point with E = 0, which every global minimum is unless a hidden layer is narrower than
      the rank of CΣ⁺, the non-zero Hessian eigenvalues are those of
      K = Σ_i A_iA_iᵀ ⊗ R_xB_iᵀB_iR_xᵀ.

    References
    ----------
    Crăciun and Ghoshdastidar [craciun2024convergence]_, Mulayoff and Michaeli
    [mulayoff2020unique]_ (the spectrum at a minimum).

    Examples
    --------
    >>> net = LinearNetwork(widths=(1, 1, 1), X=[[1.0]], Y=[[1.0]])
    >>> net.symbolic.bound
    (W1_1_1*W2_1_1 - 1)**2/2
    >>> net.gradient_at([2.0, 1.0])
    array([1., 2.])
    >>> net.gauss_newton_spectrum_at([2.0, 0.5])
    array([4.25])
    """

    widths: tuple[int, ...]
    X: Samples
    Y: Samples

    def __init__(self, widths: Sequence[int], X: Any, Y: Any) -> None:
        inputs, targets = checked_samples(X, Y)
        object.__setattr__(self, "widths", checked_widths(widths, inputs, targets))
        object.__setattr__(self, "X", inputs)
        object.__setattr__(self, "Y", targets)
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(np.trace(self.second_moment)) + self.target_moment
        if not np.isfinite(total):
            raise InvalidInput(
                "X, Y", "entries whose squares overflow", "data of moderate size", "rescale it"
            )

    @property
    def depth(self) -> int:
        """Number of layers N."""
        return len(self.widths) - 1

    @property
    def n_samples(self) -> int:
        """Number of samples n."""
        return len(self.X)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shape (out, in) of each layer, first layer first."""
        return tuple((b, a) for a, b in zip(self.widths, self.widths[1:], strict=False))

    @property
    def dimension(self) -> int:
        return sum(rows * columns for rows, columns in self.shapes)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(
            f"W{layer}_{i}_{j}"
            for layer, (rows, columns) in enumerate(self.shapes, start=1)
            for i in range(1, rows + 1)
            for j in range(1, columns + 1)
        )

    @property
    def analytic(self) -> Outcome:
        return Outcome.YES

    @cached_property
    def second_moment(self) -> NDArray[np.float64]:
        """Σ = XᵀX/n, shape (dx, dx)."""
        return self.X.T @ self.X / self.n_samples

    @cached_property
    def cross_moment(self) -> NDArray[np.float64]:
        """C = YᵀX/n, shape (dy, dx)."""
        return self.Y.T @ self.X / self.n_samples

    @cached_property
    def target_moment(self) -> float:
        """tr(YᵀY)/n."""
        return float(np.einsum("ij,ij->", self.Y, self.Y) / self.n_samples)

    @cached_property
    def minimal_loss(self) -> float:
        """The infimum of the loss, attained; narrow hidden layers are taken into account."""
        inputs, targets, constant = self._compressed
        left, sizes, _ = np.linalg.svd(inputs.T, full_matrices=False)
        rank = int(np.sum(sizes > sizes[0] * max(inputs.shape) * np.finfo(float).eps))
        within = targets @ left[:, :rank]  # what a linear map can reach
        beyond = np.sum(targets**2) - np.sum(within**2)
        lost = np.linalg.svd(within, compute_uv=False)[min(self.widths) :]
        return float(constant + 0.5 * (max(beyond, 0.0) + np.sum(lost**2)))

    def unflatten(self, points: Any) -> list[Stack]:
        """Return the layers [W_1, …, W_N] of each row, shapes (..., out, in)."""
        return split_layers(as_points(points, self.dimension), self.shapes)

    def flatten(self, layers: Sequence[Any]) -> Points:
        """Return the points, shape (..., d), whose layers are given, shapes (..., out, in)."""
        stacks = [np.asarray(layer, dtype=np.float64) for layer in layers]
        shapes = tuple(stack.shape[-2:] for stack in stacks)
        if shapes != self.shapes:
            raise InvalidInput("layers", shapes, f"trailing shapes {self.shapes}")
        return np.concatenate([s.reshape(*s.shape[:-2], -1) for s in stacks], axis=-1)

    @np.errstate(all="ignore")
    def end_to_end(self, points: Any) -> Stack:
        """Return the product W_N…W_1 of each row, shape (..., dy, dx)."""
        return _product(self.unflatten(points), np.eye(self.widths[0]))

    @np.errstate(all="ignore")  # where the loss overflows, inf is the answer
    def __call__(self, points: Any) -> Points:
        inputs, targets, constant = self._compressed
        residual = _product(self.unflatten(points), inputs) - targets
        return 0.5 * np.einsum("...ij,...ij->...", residual, residual) + constant

    @np.errstate(all="ignore")
    def gradient_at(self, points: Any) -> Points:
        layers = self.unflatten(points)
        inputs, targets, _ = self._compressed
        signals = [inputs]  # B_i applied to the equivalent samples
        for layer in layers:
            signals.append(layer @ signals[-1])
        back = signals.pop() - targets
        gradients = []
        for layer in reversed(layers):
            gradients.append(back @ _transposed(signals.pop()))
            back = _transposed(layer) @ back
        return self.flatten(gradients[::-1])

    @np.errstate(all="ignore")
    def hessian_at(self, points: Any) -> NDArray[np.float64]:
        layers = self.unflatten(points)
        inputs, targets, _ = self._compressed
        above, below = _partial_products(layers, self.widths)
        signals = [b @ inputs for b in below]
        slope = (_product(layers, inputs) - targets) @ inputs.T  # E = WΣ - C
        sizes = [rows * columns for rows, columns in self.shapes]
        ends = np.cumsum(sizes)
        hessian = np.empty((*slope.shape[:-2], ends[-1], ends[-1]))
        for j in range(self.depth):
            between = np.eye(self.widths[j])  # W_{j-1}…W_{i+1}
            for i in range(j, -1, -1):
                block = np.einsum(
                    "...ac,...bd->...abcd",
                    _transposed(above[i]) @ above[j],
                    signals[i] @ _transposed(signals[j]),
                )
                if i < j:
                    bent = _transposed(above[j]) @ slope @ _transposed(below[i])
                    block = block + np.einsum("...cb,...da->...abcd", bent, between)
                    between = between @ layers[i]
                block = block.reshape(*slope.shape[:-2], sizes[i], sizes[j])
                rows = slice(ends[i] - sizes[i], ends[i])
                columns = slice(ends[j] - sizes[j], ends[j])
                hessian[..., rows, columns] = block
                hessian[..., columns, rows] = _transposed(block)
        return hessian

    @np.errstate(all="ignore")
    def gauss_newton_spectrum_at(self, points: Any) -> NDArray[np.float64]:
        """Return the eigenvalues of K at each row, ascending, shape (..., dy · min(n, dx)).

        Where E = 0 these are the Hessian eigenvalues that can differ from zero.
        """
        layers = self.unflatten(points)
        inputs, _, _ = self._compressed
        above, below = _partial_products(layers, self.widths)
        size = self.widths[-1] * inputs.shape[1]
        total: Any = 0.0
        for a, b in zip(above, below, strict=True):
            signal = b @ inputs
            total = total + np.einsum(
                "...ac,...bd->...abcd", a @ _transposed(a), _transposed(signal) @ signal
            )
        return np.linalg.eigvalsh(total.reshape(*total.shape[:-4], size, size))

    def gradient_code(self) -> tuple[GradientCode, NDArray[np.float64]] | None:
        """Return the gradient as machine code and its data, the entries of Σ and of -C.

        None for networks too wide for it: numpy's matrix products are as good there.
        """
        code = LinearNetworkGradient(self.widths)
        if code.dimension > _MOST_COORDINATES or code.scratch > _MOST_COORDINATES:
            return None
        return code, np.concatenate([self.second_moment.ravel(), -self.cross_moment.ravel()])

    def hessian_product_code(self) -> tuple[HessianProductCode, NDArray[np.float64]] | None:
        if self.dimension > _MOST_COORDINATES:
            return None
        shape = NetworkShape(
            widths=self.widths,
            activation=ActivationCode.IDENTITY,
            biases=False,
            output_bias=False,
        )
        # The code takes a mean over samples; of the k equivalent ones the loss is a sum.
        inputs, targets, _ = self._compressed
        scale = np.sqrt(inputs.shape[1])
        return NetworkHessianProduct(shape=shape), shape.parameters(
            scale * inputs.T, scale * targets.T
        )

    def exact_moments(self) -> tuple[flint.fmpq_mat, flint.fmpq_mat]:
        """Return Σ, (dx, dx), and C, (dy, dx), without rounding: every float is a dyadic rational.

        Examples
        --------
        >>> LinearNetwork((1, 1), [[0.5], [1.0]], [[1.0], [1.0]]).exact_moments()
        ([5/8], [3/4])
        """
        dx = self.widths[0]
        gram = self._exact_gram
        return (
            rational_matrix([row[:dx] for row in gram[:dx]]),
            rational_matrix([row[:dx] for row in gram[dx:]]),
        )

    @cached_property
    def symbolic(self) -> SymbolicForm | None:
        """The loss as an exact sum of squares for at most 12 parameters, else None."""
        if self.dimension > _MOST_SYMBOLS:
            return None
        variables = tuple(sp.Symbol(name) for name in self.names)
        product, start = sp.eye(self.widths[0]), 0
        for rows, columns in self.shapes:
            stop = start + rows * columns
            product = sp.Matrix(rows, columns, variables[start:stop]) * product
            start = stop
        form = sum_of_squares(product, self._exact_gram, self.widths[0])
        return SymbolicForm(form, variables)

    def describe(self) -> str:
        shape = "-".join(str(width) for width in self.widths)
        samples = "1 sample" if self.n_samples == 1 else f"{self.n_samples} samples"
        return f"linear network {shape} on {samples}"

    @cached_property
    def _exact_gram(self) -> list[list[Any]]:
        return exact_gram(np.concatenate([self.X, self.Y], axis=1))

    @cached_property
    def _compressed(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Equivalent samples as columns, (dx, k) and (dy, k), k ≤ dx, and what they leave out."""
        dx = self.widths[0]
        scaled = np.concatenate([self.X, self.Y], axis=1) / np.sqrt(self.n_samples)
        factor = np.asarray(np.linalg.qr(scaled, mode="r"))
        kept = factor[:dx]
        constant = 0.5 * float(np.sum(factor[dx:, dx:] ** 2))
        return kept[:, :dx].T.copy(), kept[:, dx:].T.copy(), constant

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, LinearNetwork)
            and self.widths == other.widths
            and np.array_equal(self.X, other.X)
            and np.array_equal(self.Y, other.Y)
        )

    def __hash__(self) -> int:
        return hash((self.widths, self.X.shape, float(self.X.sum()), float(self.Y.sum())))

    def __reduce__(self) -> tuple[Any, ...]:
        return LinearNetwork, (self.widths, self.X, self.Y)

    def __repr__(self) -> str:
        return f"LinearNetwork(widths={self.widths}, n_samples={self.n_samples})"


def _transposed(stack: Stack) -> Stack:
    return np.swapaxes(stack, -1, -2)


def _product(layers: Sequence[Stack], start: Stack) -> Stack:
    result = start
    for layer in layers:
        result = layer @ result
    return result


def _partial_products(
    layers: Sequence[Stack], widths: Sequence[int]
) -> tuple[list[Stack], list[Stack]]:
    """Return A_i = W_N…W_{i+1} and B_i = W_{i-1}…W_1 for every layer i."""
    batch = layers[0].shape[:-2]
    above = [np.broadcast_to(np.eye(widths[-1]), (*batch, widths[-1], widths[-1]))]
    below = [np.broadcast_to(np.eye(widths[0]), (*batch, widths[0], widths[0]))]
    for layer in layers[:-1]:
        below.append(layer @ below[-1])
    for layer in reversed(layers[1:]):
        above.append(above[-1] @ layer)
    return above[::-1], below

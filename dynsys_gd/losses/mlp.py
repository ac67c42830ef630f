"""Multilayer perceptrons with their gradient and exact Hessian, many starts at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..engine.machine.activation_code import ActivationCode
from ..engine.machine.cpu import processor
from ..engine.machine.hessian_product import NetworkHessianProduct
from ..engine.machine.mlp_code import MLPCode
from ..engine.machine.network_shape import NetworkShape, OutputLoss
from ..errors import InvalidInput
from ..evidence import Outcome
from .activations import Activation
from .base import AbstractLoss, Points, as_points
from .data_loss import DataLoss
from .samples import Samples, checked_samples, checked_widths, split_layers

__all__ = ["MLP"]

Array = NDArray[np.float64]

_BLAS_COORDINATES = 2**9  # beyond, a few products are faster by matrices than on lanes
_FEW_POINTS = 2
_MOST_COORDINATES = 2**14  # beyond, one tile of gradients leaves the nearer caches
_BLOCK_ENTRIES = 2**15  # numbers of one layer at a time: 256 kB stay in the cache


class _Pass(NamedTuple):
    """What one forward run leaves: inputs of each layer, and what each activation was given."""

    signals: list[Array]
    preactivations: list[Array]
    outputs: Array


class _There(NamedTuple):
    """What products with the Hessian at given points share, from the first layer to the last."""

    layers: list[tuple[Array, Array | None]]
    run: _Pass
    slopes: list[Array]
    curvatures: list[Array]
    backs: list[Array]
    pulls: list[Array]


@dataclass(frozen=True, init=False, repr=False, eq=False)
class MLP(AbstractLoss):
    """Loss of a multilayer perceptron, the mean over n samples of ℓ(f_θ(x), y).

    Parameters
    ----------
    widths : sequence of int
        (dx, hidden widths…, dy). The last layer is linear.
    activation : Activation
        Between the layers.
    X : array, shape (n_samples, dx)
    Y : array, shape (n_samples, dy)
    loss : DataLoss
        SQUARED, L = 1/(2n) Σ ‖f_θ(x) - y‖², CROSS_ENTROPY, or HUBER.
    biases : bool
        Whether every layer has a bias.

    Raises
    ------
    InvalidInput
        For widths or data that do not fit, and targets that are not probabilities where
        cross-entropy needs them.

    Notes
    -----
    A point θ holds W_1 row by row, then b_1, then W_2 and so on. The gradient is back-propagation;
    the Hessian is its exact directional derivative along every coordinate [pearlmutter1994fast]_,
    which for ReLU, leaky ReLU and the Huber loss is the Hessian of the smooth piece the point lies
    in.

    Examples
    --------
    >>> net = MLP((1, 2, 1), Activation.TANH, [[0.0], [1.0]], [[0.0], [1.0]])
    >>> net.dimension, net.output_bias
    (7, True)
    >>> float(net(np.zeros(7))), net.gradient_at(np.zeros(7))[-1].item()
    (0.25, -0.5)
    """

    widths: tuple[int, ...]
    activation: Activation
    X: Samples
    Y: Samples
    loss: DataLoss
    biases: bool

    def __init__(
        self,
        widths: Sequence[int],
        activation: Activation,
        X: Any,
        Y: Any,
        loss: DataLoss = DataLoss.SQUARED,
        *,
        biases: bool = True,
    ) -> None:
        if not isinstance(activation, Activation):
            raise InvalidInput("activation", activation, "a member of Activation", _members())
        if not isinstance(loss, DataLoss):
            known = ", ".join(f"DataLoss.{one.name}" for one in DataLoss)
            raise InvalidInput("loss", loss, f"one of {known}")
        if not isinstance(biases, (bool, np.bool_)):
            raise InvalidInput("biases", biases, "True or False")
        inputs, targets = checked_samples(X, Y)
        loss.check(targets)
        object.__setattr__(self, "widths", checked_widths(widths, inputs, targets))
        object.__setattr__(self, "activation", activation)
        object.__setattr__(self, "X", inputs)
        object.__setattr__(self, "Y", targets)
        object.__setattr__(self, "loss", loss)
        object.__setattr__(self, "biases", bool(biases))

    @property
    def depth(self) -> int:
        """Number of layers, hidden ones and the last."""
        return len(self.widths) - 1

    @property
    def n_samples(self) -> int:
        """Number of samples n."""
        return len(self.X)

    @property
    def output_bias(self) -> bool:
        """Whether the last, linear layer has a bias."""
        return self.biases

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of W_1, b_1, W_2, b_2, … in the order in which a point holds them."""
        shapes: list[tuple[int, ...]] = []
        for before, after in zip(self.widths, self.widths[1:], strict=False):
            shapes += [(after, before), (after,)] if self.biases else [(after, before)]
        return tuple(shapes)

    @cached_property
    def dimension(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes)

    @property
    def names(self) -> tuple[str, ...]:
        names: list[str] = []
        for layer, (a, b) in enumerate(zip(self.widths, self.widths[1:], strict=False), start=1):
            names += [f"W{layer}_{i}_{j}" for i in range(1, b + 1) for j in range(1, a + 1)]
            if self.biases:
                names += [f"b{layer}_{i}" for i in range(1, b + 1)]
        return tuple(names)

    @property
    def analytic(self) -> Outcome:
        smooth = self.activation.analytic or self.depth == 1
        return Outcome.YES if smooth and self.loss.analytic else Outcome.NO

    def unflatten(self, points: Any) -> list[tuple[Array, Array | None]]:
        """Return weights (..., out, in) and bias (..., out), or None, of each layer."""
        stacks = split_layers(as_points(points, self.dimension), self.shapes)
        if not self.biases:
            return [(weights, None) for weights in stacks]
        return list(zip(stacks[::2], stacks[1::2], strict=True))

    @np.errstate(all="ignore")
    def outputs_at(self, points: Any) -> Array:
        """Return the network's outputs on the samples, shape (..., n_samples, dy)."""
        return self._forward(self.unflatten(points)).outputs

    @np.errstate(all="ignore")  # where the loss overflows, inf is the answer
    def __call__(self, points: Any) -> Points:
        def value(block: Array) -> Array:
            return self.loss.mean(self.outputs_at(block), self.Y)

        return self._by_blocks(value, as_points(points, self.dimension), ())

    @np.errstate(all="ignore")
    def gradient_at(self, points: Any) -> Points:
        def gradient(block: Array) -> Array:
            layers = self.unflatten(block)
            run = self._forward(layers)
            gradients: list[Array] = []
            back = self.loss.slope(run.outputs, self.Y)
            for k in reversed(range(self.depth)):
                gradients = [*self._layer_gradient(back, run.signals[k]), *gradients]
                if k:
                    back = (back @ layers[k][0]) * self.activation.slope(run.preactivations[k - 1])
            return _flat(gradients, self.shapes)

        return self._by_blocks(gradient, as_points(points, self.dimension), (self.dimension,))

    @np.errstate(all="ignore")
    def hessian_at(self, points: Any) -> NDArray[np.float64]:
        array, d = as_points(points, self.dimension), self.dimension
        rows, directions = array.reshape(-1, d), np.eye(d)
        hessian = np.empty((len(rows), d, d))
        entries = self.n_samples * max(self.widths)
        for part in _parts(len(rows), entries * d):
            there = self._there(rows[part])
            for some in _parts(d, entries):
                hessian[part, some] = self._along(there, directions[some])
        hessian = 0.5 * (hessian + _transposed(hessian))
        return hessian.reshape((*array.shape[:-1], d, d))

    def _there(self, points: Array) -> _There:
        """Return what the derivative of the gradient at each point needs, whatever the direction.

        `back` is the derivative of the loss in a preactivation, `pulled` that in a signal.
        """
        layers = self.unflatten(points[:, None, :])
        run = self._forward(layers)
        slopes = [self.activation.slope(u) for u in run.preactivations]
        curvatures = [self.activation.curvature(u) for u in run.preactivations]
        backs, pulls = [self.loss.slope(run.outputs, self.Y)], []
        for k in reversed(range(1, self.depth)):
            pulls.append(backs[-1] @ layers[k][0])
            backs.append(slopes[k - 1] * pulls[-1])
        return _There(layers, run, slopes, curvatures, backs[::-1], pulls[::-1])

    def _along(self, there: _There, directions: Array) -> Array:
        """Return the derivative of the gradient at each point along each direction, (s, k, d).

        Forward, the signals move by `shift`; backward, back-propagation is differentiated term by
        term, and `back_shift` is the derivative of `back`.
        """
        layers, run, slopes, curvatures, backs, pulls = there
        moves = self.unflatten(directions)
        shift: Any = np.zeros((1, 1))  # derivative of the signal
        shifts, bends = [], []
        for k, ((weights, _), (move, bias_move)) in enumerate(zip(layers, moves, strict=True)):
            shifts.append(shift)
            moved = run.signals[k] @ _transposed(move)
            if k:
                moved = moved + shift @ _transposed(weights)
            if bias_move is not None:
                moved = moved + bias_move[:, None, :]
            if k < self.depth - 1:
                bends.append(curvatures[k] * moved)
                shift = slopes[k] * moved
        if not shifts[1:]:  # no hidden layer: outputs move alike at all points
            moved = np.broadcast_to(moved, (len(run.outputs), *moved.shape[-3:]))
        back_shift = self.loss.bend(run.outputs, self.Y, moved)
        columns: list[Array] = []
        for k in reversed(range(self.depth)):
            own = self._layer_gradient(back_shift, run.signals[k])
            if k:
                own[0] = own[0] + _transposed(backs[k]) @ shifts[k]
            columns = [*own, *columns]
            if k:
                back_shift = slopes[k - 1] * (back_shift @ layers[k][0] + backs[k] @ moves[k][0])
                back_shift = back_shift + bends[k - 1] * pulls[k - 1]
        return _flat(columns, self.shapes)

    def hessian_operator(self, points: Any) -> Callable[[Points], Points]:
        rows = np.atleast_2d(as_points(points, self.dimension))
        large = self.dimension > _BLAS_COORDINATES and len(rows) <= _FEW_POINTS
        if not large and processor() is not None and self.hessian_product_code() is not None:
            return super().hessian_operator(rows)

        with np.errstate(all="ignore"):
            places = [self._there(x[None]) for x in rows]

        @np.errstate(all="ignore")
        def multiply(directions: Points) -> Points:
            pairs = zip(places, directions, strict=True)
            return np.concatenate([self._along(there, v[None])[0] for there, v in pairs])

        return multiply

    def _forward(self, layers: Sequence[tuple[Array, Array | None]]) -> _Pass:
        signals, preactivations = [self.X], []
        for k, (weights, bias) in enumerate(layers):
            u = signals[-1] @ _transposed(weights)
            if bias is not None:
                u = u + bias[..., None, :]
            if k < self.depth - 1:
                preactivations.append(u)
                signals.append(self.activation.apply(u))
        return _Pass(signals, preactivations, u)

    def _layer_gradient(self, back: Array, signal: Array) -> list[Array]:
        weights = _transposed(back) @ signal
        return [weights, back.sum(axis=-2)] if self.biases else [weights]

    def _by_blocks(
        self, function: Callable[[Array], Array], points: Points, shape: tuple[int, ...]
    ) -> Array:
        """Return `function` of all rows, a block of rows at a time to bound the memory."""
        rows = points.reshape(-1, self.dimension)
        results = np.empty((len(rows), *shape))
        for part in _parts(len(rows), self.n_samples * max(self.widths)):
            results[part] = function(rows[part])
        return results.reshape((*points.shape[:-1], *shape))

    def gradient_code(self) -> tuple[MLPCode, Array] | None:
        """Return back-propagation as machine code and the samples that it reads.

        None for networks too large for it: numpy's matrix products are as good there.
        """
        shape = self.machine_shape
        if shape.dimension > _MOST_COORDINATES:
            return None
        return MLPCode(shape=shape, samples=self.n_samples), shape.parameters(self.X, self.Y)

    def hessian_product_code(self) -> tuple[NetworkHessianProduct, Array] | None:
        shape = self.machine_shape
        if shape.dimension > _MOST_COORDINATES:
            return None
        return NetworkHessianProduct(shape=shape), shape.parameters(self.X, self.Y)

    @property
    def machine_shape(self) -> NetworkShape:
        """What machine code must know of the network."""
        return NetworkShape(
            widths=self.widths,
            activation=ActivationCode[self.activation.name],
            loss=OutputLoss[self.loss.name],
            biases=self.biases,
            output_bias=self.output_bias,
        )

    def describe(self) -> str:
        shape = "-".join(str(width) for width in self.widths)
        samples = "1 sample" if self.n_samples == 1 else f"{self.n_samples} samples"
        return f"{self.activation} network {shape} with {self.loss} on {samples}"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, MLP)
            and self._settings == other._settings
            and np.array_equal(self.X, other.X)
            and np.array_equal(self.Y, other.Y)
        )

    def __hash__(self) -> int:
        return hash((self._settings, self.X.shape, float(self.X.sum()), float(self.Y.sum())))

    @property
    def _settings(self) -> tuple[Any, ...]:
        return self.widths, self.activation, self.loss, self.biases

    def __repr__(self) -> str:
        return (
            f"MLP(widths={self.widths}, activation={self.activation.name}, "
            f"loss={self.loss.name}, biases={self.biases}, n_samples={self.n_samples})"
        )


def _parts(count: int, entries: int) -> Iterator[slice]:
    size = max(1, _BLOCK_ENTRIES // entries)
    return (slice(start, start + size) for start in range(0, count, size))


def _transposed(stack: Array) -> Array:
    return np.swapaxes(stack, -1, -2)


def _flat(stacks: Sequence[Array], shapes: Sequence[tuple[int, ...]]) -> Array:
    """Return layers, of shapes (..., *shape), as rows (..., d)."""
    rows = [
        stack.reshape((*stack.shape[: stack.ndim - len(shape)], -1))
        for stack, shape in zip(stacks, shapes, strict=True)
    ]
    return np.concatenate(rows, axis=-1)


def _members() -> str:
    return "write for example Activation.TANH; " + ", ".join(a.name for a in Activation)

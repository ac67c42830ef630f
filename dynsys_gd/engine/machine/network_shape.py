"""What machine code must know of a multilayer perceptron: sizes, never weights or samples."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from .activation_code import ActivationCode

__all__ = ["Layer", "NetworkShape", "OutputLoss"]


_MOST_TILES = 2**12  # of all units for all samples that are in the network together


class OutputLoss(Enum):
    """What compares outputs with targets: ½‖o - y‖², the cross-entropy after softmax, or Huber's.

    Huber's loss of a difference r is ½r² up to |r| = 1 and |r| - ½ beyond.
    """

    SQUARED = "squared"
    CROSS_ENTROPY = "cross_entropy"
    HUBER = "huber"


@dataclass(frozen=True)
class Layer:
    """Sizes of one layer and where a point holds its weights, row by row, and its bias."""

    inputs: int
    outputs: int
    weights: int
    bias: int | None


@dataclass(frozen=True, kw_only=True)
class NetworkShape:
    """A multilayer perceptron whose last layer is linear.

    Parameters
    ----------
    widths : tuple of int
        Inputs, hidden layers, outputs.
    activation : ActivationCode
        Between the layers.
    loss : OutputLoss
        Averaged over the samples.
    biases, output_bias : bool
        Whether hidden layers, and whether the last one, have a bias.

    Examples
    --------
    >>> shape = NetworkShape(widths=(2, 20, 1), activation=ActivationCode.TANH)
    >>> shape.dimension, shape.layers[1]
    (81, Layer(inputs=20, outputs=1, weights=60, bias=80))
    """

    widths: tuple[int, ...]
    activation: ActivationCode
    loss: OutputLoss = OutputLoss.SQUARED
    biases: bool = True
    output_bias: bool = True

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.widths) - 1

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, the first at the inputs."""
        layers, start = [], 0
        for k in range(self.depth):
            inputs, outputs = self.widths[k : k + 2]
            has_bias = self.output_bias if k == self.depth - 1 else self.biases
            bias = start + inputs * outputs if has_bias else None
            layers.append(Layer(inputs, outputs, start, bias))
            start += inputs * outputs + (outputs if has_bias else 0)
        return tuple(layers)

    @property
    def dimension(self) -> int:
        """Number of weights and biases."""
        last = self.layers[-1]
        return (
            last.weights + last.inputs * last.outputs + (0 if last.bias is None else last.outputs)
        )

    def samples_together(self, most: int) -> int:
        """Return how many samples, a power of two, go through together in memory that is near."""
        units = sum(self.widths[1:])
        return 1 << min(most, max(1, _MOST_TILES // units)).bit_length() - 1

    def parameters(self, X: NDArray[np.float64], Y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the code reads of the data: n, then x and y of each sample.

        Examples
        --------
        >>> shape = NetworkShape(widths=(1, 1), activation=ActivationCode.IDENTITY)
        >>> shape.parameters(np.array([[3.0], [5.0]]), np.array([[4.0], [6.0]]))
        array([2., 3., 4., 5., 6.])
        """
        return np.concatenate([[float(len(X))], np.hstack([X, Y]).ravel()])

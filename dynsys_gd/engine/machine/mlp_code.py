"""The gradient of a multilayer perceptron's loss as machine code."""

from __future__ import annotations

from dataclasses import dataclass

from .cpu import Processor
from .gradient_step import GradientCode
from .network_pass import write_network
from .network_shape import NetworkShape
from .writer import Module

__all__ = ["MLPCode"]


@dataclass(frozen=True, kw_only=True)
class MLPCode(GradientCode):
    """Back-propagation on lanes; it reads ``shape.parameters(X, Y)``.

    Parameters
    ----------
    shape : NetworkShape
    block : int
        How many samples go through the network together: weights and sums of the gradient are
        read from memory once for all of them. Results do not depend on it.
    """

    shape: NetworkShape
    block: int = 8

    @property
    def dimension(self) -> int:
        return self.shape.dimension

    def lanes(self, host: Processor) -> int:
        return host.width

    def write(self, module: Module) -> None:
        write_network(module, self.shape, block=self.block, moving=False)

"""The gradient of a multilayer perceptron's loss as machine code."""

from __future__ import annotations

from dataclasses import dataclass, field

from .cpu import Processor
from .gradient_step import GradientCode
from .network_pass import write_network
from .network_shape import NetworkShape
from .writer import Module

__all__ = ["MLPCode"]


_ACTIVATION_WORK = 30


@dataclass(frozen=True, kw_only=True)
class MLPCode(GradientCode):
    """Back-propagation on lanes; it reads ``shape.parameters(X, Y)``.

    Parameters
    ----------
    shape : NetworkShape
    samples : int
        How many there are, for estimates of the time a step takes; the code reads it with them.
    block : int
        At most so many samples go through the network together: weights and sums of the gradient
        are read from memory once for all of them. Results do not depend on it.
    """

    shape: NetworkShape
    samples: int = field(default=1, compare=False)
    block: int = 8

    @property
    def dimension(self) -> int:
        return self.shape.dimension

    @property
    def work(self) -> int:
        units = sum(self.shape.widths[1:-1])
        return self.samples * (3 * self.shape.dimension + _ACTIVATION_WORK * units)

    def lanes(self, host: Processor) -> int:
        return host.width

    def write(self, module: Module) -> None:
        write_network(
            module, self.shape, block=self.shape.samples_together(self.block), moving=False
        )

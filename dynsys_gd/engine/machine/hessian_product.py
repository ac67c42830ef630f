"""The Hessian of a loss times a direction, exactly, as machine code."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from ..derivative import derivative
from ..rewrite import stable
from ..tape import Tape, lower
from .cpu import Processor
from .lane_loops import alignment
from .network_pass import write_network
from .network_shape import NetworkShape
from .tape_step import vectors_in_flight, write_tape
from .writer import Module

__all__ = ["HessianProductCode", "NetworkHessianProduct", "TapeHessianProduct", "product_tape"]


class HessianProductCode(ABC):
    """v -> H(x) v as machine code; equal ones (by value) share compiled code.

    Tiles are laid out as for `StepCode`.
    """

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of coordinates of x, of v and of the product."""

    @abstractmethod
    def lanes(self, host: Processor) -> int:
        """Return how many points should be worked on together on this processor."""

    @abstractmethod
    def write(self, module: Module) -> None:
        """Define the function that multiplies.

        ``@hessian_product(ptr %point, ptr %direction, ptr %product, ptr %parameters)``. No tile
        overlaps the product; `%parameters` points to the data of the loss only, doubles.
        """


@dataclass(frozen=True, kw_only=True)
class NetworkHessianProduct(HessianProductCode):
    """Back-propagation along with its derivative in the direction [pearlmutter1994fast]_.

    It reads ``shape.parameters(X, Y)``. Of a piecewise linear activation it is the Hessian of the
    smooth piece the point lies in.

    Parameters
    ----------
    shape : NetworkShape
    block : int
        At most so many samples go through the network together; results do not depend on it.
    """

    shape: NetworkShape
    block: int = 4

    @property
    def dimension(self) -> int:
        return self.shape.dimension

    def lanes(self, host: Processor) -> int:
        return host.width

    def write(self, module: Module) -> None:
        write_network(
            module, self.shape, block=self.shape.samples_together(self.block), moving=True
        )


@dataclass(frozen=True)
class TapeHessianProduct(HessianProductCode):
    """The product as straight-line code, made by `product_tape`.

    Parameters
    ----------
    tape : Tape
        Inputs: the point, then the direction. Outputs: the product. The parameters of the tape
        are the data.
    """

    tape: Tape

    @property
    def dimension(self) -> int:
        return len(self.tape.outputs)

    def lanes(self, host: Processor) -> int:
        return host.width * vectors_in_flight(self.tape, self.tape.outputs, host)

    def write(self, module: Module) -> None:
        tiles = [("ptr", name) for name in ("point", "direction", "product", "parameters")]
        f, d, align = module.function("hessian_product", tiles), self.dimension, alignment(module)
        inputs = [
            f.load(f.offset(tile, i * module.lanes), align=align)
            for tile in ("%point", "%direction")
            for i in range(d)
        ]
        outputs = write_tape(f, self.tape, self.tape.outputs, inputs, "%parameters")
        for i, value in enumerate(outputs):
            f.store(value, f.offset("%product", i * module.lanes), align=align)
        f.give()


def product_tape(
    gradient: Sequence[sp.Expr], variables: Sequence[sp.Symbol], parameters: Sequence[sp.Symbol]
) -> Tape:
    """Return Σ_j v_j ∂g/∂x_j of a gradient g as straight-line code in (x, v).

    Examples
    --------
    >>> x, y = sp.symbols("x y")
    >>> tape = product_tape([2 * x * y, x**2], [x, y], [])
    >>> tape.inputs, len(tape.outputs)
    (('x', 'y', 'along_x', 'along_y'), 2)
    """
    along = [sp.Dummy(f"along_{variable.name}") for variable in variables]
    products = [
        sum((v * derivative(g, x) for x, v in zip(variables, along, strict=True)), sp.Integer(0))
        for g in gradient
    ]
    return lower([stable(p) for p in products], [*variables, *along], parameters)

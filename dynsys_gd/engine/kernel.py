"""What the lane driver iterates: a map on rows, whoever evaluates it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .machine.step_code import StepCode
from .machine.tape_step import TapeStep
from .numpy_printer import numpy_function
from .tape import Tape

__all__ = ["Kernel", "RowsKernel", "TapeKernel"]

Rows = NDArray[np.float64]


class Kernel(ABC):
    """A map x -> F(x) on rows, with its residual and its Jacobian.

    The residual vanishes exactly at the fixed points: the gradient for gradient descent, whose
    step can vanish by rounding where the gradient does not, and F(x) - x otherwise. Rows may come
    and go in Fortran order, so that each coordinate is contiguous.
    """

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of coordinates d of the state."""

    @property
    def code(self) -> StepCode | None:
        """How a step is written as machine code, or None where it is not."""
        return None

    parameters: NDArray[np.float64]  # what the machine code is told besides the states

    @abstractmethod
    def step(self, states: Rows) -> tuple[Rows, Rows]:
        """Return the images, shape (n, d), and the residuals at `states`, shape (n, r)."""

    @abstractmethod
    def jacobian(self, states: Rows) -> NDArray[np.float64]:
        """Return the Jacobian of the map at each row, shape (n, d, d)."""


@dataclass(frozen=True, eq=False)
class TapeKernel(Kernel):
    """A kernel printed from straight-line code.

    Parameters
    ----------
    step_tape : Tape
        Outputs: the d images, then the residuals.
    jacobian_tape : Tape
        Outputs: the Jacobian, row by row.
    parameters : ndarray, shape (k,)
        Values of the tape parameters: arguments, never part of the compiled code.
    """

    step_tape: Tape
    jacobian_tape: Tape
    parameters: NDArray[np.float64]

    @property
    def dimension(self) -> int:
        return len(self.step_tape.inputs)

    @cached_property
    def code(self) -> StepCode:
        return TapeStep(self.step_tape)

    # Looked up once: finding a function by its tape hashes every instruction.
    @cached_property
    def _step(self) -> Callable[[Rows, Rows], Rows]:
        return numpy_function(self.step_tape)

    @cached_property
    def _jacobian(self) -> Callable[[Rows, Rows], Rows]:
        return numpy_function(self.jacobian_tape)

    def step(self, states: Rows) -> tuple[Rows, Rows]:
        outputs = self._step(states.T, self.parameters)
        d = self.dimension
        return outputs[:d].T, outputs[d:].T

    def jacobian(self, states: Rows) -> NDArray[np.float64]:
        d = self.dimension
        outputs = self._jacobian(states.T, self.parameters)
        return np.ascontiguousarray(outputs.T).reshape(-1, d, d)


@dataclass(frozen=True, eq=False)
class RowsKernel(Kernel):
    """A kernel made of plain functions on rows, for losses that are not symbolic.

    Parameters
    ----------
    size : int
    step_function, jacobian_function : callable
        As `Kernel.step` and `Kernel.jacobian`.
    step_code : StepCode, optional
        The same step as machine code.
    parameters : ndarray, shape (k,)
        What that code is told.
    """

    size: int
    step_function: Callable[[Rows], tuple[Rows, Rows]]
    jacobian_function: Callable[[Rows], NDArray[np.float64]]
    step_code: StepCode | None = None
    parameters: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @property
    def dimension(self) -> int:
        return self.size

    @property
    def code(self) -> StepCode | None:
        return self.step_code

    def step(self, states: Rows) -> tuple[Rows, Rows]:
        return self.step_function(states)

    def jacobian(self, states: Rows) -> NDArray[np.float64]:
        return self.jacobian_function(states)

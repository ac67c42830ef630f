"""What the lane driver iterates: a map on rows, whoever evaluates it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .machine.step_code import StepCode
from .machine.tangent_code import OFFSET, DifferenceTangent, TangentCode, TapeTangent
from .machine.tape_step import TapeStep
from .map_tapes import MapTapes
from .numpy_printer import numpy_function
from .tape import Tape
from .window import squared_norm

__all__ = ["Kernel", "RowsKernel", "TapeKernel"]

Rows = NDArray[np.float64]

_LARGEST_JACOBIAN = 8


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

    @property
    def tangent_code(self) -> TangentCode | None:
        """How a step with a direction is written as machine code, or None where it is not."""
        return None if self.code is None else DifferenceTangent(self.code)

    parameters: NDArray[np.float64]  # what the machine code is told besides the states

    @abstractmethod
    def step(self, states: Rows) -> tuple[Rows, Rows]:
        """Return the images, shape (n, d), and the residuals at `states`, shape (n, r)."""

    @abstractmethod
    def jacobian(self, states: Rows) -> NDArray[np.float64]:
        """Return the Jacobian of the map at each row, shape (n, d, d)."""

    def tangent(self, states: Rows, along: Rows) -> tuple[Rows, Rows, Rows]:
        """Return F(x), the residuals at x and DF(x) v for each row x and direction v.

        From the Jacobian for few coordinates; above 8, where a Jacobian costs many steps, the
        difference quotient (F(x + h v) - F(x)) / h with h |v| = 1e-7 (1 + |x|).
        """
        images, residuals = self.step(states)
        if self.dimension <= _LARGEST_JACOBIAN:
            matrices, columns = self.jacobian(states), np.ascontiguousarray(along)[:, :, None]
            return images, residuals, (matrices @ columns)[:, :, 0]
        size, length = (np.sqrt(squared_norm(rows)) for rows in (states, along))
        offset = (OFFSET * (1.0 + size) / length)[:, None]
        moved = (self.step(states + offset * along)[0] - images) / offset
        return images, residuals, moved


@dataclass(frozen=True, eq=False)
class TapeKernel(Kernel):
    """A kernel printed from straight-line code.

    Parameters
    ----------
    tapes : MapTapes
    parameters : ndarray, shape (k,)
        Values of the tape parameters: arguments, never part of the compiled code. More may follow,
        which `step_code` reads.
    step_code : StepCode, optional
        The same step in faster machine code than the tape gives.
    """

    tapes: MapTapes
    parameters: NDArray[np.float64]
    step_code: StepCode | None = None

    @property
    def dimension(self) -> int:
        return len(self.tapes.images)

    @property
    def step_tape(self) -> Tape:
        """From a state to its image, then its residual."""
        return self.tapes.step

    @cached_property
    def code(self) -> StepCode:
        return TapeStep(self.tapes.step) if self.step_code is None else self.step_code

    @cached_property
    def tangent_code(self) -> TangentCode:
        return TapeTangent(self.tapes.tangent)

    # Looked up once: finding a function by its tape hashes every instruction.
    @cached_property
    def _step(self) -> Callable[[Rows, Rows], Rows]:
        return numpy_function(self.tapes.step)

    @cached_property
    def _tangent(self) -> Callable[[Rows, Rows], Rows]:
        return numpy_function(self.tapes.tangent)

    @cached_property
    def _jacobian(self) -> Callable[[Rows, Rows], Rows]:
        return numpy_function(self.tapes.jacobian)

    def step(self, states: Rows) -> tuple[Rows, Rows]:
        outputs = self._step(states.T, self.parameters)
        d = self.dimension
        return outputs[:d].T, outputs[d:].T

    def tangent(self, states: Rows, along: Rows) -> tuple[Rows, Rows, Rows]:
        outputs = self._tangent(np.concatenate([states.T, along.T]), self.parameters)
        d = self.dimension
        return outputs[:d].T, outputs[d:-d].T, outputs[-d:].T

    def jacobian(self, states: Rows) -> NDArray[np.float64]:
        d = self.dimension
        outputs = self._jacobian(states.T, self.parameters)
        return np.ascontiguousarray(outputs.T).reshape(-1, d, d)

    def __getstate__(self) -> dict[str, Any]:
        """Functions made here are left behind: another process makes its own."""
        return {name: getattr(self, name) for name in ("tapes", "parameters", "step_code")}


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

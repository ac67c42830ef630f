"""Several kernels, one after the other, as one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kernel import Kernel
from .machine.cycle_step import CycleStep, CycleTangent
from .machine.step_code import StepCode
from .machine.tangent_code import TangentCode

__all__ = ["CycleKernel"]

Rows = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CycleKernel(Kernel):
    """F = G_B ∘ … ∘ G_1; its residual is the mean of the residuals met on the way.

    Parameters
    ----------
    kernels : tuple of Kernel
        G_1, …, G_B, all of the same dimension and with as many residuals.
    """

    kernels: tuple[Kernel, ...]

    @property
    def dimension(self) -> int:
        return self.kernels[0].dimension

    @cached_property
    def code(self) -> StepCode | None:
        codes = [kernel.code for kernel in self.kernels]
        known = tuple(code for code in codes if code is not None)
        return CycleStep(known, self._offsets) if len(known) == len(codes) else None

    @cached_property
    def tangent_code(self) -> TangentCode | None:
        codes = [kernel.tangent_code for kernel in self.kernels]
        known = tuple(code for code in codes if code is not None)
        return CycleTangent(known, self._offsets) if len(known) == len(codes) else None

    @property
    def _offsets(self) -> tuple[int, ...]:
        sizes = [len(kernel.parameters) for kernel in self.kernels[:-1]]
        return tuple(accumulate(sizes, initial=0))

    @cached_property
    def parameters(self) -> NDArray[np.float64]:  # type: ignore[override]
        return np.concatenate([kernel.parameters for kernel in self.kernels])

    def step(self, states: Rows) -> tuple[Rows, Rows]:
        total: Any = 0.0
        for kernel in self.kernels:
            states, residuals = kernel.step(states)
            total = total + residuals
        return states, total / len(self.kernels)

    def tangent(self, states: Rows, along: Rows) -> tuple[Rows, Rows, Rows]:
        total: Any = 0.0
        for kernel in self.kernels:
            states, residuals, along = kernel.tangent(states, along)
            total = total + residuals
        return states, total / len(self.kernels), along

    def jacobian(self, states: Rows) -> NDArray[np.float64]:
        product = self.kernels[0].jacobian(states)
        for before, kernel in zip(self.kernels, self.kernels[1:], strict=False):
            states = before.step(states)[0]
            with np.errstate(all="ignore"):
                product = kernel.jacobian(states) @ product
        return product

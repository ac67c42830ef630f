"""Orbits with tangents as array operations: what the machine code is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .kernel import Kernel, TapeKernel
from .machine.lyapunov_code import ANNIHILATED, BLOCK, HIGHEST, LOWEST
from .window import squared_norm

__all__ = ["TangentRows"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_MOST_FIELD, _UNIT_FIELD = 2045, 1023


class TangentRows:
    """Orbits with their tangents, and running statistics."""

    def __init__(self, kernel: Kernel, states: Rows, direction: NDArray[np.float64]) -> None:
        # Straight-line code wants each coordinate contiguous, plain row functions each row.
        columns = isinstance(kernel, TapeKernel)
        self.kernel, self.order = kernel, np.asfortranarray if columns else np.ascontiguousarray
        n = len(states)
        self.now = self.order(np.array(states, dtype=np.float64))
        self.along = self.order(np.tile(np.asarray(direction, dtype=np.float64), (n, 1)))
        self.exponent = np.zeros(n)
        self.begin()

    def begin(self) -> None:
        """Forget what the orbits did so far."""
        n = len(self.now)
        self.origin = self.now
        self.largest, self.path, self.farthest = np.zeros(n), np.zeros(n), np.zeros(n)

    def advance(self, steps: int) -> None:
        """Take every row `steps` steps further."""
        self.along = self._rescaled(self.along, self.exponent)
        for first in range(0, steps, BLOCK):
            self._block(min(BLOCK, steps - first))

    def lengths(self) -> Numbers:
        """Return |v| of every row."""
        return np.sqrt(squared_norm(self.along))

    def traces(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return largest residual, path and extent."""
        return np.sqrt(self.largest), self.path, np.sqrt(self.farthest)

    def final_states(self) -> Rows:
        """Return where the orbits are, shape (n, d)."""
        return np.ascontiguousarray(self.now)

    def _block(self, count: int) -> None:
        states, along = self.now, self.along
        for _ in range(count):
            images, residuals, self.along = self.kernel.tangent(self.now, self.along)
            np.maximum(self.largest, squared_norm(residuals), out=self.largest)
            self.path += np.sqrt(squared_norm(images - self.now))
            np.maximum(self.farthest, squared_norm(images - self.origin), out=self.farthest)
            self.now = images
        before, after = _largest(along), _largest(self.along)
        inside = (after >= LOWEST) & (after <= HIGHEST)
        lost = np.flatnonzero((before > 0) & (before < np.inf) & ~inside)
        if lost.size:
            self.along = self.along.copy(order="K")
            self.along[lost] = self._carefully(states, along, lost, count)
        self.along = self._rescaled(self.along, self.exponent)

    def _carefully(self, states: Rows, along: Rows, which: NDArray[np.int64], count: int) -> Rows:
        """Return the tangents of some rows after `count` steps, looked at after each."""
        states, along = self.order(states[which]), self.order(along[which])
        exponent = self.exponent[which]
        for _ in range(count):
            states, _, along = self.kernel.tangent(states, along)
            gone = _largest(along) == 0
            along = self.order(np.where(gone[:, None], 1.0, along))
            exponent += np.where(gone, ANNIHILATED, 0.0)
            along = self._rescaled(along, exponent)
        self.exponent[which] = exponent
        return along

    def _rescaled(self, along: Rows, exponent: Numbers) -> Rows:
        """Return tangents with their largest entries in [1, 2); the powers of two are counted."""
        largest = _largest(along)
        field = np.minimum(largest.view(np.int64) >> 52, _MOST_FIELD)
        field = np.where((largest > 0) & (largest < np.inf), field, _UNIT_FIELD)
        exponent += field - _UNIT_FIELD
        return along * np.ldexp(1.0, _UNIT_FIELD - field)[:, None]


def _largest(rows: Rows) -> Numbers:
    """Return the largest absolute coordinate of each row, NaN where there is one."""
    return np.ascontiguousarray(np.abs(rows).max(axis=1, initial=0.0))

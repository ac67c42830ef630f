"""Compiled functions on columns of numbers, called for as many rows as there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .machine.batch_code import BatchSlot, Body, write_batch
from .machine.compiler import Program
from .machine.writer import Module

__all__ = ["Batch", "columns_of"]

Columns = NDArray[np.float64]

_STRETCH = 2e8  # operations before Python looks at its signals: a few hundredths of a second


def columns_of(rows: NDArray[np.float64]) -> Columns:
    """Return arrays of rows, shape (n, ...), as columns (entries, n) without copying columns.

    Examples
    --------
    >>> columns_of(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    array = np.asarray(rows, dtype=np.float64)
    n, *shape = array.shape
    return np.moveaxis(array, 0, -1).reshape(math.prod(shape), n)


@dataclass(frozen=True, eq=False)
class Batch:
    """A compiled function of columns.

    Parameters
    ----------
    function : callable
        Takes the address of a task, see `BatchSlot`.
    outputs : tuple of int
        How many columns each output has.
    lanes : int
    work : float
        Roughly how many operations one row takes.
    """

    function: Any
    outputs: tuple[int, ...]
    lanes: int
    work: float

    @staticmethod
    def compiled(
        module: Module, inputs: Sequence[int], outputs: Sequence[int], body: Body, *, work: float
    ) -> Batch:
        """Return the function that runs `body`, see `write_batch`, on every tile."""
        write_batch(module, "batch", inputs, outputs, body)
        function = Program(module).function("batch", 1)
        return Batch(function, tuple(outputs), module.lanes, work)

    def __call__(
        self, *inputs: Columns, parameters: NDArray[np.float64] | None = None
    ) -> list[Columns]:
        """Return the outputs, each of shape (width, n), for inputs of shape (width, n)."""
        n = inputs[0].shape[1]
        if n == 0:
            return [np.empty((width, 0)) for width in self.outputs]
        stride = max(n, self.lanes)
        given = [self._whole_tile(columns) for columns in inputs]
        made = [np.empty((width, stride)) for width in self.outputs]
        told = np.ascontiguousarray(
            np.zeros(1) if parameters is None else parameters, dtype=np.float64
        )
        slots = np.zeros(int(BatchSlot.ARRAYS) + 2 * (len(given) + len(made)), dtype=np.int64)
        slots[BatchSlot.PARAMETERS] = told.ctypes.data
        for k, array in enumerate([*given, *made]):
            slots[BatchSlot.ARRAYS + 2 * k] = array.ctypes.data
            slots[BatchSlot.ARRAYS + 2 * k + 1] = array.strides[0] // array.itemsize
        rows = max(1, int(_STRETCH / (self.work * self.lanes))) * self.lanes
        for first in range(0, n, rows):
            slots[BatchSlot.FIRST] = first
            slots[BatchSlot.LAST] = min(first + rows, stride)
            self.function(slots.ctypes.data)
        return [array[:, :n] for array in made]

    def _whole_tile(self, columns: Columns) -> Columns:
        """Return columns in memory, each without gaps, with at least one tile of rows."""
        width, n = columns.shape
        if n < self.lanes:
            padded = np.zeros((width, self.lanes))
            padded[:, :n] = columns
            return padded
        doubles = columns.dtype == np.float64 and columns.dtype.isnative
        gapless = columns.strides[1] == columns.itemsize and columns.strides[0] % 8 == 0
        return columns if doubles and gapless else np.ascontiguousarray(columns, dtype=np.float64)

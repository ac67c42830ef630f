"""A window of steps in machine code: its memory, and how it is run in short stretches."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kernel import Kernel
from .machine.compiler import Program
from .machine.cpu import processor
from .machine.step_code import StepCode
from .machine.window_code import Field, WindowSlot, write_window
from .machine.writer import Module
from .window import LARGEST_SQUARE, EscapeRule, Window

__all__ = ["WindowTask"]

Numbers = NDArray[np.float64]

_STRETCH = 2e8  # operations before Python looks at its signals: a few hundredths of a second
_FEWER_LANES = 4  # the statistics take registers too


@lru_cache(maxsize=64)
def _program(code: StepCode, fused: bool) -> tuple[Any, int]:
    """Return the compiled driver of a map, and its number of lanes."""
    host = processor()
    assert host is not None
    lanes = max(host.width, code.lanes(host) // _FEWER_LANES)
    module = Module(lanes=lanes, fused=fused)
    write_window(module, code)
    return Program(module).function("window", 1), lanes


class WindowTask:
    """Rows on their way through one window."""

    def __init__(
        self,
        kernel: Kernel,
        states: NDArray[np.float64],
        length: int,
        *,
        radius: Numbers,
        lags: int,
        tolerance: float,
        escape: EscapeRule,
        fused: bool,
    ) -> None:
        assert kernel.code is not None
        self._function, self._lanes = _program(kernel.code, fused)
        self._work, self._length = kernel.code.work, length
        self.n, d = states.shape
        self._stride = -(-max(self.n, 1) // self._lanes) * self._lanes
        self._states = self._columns(d, states.T)
        self._low, self._high = self._states.copy(), self._states.copy()
        self._lags = np.empty((lags, self._stride))
        self._fields = self._columns(len(Field), self._first(radius, escape.reach))
        self._kept = (kernel, np.ascontiguousarray(kernel.parameters, dtype=np.float64))
        self._slots = np.zeros(len(WindowSlot), dtype=np.int64)
        base = np.empty_like(self._states)
        addresses = {
            WindowSlot.PARAMETERS: self._kept[1],
            WindowSlot.STATES: self._states,
            WindowSlot.BASE: base,
            WindowSlot.LOW: self._low,
            WindowSlot.HIGH: self._high,
            WindowSlot.FIELDS: self._fields,
            WindowSlot.LAGS: self._lags,
        }
        self._memory = addresses
        for slot, array in addresses.items():
            self._slots[slot] = array.ctypes.data
        plain = {
            WindowSlot.STRIDE: self._stride,
            WindowSlot.LENGTH: length,
            WindowSlot.FIRST_LAG: length - lags + 1,
        }
        for number, value in plain.items():
            self._slots[number] = value
        doubles = self._slots.view(np.float64)
        doubles[WindowSlot.FLOOR] = tolerance * tolerance
        doubles[WindowSlot.RATIO] = escape.ratio**2
        doubles[WindowSlot.GROWTH_STEPS] = escape.steps

    def _columns(self, rows: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return an array with room for whole tiles; lanes without a row hold zeros."""
        array = np.zeros((rows, self._stride))
        array[:, : self.n] = values
        return array

    def _first(self, radius: Numbers, reach: float) -> NDArray[np.float64]:
        """Return the fields of rows that have not moved yet."""
        fields = np.zeros((len(Field), self.n))
        with np.errstate(all="ignore"):
            fields[Field.LIMIT] = np.minimum(np.square(radius), LARGEST_SQUARE)
            fields[Field.HORIZON] = np.minimum(np.square(reach * radius), LARGEST_SQUARE)
            norm = _summed_squares(self._states[:, : self.n])
        fields[Field.NORM] = fields[Field.HIGHEST] = norm
        fields[Field.SMALLEST] = np.inf
        return fields

    def run(self) -> Window:
        """Take every row through the window; Python's signals are answered in between."""
        steps = max(1, min(self._length, int(_STRETCH / (self._work * self._lanes))))
        rows = max(1, int(_STRETCH / (self._work * steps * self._lanes))) * self._lanes
        for first in range(0, self.n, rows):
            self._slots[WindowSlot.FIRST] = first
            self._slots[WindowSlot.LAST] = min(first + rows, self.n)
            for done in range(0, self._length, steps):
                self._slots[WindowSlot.DONE] = done
                self._slots[WindowSlot.UNTIL] = min(done + steps, self._length)
                self._function(self._slots.ctypes.data)
        return self._answer()

    def _answer(self) -> Window:
        n = self.n
        fields = self._fields[:, :n]
        departure = fields[Field.DEPARTURE].astype(np.int64)
        here = departure == 0
        lags = self._lags[:, :n]  # long: not copied
        lags[:, ~here] = np.nan
        with np.errstate(all="ignore"):
            roots = np.sqrt(fields)
            extent = np.sqrt(_summed_squares((self._high - self._low)[:, :n]))
        return Window(
            states=np.ascontiguousarray(self._states[:, :n].T),
            largest_residual=roots[Field.LARGEST],
            smallest_residual=roots[Field.SMALLEST],
            largest_norm=roots[Field.HIGHEST],
            extent=np.where(here, extent, np.nan),
            last_step=np.where(here, roots[Field.LAST_STEP], np.nan),
            settled=fields[Field.SETTLED].astype(np.int64),
            departure=departure,
            departed_after=fields[Field.DEPARTED_AFTER].astype(np.int64),
            lag_distances=lags,
        )


def _summed_squares(columns: NDArray[np.float64]) -> Numbers:
    """Return |x|² of each column, added up coordinate by coordinate."""
    total = columns[0] * columns[0]
    for column in columns[1:]:
        total += column * column
    return total

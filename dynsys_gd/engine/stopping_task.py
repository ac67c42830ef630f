"""One task of the stopping driver: its memory, its code, and how it is run in short stretches."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .chunks import Interruption
from .kernel import Kernel
from .machine.compiler import Program
from .machine.cpu import processor
from .machine.step_code import StepCode
from .machine.stopping_code import write_stopping
from .machine.stopping_slots import Slot
from .machine.writer import Module
from .starts import Starts

__all__ = ["StoppingTask", "block_lengths", "chunk_size"]

_SHORTEST, _LONGEST = 4, 64
_MEMORY = 2**20  # bytes of states and queue that stay in the second-level cache
_STRETCH = 2e8  # operations before Python looks at its signals: a few hundredths of a second
_FEWEST_ROWS, _MOST_ROWS = 64, 2**15


def block_lengths(kernel: Kernel, steps: int) -> NDArray[np.int64]:
    """Return the lengths of the blocks, `steps` in all: a quarter of the age, within bounds.

    Long blocks cost less for each step, but a trajectory is noticed to have stopped only at their
    end. Where a step is dear, short blocks cost nothing.
    """
    longest = _LONGEST if kernel.code is None or kernel.code.work < 10**5 else _SHORTEST
    lengths, age = [], 0
    while age < steps:
        quarter = 2 ** max((age // 4).bit_length() - 1, 0)
        lengths.append(min(max(_SHORTEST, min(longest, quarter)), steps - age))
        age += lengths[-1]
    return np.array(lengths, dtype=np.int64)


def chunk_size(kernel: Kernel) -> int:
    """Return how many starts are worked on together; depends on the kernel alone."""
    work = kernel.code.work if kernel.code is not None else 100
    fitting = _MEMORY // (16 * kernel.dimension)
    bearable = int(20 * _STRETCH / (_LONGEST * work))
    rows = max(_FEWEST_ROWS, min(_MOST_ROWS, fitting, bearable))
    return rows // _FEWEST_ROWS * _FEWEST_ROWS


@lru_cache(maxsize=64)
def _program(code: StepCode, fused: bool) -> tuple[Any, int]:
    """Return the compiled driver of a map, and its number of lanes."""
    host = processor()
    assert host is not None
    module = Module(lanes=code.lanes(host), fused=fused)
    write_stopping(module, code)
    return Program(module).function("stopping", 1, returns=True), module.lanes


class Labels(NamedTuple):
    """Why each start stopped, and after how many steps."""

    stop: NDArray[np.int8]
    steps: NDArray[np.int32]


class StoppingTask:
    """The starts `span[0]` to `span[1]`, on their way."""

    def __init__(
        self,
        kernel: Kernel,
        starts: Starts,
        span: tuple[int, int],
        *,
        blocks: NDArray[np.int64],
        squares: tuple[float, float],
        labels: bool,
        states: bool,
        fused: bool,
    ) -> None:
        assert kernel.code is not None
        self._function, lanes = _program(kernel.code, fused)
        self._work = kernel.code.work
        n, d = span[1] - span[0], kernel.dimension
        chunk = min(chunk_size(kernel), n)
        stride = -(-chunk // 64) * 64 + 2 * max(lanes, 64)
        self.labels = Labels(np.empty(n, np.int8), np.empty(n, np.int32)) if labels else None
        self.finals = np.empty((d, n)) if states else None
        scratch = self.labels or Labels(np.empty(chunk, np.int8), np.empty(chunk, np.int32))
        generator = starts.program()
        assert generator is not None
        # Unused lanes are computed too: zeros keep them from being slow.
        memory: dict[Slot, NDArray[Any]] = {
            Slot.BLOCKS: blocks,
            Slot.GENERATOR_DATA: starts.spec(),
            Slot.PARAMETERS: np.ascontiguousarray(kernel.parameters, dtype=np.float64),
            Slot.STATES: np.zeros((d, stride)),
            Slot.INDEX: np.zeros(stride, dtype=np.int32),
            Slot.QUEUE: np.zeros((d, stride)),
            Slot.QUEUE_INDEX: np.zeros(stride, dtype=np.int32),
            Slot.REASONS: scratch.stop,
            Slot.COUNTS: scratch.steps,
        }
        if self.finals is not None:
            memory[Slot.FINALS] = self.finals
        self._alive = (memory, generator, kernel)  # as long as the code may use them
        self._slots = np.zeros(len(Slot), dtype=np.int64)
        for slot, array in memory.items():
            self._slots[slot] = array.ctypes.data
        self._slots[Slot.GENERATOR] = generator.address("starts")
        plain = {
            Slot.POSITION: span[0],
            Slot.LAST: span[1],
            Slot.CHUNK: chunk,
            Slot.STRIDE: stride,
            Slot.ROUNDS: len(blocks),
            Slot.KEEP: int(labels),
            Slot.FINALS_STRIDE: n,
            Slot.OFFSET: span[0],
            Slot.GIVEN: starts.dimension,
        }
        for slot, value in plain.items():
            self._slots[slot] = value
        self._slots.view(np.float64)[[Slot.TOLERANCE, Slot.RADIUS]] = squares

    def run(self, interruption: Interruption) -> None:
        """Run to the end, or until interrupted; signals are answered between stretches."""
        while True:
            self._slots[Slot.WORK] = max(1, int(_STRETCH / self._work))
            if not self._function(self._slots.ctypes.data):
                return
            interruption.check()

    @property
    def counts(self) -> NDArray[np.int64]:
        """Numbers of starts by outcome, then of their steps."""
        return self._slots[Slot.STILL : Slot.STEPS + 1].copy()

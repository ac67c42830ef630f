"""One task of the stopping driver: its memory, its code, and how it is run in short stretches."""

from __future__ import annotations

import math
import threading
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

__all__ = ["Answers", "StoppingTask", "block_lengths", "chunk_size", "task_size"]

_SHORTEST, _LONGEST = 6, 64
_BEST, _TESTING = 4, 20  # measured: squared length over age; cost of a test, in operations
_MEMORY = 2**20  # bytes of states and queue that stay in the second-level cache
_STRETCH = 2e8  # operations before Python looks at its signals: a few hundredths of a second
_REPEATING = 4  # registers of a value in rows that repeat a block
_TASKS, _MOST_CHUNKS = 8, 8
_FEWEST_ROWS, _MOST_ROWS = 64, 2**15


def block_lengths(kernel: Kernel, steps: int, *, still: bool = True) -> NDArray[np.int64]:
    """Return the lengths of the blocks, `steps` in all: longer the older a trajectory is.

    A test costs as much as several cheap steps, and a trajectory that stops repeats its block. So
    the best length grows like the root of the age, the slower the dearer a step is; where nothing
    can stand `still`, few stop late, and blocks may be longer. No block keeps Python waiting.
    """
    work = _work(kernel)
    share = min(_BEST, _TESTING * kernel.dimension / work) if still else _BEST**3
    bearable = 5 * _STRETCH / (chunk_size(kernel) * work)
    longest = max(_SHORTEST, min(bearable, _LONGEST if still else _BEST * _LONGEST))
    lengths, age = [], 0
    while age < steps:
        length = 2 ** round(0.5 * math.log2(max(1.0, age * share)))
        lengths.append(min(max(_SHORTEST, min(int(longest), length)), steps - age))
        age += lengths[-1]
    return np.array(lengths, dtype=np.int64)


def chunk_size(kernel: Kernel) -> int:
    """Return how many starts are worked on together; depends on the kernel alone."""
    work = _work(kernel)
    fitting = _MEMORY // (16 * kernel.dimension)
    bearable = int(20 * _STRETCH / (_LONGEST * work))
    rows = max(_FEWEST_ROWS, min(_MOST_ROWS, fitting, bearable))
    return rows // _FEWEST_ROWS * _FEWEST_ROWS


def _work(kernel: Kernel) -> int:
    return kernel.code.work if kernel.code is not None else 100


def task_size(kernel: Kernel, n: int) -> int:
    """Return how many of `n` starts make one task: whole chunks, and tasks for several workers."""
    chunk = chunk_size(kernel)
    chunks = max(1, min(_MOST_CHUNKS, n // (_TASKS * chunk)))
    return chunk * chunks


@lru_cache(maxsize=64)
def _program(code: StepCode, fused: bool) -> tuple[Any, int]:
    """Return the compiled driver of a map, and its number of lanes."""
    host = processor()
    assert host is not None
    lanes = code.lanes(host)
    few = min(lanes, _REPEATING * host.width)
    module = Module(lanes=few, fused=fused)
    write_stopping(module, code, lanes // few)
    return Program(module).function("stopping", 1, returns=True), lanes


class Answers(NamedTuple):
    """What is kept of some starts, one entry or one column each; None for what is not."""

    stop: NDArray[np.int8] | None
    steps: NDArray[np.int32] | None
    states: NDArray[np.float64] | None

    @staticmethod
    def room(n: int, dimension: int, *, labels: bool, states: bool) -> Answers:
        """Return room for the answers of `n` starts."""
        return Answers(
            np.empty(n, dtype=np.int8) if labels else None,
            np.empty(n, dtype=np.int32) if labels else None,
            np.empty((dimension, n)) if states else None,
        )

    def part(self, first: int, last: int) -> Answers:
        """Return the room for some of the starts, sharing memory."""
        return Answers(
            None if self.stop is None else self.stop[first:last],
            None if self.steps is None else self.steps[first:last],
            None if self.states is None else self.states[:, first:last],
        )

    def take(self, other: Answers) -> None:
        """Copy what is kept here from the first entries of this room on."""
        if self.stop is not None and other.stop is not None:
            self.stop[: len(other.stop)] = other.stop
        if self.steps is not None and other.steps is not None:
            self.steps[: len(other.steps)] = other.steps
        if self.states is not None and other.states is not None:
            self.states[:, : other.states.shape[1]] = other.states


class _Workspace(threading.local):
    """Memory that the tasks of one thread use one after the other: new memory is slow at first."""

    def __init__(self) -> None:
        self._free: tuple[int, int, dict[Slot, NDArray[Any]]] | None = None

    def take(self, dimension: int, stride: int) -> dict[Slot, NDArray[Any]]:
        """Return arrays of the given size, which are nobody else's until they are given back.

        A signal may be answered with another computation in the middle of a task.
        """
        free, self._free = self._free, None
        if free is not None and free[:2] == (dimension, stride):
            return free[2]
        # Unused lanes are computed too: zeros keep them from being slow.
        return {
            Slot.STATES: np.zeros((dimension, stride)),
            Slot.INDEX: np.zeros(stride, dtype=np.int32),
            Slot.QUEUE: np.zeros((dimension, stride)),
            Slot.QUEUE_INDEX: np.zeros(stride, dtype=np.int32),
            Slot.REASONS: np.zeros(stride, dtype=np.int8),
            Slot.COUNTS: np.zeros(stride, dtype=np.int32),
        }

    def give(self, arrays: dict[Slot, NDArray[Any]]) -> None:
        """Give arrays back; only those given back last are kept."""
        dimension, stride = arrays[Slot.STATES].shape
        self._free = dimension, stride, arrays


_workspace = _Workspace()


class StoppingTask:
    """The starts `span[0]` to `span[1]`, on their way; what is kept of them goes to `answers`."""

    def __init__(
        self,
        kernel: Kernel,
        starts: Starts,
        span: tuple[int, int],
        answers: Answers,
        *,
        blocks: NDArray[np.int64],
        squares: tuple[float, float],
        fused: bool,
    ) -> None:
        assert kernel.code is not None
        self._function, lanes = _program(kernel.code, fused)
        self._work = kernel.code.work
        chunk = min(chunk_size(kernel), span[1] - span[0])
        stride = -(-chunk // 64) * 64 + 2 * max(lanes, 64)
        generator = starts.program()
        assert generator is not None
        self._workspace = _workspace.take(kernel.dimension, stride)
        memory = {
            **self._workspace,
            Slot.BLOCKS: blocks,
            Slot.GENERATOR_DATA: starts.spec(),
            Slot.PARAMETERS: np.ascontiguousarray(kernel.parameters, dtype=np.float64),
        }
        kept = {
            Slot.REASONS: answers.stop,
            Slot.COUNTS: answers.steps,
            Slot.FINALS: answers.states,
        }
        memory |= {slot: array for slot, array in kept.items() if array is not None}
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
            Slot.KEEP: int(answers.stop is not None),
            Slot.FINALS_STRIDE: 0 if answers.states is None else answers.states.strides[0] // 8,
            Slot.OFFSET: span[0],
            Slot.GIVEN: starts.dimension,
        }
        for slot, value in plain.items():
            self._slots[slot] = value
        self._slots.view(np.float64)[[Slot.TOLERANCE, Slot.RADIUS]] = squares

    def run(self, interruption: Interruption) -> None:
        """Run to the end, or until interrupted, once; signals are answered between stretches."""
        try:
            while True:
                self._slots[Slot.WORK] = max(1, int(_STRETCH / self._work))
                if not self._function(self._slots.ctypes.data):
                    return
                interruption.check()
        finally:
            _workspace.give(self._workspace)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Numbers of starts by outcome, then of their steps."""
        return self._slots[Slot.STILL : Slot.STEPS + 1].copy()

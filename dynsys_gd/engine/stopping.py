"""When does each of many trajectories stop? The engine's fastest question.

Labels here say what floating point did, no more: a trajectory stands still, is far out, or time is
up. Whether it converged is for the audits to decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from .arithmetic import Arithmetic, usable
from .chunks import Interruption, checked_executor, checked_progress, map_ordered
from .kernel import Kernel
from .starts import Starts
from .stopping_oracle import stop_rows
from .stopping_task import Answers, StoppingTask, block_lengths, task_size

__all__ = ["Keep", "Stop", "Stopped", "StoppingRule", "stop"]


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float, np.integer, np.floating))
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


class Stop(IntEnum):
    """Why a trajectory stopped.

    STILL: its last step was shorter than the tolerance. FAR: it left the ball of the given radius,
    or is no number any more. TIME: neither, within the steps allowed.

    Examples
    --------
    >>> Stop(0), [reason.name for reason in Stop]
    (<Stop.STILL: 0>, ['STILL', 'FAR', 'TIME'])
    """

    STILL = 0
    FAR = 1
    TIME = 2


class Keep(Enum):
    """What is remembered of each start: nothing but the counts, its label, its last state too.

    Examples
    --------
    >>> [keep.value for keep in Keep]
    ['counts', 'labels', 'states']
    """

    COUNTS = "counts"
    LABELS = "labels"
    STATES = "states"


@dataclass(frozen=True, kw_only=True)
class StoppingRule:
    """When a trajectory stops.

    Parameters
    ----------
    steps : int
        Most steps, between 1 and 2^28.
    tolerance : float or None
        STILL when |x_t - x_{t-1}|² <= tolerance² (1 + |x_t|²); 0 for a move
        whose square vanishes, None
        switches the test off.
    radius : float
        FAR when not |x_t|² <= radius².

    Notes
    -----
    Both are asked at the ends of blocks of steps, whose lengths depend on the map and on the age of
    the trajectory only; when one holds there, the trajectory stops at the first step of that block
    with which one holds. A step that is short in passing, in the middle of a block, stops nothing.

    Examples
    --------
    >>> StoppingRule(steps=100, tolerance=None)
    StoppingRule(steps=100, tolerance=None, radius=100000000.0)
    """

    steps: int = 1000
    tolerance: float | None = 1e-10
    radius: float = 1e8

    def __post_init__(self) -> None:
        whole = isinstance(self.steps, (int, np.integer)) and not isinstance(self.steps, bool)
        if not whole or not 1 <= self.steps <= 2**28:
            raise InvalidInput("steps", self.steps, "a whole number from 1 to 2^28")
        if self.tolerance is not None and not (
            _is_number(self.tolerance) and 0 <= self.tolerance < 1
        ):
            raise InvalidInput("tolerance", self.tolerance, "None, or a number from 0 to below 1")
        if not (_is_number(self.radius) and 0 < self.radius <= 1e150):
            raise InvalidInput("radius", self.radius, "a positive number of at most 1e150")

    @property
    def squares(self) -> tuple[float, float]:
        """Squared tolerance, -1 where there is none, and squared radius."""
        small = -1.0 if self.tolerance is None else float(self.tolerance) ** 2
        return small, float(self.radius) ** 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Stopped:
    """How an ensemble stopped.

    Parameters
    ----------
    n : int
        Number of starts.
    counts : dict of Stop to int
    total_steps : int
        Steps of all trajectories.
    stop, steps : ndarray, shape (n,), or None
        `Stop` code and number of steps of each start; None where only counts were kept.
    states : ndarray, shape (n, d), or None
        Where each stopped; None where not kept.
    arithmetic : Arithmetic
        In which it was computed.
    """

    n: int
    counts: dict[Stop, int]
    total_steps: int
    stop: NDArray[np.int8] | None
    steps: NDArray[np.int32] | None
    states: NDArray[np.float64] | None
    arithmetic: Arithmetic


def stop(
    kernel: Kernel,
    starts: Starts,
    *,
    rule: StoppingRule = StoppingRule(),
    keep: Keep = Keep.LABELS,
    arithmetic: Arithmetic = Arithmetic.FUSED,
    executor: Executor | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Stopped:
    """Iterate every start until it stops.

    Parameters
    ----------
    kernel : Kernel
    starts : Starts
        Generated in place, chunk by chunk: with `Keep.COUNTS` the memory does not depend on their
        number. Those with fewer coordinates than a state are repeated until it is full: a map with
        memory starts at rest.
    rule : StoppingRule
    keep : Keep
    arithmetic : Arithmetic
        Machine code falls back to NUMPY where it cannot be made.
    executor : concurrent.futures.Executor, optional
        Computes chunks. Machine code releases the interpreter lock, so that threads are enough.
    progress : callable, optional
        Called as ``progress(done, n)`` with numbers of starts.

    Returns
    -------
    Stopped
        Identical, bit by bit, for any executor.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import SymbolicMap
    >>> from dynsys_gd.engine.starts import GivenStarts
    >>> x = sp.Symbol("x")
    >>> found = stop(SymbolicMap([x**2], [x]).kernel(), GivenStarts([[0.5], [1.0], [1.5]]))
    >>> found.stop.tolist(), found.steps.tolist()
    ([0, 0, 1], [7, 1, 6])
    """
    if kernel.dimension % starts.dimension:
        expected = f"starts of {kernel.dimension} coordinates, or of a divisor of that"
        raise InvalidInput("starts", f"{starts.dimension} coordinates", expected)
    checked_executor(executor)
    checked_progress(progress)
    used = usable(kernel, arithmetic)
    labels, states = keep is not Keep.COUNTS, keep is Keep.STATES
    answers = Answers.room(starts.n, kernel.dimension, labels=labels, states=states)
    # Threads of this process write their answers where they belong; others send them.
    # Not those of subclasses, which may run in another interpreter.
    shared = executor is None or type(executor) is ThreadPoolExecutor
    span = task_size(kernel, starts.n)
    interruption = Interruption()
    jobs = (
        _Job(
            kernel,
            starts,
            (first, min(first + span, starts.n)),
            rule,
            keep,
            used,
            answers.part(first, first + span) if shared else None,
            interruption,
        )
        for first in range(0, starts.n, span)
    )
    counts = np.zeros(4, dtype=np.int64)
    done = 0

    def record(part: _Part) -> None:
        nonlocal done
        counts[:] += part.counts
        if part.answers is not None:
            answers.part(done, starts.n).take(part.answers)
        done += int(part.counts[:3].sum())
        if progress is not None:
            progress(done, starts.n)

    try:
        map_ordered(_computed, jobs, executor=executor, on_answer=record, keep=False)
    finally:
        interruption.happened = True  # whatever still runs in other threads returns soon
    return Stopped(
        n=starts.n,
        counts={reason: int(counts[reason]) for reason in Stop},
        total_steps=int(counts[3]),
        stop=answers.stop,
        steps=answers.steps,
        states=None if answers.states is None else answers.states.T,
        arithmetic=used,
    )


@dataclass(frozen=True)
class _Job:
    """Some of the starts; without `answers`, plain data that can travel to another process."""

    kernel: Kernel
    starts: Starts
    span: tuple[int, int]
    rule: StoppingRule
    keep: Keep
    arithmetic: Arithmetic
    answers: Answers | None
    interruption: Interruption


@dataclass(frozen=True)
class _Part:
    """What became of them: `counts` by outcome, then the steps in all; answers that are sent."""

    counts: NDArray[np.int64]
    answers: Answers | None


def _computed(job: _Job) -> _Part:
    still = job.rule.tolerance is not None
    blocks = block_lengths(job.kernel, job.rule.steps, still=still)
    first, last = job.span
    labels, states = job.keep is not Keep.COUNTS, job.keep is Keep.STATES
    room = job.answers or Answers.room(
        last - first, job.kernel.dimension, labels=labels, states=states
    )
    if job.arithmetic is Arithmetic.NUMPY:
        counts = stop_rows(
            job.kernel, job.starts, job.span, room, blocks, job.rule.squares, job.interruption
        )
    else:
        task = StoppingTask(
            job.kernel,
            job.starts,
            job.span,
            room,
            blocks=blocks,
            squares=job.rule.squares,
            fused=job.arithmetic is Arithmetic.FUSED,
        )
        task.run(job.interruption)
        counts = task.counts
    return _Part(counts, None if job.answers is not None else room)

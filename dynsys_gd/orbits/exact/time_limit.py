"""Exact algebra within a stated time: a quick attempt here, the full one where it can be killed.

The algebra runs in compiled code that no signal interrupts, so the full attempt is a process of
its own, started from the command line of the same interpreter (which needs no guard in the
caller's script) and killed when the time is over or the user gives up.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...errors import InvalidInput, TimeLimitReached
from ..algebra.cycles import CycleRequest, Cycles, find_cycles, line_cycles_of
from ..algebra.decomposition import Decomposition, System, decompose
from ..algebra.effort import AlgebraFailed, EffortSpent, small_effort, stopped_after, time_left

__all__ = [
    "AlgebraFailed",
    "checked_seconds",
    "overall_limit",
    "solved",
    "solved_cycles",
    "time_limit_reached",
    "within_seconds",
]

_QUICK = 1.0  # seconds; about what starting a process takes
_GRACE = 1.0  # seconds for what surrounds the algebra


def checked_seconds(seconds: Any) -> float:
    """Return a time limit in seconds, or refuse it."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        raise InvalidInput("seconds", seconds, "a positive number of seconds")
    return float(seconds)


@lru_cache(maxsize=64)
def solved(system: System, seconds: float) -> Decomposition:
    """Return all real solutions of `system`.

    Raises
    ------
    TimeLimitReached
        After `seconds` without an answer.
    AlgebraFailed
        Where the computation broke off.
    """
    answer: Decomposition = _first_quickly("decompose", decompose, system, seconds)
    return answer


@lru_cache(maxsize=64)
def solved_cycles(request: CycleRequest, seconds: float) -> Cycles:
    """Return all real orbits of one least period; raises as `solved` does.

    On the line, balls follow a quick attempt of algebra, and the full one is left for what they
    leave open.
    """
    start = time.perf_counter()
    answer: Cycles | None = _quickly(find_cycles, request, seconds)
    if answer is None and len(request.images) == 1:
        with stopped_after(_rest(seconds, start), time_limit_reached(seconds)):
            answer = line_cycles_of(request)
    if answer is None:
        answer = within_seconds("cycles", request, seconds, left=_rest(seconds, start))
    return answer


def _first_quickly(task: str, function: Callable[[Any], Any], argument: Any, seconds: float) -> Any:
    start = time.perf_counter()
    answer = _quickly(function, argument, seconds)
    if answer is not None:
        return answer
    return within_seconds(task, argument, seconds, left=_rest(seconds, start))


def _quickly(function: Callable[[Any], Any], argument: Any, seconds: float) -> Any:
    """Return the answer of a short attempt in this process, or None."""
    quick = min(_QUICK, seconds)
    try:
        with small_effort(quick), stopped_after(quick, EffortSpent()):
            return function(argument)
    except EffortSpent:
        return None


def _rest(seconds: float, start: float) -> float:
    """Return what is left of the time; a quick attempt that keeps to its own time is free."""
    over = time.perf_counter() - start - min(_QUICK, seconds)
    return max(min(seconds - over, time_left()), 0.01)


def time_limit_reached(seconds: float) -> TimeLimitReached:
    """Return the error that says that `seconds` are over."""
    return TimeLimitReached(f"exact algebra was stopped after {seconds:g} s")


def overall_limit(seconds: float) -> AbstractContextManager[None]:
    """Limit what is done in this process about an answer of `solved`, together with finding it."""
    return stopped_after(seconds + _GRACE, time_limit_reached(seconds))


def within_seconds(task: str, argument: Any, seconds: float, *, left: float | None = None) -> Any:
    """Return the answer of a task of ``worker.TASKS``, run in a process of its own.

    Of the `seconds` that the user allowed, `left` remain.
    """
    root = str(Path(__file__).resolve().parents[3])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    # Leaving the block closes the pipes, also after Ctrl-C.
    with subprocess.Popen(
        [sys.executable, "-m", "dynsys_gd.orbits.exact.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    ) as process:
        try:
            given = pickle.dumps((task, argument))
            output, errors = process.communicate(given, timeout=left or seconds)
        except subprocess.TimeoutExpired:
            raise time_limit_reached(seconds) from None
        finally:
            # Nothing is left running.
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode != 0:
        last = errors.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise AlgebraFailed(f"exact algebra ended without an answer ({last[0]})")
    return pickle.loads(output)

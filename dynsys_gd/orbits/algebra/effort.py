"""How long a computation in this process may still go on.

No signal stops exact algebra and a thread cannot be killed, so its loops ask here. Two limits
can be set. The quick attempt bounds the algebra of ideals, in time and in size. The other one
covers everything, down to single operations in a number field, and names the error it ends in.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ...errors import DynsysError

__all__ = [
    "AlgebraFailed",
    "EffortSpent",
    "check_effort",
    "check_time",
    "small_effort",
    "stopped_after",
    "time_left",
]

_quick: ContextVar[float | None] = ContextVar("_quick", default=None)
_ends: ContextVar[tuple[tuple[float, Exception], ...]] = ContextVar("_ends", default=())


class AlgebraFailed(DynsysError):
    """An exact computation ended without an answer, for example for lack of memory."""


class EffortSpent(Exception):
    """The quick attempt met its cap; the full one runs where it can be stopped."""


@contextmanager
def small_effort(seconds: float) -> Iterator[None]:
    """Within this block, the algebra of ideals raises `EffortSpent` instead of growing."""
    token = _quick.set(time.perf_counter() + seconds)
    try:
        yield
    finally:
        _quick.reset(token)


@contextmanager
def stopped_after(seconds: float, error: Exception) -> Iterator[None]:
    """Within this block, `check_time` raises `error` once the time is over.

    Blocks may be nested; the first limit to pass counts, the outermost one where several have.
    """
    token = _ends.set((*_ends.get(), (time.perf_counter() + seconds, error)))
    try:
        yield
    finally:
        _ends.reset(token)


def check_time() -> None:
    """Raise the error of a block whose time is over."""
    ends = _ends.get()
    if ends:
        now = time.perf_counter()
        for end, error in ends:
            if now > end:
                raise error


def time_left() -> float:
    """Return the seconds until `check_time` raises; infinite outside of all blocks."""
    now = time.perf_counter()
    return min((end - now for end, _ in _ends.get()), default=math.inf)


def check_effort() -> bool:
    """Return whether the quick attempt is on; raise where its time, or all time, is over."""
    check_time()
    deadline = _quick.get()
    if deadline is not None and time.perf_counter() > deadline:
        raise EffortSpent
    return deadline is not None

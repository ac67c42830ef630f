"""How work is cut into pieces: always the same pieces, whoever computes them."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from ..errors import InvalidInput, WorkersLost

__all__ = [
    "Interruption",
    "checked_executor",
    "checked_progress",
    "chunk_rows",
    "computed",
    "map_ordered",
    "row_slices",
    "spawned",
]

Task = TypeVar("Task")
Answer = TypeVar("Answer")

# Columns of 8192 doubles stay in the second-level cache together with a few temporaries: measured
# four times faster per row than columns of 16384.
_MOST_NUMBERS = 16_384
_MOST_ROWS = 8_192
_FEWEST_ROWS = 512

_MOST_UNDER_WAY = 256


class Interruption:
    """Tells work in other threads of this process that nobody waits for it any more."""

    happened = False

    def check(self) -> None:
        """Give up where the work is no longer wanted."""
        if self.happened:
            raise InterruptedError("the computation was interrupted")


def chunk_rows(dimension: int) -> int:
    """Return how many rows of `dimension` numbers make one chunk.

    Examples
    --------
    >>> chunk_rows(2), chunk_rows(100)
    (8192, 512)
    """
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_NUMBERS // dimension))


def row_slices(n: int, size: int) -> list[slice]:
    """Return slices of at most `size` rows that cover 0 … n; the number of workers plays no part.

    Examples
    --------
    >>> row_slices(5, 2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return [slice(first, min(first + size, n)) for first in range(0, n, size)]


def spawned(
    rng: np.random.Generator | np.random.SeedSequence | int | None, n: int
) -> list[np.random.Generator]:
    """Return `n` independent generators, one a chunk, all determined by `rng`.

    Examples
    --------
    >>> first, second = spawned(0, 2)
    >>> first.random() == spawned(0, 5)[0].random()
    True
    """
    return list(np.random.default_rng(rng).spawn(n))


def checked_executor(executor: Any) -> Executor | None:
    """Return `executor` where it can submit work, or refuse it."""
    able = callable(getattr(executor, "submit", None)) and not isinstance(executor, type)
    if executor is not None and not able:
        expected = "None, or an object with the interface of concurrent.futures.Executor"
        remedy = "for example ThreadPoolExecutor(2), made beforehand"
        raise InvalidInput("executor", executor, expected, remedy)
    return executor


def checked_progress(progress: Any) -> Any:
    """Return `progress` where it can be called, or refuse it."""
    if progress is not None and not callable(progress):
        raise InvalidInput("progress", progress, "None, or a function to call")
    return progress


def map_ordered(
    function: Callable[[Task], Answer],
    tasks: Iterable[Task],
    *,
    executor: Executor | None = None,
    on_answer: Callable[[Answer], Any] | None = None,
    keep: bool = True,
) -> list[Answer]:
    """Return ``[function(task) for task in tasks]``, computed by `executor` where there is one.

    Parameters
    ----------
    function : callable
        A module-level function for executors that run in other processes.
    tasks : iterable
        Plain data and symbols only, for the same reason.
    executor : concurrent.futures.Executor, optional
        Threads, processes, or any object with the same ``submit``.
    on_answer : callable, optional
        Called here, in the calling thread, with each answer in order.
    keep : bool
        Whether answers are returned, or forgotten once `on_answer` has seen them.

    Notes
    -----
    Whatever interrupts the loop, Ctrl-C included, cancels the tasks that have not started and is
    raised again; the executor stays usable.

    Examples
    --------
    >>> map_ordered(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    answers: list[Answer] = []
    for answer in computed(function, iter(tasks), executor):
        if on_answer is not None:
            on_answer(answer)
        if keep:
            answers.append(answer)
    return answers


def computed(
    function: Callable[[Task], Answer], tasks: Iterator[Task], executor: Executor | None
) -> Generator[Answer, None, None]:
    """Yield the answers one by one, in order; closing it cancels the tasks not yet started.

    An error of the function is raised as it is; `WorkersLost` says that the executor broke.
    """
    if executor is None:
        yield from map(function, tasks)
        return
    futures: deque[Future[Answer]] = deque()
    try:
        while True:
            # A bounded number is under way, so that tasks and answers do not pile up.
            for task in islice(tasks, _MOST_UNDER_WAY - len(futures)):
                with _lost_workers(RuntimeError):  # "cannot schedule new futures after shutdown"
                    futures.append(executor.submit(function, task))
            if not futures:
                return
            with _lost_workers():
                answer = futures.popleft().result()
            yield answer
    finally:
        for future in futures:
            future.cancel()


@contextmanager
def _lost_workers(*others: type[Exception]) -> Iterator[None]:
    """Say in one sentence that an executor broke, whatever its package calls that."""
    dask = sys.modules.get("distributed")
    of_dask = (dask.KilledWorker,) if dask is not None else ()
    try:
        yield
    except (BrokenExecutor, CancelledError, *of_dask, *others) as error:
        what = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise WorkersLost(
            f"executor: it broke while it computed ({what}). Give the same call another executor; "
            "with a checkpoint, what was recorded is not computed again"
        ) from error

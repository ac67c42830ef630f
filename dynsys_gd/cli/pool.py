"""Work spread over processes; the answers do not depend on how many there are."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

__all__ = ["each_in_a_process"]

# One thread for linear algebra in each worker: the matrices are small, and the sums are then
# formed in the same order whatever the number of workers.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
Job = TypeVar("Job")
Answer = TypeVar("Answer")

_LOST = "A worker process ended abruptly; the usual reason is a lack of memory.\n"


def each_in_a_process(
    work: Callable[[Job], Answer],
    jobs: Sequence[Job],
    *,
    workers: int,
    lost: Callable[[Job, str], Answer],
) -> Generator[Answer, None, None]:
    """Yield the answer to each job, in the order in which they are ready.

    One worker is a process of its own too: linear algebra runs on one thread there, whatever the
    calling process was started with, so that no answer depends on the number of workers. Closing
    the iterator early, as an interrupt does, ends the worker processes at once. `lost` makes the
    answer where a worker died, from the job and a line that says so.
    """
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    pool = ProcessPoolExecutor(
        min(workers, len(jobs)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_leave_interrupts_to_the_parent,
    )
    finished = False
    try:
        futures = {pool.submit(work, job): job for job in jobs}
        for future in as_completed(futures):
            yield _answer(future, futures[future], lost)
        finished = True
    finally:
        pool.shutdown(wait=finished, cancel_futures=True)
        if not finished:
            for child in multiprocessing.active_children():
                child.terminate()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _answer(future: Future[Answer], job: Job, lost: Callable[[Job, str], Answer]) -> Answer:
    try:
        return future.result()
    except BrokenProcessPool:
        return lost(job, _LOST)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

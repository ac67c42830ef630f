"""Jobs become verdicts in worker processes; the answers do not depend on how many there are."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from .job import Job
from .pictures import Picture, pictures_of

__all__ = ["Checked", "check", "check_all"]

# One thread for linear algebra in each worker: the matrices are small, and the sums are then
# formed in the same order whatever the number of workers.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What came out of one job, as plain data that travels between processes.

    Parameters
    ----------
    job : Job
    verdict : dict or None
        ``Verdict.to_dict()``; None where the program failed, and `failure` says how.
    pictures : tuple of Picture
    seconds : float
        Wall-clock time; kept out of ``verdicts.json``.
    failure : str
        The traceback of a fault of the program, empty where there was none.
    """

    job: Job
    verdict: dict[str, Any] | None
    pictures: tuple[Picture, ...] = ()
    seconds: float = 0.0
    failure: str = ""

    @property
    def as_the_theorems_say(self) -> bool:
        """No contradiction, and no control verified whose hypotheses must fail."""
        return self.verdict is None or (
            not self.verdict["contradiction"] and not self.control_failed
        )

    @property
    def control_failed(self) -> bool:
        """Whether the claim spoke on an instance on which it must be silent."""
        return (
            self.verdict is not None
            and self.job.control
            and self.verdict["status"] in ("verified", "supported")
        )


def check_all(jobs: Sequence[Job], *, seed: int, workers: int) -> Generator[Checked, None, None]:
    """Yield one `Checked` for each job, in the order in which they are ready.

    One worker is a process of its own too: linear algebra runs on one thread there, whatever the
    calling process was started with, so that no verdict depends on the number of workers. Closing
    the iterator early, as an interrupt does, ends the worker processes at once.
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
        futures = {pool.submit(check, job, seed): job for job in jobs}
        for future in as_completed(futures):
            yield _outcome(future, futures[future])
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


def _outcome(future: Future[Checked], job: Job) -> Checked:
    try:
        return future.result()
    except BrokenProcessPool:
        told = "A worker process ended abruptly; the usual reason is a lack of memory.\n"
        return Checked(job=job, verdict=None, failure=told)


def check(job: Job, seed: int) -> Checked:
    """Return the verdict of one job with its pictures; a fault of the program is recorded."""
    start = time.perf_counter()
    try:
        from .. import claims

        F, region = job.setting()
        claim = getattr(claims, job.claim)
        verdict = claims.verify(claim, F, region=region, starts=job.starts, rng=seed)
        return Checked(
            job=job,
            verdict=verdict.to_dict(),
            pictures=tuple(pictures_of(job, verdict)),
            seconds=time.perf_counter() - start,
        )
    except Exception:
        # A fault in one job is reported as that job's; the other verdicts must still be written.
        seconds = time.perf_counter() - start
        return Checked(job=job, verdict=None, seconds=seconds, failure=traceback.format_exc())


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

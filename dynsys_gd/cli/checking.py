"""Jobs become verdicts in worker processes; the answers do not depend on how many there are."""

from __future__ import annotations

import time
import traceback
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .job import Job
from .pictures import Picture, pictures_of
from .pool import each_in_a_process

__all__ = ["Checked", "check", "check_all"]


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

    Closing the iterator early, as an interrupt does, ends the worker processes at once.
    """
    yield from each_in_a_process(partial(check, seed=seed), jobs, workers=workers, lost=_lost)


def _lost(job: Job, told: str) -> Checked:
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

"""Studies become reproductions in worker processes."""

from __future__ import annotations

import io
import time
import traceback
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInput
from .pictures import Picture, drawn
from .pool import each_in_a_process
from .study_about import About
from .study_job import StudyJob

if TYPE_CHECKING:
    from ..results import Result

__all__ = ["StudyRun", "run_studies", "run_study"]

_THUMBNAIL = 560  # pixels across: twice the width of a card, for screens of high density


@dataclass(frozen=True, kw_only=True)
class StudyRun:
    """What came out of one study, as plain data that travels between processes.

    Parameters
    ----------
    job : StudyJob
    data : dict or None
        ``Reproduction.to_dict()``; None where the study did not run to its end.
    about : About or None
        The words of the study; None where it could not be read.
    literature : tuple of (key, text)
        What the claims cite.
    picture : Picture or None
    thumbnail : bytes
        The figure as a small PNG.
    seconds : float
        Wall-clock time; kept out of ``verdicts.json``.
    failure : str
        Why there is no reproduction: the traceback of a fault, or what was refused.
    refused : bool
        Whether a setting that was given on the command line cannot be used.
    """

    job: StudyJob
    data: dict[str, Any] | None
    about: About | None = None
    literature: tuple[tuple[str, str], ...] = ()
    picture: Picture | None = None
    thumbnail: bytes = field(default=b"", repr=False)
    seconds: float = 0.0
    failure: str = ""
    refused: bool = False

    @property
    def word(self) -> str:
        """What came out, in a word or two."""
        if self.data is None:
            return "refused" if self.refused else "failed"
        return {"yes": "reproduced", "no": "not reproduced"}.get(
            self.data["reproduced"], "undecided"
        )

    @property
    def disputed(self) -> bool:
        """Whether a statement as recalled is contradicted."""
        return self.data is not None and bool(self.data["disputed"])

    @property
    def trials(self) -> list[list[dict[str, Any]]]:
        """The trials, those of each claim together."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for trial in [] if self.data is None else self.data["trials"]:
            groups.setdefault(trial["verdict"]["claim"]["name"], []).append(trial)
        return list(groups.values())

    @property
    def claims(self) -> list[tuple[dict[str, Any], list[str]]]:
        """Each claim, with the statuses that it has where it is expected to speak."""
        return [
            (
                of_claim[0]["verdict"]["claim"],
                sorted({t["verdict"]["status"] for t in of_claim if t["role"] != "control"}),
            )
            for of_claim in self.trials
        ]

    @property
    def numbers(self) -> list[dict[str, Any]]:
        """All numbers of which something is expected."""
        if self.data is None:
            return []
        return [
            number
            for trial in self.data["trials"]
            for number in trial["verdict"]["numbers"]
            if number["origin"] is not None
        ]

    @property
    def agreeing(self) -> int:
        """How many of them are as expected."""
        return sum(number["agrees"] == "yes" for number in self.numbers)


def run_studies(
    jobs: Sequence[StudyJob], *, seed: int, workers: int
) -> Generator[StudyRun, None, None]:
    """Yield one `StudyRun` for each job, in the order in which they are ready.

    Closing the iterator early, as an interrupt does, ends the worker processes at once.
    """
    yield from each_in_a_process(partial(run_study, seed=seed), jobs, workers=workers, lost=_lost)


def run_study(job: StudyJob, seed: int) -> StudyRun:
    """Return what comes out of one study; a fault of the program is recorded."""
    start, about = time.perf_counter(), None
    try:
        from ..claims import reproduce
        from ..claims.literature import reference
        from ..results import bibliography

        study = job.study()
        about = About.of(study, job.original())
        found = reproduce(study, rng=seed)
        entries = bibliography() | {study.paper: study.entry}
        picture = drawn(found.figure, job.figure, found.figure.headline())
        return StudyRun(
            job=job,
            data=found.to_dict(),
            about=about,
            literature=tuple((key, reference(entries[key])) for key in found.sources()),
            picture=picture,
            thumbnail=_thumbnail(found.figure),
            seconds=time.perf_counter() - start,
        )
    except Exception as error:
        # A fault in one study is reported as that study's; the others must still be written.
        refused = bool(job.changes) and isinstance(error, InvalidInput)
        return StudyRun(
            job=job,
            data=None,
            about=about,
            seconds=time.perf_counter() - start,
            failure=f"{error}\n" if refused else traceback.format_exc(),
            refused=refused,
        )


def _lost(job: StudyJob, told: str) -> StudyRun:
    return StudyRun(job=job, data=None, failure=told)


def _thumbnail(result: Result) -> bytes:
    from ..plots import figure

    drawing = figure(result)
    file = io.BytesIO()
    dots = _THUMBNAIL / drawing.get_figwidth()
    drawing.savefig(file, format="png", dpi=dots, metadata={"Software": None})
    return file.getvalue()

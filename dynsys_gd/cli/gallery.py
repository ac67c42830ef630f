"""The gallery: one self-contained page of studies, their figures, and plain data."""

from __future__ import annotations

import base64
import json
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .folder import MADE_BY, ReportFolder
from .pictures import Picture, embedded
from .study_job import StudyJob
from .study_run import StudyRun
from .study_terminal import study_summary
from .template import now_in_words, rendered

__all__ = ["Gallery"]

_TITLE = "Papers on gradient descent with large step sizes, reproduced"
_FORMAT = 1
_TALL = 0.8  # height over width


@dataclass(kw_only=True)
class Gallery:
    """A report that grows with each study and is whole on disk after each.

    Parameters
    ----------
    folder : ReportFolder
    jobs : sequence of StudyJob
        All that was planned, in the order in which they are shown.
    seed : int
    command : str
        The command line that makes this report.
    """

    folder: ReportFolder
    jobs: Sequence[StudyJob]
    seed: int
    command: str
    runs: list[StudyRun] = field(default_factory=list)
    begin: float = field(default_factory=time.perf_counter)

    def add(self, run: StudyRun) -> None:
        """Take in one study, and write it with its figure."""
        order = [job.name for job in self.jobs]
        self.runs = sorted([*self.runs, run], key=lambda one: order.index(one.job.name))
        self._write([run])

    def finish(self) -> None:
        """Write the page, and what an interrupt may have left out."""
        self._write(self.runs)
        self.folder.write("index.html", self.page())

    def _write(self, runs: Sequence[StudyRun]) -> None:
        # The list of files first: a run that is killed here is still known as a report.
        self.folder.write("verdicts.json", self.data())
        for picture in (run.picture for run in runs if run.picture is not None):
            self.folder.write(f"figures/{picture.name}.png", picture.png)
            self.folder.write(f"figures/{picture.name}.svg", picture.svg)

    @property
    def complete(self) -> bool:
        """Whether every study that was planned came to an end."""
        return len(self.runs) == len(self.jobs)

    def data(self) -> str:
        """Return ``verdicts.json``: the same for the same seed and versions, times left out."""
        from ..claims.verdict import versions

        studies = [
            {
                "name": run.job.name,
                "quick": run.job.quick,
                "outcome": run.word,
                "figure": None if run.picture is None else _figure(run.picture),
                "reproduction": run.data,
            }
            for run in self.runs
        ]
        figures = [run.picture.name for run in self.runs if run.picture is not None]
        files = [f"figures/{name}.{kind}" for name in figures for kind in ("png", "svg")]
        data = {
            "made_by": MADE_BY,
            "format": _FORMAT,
            "complete": self.complete,
            "seed": self.seed,
            "versions": versions(),
            "studies": studies,
            "files": ["index.html", "verdicts.json", *files],
        }
        return json.dumps(data, indent=1, ensure_ascii=False, sort_keys=False) + "\n"

    def page(self) -> str:
        """Return the page as HTML, with every figure inside it."""
        from ..claims import Origin, Status
        from ..claims.verdict import versions

        cited = {key: text for run in self.runs for key, text in run.literature}
        values = {
            "title": _TITLE,
            "summary": study_summary(self.runs),
            "seed": self.seed,
            "date": now_in_words(),
            "complete": self.complete,
            "planned": len(self.jobs),
            "quick": any(run.job.quick for run in self.runs),
            "clock": _duration(time.perf_counter() - self.begin),
            "runs": self.runs,
            "parts": _by_part(self.runs),
            "meanings": [(status.value, status.meaning) for status in Status],
            "origins": [(origin.value, origin.meaning) for origin in Origin],
            "command": self.command,
            "versions": versions(),
            "literature": sorted(set(cited.values())),
            "cited": cited,
            "embedded": embedded,
            "thumbnail": _thumbnail,
            "tall": _tall,
            "number": _number,
            "notes": _notes,
            "alike": _alike,
            "told": lambda finding: finding["detail"] or finding["reason"],
        }
        return rendered("gallery.html", values)


def _figure(picture: Picture) -> dict[str, str]:
    return {"name": picture.name, "caption": picture.caption}


def _by_part(runs: Sequence[StudyRun]) -> list[tuple[str, list[StudyRun]]]:
    """Return the studies under the title of their part; those that could not be read come last."""
    groups: dict[str, list[StudyRun]] = {}
    for run in sorted(runs, key=lambda one: one.about is None):
        title = "Not read" if run.about is None else run.about.part_title
        groups.setdefault(title, []).append(run)
    return list(groups.items())


def _notes(trials: Sequence[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return each note with the cases that it belongs to; none for those of every case."""
    cases: dict[str, list[str]] = {}
    for trial in trials:
        for note in trial["verdict"]["notes"]:
            cases.setdefault(note, []).append(trial["case"])
    return [(note, of if len(of) < len(trials) else []) for note, of in cases.items()]


def _alike(trials: Sequence[dict[str, Any]]) -> bool:
    """Return whether a name of a number alone does not tell its case."""
    names = [number["name"] for trial in trials for number in trial["verdict"]["numbers"]]
    return len(set(names)) < len(names)


def _number(found: float | str) -> str:
    return found if isinstance(found, str) else f"{found:.7g}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _tall(run: StudyRun) -> bool:
    """Return whether the figure has a second row of panels, of which a card shows the first."""
    width, height = struct.unpack(">II", run.thumbnail[16:24])  # of the header of a PNG
    return bool(height > _TALL * width)


def _thumbnail(run: StudyRun) -> str:
    return f"data:image/png;base64,{base64.b64encode(run.thumbnail).decode('ascii')}"

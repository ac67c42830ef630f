"""Studies are run, shown and written; an exit code says what came out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import closing

import click

from .folder import ReportFolder
from .running_options import INTERRUPTED
from .study_job import StudyJob

__all__ = ["run_and_report"]

NOT_REPRODUCED = 1
BAD_USAGE = 2
INTERNAL_ERROR = 3


def run_and_report(
    jobs: Sequence[StudyJob], folder: ReportFolder, *, seed: int, workers: int, quiet: bool
) -> int:
    """Run the studies, show and write what comes out; return the exit code."""
    from .study_terminal import show_studies, study_line, study_summary, study_table

    if not quiet:
        show_studies(jobs, seed=seed, workers=workers)

    from . import study_run
    from .gallery import Gallery
    from .terminal import console, with_progress

    command = shlex.join(["dynsys-gd", *sys.argv[1:]])
    gallery = Gallery(folder=folder, jobs=jobs, seed=seed, command=command)
    interrupted = False
    try:
        with closing(study_run.run_studies(jobs, seed=seed, workers=workers)) as runs:
            for run in runs if quiet else with_progress(runs, len(jobs), study_line):
                gallery.add(run)
    except KeyboardInterrupt:
        interrupted = True
    gallery.finish()
    if not quiet:
        console().print(study_table(gallery.runs))
    for run in gallery.runs:
        if run.failure:
            click.echo(f"{run.job.name}: {run.failure}", err=True)
    click.echo(study_summary(gallery.runs))
    click.echo(f"Report: {folder.path / 'index.html'}")
    if interrupted:
        left = len(jobs) - len(gallery.runs)
        click.echo(f"Stopped; {left} of {len(jobs)} studies are missing.", err=True)
        return INTERRUPTED
    words = {run.word for run in gallery.runs}
    if words & {"not reproduced", "undecided"}:
        return NOT_REPRODUCED
    return INTERNAL_ERROR if "failed" in words else BAD_USAGE if "refused" in words else 0

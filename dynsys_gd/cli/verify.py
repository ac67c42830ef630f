"""``dynsys-gd verify``: the claims on instances, or the studies; a table, a report."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from .arguments import Several, SpreadCommand
from .folder import ReportFolder
from .job import Job
from .jobs import standard_jobs
from .study_choice import SETTING, chosen_studies
from .study_command import run_and_report

__all__ = ["verify"]

CONTRADICTION = 1
INTERNAL_ERROR = 3
INTERRUPTED = 130


@click.command(cls=SpreadCommand, short_help="Check the theorems and write a report.")
@click.option(
    "--claim",
    "names",
    cls=Several,
    metavar="NAME…",
    help="Check these claims only; `dynsys-gd claims` lists the names.",
)
@click.option("--all", "every", is_flag=True, help="Run every study: each reproduces a paper.")
@click.option(
    "--study",
    "chosen",
    cls=Several,
    metavar="NAME|FILE.py…",
    help="Run these studies; `dynsys-gd claims` lists the names. A Python file of your own with "
    "a constant STUDY is run as well.",
)
@click.option(
    "--quick", is_flag=True, help="With --all or --study: the small form, which takes seconds."
)
@click.option(
    "--set",
    "settings",
    cls=Several,
    each=SETTING,
    metavar="NAME=VALUE…",
    help="With one --study: other values of its settings, written as in Python.",
)
@click.option(
    "--data",
    metavar="FILE.csv",
    help="Study linear networks on your own table instead of the standard instances: "
    "comma-separated, one row of column names.",
)
@click.option(
    "--target",
    cls=Several,
    metavar="COLUMN…",
    help="With --data: the columns to fit. A column of text becomes one 0/1 column for each value.",
)
@click.option(
    "--features",
    cls=Several,
    metavar="COLUMN…",
    help="With --data: the columns to fit them from.  [default: all others]",
)
@click.option(
    "--depth",
    type=click.IntRange(2, 20),
    metavar="N",
    help="With --data: number of layers.  [default: 2]",
)
@click.option(
    "--width",
    type=click.IntRange(1, 64),
    metavar="K",
    help="With --data: width of the hidden layers.  [default: the larger one of the numbers of "
    "features and targets, which leaves no rank out]",
)
@click.option(
    "--out",
    metavar="FOLDER",
    default="dynsys-gd-report",
    show_default=True,
    help="Where the report goes. Only files of an earlier report are replaced; a folder that "
    "holds other things and no report is refused.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    metavar="S",
    default=0,
    show_default=True,
    help="Every random choice follows from it.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    default=lambda: min(2, os.cpu_count() or 1),
    show_default="2; 1 where there is one core",
    help="Number of processes; the verdicts do not depend on it.",
)
@click.option("--quiet", is_flag=True, help="Print the summary and errors only.")
@click.pass_context
def verify(
    ctx: click.Context,
    names: tuple[str, ...],
    every: bool,
    chosen: tuple[str, ...],
    quick: bool,
    settings: tuple[str, ...],
    data: str | None,
    target: tuple[str, ...],
    features: tuple[str, ...],
    depth: int | None,
    width: int | None,
    out: str,
    seed: int,
    workers: int,
    quiet: bool,
) -> None:
    """Check the theorems on instances, and write a report with pictures.

    Without options: linear networks on Fisher's iris measurements, scalar chains, matrix
    factorisation, the double well and a small tanh network, with controls on which the theorems
    must be silent.

    With --all or --study: papers, each reproduced as a study. Its claims are checked on examples
    and on controls, and its numbers are compared with those that are expected.

    \b
    Examples:
      dynsys-gd verify
      dynsys-gd verify --claim sharp_transition --out transition
      dynsys-gd verify --data flowers.csv --target species --depth 3 --width 8
      dynsys-gd verify --data homes.csv --target price rent --features rooms area
      dynsys-gd verify --all
      dynsys-gd verify --study step_size_matters --quick --set "depths=(2, 5)"
      dynsys-gd verify --study my_study.py

    The folder receives index.html (one self-contained page), figures/ (PNG and SVG) and
    verdicts.json, which is the same for the same options, seed and versions.

    Exit codes: 0 all as the theorems say, or every study reproduced; 1 a contradiction, a control
    that verified, or a study that is not reproduced; 2 bad usage, 3 a fault of the program, 130
    stopped by Ctrl-C (what is complete is written). A study that disputes a statement counts as
    reproduced where the contradiction is seen; it is marked.
    """
    alone: dict[str, object] = {
        "--target": target,
        "--features": features,
        "--depth": depth,
        "--width": width,
    }
    _check_usage(data, alone)
    folder = ReportFolder(Path(out))
    if _asks_for_studies(every, chosen, quick, settings, others={"--claim": names, "--data": data}):
        studies = chosen_studies(chosen, quick=quick, settings=settings)
        folder.prepare()
        ctx.exit(run_and_report(studies, folder, seed=seed, workers=workers, quiet=quiet))
    jobs, used = _planned(names, data, target, features, depth, width, quiet=quiet)
    folder.prepare()
    ctx.exit(_run(jobs, used, folder, seed=seed, workers=workers, quiet=quiet))


def _check_usage(data: str | None, alone: dict[str, object]) -> None:
    given = [flag for flag, value in alone.items() if value not in (None, ())]
    if data is None and given:
        raise click.UsageError(f"{given[0]} needs --data FILE.csv, the table it is about")
    if data is not None and not alone["--target"]:
        raise click.UsageError("--data needs --target COLUMN, the column or columns to fit")


def _asks_for_studies(
    every: bool,
    chosen: tuple[str, ...],
    quick: bool,
    settings: tuple[str, ...],
    *,
    others: dict[str, object],
) -> bool:
    """Return whether studies are meant; refuse what goes with none, or not together."""
    flag = "--all" if every else "--study"
    if not every and not chosen:
        if quick or settings:
            alone = "--quick needs --all or --study" if quick else "--set needs one --study"
            raise click.UsageError(f"{alone}: claims have neither a small form nor settings")
        return False
    if every and chosen:
        raise click.UsageError("--all runs every study; leave out --study")
    for other, value in others.items():
        if value not in (None, ()):
            raise click.UsageError(f"{flag} runs studies, and {other} is about claims; take one")
    return True


def _planned(
    names: tuple[str, ...],
    data: str | None,
    target: tuple[str, ...],
    features: tuple[str, ...],
    depth: int | None,
    width: int | None,
    *,
    quiet: bool,
) -> tuple[list[Job], Sequence[tuple[str, str]]]:
    from .listing import checked_names

    wanted = checked_names(names)
    used: Sequence[tuple[str, str]] = ()
    if data is None:
        jobs = standard_jobs()
    else:
        if not quiet:
            click.echo(f"dynsys-gd verify: reading {data}", err=True)
        from .own_data import table_jobs

        jobs, used = table_jobs(data, target, features, depth=depth, width=width)
    chosen = [job for job in jobs if not wanted or job.claim in wanted]
    if not chosen:
        offered = ", ".join(dict.fromkeys(job.claim for job in jobs))
        raise click.UsageError(f"--claim: none of these is checked on a table; one of: {offered}")
    return chosen, used


def _run(
    jobs: Sequence[Job],
    used: Sequence[tuple[str, str]],
    folder: ReportFolder,
    *,
    seed: int,
    workers: int,
    quiet: bool,
) -> int:
    """Check, show and write; return the exit code."""
    from .terminal import show_plan

    if not quiet:
        show_plan(jobs, used, seed=seed, workers=workers)

    from .checking import check_all
    from .report import Report
    from .terminal import console, line_of, summary, verdict_table, with_progress

    command = shlex.join(["dynsys-gd", *sys.argv[1:]])
    report = Report(folder=folder, jobs=jobs, seed=seed, command=command, used=used)
    interrupted = False
    try:
        with closing(check_all(jobs, seed=seed, workers=workers)) as results:
            for item in results if quiet else with_progress(results, len(jobs), line_of):
                report.add(item)
    except KeyboardInterrupt:
        interrupted = True
    report.finish()
    if not quiet:
        console().print(verdict_table(report.checked))
    for item in report.checked:
        if item.verdict is None:
            click.echo(item.failure, err=True)
    click.echo(summary(report.checked))
    click.echo(f"Report: {folder.path / 'index.html'}")
    if interrupted:
        left = len(jobs) - len(report.checked)
        click.echo(f"Stopped; {left} of {len(jobs)} verdicts are missing.", err=True)
        return INTERRUPTED
    if not all(item.as_the_theorems_say for item in report.checked):
        return CONTRADICTION
    return INTERNAL_ERROR if any(item.verdict is None for item in report.checked) else 0

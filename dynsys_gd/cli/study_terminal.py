"""What the terminal shows of studies: the plan, a line for each, the table, the summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .study_job import StudyJob
from .study_run import StudyRun
from .terminal import say

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

__all__ = ["show_studies", "study_line", "study_summary", "study_table", "study_word"]

_STYLES = {
    "reproduced": "bold green",
    "undecided": "yellow",
    "not reproduced": "bold white on red",
    "refused": "bold white on red",
    "failed": "bold white on red",
}


def show_studies(jobs: Sequence[StudyJob], *, seed: int, workers: int) -> None:
    """Say on stderr what will be run, before anything that takes time."""
    processes = "1 process" if workers == 1 else f"{workers} processes"
    count = "1 study" if len(jobs) == 1 else f"{len(jobs)} studies"
    form = " in the small form" if jobs[0].quick else ""
    say(f"dynsys-gd verify: {count}{form}, seed {seed}, {processes}")
    for number, job in enumerate(jobs, start=1):
        say(f"  {number:2d}  {job.path or job.name}")
        for name, value in job.changes:
            say(f"      {name} = {value!r}")


def study_line(run: StudyRun) -> str:
    """Return what is said of a study when it is ready."""
    return f"{run.job.name}: {study_word(run)}"


def study_word(run: StudyRun) -> str:
    """Return what came out, and whether a statement is contradicted."""
    return f"{run.word}, with a contradiction" if run.disputed else run.word


def study_table(runs: Sequence[StudyRun]) -> Table:
    """Return what came out as a table for the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Studies", title_justify="left", title_style="bold", show_lines=True)
    table.add_column("Paper", ratio=4)
    table.add_column("Claims", ratio=6)
    table.add_column("Numbers", no_wrap=True)
    table.add_column("Seconds", justify="right", no_wrap=True)
    table.add_column("Outcome", ratio=2)
    for run in runs:
        about = run.about
        paper = Text(run.job.name, style="bold")
        if about is not None:
            arxiv = f"\narXiv:{about.arxiv}" if about.arxiv else ""
            paper = Text.assemble(paper, f"\n{about.short_reference}{arxiv}")
        if run.data is None:
            said = Text(run.failure.strip().splitlines()[-1])
        else:
            said = Text("\n").join(_claims(run))
        numbers = f"{run.agreeing} of {len(run.numbers)}" if run.data is not None else ""
        word = Text(run.word.upper(), style=_STYLES[run.word])
        if run.disputed:
            word.append("\nwith a contradiction", style="yellow")
        table.add_row(paper, said, numbers, f"{run.seconds:.1f}", word)
    return table


def _claims(run: StudyRun) -> list[Text]:
    from rich.text import Text

    return [
        Text.assemble(claim["title"], (f"  {', '.join(statuses)}", "dim"))
        for claim, statuses in run.claims
    ]


def study_summary(runs: Sequence[StudyRun]) -> str:
    """Return a few sentences that count what came out."""
    total = "1 study" if len(runs) == 1 else f"{len(runs)} studies"
    counts = [(word, sum(run.word == word for run in runs)) for word in _STYLES]
    parts = [f"{n} {word.upper() if word == 'not reproduced' else word}" for word, n in counts if n]
    disputed = sum(run.disputed for run in runs)
    if disputed:
        parts.append(f"{disputed} with a contradiction")
    numbers = sum(len(run.numbers) for run in runs)
    agreeing = sum(run.agreeing for run in runs)
    counted = f" {agreeing} of {numbers} numbers as expected." if numbers else ""
    return f"{total}: {', '.join(parts)}.{counted}" if parts else f"{total}."

"""What the terminal shows: the plan at once, progress while it runs, and the table of verdicts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

    from .checking import Checked
    from .job import Job

__all__ = [
    "clocked_bar",
    "console",
    "line_of",
    "say",
    "show_plan",
    "status_of",
    "summary",
    "verdict_table",
    "with_progress",
]

Item = TypeVar("Item")

_STYLES = {
    "verified": "bold green",
    "supported": "green",
    "silent": "dim",
    "inconclusive": "yellow",
    "contradiction": "bold white on red",
    "failed": "bold white on red",
}
_GRADES = {
    "PROVED": "green",
    "CERTIFIED": "green",
    "supported": "cyan",
    "undecided": "yellow",
    "refuted": "magenta",
    "refuted (not proved)": "magenta",
}
_WIDTH_OF_FILES = 120


def console(*, stderr: bool = False) -> Console:
    """Return a console; output that is not a terminal gets a fixed, wider width."""
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            # rich would exit with 1, which means a contradiction here.
            raise BrokenPipeError

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDTH_OF_FILES
    return Screen(file=stream, width=width, highlight=False, emoji=False)


def show_plan(
    jobs: Sequence[Job], used: Sequence[tuple[str, str]], *, seed: int, workers: int
) -> None:
    """Say on stderr what will be checked, before anything that takes time."""
    processes = "1 process" if workers == 1 else f"{workers} processes"
    count = "1 verdict" if len(jobs) == 1 else f"{len(jobs)} verdicts"
    say(f"dynsys-gd verify: {count}, seed {seed}, {processes}")
    for label, text in used:
        say(f"  {label}: {text}")
    for number, job in enumerate(jobs, start=1):
        control = " (control: must be silent)" if job.control else ""
        say(f"  {number:2d}  {job.claim} on {job.instance}{control}")


def clocked_bar(screen: Console, unit: str = "", *, left: bool = False) -> Progress:
    """Return a bar with a clock that is seen on terminals only; tasks are named when added.

    With `left` there is a second clock, for the time that is left.
    """
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        *([TextColumn(unit)] if unit else []),
        TimeElapsedColumn(),
        *([TextColumn("left"), TimeRemainingColumn()] if left else []),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )


def with_progress(
    results: Iterator[Item], total: int, line_of: Callable[[Item], str]
) -> Iterator[Item]:
    """Yield the results; on stderr a line for each, and on a terminal a bar with a clock."""
    screen = console(stderr=True)
    bar = clocked_bar(screen)
    begin = time.perf_counter()
    with bar:
        task = bar.add_task("checking", total=total)
        for number, item in enumerate(results, start=1):
            yield item  # first, so that a line is printed for what has been written
            clock = time.perf_counter() - begin
            line = f"[{number}/{total}] {clock:5.1f} s  {line_of(item)}"
            screen.print(line, markup=False, soft_wrap=True)
            bar.update(task, advance=1)


def line_of(item: Checked) -> str:
    """Return what is said of a verdict when it is ready."""
    return f"{item.job.claim} on {item.job.instance}: {status_of(item)}"


def status_of(item: Checked) -> str:
    """Return the status in one word; ``failed`` where the program, not the theorem, failed."""
    return "failed" if item.verdict is None else str(item.verdict["status"])


def verdict_table(checked: Sequence[Checked]) -> Table:
    """Return the verdicts as a table for the terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="Verdicts", title_justify="left", title_style="bold", show_lines=True)
    table.add_column("Claim, on instance", ratio=5)
    table.add_column("Hypotheses, and how each is known", ratio=5)
    table.add_column("Conclusion, as observed", ratio=4)
    table.add_column("Verdict", no_wrap=True)
    for item in checked:
        status = status_of(item)
        where = Text.assemble(
            (item.job.claim, "bold"), "\n", item.job.instance, (_control(item.job), "dim")
        )
        verdict = Text(status.upper(), style=_STYLES[status])
        if item.control_failed:
            verdict.append("\nmust be silent", style=_STYLES["contradiction"])
        if item.verdict is None:
            last = item.failure.strip().splitlines()[-1]
            table.add_row(where, "", Text(last), verdict)
            continue
        table.add_row(where, _hypotheses(item.verdict), _observation(item.verdict), verdict)
    return table


def summary(checked: Sequence[Checked]) -> str:
    """Return one sentence that counts the verdicts.

    Silent controls are counted apart from instances on which a claim turned out to be silent.
    """
    counts: dict[str, int] = {}
    for item in checked:
        status = status_of(item)
        word = "silent as the controls must be" if _silent_control(item) else status
        counts[word] = counts.get(word, 0) + 1
    order = [
        "verified",
        "supported",
        "silent as the controls must be",
        "silent",
        "inconclusive",
        "failed",
    ]
    parts = [f"{counts[word]} {word}" for word in order if word in counts]
    contradictions = counts.get("contradiction", 0)
    loud = sum(item.control_failed for item in checked)
    if contradictions:
        ending = f"{contradictions} CONTRADICTION{'S' if contradictions > 1 else ''}."
    elif loud:
        ending = f"{loud} of them on a control that must be silent."
    else:
        ending = "No contradiction."
    total = "1 verdict" if len(checked) == 1 else f"{len(checked)} verdicts"
    return f"{total}: {', '.join(parts)}. {ending}" if parts else f"{total}. {ending}"


def _silent_control(item: Checked) -> bool:
    return item.job.control and status_of(item) == "silent"


def _control(job: Job) -> str:
    return "\ncontrol: must be silent" if job.control else ""


def _hypotheses(verdict: dict[str, Any]) -> Any:
    from rich.text import Text

    text = Text()
    for k, hypothesis in enumerate(verdict["hypotheses"]):
        text.append("\n" if k else "")
        text.append(hypothesis["name"] + ": ")
        text.append(hypothesis["label"], style=_GRADES.get(hypothesis["label"], ""))
    return text


def _observation(verdict: dict[str, Any]) -> Any:
    from rich.text import Text

    seen = verdict["observation"]
    told = seen["detail"] or seen["reason"]
    return Text.assemble((seen["outcome"], "bold"), f" ({seen['grade']}): {told}")


def say(line: str) -> None:
    """Say a line on stderr at once."""
    print(line, file=sys.stderr, flush=True)

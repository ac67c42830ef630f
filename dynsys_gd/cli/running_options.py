"""How a long command runs: seed, workers, a file to go on from, and where the answer goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .._version import __version__
from ..ensembles.budget import Budget
from ..errors import InvalidInput
from .folder import write_file

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from ..results import Result

__all__ = ["INTERRUPTED", "AtWork", "Running", "processes", "running_options"]

INTERRUPTED = 130

Command = Callable[..., Any]

_NAMES = ("seed", "steps", "workers", "checkpoint", "out", "as_json")
_OPTIONS: tuple[Callable[[Command], Command], ...] = (
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        metavar="S",
        help="Every random choice follows from it.  [default: a fresh one, which is shown]",
    ),
    click.option(
        "--steps",
        type=click.IntRange(min=1),
        metavar="N",
        help="Most steps of an orbit.  [default: 16384]",
    ),
    click.option(
        "--workers",
        type=click.IntRange(1, 256),
        metavar="N",
        default=1,
        show_default=True,
        help="Number of processes; the answer does not depend on it.",
    ),
    click.option(
        "--checkpoint",
        metavar="FILE",
        help="Keep what is computed: after whatever ended it, the same command goes on from there.",
    ),
    click.option("--out", metavar="FILE.json", help="Write the answer as JSON."),
    click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
)


def running_options(command: Command) -> Command:
    """Add the options from which `Running` is made."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, kw_only=True)
class AtWork:
    """Who computes and who is told, for the time of one command."""

    executor: Executor | None
    told: Callable[[int, int | None], None]


@dataclass(frozen=True, kw_only=True)
class Running:
    """How a command runs; the names are those of the options.

    Parameters
    ----------
    name : str
        Of the command.
    seed, steps : int or None
    workers : int
    checkpoint, out : str or None
    as_json : bool
    """

    name: str
    seed: int | None
    steps: int | None
    workers: int
    checkpoint: str | None
    out: str | None
    as_json: bool

    @classmethod
    def taken_from(cls, given: dict[str, Any], *, name: str) -> Running:
        """Return the settings, taken out of all that click gives to a command."""
        return cls(name=name, **{key: given.pop(key) for key in _NAMES})

    @property
    def made_by(self) -> str:
        """What the files of this command say of their origin."""
        return f"dynsys-gd {self.name}"

    def prepare(self) -> None:
        """Refuse a place for the answer before anything takes time."""
        if self.out is None:
            return
        path = Path(self.out)
        if path.is_dir() or not path.parent.is_dir():
            what = "a folder" if path.is_dir() else "a file in a folder that does not exist"
            raise InvalidInput("--out", f"{what}: {path}", "the name of a file")
        if path.exists() and not self._ours(path):
            raise InvalidInput(
                "--out",
                str(path),
                "no file of another origin at this place",
                "move it away, or name another file",
            )

    @property
    def budget(self) -> Budget:
        """The budget of the simulation."""
        return Budget() if self.steps is None else Budget(steps=self.steps)

    @contextmanager
    def at_work(self, what: str) -> Iterator[AtWork]:
        """Start the workers and the bar; say how to go on where it is interrupted."""
        from .progress_bar import progress_bar

        with ExitStack() as stack:
            executor = None if self.workers == 1 else stack.enter_context(processes(self.workers))
            told = stack.enter_context(progress_bar(what))
            try:
                yield AtWork(executor=executor, told=told)
            except KeyboardInterrupt:
                if self.checkpoint is not None:
                    kept = f"What is done is in {self.checkpoint}: the same command goes on."
                    click.echo(kept, err=True)
                raise

    def deliver(self, result: Result, *, below: str = "") -> None:
        """Print the answer and what comes below it, and write it where a file is named."""
        content = {"made_by": self.made_by, "version": __version__, **result.to_dict()}
        text = json.dumps(content, indent=1, ensure_ascii=False)
        if self.out is not None:
            path = Path(self.out)
            write_file(path, text + "\n", folder=path.parent, flag="--out")
        click.echo(text if self.as_json else repr(result))
        if below and not self.as_json:
            click.echo("\n" + below)
        if self.out is not None and not self.as_json:
            click.echo(f"Written: {self.out}")

    def _ours(self, path: Path) -> bool:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(found, dict) and found.get("made_by") == self.made_by


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Yield processes that leave Ctrl-C to this one."""
    import signal
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(
        workers,
        mp_context=get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

"""A progress bar with the time left, for a terminal or a notebook."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInput
from .terminal import clocked_bar, console

if TYPE_CHECKING:
    from rich.progress import Task

__all__ = ["progress_bar"]

_SECONDS_BETWEEN_PICTURES = 0.2


@contextmanager
def progress_bar(what: str = "computing") -> Iterator[Callable[[int, int | None], None]]:
    """Show how far long work is and how long it will still take; give what `progress` wants.

    Parameters
    ----------
    what : str
        What is done, in a word or two.

    Returns
    -------
    context manager
        Its value is called as ``told(done, total)``, where `total` may be None. The bar is seen in
        notebooks, and in a terminal on stderr until the work ends; elsewhere nothing is shown.

    Raises
    ------
    InvalidInput
        Where `what` is no text.

    Notes
    -----
    The time left follows from the pace of the last half minute.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, GradientDescent, Loss, convergent_measure
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2")
    >>> with progress_bar("measuring") as told:
    ...     m = convergent_measure(F, Box([-1], [1]), rng=0, progress=told)
    >>> m.lower
    1.0
    """
    if not isinstance(what, str):
        raise InvalidInput("what", what, "text")
    screen = console(stderr=True)
    notebook = _Notebook() if _in_a_notebook() else None
    bar = clocked_bar(screen, left=True)
    with bar:
        bar.add_task(what, total=None)

        def told(done: int, total: int | None) -> None:
            bar.update(bar.task_ids[0], completed=done, total=total)
            if notebook is not None:
                notebook.show(bar.tasks[0])

        try:
            yield told
        finally:
            if notebook is not None:
                notebook.show(bar.tasks[0], last=True)


def _in_a_notebook() -> bool:
    from rich.console import Console

    return Console().is_jupyter


class _Notebook:
    """One output of a cell that is drawn anew, a few times a second at most.

    What rich itself shows in notebooks needs ipywidgets.
    """

    def __init__(self) -> None:
        self._drawn = float("-inf")
        self._handle: Any = None

    def show(self, task: Task, *, last: bool = False) -> None:
        now = time.monotonic()
        if not last and now - self._drawn < _SECONDS_BETWEEN_PICTURES:
            return
        from IPython.display import HTML, display

        self._drawn = now
        picture = HTML(in_html(task))
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)


def in_html(task: Task) -> str:
    """Return the bar of a task for a notebook, with counts, time spent and time left."""
    from html import escape

    total = None if task.total is None else int(task.total)
    of_all = "" if total is None else f" of {total:,}"
    length = "" if total is None else f" max='{total}' value='{int(task.completed)}'"
    left = task.time_remaining
    ahead = "" if left is None or task.finished else f", {_clock(left)} left"
    return (
        f"<div>{escape(task.description)} <progress{length} style='width:16em'></progress> "
        f"{int(task.completed):,}{of_all}, {_clock(task.elapsed or 0)}{ahead}</div>"
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

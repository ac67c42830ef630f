"""Who computes the pieces of a long piece of work, who is told, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

from .chunks import computed
from .journal.journal import Journal

__all__ = ["Work"]

Task = TypeVar("Task")


@dataclass(frozen=True, eq=False)
class Work:
    """Computes answers to tasks, in order, by whatever executor there is.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
    progress : callable, optional
        Called as ``progress(done, total)``; `total` is None where nobody knows it.
    journal : Journal, optional
        The answers that are kept in a file, and where new ones go.

    Notes
    -----
    The answers to the same tasks are the same, to the last bit, whoever computes them. A method
    whose course depends on nothing but its arguments and on answers it got here can therefore be
    stopped and taken up again: answers that are remembered are not computed a second time.
    """

    executor: Executor | None = None
    progress: Callable[[int, int | None], Any] | None = None
    journal: Journal | None = None

    def answers(self, function: Callable[[Task], Any], tasks: Iterable[Task]) -> Iterator[Any]:
        """Yield ``function(task)`` for every task, in order; the caller may stop early.

        Parameters
        ----------
        function : callable
            Of a module, for executors in other processes. It returns plain data: None, truth
            values, numbers, text, arrays, and lists, tuples and dicts (with text as keys) of them.
        tasks : iterable
            Plain data and symbols; endless ones are taken as far as they are asked for. Where
            there is an executor, tasks are taken before the answers to earlier ones are known.

        Raises
        ------
        WorkersLost
            Where the executor broke.
        InvalidInput
            Where an answer cannot be kept in the file.
        """
        if self.journal is None:
            yield from computed(function, iter(tasks), self.executor)
            return
        call, waiting = self.journal.call(function), iter(tasks)
        while call.remembers:
            try:
                next(waiting)
            except StopIteration:
                return
            yield call.recalled()
        with closing(computed(function, waiting, self.executor)) as fresh:
            for answer in fresh:
                yield call.recorded(answer)

    def tell(self, done: int, total: int | None) -> None:
        """Tell whoever wants to know how far the work is."""
        if self.progress is not None:
            self.progress(done, total)

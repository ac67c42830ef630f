"""Who computes the pieces of a long piece of work, who is told, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, TypeVar

from .chunks import computed

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

    Notes
    -----
    The answers to the same tasks are the same, to the last bit, whoever computes them. A method
    whose course depends on nothing but its arguments and on answers it got here can therefore be
    stopped and taken up again: answers that are remembered are not computed a second time.
    """

    executor: Executor | None = None
    progress: Callable[[int, int | None], Any] | None = None

    def answers(self, function: Callable[[Task], Any], tasks: Iterable[Task]) -> Iterator[Any]:
        """Yield ``function(task)`` for every task, in order; the caller may stop early.

        Parameters
        ----------
        function : callable
            Of a module, for executors in other processes. It returns plain data: None, truth
            values, numbers, text, arrays, and lists, tuples and dicts (with text as keys) of them.
        tasks : iterable
            Plain data and symbols; endless ones are taken as far as they are asked for.
        """
        return computed(function, iter(tasks), self.executor)

    def tell(self, done: int, total: int | None) -> None:
        """Tell whoever wants to know how far the work is."""
        if self.progress is not None:
            self.progress(done, total)

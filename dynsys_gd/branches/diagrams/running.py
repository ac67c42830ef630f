"""Columns of a diagram, computed block by block, or one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.chunks import checked_executor, checked_progress
from ...engine.journal.checkpoint import Run, opened
from ...engine.work import Work
from ...ensembles.budget import Budget
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...regions import Region
from .asking import states_on
from .behaviour import Behaviour
from .column import DiagramColumn
from .looking import LookTask, look, piece_length
from .observable import Observable
from .values import ManyValues

__all__ = ["Sweep", "at_work", "blocks", "rows_at_once", "seen_by_numbers"]

Array = NDArray[np.float64]
Answer = dict[str, NDArray[Any]]

_MOST_ROWS = 2048  # orbits in one piece of work: measured, the states of more leave the cache
_FEWEST_ROWS = 64
_NUMBERS = 2**22  # that a piece of work keeps at a time
_NUDGE = 1e-9  # relative to 1 + |x|: what carried states are moved by


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """A diagram to be computed; `asking` has checked all of it.

    Parameters
    ----------
    where : ManyValues
    region : Region or None
        Where starts are drawn from.
    starts : int or tuple
        How many, or the starts themselves.
    seed : int
    observable : Observable or None
    points, transient : int
    carry : bool
    budget : Budget
    """

    where: ManyValues
    region: Region | None
    starts: int | tuple[tuple[sp.Expr, ...], ...]
    seed: int
    observable: Observable | None
    points: int
    transient: int
    carry: bool
    budget: Budget

    @property
    def F(self) -> Map:
        return self.where.F

    @cached_property
    def states(self) -> Array:
        """The starts at each value, shape (m, s, d)."""
        where = self.where
        return states_on(self.F, where.names, where.grid, self.region, self.starts, self.seed)

    @property
    def arguments(self) -> dict[str, Any]:
        """Everything that the answer depends on, besides the seed."""
        own = {
            f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("where", "seed")
        }
        where = self.where
        return {"F": where.F, "parameters": where.names, "values": where.grid, **own}

    @property
    def rows(self) -> int:
        """How many orbits make one piece of work."""
        carried = self.where.columns.shape[1] + self.states.shape[2]
        return rows_at_once(piece_length(self.points, self.budget) * carried)

    def collected(self, work: Work) -> Answer:
        """Return what all values show, arrays of shape (m, s, …)."""
        whole: Answer = {}
        m = len(self.where.grid)
        for values, answer in self._answers(work):
            for name, array in answer.items():
                if name not in whole:
                    whole[name] = np.empty((m, *array.shape[1:]), dtype=array.dtype)
                whole[name][values] = array
        return whole

    def columns(self, work: Work) -> Iterator[DiagramColumn]:
        """Yield what each value shows, in order."""
        for values, answer in self._answers(work):
            for k, value in enumerate(self.where.grid[values, 0].tolist()):
                arrays = {name: array[k] for name, array in answer.items()}
                yield DiagramColumn(value=value, **arrays)

    def _answers(self, work: Work) -> Iterator[tuple[slice, Answer]]:
        return self._carried(work) if self.carry else self._apart(work)

    def _apart(self, work: Work) -> Iterator[tuple[slice, Answer]]:
        """Yield some values, in order, with what all starts do there; nothing is carried."""
        m, s, _ = self.states.shape
        done = 0
        parts = list(blocks(m, s, self.rows))
        answers = work.answers(look, (self._task(*part, self.states) for part in parts))
        # A piece of work holds some values with all starts, or one value with some of many starts.
        waiting: list[Answer] = []
        for (values, starts), answer in zip(parts, answers, strict=True):
            waiting.append(answer)
            done += answer["period"].size
            if starts.stop == s:
                yield values, _joined(waiting)
                waiting = []
            work.tell(done, m * s)

    def _carried(self, work: Work) -> Iterator[tuple[slice, Answer]]:
        """Yield one value after the other, each beginning where the last one ended."""
        m, s, d = self.states.shape
        nudge = _NUDGE * np.random.default_rng(self.budget.seed).standard_normal(d)
        states = np.array(self.states)
        for k in range(m):
            value = slice(k, k + 1)
            parts = [part for _, part in blocks(1, s, self.rows)]
            tasks = (self._task(value, part, states) for part in parts)
            answer = _joined(list(work.answers(look, tasks)))
            work.tell((k + 1) * s, m * s)
            yield value, answer
            if k + 1 < m:
                last = answer["states"][0]
                size = 1.0 + np.sqrt(np.einsum("nd,nd->n", last, last))
                gone = answer["behaviour"][0] == Behaviour.ESCAPED
                moved = last + nudge * size[:, None]
                states[k + 1] = np.where(gone[:, None], states[k + 1], moved)

    def _task(self, values: slice, starts: slice, states: Array) -> LookTask:
        return LookTask(
            where=self.where.part(values),
            states=np.ascontiguousarray(states[values, starts]),
            transient=self.transient,
            observable=self.observable,
            kept=self.points,
            budget=self.budget,
        )


def rows_at_once(numbers: int) -> int:
    """Return how many orbits, each of which needs so many numbers, make one piece of work."""
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _NUMBERS // numbers))


def blocks(m: int, s: int, rows: int) -> Iterator[tuple[slice, slice]]:
    """Yield the pieces into which m values with s starts each are cut, whoever computes them."""
    several = max(1, rows // s)
    for first in range(0, m, several):
        values = slice(first, min(first + several, m))
        for start in range(0, s, rows):
            yield values, slice(start, min(start + rows, s))


def _joined(answers: list[Answer]) -> Answer:
    """Return answers about different starts at the same values as one."""
    if len(answers) == 1:
        return answers[0]
    return {name: np.concatenate([each[name] for each in answers], axis=1) for name in answers[0]}


@contextmanager
def at_work(
    sweep: Sweep,
    name: str,
    rng: Any,
    executor: Executor | None,
    progress: Callable[[int, int | None], Any] | None,
    checkpoint: str | os.PathLike[str] | None,
) -> Iterator[tuple[Sweep, Work]]:
    """Give the sweep what computes it, and the seed of its file where none was asked for."""
    checked_executor(executor)
    checked_progress(progress)
    run = Run(
        name=name,
        arguments=sweep.arguments,
        seed=sweep.seed,
        seed_given=rng is not None or sweep.region is None,
    )
    with opened(checkpoint, run) as journal:
        work = Work(executor=executor, progress=progress, journal=journal)
        seed = sweep.seed if journal is None else journal.seed
        yield sweep if seed == sweep.seed else replace(sweep, seed=seed), work


def seen_by_numbers(sweep: Sweep) -> Evidence:
    """Return how diagrams and planes are known."""
    budget = sweep.budget
    return Evidence(
        grade=Grade.NUMERICAL,
        reason=f"finite orbits in double precision ({budget.arithmetic.value}): {sweep.transient} "
        f"steps of transient, exponents over {budget.lyapunov_steps} steps, returns within "
        f"{budget.recurrence:g} of the size up to period {budget.max_period}; attractors that no "
        "start reaches are not seen",
        sources=("may1976simple", "benettin1980lyapunov", "chen2022beyond"),
    )

"""Stopping rules over arrays: a working set in the cache, topped up as trajectories finish."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..workloads import Columns, MapWorkload
from .base import Label, Outcome

__all__ = ["Block", "iterated"]

Step = Callable[[Columns], Columns]
Flags = NDArray[np.bool_]

_FAR, _STILL, _TIME = int(Label.FAR), int(Label.STILL), int(Label.TIME)


class Block(NamedTuple):
    """Several steps at once.

    Parameters
    ----------
    length : int
        Number of steps.
    advance : callable
        Columns to the pair (columns before the last of these steps, columns after it).
    step : callable
        Columns to their images.
    """

    length: int
    advance: Callable[[Columns], tuple[Columns, Columns]]
    step: Step


def iterated(w: MapWorkload, columns: Columns, block: Block, room: int) -> Outcome:
    """Iterate all columns until they stop, about `room` of them at a time."""
    with np.errstate(all="ignore"):
        return _Driver(w, columns, block, room).run()


class _Driver:
    def __init__(self, w: MapWorkload, columns: Columns, block: Block, room: int) -> None:
        self.w, self.columns, self.block, self.room = w, columns, block, room
        n = columns.shape[1]
        self.labels, self.steps = np.empty(n, dtype=np.int8), np.empty(n, dtype=np.int32)
        self.next = 0
        self.x = np.ascontiguousarray(columns[:, :0])
        self.place, self.age = np.arange(0), np.empty(0, dtype=np.int32)

    def run(self) -> Outcome:
        while self.next < self.columns.shape[1] or self.place.size:
            if self.next < self.columns.shape[1] and 2 * self.place.size <= self.room:
                self._fill()
            before, after = self.block.advance(self.x)
            far, still = tests(self.w, before, after)
            # The last steps of those that run out of time are taken singly.
            done = far | still | (self.age + self.block.length >= self.w.steps)
            gone = np.flatnonzero(done)
            self.age += self.block.length
            if gone.size:
                self._finish(gone, far | still)
                on = np.flatnonzero(~done)
                self.x = after.take(on, axis=1)
                self.place, self.age = self.place[on], self.age[on]
            else:
                self.x = after
        return Outcome(labels=self.labels, steps=self.steps)

    def _fill(self) -> None:
        last = min(self.next + self.room - self.place.size, self.columns.shape[1])
        fresh = np.arange(self.next, last)
        self.x = np.concatenate([self.x, self.columns[:, self.next : last]], axis=1)
        self.place = np.concatenate([self.place, fresh])
        self.age = np.concatenate([self.age, np.zeros(fresh.size, dtype=np.int32)])
        self.next = last

    def _finish(self, gone: NDArray[np.intp], stopped: Flags) -> None:
        """Find the first step at which each stopped; `age` is that of the end of the block."""
        timed = gone[~stopped[gone] & (self.age[gone] == self.w.steps)]
        self._note(self.place[timed], _TIME, self.w.steps)
        rest = gone[stopped[gone] | (self.age[gone] > self.w.steps)]
        x, place = self.x.take(rest, axis=1), self.place[rest]
        age = self.age[rest] - self.block.length
        for _ in range(self.block.length):
            if not place.size:
                return
            x, before = self.block.step(x), x
            age += 1
            far, still = tests(self.w, before, x)
            label = np.where(far, _FAR, np.where(still, _STILL, _TIME))
            ended = far | still | (age == self.w.steps)
            self._note(place[ended], label[ended], age[ended])
            on = np.flatnonzero(~ended)
            x, place, age = x.take(on, axis=1), place[on], age[on]

    def _note(
        self,
        place: NDArray[np.intp],
        label: NDArray[np.int64] | int,
        steps: NDArray[np.int32] | int,
    ) -> None:
        self.labels[place], self.steps[place] = label, steps


def tests(w: MapWorkload, before: Columns, after: Columns) -> tuple[Flags, Flags]:
    """Return which columns are far, and which stand still."""
    far, still = w.squares
    square, moved = _squared(after), _squared(after - before)
    return ~(square <= far), moved <= still * (1.0 + square)


def _squared(x: Columns) -> Columns:
    total = x[0] * x[0]
    for row in x[1:]:
        total += row * row
    return total

"""The orbits still undecided, and what is remembered of each between windows."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..engine.driver import Window
from .audit import NONE, Verdicts
from .fates import FATE_OF_DETAIL, Fate
from .recurrence import Recurrence
from .trends import HISTORY

__all__ = ["Decisions", "Lanes"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lanes:
    """Orbits that are still iterated; entry k belongs to the start ``index[k]``.

    Parameters
    ----------
    index : ndarray of int, shape (m,)
    states : ndarray, shape (m, d)
    scale : ndarray, shape (m,)
        1 + |x_0| + |x_1 - x_0|.
    residuals, sizes, extents : ndarray, shape (m, HISTORY)
        Largest residual, |x| and distance travelled of the last windows, NaN before there were as
        many.
    amplitude : ndarray, shape (m,)
        Size of the orbit piece at the end of the last window.
    period : ndarray of int, shape (m,)
        Period seen there, 0 where none.
    closest : ndarray, shape (m,)
        Smallest return distance there, relative to the size.
    settled : ndarray of int, shape (m,)
        Steps after which the residual stayed below the tolerance.
    """

    index: Counts
    states: Rows
    scale: Numbers
    residuals: Numbers
    sizes: Numbers
    extents: Numbers
    amplitude: Numbers
    period: Counts
    closest: Numbers
    settled: Counts

    @staticmethod
    def start(states: Rows, scale: Numbers) -> Lanes:
        """Return the lanes of fresh orbits."""
        n = len(states)
        nothing = np.full((n, HISTORY), np.nan)
        return Lanes(
            index=np.arange(n),
            states=states,
            scale=scale,
            residuals=nothing,
            sizes=nothing,
            extents=nothing,
            amplitude=np.full(n, np.nan),
            period=np.zeros(n, dtype=np.int64),
            closest=np.full(n, np.nan),
            settled=np.zeros(n, dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.index)

    def after(self, window: Window, seen: Recurrence, done: int) -> Lanes:
        """Return the lanes at the end of a window that began after `done` steps."""
        return Lanes(
            index=self.index,
            states=window.states,
            scale=self.scale,
            residuals=np.column_stack([self.residuals[:, 1:], window.largest_residual]),
            sizes=np.column_stack([self.sizes[:, 1:], window.largest_norm]),
            extents=np.column_stack([self.extents[:, 1:], window.extent]),
            amplitude=seen.size,
            period=seen.period,
            closest=seen.closest,
            settled=np.where(window.settled > 0, done + window.settled, self.settled),
        )

    def take(self, which: NDArray[np.generic] | slice) -> Lanes:
        """Return some of the lanes."""
        return Lanes(*(getattr(self, field.name)[which] for field in fields(self)))

    @staticmethod
    def joined(parts: list[Lanes]) -> Lanes:
        """Return the lanes of all parts, in order."""
        return Lanes(
            *(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(Lanes))
        )


@dataclass(frozen=True, eq=False)
class Decisions:
    """What is known of orbits: one entry an orbit, the same names as in `Fates`.

    ``detail`` is NONE where nothing was decided. ``limit`` holds states of the map.
    """

    index: Counts
    detail: Counts
    limit: Rows
    steps: Counts
    period: Counts
    exponent: Numbers
    decay: Numbers
    residual: Numbers
    multiplier: Numbers

    @staticmethod
    def open(index: Counts, states: Rows, steps: int) -> Decisions:
        """Return decisions that decide nothing yet, after `steps` steps."""
        n = len(index)
        return Decisions(
            index=index,
            detail=np.full(n, NONE),
            limit=np.array(states, dtype=np.float64),
            steps=np.full(n, steps),
            period=np.zeros(n, dtype=np.int64),
            exponent=np.full(n, np.nan),
            decay=np.full(n, np.nan),
            residual=np.full(n, np.nan),
            multiplier=np.full(n, np.nan),
        )

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Which orbits have a detail."""
        return self.detail != NONE

    def take(self, which: NDArray[np.generic]) -> Decisions:
        """Return some of the decisions."""
        return Decisions(*(getattr(self, field.name)[which] for field in fields(self)))

    def note(self, rows: Counts, verdicts: Verdicts) -> None:
        """Write down what an audit found for the given rows."""
        self.detail[rows] = verdicts.detail
        self.limit[rows] = verdicts.limit
        self.multiplier[rows] = verdicts.multiplier
        # A point that was not decided to be the limit has no say in how large the residual is.
        arrived = FATE_OF_DETAIL[verdicts.detail] != Fate.UNDECIDED
        self.residual[rows[arrived]] = verdicts.residual[arrived]
        self.period[rows] = verdicts.period

    def write_into(self, other: Decisions) -> None:
        """Copy every entry to its place in `other`, which holds the whole ensemble in order."""
        for field in fields(self):
            if field.name != "index":
                getattr(other, field.name)[self.index] = getattr(self, field.name)

"""Orbits with several tangents as array operations: what the machine code is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .kernel import Kernel, TapeKernel
from .machine.lyapunov_code import ANNIHILATED, HIGHEST, LOWEST
from .machine.spectrum_code import COLLAPSED, TIGHT, steps_between

__all__ = ["FrameRows"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]
Frames = list[Rows]  # k tangents, each of shape (n, d)

_MOST_FIELD, _UNIT_FIELD = 2045, 1023


class FrameRows:
    """Orbits with k orthogonal tangents each."""

    def __init__(self, kernel: Kernel, states: Rows, frame: NDArray[np.float64]) -> None:
        # Straight-line code wants each coordinate contiguous, plain row functions each row.
        columns = isinstance(kernel, TapeKernel)
        self.kernel, self.order = kernel, np.asfortranarray if columns else np.ascontiguousarray
        n, k = len(states), frame.shape[1]
        self.now = self.order(np.array(states, dtype=np.float64))
        self.frame: Frames = [self.order(np.tile(frame[:, j], (n, 1))) for j in range(k)]
        self.exponents, self.lost = np.zeros((k, n)), np.zeros((k, n))

    def advance(self, steps: int) -> None:
        """Take every row `steps` steps further."""
        whole = steps_between(len(self.frame))
        for first in range(0, steps, whole):
            self._block(min(whole, steps - first))

    def lengths(self) -> Numbers:
        """Return the lengths of the tangents, shape (k, n)."""
        return np.array([np.sqrt(_dot(v, v)) for v in self.frame])

    def final_states(self) -> Rows:
        """Return where the orbits are, shape (n, d)."""
        return np.ascontiguousarray(self.now)

    def _block(self, count: int) -> None:
        states, frame, exponents = self.now, self.frame, self.exponents.copy()
        finite = np.logical_and.reduce([np.isfinite(v).all(axis=1) for v in frame])
        for _ in range(count):
            self.now, self.frame = self._images(self.now, self.frame)
        largest = [_largest(v) for v in self.frame]
        fine = np.logical_and.reduce([(s >= LOWEST) & (s <= HIGHEST) for s in largest])
        self.frame, lengths, squares = _orthogonal(self.frame, self.exponents)
        for length, square in zip(lengths, squares, strict=True):
            fine &= square >= TIGHT * length
        again = np.flatnonzero(finite & ~fine)
        if again.size:
            self._carefully(states, frame, exponents, again, count)

    def _images(self, states: Rows, frame: Frames) -> tuple[Rows, Frames]:
        found = [self.kernel.tangent(states, v) for v in frame]
        return found[0][0], [moved for _, _, moved in found]

    def _carefully(
        self, states: Rows, frame: Frames, exponents: Numbers, which: NDArray[np.int64], count: int
    ) -> None:
        """Take some rows `count` steps from where they were, orthogonal after each."""
        now = self.order(states[which])
        moved = [self.order(v[which]) for v in frame]
        taken, lost = exponents[:, which], np.zeros((len(frame), len(which)))
        for _ in range(count):
            now, moved = self._images(now, moved)
            squares: list[Numbers] = []
            for j in range(len(moved)):
                v = _rescaled(moved[j], taken[j])
                length = _dot(v, v)
                for _ in range(2):
                    for i in range(j):
                        v = _without(v, moved[i], squares[i])
                gone = _dot(v, v) <= COLLAPSED * length
                v = np.where(gone[:, None], _replacement(moved[:j], squares, v), v)
                taken[j] += np.where(gone, ANNIHILATED, 0.0)
                lost[j] += gone
                moved[j] = self.order(_rescaled(v, taken[j]))
                squares.append(_dot(moved[j], moved[j]))
        self.exponents[:, which] = taken
        self.lost[:, which] += lost
        for own, new in zip(self.frame, moved, strict=True):
            own[which] = new


def _orthogonal(frame: Frames, exponents: Numbers) -> tuple[Frames, list[Numbers], list[Numbers]]:
    """Return orthogonal tangents, their squared lengths before and after; powers are counted."""
    done: Frames = []
    lengths: list[Numbers] = []
    squares: list[Numbers] = []
    for j, moved in enumerate(frame):
        v = _rescaled(moved, exponents[j])
        lengths.append(_dot(v, v))
        for w, square in zip(done, squares, strict=True):
            v = _without(v, w, square)
        squares.append(_dot(v, v))
        done.append(v)
    return done, lengths, squares


def _without(v: Rows, w: Rows, square: Numbers) -> Rows:
    return v - (_dot(w, v) / square)[:, None] * w


def _replacement(before: Frames, squares: list[Numbers], like: Rows) -> Rows:
    """Return the coordinate direction that is farthest from the span of the tangents before."""
    n, d = like.shape
    best, most = np.zeros((n, d)), np.full(n, -1.0)
    for m in range(d):
        tried = np.zeros((n, d))
        tried[:, m] = 1.0
        for w, square in zip(before, squares, strict=True):
            tried = _without(tried, w, square)
        size = _dot(tried, tried)
        better = size > most
        best = np.where(better[:, None], tried, best)
        most = np.where(better, size, most)
    return best


def _dot(one: Rows, other: Rows) -> Numbers:
    """Return products of rows, added up in the order of the coordinates."""
    total = np.zeros(len(one))
    for i in range(one.shape[1]):
        total = one[:, i] * other[:, i] + total
    return total


def _rescaled(along: Rows, exponent: Numbers) -> Rows:
    """Return tangents with their largest entries in [1, 2); the powers of two are counted."""
    largest = _largest(along)
    field = np.minimum(largest.view(np.int64) >> 52, _MOST_FIELD)
    field = np.where((largest > 0) & (largest < np.inf), field, _UNIT_FIELD)
    exponent += field - _UNIT_FIELD
    return along * np.ldexp(1.0, _UNIT_FIELD - field)[:, None]


def _largest(rows: Rows) -> Numbers:
    """Return the largest absolute coordinate of each row, NaN where there is one."""
    return np.ascontiguousarray(np.abs(rows).max(axis=1, initial=0.0))

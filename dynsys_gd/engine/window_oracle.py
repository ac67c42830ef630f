"""A window of steps as array operations: what the machine code is compared with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .kernel import Kernel, TapeKernel
from .window import (
    LARGEST_SQUARE,
    LOOK_EVERY,
    RATIO_SLACK,
    Departure,
    EscapeRule,
    Window,
    squared_norm,
)

__all__ = ["window_of_rows"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


def window_of_rows(
    kernel: Kernel,
    states: Rows,
    length: int,
    *,
    radius: Numbers,
    lags: int,
    tolerance: float,
    escape: EscapeRule,
) -> Window:
    """Return what `run_window` returns, computed with numpy."""
    with np.errstate(all="ignore"):
        lanes = _Lanes(kernel, states, radius, lags=min(lags, length), reach=escape.reach)
        return lanes.run(length, tolerance, escape)


class _Lanes:
    """The rows still iterated, packed; `place` says where each belongs in the output."""

    def __init__(
        self, kernel: Kernel, states: Rows, radius: Numbers, *, lags: int, reach: float
    ) -> None:
        n = len(states)
        self.kernel = kernel
        self.lags = lags
        self.place = np.arange(n)
        # Straight-line code wants each coordinate contiguous, plain row functions each row.
        columns = isinstance(kernel, TapeKernel)
        self.now = np.asfortranarray(states) if columns else np.ascontiguousarray(states)
        self.norm = squared_norm(self.now)
        self.limit = np.minimum(np.square(radius), LARGEST_SQUARE)
        self.horizon = np.minimum(np.square(reach * radius), LARGEST_SQUARE)
        self.run_length = np.zeros(n, dtype=np.int64)
        self.last_ratio = np.zeros(n)
        self.far, self.gone = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.largest, self.smallest = np.zeros(n), np.full(n, np.inf)
        self.highest = self.norm.copy()
        self.low = self.high = self.now
        self.settled = np.zeros(n, dtype=np.int64)
        self.final_states = np.array(states, dtype=np.float64)
        self.departure = np.zeros(n, dtype=np.int64)
        self.departed_after = np.zeros(n, dtype=np.int64)
        self.full = {name: np.zeros(n) for name in _PACKED_NUMBERS}
        self.full_settled = np.zeros(n, dtype=np.int64)

    def run(self, length: int, tolerance: float, escape: EscapeRule) -> Window:
        n = len(self.final_states)
        floor = tolerance * tolerance
        full, settled = self.full, self.full_settled
        lag_distances = np.full((self.lags, n), np.nan)
        last_step, extent = np.full(n, np.nan), np.full(n, np.nan)
        first_lag = length - self.lags + 1
        base = before = self.now
        for t in range(1, length + 1):
            if t == first_lag or (t < first_lag and t % LOOK_EVERY == 0):
                self._compact(force=t == first_lag)
                base = self.now
            if not self.place.size:
                break
            before = self.now
            images, residuals = self.kernel.step(before)
            square = squared_norm(residuals)
            np.maximum(self.largest, square, out=self.largest)
            np.minimum(self.smallest, square, out=self.smallest)
            np.copyto(self.settled, t, where=square > floor)
            self._watch(images, t, escape)
            self.now = images
            if t % LOOK_EVERY == 0 or t == length:
                self.low, self.high = np.minimum(self.low, images), np.maximum(self.high, images)
            if t >= first_lag:
                distance = np.sqrt(squared_norm(images - base))
                lag_distances[t - first_lag, self.place] = distance
        staying = np.flatnonzero(~self.gone)
        places = self.place[staying]
        if staying.size:
            last_step[places] = np.sqrt(squared_norm(self.now - before))[staying]
            extent[places] = np.sqrt(squared_norm(self.high - self.low))[staying]
        self.final_states[places] = self.now[staying]
        self._store(staying)
        lag_distances[:, self.departure != Departure.NONE] = np.nan
        return Window(
            states=self.final_states,
            largest_residual=np.sqrt(full["largest"]),
            smallest_residual=np.sqrt(full["smallest"]),
            largest_norm=np.sqrt(full["highest"]),
            extent=extent,
            last_step=last_step,
            settled=settled,
            departure=self.departure,
            departed_after=self.departed_after,
            lag_distances=lag_distances,
        )

    def _watch(self, images: Rows, t: int, escape: EscapeRule) -> None:
        """Update |x| and mark the rows that have departed with step `t`."""
        norm = squared_norm(images)
        np.maximum(self.highest, norm, out=self.highest)
        far = ~(norm <= self.limit)  # written so that NaN counts
        if far.any():
            outside = np.flatnonzero(far & ~self.gone)
            ratio = norm[outside] / self.norm[outside]
            entered = ~self.far[outside]
            steady = entered | (ratio >= self.last_ratio[outside] * (1 - RATIO_SLACK))
            growing = steady & (ratio >= escape.ratio**2)
            before = np.where(entered, 0, self.run_length[outside])
            self.run_length[outside] = np.where(growing, before + 1, 0)
            self.last_ratio[outside] = ratio
            unbounded = ~np.isfinite(norm[outside])
            beyond = norm[outside] > self.horizon[outside]
            leaving = unbounded | (beyond & (self.run_length[outside] >= escape.steps))
            self._depart(outside[leaving], unbounded[leaving], images, t)
        self.norm, self.far = norm, far

    def _depart(self, which: Counts, unbounded: NDArray[np.bool_], images: Rows, t: int) -> None:
        if not which.size:
            return
        # A NaN from a moderate state need not be blow-up: the map may be undefined there, or the
        # formula may have overflowed half way. It must not count as an escape.
        was_inside = self.norm[which] <= self.horizon[which]
        undefined = np.isnan(images[which]).any(axis=1) & was_inside
        codes = np.where(
            undefined,
            Departure.NOT_A_NUMBER,
            np.where(unbounded, Departure.OVERFLOW, Departure.GROWTH),
        )
        self._store(which)
        places = self.place[which]
        self.departure[places] = codes
        self.departed_after[places] = t
        self.final_states[places] = images[which]
        self.gone[which] = True

    def _compact(self, *, force: bool) -> None:
        """Drop departed rows where there are enough of them to be worth a copy."""
        count = int(np.count_nonzero(self.gone))
        if count == 0 or (not force and 8 * count < self.gone.size):
            return
        keep = np.flatnonzero(~self.gone)
        self.now = _take(self.now, keep)
        self.low, self.high = _take(self.low, keep), _take(self.high, keep)
        for name in (*_PACKED_NUMBERS, *_PACKED_REST):
            setattr(self, name, getattr(self, name)[keep])

    def _store(self, which: Counts) -> None:
        """Write the statistics of rows that end here to their places."""
        places = self.place[which]
        for name, values in self.full.items():
            values[places] = getattr(self, name)[which]
        self.full_settled[places] = self.settled[which]


_PACKED_NUMBERS = ("largest", "smallest", "highest")
_PACKED_REST = (
    *("place", "norm", "limit", "horizon"),
    *("run_length", "last_ratio", "far", "gone", "settled"),
)


def _take(rows: Rows, keep: Counts) -> Rows:
    """Return some rows in the memory order of `rows`."""
    return rows[keep] if rows.flags.c_contiguous else np.take(rows.T, keep, axis=1).T

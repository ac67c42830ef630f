"""How many orbits advance together: one window of steps with running statistics.

The driver knows nothing of losses. It sees a `Kernel`, iterates its rows, keeps the few numbers a
classification needs, and stops iterating rows that have left for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .kernel import Kernel, TapeKernel

__all__ = ["Departure", "EscapeRule", "Window", "run_window", "squared_norm"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

_LOOK_EVERY = 8
_LARGEST_SQUARE = 1e300  # whatever overflows is outside of every radius
_RATIO_SLACK = 1e-9  # geometric growth has a constant ratio, up to rounding


class Departure(IntEnum):
    """Why a row stopped before the end of a window."""

    NONE = 0
    GROWTH = 1
    OVERFLOW = 2
    NOT_A_NUMBER = 3


@dataclass(frozen=True, kw_only=True)
class EscapeRule:
    """When an orbit counts as gone: outside its radius, and growing as only blow-up does.

    A drift at bounded speed leaves every radius too, but its ratios |x_{t+1}| / |x_t| fall
    towards 1. Blow-up keeps them above 1 and never lets them fall, so `steps` ratios in a row, each
    at least `ratio` and none smaller than the one before, are asked for.

    Growth alone is no blow-up either: near a maximum of a wide loss an orbit grows by a constant
    factor until it feels the minimum far away. So the growth must still go on when the orbit has
    left the horizon, which is `reach` times the radius; until then it is iterated. An orbit whose
    numbers overflow has left whatever its ratios were. No finite number of steps proves more: a
    limit beyond the horizon is missed where the approach is exponential.
    """

    steps: int = 6
    ratio: float = 1.05
    reach: float = 1e9


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """What one window of steps showed, per row; entry k belongs to row k of the input.

    Parameters
    ----------
    states : ndarray, shape (n, d)
        After the last step; for a departed row, after the step with which it departed.
    largest_residual, smallest_residual : ndarray, shape (n,)
        Extremes of the residual norm over the states before each step.
    largest_norm : ndarray, shape (n,)
        Largest |x| over the images.
    extent : ndarray, shape (n,)
        Diagonal of the smallest box about the states, looked at every 8 steps.
    last_step : ndarray, shape (n,)
        Distance between the last two states.
    settled : ndarray of int, shape (n,)
        Steps after which the residual stayed at most the tolerance.
    departure, departed_after : ndarray of int, shape (n,)
        `Departure` code, and the step with which the row departed (0 where it did not).
    lag_distances : ndarray, shape (lags, n)
        Distance from the state `lags` steps before the end to the states 1, 2, … steps later.
    """

    states: Rows
    largest_residual: Numbers
    smallest_residual: Numbers
    largest_norm: Numbers
    extent: Numbers
    last_step: Numbers
    settled: Counts
    departure: Counts
    departed_after: Counts
    lag_distances: Numbers


def run_window(
    kernel: Kernel,
    states: Rows,
    length: int,
    *,
    radius: Numbers,
    lags: int = 1,
    tolerance: float = 1e-6,
    escape: EscapeRule = EscapeRule(),
) -> Window:
    """Advance every row of `states` by `length` steps.

    Parameters
    ----------
    kernel : Kernel
    states : ndarray, shape (n, d)
        Not changed.
    length : int
        Number of steps, at least 1.
    radius : ndarray, shape (n,)
        Radius of the ball outside of which ratios count for `escape`.
    lags : int
        How many of the last states are compared with the one before them, at most `length`.
    tolerance : float
        Residual norm below which a row counts as settled.
    escape : EscapeRule

    Returns
    -------
    Window

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import SymbolicMap
    >>> x = sp.Symbol("x")
    >>> kernel = SymbolicMap([3 * x], [x]).kernel()
    >>> window = run_window(kernel, np.array([[0.0], [1.0]]), 40, radius=np.array([10.0, 10.0]))
    >>> window.departure.tolist(), window.departed_after.tolist()  # 3^21 is the first beyond 10^10
    ([0, 1], [0, 21])
    """
    with np.errstate(all="ignore"):
        lanes = _Lanes(kernel, states, radius, lags=min(lags, length), reach=escape.reach)
        return lanes.run(length, tolerance, escape)


def squared_norm(rows: Rows) -> Numbers:
    """Return |x|² of each row; inf where it overflows, and for a row with an infinite entry."""
    if not rows.flags.f_contiguous:
        return np.asarray(np.einsum("ij,ij->i", rows, rows))
    # Column by column, so that a row is summed alike however many rows there are.
    first, *rest = rows.T
    total = first * first
    for column in rest:
        total += column * column
    return total


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
        self.limit = np.minimum(np.square(radius), _LARGEST_SQUARE)
        self.horizon = np.minimum(np.square(reach * radius), _LARGEST_SQUARE)
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

    def run(self, length: int, tolerance: float, escape: EscapeRule) -> Window:
        n = len(self.final_states)
        floor = tolerance * tolerance
        full = {name: np.zeros(n) for name in _PACKED_NUMBERS}
        settled = np.zeros(n, dtype=np.int64)
        lag_distances = np.full((self.lags, n), np.nan)
        last_step, extent = np.full(n, np.nan), np.full(n, np.nan)
        first_lag = length - self.lags + 1
        base = before = self.now
        for t in range(1, length + 1):
            if t == first_lag or (t < first_lag and t % _LOOK_EVERY == 0):
                self._compact(full, settled, force=t == first_lag)
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
            if t % _LOOK_EVERY == 0 or t == length:
                self.low, self.high = np.minimum(self.low, images), np.maximum(self.high, images)
            if t >= first_lag:
                distance = np.sqrt(squared_norm(images - base))
                lag_distances[t - first_lag, self.place] = distance
        if self.place.size:
            last_step[self.place] = np.sqrt(squared_norm(self.now - before))
            extent[self.place] = np.sqrt(squared_norm(self.high - self.low))
        staying = ~self.gone
        self.final_states[self.place[staying]] = self.now[staying]
        self._store(full, settled, np.arange(self.place.size))
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
            steady = entered | (ratio >= self.last_ratio[outside] * (1 - _RATIO_SLACK))
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
        places = self.place[which]
        self.departure[places] = codes
        self.departed_after[places] = t
        self.final_states[places] = images[which]
        self.gone[which] = True

    def _compact(self, full: dict[str, Numbers], settled: Counts, *, force: bool) -> None:
        """Drop departed rows where there are enough of them to be worth a copy."""
        count = int(np.count_nonzero(self.gone))
        if count == 0 or (not force and 8 * count < self.gone.size):
            return
        self._store(full, settled, np.flatnonzero(self.gone))
        keep = np.flatnonzero(~self.gone)
        self.now = _take(self.now, keep)
        self.low, self.high = _take(self.low, keep), _take(self.high, keep)
        for name in (*_PACKED_NUMBERS, *_PACKED_REST):
            setattr(self, name, getattr(self, name)[keep])

    def _store(self, full: dict[str, Numbers], settled: Counts, which: Counts) -> None:
        places = self.place[which]
        for name, values in full.items():
            values[places] = getattr(self, name)[which]
        settled[places] = self.settled[which]


_PACKED_NUMBERS = ("largest", "smallest", "highest")
_PACKED_REST = (
    *("place", "norm", "limit", "horizon"),
    *("run_length", "last_ratio", "far", "gone", "settled"),
)


def _take(rows: Rows, keep: Counts) -> Rows:
    """Return some rows in the memory order of `rows`."""
    return rows[keep] if rows.flags.c_contiguous else np.take(rows.T, keep, axis=1).T

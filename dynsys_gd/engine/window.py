"""One window of steps: what is asked of the driver, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LARGEST_SQUARE",
    "LOOK_EVERY",
    "RATIO_SLACK",
    "Departure",
    "EscapeRule",
    "Window",
    "squared_norm",
]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]

LOOK_EVERY = 8
LARGEST_SQUARE = 1e300  # whatever overflows is outside of every radius
RATIO_SLACK = 1e-9  # geometric growth has a constant ratio, up to rounding
_FEW_ROWS = 16  # up to which numpy's calls cost more than its sums


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


def squared_norm(rows: Rows) -> Numbers:
    """Return |x|² of each row; inf where it overflows, and for a row with an infinite entry."""
    # Column by column, so that a row is summed alike however many rows there are: one row alone
    # does not tell how the others lay in memory.
    if len(rows) <= _FEW_ROWS or not rows.flags.f_contiguous:  # the same sums in the same order
        return np.asarray(np.add.accumulate(rows.T * rows.T, axis=0)[-1])
    first, *rest = rows.T
    total = first * first
    for column in rest:
        total += column * column
    return total

"""What happens next to a limit: perturbed starts, and whether they come back."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..engine.chunks import chunk_rows, row_slices
from ..engine.driver import Departure, run_window
from ..engine.iteration import iterate
from ..engine.kernel import Kernel
from .budget import Budget
from .iterate import norms

__all__ = ["Return", "directions", "flat_nearby", "returns"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_CHANGE = 1e-6  # relative change of the residual that is told apart from rounding
_BACK = 1e-3  # a residual that has fallen by this factor needs no finer comparison
_ABOVE_REST = 10.0
_FARTHEST = 1e-2
_FLAT_RADIUS = 1e-6


class Return(IntEnum):
    """What the perturbed orbits of one limit did."""

    ALL = 0
    SOME_LEFT = 1
    NEITHER = 2


def directions(dimension: int, budget: Budget) -> Rows:
    """Return the unit directions ±u of every perturbation, shape (2 · perturbations, d).

    They depend on the budget's seed only, so that each start meets the same ones.

    Examples
    --------
    >>> directions(3, Budget(perturbations=2)).shape
    (4, 3)
    """
    draws = np.random.default_rng(budget.seed).standard_normal((budget.perturbations, dimension))
    draws /= np.linalg.norm(draws, axis=1, keepdims=True)
    return np.concatenate([draws, -draws])


def flat_nearby(kernel: Kernel, points: Rows, budget: Budget) -> NDArray[np.bool_]:
    """Return which residual entries vanish exactly at each point and all about it, shape (n, r)."""
    size = _FLAT_RADIUS * (1.0 + norms(points))
    flat = kernel.step(points)[1] == 0
    for direction in directions(points.shape[1], budget):
        flat &= kernel.step(points + size[:, None] * direction)[1] == 0
    return np.asarray(flat)


def returns(
    kernel: Kernel,
    points: Rows,
    radius: Numbers,
    budget: Budget,
    *,
    along: NDArray[np.float64] | None = None,
    widen: bool = True,
    flat: bool = False,
) -> NDArray[np.int64]:
    """Follow perturbed limits and return a `Return` for each point, shape (n,).

    Parameters
    ----------
    kernel : Kernel
    points : ndarray, shape (n, d)
    radius : ndarray, shape (n,)
        Size of the perturbations.
    budget : Budget
    along : ndarray, shape (n, d, d), optional
        Projections onto the directions in question; all directions by default.
    widen : bool
        Whether to take ten times the radius, up to one hundredth of 1 + |x|, while nothing shows:
        near degenerate points all is slow.
    flat : bool
        Whether a residual that is exactly zero all along belongs to a flat piece of the map, and
        the orbit has come back; of an analytic map it has only underflowed.

    Notes
    -----
    An orbit has come back when its residual is smaller in the last quarter of the replay than in
    the second one, by when fast transients are over; it has left when it is larger than in both
    the first and the second. Distances are not compared: along a family of limits they stay. Where
    the residual is hardly larger in the beginning than at the limit itself both are rounding, and
    that one of them falls, even to zero, shows nothing.
    """
    n, d = points.shape
    about = np.broadcast_to(directions(d, budget), (n, 2 * budget.perturbations, d))
    if along is not None:
        about = about @ np.swapaxes(along, 1, 2)
        length = np.linalg.norm(about, axis=2, keepdims=True)
        about = about / np.where(length > 0, length, 1.0)
    scale = 1.0 + norms(points)
    radius = np.maximum(radius, 1e-8 * scale)
    result = np.full(n, int(Return.NEITHER))
    rest = norms(kernel.step(points)[1])
    rows = np.arange(n)
    while rows.size:
        starts = points[rows, None, :] + radius[rows, None, None] * about[rows]
        own = np.repeat(rest[rows], about.shape[1])
        back, left = _replayed(kernel, starts.reshape(-1, d), own, budget, flat=flat)
        all_back = back.reshape(rows.size, -1).all(axis=1)
        some_left = left.reshape(rows.size, -1).any(axis=1)
        result[rows[all_back]] = Return.ALL
        result[rows[some_left]] = Return.SOME_LEFT
        radius = 10.0 * radius
        again = ~all_back & ~some_left & (radius[rows] <= _FARTHEST * scale[rows])
        rows = rows[again & widen]
    return result


def _replayed(
    kernel: Kernel, starts: Rows, rest: Numbers, budget: Budget, *, flat: bool
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return for each start whether its orbit came back, and whether it left.

    `rest` is the residual norm of the limit itself, of which one is to see more at the start.
    """
    quarter = max(1, budget.replay_steps // 4)
    first, second, last = (np.empty(len(starts)) for _ in range(3))
    for block in row_slices(len(starts), chunk_rows(starts.shape[1])):
        states, first[block] = _residuals(kernel, starts[block], quarter, budget)
        states, second[block] = _residuals(kernel, states, quarter, budget)
        states = iterate(kernel, states, quarter, arithmetic=budget.arithmetic)
        _, last[block] = _residuals(kernel, states, quarter, budget)
    with np.errstate(all="ignore"):
        back = (last <= _BACK * first) | (last < (1.0 - _CHANGE) * second)
        silent = (first == 0) & (second == 0) & (last == 0)
        back &= (first >= _ABOVE_REST * rest) | (silent & flat)
        left = ~(last <= (1.0 + _CHANGE) * np.maximum(first, second))
    return back, left & ~back


def _residuals(kernel: Kernel, states: Rows, steps: int, budget: Budget) -> tuple[Rows, Numbers]:
    """Return states some steps later and the largest residual norm on the way.

    NaN for what overflowed meanwhile.
    """
    nowhere = np.full(len(states), np.inf)
    window = run_window(kernel, states, steps, radius=nowhere, arithmetic=budget.arithmetic)
    stayed = window.departure == Departure.NONE
    return window.states, np.where(stayed, window.largest_residual, np.nan)

"""What happens next to a limit: perturbed starts, and whether they come back."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..engine.kernel import Kernel
from .budget import Budget
from .iterate import norms

__all__ = ["Return", "directions", "flat_nearby", "returns"]

Rows = NDArray[np.float64]

_CHANGE = 1e-6  # relative change of the residual that is told apart from rounding
_FARTHEST = 1e-2


class Return(IntEnum):
    """What the perturbed orbits of one limit did."""

    ALL = 0
    SOME_LEFT = 1
    NEITHER = 2


def directions(dimension: int, budget: Budget) -> Rows:
    """Return the unit directions ±u of every perturbation, shape (2 · perturbations, d).

    They depend on the budget's seed only, so that each start meets the same ones.
    """
    draws = np.random.default_rng(budget.seed).standard_normal((budget.perturbations, dimension))
    draws /= np.linalg.norm(draws, axis=1, keepdims=True)
    return np.concatenate([draws, -draws])


def flat_nearby(kernel: Kernel, points: Rows, budget: Budget) -> NDArray[np.bool_]:
    """Return which residual entries vanish exactly at each point and all about it, shape (n, r)."""
    about = directions(points.shape[1], budget)
    size = 1e-6 * (1.0 + norms(points))
    flat = kernel.step(points)[1] == 0
    for direction in about:
        flat &= kernel.step(points + size[:, None] * direction)[1] == 0
    return flat


def returns(
    kernel: Kernel,
    points: Rows,
    radius: NDArray[np.float64],
    budget: Budget,
    *,
    widen: bool = True,
) -> NDArray[np.int64]:
    """Follow starts at ``points ± radius · u`` and return a `Return` for each point, shape (n,).

    Notes
    -----
    An orbit comes back when its residual is smaller at the end than at the start of the replay,
    and leaves when it is larger. Distances are not compared: along a family of limits they stay.
    Near degenerate points all is slow, so `widen` takes ten times the radius while neither shows.
    """
    about = directions(points.shape[1], budget)
    scale = 1.0 + norms(points)
    radius = np.maximum(radius, 1e-8 * scale)
    result = np.full(len(points), int(Return.NEITHER))
    open_rows = np.arange(len(points))
    while open_rows.size:
        came_back, left = np.ones(open_rows.size, bool), np.zeros(open_rows.size, bool)
        for direction in about:
            starts = points[open_rows] + radius[open_rows, None] * direction
            change = _residual_change(kernel, starts, budget.replay_steps)
            came_back &= change < 1.0 - _CHANGE
            left |= ~(change <= 1.0 + _CHANGE)
        result[open_rows[came_back]] = Return.ALL
        result[open_rows[left]] = Return.SOME_LEFT
        radius = 10.0 * radius
        again = ~came_back & ~left & (radius[open_rows] <= _FARTHEST * scale[open_rows])
        open_rows = open_rows[again & widen]
    return result


def _residual_change(kernel: Kernel, starts: Rows, steps: int) -> NDArray[np.float64]:
    """Return the largest residual of the last quarter over that of the first; 0/0 counts as 0."""
    quarter = max(1, steps // 4)
    early, late = np.zeros(len(starts)), np.zeros(len(starts))
    states = np.asfortranarray(starts)
    with np.errstate(all="ignore"):
        for t in range(steps):
            states, residuals = kernel.step(states)
            if t < quarter:
                np.maximum(early, norms(residuals), out=early)
            if t >= steps - quarter:
                np.maximum(late, norms(residuals), out=late)
        return np.where(late == 0, 0.0, late / early)

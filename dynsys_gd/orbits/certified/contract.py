"""How boxes shrink around the orbits that they may hold."""

from __future__ import annotations

import numpy as np

from .equations import Equations
from .outward import Bounds, middle

__all__ = ["contracted", "first_is_largest"]

_SWEEPS = 6
_GAIN = 0.9  # a further sweep must have a chance: the last one shrank the boxes at least to this


def contracted(
    equations: Equations, lower: Bounds, upper: Bounds
) -> tuple[Bounds, Bounds, np.ndarray]:
    """Return smaller boxes with the same orbits, and the places of those that are left.

    Parameters
    ----------
    equations : Equations
    lower, upper : ndarray, shape (p, d, n)

    Returns
    -------
    lower, upper : ndarray, shape (p, d, m)
    kept : ndarray, shape (m,)
        Which boxes these are; the others hold no orbit.
    """
    kept = np.arange(lower.shape[2])
    lower, upper = lower.copy(), upper.copy()
    period = equations.period
    before = _size(lower, upper)
    for sweep in range(_SWEEPS):
        order = range(period) if sweep % 2 == 0 else range(period - 1, -1, -1)
        for k in order:
            _narrow(equations, lower, upper, k)
        if period > 1:
            first_is_largest(lower, upper)
        alive = (lower <= upper).all(axis=(0, 1))
        if not alive.all():
            lower, upper, kept = lower[..., alive], upper[..., alive], kept[alive]
            before = before[alive]
        if not len(kept):
            break
        after = _size(lower, upper)
        if np.mean(after < _GAIN * before) < 0.25:
            break
        before = after
    return lower, upper, kept


def _size(lower: Bounds, upper: Bounds) -> Bounds:
    return np.asarray((upper - lower).sum(axis=(0, 1)))


def _narrow(equations: Equations, lower: Bounds, upper: Bounds, k: int) -> None:
    """Use equation k in both directions; empty boxes get bounds in the wrong order."""
    d, period, n = equations.dimension, equations.period, lower.shape[2]
    given = np.empty((2, 4, d, n))
    given[0, :2], given[1, :2] = lower[k], upper[k]
    # Empty boxes stay where they are: a midpoint must lie between bounds in the right order.
    given[:, 2] = middle(np.minimum(lower[k], upper[k]), upper[k])
    after = (k + 1) % period
    if period == 1:
        given[:, 3] = 0.0
    else:
        given[0, 3], given[1, 3] = lower[after], upper[after]
    low, high = equations.contraction(given[0].reshape(4 * d, n), given[1].reshape(4 * d, n))
    image_low = np.maximum(low[:d], low[d : 2 * d])
    image_high = np.minimum(high[:d], high[d : 2 * d])
    if period == 1:
        empty = ((image_low > 0) | (image_high < 0)).any(axis=0)
        lower[0][:, empty], upper[0][:, empty] = np.inf, -np.inf
    else:
        np.maximum(lower[after], image_low, out=lower[after])
        np.minimum(upper[after], image_high, out=upper[after])
    # The quotients may have bounds where the derivative has none, as 1/(1/x) has at zero; the mean
    # value theorem does not hold there.
    bounded = np.isfinite(low[: 2 * d]) & np.isfinite(high[: 2 * d])
    everywhere = bool(bounded.all())
    for place, (i, j) in enumerate(equations.places):
        back_low, back_high = low[2 * d + place], high[2 * d + place]
        if not everywhere:
            smooth = bounded[i] & bounded[d + i]
            back_low, back_high = (
                np.where(smooth, back_low, -np.inf),
                np.where(smooth, back_high, np.inf),
            )
        np.maximum(lower[k, j], back_low, out=lower[k, j])
        np.minimum(upper[k, j], back_high, out=upper[k, j])


def first_is_largest(lower: Bounds, upper: Bounds) -> None:
    """Keep of every orbit the numbering in which x_0 has the largest first coordinate."""
    np.minimum(upper[:, 0], upper[0, 0], out=upper[:, 0])
    np.maximum(lower[0, 0], lower[:, 0].max(axis=0), out=lower[0, 0])

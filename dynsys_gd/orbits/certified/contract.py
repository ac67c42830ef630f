"""How boxes shrink around the orbits that they may hold."""

from __future__ import annotations

import numpy as np

from .equations import Equations
from .outward import Bounds

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
    function = equations.contraction
    after = (k + 1) % period
    given = np.empty((2, 4, d, -(-n // function.lanes) * function.lanes))
    given[..., n:] = 0.0
    given[0, :2, :, :n], given[1, :2, :, :n] = lower[k], upper[k]
    # Halves of tiny numbers round: the midpoint is put back between the bounds. In empty boxes it
    # does not matter where it is.
    centre = given[0, 2]
    np.add(given[0, 0], given[1, 0], out=centre)
    centre *= 0.5
    np.maximum(centre, given[0, 0], out=centre)
    np.minimum(centre, given[1, 0], out=centre)
    given[1, 2] = centre
    if period == 1:
        given[:, 3] = 0.0
    else:
        given[0, 3, :, :n], given[1, 3, :, :n] = lower[after], upper[after]
    low, high = function(given[0].reshape(4 * d, -1), given[1].reshape(4 * d, -1))
    low, high = low[:, :n], high[:, :n]
    image_low = np.maximum(low[:d], low[d : 2 * d])
    image_high = np.minimum(high[:d], high[d : 2 * d])
    if period == 1:
        empty = ((image_low > 0) | (image_high < 0)).any(axis=0)
        lower[0][:, empty], upper[0][:, empty] = np.inf, -np.inf
    else:
        np.maximum(lower[after], image_low, out=lower[after])
        np.minimum(upper[after], image_high, out=upper[after])
    # The quotients may have bounds where the derivative has none, as 1/(1/x) has at zero; the mean
    # value theorem does not hold there. A sum with a bound at infinity is not finite.
    with np.errstate(all="ignore"):
        everywhere = bool(np.isfinite(low[: 2 * d].sum()) and np.isfinite(high[: 2 * d].sum()))
    if not everywhere:
        bounded = np.isfinite(low[: 2 * d]) & np.isfinite(high[: 2 * d])
        for place, (i, _) in enumerate(equations.places):
            rough = ~(bounded[i] & bounded[d + i])
            low[2 * d + place, rough], high[2 * d + place, rough] = -np.inf, np.inf
    for place, (_, j) in enumerate(equations.places):
        np.maximum(lower[k, j], low[2 * d + place], out=lower[k, j])
        np.minimum(upper[k, j], high[2 * d + place], out=upper[k, j])


def first_is_largest(lower: Bounds, upper: Bounds) -> None:
    """Keep of every orbit the numbering in which x_0 has the largest first coordinate."""
    np.minimum(upper[:, 0], upper[0, 0], out=upper[:, 0])
    np.maximum(lower[0, 0], lower[:, 0].max(axis=0), out=lower[0, 0])

"""What the maxima of successive windows say: slow decay, blow-up, drift, or none of these."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["HISTORY", "decay_exponents", "drifting", "exploding", "resting", "staying"]

#: window maxima that are kept, the last one last
HISTORY = 4

_SLOWEST_DECAY = 0.9  # the maximum falls at least by this factor while the time doubles
_FAR = 10.0

Maxima = NDArray[np.float64]
Numbers = NDArray[np.float64]


def decay_exponents(residuals: Maxima) -> Numbers:
    """Return p where window maxima of the residual fall like t^p, NaN where they do not fall.

    Parameters
    ----------
    residuals : ndarray, shape (n, HISTORY)
        Largest residual in windows that begin at doubling times.

    Examples
    --------
    >>> decay_exponents(np.array([[8.0, 4.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0]]))
    array([-1., nan])
    """
    with np.errstate(all="ignore"):
        ratios = residuals[:, 1:] / residuals[:, :-1]
        falling = np.all(ratios <= _SLOWEST_DECAY, axis=1) & np.all(residuals > 0, axis=1)
        return np.where(falling, np.log2(ratios[:, -1]), np.nan)


def exploding(sizes: Maxima, radius: Numbers) -> NDArray[np.bool_]:
    """Return which orbits grow faster than any power of the time, too slowly for single steps.

    Parameters
    ----------
    sizes : ndarray, shape (n, HISTORY)
        Largest |x| in windows of doubling length.
    radius : ndarray, shape (n,)
        Size beyond which growth counts.

    Notes
    -----
    Over windows of doubling length a power t^p grows by the constant factor 2^p, an exponential by
    factors that are squared each time. Two factors above 4, the second above twice the first.

    Examples
    --------
    >>> exploding(np.array([[1.0, 10.0, 1e3, 1e7], [1e4, 4e4, 16e4, 64e4]]), np.full(2, 100.0))
    array([ True, False])
    """
    with np.errstate(all="ignore"):
        before, last = sizes[:, -2] / sizes[:, -3], sizes[:, -1] / sizes[:, -2]
        return (sizes[:, -1] > radius) & (before > 4.0) & (last > 2.0 * before)


def drifting(extents: Maxima, residuals: Maxima, scale: Numbers) -> NDArray[np.bool_]:
    """Return which orbits travel farther in longer windows, and far, without slowing down.

    Parameters
    ----------
    extents, residuals : ndarray, shape (n, HISTORY)
        Diagonal of the box about the states, and largest residual, in windows of doubling length.
    scale : ndarray, shape (n,)
        Size of the orbit at its start.

    Notes
    -----
    Over three doublings a random walk travels 2.8 times as far on average, a steady drift 8 times,
    a bounded orbit no farther.

    Examples
    --------
    >>> extents = np.array([[10.0, 14.0, 20.0, 28.0], [30.0, 30.0, 31.0, 31.0]])
    >>> drifting(extents, np.ones((2, 4)), np.ones(2))
    array([ True, False])
    """
    with np.errstate(all="ignore"):
        farther = extents[:, -1] >= 1.9 * extents[:, 0]
        return farther & (extents[:, -1] >= _FAR * scale) & ~resting(residuals)


def staying(extents: Maxima, scale: Numbers) -> NDArray[np.bool_]:
    """Return which orbits fill about the same box in longer windows.

    Takes arguments of `drifting`. The box of a random walk grows 2.8 times on average; that of a
    bounded orbit may still grow a little while the windows are short, so a factor of 1.5 is allowed
    to an orbit that stays within ten times the size of its start, and of 1.15 to one that does not.
    Where the budget is too short for a history, that size alone must do.

    Examples
    --------
    >>> extents = np.array([[10.0, 14.0, 20.0, 28.0], [30.0, 30.0, 31.0, 31.0]])
    >>> staying(extents, np.ones(2))
    array([False,  True])
    """
    with np.errstate(all="ignore"):
        first, last = extents[:, 0], extents[:, -1]
        small = last <= _FAR * scale
        return (last <= 1.15 * first) | (small & ~(last > 1.5 * first))


def resting(residuals: Maxima, by: float = _SLOWEST_DECAY) -> NDArray[np.bool_]:
    """Return where the last residual maximum is below `by` times some earlier one.

    Examples
    --------
    >>> resting(np.array([[1.0, 1.0, 1.0, 0.8], [np.nan, np.nan, 1.0, 1.0]]))
    array([ True, False])
    """
    with np.errstate(all="ignore"):
        return np.any(residuals[:, -1:] < by * residuals[:, :-1], axis=1)

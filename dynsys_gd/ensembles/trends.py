"""What the maxima of successive windows say: slow decay, drift, or neither."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["HISTORY", "decay_exponents", "drifting"]

#: window maxima that are kept, the last one last
HISTORY = 4

_SLOWEST_DECAY = 0.9  # the maximum falls at least by this factor while the time doubles
_SLOWEST_DRIFT = 1.25
_DRIFT_SIZE = 10.0

Maxima = NDArray[np.float64]


def decay_exponents(residuals: Maxima) -> NDArray[np.float64]:
    """Return p where window maxima of the residual fall like t^p, NaN where they do not fall.

    Parameters
    ----------
    residuals : ndarray, shape (n, HISTORY)
        Largest residual in windows of doubling length.

    Examples
    --------
    >>> decay_exponents(np.array([[8.0, 4.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0]]))
    array([-1., nan])
    """
    with np.errstate(all="ignore"):
        ratios = residuals[:, 1:] / residuals[:, :-1]
        falling = np.all(ratios <= _SLOWEST_DECAY, axis=1) & np.all(residuals > 0, axis=1)
        return np.where(falling, np.log2(ratios[:, -1]), np.nan)


def drifting(sizes: Maxima, scale: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which orbits reach farther in every window, and far compared with where they began.

    Parameters
    ----------
    sizes : ndarray, shape (n, HISTORY)
        Largest |x| in windows of doubling length.
    scale : ndarray, shape (n,)
        Size of the orbit at its start.
    """
    growing = np.all(sizes[:, 1:] >= _SLOWEST_DRIFT * sizes[:, :-1], axis=1)
    return growing & (sizes[:, -1] >= _DRIFT_SIZE * scale)

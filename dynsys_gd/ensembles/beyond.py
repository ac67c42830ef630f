"""Does the map go on expanding on the way from an orbit to the horizon?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..engine.driver import squared_norm
from ..engine.kernel import Kernel

__all__ = ["expands_beyond"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_FINENESS = np.sqrt(2.0)  # from one distance to the next


def expands_beyond(
    kernel: Kernel, states: Rows, horizon: Numbers, rate: Numbers
) -> NDArray[np.bool_]:
    """Return whether log |F(z)|/|z| >= rate for z = c x and z = c F(x), from c = 1 to the horizon.

    Parameters
    ----------
    kernel : Kernel
    states : ndarray, shape (n, d)
        Last states x of orbits that grow.
    horizon : ndarray, shape (n,)
        Distance up to which c x is looked at.
    rate : ndarray, shape (n,)
        Growth per step that is asked for, as a logarithm.

    Notes
    -----
    A linear map that expands passes, and so does one of higher degree. Where a minimum lies on the
    way, F(z) is near z or closer to the origin. The image stands in for orbits that change sides
    at every step. This says nothing of minima off the two rays, nor between two of the distances,
    which grow by a factor of √2.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import SymbolicMap
    >>> x = sp.Symbol("x")
    >>> here, far, rate = np.array([[10.0]]), np.array([1e12]), np.array([0.05])
    >>> for image in (1.1 * x, 1.1 * x - x**3 / 10**12):
    ...     expands_beyond(SymbolicMap([image], [x]).kernel(), here, far, rate)
    array([ True])
    array([False])
    """
    with np.errstate(all="ignore"):
        passed = np.ones(len(states), dtype=bool)
        for ray in (states, kernel.step(np.asfortranarray(states))[0]):
            size = np.sqrt(squared_norm(ray))
            factor = np.ones(len(ray))
            going = passed & (size > 0)
            passed = going.copy()
            while going.any():
                rows = np.flatnonzero(going)
                z = np.asfortranarray(factor[rows, None] * ray[rows])
                growth = np.log(np.sqrt(squared_norm(kernel.step(z)[0])) / (factor * size)[rows])
                passed[rows] &= growth >= rate[rows]  # NaN does not pass
                factor *= _FINENESS
                going = passed & (factor * size <= horizon)
        return passed

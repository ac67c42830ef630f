"""Has an orbit settled on a cycle, and what is its least period?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray

__all__ = ["Returns", "settled_periods"]

Array = NDArray[np.float64]

_ROUNDING = 1e-13  # of a return, relative to 1 + |x|
_AMPLIFIED = 1e-10  # the same relative to the size of the cycle, whose steps enlarge rounding
_CLEARER = 10.0  # times the remaining distance: by so much must a return miss at shorter periods


@dataclass(frozen=True, eq=False)
class Returns:
    """How orbits return, per row.

    Parameters
    ----------
    period : ndarray of int, shape (n,)
        Least period of the cycle on which the orbit has settled; 0 where it has on none.
    closest : ndarray, shape (n,)
        Smallest distance between the last state and an earlier one, up to the longest period,
        relative to the size of the orbit. Looked at until the period was found.
    """

    period: NDArray[np.int64]
    closest: Array


def settled_periods(piece: Array, longest: int, tolerance: float) -> Returns:
    """Return the least period of each orbit that has settled on a cycle.

    Parameters
    ----------
    piece : ndarray, shape (t, n, d)
        States one step after the other, at least 3 `longest` + 1 of them.
    longest : int
        Largest period that is looked for.
    tolerance : float
        How near to its cycle an orbit has to be: relative to the size of the cycle, and for fixed
        points to 1 + |x|.

    Notes
    -----
    Let R(p) be the largest \\|x_(s+p) - x_s\\| over p successive s. It is asked for at the
    beginning and at the end of the piece, S steps apart. An orbit that approaches a p-cycle by a
    factor ρ at each return has R(p) falling by ρ^(S/p), which gives ρ; what is left of the way is
    at most R(p)/(1 - ρ) and R(2p)/(1 - ρ²). A return that does not become better, however good it
    is, settles nothing: the orbit may be on a cycle of period 2p that has just branched off. The
    smallest p for which the rest of the way is within the tolerance, or the return within rounding,
    is the period, if returns after every shorter divisor of p miss by much more than that.
    Otherwise nobody knows whether the difference between them will last.

    Examples
    --------
    >>> t = np.arange(13)
    >>> cycle, slow = (-1.0) ** t, (-1.0) ** t * 0.999**t
    >>> settled_periods(np.stack([cycle, slow], axis=1)[:, :, None], 4, 1e-6).period.tolist()
    [2, 0]
    """
    length, n, _ = piece.shape
    periods, closest = np.zeros(n, dtype=np.int64), np.full(n, np.inf)
    columns = piece.transpose(2, 0, 1)
    with np.errstate(all="ignore"):
        recent = columns[:, -1 - longest :]  # all of a cycle of the longest period
        low, high = recent.min(axis=1), recent.max(axis=1)
        size = _norms(high - low)
        scale = 1.0 + _norms(np.maximum(np.abs(low), np.abs(high)))
        floor = _ROUNDING * scale + _AMPLIFIED * size
        open_ = np.flatnonzero(np.isfinite(size))
        for p in range(1, longest + 1):
            allowed = np.maximum(tolerance * (scale if p == 1 else size), floor)
            last = _norms(columns[:, -1, open_] - columns[:, -1 - p, open_])
            closest[open_] = np.minimum(closest[open_], last / size[open_])
            near = open_[last <= allowed[open_]]
            if not near.size:
                continue
            rest, known = _rest_of_the_way(columns, near, p, floor[near])
            settled = known & (rest <= allowed[near])
            for prime in sp.primefactors(p):
                miss = _return(columns, near, p // prime, length - 2 * p, p)
                settled &= miss > _CLEARER * np.maximum(rest, floor[near])
            periods[near[settled]] = p
            open_ = open_[periods[open_] == 0]
    return Returns(periods, closest)


def _rest_of_the_way(
    columns: Array, rows: NDArray[np.int64], p: int, floor: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """Return how far orbits are from their p-cycles at most, and whether that can be told."""
    apart = columns.shape[1] - 2 * p
    early, late = (_return(columns, rows, p, first, p) for first in (0, apart))
    factor = (late / early) ** (p / apart)
    still = late <= floor
    # An orbit that alternates about its limit is nearer to it than one that comes from one side:
    # every other return tells.
    other = _return(columns, rows, 2 * p, columns.shape[1] - 3 * p, p) / (1.0 - factor**2)
    rest = np.where(still, late, np.minimum(late / (1.0 - factor), other))
    return rest, still | (factor < 1.0)


def _return(columns: Array, rows: NDArray[np.int64], lag: int, first: int, count: int) -> Array:
    """Return max |x_(s + lag) - x_s| over `count` successive s."""
    last = min(first + count, columns.shape[1] - lag)
    gaps = columns[:, first + lag : last + lag, rows] - columns[:, first:last, rows]
    return np.asarray(_norms(gaps).max(axis=0))


def _norms(columns: Array) -> Array:
    """Return the length of vectors whose coordinates lie along the first axis."""
    total = columns[0] * columns[0]
    for column in columns[1:]:
        total += column * column
    return np.asarray(np.sqrt(total))

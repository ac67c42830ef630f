"""Bounds rounded outwards in numpy: the few sums and products that are not straight-line code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bounds", "down", "middle", "product_up", "raised", "sum_up", "up"]

Bounds = NDArray[np.float64]

# One step outwards covers one correctly rounded operation [rump2009, predecessor and successor].
_RELATIVE = 2.0**-53 * (1 + 2.0**-52)
_SMALLEST = 2.0**-1074


def up(values: Bounds) -> Bounds:
    """Return bounds above what `values` were rounded from."""
    return values + (_RELATIVE * np.abs(values) + _SMALLEST)


def down(values: Bounds) -> Bounds:
    """Return bounds below what `values` were rounded from."""
    return values - (_RELATIVE * np.abs(values) + _SMALLEST)


def middle(lower: Bounds, upper: Bounds) -> Bounds:
    """Return points inside the boxes, about in the middle of each."""
    return np.clip(0.5 * lower + 0.5 * upper, lower, upper)


def sum_up(terms: Bounds, axis: int) -> Bounds:
    """Return an upper bound of a sum of terms that are not negative, in any order of summation."""
    count = terms.shape[axis] + 1
    total: Bounds = np.sum(terms, axis=axis)
    return total * (1 + count * 2.0**-52) + count * _SMALLEST


def raised(sizes: Bounds, roundings: int) -> Bounds:
    """Return upper bounds of what `sizes` were rounded from, in all of so many operations.

    These are sums and products of numbers that are not negative, and differences that were taken
    before; no product has a sum with other products among its factors.
    """
    count = roundings + 2
    return sizes * (1 + count * 2.0**-52) + count * _SMALLEST


def product_up(matrix: Bounds, vector: Bounds) -> Bounds:
    """Return upper bounds of M v, shapes (n, i, j) and (n, j), entries not negative."""
    count = matrix.shape[-1] + 2
    return np.einsum("nij,nj->ni", matrix, vector) * (1 + count * 2.0**-52) + count * _SMALLEST

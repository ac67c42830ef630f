"""Bounds of polynomials on intervals, rounded outwards."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.enclosed import Enclosed
from ...orbits.certified.outward import down, sum_up, up

__all__ = ["bounds_between", "coefficients_everywhere"]

Bounds = NDArray[np.float64]


def bounds_between(coefficients: Bounds, low: Bounds, high: Bounds) -> Enclosed:
    """Return bounds (n, w) of n times w polynomials on n intervals.

    Parameters
    ----------
    coefficients : ndarray, shape (n, w, K + 1)
        Of rising powers; doubles, taken as they are.
    low, high : ndarray, shape (n,)

    Notes
    -----
    The centred form P(c) + P'(Σ)(Σ - c): wider than the range by a part of second order.
    """
    sigma = Enclosed(low[:, None], high[:, None])
    centre = np.clip(0.5 * (low + high), low, high)[:, None]
    degree = coefficients.shape[2] - 1
    slope = Enclosed.of(coefficients[..., degree]) * float(degree)
    for order in range(degree - 1, 0, -1):
        slope = slope * sigma + Enclosed.of(coefficients[..., order]) * float(order)
    value = Enclosed.of(coefficients[..., degree])
    for order in range(degree - 1, -1, -1):
        value = value * Enclosed.of(centre) + Enclosed.of(coefficients[..., order])
    return value + slope * (sigma - Enclosed.of(centre))


def coefficients_everywhere(coefficients: Bounds) -> tuple[Bounds, Bounds]:
    """Return bounds of the Taylor coefficients at every point of [-1, 1]; shapes (n, w, K + 1)."""
    orders = coefficients.shape[2]
    spread = np.zeros_like(coefficients)
    for order in range(orders - 1):
        later = [comb(k, order) * np.abs(coefficients[..., k]) for k in range(order + 1, orders)]
        # Products with small whole numbers round as well.
        spread[..., order] = sum_up(up(np.stack(later)), 0)
    return down(coefficients - spread), up(coefficients + spread)

"""Krawczyk's operator with the inverse of the whole system as its preconditioner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .equations import Equations
from .outward import Bounds, down, middle, product_up, up

__all__ = ["dense_operator"]


def dense_operator(
    equations: Equations, lower: Bounds, upper: Bounds
) -> tuple[Bounds, Bounds, NDArray[np.bool_], Bounds]:
    """Return bounds of the images (p, d, n), which are in the interior, and the ratio of widths.

    For the system f with midpoint m and C about the inverse of Df(m), the image of X is
    K(X) = m - C f(m) + (I - C Df(X)) (X - m) [1]_. All zeros in X lie in it.

    References
    ----------
    .. [1] Krawczyk (1969), Newton-Algorithmen zur Bestimmung von Nullstellen mit
       Fehlerschranken.
    """
    p, d, n = lower.shape
    size = p * d
    m = middle(lower, upper)
    flat = m.transpose(1, 0, 2).reshape(d, p * n)
    low, high, _, _ = equations.at(flat, flat)
    boxes = [bound.transpose(1, 0, 2).reshape(d, p * n) for bound in (lower, upper)]
    _, _, slope_low, slope_high = equations.at(boxes[0], boxes[1])
    system, spread = np.zeros((n, size, size)), np.zeros((n, size, size))
    middle_slope = middle(slope_low, slope_high)
    radius = up(np.maximum(slope_high - middle_slope, middle_slope - slope_low))
    centre, radius = (part.reshape(d, d, p, n) for part in (middle_slope, radius))
    value_low, value_high = (bound.reshape(d, p, n).transpose(1, 0, 2) for bound in (low, high))
    for k in range(p):
        own = slice(k * d, (k + 1) * d)
        system[:, own, own] = centre[:, :, k].transpose(2, 0, 1)
        spread[:, own, own] = radius[:, :, k].transpose(2, 0, 1)
    if p > 1:
        following = np.roll(m, -1, axis=0)
        value_low, value_high = down(value_low - following), up(value_high - following)
        for k in range(p):
            after = (k + 1) % p
            for i in range(d):
                system[:, k * d + i, after * d + i] -= 1.0
    value = middle(value_low, value_high)
    error = up(np.maximum(value_high - value, value - value_low)).reshape(size, n).T
    value = value.reshape(size, n).T
    reach = up(np.maximum(upper - m, m - lower)).reshape(size, n).T
    finite = np.all(np.isfinite(system) & np.isfinite(spread), axis=(1, 2))
    inverse = _inverse(np.where(finite[:, None, None], system, np.eye(size)))
    step = np.einsum("nij,nj->ni", inverse, value)
    size_of = np.abs(inverse)
    # γ = (size + 2) 2^-52 bounds the rounding of every sum of products below.
    gamma = (size + 2) * 2.0**-52
    defect = np.abs(np.eye(size) - inverse @ system)
    defect = up(defect + 2 * gamma * (size_of @ np.abs(system)) + gamma)
    matrix = up(defect + up(size_of @ spread * (1 + gamma)))
    width = up(
        product_up(matrix, reach)
        + product_up(size_of, error)
        + gamma * product_up(size_of, np.abs(value))
    )
    step, width = step.T.reshape(p, d, n), width.T.reshape(p, d, n)
    image_low, image_high = down(down(m - step) - width), up(up(m - step) + width)
    # The value at the midpoint may overflow where the derivative does not.
    known = finite & np.isfinite(image_high - image_low).all(axis=(0, 1))
    image_low = np.where(known, image_low, -np.inf)
    image_high = np.where(known, image_high, np.inf)
    proved = np.all((image_low > lower) & (image_high < upper), axis=(0, 1)) & known
    ratio = np.max((image_high - image_low) / (upper - lower), axis=(0, 1))
    return image_low, image_high, proved, ratio


def _inverse(matrices: Bounds) -> Bounds:
    """Return approximate inverses; singular matrices get a matrix of zeros."""
    try:
        inverse = np.linalg.inv(matrices)
    except np.linalg.LinAlgError:
        inverse = np.zeros_like(matrices)
        for place, matrix in enumerate(matrices):
            try:
                inverse[place] = np.linalg.inv(matrix)
            except np.linalg.LinAlgError:
                continue
    return np.where(np.isfinite(inverse), inverse, 0.0)

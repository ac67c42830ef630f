"""The floating-point search behind the enclosure: max over v, min over α, of one saddle value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BalancedProduct", "largest_balanced_product"]

Matrix = NDArray[np.float64]

_MOST_HALVINGS = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class BalancedProduct:
    """The maximiser v and the minimiser α found; both only good guesses, to be certified."""

    direction: Matrix
    balance: float


def largest_balanced_product(A: Matrix, B: Matrix, depth: int) -> BalancedProduct:
    """Return v that maximises (vᵀAv)^(1/N) (vᵀBv)^(1-1/N) on the unit sphere, and its α.

    Parameters
    ----------
    A, B : ndarray, shape (r, r)
        Symmetric, positive semidefinite, not zero, of moderate size.
    depth : int
        N. For N = 1 the top eigenvector of A.

    Examples
    --------
    >>> found = largest_balanced_product(np.diag([1.0, 0.0]), np.diag([0.0, 1.0]), 2)
    >>> np.round(np.abs(found.direction), 12), round(found.balance, 12)
    (array([0.70710678, 0.70710678]), 1.0)

    Notes
    -----
    The dual φ(α) = λ_max(αA + (N-1) α^(-1/(N-1)) B) is convex; its slope at α is that of the top
    eigenvector. Halving the bracket of log α leaves two eigenvectors, one of each slope. Where
    they differ, two eigenvalues cross at the minimum of φ, and the maximiser is their combination
    of slope zero (a top eigenvector by itself would leave a gap).
    """
    if depth == 1:
        return BalancedProduct(direction=_top(A), balance=1.0)
    size = len(A)
    trace_a, trace_b = np.trace(A), np.trace(B)
    # φ(1) bounds the minimum; each of the two terms alone must stay below it.
    top = trace_a + (depth - 1) * trace_b
    high = math.log(top * size / trace_a)
    low = -(depth - 1) * math.log(top * size / ((depth - 1) * trace_b))
    low, high = low - 1.0, high + 1.0
    falling, rising = (
        _slope_and_vector(A, B, depth, low)[1],
        _slope_and_vector(A, B, depth, high)[1],
    )
    for _ in range(_MOST_HALVINGS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        slope, vector = _slope_and_vector(A, B, depth, middle)
        if slope > 0:
            high, rising = middle, vector
        else:
            low, falling = middle, vector
    middle = (low + high) / 2
    direction = _combination_of_slope_zero(_slope_form(A, B, depth, middle), falling, rising)
    return BalancedProduct(direction=direction, balance=math.exp(middle))


def _slope_form(A: Matrix, B: Matrix, depth: int, log_balance: float) -> Matrix:
    """Return d/dα of αA + (N-1) α^(-1/(N-1)) B."""
    return A - math.exp(-log_balance * depth / (depth - 1)) * B


def _slope_and_vector(A: Matrix, B: Matrix, depth: int, log_balance: float) -> tuple[float, Matrix]:
    other = (depth - 1) * math.exp(-log_balance / (depth - 1))
    vector = _top(math.exp(log_balance) * A + other * B)
    return float(vector @ _slope_form(A, B, depth, log_balance) @ vector), vector


def _top(matrix: Matrix) -> Matrix:
    from scipy.linalg import eigh

    last = len(matrix) - 1
    return np.asarray(eigh(matrix, subset_by_index=[last, last])[1][:, 0])


def _combination_of_slope_zero(slope: Matrix, falling: Matrix, rising: Matrix) -> Matrix:
    if falling @ rising < 0:
        rising = -rising
    down, up = falling @ slope @ falling, rising @ slope @ rising
    cross = falling @ slope @ rising
    # (1-s)² down + 2s(1-s) cross + s² up = 0 for the ratio t = s/(1-s) ≥ 0.
    root = math.sqrt(max(float(cross * cross - down * up), 0.0))
    if up > 0 and down < 0:
        t = (-down) / (cross + root) if cross > 0 else (root - cross) / up
        combined = falling + t * rising
    else:
        combined = falling if abs(down) <= abs(up) else rising
    return np.asarray(combined / np.linalg.norm(combined))

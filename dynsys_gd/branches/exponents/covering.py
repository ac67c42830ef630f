"""Which intervals between points of a line cover which under a map, and how fast paths multiply."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["MarkedPoint", "coverings", "growth", "ordered"]

_SCALE = 2**60  # of the entries of a test vector
_ROUNDS = 64


@dataclass(frozen=True, eq=False)
class MarkedPoint:
    """A point known between bounds, with its image.

    Parameters
    ----------
    low, high : float
    image_low, image_high : float
        Bounds of the image.
    name : int
        By which other points refer to this one.
    image_name : int or None
        The point that the image is, where that is known exactly.
    """

    low: float
    high: float
    image_low: float
    image_high: float
    name: int
    image_name: int | None = None


def ordered(points: list[MarkedPoint]) -> list[MarkedPoint]:
    """Return points with disjoint bounds, in order; of those that overlap the first is kept."""
    kept: list[MarkedPoint] = []
    for point in points:
        apart = (point.high < other.low or other.high < point.low for other in kept)
        if np.isfinite([point.low, point.high]).all() and all(apart):
            kept.append(point)
    return sorted(kept, key=lambda point: point.low)


def coverings(points: list[MarkedPoint]) -> NDArray[np.int8]:
    """Return the matrix whose entry (i, j) is 1 where interval i surely covers interval j.

    Interval i lies between points i and i + 1. The image of it under a continuous map contains
    everything between the images of its ends.
    """
    places = {point.name: k for k, point in enumerate(points)}
    low = np.array([point.low for point in points])
    high = np.array([point.high for point in points])
    # The first point surely not below the image, and the last one surely not above it.
    above = np.searchsorted(low, [point.image_high for point in points], side="left")
    below = np.searchsorted(high, [point.image_low for point in points], side="right") - 1
    for k, point in enumerate(points):
        if point.image_name in places:
            above[k] = below[k] = places[point.image_name]
    matrix = np.zeros((len(points) - 1, len(points) - 1), dtype=np.int8)
    for i in range(len(points) - 1):
        for first, last in ((above[i], below[i + 1]), (above[i + 1], below[i])):
            if first < last:
                matrix[i, first:last] = 1
    return matrix


def growth(matrix: NDArray[np.int8]) -> Fraction:
    """Return a lower bound of the spectral radius of a matrix of zeros and ones, exactly.

    Notes
    -----
    For a vector w that is positive on a set of indices and zero elsewhere, the spectral radius is
    at least the smallest (M w)_i / w_i over that set (Collatz and Wielandt). The sets are the
    strong components, the vectors ones and dominant eigenvectors rounded to whole numbers, of M
    and of its transpose.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    best = Fraction(0)
    if not matrix.size:
        return best
    count, component = connected_components(csr_matrix(matrix), connection="strong")
    for c in range(count):
        block = matrix[np.ix_(component == c, component == c)].astype(np.float64)
        if block.any():
            best = max(best, _bound(block), _bound(block.T))
    return best


def _bound(block: NDArray[np.float64]) -> Fraction:
    """Return the better of two bounds: from ones, which full shifts need, and the eigenvector."""
    values, vectors = np.linalg.eig(block)
    dominant = np.abs(np.real(vectors[:, int(np.argmax(np.real(values)))]))
    # Steps with the identity added make every entry positive and polish the rest.
    for _ in range(_ROUNDS):
        dominant = dominant + block @ dominant
        dominant /= dominant.max()
    rows = [np.flatnonzero(row) for row in block]
    candidates = ([1] * len(rows), [max(1, round(float(entry) * _SCALE)) for entry in dominant])
    return max(
        min(Fraction(sum(w[j] for j in row), w[i]) for i, row in enumerate(rows))
        for w in candidates
    )

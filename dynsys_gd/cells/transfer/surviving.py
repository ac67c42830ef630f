"""Eigenvalues class by class: which class mass stays in the longest, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .classes import Class, communicating_classes
from .eigenvectors import eigenvalues, falling, leading_left
from .transitions import Transitions

__all__ = ["RESOLVED", "Slowest", "largest_eigenvalues", "slowest_class"]

#: what 1 - λ has to exceed to be told from rounding
RESOLVED = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Slowest:
    """The class with the largest eigenvalue.

    Parameters
    ----------
    rows : ndarray of int
    value : float
        1 for a closed class.
    vector : ndarray or None
        The left eigenvector; None for a closed class, where nobody needed it.
    """

    rows: NDArray[np.int64]
    value: float
    vector: NDArray[np.float64] | None = None


def slowest_class(transitions: Transitions) -> Slowest | None:
    """Return the class that mass leaves most slowly, or None where no cell leads back to itself."""
    classes = communicating_classes(transitions)
    if not classes:
        return None
    if classes[0].closed:
        return Slowest(rows=classes[0].rows, value=1.0)
    # An eigenvalue is at most the largest sum of a row of its block: few blocks are looked at.
    bounds = _bounds(transitions, classes)
    best = Slowest(rows=classes[0].rows, value=-1.0)
    for k in np.argsort(-bounds, kind="stable"):
        if bounds[k] <= best.value:
            break
        rows = classes[k].rows
        leading = leading_left(transitions.matrix[rows][:, rows])
        if leading.value > best.value:
            best = Slowest(rows=rows, value=leading.value, vector=leading.vector)
    return best


def largest_eigenvalues(transitions: Transitions, k: int) -> tuple[NDArray[np.complex128], bool]:
    """Return the k eigenvalues of largest modulus, and whether that is sure.

    In a fitting order the matrix is block triangular: its eigenvalues are those of the blocks of
    its classes, and 0 for every part that is in none.
    """
    classes = communicating_classes(transitions)
    bounds = _bounds(transitions, classes)
    outside = transitions.matrix.shape[0] - sum(len(each.rows) for each in classes)
    found, sure = np.zeros(min(k, outside), dtype=np.complex128), True
    for place in np.argsort(-bounds, kind="stable"):
        if len(found) == k and bounds[place] <= np.abs(found[-1]) + RESOLVED:
            break
        rows = classes[place].rows
        values, known = eigenvalues(transitions.matrix[rows][:, rows], k)
        found, sure = falling(np.concatenate([found, values]))[:k], sure and known
    return found, sure


def _bounds(transitions: Transitions, classes: tuple[Class, ...]) -> NDArray[np.float64]:
    """Return for each class the largest sum of a row of its block."""
    matrix, n = transitions.matrix, transitions.matrix.shape[0]
    owner = np.full(n, -1)
    for k, each in enumerate(classes):
        owner[each.rows] = k
    source = np.repeat(np.arange(n), np.diff(matrix.indptr))
    inside = (owner[source] == owner[matrix.indices]) & (owner[source] >= 0)
    total = np.bincount(source[inside], weights=matrix.data[inside], minlength=n)
    bounds = np.zeros(len(classes))
    np.maximum.at(bounds, owner[owner >= 0], total[owner >= 0])
    return bounds

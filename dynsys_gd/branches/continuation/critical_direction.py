"""The critical eigenvector of an orbit, carried along it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["critical_direction"]

_DENSE = 160
_SHIFT = 1e-14
_ROUNDS = 3


def critical_direction(jacobians: NDArray[np.float64], multiplier: complex) -> NDArray[Any]:
    """Return v, shape (p, d), with v_(k+1) = DF(x_k) v_k and v_p = μ v_0; its largest entry is 1.

    Parameters
    ----------
    jacobians : ndarray, shape (p, d, d)
    multiplier : complex
        On the unit circle: a number μ next to a multiplier.

    Notes
    -----
    The null vector of the equations around the orbit, in which the product of the Jacobians is
    never formed; v_p = μ v_0 is spread evenly, each step turned by μ^(1/p), which keeps sizes of
    order one.

    Examples
    --------
    >>> critical_direction(np.array([[[-1.0, 0.0], [0.0, 0.5]]]), -1.0).tolist()
    [[1.0, 0.0]]
    """
    p, d = jacobians.shape[:2]
    real = abs(complex(multiplier).imag) <= 1e-9 * abs(multiplier)
    factor: Any = complex(multiplier).real if real else complex(multiplier)
    rows = np.arange(p * d).reshape(p, d, 1)
    columns = np.broadcast_to(np.arange(p * d).reshape(p, 1, d), (p, d, d))
    after = np.full((p, d), 1.0, dtype=type(factor))
    after[-1] = factor
    if p * d <= _DENSE:
        matrix = np.zeros((p * d, p * d), dtype=type(factor))
        np.add.at(matrix, (np.broadcast_to(rows, (p, d, d)), columns), -jacobians)
        place = np.arange(p * d)
        matrix[place, (place + d) % (p * d)] += after.ravel()
        vector = np.linalg.svd(matrix)[2][-1].conj().reshape(p, d)
    else:
        vector = _by_inverse_iteration(jacobians, after, rows, columns)
    if real:
        vector = vector.real
    largest = vector.ravel()[np.argmax(np.abs(vector))]
    return np.asarray(vector / largest)


def _by_inverse_iteration(
    jacobians: NDArray[np.float64], after: NDArray[Any], rows: Any, columns: Any
) -> NDArray[Any]:
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    p, d = jacobians.shape[:2]
    place = np.arange(p * d)
    values = np.concatenate([-jacobians.ravel(), after.ravel(), np.full(p * d, _SHIFT)])
    at_row = np.concatenate([np.broadcast_to(rows, (p, d, d)).ravel(), place, place])
    at_column = np.concatenate([columns.ravel(), (place + d) % (p * d), place])
    matrix = csc_array((values, (at_row, at_column)), shape=(p * d, p * d))
    solver = splu(matrix)
    vector = np.ones(p * d, dtype=values.dtype)
    for _ in range(_ROUNDS):
        # The null vector of M is found from M* M: left and right null vectors differ.
        vector = solver.solve(solver.solve(vector, trans="H"))
        vector /= np.max(np.abs(vector))
    return np.asarray(vector.reshape(p, d))

"""Linear equations known only by products with directions, for many right-hand sides at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["KrylovSolution", "solved_in_krylov_space"]

Array = NDArray[np.float64]

_MOST_DIRECTIONS = 60
_ENOUGH = 1e-3  # residual of the linear equations, relative: Newton's method does the rest


class KrylovSolution(NamedTuple):
    """Approximate solutions and extreme singular values of the operator on the space.

    Parameters
    ----------
    solution : ndarray, shape of the right-hand sides
    smallest, largest : ndarray, shape (n,)
        Of the restriction to the Krylov space: bounds of those of the operator from inside.
    """

    solution: Array
    smallest: Array
    largest: Array


def solved_in_krylov_space(
    product: Callable[[Array], Array],
    right: Array,
    *,
    most: int = _MOST_DIRECTIONS,
    enough: float = _ENOUGH,
    give_up: Callable[[], bool] = lambda: False,
) -> KrylovSolution:
    """Return v with A v ≈ b, minimal in its residual over a Krylov space, for every row.

    Parameters
    ----------
    product : callable
        V -> A V, row by row; both of the shape of `right`.
    right : ndarray, shape (n, ...)
    most : int
        Dimension of the largest space.
    enough : float
        Relative residual at which the search ends; all rows go on until the last is there.
    give_up : callable
        Asked before each product; the best of the space so far is returned then.

    Notes
    -----
    GMRES without restart [saad1986gmres]_, modified Gram-Schmidt done twice. Small singular values
    of the small problem are cut off, so that a direction without curvature gets no step.

    Examples
    --------
    >>> found = solved_in_krylov_space(lambda V: V * [1.0, 2.0], np.array([[1.0, 1.0]]))
    >>> found.solution.round(9)
    array([[1. , 0.5]])
    """
    n = len(right)
    b = right.reshape(n, -1)
    size = np.linalg.norm(b, axis=1)
    most = min(most, b.shape[1])
    basis = np.zeros((most + 1, *b.shape))
    H = np.zeros((n, most + 1, most))
    basis[0] = _unit(b, size)
    y = np.zeros((n, 0))
    values = np.ones((n, 1))
    with np.errstate(all="ignore"):
        for k in range(most):
            w = np.asarray(product(basis[k].reshape(right.shape))).reshape(b.shape)
            for _ in range(2):
                h = np.einsum("knd,nd->nk", basis[: k + 1], w)
                w = w - np.einsum("nk,knd->nd", h, basis[: k + 1])
                H[:, : k + 1, k] += h
            length = np.linalg.norm(w, axis=1)
            scale = np.abs(H[:, :, k]).max(axis=1)
            length = np.where(length > 1e-13 * scale, length, 0.0)
            H[:, k + 1, k] = length
            basis[k + 1] = _unit(w, length)
            late = give_up()
            if (k + 1) % 5 and k + 1 < most and not late:
                continue
            y, values, left = _least_squares(H[:, : k + 2, : k + 1], size)
            if late or not np.any(left > enough * size):
                break
    k = y.shape[1]
    solution = np.einsum("nk,knd->nd", y, basis[:k]).reshape(right.shape)
    usable = np.isfinite(solution.reshape(n, -1)).all(axis=1)
    solution[~usable] = np.nan
    return KrylovSolution(solution, values[:, -1], values[:, 0])


def _least_squares(H: Array, size: Array) -> tuple[Array, Array, Array]:
    """Minimise |size e_1 - H y|; return y, the singular values and what is left."""
    finite = np.isfinite(H).all(axis=(1, 2)) & np.isfinite(size)
    kept = np.where(finite[:, None, None], H, 0.0)
    U, s, Vt = np.linalg.svd(kept, full_matrices=False)
    along = U[:, 0, :] * size[:, None]
    used = s > 1e-12 * s[:, :1]
    coefficients = np.divide(along, s, out=np.zeros_like(s), where=used)
    y = np.einsum("nki,nk->ni", Vt, coefficients)
    rest = np.einsum("nki,ni->nk", kept, y)
    rest[:, 0] -= np.where(finite, size, 0.0)
    left = np.linalg.norm(rest, axis=1)
    y[~finite] = np.nan
    # The columns of a space that ended early are zero; their singular values say nothing.
    floor = np.where(s > 1e-14 * s[:, :1], s, np.inf).min(axis=1)
    s = np.concatenate([s[:, :-1], floor[:, None]], axis=1) if s.shape[1] > 1 else s
    return y, s, np.where(finite, left, 0.0)


def _unit(rows: Array, length: Array) -> Array:
    return np.divide(rows, length[:, None], out=np.zeros_like(rows), where=length[:, None] > 0)

"""Eigenvalues and singular values of many small matrices at once."""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .batch import Batch, columns_of
from .machine.cpu import processor
from .machine.eigen_code import (
    write_general_pair,
    write_pseudo_solution,
    write_singular,
    write_symmetric_eigen,
)
from .machine.writer import Function, Module

__all__ = [
    "eigenvalues",
    "pseudo_solution",
    "singular",
    "symmetric_eigen",
    "symmetric_eigenvalues",
]

Matrices = NDArray[np.float64]
Rows = NDArray[np.float64]

LARGEST_ON_LANES = 8  # dimension on lanes; beyond, LAPACK's methods do fewer operations
_VECTORS = {1: 4, 2: 2}  # registers in one value, where matrices fit in them


class _Task(Enum):
    """What a compiled function does."""

    EIGEN = 0
    EIGENVALUES = 1
    SINGULAR = 2
    SYMMETRIC_SOLUTION = 3
    GENERAL_SOLUTION = 4
    PAIR = 5


def symmetric_eigen(matrices: Matrices) -> tuple[Rows, Matrices]:
    """Return eigenvalues, ascending, and orthonormal eigenvectors of symmetric matrices.

    Parameters
    ----------
    matrices : ndarray, shape (n, d, d)
        Only the lower triangles count.

    Returns
    -------
    values : ndarray, shape (n, d)
    vectors : ndarray, shape (n, d, d)
        As columns. NaN throughout where a matrix is not finite.

    Notes
    -----
    Up to dimension 8 by Jacobi's rotations in machine code, which find small eigenvalues of graded
    definite matrices to full relative accuracy [demmel1992jacobi]_, a matrix never influencing its
    neighbours; LAPACK otherwise.

    Examples
    --------
    >>> values, vectors = symmetric_eigen(np.array([[[2.0, 1.0], [1.0, 2.0]]]))
    >>> values.tolist()
    [[1.0, 3.0]]
    """
    batch = _program(_Task.EIGEN, matrices.shape[1])
    if batch is not None:
        values, vectors = batch(columns_of(matrices))
        return values.T, _matrices(vectors)
    finite, kept = _finite(matrices)
    values, vectors = np.linalg.eigh(kept)
    return _known(values, finite), _known(vectors, finite)


def symmetric_eigenvalues(matrices: Matrices) -> Rows:
    """Return the eigenvalues of symmetric matrices as `symmetric_eigen` does, shape (n, d).

    Examples
    --------
    >>> symmetric_eigenvalues(np.array([[[0.0, 2.0], [2.0, 0.0]], [[np.nan, 0.0], [0.0, 1.0]]]))
    array([[-2.,  2.],
           [nan, nan]])
    """
    batch = _program(_Task.EIGENVALUES, matrices.shape[1])
    if batch is not None:
        return batch(columns_of(matrices))[0].T
    finite, kept = _finite(matrices)
    return _known(np.linalg.eigvalsh(kept), finite)


def singular(matrices: Matrices) -> tuple[Rows, Matrices]:
    """Return singular values, ascending, and right singular vectors.

    Parameters
    ----------
    matrices : ndarray, shape (n, d, d)

    Returns
    -------
    values : ndarray, shape (n, d)
    right : ndarray, shape (n, d, d)
        As columns. NaN throughout where a matrix is not finite.

    Notes
    -----
    Up to dimension 8 by one-sided Jacobi rotations [demmel1992jacobi]_, LAPACK otherwise.

    Examples
    --------
    >>> values, right = singular(np.array([[[0.0, 3.0], [0.0, 0.0]]]))
    >>> values.tolist(), np.abs(right).tolist()
    ([[0.0, 3.0]], [[[1.0, 0.0], [0.0, 1.0]]])
    """
    batch = _program(_Task.SINGULAR, matrices.shape[1])
    if batch is not None:
        values, right = batch(columns_of(matrices))
        return values.T, _matrices(right)
    finite, kept = _finite(matrices)
    _, values, adjoint = np.linalg.svd(kept)
    right = np.swapaxes(adjoint, 1, 2)
    return _known(values[:, ::-1], finite), _known(right[:, :, ::-1], finite)


def eigenvalues(matrices: Matrices) -> NDArray[np.complex128]:
    """Return the eigenvalues of general matrices, shape (n, d), in no promised order.

    Parameters
    ----------
    matrices : ndarray, shape (n, d, d)
        Where one is not finite its eigenvalues are NaN.

    Notes
    -----
    Of 2 x 2 matrices in closed form, without cancellation, by machine code; LAPACK otherwise.

    Examples
    --------
    >>> eigenvalues(np.array([[[0.0, -1.0], [1.0, 0.0]]])).tolist()
    [[1j, -1j]]
    """
    n, d = matrices.shape[:2]
    values = np.empty((n, d), dtype=np.complex128)
    batch = _program(_Task.PAIR, d) if d == 2 else None
    if batch is not None:
        real, imaginary = batch(columns_of(matrices))
        values.real, values.imag = real.T, imaginary.T
        return values
    finite, kept = _finite(matrices)
    values[:] = np.linalg.eigvals(kept)
    values[~finite] = complex(np.nan, np.nan)
    return values


def pseudo_solution(matrices: Matrices, right_sides: Rows, *, cut: float, symmetric: bool) -> Rows:
    """Return A⁺ b of each row, singular values up to ``cut * max(1, |A|)`` taken as zero.

    Parameters
    ----------
    matrices : ndarray, shape (n, d, d)
    right_sides : ndarray, shape (n, d)
    cut : float
    symmetric : bool
        Whether all matrices are.

    Returns
    -------
    ndarray, shape (n, d)
        Zero where an entry of the matrix or of the right side is not finite.

    Examples
    --------
    >>> pseudo_solution(np.diag([2.0, 0.0])[None], np.ones((1, 2)), cut=1e-9, symmetric=True)
    array([[0.5, 0. ]])
    """
    task = _Task.SYMMETRIC_SOLUTION if symmetric else _Task.GENERAL_SOLUTION
    batch = _program(task, matrices.shape[1])
    if batch is not None:
        columns = (columns_of(matrices), columns_of(right_sides))
        return batch(*columns, parameters=np.array([cut]))[0].T
    finite, A = _finite(matrices)
    finite &= np.isfinite(right_sides).all(axis=1)
    b = np.where(finite[:, None], right_sides, 0.0)
    if symmetric:
        values, right = np.linalg.eigh(A)
        left = right
    else:
        left, values, adjoint = np.linalg.svd(A)
        right = np.swapaxes(adjoint, 1, 2)
    size = np.abs(values)
    kept = size > cut * np.maximum(1.0, size.max(axis=1, keepdims=True, initial=0.0))
    along = (np.swapaxes(left, 1, 2) @ b[:, :, None])[:, :, 0]
    along = np.divide(along, values, out=np.zeros_like(values), where=kept & finite[:, None])
    return np.asarray((right @ along[:, :, None])[:, :, 0])


@lru_cache(maxsize=64)
def _program(task: _Task, d: int) -> Batch | None:
    """Return machine code for matrices of dimension d, or None where LAPACK does it."""
    host = processor()
    if host is None or not 1 <= d <= LARGEST_ON_LANES:
        return None
    module = Module(lanes=host.width * _VECTORS.get(d, 1), fused=False)
    inputs, outputs = [d * d], [d]
    if task is _Task.PAIR:
        name = write_general_pair(module)
        outputs = [2, 2]
    elif task is _Task.EIGENVALUES:
        name = write_symmetric_eigen(module, d, vectors=False)
    elif task is _Task.EIGEN:
        name = write_symmetric_eigen(module, d, vectors=True)
        outputs = [d, d * d]
    elif task is _Task.SINGULAR:
        name = write_singular(module, d)
        outputs = [d, d * d]
    else:
        name = write_pseudo_solution(module, d, symmetric=task is _Task.SYMMETRIC_SOLUTION)
        inputs = [d * d, d]
    told = task in (_Task.SYMMETRIC_SOLUTION, _Task.GENERAL_SOLUTION)

    def body(f: Function, given: list[str], made: list[str], parameters: str) -> None:
        pointers = [*given, *made, *([parameters] if told else [])]
        f.call(name, *(("ptr", pointer) for pointer in pointers))

    return Batch.compiled(module, inputs, outputs, body, work=50.0 * d**3)


def _matrices(columns: NDArray[np.float64]) -> Matrices:
    """Return columns of matrix entries as matrices, shape (n, d, d), in the same memory."""
    d = round(columns.shape[0] ** 0.5)
    return np.moveaxis(columns.reshape(d, d, columns.shape[1]), -1, 0)


def _finite(matrices: Matrices) -> tuple[NDArray[np.bool_], Matrices]:
    """Return which matrices are finite, and all with zeros in place of the others."""
    finite: NDArray[np.bool_] = np.all(np.isfinite(matrices), axis=(1, 2))
    return finite, np.where(finite[:, None, None], matrices, 0.0)


def _known(array: NDArray[np.floating], finite: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.where(finite.reshape(-1, *[1] * (array.ndim - 1)), array, np.nan)

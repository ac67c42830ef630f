"""Eigenvectors of sparse matrices without negative entries, always from the same first vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Leading", "eigenvalues", "leading_left", "symmetric_pairs"]

_DENSE = 200  # rows up to which all eigenvalues are computed at once
_NARROW = 1e-9  # how far beyond 1 inverse iteration looks where Lanczos-like methods give up

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Leading:
    """The largest real eigenvalue, with its left eigenvector.

    Parameters
    ----------
    value : float
    vector : ndarray, shape (n,)
        Not negative, with sum 1.
    residual : float
        Sum of the absolute entries of x P - λ x.
    """

    value: float
    vector: Numbers
    residual: float


def leading_left(matrix: Any) -> Leading:
    """Return the Perron eigenvalue of a matrix without negative entries, and its left vector."""
    n = matrix.shape[0]
    turned = matrix.T.tocsr()
    if n <= _DENSE:
        values, vectors = np.linalg.eig(turned.toarray())
        vector = vectors[:, int(np.argmax(values.real))]
    else:
        vector = _by_arnoldi(turned)
    # One multiplication mends what rounding made of small entries; the sign is arbitrary.
    shape = np.abs(vector.real)
    shape = shape / shape.sum()
    image = turned @ shape
    value = float(image.sum())
    return Leading(value=value, vector=shape, residual=float(np.abs(image - value * shape).sum()))


def eigenvalues(matrix: Any, k: int) -> NDArray[np.complex128]:
    """Return the k eigenvalues of largest modulus, or all where there are fewer, largest first."""
    n = matrix.shape[0]
    if n <= max(_DENSE, k + 2):
        values = np.linalg.eigvals(matrix.toarray()).astype(np.complex128)
    else:
        from scipy.sparse.linalg import eigs

        values = eigs(
            matrix,
            k=k,
            which="LM",
            v0=np.full(n, n**-0.5),
            ncv=min(n, max(4 * k, 40)),
            return_eigenvectors=False,
        )
    # Conjugates side by side, the upper one first, whatever the last bits say.
    order = np.lexsort((-values.imag, -values.real.round(9), -np.abs(values).round(9)))
    return values[order][:k]


def symmetric_pairs(matrix: Any, k: int) -> tuple[Numbers, Numbers]:
    """Return the k largest eigenvalues of a symmetric matrix, falling, and vectors (n, k)."""
    n = matrix.shape[0]
    if n <= max(_DENSE, k + 2):
        values, vectors = np.linalg.eigh(matrix.toarray())
    else:
        from scipy.sparse.linalg import eigsh

        v0 = np.full(n, n**-0.5) + np.linspace(-1, 1, n) * n**-0.5
        values, vectors = eigsh(matrix, k=k, which="LA", v0=v0, ncv=min(n, max(4 * k, 40)))
    order = np.argsort(-values, kind="stable")[:k]
    return values[order], vectors[:, order]


def _by_arnoldi(turned: Any) -> Numbers:
    from scipy.sparse.linalg import ArpackNoConvergence, eigs

    n = turned.shape[0]
    first = np.full(n, n**-0.5)
    try:
        found = eigs(turned, k=1, which="LR", v0=first, ncv=min(n, 60), maxiter=300)
        return np.asarray(found[1][:, 0].real)
    except ArpackNoConvergence:
        # A spectral gap near 0: a factorisation costs memory but no patience.
        found = eigs(turned.tocsc(), k=1, sigma=1.0 + _NARROW, v0=first)
        return np.asarray(found[1][:, 0].real)

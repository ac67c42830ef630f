"""Eigenvectors of sparse matrices without negative entries, always from the same first vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Leading", "about", "eigenvalues", "falling", "leading_left", "symmetric_pairs"]

_DENSE = 200  # rows up to which all eigenvalues are computed at once
_SETTLED = 1e-8  # residual up to which a vector is called converged
_PATIENCE = 300  # restarts
_MIDDLING = 2000  # rows of a matrix that is made dense where nothing else helps
_MENDED = 1e-14  # residual at which multiplication has done its work
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


def leading_left(matrix: Any, guess: Numbers | None = None) -> Leading:
    """Return the Perron eigenvalue of a matrix without negative entries, and its left vector.

    A guess that is right but for what decays faster is mended by plain multiplication.
    """
    n = matrix.shape[0]
    turned = matrix.T.tocsr()
    mended = None if guess is None else _mended(turned, guess)
    if mended is not None:
        vector = mended
    elif n <= _DENSE:
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


def eigenvalues(matrix: Any, k: int) -> tuple[NDArray[np.complex128], bool]:
    """Return the k eigenvalues of largest modulus, largest first, and whether that is sure.

    All of them where there are fewer; where the iteration does not converge, those that it found.
    """
    n, sure = matrix.shape[0], True
    if n <= max(_DENSE, k + 2):
        values = np.linalg.eigvals(matrix.toarray()).astype(np.complex128)
    else:
        values, sure = _largest(matrix, k)
    return falling(values)[:k], sure


def falling(values: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return numbers by falling modulus, conjugates side by side, whatever the last bits say."""
    order = np.lexsort((-values.imag, -values.real.round(9), -np.abs(values).round(9)))
    return values[order]


def symmetric_pairs(matrix: Any, k: int) -> tuple[Numbers, Numbers]:
    """Return the k largest eigenvalues of a symmetric matrix, falling, and vectors (n, k)."""
    n = matrix.shape[0]
    if n <= max(_DENSE, k + 2):
        values, vectors = np.linalg.eigh(matrix.toarray())
    else:
        from scipy.sparse.linalg import ArpackNoConvergence, eigsh

        v0 = np.full(n, n**-0.5) + np.linspace(-1, 1, n) * n**-0.5
        many = {"k": k, "v0": v0, "ncv": min(n, max(4 * k, 40))}
        try:
            values, vectors = eigsh(matrix, which="LA", maxiter=_PATIENCE, **many)
        except ArpackNoConvergence:
            values, vectors = eigsh(matrix.tocsc(), sigma=1.0 + _NARROW, **many)
    order = np.argsort(-values, kind="stable")[:k]
    return values[order], vectors[:, order]


def _mended(turned: Any, guess: Numbers) -> Numbers | None:
    vector = guess / guess.sum()
    for _ in range(_PATIENCE):
        image = turned @ vector
        total = image.sum()
        if np.abs(image - total * vector).sum() < _MENDED * total:
            return np.asarray(image / total)
        vector = image / total
    return None


def _by_arnoldi(turned: Any) -> Numbers:
    from scipy.sparse.linalg import ArpackNoConvergence, eigs

    n = turned.shape[0]
    first = np.full(n, n**-0.5)
    try:
        found = eigs(turned, k=1, which="LR", v0=first, ncv=min(n, 60), maxiter=_PATIENCE)
        return np.asarray(found[1][:, 0].real)
    except ArpackNoConvergence:
        # A spectral gap near 0: a factorisation costs memory but no patience.
        found = eigs(turned.tocsc(), k=1, sigma=1.0 + _NARROW, v0=first)
        return np.asarray(found[1][:, 0].real)


def _largest(matrix: Any, k: int) -> tuple[NDArray[np.complex128], bool]:
    from scipy.sparse.linalg import ArpackNoConvergence, eigs

    n = matrix.shape[0]
    many = {"k": k, "which": "LM", "v0": np.full(n, n**-0.5), "return_eigenvectors": False}
    try:
        return eigs(matrix, ncv=min(n, max(4 * k, 40)), maxiter=_PATIENCE // 4, **many), True
    except ArpackNoConvergence:
        if n <= _MIDDLING:
            return np.linalg.eigvals(matrix.toarray()).astype(np.complex128), True
    try:
        return eigs(matrix, ncv=min(n, max(8 * k, 120)), maxiter=_PATIENCE // 8, **many), True
    except ArpackNoConvergence as stopped:
        return np.asarray(stopped.eigenvalues, dtype=np.complex128), False


def about(residual: float) -> str:
    """Return a residual in words, with a warning where it is large."""
    return f"{residual:.1g}" + (" (not converged)" if residual > _SETTLED else "")

"""Linear equations of closed chains, A_k v_k + v_(k+1) coupled around a circle, for many chains."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...engine.eigen import (
    LARGEST_ON_LANES,
    eigenvalues,
    pseudo_solution,
    singular,
    symmetric_eigenvalues,
)

__all__ = ["Chain", "closed_chain", "multipliers", "smallest_singular"]

Array = NDArray[np.float64]

_CUT = 1e-14  # singular values below this are taken as zero where a step is computed
_SWEEPS = 5
_SYMMETRIC = 1e-12
_APART = 1e-6  # ratio of sizes from which sweeps separate multipliers to all digits


class _Level(NamedTuple):
    """How the unknowns at odd places follow from their neighbours: T v = c - G left - H right."""

    triangle: Array
    left: Array
    right: Array
    given: Array
    odd: bool


class Chain(NamedTuple):
    """The solution of a closed chain, and the matrix on which its solvability hangs.

    Parameters
    ----------
    solution : ndarray, shape (n, p, d)
    core : ndarray, shape (n, d, d)
        Singular exactly where the chain is; I - A for p = 1.
    """

    solution: Array
    core: Array


def closed_chain(jacobians: Array, right: Array) -> Chain:
    """Solve v_(k+1) - A_k v_k = b_k for k = 0, …, p-1, with v_p = v_0.

    Parameters
    ----------
    jacobians : ndarray, shape (n, p, d, d)
    right : ndarray, shape (n, p, d)

    Notes
    -----
    Cyclic reduction by Householder reflections: two neighbouring equations are rotated so that one
    of them is free of the unknown between them. Products of Jacobians, which grow like the
    largest multiplier, are never formed [wright1992stable]_. The cost is linear in p, and one
    level of the reduction is one operation on arrays for all chains.

    Examples
    --------
    >>> closed_chain(np.full((1, 2, 1, 1), 2.0), np.array([[[1.0], [1.0]]])).solution.ravel()
    array([-1., -1.])
    """
    # Entries first, chains last: every operation below runs along contiguous rows.
    lower = -np.ascontiguousarray(np.moveaxis(jacobians, (2, 3), (0, 1)).swapaxes(2, 3))
    d = len(lower)
    upper = np.zeros_like(lower)
    upper[range(d), range(d)] = 1.0
    b = np.ascontiguousarray(np.moveaxis(right, 2, 0).swapaxes(1, 2))
    levels: list[_Level] = []
    with np.errstate(all="ignore"):
        while lower.shape[2] > 1:
            level, lower, upper, b = _halved(lower, upper, b)
            levels.append(level)
        core = np.moveaxis((lower + upper)[:, :, 0], -1, 0)
        v = _small_solution(core, b[:, 0].T).T[:, None, :]
        for level in reversed(levels):
            v = _between(level, v)
    return Chain(np.moveaxis(v, 0, 2).swapaxes(0, 1), core)


def _halved(lower: Array, upper: Array, b: Array) -> tuple[_Level, Array, Array, Array]:
    """Eliminate the unknown between the equations 2j and 2j + 1."""
    d, _, p, n = lower.shape
    pairs, odd = p // 2, bool(p % 2)
    first, second = slice(0, 2 * pairs, 2), slice(1, 2 * pairs, 2)
    B = np.zeros((2 * d, 3 * d + 1, pairs, n))
    B[:d, :d], B[d:, :d] = upper[:, :, first], lower[:, :, second]
    B[:d, d : 2 * d], B[d:, 2 * d : 3 * d] = lower[:, :, first], upper[:, :, second]
    B[:d, -1], B[d:, -1] = b[:, first], b[:, second]
    triangularise(B, d)
    level = _Level(B[:d, :d], B[:d, d : 2 * d], B[:d, 2 * d : 3 * d], B[:d, -1], odd)
    parts = B[d:, d : 2 * d], B[d:, 2 * d : 3 * d], B[d:, -1]
    if odd:
        last = (lower[:, :, -1:], upper[:, :, -1:], b[:, -1:])
        parts = tuple(  # type: ignore[assignment]
            np.concatenate([a, z], axis=-2) for a, z in zip(parts, last, strict=True)
        )
    return level, *parts


def triangularise(B: Array, columns: int) -> None:
    """Make the first columns of B, shape (rows, columns, …), upper triangular by reflections."""
    for j in range(columns):
        v = B[j:, j].copy()
        length = np.sqrt(np.einsum("r...,r...->...", v, v))
        v[0] += np.where(v[0] < 0, -length, length)
        square = np.einsum("r...,r...->...", v, v)
        factor = np.divide(2.0, square, out=np.zeros_like(square), where=square > 0)
        along = np.einsum("r...,rc...->c...", v, B[j:, j:]) * factor
        B[j:, j:] -= v[:, None] * along[None]


def _between(level: _Level, v: Array) -> Array:
    """Put the eliminated unknowns between those in v, shape (d, places, n)."""
    d, _, pairs, n = level.triangle.shape
    after = np.concatenate([v[:, 1:], v[:, :1]], axis=1)
    known, after = v[:, :pairs], after[:, :pairs]
    rest = level.given - np.einsum("ijkn,jkn->ikn", level.left, known)
    rest -= np.einsum("ijkn,jkn->ikn", level.right, after)
    for i in reversed(range(d)):
        rest[i] /= level.triangle[i, i]
        rest[:i] -= level.triangle[:i, i] * rest[i]
    full = np.empty((d, 2 * pairs + level.odd, n))
    full[:, 0 : 2 * pairs : 2], full[:, 1 : 2 * pairs : 2] = known, rest
    if level.odd:
        full[:, -1] = v[:, -1]
    return full


def _small_solution(matrices: Array, right: Array) -> Array:
    """Return A⁻¹ b for each row, with a pseudo-inverse where A is singular."""
    if matrices.shape[1] > LARGEST_ON_LANES:
        usable = np.asarray(np.isfinite(matrices).all(axis=(1, 2)) & np.isfinite(right).all(axis=1))
        A = np.where(usable[:, None, None], matrices, np.eye(matrices.shape[1]))
        try:
            found = np.linalg.solve(A, right[:, :, None])[:, :, 0]
            return np.where(usable[:, None], found, np.nan)
        except np.linalg.LinAlgError:
            pass
    return pseudo_solution(matrices, right, cut=_CUT, symmetric=False)


def smallest_singular(core: Array) -> tuple[Array, Array]:
    """Return the smallest and the largest singular value of each matrix."""
    values = singular(core)[0]
    return values[:, 0], values[:, -1]


def multipliers(jacobians: Array) -> NDArray[np.complex128]:
    """Return the eigenvalues of A_(p-1) … A_0, shape (n, d), largest first.

    Parameters
    ----------
    jacobians : ndarray, shape (n, p, d, d)

    Notes
    -----
    Sweeps of orthogonal iteration around the orbit turn each A_k into a triangle R_k, so that
    small multipliers are not lost beside those a million times larger; the product of the
    triangles carries a power of two of its own and cannot overflow [bojanczyk1992periodic]_. A
    multiplier beyond the range of doubles comes out as infinite or zero.

    Examples
    --------
    >>> A = np.tile(np.diag([1e3, 1e-3]), (1, 100, 1, 1))
    >>> multipliers(A[:, :50]).real
    array([[1.e+150, 1.e-150]])
    """
    A = np.moveaxis(jacobians, (2, 3), (0, 1))  # (d, d, n, p)
    d, _, n, p = A.shape
    with np.errstate(all="ignore"):
        if p == 1:
            return _descending(_of_matrices(np.ascontiguousarray(jacobians[:, 0])))
        Q = np.broadcast_to(np.eye(d)[:, :, None], (d, d, n)).copy()
        for _ in range(_SWEEPS):
            start, product = Q, np.broadcast_to(np.eye(d)[:, :, None], (d, d, n)).copy()
            exponent = np.zeros(n, dtype=np.int64)
            diagonal, powers = np.ones((d, n)), np.zeros((d, n), dtype=np.int64)
            for k in range(p):
                Q, R = _qr(np.einsum("ijn,jkn->ikn", A[..., k], Q))
                product = np.einsum("ijn,jkn->ikn", R, product)
                shift = np.frexp(np.abs(product).max(axis=(0, 1)))[1]
                product = np.ldexp(product, -shift)
                exponent += shift
                diagonal, shifts = np.frexp(diagonal * R[range(d), range(d)])
                powers += shifts
        # What underflowed beside something larger is known on the diagonal.
        product[range(d), range(d)] = np.ldexp(diagonal, np.clip(powers - exponent, -4000, 4000))
        turned = np.einsum("jin,jkn->ikn", start, Q)
        together = _groups(product[range(d), range(d)])
        M = np.moveaxis(np.einsum("ijn,jkn->ikn", turned * together, product * together), -1, 0)
        values = eigenvalues(np.ascontiguousarray(M))
        scale = np.clip(exponent, -4000, 4000)[:, None]
        scaled = np.empty_like(values)
        scaled.real, scaled.imag = np.ldexp(values.real, scale), np.ldexp(values.imag, scale)
        return _descending(scaled)


def _groups(diagonal: Array) -> NDArray[np.bool_]:
    """Return which multipliers are of about the same size, shape (d, d, n).

    Between the others the sweeps have converged; what is left there is rounding of the large ones.
    """
    size = np.abs(diagonal)
    name = np.cumsum(size[:-1] * _APART >= size[1:], axis=0)
    name = np.concatenate([np.zeros_like(name, shape=(1, name.shape[1])), name])
    return np.asarray(name[:, None] == name[None])


def _of_matrices(A: Array) -> NDArray[np.complex128]:
    """Return eigenvalues, real ones where all matrices are symmetric up to rounding."""
    skew = np.abs(A - A.swapaxes(1, 2)).max(axis=(1, 2))
    if np.all(skew <= _SYMMETRIC * np.abs(A).max(axis=(1, 2))):
        return symmetric_eigenvalues(A).astype(np.complex128)
    return eigenvalues(A)


def _qr(M: Array) -> tuple[Array, Array]:
    """Return orthogonal and triangular factors of matrices, shape (d, d, n)."""
    d = len(M)
    B = np.zeros((d, 2 * d, M.shape[2]))
    B[:, :d] = M
    B[range(d), range(d, 2 * d)] = 1.0
    triangularise(B, d)
    return B[:, d:].swapaxes(0, 1), B[:, :d]


def _descending(values: NDArray[np.complex128]) -> NDArray[np.complex128]:
    order = np.argsort(-np.abs(values), axis=1, kind="stable")
    return np.take_along_axis(values, order, axis=1)

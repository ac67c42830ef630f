"""Orthogonal frames along an orbit in which the derivative is triangular."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .outward import Bounds

__all__ = ["frames_along"]

_STEPS = 24  # at least so many steps of orthogonal iteration before the frames are kept
_SETTLED = 1e-3  # share of the last derivative that may lie below the diagonal


def frames_along(slopes: Bounds) -> tuple[Bounds, Bounds, NDArray[np.bool_]]:
    """Return frames Q and factors T with slopes_k Q_k about Q_(k+1) T_k, indices modulo p.

    Parameters
    ----------
    slopes : ndarray, shape (d, d, p, n)
        Derivatives at the p points of n orbits.

    Returns
    -------
    frames : ndarray, shape (p, d, d, n)
        About orthogonal. Going round the orbit turns the first columns towards the directions of
        the largest multipliers.
    factors : ndarray, shape (p, d, d, n)
        Upper triangular.
    settled : ndarray of bool, shape (n,)
        Whether the iteration has converged, so that the frames close up after the last step. It
        does not where multipliers share their modulus.
    """
    d, _, p, n = slopes.shape
    q = np.broadcast_to(np.eye(d)[:, :, None], (d, d, n))
    for _ in range(max(1, math.ceil(_STEPS / p))):
        for k in range(p):
            q = _orthogonal(_product(slopes[:, :, k], q))
    frames, factors = np.empty((p, d, d, n)), np.zeros((p, d, d, n))
    below, size = np.zeros(n), np.zeros(n)
    for k in range(p):
        frames[k] = q
        moved = _product(slopes[:, :, k], q)
        q = frames[0] if k == p - 1 else _orthogonal(moved)
        for i in range(d):
            for j in range(i, d):
                factors[k, i, j] = (q[:, i] * moved[:, j]).sum(axis=0)
    for i in range(d):
        for j in range(d):
            entry = np.abs((q[:, i] * moved[:, j]).sum(axis=0))
            size = np.maximum(size, entry)
            below = np.maximum(below, entry) if j < i else below
    return frames, factors, below <= _SETTLED * size


def _product(first: Bounds, second: Bounds) -> Bounds:
    return np.einsum("ijn,jkn->ikn", first, second)


def _orthogonal(columns: Bounds) -> Bounds:
    """Return orthonormal columns by the Gram–Schmidt process, run twice."""
    d = columns.shape[1]
    done: list[Bounds] = []
    for j in range(d):
        column = columns[:, j]
        for _ in range(2):
            for other in done:
                column = column - (other * column).sum(axis=0) * other
        done.append(column / np.sqrt((column * column).sum(axis=0)))
    return np.stack(done, axis=1)

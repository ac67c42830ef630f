"""How fast neighbouring orbits part: the largest finite-time Lyapunov exponent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..engine.kernel import Kernel
from .budget import Budget
from .iterate import norms

__all__ = ["lyapunov_exponents"]

Rows = NDArray[np.float64]

_LARGEST_JACOBIAN = 8
_OFFSET = 1e-7


def lyapunov_exponents(
    kernel: Kernel, states: Rows, budget: Budget
) -> tuple[NDArray[np.float64], NDArray[np.float64], Rows]:
    """Return the largest exponent of each orbit, its standard error, and the last states.

    Parameters
    ----------
    kernel : Kernel
    states : ndarray, shape (n, d)
    budget : Budget

    Returns
    -------
    exponents, errors : ndarray, shape (n,)
        Per step. The error comes from the means of ``budget.lyapunov_batches`` batches in a row.
    states : ndarray, shape (n, d)

    Notes
    -----
    A tangent v is carried along, v <- DF(x) v, and scaled to length 1 after each step; the mean of
    log |v| is the exponent [benettin1980lyapunov]. Above 8 coordinates, where a Jacobian costs many
    steps, the difference quotient (F(x + εv) - F(x)) / ε takes its place; its error is of the
    order of ε = 1e-7 relative to 1 + |x|.
    """
    n, d = states.shape
    start = np.random.default_rng(budget.seed).standard_normal(d)
    tangents = np.tile(start / np.linalg.norm(start), (n, 1))
    advance = _by_jacobian if d <= _LARGEST_JACOBIAN else _by_difference
    length = budget.lyapunov_steps // budget.lyapunov_batches
    means = np.empty((budget.lyapunov_batches, n))
    rows = np.asfortranarray(states)
    with np.errstate(all="ignore"):
        rows, tangents, _ = _batch(advance, kernel, rows, tangents, length)  # to align the tangent
        for batch in range(budget.lyapunov_batches):
            rows, tangents, total = _batch(advance, kernel, rows, tangents, length)
            means[batch] = total / length
        errors = means.std(axis=0, ddof=1) / np.sqrt(budget.lyapunov_batches)
    return means.mean(axis=0), errors, rows


def _batch(advance, kernel: Kernel, rows: Rows, tangents: Rows, length: int):  # type: ignore[no-untyped-def]
    total = np.zeros(len(rows))
    for _ in range(length):
        rows, tangents = advance(kernel, rows, tangents)
        size = norms(tangents)
        # A tangent that is annihilated has exponent -inf; it is kept finite and restarted.
        total += np.log(np.maximum(size, 1e-300))
        tangents = np.where(
            (size > 0)[:, None], tangents / np.where(size > 0, size, 1.0)[:, None], 1.0
        )
    return rows, tangents, total


def _by_jacobian(kernel: Kernel, rows: Rows, tangents: Rows) -> tuple[Rows, Rows]:
    moved = np.einsum("nij,nj->ni", kernel.jacobian(rows), tangents)
    return kernel.step(rows)[0], moved


def _by_difference(kernel: Kernel, rows: Rows, tangents: Rows) -> tuple[Rows, Rows]:
    offset = (_OFFSET * (1.0 + norms(rows)))[:, None]
    images = kernel.step(rows)[0]
    return images, (kernel.step(rows + offset * tangents)[0] - images) / offset

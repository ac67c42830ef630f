"""Which side of the unit circle the multipliers of a limit lie on, families left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .budget import Budget
from .iterate import PStep, applied, norms, polish

__all__ = ["GAP", "Side", "Spectrum", "in_a_family", "kernel_projections", "spectrum"]

#: Newton's method leaves directions with |a| below this alone; a limit is regular only where the
#: eigenvalues a of DF - I keep out of the gap between the kernel tolerance and this.
GAP = 1e-5

_FAMILY_RADII = (1e-2, 1e-3)


class Side(IntEnum):
    """Where the multipliers off the kernel lie."""

    INSIDE = 0
    ON = 1
    OUTSIDE = 2


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Multipliers at fixed points of a p-step map, per row.

    Parameters
    ----------
    kernel : ndarray of int, shape (n,)
        Dimension of the kernel of D(F^p) - I.
    side : ndarray of int, shape (n,)
        `Side` of the multipliers off the kernel.
    largest : ndarray, shape (n,)
        Largest |multiplier| off the kernel; NaN where the kernel is everything.
    above_one : ndarray of bool, shape (n,)
        Whether a real multiplier lies above 1: for a gradient map, negative curvature.
    clear : ndarray of bool, shape (n,)
        Whether there is a gap between the kernel and the other eigenvalues.
    """

    kernel: NDArray[np.int64]
    side: NDArray[np.int64]
    largest: NDArray[np.float64]
    above_one: NDArray[np.bool_]
    clear: NDArray[np.bool_]


def spectrum(steps: PStep, points: NDArray[np.float64], budget: Budget) -> Spectrum:
    """Return the multipliers of the p-step map at `points`, shape (n, d), sorted by side."""
    A = steps.derivative(points)
    finite = np.all(np.isfinite(A), axis=(1, 2))
    A = np.where(finite[:, None, None], A, 0.0)
    if steps.symmetric:
        a = np.linalg.eigvalsh(A).astype(np.complex128)
        singular = np.abs(a)
    else:
        a = np.linalg.eigvals(A).astype(np.complex128)
        singular = np.linalg.svd(A, compute_uv=False)
    a = np.take_along_axis(a, np.argsort(np.abs(a), axis=1), axis=1)
    scale = np.maximum(1.0, singular.max(axis=1, keepdims=True))
    zero = budget.kernel_tolerance * scale
    kernel = np.count_nonzero(singular <= zero, axis=1)
    off = np.arange(a.shape[1]) >= kernel[:, None]
    size = np.abs(a)
    excess = np.abs(1.0 + a) - 1.0
    # Next to 1 the sign of a decides and is well determined; elsewhere the margin does.
    margin = np.minimum(budget.margin, size / 100)
    outside = np.any(off & (excess > margin), axis=1)
    # Off the kernel yet next to it: a Jordan block at 1, or no gap at all.
    unclear = off & ((np.abs(excess) <= margin) | (size <= 100 * zero))
    on = np.any(unclear, axis=1)
    side = np.where(outside, Side.OUTSIDE, np.where(on, Side.ON, Side.INSIDE))
    modulus = np.where(off, np.abs(1.0 + a), -np.inf).max(axis=1)
    real = np.abs(a.imag) <= 1e-9 * scale
    return Spectrum(
        kernel=kernel,
        side=np.where(finite, side, Side.ON),
        largest=np.where(finite & np.isfinite(modulus), modulus, np.nan),
        above_one=np.any(off & real & (a.real > margin), axis=1),
        clear=finite & ~np.any((size > zero) & (size <= GAP * scale), axis=1),
    )


def in_a_family(steps: PStep, points: NDArray[np.float64], budget: Budget) -> NDArray[np.bool_]:
    """Return for each fixed point, shape (n, d), whether its kernel is tangent to a family of them.

    Notes
    -----
    A step ρ along a random kernel direction, then Newton's method. Along a family it ends at
    another fixed point about ρ away. Where the kernel comes from a degenerate point, as for
    x² + y⁴, the residual stays, or the point falls back.
    """
    basis = _kernel_bases(steps, points, budget)
    random = np.random.default_rng(budget.seed).standard_normal(points.shape[1])
    direction = applied(np.swapaxes(basis, 1, 2), basis @ random)
    length = norms(direction)
    direction /= np.where(length > 0, length, 1.0)[:, None]
    scale = 1.0 + norms(points)
    found = np.zeros(len(points), dtype=bool)
    for relative in _FAMILY_RADII:
        rows = np.flatnonzero(~found & (length > 0))
        if not rows.size:
            break
        step = (relative * scale[rows])[:, None] * direction[rows]
        other = polish(steps, points[rows] + step, cut=GAP, rounds=8)
        along = applied(basis[rows], other.points - points[rows])
        wanted = applied(basis[rows], step)
        stayed = norms(along - wanted) <= 0.5 * relative * scale[rows]
        still = norms(steps.displacement(other.points)) <= 1e-12 * scale[rows]
        found[rows] = stayed & still
    return found


def kernel_projections(
    steps: PStep, points: NDArray[np.float64], budget: Budget
) -> NDArray[np.float64]:
    """Return the orthogonal projections onto the kernels of D(F^p) - I, shape (n, d, d).

    Where there is no kernel all directions are in question, and the identity comes back.
    """
    basis = _kernel_bases(steps, points, budget)
    projections = np.swapaxes(basis, 1, 2) @ basis
    empty = ~basis.any(axis=(1, 2))
    projections[empty] = np.eye(points.shape[1])
    return projections


def _kernel_bases(steps: PStep, points: NDArray[np.float64], budget: Budget) -> NDArray[np.float64]:
    """Return orthonormal rows that span each kernel, the other rows zero, shape (n, d, d)."""
    A = steps.derivative(points)
    _, singular, adjoint = np.linalg.svd(np.where(np.isfinite(A), A, 0.0))
    scale = np.maximum(1.0, singular.max(axis=1, keepdims=True))
    return adjoint * (singular <= budget.kernel_tolerance * scale)[:, :, None]

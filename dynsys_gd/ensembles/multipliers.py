"""Which side of the unit circle the multipliers of a limit lie on, families left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..engine.eigen import eigenvalues, singular, symmetric_eigen, symmetric_eigenvalues
from .budget import Budget
from .iterate import PStep, applied, multiplied, norms, polish

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
    with np.errstate(invalid="ignore"):
        if steps.symmetric:
            real = symmetric_eigenvalues(A).T
            size = np.abs(real)
            return _sorted_by_side(real, size, size, budget)
        a = eigenvalues(A).T
        size = np.abs(a)
        order = np.argsort(size, axis=0)
        a, size = np.take_along_axis(a, order, axis=0), np.take_along_axis(size, order, axis=0)
        return _sorted_by_side(a, size, singular(A)[0].T, budget)


def _sorted_by_side(
    a: NDArray[np.float64] | NDArray[np.complex128],
    size: NDArray[np.float64],
    singular_values: NDArray[np.float64],
    budget: Budget,
) -> Spectrum:
    """Judge eigenvalues a of size |a|, columns of them; NaN where the matrix was not finite.

    Real ones may come in any order: their sizes are the singular values. Complex ones ascend.
    """
    scale = np.maximum(1.0, singular_values.max(axis=0))
    finite = np.isfinite(scale)
    zero = budget.kernel_tolerance * scale
    flat = singular_values <= zero
    kernel = np.count_nonzero(flat, axis=0)
    off = ~flat if np.isrealobj(a) else np.arange(len(a))[:, None] >= kernel
    modulus = np.abs(1.0 + a)
    excess = modulus - 1.0
    # Next to 1 the sign of a decides and is well determined; elsewhere the margin does.
    margin = np.minimum(budget.margin, size / 100)
    outside = np.any(off & (excess > margin), axis=0)
    # Off the kernel yet next to it: a Jordan block at 1, or no gap at all.
    unclear = off & ((np.abs(excess) <= margin) | (size <= 100 * zero))
    on = np.any(unclear, axis=0)
    side = np.where(outside, Side.OUTSIDE, np.where(on, Side.ON, Side.INSIDE))
    largest = np.where(off, modulus, -np.inf).max(axis=0)
    above = off & (a.real > margin)
    if not np.isrealobj(a):
        above &= np.abs(a.imag) <= 1e-9 * scale
    return Spectrum(
        kernel=np.where(finite, kernel, len(a)),
        side=np.where(finite, side, Side.ON),
        largest=np.where(finite & np.isfinite(largest), largest, np.nan),
        above_one=np.any(above, axis=0),
        clear=finite & ~np.any((size > zero) & (size <= GAP * scale), axis=0),
    )


def in_a_family(steps: PStep, points: NDArray[np.float64], budget: Budget) -> NDArray[np.bool_]:
    """Return for each fixed point, shape (n, d), whether its kernel is tangent to a family of them.

    Notes
    -----
    A step ρ along a random kernel direction, then Newton's method. Along a family it ends at
    another fixed point about ρ away. Where the kernel comes from a degenerate point, as for
    x² + y⁴, the residual stays, or the point falls back.
    """
    onto = _kernel_projections(steps, points, budget)
    random = np.random.default_rng(budget.seed).standard_normal((1, points.shape[1]))
    direction = applied(onto, random)
    length = norms(direction)
    direction /= np.where(length > 0, length, 1.0)[:, None]
    scale = 1.0 + norms(points)
    found = np.zeros(len(points), dtype=bool)
    for relative in _FAMILY_RADII:
        rows = np.flatnonzero(~found & (length > 0))
        if not rows.size:
            break
        here, size = points[rows], relative * scale[rows]
        start = here + size[:, None] * direction[rows]
        other = polish(steps, start, cut=GAP, rounds=8).points
        stayed = norms(applied(onto[rows], other - start)) <= 0.5 * size
        still = norms(steps.displacement(other)) <= 1e-12 * scale[rows]
        found[rows] = stayed & still
    return found


def kernel_projections(
    steps: PStep, points: NDArray[np.float64], budget: Budget
) -> NDArray[np.float64]:
    """Return the orthogonal projections onto the kernels of D(F^p) - I, shape (n, d, d).

    Where there is no kernel all directions are in question, and the identity comes back.
    """
    projections = np.ascontiguousarray(_kernel_projections(steps, points, budget))
    empty = ~projections.any(axis=(1, 2))
    projections[empty] = np.eye(points.shape[1])
    return projections


def _kernel_projections(
    steps: PStep, points: NDArray[np.float64], budget: Budget
) -> NDArray[np.float64]:
    """Return the projections onto the kernels, zero where there is none or none is known."""
    A = steps.derivative(points)
    values, vectors = symmetric_eigen(A) if steps.symmetric else singular(A)
    size = np.abs(values)
    scale = np.maximum(1.0, size.max(axis=1))
    with np.errstate(invalid="ignore"):
        flat = size <= budget.kernel_tolerance * scale[:, None]
    basis = np.where(flat[:, None, :], vectors, 0.0)
    return multiplied(basis, np.swapaxes(basis, 1, 2))

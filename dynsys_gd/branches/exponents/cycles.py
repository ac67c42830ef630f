"""Have orbits come to a cycle, and how fast do its neighbours part?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import row_slices
from ...engine.iteration import orbit
from ...engine.kernel import Kernel

__all__ = ["LEAST_GROWTH", "cycle_exponents", "cycles", "each_cycle", "moved_by_rounding"]

Rows = NDArray[np.float64]

_TOGETHER = 1024  # orbits looked at together
_MOST = 64  # longest period looked for
_CLOSE = 1e-10  # to a cycle, relative to 1 + |x|
_ROUNDED = 1e-14  # the same: no closer than this to be told from rounding
_OF_CYCLE = 1e-6  # relative to the size of the cycle: how close to it an orbit has to be as well
_SHRUNK = 0.5  # what is left of the extent of an orbit on its way to a fixed point
_JITTER = 1e-13  # relative to 1 + |x|: an extent below it is rounding
_WIDEST = 64  # coordinates up to which multipliers are computed
_ROUNDS = 24  # round the cycle, until the frame has turned
_RESOLVED = 1e-8  # of the size of the product, from which its eigenvalues are accurate
_LAST_BITS = 2.0**-49  # of a state
_ROUNDING = 1e-14  # of a Jacobian: what rounding leaves of a direction that is annihilated

#: of log|multiplier| / p: closer to zero the sign is not known, for the cycle is known to `_CLOSE`
LEAST_GROWTH = 1e-8


def cycles(kernel: Kernel, states: Rows) -> tuple[NDArray[np.int64], Rows]:
    """Return the least period of each orbit, 0 where it has not come to a cycle, and its orbit.

    Returns
    -------
    periods : ndarray of int, shape (n,)
    passed : ndarray, shape (steps + 1, n, d)
        The states and their images.
    """
    passed = orbit(kernel, states, 2 * _MOST)
    periods = np.zeros(len(states), dtype=np.int64)
    with np.errstate(all="ignore"):
        size = 1.0 + np.abs(states).max(axis=1, initial=0.0)
        halves = passed[: _MOST + 1], passed[_MOST:]
        early, late = (np.ptp(half, axis=0).max(axis=1) / size for half in halves)
        # Chaos as small as the tolerances returns closely too, but not for its own size.
        ending = (late <= _SHRUNK * early) | (late <= _JITTER)
        for p in range(_MOST, 0, -1):
            once = np.abs(passed[p] - passed[0]).max(axis=1) / size
            again = np.abs(passed[2 * p] - passed[p]).max(axis=1) / size
            # Returns that shrink by a factor q add up to the first one over 1 - q: how far it is.
            away = once * once / (once - again)
            near = (again < once) & (away <= _CLOSE) & (ending | (away <= _OF_CYCLE * late))
            still = (once <= _ROUNDED) & (again <= _ROUNDED)
            periods[near | (still & (ending | (once <= _OF_CYCLE * late)))] = p
    return periods, passed


def each_cycle(kernel: Kernel, states: Rows) -> Iterator[tuple[int, NDArray[np.int64], Rows]]:
    """Yield periods, the orbits that have come to cycles of them, and the points, (m, p, d)."""
    for part in row_slices(len(states), _TOGETHER):
        periods, passed = cycles(kernel, states[part])
        for p in np.unique(periods[periods > 0]).tolist():
            rows = np.flatnonzero(periods == p)
            yield p, part.start + rows, passed[:p, rows].transpose(1, 0, 2)


def moved_by_rounding(states: Rows) -> Rows:
    """Return states, coordinates along the last axis, with other last bits."""
    with np.errstate(invalid="ignore"):
        size = _LAST_BITS * (1.0 + np.abs(states))
        return np.asarray(states + size * np.cos(np.arange(states.shape[-1])))


def cycle_exponents(kernel: Kernel, points: Rows, block: slice) -> Rows | None:
    """Return log|multiplier| / p of cycles, falling.

    Parameters
    ----------
    kernel : Kernel
    points : ndarray, shape (m, p, d)
        Cycles of one period.
    block : slice
        Of the Jacobians, whose other entries in these columns vanish: the multipliers wanted.

    Returns
    -------
    ndarray, shape (m, size of the block), or None
        -inf where a multiplier is 0 to rounding; None for too many coordinates.
    """
    m, p, d = points.shape
    if d > _WIDEST:
        return None
    rows = points.reshape(m * p, d)
    jacobians = kernel.jacobian(rows).reshape(m, p, d, d)
    # A derivative that the last bits of the state decide about is no other than zero.
    others = kernel.jacobian(moved_by_rounding(rows)).reshape(m, p, d, d)
    apart = np.abs(others - jacobians).max(axis=(2, 3))
    if d > 1:
        apart = apart + _ROUNDING * np.abs(jacobians).max(axis=(2, 3))
    return _exponents(jacobians[:, :, block, block], apart)


def _exponents(jacobians: NDArray[np.float64], nothing: NDArray[np.float64]) -> Rows:
    p = jacobians.shape[1]
    by_frames, size, product = _frames_around(jacobians, nothing)
    with np.errstate(divide="ignore"):
        sizes = np.abs(np.linalg.eigvals(product))
        sizes = -np.sort(-sizes, axis=1)
        # Where a frame says zero, so small an eigenvalue is rounding.
        resolved = sizes >= _RESOLVED * np.linalg.norm(product, axis=(1, 2))[:, None]
        by_values = (np.log(sizes) + size[:, None]) / p
    # Beyond those that rounding hides, eigenvalues are exact for complex pairs as well.
    found = np.where(resolved & np.isfinite(by_frames), by_values, by_frames)
    return -np.sort(-found, axis=1)


def _frames_around(
    jacobians: NDArray[np.float64], nothing: NDArray[np.float64]
) -> tuple[Rows, NDArray[np.float64], NDArray[np.float64]]:
    """Return exponents by frames, and the product of the Jacobians with its logarithmic size.

    `nothing`, shape (m, p), is what counts as zero in a step.
    """
    m, p, d = jacobians.shape[:3]
    frame = np.linalg.qr(np.random.default_rng(0).standard_normal((d, d)))[0]
    frames = np.repeat(frame[None], m, axis=0)
    product, size = np.repeat(np.eye(d)[None], m, axis=0), np.zeros(m)
    logs = np.zeros((m, d))
    for turn in range(_ROUNDS):
        logs[:] = 0.0
        for t in range(p):
            matrix = jacobians[:, t]
            frames, upper = np.linalg.qr(matrix @ frames)
            left = np.abs(np.diagonal(upper, axis1=1, axis2=2))
            with np.errstate(divide="ignore"):
                logs += np.where(left <= nothing[:, t, None], -np.inf, np.log(left))
            if turn == 0:
                product = matrix @ product
                norm = np.linalg.norm(product, axis=(1, 2))
                norm = np.where(norm > 0, norm, 1.0)
                product, size = product / norm[:, None, None], size + np.log(norm)
    return logs / p, size, product

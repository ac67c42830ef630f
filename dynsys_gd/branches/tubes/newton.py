"""Newton's method in floats for many orbits at once, with one coordinate held."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .cyclic_system import CyclicSystem

__all__ = ["corrected"]

Bounds = NDArray[np.float64]

_ITERATIONS = 10
_CONVERGED = 1e-11  # of the size: what the last correction of a good approximation may be


def corrected(
    system: CyclicSystem, coordinate: int, guess: Bounds
) -> tuple[Bounds, NDArray[np.bool_]]:
    """Return zeros of the equations with one coordinate as it is, and which were found."""
    others = np.arange(guess.shape[1]) != coordinate
    v = guess.copy()
    size = np.maximum(1.0, np.abs(guess).max(axis=1))
    before = last = np.full(len(v), np.inf)
    with np.errstate(all="ignore"):
        for _ in range(_ITERATIONS):
            linear = system.linear(v, v)
            matrix = linear.centre[:, :, others]
            usable = np.all(np.isfinite(matrix), axis=(1, 2)) & np.all(
                np.isfinite(linear.value), axis=1
            )
            matrix = np.where(usable[:, None, None], matrix, np.eye(system.size))
            try:
                step = np.linalg.solve(matrix, linear.value[..., None])[..., 0]
            except np.linalg.LinAlgError:
                step = np.einsum("bij,bj->bi", np.linalg.pinv(matrix), linear.value)
            step[~usable] = np.nan
            v[:, others] -= step
            before, last = last, np.abs(step).max(axis=1) / size
            if np.all((last <= 1e-15) | (last >= before) | ~np.isfinite(last)):
                break
        fine = np.all(np.isfinite(v), axis=1) & (np.minimum(last, before) <= _CONVERGED)
    return v, fine

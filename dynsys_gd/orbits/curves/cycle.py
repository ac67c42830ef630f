"""Is this an orbit of the map, where exactly does it lie, and what are its multipliers?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.cycle import CycleKernel
from ...engine.kernel import Kernel
from ...errors import InvalidInput
from ...maps.base import Map
from ..periodic_orbit import PeriodicOrbit

__all__ = ["Cycle", "checked_cycle", "refined"]

Rows = NDArray[np.float64]

_NEWTON_STEPS = 12
_FARTHEST = 1e-3  # how far, relatively, an orbit may lie from what was typed
_DISTINCT = 1e-9
LONGEST = 200


@dataclass(frozen=True, eq=False)
class Cycle:
    """An orbit of least period p, refined by Newton's method.

    Parameters
    ----------
    F : Map
    kernel : Kernel
        One step of F.
    points : ndarray, shape (p, d)
    """

    F: Map
    kernel: Kernel
    points: Rows

    @property
    def period(self) -> int:
        """The least period p."""
        return len(self.points)

    def return_kernel(self) -> Kernel:
        """Return F^p as one step."""
        return self.kernel if self.period == 1 else CycleKernel((self.kernel,) * self.period)

    def return_slope(self, place: int = 0) -> Rows:
        """Return D(F^p) at one point of the orbit, shape (d, d)."""
        product = np.eye(self.points.shape[1])
        for slope in self.kernel.jacobian(np.roll(self.points, -place, axis=0)):
            product = slope @ product
        return product


def checked_cycle(F: Any, orbit: Any, argument: str) -> Cycle:
    """Return the orbit that was given, to the accuracy of doubles, or refuse it."""
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    kernel = F.kernel()
    given = _states(F, orbit, argument)
    points = refined(kernel, given)
    size = 1 + np.abs(given).max()
    if points is None or np.abs(points - given).max() > _FARTHEST * size:
        raise InvalidInput(
            argument,
            given.tolist(),
            "an orbit of F: every point the image of the one before, the first of the last",
            "find one with fixed_points or periodic_orbits",
        )
    for k in range(1, len(points)):
        if np.abs(points - np.roll(points, k, axis=0)).max(axis=1).min() < _DISTINCT * size:
            raise InvalidInput(
                argument,
                f"{len(points)} points that repeat",
                "every point of the orbit once",
                "give as many points as the least period",
            )
    return Cycle(F, kernel, points)


def _states(F: Map, orbit: Any, argument: str) -> Rows:
    expected = f"a PeriodicOrbit, or its points, shape (p, {F.dimension}) or ({F.dimension},)"
    if isinstance(orbit, PeriodicOrbit):
        orbit = orbit.points
    if isinstance(orbit, (str, bytes, Mapping)):
        raise InvalidInput(argument, orbit, expected)
    try:
        rows = np.atleast_2d(np.array(orbit, dtype=np.float64))
    except (TypeError, ValueError):
        raise InvalidInput(argument, orbit, expected) from None
    size = F.dimension if F.loss is None else F.loss.dimension
    if rows.ndim == 2 and len(rows) == 1 and rows.shape[1] == size != F.dimension:
        rows = F.lift(rows)  # a critical point of the loss is a fixed point at rest
    fits = rows.ndim == 2 and rows.shape[1] == F.dimension and 1 <= len(rows) <= LONGEST
    if not fits or not np.isfinite(rows).all():
        raise InvalidInput(argument, orbit, f"{expected}, of at most {LONGEST} finite points")
    return rows


def refined(kernel: Kernel, points: Rows) -> Rows | None:
    """Return the orbit near `points` by Newton's method on all points at once, or None."""
    with np.errstate(all="ignore"):
        miss = np.abs(kernel.step(points)[0] - np.roll(points, -1, axis=0)).max()
    if miss <= 1e-15 * (1 + np.abs(points).max()):
        return points  # nothing to refine, also where Newton's equations are singular
    moved = np.inf
    for _ in range(_NEWTON_STEPS):
        correction = _correction(kernel, points)
        if correction is None:
            return None
        points = points + correction
        moved = float(np.abs(correction).max()) / (1 + float(np.abs(points).max()))
        if moved <= 4e-16:
            break
    return points if moved <= 1e-10 else None


def _correction(kernel: Kernel, points: Rows) -> Rows | None:
    """Return Newton's correction for F(x_k) = x_(k+1)."""
    p, d = points.shape
    with np.errstate(all="ignore"):
        defect = np.roll(points, -1, axis=0) - kernel.step(points)[0]
        slopes = kernel.jacobian(points)
    matrix = np.zeros((p, d, p, d))
    for k in range(p):
        matrix[k, :, k, :] += slopes[k]
        matrix[k, :, (k + 1) % p, :] -= np.eye(d)
    if not (np.isfinite(matrix).all() and np.isfinite(defect).all()):
        return None
    try:
        solution = np.linalg.solve(matrix.reshape(p * d, p * d), defect.ravel())
    except np.linalg.LinAlgError:
        return None
    return np.asarray(solution.reshape(p, d))

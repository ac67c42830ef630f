"""pynamicalsys: its Newton search for a periodic orbit, from many starts, on Hénon's map."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..engines import Unsuited
from .problems import OrbitProblem

__all__ = ["newton_points", "orbits_among"]


def newton_points(problem: OrbitProblem, starts: int) -> Callable[[], NDArray[np.float64]]:
    """Return what is timed: Newton's method from uniform starts, giving the points it came to.

    Raises
    ------
    Unsuited
        Where pynamicalsys is not installed.
    """
    try:
        from pynamicalsys import DiscreteDynamicalSystem
    except ImportError as error:
        raise Unsuited(f"not installed: {error.name}") from None
    system = DiscreteDynamicalSystem(model="henon map")
    system.set_parameters([1.4, 0.3])
    drawn = problem.box.sample(starts, rng=0)

    def run(rows: NDArray[np.float64] = drawn) -> NDArray[np.float64]:
        found = [np.empty((0, 2))]
        for row in rows:
            try:
                point = system.find_periodic_orbit(row, problem.period, prime_period=True)
            except (RuntimeError, np.linalg.LinAlgError):
                continue  # it did not converge, or to an orbit of a shorter period
            found.append(np.reshape(point, (1, 2)))
        return np.concatenate(found)

    run(drawn[:5])  # compiles
    return run


def orbits_among(points: NDArray[np.float64], orbits: list[NDArray[np.float64]]) -> int:
    """Return how many of the orbits have one of the points, to 1e-6."""
    return sum(
        bool(len(points)) and bool(np.any(np.abs(points[:, None] - orbit).max(axis=2) < 1e-6))
        for orbit in orbits
    )

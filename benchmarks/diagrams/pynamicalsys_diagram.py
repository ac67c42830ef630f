"""pynamicalsys: its bifurcation diagram, for one start after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engines import Unsuited
from .problems import DiagramProblem

__all__ = ["peer_diagram"]

Array = NDArray[np.float64]


def peer_diagram(problem: DiagramProblem) -> Callable[[], Array]:
    """Return what is timed: the kept points, shape (m, s, points), compiled beforehand.

    Raises
    ------
    Unsuited
        Where pynamicalsys is not installed.
    """
    system = _system(problem)

    def run(values: Array = problem.values, starts: Array = problem.starts) -> Array:
        found = np.empty((len(values), len(starts), problem.points))
        for k, start in enumerate(starts):
            found[:, k] = system.bifurcation_diagram(
                start,
                0,
                values,
                problem.transient + problem.points,
                transient_time=problem.transient,
            )[1]
        return found

    run(problem.values[:2], problem.starts[:1])  # compiles
    return run


def _system(problem: DiagramProblem) -> Any:
    try:
        import numba
        from pynamicalsys import DiscreteDynamicalSystem
    except ImportError as error:
        raise Unsuited(f"not installed: {error.name}") from None
    return DiscreteDynamicalSystem(
        mapping=numba.njit(problem.mapping),
        system_dimension=problem.starts.shape[1],
        number_of_parameters=1,
    )

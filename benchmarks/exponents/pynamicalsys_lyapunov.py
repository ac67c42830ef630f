"""pynamicalsys: its Lyapunov exponents of the same orbits, by its fastest method."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..engines import Unsuited
from .problems import SpectrumProblem

__all__ = ["peer_exponents"]

_WARM = 4  # orbits with which methods are compiled and compared


def peer_exponents(problem: SpectrumProblem) -> Callable[[], NDArray[np.float64]]:
    """Return what is timed: a call that gives the exponents of every orbit, shape (n, d).

    Of its methods, which differ in how they factor matrices, the fastest one is taken.

    Raises
    ------
    Unsuited
        Where pynamicalsys is not installed.
    """
    try:
        from pynamicalsys import DiscreteDynamicalSystem
    except ImportError as error:
        raise Unsuited(f"not installed: {error.name}") from None
    system = DiscreteDynamicalSystem(model=problem.model)
    d = problem.F.dimension
    total = problem.steps + problem.transient

    def run(method: str, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        found = [
            system.lyapunov(
                row if d > 1 else float(row[0]),
                total,
                parameters=list(problem.parameters),
                method=method,
                transient_time=problem.transient,
            )
            for row in rows
        ]
        return np.reshape(np.array(found, dtype=np.float64), (len(rows), d))

    def seconds(method: str) -> float:
        run(method, problem.starts[:1])  # compiles
        begin = time.process_time()
        run(method, problem.starts[:_WARM])
        return time.process_time() - begin

    best = min(["QR", "ER"] if d == 2 else ["QR"], key=seconds)
    return lambda: run(best, problem.starts)

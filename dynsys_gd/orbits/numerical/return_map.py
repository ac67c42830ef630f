"""The p-step map minus the identity, its derivative, and the matrices that stabilise orbits."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from ...engine.iteration import orbit
from ...errors import InvalidInput
from .task import Task

__all__ = [
    "check_few_coordinates",
    "repeated",
    "return_map",
    "signed_permutations",
    "turned_by",
]

Array = NDArray[np.float64]

_MOST_COORDINATES = 4  # 384 matrices; 3840 for five coordinates


@lru_cache(maxsize=8)
def signed_permutations(d: int) -> Array:
    """Return the matrices with one entry ±1 in each row and column, shape (2^d d!, d, d).

    Examples
    --------
    >>> signed_permutations(1).ravel().tolist(), len(signed_permutations(2))
    ([1.0, -1.0], 8)
    """
    matrices = [
        np.diag(signs)[list(order)]
        for order in permutations(range(d))
        for signs in product((1.0, -1.0), repeat=d)
    ]
    stacked = np.array(matrices)
    stacked.setflags(write=False)
    return stacked


def check_few_coordinates(task: Task) -> None:
    """Refuse a map for which there are too many matrices."""
    if task.dimension > _MOST_COORDINATES:
        raise InvalidInput(
            "F",
            task.F.describe(),
            f"a map of at most {_MOST_COORDINATES} coordinates, as 2^d d! matrices are tried",
            "use NewtonSearch()",
        )


def return_map(task: Task, points: Array) -> tuple[Array, Array]:
    """Return F^p(x) - x, shape (n, d), and its derivative, shape (n, d, d)."""
    n, d = points.shape
    p = task.period
    with np.errstate(all="ignore"):
        passed = np.ascontiguousarray(orbit(task.kernel, points, p))
        jacobians = task.kernel.jacobian(passed[:-1].reshape(-1, d)).reshape(p, n, d, d)
        derivative = jacobians[0]
        for matrices in jacobians[1:]:
            derivative = matrices @ derivative
        return task.wrapped(passed[-1] - points), derivative - np.eye(d)


def repeated(points: Array, matrices: Array) -> tuple[Array, Array]:
    """Return every point with every matrix: shapes (n m, d) and (n m, d, d)."""
    n, m = len(points), len(matrices)
    return np.repeat(points, m, axis=0), np.tile(matrices, (n, 1, 1))


def turned_by(matrices: Array, rows: Array) -> Array:
    """Return C x for each row."""
    return np.asarray(np.einsum("nij,nj->ni", matrices, rows))

"""Points of a curve and their tangents: Newton's method on a hyperplane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .curve import Curve, Vector

__all__ = ["Corrected", "corrected", "side_of", "tangent_of"]

_ITERATIONS = 12
_CLOSE = 1e-8  # of the size: corrections this short are followed by one or two more, not by many
_ROUNDING = 4e-16
_ROUGH = 100.0  # roundings of the unknowns that a correction near the solution may be long
_CUT = 1e-9  # singular values below this share of the largest belong to a family


@dataclass(frozen=True, eq=False)
class Corrected:
    """A point of a curve, and what it took to get there.

    Parameters
    ----------
    u : ndarray, shape (n,)
    iterations : int
    first : float
        Length of the first correction.
    """

    u: Vector
    iterations: int
    first: float


def corrected(curve: Curve, guess: Vector, normal: Vector) -> Corrected | None:
    """Return the point of the curve on the hyperplane through `guess`, None where there is none.

    On a family it is the nearest point of the solution set.
    """
    u, sizes = guess, [np.inf]
    for iteration in range(1, _ITERATIONS + 1):
        residual, matrix = curve.linear(u)
        if not np.isfinite(residual).all():
            return None
        offset = float(np.sum(curve.weights * normal * (u - guess)))
        try:
            step = _bordered(curve, matrix, normal)(np.append(-residual, -offset))
        except (np.linalg.LinAlgError, RuntimeError):  # what splu raises for a singular matrix
            return None
        if not np.isfinite(step).all():
            return None
        u = u + step
        size, rounding = curve.norm(step), _ROUNDING * (curve.norm(u) + 1.0)
        near = max(_CLOSE * (curve.extent(u) + 1.0), _ROUGH * rounding)
        # Next to the solution a correction that is not much shorter than the last one is rounding.
        close = sizes[-1] <= near
        if size <= rounding or (close and size > 0.1 * sizes[-1]):
            done = Corrected(u, iteration, sizes[1] if len(sizes) > 1 else size)
            return done if _plain(curve, matrix) or _solved(curve, u) else None
        if iteration > 4 and size > sizes[-1]:
            return None
        sizes.append(size)
    return Corrected(u, _ITERATIONS, sizes[1]) if sizes[-1] <= near else None


def tangent_of(curve: Curve, u: Vector, reference: Vector) -> Vector | None:
    """Return the unit tangent at a point of the curve that goes along with `reference`."""
    _, matrix = curve.linear(u)
    if _plain(curve, matrix):
        try:
            found = _bordered(curve, matrix, reference)(np.append(np.zeros(curve.size - 1), 1.0))
        except (np.linalg.LinAlgError, RuntimeError):
            return None
    else:
        # Among all directions of the solution set the one nearest to the reference.
        root = np.sqrt(curve.weights)
        dense = np.asarray(matrix) / root
        _, sizes, rows = np.linalg.svd(dense)
        rank = int(np.sum(sizes > _CUT * max(sizes[0], 1.0)))
        null = rows[rank:]
        found = (null.T @ (null @ (root * reference))) / root
    length = curve.norm(found)
    if not np.isfinite(length) or length == 0:
        return None
    return found / length


def side_of(curve: Curve, u: Vector, tangent: Vector) -> int:
    """Return the sign of the determinant of the equations with the tangent below them.

    Along a branch it changes where another one crosses, and nowhere else. 0 on families, and for
    so many unknowns that the equations are sparse.
    """
    _, matrix = curve.linear(u)
    if not isinstance(matrix, np.ndarray) or not _plain(curve, matrix):
        return 0
    root = np.sqrt(curve.weights)
    return int(np.linalg.slogdet(np.vstack([matrix / root, root * tangent]))[0])


def _plain(curve: Curve, matrix: Any) -> bool:
    """Return whether one more equation makes the matrix square and, in general, regular."""
    return not curve.family and matrix.shape[0] + 1 == curve.size


def _solved(curve: Curve, u: Vector) -> bool:
    """Return whether u is an orbit: what the shortest step cannot change need not be zero."""
    length = np.linalg.norm(curve.scaled(u, curve.residual(u))[: curve.orbit(u).size])
    return bool(length <= _CLOSE * (curve.extent(u) + 1.0))


def _bordered(
    curve: Curve, matrix: Any, normal: Vector
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return what solves the equations together with <normal, step> = last entry."""
    row = curve.weights * normal
    if isinstance(matrix, np.ndarray):
        full = np.vstack([matrix, row])
        if _plain(curve, matrix):
            return lambda right: np.linalg.solve(full, right)
        root = np.sqrt(curve.weights)
        # The shortest of all steps, so that a family is not slid along.
        return lambda right: np.linalg.lstsq(full / root, right, rcond=_CUT)[0] / root
    from scipy.sparse import csc_array, vstack
    from scipy.sparse.linalg import splu

    solver = splu(csc_array(vstack([matrix, row[None, :]])))
    return lambda right: np.asarray(solver.solve(right))

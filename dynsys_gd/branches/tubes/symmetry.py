"""Symmetries of a map: linear maps R with F(Rx) = R F(x) and R R x = x."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations, product

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from .formulas import Formulas

__all__ = ["on_fixed_points", "symmetry_at"]

Bounds = NDArray[np.float64]
Rows = tuple[tuple[int, ...], ...]

_NEAR = 1e-6
_MOST = 4  # coordinates up to which all changes of signs and places are tried


def symmetry_at(formulas: Formulas, points: Bounds, direction: Bounds) -> Rows | None:
    """Return a symmetry that leaves the points where they are and turns the direction around.

    Changes of places and signs of the coordinates are tried, and kept where the formulas prove
    that the map commutes with them.
    """
    d = formulas.dimension
    if d > _MOST:
        return None
    size, length = 1.0 + np.abs(points).max(), np.abs(direction).max()
    for order in permutations(range(d)):
        for signs in product((1, -1), repeat=d):
            R = np.zeros((d, d), dtype=int)
            R[np.arange(d), order] = signs
            if not np.array_equal(R @ R, np.eye(d, dtype=int)):
                continue
            stays = np.abs(points @ R.T - points).max() <= _NEAR * size
            breaks = np.abs(direction @ R.T + direction).max() <= _NEAR * length
            if stays and breaks and _commutes(formulas, R):
                return tuple(tuple(int(entry) for entry in row) for row in R)
    return None


def _commutes(formulas: Formulas, R: NDArray[np.int_]) -> bool:
    x = sp.Matrix(formulas.variables)
    moved = dict(zip(formulas.variables, sp.Matrix(R) * x, strict=True))
    images = sp.Matrix(formulas.images)
    gap = images.xreplace(moved) - sp.Matrix(R) * images
    return all(sp.expand(entry) == 0 or sp.simplify(entry) == 0 for entry in gap)


@lru_cache(maxsize=32)
def on_fixed_points(formulas: Formulas, symmetry: Rows) -> Formulas:
    """Return (F(Px, λ), DF(Px, λ) q) for the projection P = (I + R)/2 on the fixed points of R.

    On them it is the map and its derivative; beside them the first part does not depend on where
    x is, so that no orbit beside them disturbs.
    """
    whole = formulas.along()
    R = sp.Matrix(symmetry)
    x = sp.Matrix(formulas.variables)
    projected = (x + R * x) / 2
    at = dict(zip(formulas.variables, projected, strict=True))
    images = tuple(sp.sympify(image).xreplace(at) for image in whole.images)
    return Formulas(images, whole.variables, whole.parameter)

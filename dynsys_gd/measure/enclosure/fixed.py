"""Which fixed points the cores and blocks are built around."""

from __future__ import annotations

import numpy as np

from ...errors import InvalidInput
from ...maps.base import Map
from ...orbits.certified.system import Bounds, System
from ...orbits.fixed_points import fixed_points
from ...regions import Box

__all__ = ["candidates", "real_frame"]

_WIDER = 2.0  # how many times wider than the region fixed points are looked for


def candidates(
    F: Map, system: System, region: Box, seconds: float
) -> tuple[Bounds, tuple[str, ...]]:
    """Return fixed points in a region, then those around it, shape (n, d), and what stays open.

    They are where cores and blocks are tried; what is then said of a core or a block is proved
    without them.
    """
    low, high = np.array(region.low), np.array(region.high)
    half = 0.5 * (high - low)
    wide = Box(0.5 * (low + high) - _WIDER * half, 0.5 * (low + high) + _WIDER * half)
    size = system.dimension if F.loss is None else F.loss.dimension
    box = Box(wide.low[:size], wide.high[:size])
    try:
        found = fixed_points(F, box, seconds=seconds)
    except (InvalidInput, ArithmeticError) as error:
        return np.empty((0, system.dimension)), (f"no fixed points were found: {error}",)
    notes = () if found.complete else (f"the list of fixed points is open: {found.why}",)
    if not found.orbits:
        return np.empty((0, system.dimension)), notes
    points = np.array([orbit.points[0] for orbit in found.orbits])
    if points.shape[1] != system.dimension:
        points = F.lift(points)
    # Those in the region first, then the nearer ones.
    outside = np.maximum(np.abs(points - 0.5 * (low + high)) - half, 0.0).max(axis=1)
    return points[np.argsort(outside, kind="stable")], notes


def real_frame(matrix: Bounds) -> tuple[Bounds, int]:
    """Return real columns that span the invariant subspaces, those outside the circle first.

    A pair of complex eigenvalues gives the real and the imaginary part of an eigenvector. The
    second value is how many columns belong to eigenvalues outside the unit circle.
    """
    values, vectors = np.linalg.eig(matrix)
    order = np.lexsort((values.imag, -np.abs(values)))
    columns: list[Bounds] = []
    for k in order:
        value, vector = values[k], vectors[:, k]
        if value.imag < 0:
            continue
        vector = vector / np.abs(vector).max()
        # One scale for both parts: on them the matrix is a rotation times a number.
        columns += [vector.real] if value.imag == 0 else [vector.real, vector.imag]
    return np.array(columns).T, int((np.abs(values) > 1).sum())

"""Which of many numerical orbits are the same, whatever their first point and their turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .task import Task

__all__ = ["RESOLUTION", "canonical", "labels", "least_period_is", "radius_of"]

Array = NDArray[np.float64]

RESOLUTION = 1e-8  # distance, relative to the scale, below which two orbits are one


def radius_of(task: Task, orbits: Array) -> float:
    """Return the distance below which orbits count as one."""
    largest = float(np.abs(orbits).max(initial=0.0))
    return RESOLUTION * max(task.scale, 1e-4 * largest)


def least_period_is(task: Task, orbits: Array) -> NDArray[np.bool_]:
    """Return for each orbit, shape (n, p, d), whether no shorter period describes it."""
    p = orbits.shape[1]
    least = np.ones(len(orbits), dtype=bool)
    radius = 100 * radius_of(task, orbits)
    for prime in _prime_divisors(p):
        away = task.wrapped(orbits - np.roll(orbits, -(p // prime), axis=1))
        least &= np.abs(away).max(axis=(1, 2)) > radius
    return least


def canonical(orbits: Array) -> Array:
    """Return orbits turned so that the point that is first in a generic order comes first."""
    n, p, d = orbits.shape
    # Incommensurable weights, the first coordinate foremost: ties do not matter but are rare.
    weights = 1.0 / np.sqrt(2.0) ** (3 * np.arange(d)) + 1e-3 * np.sqrt(1.0 + np.arange(d))
    first = np.argmin(orbits @ weights, axis=1)
    return orbits[np.arange(n)[:, None], (first[:, None] + np.arange(p)) % p]


def labels(task: Task, orbits: Array) -> NDArray[np.int64]:
    """Return a number for each orbit, shape (n, p, d), the same for those that are one.

    Notes
    -----
    Orbits that round to the same numbers are put together first. Then first points are looked up
    in a tree of all points [bentley1975multidimensional]_, on a torus where coordinates are
    periodic, and where one is met the rest of both orbits is compared.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    n, p, d = orbits.shape
    if not n:
        return np.empty(0, dtype=np.int64)
    radius = radius_of(task, orbits)
    turned = canonical(task.reduced(orbits))
    rounded = np.round(turned.reshape(n, -1) / (4 * radius))
    _, chosen, group = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    few = turned[chosen]
    box = None
    points = few.reshape(-1, d)
    if task.periods is not None:
        # A tree on a torus takes coordinates from 0 up to below the period.
        whole = np.where(np.isfinite(task.periods), task.periods, 0.0)
        box = whole
        moved = np.where(whole > 0, np.mod(points, np.where(whole > 0, whole, 1.0)), points)
        points = np.where((whole > 0) & (moved >= whole), 0.0, moved)
    every = cKDTree(points, boxsize=box)
    firsts = cKDTree(points[::p], boxsize=box)
    pairs = firsts.sparse_distance_matrix(every, radius, p=np.inf, output_type="coo_matrix")
    one, (other, shift) = pairs.row, np.divmod(pairs.col, p)
    places = (shift[:, None] + np.arange(p)) % p
    same = np.ones(len(one), dtype=bool)
    for part in np.array_split(np.arange(len(one)), max(1, len(one) * p * d // 4_000_000)):
        away = task.wrapped(few[one[part]] - few[other[part, None], places[part]])
        same[part] = np.abs(away).max(axis=(1, 2)) <= 10 * radius
    graph = coo_array((same[same], (one[same], other[same])), shape=(len(few), len(few)))
    component = connected_components(graph, directed=False)[1]
    return np.asarray(component[group.ravel()], dtype=np.int64)


def _prime_divisors(p: int) -> list[int]:
    found, q = [], 2
    while p > 1:
        if p % q == 0:
            found.append(q)
            while p % q == 0:
                p //= q
        q += 1
    return found

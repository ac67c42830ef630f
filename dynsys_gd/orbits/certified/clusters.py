"""Which boxes belong together, and why they stayed undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ..cluster import Cluster, Obstacle
from .equations import Equations
from .outward import Bounds

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

__all__ = ["clusters_of", "components", "undefined"]

_COORDINATES = 3  # neighbours are looked for in so many coordinates, then checked in all
_GAP, _SKEW = 0.1, 0.01  # shares of a set's width in one coordinate, and of its largest width
_MOST_SETS = 300
_MOST = 60_000  # boxes beyond which they count as one set


def components(lower: Bounds, upper: Bounds) -> NDArray[np.int64]:
    """Return for each of n boxes (p, d, n) the number of its connected set.

    Boxes touch where their bounds have a number in common in every coordinate. Among very many
    boxes nobody looks: they are one set.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    n = lower.shape[2]
    if n < 2 or n > _MOST:
        return np.zeros(n, dtype=np.int64)
    low, high = lower.reshape(-1, n), upper.reshape(-1, n)
    widths = high - low
    unit = widths.max(axis=1)
    unit = np.where(unit > 0, unit, 1.0)
    spread = (high.max(axis=1) - low.min(axis=1)) / unit
    chosen = np.argsort(-spread, kind="stable")[:_COORDINATES]
    centre = (0.5 * (low + high)[chosen] / unit[chosen, None]).T
    sizes = (widths[chosen] / unit[chosen, None]).max(axis=0)
    # Boxes of like size are compared together: a large one has many small ones around it.
    scale = np.clip(np.ceil(np.log2(np.maximum(sizes, 2.0**-60))), -60, 0).astype(int)
    groups = [np.flatnonzero(scale == s) for s in np.unique(scale)]
    trees = [cKDTree(centre[group]) for group in groups]
    first, second = [], []
    for a, group in enumerate(groups):
        for b in range(a, len(groups)):
            reach = 0.5 * (2.0 ** scale[group[0]] + 2.0 ** scale[groups[b][0]]) * (1 + 1e-9)
            i, j = _near(trees[a], trees[b], reach + 1e-300, a == b)
            i, j = group[i], groups[b][j]
            touch = ((low[:, i] <= high[:, j]) & (low[:, j] <= high[:, i])).all(axis=0)
            first.append(i[touch])
            second.append(j[touch])
    rows, columns = np.concatenate(first), np.concatenate(second)
    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _near(
    one: cKDTree, other: cKDTree, reach: float, same: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pairs of places of centres that are near each other in every coordinate."""
    if same:
        pairs = one.query_pairs(reach, p=np.inf, output_type="ndarray")
        return pairs[:, 0], pairs[:, 1]
    found = one.query_ball_tree(other, reach, p=np.inf)
    counts = [len(places) for places in found]
    flat = [place for places in found for place in places]
    return np.repeat(np.arange(one.n), counts), np.array(flat, dtype=np.int64)


def _merged(labels: NDArray[np.int64], lower: Bounds, upper: Bounds) -> NDArray[np.int64]:
    """Return labels in which sets with small gaps between their hulls are one.

    Wide sets gather what is near them first. Once there are too many sets, the rest is one.
    """
    count = int(labels.max()) + 1
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(count))
    rows = lower.shape[0] * lower.shape[1]
    low = np.minimum.reduceat(lower.reshape(rows, -1)[:, order], starts, axis=1)
    high = np.maximum.reduceat(upper.reshape(rows, -1)[:, order], starts, axis=1)
    new = np.full(count, -1)
    for label in range(_MOST_SETS):
        free = np.flatnonzero(new < 0)
        if not len(free):
            break
        widths = (high - low)[:, free].max(axis=0)
        gathered = np.zeros(len(free), dtype=bool)
        gathered[np.argmax(widths)] = True
        if label == _MOST_SETS - 1:
            gathered[:] = True
        while True:
            own = free[gathered]
            a, b = low[:, own].min(axis=1, keepdims=True), high[:, own].max(axis=1, keepdims=True)
            room = _GAP * (b - a) + _SKEW * np.max(b - a)
            near = ((low[:, free] <= b + room) & (high[:, free] >= a - room)).all(axis=0)
            if not (near & ~gathered).any():
                break
            gathered |= near
        new[free[gathered]] = label
    return new[labels]


def undefined(equations: Equations, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
    """Return for each box (p, d, n) whether the map or its derivative has no bounds there."""
    found = np.zeros(lower.shape[2], dtype=bool)
    for low, high in zip(lower, upper, strict=True):
        below, above = equations.values(low, high)
        found |= ~(np.isfinite(below) & np.isfinite(above)).all(axis=0)
    return found


def clusters_of(
    equations: Equations,
    lower: Bounds,
    upper: Bounds,
    evidence: Evidence,
    obstacle: Obstacle | None = None,
) -> tuple[Cluster, ...]:
    """Return the connected sets of boxes (p, d, n), sorted by their first bounds.

    Gaps that are small against the sets on both sides do not count: around a multiple solution
    rounding decides which boxes can be excluded.

    Parameters
    ----------
    equations : Equations
    lower, upper : ndarray, shape (p, d, n)
    evidence : Evidence
        Of the claim that no undecided orbit lies elsewhere.
    obstacle : Obstacle, optional
        Why the boxes stayed undecided. Left out: UNDEFINED for sets on which the map or its
        derivative has no bounds, SINGULAR for the others.
    """
    if not lower.shape[2]:
        return ()
    labels = _merged(components(lower, upper), lower, upper)
    smooth = equations.values.tape.analytic
    poles = undefined(equations, lower, upper) if smooth else np.ones(len(labels), dtype=bool)
    found = []
    order = np.argsort(labels, kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        why = obstacle
        if why is None:
            why = Obstacle.UNDEFINED if poles[places].any() else Obstacle.SINGULAR
        boxes = np.stack([lower[..., places], upper[..., places]], axis=-1).transpose(2, 0, 1, 3)
        found.append(Cluster(boxes=np.ascontiguousarray(boxes), obstacle=why, evidence=evidence))
    return tuple(sorted(found, key=lambda cluster: cluster.hull[..., 0].ravel().tolist()))

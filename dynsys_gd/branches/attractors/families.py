"""Which limits are the same, and which lie on one family of fixed points or cycles?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...engine.iteration import orbit
from ...ensembles.iterate import PStep, polish
from ...ensembles.multipliers import GAP
from ...maps.base import Map

__all__ = ["joined_limits"]

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

_SAME = 1e-6  # relative to 1 + |x|: limits of one point
_KERNEL = 1e-7  # singular values of DF^p - I below this belong to a family
_NEIGHBOURS = 6
_BETWEEN = 0.5  # of the distance of two members: how far from its middle the family may pass
_ROUNDS = 20
_HALVINGS = 3
_MOST_JACOBIANS = 4096
_MOST_PIECES = 100


def joined_limits(F: Map, limits: Array, period: int, degenerate: NDArray[np.bool_]) -> Labels:
    """Number the attractors that limits of one period belong to, shape (n,).

    Parameters
    ----------
    F : Map
    limits : ndarray, shape (n, d)
        Fixed points of F^p.
    period : int
    degenerate : ndarray of bool, shape (n,)
        Limits that were not found by Newton's method, known roughly only.

    Notes
    -----
    Two limits are one where some points of their cycles coincide. Members of families, where
    DF^p - I has a kernel, are joined to near ones: the middle between two members is moved onto
    the fixed points of F^p by Newton's method with the pseudo-inverse; where it comes to rest at a
    member of a family, not farther away than half of the distance, and so do the middles of both
    halves and of their halves, the two are taken to lie on one piece.
    """
    from scipy.spatial import cKDTree

    kernel = F.kernel()
    cycles = orbit(kernel, limits, period - 1) if period > 1 else limits[None]
    room = _SAME * (1.0 + np.linalg.norm(limits, axis=1))
    # Every point of every cycle, and whose it is: the phase at which a start arrives is no matter.
    flat = cycles.transpose(1, 0, 2).reshape(-1, limits.shape[1])
    owner = np.repeat(np.arange(len(limits)), period)
    tree = cKDTree(flat)
    labels = np.arange(len(limits))
    for k, near in enumerate(tree.query_ball_point(limits, room)):
        _join(labels, k, owner[near])
    steps = PStep(F, kernel, period)
    firsts = np.unique(labels)
    family = np.zeros(len(limits), dtype=bool)
    family[firsts] = degenerate[firsts] | _has_kernel(steps, limits[firsts])
    members = firsts[family[firsts]]
    if len(members) < 2:
        return labels
    inside = np.isin(labels[owner], members)
    points, whose = flat[inside], labels[owner][inside]
    count = min(len(points), 1 + _NEIGHBOURS * period)
    _, near = cKDTree(points).query(limits[members], k=count)
    edges = [
        (int(member), int(j))
        for member, row in zip(members, near, strict=True)
        for j in row
        if whose[j] != member
    ]
    rough = bool(degenerate.any())
    while edges:
        start = np.array([limits[member] for member, _ in edges])
        end = np.array([points[j] for _, j in edges])
        linked = _connected(steps, start, end, rough, _HALVINGS)
        for (member, j), yes in zip(edges, linked, strict=True):
            if yes:
                _join(labels, member, whose[j : j + 1])
        # Neighbours may all lie on the same side of a gap: the ends of pieces are tried too.
        edges = _between_pieces(labels, limits, members, points, whose) if linked.any() else []
    return labels


def _between_pieces(
    labels: Labels, limits: Array, members: Labels, points: Array, whose: Labels
) -> list[tuple[int, int]]:
    """Return the nearest pair of every piece and the rest, as a member and the place of a point."""
    from scipy.spatial import cKDTree

    pieces = np.unique(labels[members])
    if len(pieces) > _MOST_PIECES:
        return []
    pairs = []
    for piece in pieces:
        own, other = members[labels[members] == piece], np.flatnonzero(labels[whose] != piece)
        if not other.size:
            return []
        distances, near = cKDTree(points[other]).query(limits[own])
        k = int(np.argmin(distances))
        pairs.append((int(own[k]), int(other[near[k]])))
    return pairs


def _join(labels: Labels, k: int, others: NDArray[np.int64]) -> None:
    """Give all that are joined to k or to the others the smallest of their numbers."""
    numbers = np.unique(np.append(labels[others], labels[k]))
    if len(numbers) > 1:
        labels[np.isin(labels, numbers)] = numbers[0]


def _has_kernel(steps: PStep, points: Array) -> NDArray[np.bool_]:
    found = np.empty(len(points), dtype=bool)
    size = max(1, _MOST_JACOBIANS // points.shape[1])
    for first in range(0, len(points), size):
        matrices = np.nan_to_num(np.array(steps.derivative(points[first : first + size])))
        values = np.linalg.svd(matrices, compute_uv=False)
        found[first : first + size] = values[:, -1] <= _KERNEL * np.maximum(1.0, values[:, 0])
    return found


def _connected(
    steps: PStep, start: Array, end: Array, rough: bool, halvings: int
) -> NDArray[np.bool_]:
    """Return whether fixed points of F^p were found all along between pairs of members."""
    distance = np.linalg.norm(end - start, axis=1)
    middle = 0.5 * (start + end)
    found = polish(steps, middle, cut=GAP, rounds=_ROUNDS)
    points = np.array(found.points)
    with np.errstate(all="ignore"):
        good = np.linalg.norm(points - middle, axis=1) <= _BETWEEN * distance
        residual = np.linalg.norm(steps.displacement(points), axis=1)
        good &= residual <= _SAME * (1.0 + np.linalg.norm(points, axis=1))
    rows = np.flatnonzero(good)
    if rows.size and not rough:
        good[rows] = _has_kernel(steps, points[rows])
        rows = np.flatnonzero(good)
    # The nearer the members the straighter is the family between them.
    if rows.size and halvings > 1:
        for one, other in ((start[rows], points[rows]), (points[rows], end[rows])):
            good[rows] &= _connected(steps, one, other, rough, halvings - 1)
    return good

"""Whether a map expands every direction along all orbits that stay in a set of cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.outward import Bounds
from ..images import Formulas, Mask
from .cover import Cover, part_of

__all__ = ["expands"]

_ROUNDS = 100
_MARGIN = 1e-9  # by which growth along each cycle must be seen: far above all rounding
_FEW = 2e-15  # of sums of at most ten products, relative to their sizes


def expands(formulas: Formulas, cover: Cover, nodes: NDArray[np.int64]) -> bool:
    """Return whether the derivative is proved to expand along every cycle of cells.

    Notes
    -----
    On each cell the factor by which DF lengthens every vector (in the maximum norm) is at least
    (1 - q)/‖C‖, with C about the inverse of DF and q a bound of ‖I - C DF‖. Along each path the
    factors multiply; potentials p with p_j <= p_i + log m_i for all edges i → j, and room to spare,
    show that products along cycles exceed one (Bellman, Ford).
    """
    if not formulas.smooth:
        return False
    part = part_of(cover, nodes)
    with np.errstate(all="ignore"):
        growth = np.log(_factors(*formulas.slopes(part.lower, part.upper)))
    if not np.isfinite(growth).all():
        return False
    weight = growth[part.sources] - _MARGIN
    if (weight > 0).all():
        return True
    loops = part.sources == part.targets
    if (weight <= 0).all() or (weight[loops] <= 0).any():
        return False
    potential = np.zeros(len(part))
    for _ in range(_ROUNDS):
        before = potential.copy()
        np.minimum.at(potential, part.targets, before[part.sources] + weight)
        if (potential == before).all():
            return bool(np.abs(potential).max() < 1e4)
    return False


def _factors(low: Bounds, high: Bounds) -> Bounds:
    """Return lower bounds of the factors by which matrices between bounds (d, d, n) lengthen."""
    d = len(low)
    mid = 0.5 * low + 0.5 * high
    radius = np.maximum(high - mid, mid - low) * (1 + 1e-15)
    stacked = mid.transpose(2, 0, 1)
    usable: Mask = np.asarray(
        np.isfinite(stacked).all(axis=(1, 2)) & np.isfinite(radius).all(axis=(0, 1))
    )
    usable[usable] = np.linalg.det(stacked[usable]) != 0
    factors = np.zeros(low.shape[2])
    if not usable.any():
        return factors
    C = np.linalg.inv(stacked[usable])  # about the inverse: what it lacks is in q
    A, R = stacked[usable], radius.transpose(2, 0, 1)[usable]
    size = np.abs(C) @ np.abs(A)
    q = np.abs(np.eye(d) - C @ A) + np.abs(C) @ R * (1 + 1e-12) + (size + 1) * d * _FEW
    norm = np.abs(C).sum(axis=2).max(axis=1) * (1 + 1e-12)
    factors[usable] = np.maximum(1 - q.sum(axis=2).max(axis=1) * (1 + 1e-12), 0) / norm
    return factors * (1 - 1e-12)

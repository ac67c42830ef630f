"""Boxes that almost every point leaves, because a cone of directions expands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.enclosed import Enclosed
from ...orbits.certified.system import Bounds, System
from ...regions import Box
from .fixed import real_frame
from .frames import Frame, frame_of, row_sum, smallest_stretch

__all__ = ["Block", "blocks_at", "expands"]

_SLOWEST = 1 + 1e-6  # the stretching q is at least this
_STABLE_SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)
_FINEST = 2.0**-20  # of the width of the region: where the search for a box begins and ends
_FINE = 2.0**-12  # share of the longest side up to which sides are sought
_MOST = 12  # blocks around one point
_MOST_POINTS = 32


@dataclass(frozen=True)
class Block:
    """A box in which a cone about the first columns of a frame is mapped into itself and grows.

    Parameters
    ----------
    lower, upper : tuple of d float
    frame : tuple of d rows of d float
        Columns P, the first `unstable` of which span the middle of the cone.
    unstable : int
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    frame: tuple[tuple[float, ...], ...]
    unstable: int

    def contains(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return for each box (d, n) whether it lies in the block."""
        low, high = np.array(self.lower)[:, None], np.array(self.upper)[:, None]
        return np.asarray(((low <= lower) & (upper <= high)).all(axis=0))


def expands(
    system: System, frame: Frame, unstable: int, lower: Bounds, upper: Bounds
) -> NDArray[np.bool_]:
    """Return for each box (d, n) whether it can be a block in this frame.

    Notes
    -----
    With M = P⁻¹ DF P in blocks of unstable and stable coordinates, bounded over the whole box,
    and μ ≤ 1/|M_uu⁻¹|: μ - |M_us| ≥ q > 1 and |M_su| + |M_ss| ≤ μ - |M_us|. Two points of the
    (convex) box whose difference lies in the cone |v_s| ≤ |v_u| separate by q in each step, with
    the difference in the cone again. The points that never leave the box therefore have
    differences outside the cone: they lie on a Lipschitz graph over the stable coordinates,
    which is a null set.
    """
    u, d = unstable, system.dimension
    with np.errstate(all="ignore"):
        matrices = frame.of_matrices(*system.slope_bounds(lower, upper), symmetric=system.symmetric)
        stretch = smallest_stretch(matrices[:u, :u])
        if u == d:
            return np.asarray(stretch >= _SLOWEST)
        left = stretch - row_sum(matrices[:u, u:])
        left = left - 2.0**-50 * stretch
        across = Enclosed(matrices.lower[u:], matrices.upper[u:])
        rest = row_sum(across[:, :u]) + row_sum(across[:, u:])
        return np.asarray((left >= _SLOWEST) & (rest * (1 + 2.0**-50) <= left))


def blocks_at(system: System, points: Bounds, region: Box) -> tuple[Block, ...]:
    """Return large blocks around or beside those of some points (n, d) from which orbits leave.

    Beside a centred box there are boxes with the point near a corner: they reach further.
    """
    found: list[Block] = []
    for point in points[:_MOST_POINTS]:
        columns, unstable = real_frame(system.slopes_at(point[:, None])[:, :, 0])
        if unstable and columns.shape[1] == len(point):
            found += _around(system, point, columns, unstable, region)
    return tuple(found)


def _around(
    system: System, point: Bounds, columns: Bounds, unstable: int, region: Box
) -> list[Block]:
    frames = [
        frame
        for scale in (_STABLE_SCALES if unstable < len(point) else (1.0,))
        if (frame := frame_of(_scaled(columns, unstable, scale))) is not None
    ]
    most = 2 * (np.array(region.high) - np.array(region.low))
    d = len(point)
    seeds = [np.ones(2 * d)]
    if d <= 3:
        for side in product((0.0, 1.0), repeat=d):
            seeds.append(np.concatenate([1 - np.array(side), np.array(side)]))
    best: list[tuple[float, Block]] = []
    for seed in seeds:
        grown = [(_grown(system, frame, unstable, point, seed, most), frame) for frame in frames]
        sizes = [0.0 if sides is None else float(np.prod(_widths(sides))) for sides, _ in grown]
        if not sizes or not max(sizes):
            continue
        sides, frame = grown[int(np.argmax(sizes))]
        assert sides is not None
        frames = [frame]  # the frame of the box about the point serves those beside it
        block = Block(
            tuple(map(float, point - sides[:d])),
            tuple(map(float, point + sides[d:])),
            tuple(tuple(map(float, row)) for row in frame.columns),
            unstable,
        )
        best.append((max(sizes), block))
    best.sort(key=lambda pair: -pair[0])
    kept: list[Block] = []
    for _, block in best:
        low, high = np.array(block.lower)[:, None], np.array(block.upper)[:, None]
        if not any(other.contains(low, high)[0] for other in kept):
            kept.append(block)
    return kept[:_MOST]


def _grown(
    system: System, frame: Frame, unstable: int, point: Bounds, seed: Bounds, most: Bounds
) -> Bounds | None:
    """Return how far a block reaches down and up from a point, shape (2d,); None: nowhere.

    All sides grow together along `seed` first, then each by itself.
    """
    d = len(point)
    limits = np.concatenate([most, most])
    least = _FINEST * limits

    def fine(sides: Bounds) -> NDArray[np.bool_]:
        """Return which sides, shape (2d, n), give a block."""
        low, high = point[:, None] - sides[:d], point[:, None] + sides[d:]
        return expands(system, frame, unstable, low, high)

    shares = 2.0 ** np.linspace(-20, 0, 161)
    together = (limits * np.where(seed > 0, 1.0, 2.0**-6))[:, None] * shares
    good = np.flatnonzero(~np.logical_and.accumulate(fine(together)))
    last = (good[0] if len(good) else len(shares)) - 1
    if last < 0:
        return None
    sides = np.asarray(together[:, last])
    step = sides.max()
    finest = least.min() if d == 1 else _FINE * float(sides.max())
    while step > finest:
        longer = np.minimum(sides[:, None] + step * np.eye(2 * d), limits[:, None])
        worth = fine(longer) & (longer > sides[:, None]).any(axis=0)
        if not worth.any():
            step /= 2
            continue
        # The shortest side first: long thin boxes hold little.
        widths = np.tile(_widths(sides), 2)
        sides = longer[:, int(np.argmin(np.where(worth, widths, np.inf)))]
    return sides


def _widths(sides: Bounds) -> Bounds:
    d = len(sides) // 2
    return sides[:d] + sides[d:]


def _scaled(columns: Bounds, unstable: int, scale: float) -> Bounds:
    scaled = columns.copy()
    scaled[:, unstable:] *= scale
    return scaled

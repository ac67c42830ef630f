"""Which cells the images of boxes may meet: runs of neighbours along the last axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..orbits.certified.outward import Bounds, down, sum_up, up
from .cells import Cells
from .images import Images

__all__ = ["Runs", "places_met", "runs_met"]

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Runs:
    """For each image the numbers of the cells it may meet, as runs of consecutive numbers.

    Parameters
    ----------
    owner : ndarray of int, shape (r,)
        Whose run it is, ascending.
    first, length : ndarray of int, shape (r,)
    """

    owner: Codes
    first: Codes
    length: Codes

    @property
    def total(self) -> int:
        """How many cells all runs hold together."""
        return int(self.length.sum())

    def counts(self, n: int) -> Codes:
        """Return for each of n images how many cells it may meet."""
        return np.bincount(self.owner, weights=self.length, minlength=n).astype(np.int64)

    def codes(self) -> Codes:
        """Return the numbers of the cells, image by image, ascending for each."""
        ends = np.cumsum(self.length)
        start = self.first - (ends - self.length)
        return np.repeat(start, self.length) + np.arange(self.total)


def places_met(edges: Bounds, lower: Bounds, upper: Bounds) -> tuple[Codes, Codes]:
    """Return first and last place of the closed cells along an axis that [lower, upper] meets.

    The last is below the first where there are none. Cells are closed: an interval that ends on a
    common face meets the cells on both sides of it.
    """
    count = len(edges) - 1
    first = np.searchsorted(edges, lower, side="left") - 1
    last = np.searchsorted(edges, upper, side="right") - 1
    # An interval beyond the ends meets nothing: its first place is `count`, or its last is -1.
    return np.maximum(first, 0), np.minimum(last, count - 1)


def runs_met(images: Images, grid: Cells) -> Runs:
    """Return which of all cells of the depth of `grid` the images may meet.

    Notes
    -----
    For each row of cells along the last axis, the part of the parallelepiped above it lies between
    the bounds that |n·(z - c)| <= Σ|n·A_i| + Σ|n_k| e_k leaves for the last coordinate of z; n runs
    through the normals of its faces. In the plane no pair of a cell and a parallelogram (with the
    box of errors added) that are apart passes this.
    """
    edges, d = grid.edges, grid.dimension
    ranges = [
        places_met(e, a, b) for e, a, b in zip(edges, images.lower, images.upper, strict=True)
    ]
    first, last = (np.array(part) for part in zip(*ranges, strict=True))
    missed = (last < first).any(axis=0)
    if d == 1:
        owner = np.flatnonzero(~missed)
        return Runs(owner, first[0][owner], (last - first + 1)[0][owner])
    width = np.where(missed, 0, (last - first + 1)[:-1])
    rows = width.prod(axis=0)
    owner = np.repeat(np.arange(len(rows)), rows)
    rest = np.arange(len(owner)) - np.repeat(np.cumsum(rows) - rows, rows)
    places = np.empty((d, len(owner)), dtype=np.int64)
    for k in range(d - 2, -1, -1):
        places[k] = first[k][owner] + rest % width[k][owner]
        rest //= width[k][owner]
    low, high = _above(images, grid, owner, places)
    begin, end = places_met(edges[-1], low, high)
    begin, end = np.maximum(begin, first[-1][owner]), np.minimum(end, last[-1][owner])
    met = (begin <= end) & ~(low > high)
    places[-1] = begin
    return Runs(owner[met], grid.codes_of(places[:, met]), (end - begin + 1)[met])


def _above(images: Images, grid: Cells, owner: Codes, places: Codes) -> tuple[Bounds, Bounds]:
    """Return bounds of the last coordinate of the images above rows of cells."""
    d, c = grid.dimension, images.centre
    low, high = images.lower[-1][owner], images.upper[-1][owner]
    if not images.sheared.any():
        return low, high
    with np.errstate(all="ignore"):
        normals = _normals(images.linear)
        sides = [
            (down(grid.edges[k][places[k]] - c[k][owner]),
             up(grid.edges[k][places[k] + 1] - c[k][owner]))
            for k in range(d - 1)
        ]  # fmt: skip
        for n in normals:
            # n·A in floats: what is lost to rounding is below 2^-50 of the sum of sizes.
            reach = np.abs(np.einsum("kn,kin->in", n, images.linear))
            size = np.einsum("kn,kin->n", np.abs(n), np.abs(images.linear))
            radius = up(
                up(sum_up(reach, 0) + size * 2.0**-49) + sum_up(up(np.abs(n) * images.error), 0)
            )
            radius = np.where(images.sheared, radius, np.inf)[owner]
            least, most = -radius, radius
            for k in range(d - 1):
                slope = n[k][owner]
                ends = slope * sides[k][0], slope * sides[k][1]
                least = down(least - up(np.maximum(*ends)))
                most = up(most - down(np.minimum(*ends)))
            slope = n[-1][owner]
            one, other = least / slope, most / slope
            # NaN stands for no bound: fmax and fmin leave it out.
            low = np.fmax(low, down(c[-1][owner] + down(np.minimum(one, other))))
            high = np.fmin(high, up(c[-1][owner] + up(np.maximum(one, other))))
    return low, high


def _normals(linear: Bounds) -> list[Bounds]:
    """Return the directions across the faces of parallelepipeds, each (d, n), about of size 1."""
    d = len(linear)
    if d == 2:
        found = [np.stack([-linear[1, i], linear[0, i]]) for i in range(2)]
    elif d == 3:
        columns = linear.transpose(1, 0, 2)
        found = [np.cross(columns[i - 2], columns[i - 1], axis=0) for i in range(3)]
    else:
        finite = np.where(np.isfinite(linear), linear, 0.0)
        found = list(np.linalg.pinv(finite.transpose(2, 0, 1)).transpose(1, 2, 0))
    return [n / np.abs(n).max(axis=0) for n in found]

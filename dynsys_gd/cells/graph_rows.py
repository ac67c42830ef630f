"""Which cells the images of boxes may meet: runs of neighbours along the last axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..orbits.certified.outward import Bounds, down, up
from .cells import Cells
from .graph_faces import faces_of
from .images import Images

__all__ = ["MOST_ROWS", "Runs", "places_met", "runs_met"]

#: of cells along the last axis, looked at for one chunk of images: each takes about 100 bytes
MOST_ROWS = 2**25

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


def places_met(cells: Cells, axis: int, lower: Bounds, upper: Bounds) -> tuple[Codes, Codes]:
    """Return first and last place of the closed cells along an axis that [lower, upper] meets.

    The last is below the first where there are none. Cells are closed: an interval that ends on a
    common face meets the cells on both sides of it.
    """
    first = cells.edges_below(axis, lower, equal=False) - 1
    last = cells.edges_below(axis, upper, equal=True) - 1
    # Beyond the ends nothing is met: the first place is their number then, or the last is -1.
    return np.maximum(first, 0), np.minimum(last, cells.counts[axis] - 1)


def runs_met(images: Images, grid: Cells) -> Runs:
    """Return which of all cells of the depth of `grid` the images may meet.

    Notes
    -----
    For each row of cells along the last axis, the part of the parallelepiped above it lies between
    the bounds that |n·(z - c)| <= Σ|n·A_i| + Σ|n_k| e_k leaves for the last coordinate of z; n runs
    through the normals of its faces. In the plane no pair of a cell and a parallelogram (with the
    box of errors added) that are apart passes this.
    """
    d = grid.dimension
    ranges = [places_met(grid, k, images.lower[k], images.upper[k]) for k in range(d)]
    first, last = (np.array(part) for part in zip(*ranges, strict=True))
    missed = (last < first).any(axis=0)
    if d == 1:
        owner = np.flatnonzero(~missed)
        return Runs(owner, first[0][owner], (last - first + 1)[0][owner])
    width = np.where(missed, 0, (last - first + 1)[:-1])
    rows = width.prod(axis=0)
    if rows.sum(dtype=float) > MOST_ROWS:
        raise InvalidInput(
            "depth",
            grid.depth,
            f"images that together meet at most {MOST_ROWS} rows of cells",
            "take a smaller depth, or a box on which the map is bounded",
        )
    owner = np.repeat(np.arange(len(rows)), rows)
    rest = np.arange(len(owner)) - np.repeat(np.cumsum(rows) - rows, rows)
    places = np.empty((d, len(owner)), dtype=np.int64)
    for k in range(d - 2, -1, -1):
        places[k] = first[k][owner] + rest % width[k][owner]
        rest //= width[k][owner]
    low, high = _above(images, grid, owner, places)
    begin, end = places_met(grid, d - 1, low, high)
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
    faces = faces_of(images)
    with np.errstate(all="ignore"):
        sides = []
        for k in range(d - 1):
            below, above = grid.edge(k, places[k]), grid.edge(k, places[k] + 1)
            sides.append((down(below - c[k][owner]), up(above - c[k][owner])))
        for n, radius in zip(faces.normals, faces.radii, strict=True):
            least, most = -radius[owner], radius[owner]
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

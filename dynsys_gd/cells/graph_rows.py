"""Which cells the images of boxes may meet: runs of neighbours along the last axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..orbits.certified.outward import Bounds
from .cells import Cells
from .graph_faces import faces_of
from .images import Images

__all__ = ["MOST_ROWS", "Runs", "places_met", "runs_met"]

#: of cells along the last axis, looked at for one chunk of images: each takes about 100 bytes
MOST_ROWS = 2**25

_TINY = 2.0**-1000  # where even relative errors are lost to the smallest doubles

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
    ranges = [places_met(grid, k, images.lower[k], images.upper[k]) for k in range(max(d - 1, 1))]
    first, last = (np.array(part) for part in zip(*ranges, strict=True))
    if d == 1:
        owner = np.flatnonzero(first[0] <= last[0])
        return Runs(owner, first[0][owner], (last - first + 1)[0][owner])
    missed = (last < first).any(axis=0)
    missed |= images.upper[-1] < grid.region.low[-1]
    missed |= images.lower[-1] > grid.region.high[-1]
    width = np.where(missed, 0, last - first + 1)
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
    for k in range(d - 2, 0, -1):
        rest, beside = np.divmod(rest, width[k][owner])
        places[k] = first[k][owner] + beside
    places[0] = first[0][owner] + rest
    low, high = _above(images, grid, first, last, owner, places)
    begin, end = places_met(grid, d - 1, low, high)
    met = np.flatnonzero((begin <= end) & ~(low > high))
    places[-1] = begin
    codes = grid.codes_of(places[:, met])
    return Runs(owner[met], codes, (end - begin + 1)[met])


def _above(
    images: Images, grid: Cells, first: Codes, last: Codes, owner: Codes, places: Codes
) -> tuple[Bounds, Bounds]:
    """Return bounds of the last coordinate of the images above rows of cells.

    Notes
    -----
    Divided by its last entry, a face says that z_d - c_d lies within r of Σ s_k (z_k - c_k), where
    s_k is -n_k / n_d and r the radius by |n_d|. What rounding loses along a row is bounded once for
    each image, from the farthest of its rows: a few units in the last place of each term.
    """
    d, c = grid.dimension, images.centre
    low, high = images.lower[-1][owner], images.upper[-1][owner]
    if not images.sheared.any():
        return low, high
    faces = faces_of(images)
    with np.errstate(all="ignore"):
        ends = [(grid.edge(k, first[k]), grid.edge(k, last[k] + 1)) for k in range(d - 1)]
        far = np.array([np.maximum(b - c[k], c[k] - a) for k, (a, b) in enumerate(ends)])
        sides = []
        for k in range(d - 1):
            at = c[k][owner]
            sides.append((grid.edge(k, places[k]) - at, grid.edge(k, places[k] + 1) - at))
        for n, radius in zip(faces.normals, faces.radii, strict=True):
            slopes = -n[:-1] / n[-1]
            reach = radius / np.abs(n[-1])
            sizes = ((np.abs(slopes) + _TINY) * far).sum(axis=0) + np.abs(c[-1]) + reach
            reach += sizes * ((d + 8) * 2.0**-52) + _TINY * 2.0**-60
            least, most = (c[-1] - reach)[owner], (c[-1] + reach)[owner]
            for slope, (below, above) in zip(slopes, sides, strict=True):
                along = slope[owner]
                one, other = along * below, along * above
                least += np.minimum(one, other)
                most += np.maximum(one, other)
            # NaN stands for no bound: fmax and fmin leave it out.
            np.fmax(low, least, out=low)
            np.fmin(high, most, out=high)
    return low, high

"""Dyadic cells: some of the boxes into which a region is cut by halving, coordinate by turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..regions import Box

__all__ = ["DEEPEST", "Cells", "checked_depth", "refuse_narrow"]

Codes = NDArray[np.int64]
Bounds = NDArray[np.float64]

#: bisections in all up to which the number of a cell is a 64-bit integer with room to spare
DEEPEST = 60

_NARROWEST = 64  # units in the last place: cells of one depth are nearly equal then

_STORED = 2**16  # cells along an axis up to which all edges are kept


@dataclass(frozen=True, eq=False)
class Cells:
    """Some of the 2^depth boxes that `depth` bisections of a region make.

    The coordinates are halved in turn, the first one first. Corners are doubles that neighbours
    share, so that the cells cover the region without gaps and nothing is rounded: the cell with
    place i along an axis is [e_i, e_(i+1)] for the ascending doubles e of `edges`.

    Parameters
    ----------
    region : Box
    depth : int
        Number of bisections, at most 60.
    codes : ndarray of int, shape (n,)
        Numbers of the cells, ascending: the places along the axes in row-major order.

    Examples
    --------
    >>> cells = Cells.all(Box([0, 0], [1, 1]), 3)
    >>> cells.counts, len(cells)
    ((4, 2), 8)
    >>> cells.at([[0.3, 0.9], [2.0, 0.5]]).tolist()
    [3, -1]
    """

    region: Box
    depth: int
    codes: Codes

    def __post_init__(self) -> None:
        self.codes.setflags(write=False)

    @staticmethod
    def all(region: Box, depth: int) -> Cells:
        """Return all cells of a depth."""
        return Cells(region, depth, np.arange(2 ** checked_depth(depth), dtype=np.int64))

    @property
    def dimension(self) -> int:
        """Number d of coordinates."""
        return self.region.dimension

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Number of cells along each axis."""
        d = self.dimension
        return tuple(2 ** ((self.depth - k + d - 1) // d) for k in range(d))

    @cached_property
    def edges(self) -> tuple[Bounds, ...]:
        """The ascending coordinates between which all cells of the depth lie, one array an axis."""
        region = self.region
        return tuple(
            _edges(low, high, m)
            for low, high, m in zip(region.low, region.high, self.counts, strict=True)
        )

    def edge(self, axis: int, places: Codes) -> Bounds:
        """Return some of the coordinates between which the cells lie: e_i for i from 0."""
        low, high, m = self.region.low[axis], self.region.high[axis], self.counts[axis]
        return _edges(low, high, m)[places] if m <= _STORED else _edge(low, high, m, places)

    def edges_below(self, axis: int, values: Bounds, *, equal: bool) -> Codes:
        """Return how many of the coordinates e_i lie below values, or are equal where that counts.

        Where there are few they are looked up, else found by halving, without being stored.
        """
        m = self.counts[axis]
        if m <= _STORED:
            edges = self.edges[axis]
            found = np.searchsorted(edges, values, side="right" if equal else "left")
            return found.astype(np.int64, copy=False)
        least = np.zeros(values.shape, dtype=np.int64)
        most = np.full(values.shape, m + 1, dtype=np.int64)
        while (least < most).any():
            middle = (least + most) // 2
            edge = self.edge(axis, np.minimum(middle, m))
            below = (edge <= values if equal else edge < values) & (least < most)
            least = np.where(below, middle + 1, least)
            most = np.where(below, most, np.minimum(middle, most))
        return least

    @cached_property
    def places(self) -> Codes:
        """Places of the cells along the axes, shape (d, n)."""
        return self.places_of(self.codes)

    def places_of(self, codes: Codes) -> Codes:
        """Return the places along the axes, shape (d, m), of cells by their numbers."""
        return np.array(np.unravel_index(codes, self.counts), dtype=np.int64)

    def codes_of(self, places: Codes) -> Codes:
        """Return the numbers of the cells at places (d, m), which must be inside."""
        return np.ravel_multi_index(tuple(places), self.counts).astype(np.int64)

    @cached_property
    def lower(self) -> Bounds:
        """Lower corners, shape (d, n)."""
        return np.array([self.edge(axis, i) for axis, i in enumerate(self.places)])

    @cached_property
    def upper(self) -> Bounds:
        """Upper corners, shape (d, n)."""
        return np.array([self.edge(axis, i + 1) for axis, i in enumerate(self.places)])

    @property
    def volume(self) -> float:
        """Share of the region's volume, between 0 and 1: cells of one depth share it equally."""
        return len(self) / 2.0**self.depth

    def rows_of(self, codes: Codes) -> Codes:
        """Return the row of each cell given by its number, -1 where it is not one of these."""
        if len(self) == 2**self.depth:
            return np.asarray(codes, dtype=np.int64)
        if not len(self):
            return np.full(len(codes), -1, dtype=np.int64)
        row = np.searchsorted(self.codes, codes)
        row[row == len(self)] = 0
        return np.where(self.codes[row] == codes, row, -1)

    def at(self, points: Any) -> Codes:
        """Return the row of the cell that each point (m, d) lies in, -1 for none.

        A point on a common face is counted to the upper cell.
        """
        rows = np.asarray(points, dtype=np.float64)
        inside = np.asarray(self.region.contains(rows))
        places = [
            np.clip(self.edges_below(axis, rows[:, axis], equal=True) - 1, 0, m - 1)
            for axis, m in enumerate(self.counts)
        ]
        codes = self.codes_of(np.array(places, dtype=np.int64).reshape(self.dimension, -1))
        return np.where(inside, self.rows_of(codes), -1)

    def take(self, rows: Sequence[int] | NDArray[Any]) -> Cells:
        """Return some of the cells, by their rows or by a mask."""
        return Cells(self.region, self.depth, np.sort(self.codes[np.asarray(rows)]))

    def halved(self, times: int = 1) -> Cells:
        """Return the cells that `times` further bisections make of these."""
        now = self.split(times)
        return Cells(now.region, now.depth, np.sort(now.codes))

    def split(self, times: int = 1) -> Cells:
        """Return the same cells as `halved`, the 2^times parts of each next to each other."""
        depth, d = self.depth, self.dimension
        places = np.repeat(self.places, 2**times, axis=1)
        for k in range(times):
            side = np.repeat([0, 1], 2 ** (times - 1 - k))
            axis = (depth + k) % d
            places[axis] = 2 * places[axis] + np.tile(side, len(self) * 2**k)
        finer = Cells(self.region, depth + times, np.empty(0, dtype=np.int64))
        return Cells(self.region, depth + times, finer.codes_of(places))


def _edge(low: float, high: float, m: int, places: Codes) -> Bounds:
    inner = np.minimum(low + (high - low) * (places / m), high)
    return np.where(places == m, high, inner)


@lru_cache(maxsize=32)
def _edges(low: float, high: float, m: int) -> Bounds:
    edges = _edge(low, high, m, np.arange(m + 1))
    edges.setflags(write=False)
    return edges


def checked_depth(depth: Any) -> int:
    """Return a number of bisections, or refuse it."""
    if isinstance(depth, bool) or not isinstance(depth, (int, np.integer)):
        raise InvalidInput("depth", depth, f"a whole number from 0 to {DEEPEST}")
    if not 0 <= depth <= DEEPEST:
        raise InvalidInput("depth", depth, f"a whole number from 0 to {DEEPEST}")
    return int(depth)


def refuse_narrow(region: Box, depth: int) -> None:
    """Refuse a depth at which cells are hardly wider than doubles are apart."""
    frame = Cells(region, depth, np.empty(0, dtype=np.int64))
    for low, high, m in zip(region.low, region.high, frame.counts, strict=True):
        if (high - low) / m < _NARROWEST * np.spacing(max(abs(low), abs(high))):
            raise InvalidInput(
                "depth",
                depth,
                f"cells at least {_NARROWEST} times as wide as doubles near {high:g} are apart",
                "take a smaller depth, or coordinates with the region at 0",
            )

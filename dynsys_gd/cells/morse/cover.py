"""A cover of a box by cells of several depths, and the graph on it that refinement keeps exact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.work import Work
from ...orbits.certified.outward import Bounds, up
from ...regions import Box
from ..cell_graph import CellGraph
from ..cells import Cells, Codes
from ..graph_faces import Faces, faces_of
from ..graph_rows import Runs, runs_met
from ..images import Formulas, Images, Mask, images_of
from .components import ranges

__all__ = ["Cover", "cover_of", "edges_between", "images_of_parts", "part_of", "refined"]

Nodes = NDArray[np.int64]
Edges = NDArray[np.int32]

_PAIRS = 2**14  # images and cells tested against each other at a time: they stay in the cache
_CHUNK = 2**14


@dataclass(frozen=True, eq=False)
class Cover:
    """Closed cells of several depths that cover a box, with an edge wherever an image may meet one.

    Parameters
    ----------
    region : Box
    depth : int
        Of the finest cells.
    levels : ndarray of int, shape (n,)
        The depth of each cell.
    codes : ndarray of int, shape (n,)
        Their numbers among all cells of their depth.
    lower, upper : ndarray, shape (d, n)
        Corners.
    images : Images
    sources, targets : ndarray of int, shape (m,)
        The edges.
    escaping : ndarray of bool, shape (n,)
        Whether the image may have points outside of the box.
    """

    region: Box
    depth: int
    levels: Nodes
    codes: Codes
    lower: Bounds
    upper: Bounds
    images: Images
    sources: Edges
    targets: Edges
    escaping: Mask

    def __post_init__(self) -> None:
        for array in (self.levels, self.codes, self.lower, self.upper, self.sources, self.targets):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.levels)

    @property
    def shares(self) -> Bounds:
        """Share of the box's volume that each cell has."""
        return np.ldexp(1.0, -self.levels)

    @cached_property
    def faces(self) -> Faces:
        """The faces of the parallelepipeds around the images."""
        return faces_of(self.images)

    @cached_property
    def middles(self) -> tuple[Bounds, Bounds]:
        """Middles and half widths of the cells, which hold them: shape (d, n) each."""
        middle = 0.5 * self.lower + 0.5 * self.upper
        return middle, up(np.maximum(self.upper - middle, middle - self.lower))

    @cached_property
    def reaches(self) -> list[tuple[Bounds, Bounds, Bounds]]:
        """For each face n its size |n|, the height n·c, and the radius with room for rounding.

        What is lost in n·m - n·c and r + |n|·h, for cells with middles m and half widths h, is
        below 2^-47 of the sizes in these sums.
        """
        corners = np.abs(np.array([self.region.low, self.region.high])).max(axis=0)[:, None]
        centre, found = self.images.centre, []
        with np.errstate(all="ignore"):
            for n, radius in zip(self.faces.normals, self.faces.radii, strict=True):
                size = np.abs(n)
                most = (size * (np.abs(centre) + 2 * corners)).sum(axis=0) + 2.0**-900
                reach = radius + (2 * most + radius) * 2.0**-46
                found.append((size, (n * centre).sum(axis=0), reach))
        return found

    @cached_property
    def rows(self) -> tuple[Nodes, Nodes]:
        """The edges as compressed rows: where the targets of each cell begin, and the targets."""
        from scipy.sparse import coo_array

        n = len(self)
        data = np.ones(len(self.sources), dtype=np.int8)
        pairs = coo_array((data, (self.sources, self.targets)), shape=(n, n))
        pairs.has_canonical_format = True  # no edge is there twice: nothing is to be sorted
        matrix = pairs.tocsr()
        return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)

    @cached_property
    def inside(self) -> Mask:
        """Whether the image surely lies in the interior of the box."""
        low, high = np.array(self.region.low)[:, None], np.array(self.region.high)[:, None]
        return np.asarray(((self.images.lower > low) & (self.images.upper < high)).all(axis=0))

    def holders(self, codes: Codes) -> Nodes:
        """Return the cell that each cell of the finest depth, by its number, lies in."""
        d = self.region.dimension
        finest = Cells(self.region, self.depth, codes)
        found = np.full(len(codes), -1, dtype=np.int64)
        for level in np.unique(self.levels):
            nodes = np.flatnonzero(self.levels == level)
            nodes = nodes[np.argsort(self.codes[nodes])]
            cells = Cells(self.region, int(level), self.codes[nodes])
            shifts = np.log2(np.divide(finest.counts, cells.counts)).astype(np.int64)
            rows = cells.rows_of(cells.codes_of(finest.places >> shifts.reshape(d, 1)))
            found = np.where(rows >= 0, nodes[rows], found)
        return found

    def at(self, points: Any) -> Nodes:
        """Return the number of a cell that holds each point (m, d), -1 outside of the box."""
        found = np.full(len(np.atleast_2d(np.asarray(points, dtype=float))), -1, dtype=np.int64)
        for level in np.unique(self.levels):
            nodes = np.flatnonzero(self.levels == level)
            nodes = nodes[np.argsort(self.codes[nodes])]
            rows = Cells(self.region, int(level), self.codes[nodes]).at(np.atleast_2d(points))
            found = np.where(rows >= 0, nodes[rows], found)
        return found


def cover_of(graph: CellGraph, formulas: Formulas) -> Cover:
    """Return the cells of a graph as a cover."""
    cells = graph.cells
    n = len(cells)
    images = _joined(
        [
            images_of(formulas, cells.lower[:, k : k + _CHUNK], cells.upper[:, k : k + _CHUNK])
            for k in range(0, n, _CHUNK)
        ]
    )
    return Cover(
        region=cells.region,
        depth=cells.depth,
        levels=np.full(n, cells.depth, dtype=np.int64),
        codes=cells.codes,
        lower=cells.lower,
        upper=cells.upper,
        images=images,
        sources=np.repeat(np.arange(n, dtype=np.int32), np.diff(graph.indptr)),
        targets=graph.indices,
        escaping=graph.escaping,
    )


def refined(cover: Cover, which: Mask, labels: Nodes, formulas: Formulas, work: Work) -> Cover:
    """Return the cover with some of its finest cells halved.

    Parameters
    ----------
    cover : Cover
    which : ndarray of bool, shape (n,)
    labels : ndarray of int, shape (n,)
        Components of the graph, numbered so that no edge leads to a larger number.
    formulas : Formulas
    work : Work

    Notes
    -----
    Where no edge is, the image of a cell is proved to miss another, and images of its parts miss
    the parts of that. New edges that would lead to a larger number are therefore left out, so that
    whatever did not recur does not recur now, and what recurs stays apart.
    """
    kept, halved = np.flatnonzero(~which), np.flatnonzero(which)
    new = np.empty(len(cover), dtype=np.int32)  # the number of a cell, or of its first half
    new[kept] = np.arange(len(kept))
    new[halved] = len(kept) + 2 * np.arange(len(halved))
    children = Cells(cover.region, cover.depth, cover.codes[halved]).split()
    parents = np.repeat(halved, 2)
    images = images_of_parts(children, cover.images, parents, formulas, work)
    now = replace(
        cover,
        depth=cover.depth + 1,
        levels=np.concatenate([cover.levels[kept], np.full(len(parents), cover.depth + 1)]),
        codes=np.concatenate([cover.codes[kept], children.codes]),
        lower=np.concatenate([cover.lower[:, kept], children.lower], axis=1),
        upper=np.concatenate([cover.upper[:, kept], children.upper], axis=1),
        images=_joined([_some(cover.images, kept), images]),
        escaping=np.concatenate([cover.escaping[kept], _escapes(cover, images, parents)]),
    )
    s, t = cover.sources, cover.targets
    cut_s, cut_t = which[s], which[t]
    old = ~(cut_s | cut_t)
    sources, targets = [new[s[old]]], [new[t[old]]]
    for i in range(2):
        for cut, other, a, b in ((cut_s, cut_t, i, 0), (cut_t, cut_s, 0, i)):
            pair = cut & ~other
            begin, end = new[s[pair]] + a, new[t[pair]] + b
            met = _meet(now, begin, end)
            sources.append(begin[met])
            targets.append(end[met])
    above, below = edges_between(children, images)
    downwards = labels[parents[above]] >= labels[parents[below]]
    sources.append((len(kept) + above[downwards]).astype(np.int32))
    targets.append((len(kept) + below[downwards]).astype(np.int32))
    return replace(now, sources=np.concatenate(sources), targets=np.concatenate(targets))


def edges_between(cells: Cells, images: Images) -> tuple[Nodes, Nodes]:
    """Return which images may meet which of the cells, both by their places in the list."""
    order = np.argsort(cells.codes)
    codes = cells.codes[order]
    owner, first, length = [], [], []
    for k in range(0, max(len(cells), 1), _CHUNK):  # an empty one where nothing is halved
        rows = np.arange(k, min(k + _CHUNK, len(cells)))
        runs = runs_met(_some(images, rows), cells)
        owner.append(rows[runs.owner])
        first.append(np.searchsorted(codes, runs.first))
        length.append(np.searchsorted(codes, runs.first + runs.length) - first[-1])
    met = Runs(np.concatenate(owner), np.concatenate(first), np.concatenate(length))
    return np.repeat(met.owner, met.length), order[met.codes()]


def part_of(cover: Cover, nodes: Nodes) -> Cover:
    """Return some of the cells with the edges between them."""
    new = np.full(len(cover), -1, dtype=np.int32)
    new[nodes] = np.arange(len(nodes))
    first, after = cover.rows
    begin, end = first[nodes], first[nodes + 1]
    targets = new[after[ranges(begin, end)]]
    sources = np.repeat(np.arange(len(nodes), dtype=np.int32), end - begin)
    within = targets >= 0
    return replace(
        cover,
        levels=cover.levels[nodes],
        codes=cover.codes[nodes],
        lower=cover.lower[:, nodes],
        upper=cover.upper[:, nodes],
        images=_some(cover.images, nodes),
        sources=sources[within],
        targets=targets[within],
        escaping=cover.escaping[nodes],
    )


def images_of_parts(
    cells: Cells, wholes: Images, parents: Nodes, formulas: Formulas, work: Work
) -> Images:
    """Return images of parts of cells, which lie in the images of the cells."""
    lower, upper = cells.lower, cells.upper
    tasks = [
        (formulas, lower[:, k : k + _CHUNK], upper[:, k : k + _CHUNK])
        for k in range(0, max(len(cells), 1), _CHUNK)  # an empty one where nothing is halved
    ]
    images = _joined([Images(*answer) for answer in work.answers(_image_fields, tasks)])
    return replace(
        images,
        lower=np.maximum(images.lower, wholes.lower[:, parents]),
        upper=np.minimum(images.upper, wholes.upper[:, parents]),
    )


def _image_fields(task: tuple[Formulas, Bounds, Bounds]) -> tuple[Any, ...]:
    images = images_of(*task)
    return (images.lower, images.upper, images.centre, images.linear, images.error, images.sheared)


def _meet(cover: Cover, owners: Edges, cells: Edges) -> Mask:
    """Return whether the image of each owner may meet the cell."""
    parts = [
        _meet_some(cover, owners[k : k + _PAIRS], cells[k : k + _PAIRS])
        for k in range(0, len(owners), _PAIRS)
    ]
    return np.concatenate([np.empty(0, dtype=bool), *parts])


def _meet_some(cover: Cover, owners: Edges, cells: Edges) -> Mask:
    images, (middle, half) = cover.images, cover.middles
    i, j = owners.astype(np.intp), cells.astype(np.intp)
    met = np.ones(len(i), dtype=bool)
    for k in range(cover.region.dimension):
        met &= images.lower[k][i] <= cover.upper[k][j]
        met &= images.upper[k][i] >= cover.lower[k][j]
    left = np.flatnonzero(met)
    i, j = i[left], j[left]
    middles, halves = [m[j] for m in middle], [h[j] for h in half]
    with np.errstate(all="ignore"):
        for n, (size, height, reach) in zip(cover.faces.normals, cover.reaches, strict=True):
            far, wide = -height[i], reach[i]
            for k in range(len(n)):
                far += n[k][i] * middles[k]
                wide += size[k][i] * halves[k]
            met[left[np.abs(far) > wide]] = False  # NaN is not apart
    return met


def _escapes(cover: Cover, images: Images, parents: Nodes) -> Mask:
    low, high = np.array(cover.region.low)[:, None], np.array(cover.region.high)[:, None]
    outside = ((images.lower < low) | (images.upper > high)).any(axis=0)
    return np.asarray(outside & cover.escaping[parents])


def _some(images: Images, rows: Nodes) -> Images:
    return Images(
        images.lower[:, rows],
        images.upper[:, rows],
        images.centre[:, rows],
        images.linear[:, :, rows],
        images.error[:, rows],
        images.sheared[rows],
    )


def _joined(parts: list[Images]) -> Images:
    return Images(
        *(
            np.concatenate([getattr(part, name) for part in parts], axis=-1)
            for name in ("lower", "upper", "centre", "linear", "error", "sheared")
        )
    )

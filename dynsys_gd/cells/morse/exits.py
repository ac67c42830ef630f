"""How a recurrent set of cells lies among its neighbours: pieces, edge of the box, ways out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from ..cells import Cells, Codes
from ..graph_rows import runs_met
from ..images import Mask
from .components import ranges
from .cover import Cover, part_of

__all__ = ["every_piece_has_an_exit", "pieces_of", "touches_edge"]

Nodes = NDArray[np.int64]


def touches_edge(cells: Cells) -> bool:
    """Return whether some cell lies at the boundary of the box."""
    counts = np.array(cells.counts)[:, None]
    return bool(((cells.places == 0) | (cells.places == counts - 1)).any())


def pieces_of(cells: Cells) -> NDArray[np.int64]:
    """Return for each cell the number of its connected piece; closed cells hang together."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    a, b = [], []
    for rows, codes in islice(_neighbours(cells), 3**cells.dimension // 2):  # the others mirror
        others = cells.rows_of(codes)
        a.append(rows[others >= 0])
        b.append(others[others >= 0])
    sources, targets = np.concatenate(a), np.concatenate(b)
    n = len(cells)
    matrix = coo_array((np.ones(len(sources), dtype=np.int8), (sources, targets)), shape=(n, n))
    return np.asarray(connected_components(matrix.tocsr(), directed=False)[1])


def every_piece_has_an_exit(cover: Cover, nodes: Nodes) -> bool:
    """Return whether images of a recurrent set cover a cell beside each of its pieces.

    Parameters
    ----------
    cover : Cover
    nodes : ndarray of int
        A strongly connected component of finest cells that does not touch the edge of the box and
        whose images stay inside.

    Notes
    -----
    Let M be the set, P1 = M ∪ F(M) and P0 = F(M) \\ M in cells of the finest depth. No cell of P0
    has an image that meets M (it would belong to M), so that (P1, P0) is an index pair for the
    largest invariant set in M, which lies in the interior of M for the same reason. If every
    piece of P1 meets P0, the zeroth relative homology is zero, and with it that part of the
    Conley index. A nonempty attractor has the index of one of its trapping neighbourhoods N, where
    the map on the zeroth homology of N is not nilpotent.
    """
    order = np.argsort(cover.codes[nodes])
    nodes = nodes[order]
    cells = Cells(cover.region, cover.depth, cover.codes[nodes])
    grid = Cells(cover.region, cover.depth, np.empty(0, dtype=np.int64))
    runs = runs_met(part_of(cover, nodes).images, grid)
    owners = nodes[np.repeat(runs.owner, runs.length)]
    codes = runs.codes()
    outside = cells.rows_of(codes) < 0
    owners, codes = owners[outside], codes[outside]
    # Of what the finest cells suggest, only what lies in successors in the cover.
    first, targets = cover.rows
    begin, end = first[nodes], first[nodes + 1]
    others = np.ones(len(cover), dtype=bool)
    others[nodes] = False
    sources, targets = np.repeat(nodes, end - begin), targets[ranges(begin, end)]
    left = others[targets]
    pairs = sources[left] * len(cover) + targets[left]
    sound = np.isin(owners * len(cover) + cover.holders(codes), pairs)
    ways_out = Cells(cover.region, cover.depth, np.unique(codes[sound]))
    pieces = pieces_of(cells)
    open_ones = np.zeros(int(pieces.max()) + 1, dtype=bool)
    for rows, beside in _neighbours(cells):
        open_ones[pieces[rows[ways_out.rows_of(beside) >= 0]]] = True
    return bool(open_ones.all())


def _neighbours(cells: Cells) -> Iterator[tuple[Nodes, Codes]]:
    """Yield rows and the numbers of the cells next to them, direction by direction."""
    counts = np.array(cells.counts)[:, None]
    for step in product((-1, 0, 1), repeat=cells.dimension):
        if not any(step):
            continue
        places = cells.places + np.array(step)[:, None]
        inside: Mask = ((places >= 0) & (places < counts)).all(axis=0)
        yield np.flatnonzero(inside), cells.codes_of(places[:, inside])

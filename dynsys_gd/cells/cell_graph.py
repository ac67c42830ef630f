"""The graph of cells: which cell may a point of a cell be in one step later."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..engine.chunks import checked_executor, checked_progress
from ..engine.work import Work
from ..errors import InvalidInput
from ..evidence import Evidence, Grade
from ..maps.base import Map
from ..orbits.exact.gradient_sets import FLOAT_REASON
from ..regions import Box
from ..results import Result
from .cells import Cells, checked_depth, refuse_narrow
from .counted import counted
from .graph_rows import runs_met
from .images import Formulas, Mask, formulas_of, images_of

if TYPE_CHECKING:
    import networkx
    import scipy.sparse

__all__ = ["MOST_CELLS", "MOST_EDGES", "CellGraph", "cell_graph", "checked_box", "evidence_of"]

#: cells and edges that are stored: an edge takes 4 bytes, a cell about 20
MOST_CELLS = 2**24
MOST_EDGES = 2**29

_FAR = 1e300  # beyond, images overflow at once

_CHUNK = 2**14  # cells examined together: a few MB of bounds
_SOURCES = ("dellnitz1997", "kalies2005")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CellGraph(Result):
    """For each cell of a box the cells in which the images of its points may lie.

    Cells are closed, and so are the bounds of images: an image that ends on a common face has
    edges to the cells on both sides. Whatever cells the points of an orbit are counted to, the
    cells form a path; and the successors of a cell cover a neighbourhood of its image (in the
    box).

    Parameters
    ----------
    map : Map
    cells : Cells
        All cells of one depth; node i of the graph is their row i.
    indptr, indices : ndarray of int
        Compressed rows: the successors of cell i are ``indices[indptr[i]:indptr[i + 1]]``,
        ascending. Read-only.
    escaping : ndarray of bool, shape (n,)
        Whether the image of the cell may have points outside of the box.
    leaving : ndarray of bool, shape (n,)
        Whether the image surely lies outside of the box as a whole.
    unbounded : ndarray of bool, shape (n,)
        Where no bound is known in some coordinate, as where the map is not defined.
    evidence : Evidence

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import SymbolicMap, cell_graph
    >>> graph = cell_graph(SymbolicMap([x / 2], [x]), Box([-1], [1]), 2)
    >>> graph.successors(3).tolist(), sorted(graph.graph.successors(1))
    ([2, 3], [1, 2])
    """

    map: Map
    cells: Cells
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    escaping: Mask
    leaving: Mask
    unbounded: Mask
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.indptr, self.indices, self.escaping, self.leaving, self.unbounded):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def box(self) -> Box:
        """The box that is cut into cells."""
        return self.cells.region

    @property
    def depth(self) -> int:
        """Number of bisections."""
        return self.cells.depth

    @property
    def edges(self) -> int:
        """Number of edges between cells."""
        return len(self.indices)

    def successors(self, cell: int) -> NDArray[np.int32]:
        """Return the cells that images of points of a cell may lie in, ascending."""
        if isinstance(cell, bool) or not isinstance(cell, (int, np.integer)):
            raise InvalidInput("cell", cell, "the number of a cell")
        if not 0 <= cell < len(self):
            raise InvalidInput("cell", cell, f"a number from 0 to {len(self) - 1}")
        return self.indices[self.indptr[cell] : self.indptr[cell + 1]]

    @cached_property
    def matrix(self) -> scipy.sparse.csr_array:
        """The adjacency matrix, with True at (i, j) for an edge from i to j."""
        from scipy.sparse import csr_array

        data = np.ones(len(self.indices), dtype=bool)
        return csr_array((data, self.indices, self.indptr), shape=(len(self), len(self)))

    @cached_property
    def graph(self) -> networkx.DiGraph:
        """The graph for networkx: nodes 0, 1, … and ``"outside"``, which has an edge to itself."""
        import networkx

        graph = networkx.DiGraph()
        graph.add_nodes_from(range(len(self)))
        sources = np.repeat(np.arange(len(self)), np.diff(self.indptr))
        graph.add_edges_from(zip(sources.tolist(), self.indices.tolist(), strict=True))
        graph.add_edges_from((i, "outside") for i in np.flatnonzero(self.escaping).tolist())
        graph.add_edge("outside", "outside")
        return graph

    def headline(self) -> str:
        cells, edges = counted(len(self), "cell"), counted(self.edges, "edge")
        escaping = counted(int(self.escaping.sum()), "cell")
        return (
            f"Graph of {cells} of {self.box.describe().removeprefix('uniform in ')}: "
            f"{edges}, {escaping} with images that may leave the box"
        )

    def rows(self) -> list[tuple[str, str]]:
        many = np.diff(self.indptr)
        rows = [
            ("map", self.map.describe()),
            ("cells", " × ".join(str(k) for k in self.cells.counts)),
            ("successors", f"{many.mean():.4g} on average, at most {many.max()}"),
            ("surely leave", counted(int(self.leaving.sum()), "cell")),
        ]
        if self.unbounded.any():
            anywhere = counted(int(self.unbounded.sum()), "cell")
            rows.append(("no bound", f"{anywhere} whose points may go anywhere"))
        return [*rows, ("evidence", str(self.evidence))]

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "low": list(self.box.low),
            "high": list(self.box.high),
            "depth": self.depth,
            "cells": len(self),
            "edges": self.edges,
            "escaping": int(self.escaping.sum()),
            "leaving": int(self.leaving.sum()),
            "unbounded": int(self.unbounded.sum()),
        }


def cell_graph(
    F: Map,
    box: Box,
    depth: int,
    *,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
) -> CellGraph:
    """Return which cells of a box the images of each cell may meet.

    Parameters
    ----------
    F : Map
        With formulas and without open parameters; kinks are allowed.
    box : Box, of the dimension of the states
    depth : int
        Number of bisections: the box is cut into 2^depth cells, coordinate by turns.
    executor : concurrent.futures.Executor, optional
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of cells.

    Returns
    -------
    CellGraph

    Raises
    ------
    InvalidInput
        For a map without formulas or with open parameters, a box of another dimension or with
        coordinates from 1e300 on, and a depth with more cells or edges than are stored (2^24 and
        2^29) or with cells hardly wider than doubles are apart.

    Notes
    -----
    There is an edge from cell i to cell j unless the image of i is proved to miss j. The image lies
    in the interval extension of the formulas, in the box of the mean value form F(c) + DF(X)(x - c)
    and, in more than one dimension, in the parallelepiped that this form is before it is put into a
    box; in one dimension, where the derivative has a sign, between the images of the ends. All
    bounds are rounded outwards [1]_ [2]_. Where the map is not smooth the first of these is
    used alone, and where it is not defined the image may be anything.

    References
    ----------
    .. [1] Dellnitz, Hohmann (1997), A subdivision algorithm for the computation of unstable
       manifolds and global attractors.
    .. [2] Kalies, Mischaikow, VanderVorst (2005), An algorithmic approach to chain recurrence.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2")
    >>> graph = cell_graph(F, Box([-2], [2]), 4)
    >>> graph.successors(11).tolist(), graph.edges, bool(graph.escaping.any())
    ([11, 12], 44, False)
    """
    formulas = formulas_of(F)
    box = checked_box(F, box)
    depth = checked_depth(depth)
    if 2**depth > MOST_CELLS:
        raise InvalidInput(
            "depth",
            depth,
            f"at most {MOST_CELLS.bit_length() - 1}: 2^{depth} = {2**depth} cells do not fit into "
            "memory",
            "morse_graph refines only what recurs",
        )
    refuse_narrow(box, depth)
    checked_progress(progress)
    work = Work(executor=checked_executor(executor), progress=progress)
    grid = Cells.all(box, depth)
    tasks = [(formulas, box, depth, k, min(k + _CHUNK, len(grid)))
             for k in range(0, len(grid), _CHUNK)]  # fmt: skip
    answers: list[Any] = []
    edges = 0
    for answer in work.answers(_rows, tasks):
        edges += len(answer[1])
        if edges > MOST_EDGES:
            raise InvalidInput(
                "depth", depth, f"a graph of at most {MOST_EDGES} edges", "take a smaller depth"
            )
        answers.append(answer)
        work.tell(tasks[len(answers) - 1][4], len(grid))
    counts, indices, escaping, leaving, unbounded = (
        np.concatenate(part) for part in zip(*answers, strict=True)
    )
    return CellGraph(
        map=F,
        cells=grid,
        indptr=np.concatenate([[0], np.cumsum(counts)]),
        indices=indices,
        escaping=escaping,
        leaving=leaving,
        unbounded=unbounded,
        evidence=evidence_of(F, formulas),
    )


def checked_box(F: Map, box: Any) -> Box:
    """Return a box of the dimension of the states, or refuse it."""
    if not isinstance(box, Box):
        raise InvalidInput("box", box, "a Box")
    if box.dimension != F.dimension:
        raise InvalidInput("box", box, f"a Box of dimension {F.dimension}, that of the states")
    if max(map(abs, (*box.low, *box.high))) >= _FAR:
        raise InvalidInput("box", box, f"coordinates below {_FAR:g} in size")
    return box


def evidence_of(F: Map, formulas: Formulas, *more: str) -> Evidence:
    """Return how far the bounds of images are to be trusted, with further sources."""
    forms = "natural and mean value forms" if formulas.smooth else "natural form (not smooth)"
    evidence = Evidence(
        grade=Grade.CERTIFIED,
        reason=f"images of cells in interval arithmetic with outward rounding, {forms}",
        sources=(*_SOURCES, *more),
    )
    return evidence if F.exact else evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON)


def _rows(task: tuple[Formulas, Box, int, int, int]) -> tuple[Any, ...]:
    """Return the counts of successors, the successors and the three marks of some cells."""
    formulas, box, depth, begin, end = task
    grid = Cells.all(box, depth)
    cells = grid.take(np.arange(begin, end))
    images = images_of(formulas, cells.lower, cells.upper)
    low, high = np.array(box.low)[:, None], np.array(box.high)[:, None]
    unbounded = ~images.known
    # A wide graph is refused before it is written down.
    runs = runs_met(images, grid)
    if runs.total > MOST_EDGES:
        raise InvalidInput(
            "depth", depth, f"a graph of at most {MOST_EDGES} edges", "take a smaller depth"
        )
    escaping = ((images.lower < low) | (images.upper > high)).any(axis=0)
    leaving = ((images.upper < low) | (images.lower > high)).any(axis=0)
    counts = runs.counts(len(cells))
    return counts, runs.codes().astype(np.int32), escaping, leaving, unbounded

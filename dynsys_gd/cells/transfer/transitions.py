"""Which share of each cell goes to which cell in one step: a matrix with the cells it is about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...maps.base import Map
from ..cells import Cells

__all__ = ["Transitions"]

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Transitions:
    """A matrix of transition probabilities between parts of a region.

    Parameters
    ----------
    F : Map
    cells : Cells
    matrix : scipy.sparse.csr_matrix, shape (n, n)
        Entry (i, j) is the share of part i that lands in part j. A row sums to less than 1 where
        something leaves.
    volumes : ndarray, shape (n,)
        Volumes of the parts.
    parts : ndarray of int, shape (len(cells),)
        Part that each cell belongs to: each its own, except in a coarser copy.
    """

    F: Map
    cells: Cells
    matrix: Any
    volumes: Numbers
    parts: Rows

    def __post_init__(self) -> None:
        for array in (self.matrix.data, self.matrix.indices, self.matrix.indptr):
            array.setflags(write=False)
        self.volumes.setflags(write=False)
        self.parts.setflags(write=False)

    @staticmethod
    def between(F: Map, cells: Cells, matrix: Any) -> Transitions:
        """Return the transitions between cells, each a part of its own."""
        n = len(cells)
        volumes = np.full(n, cells.region.volume / 2.0**cells.depth)
        return Transitions(F=F, cells=cells, matrix=matrix, volumes=volumes, parts=np.arange(n))

    @cached_property
    def left(self) -> Numbers:
        """Share of each part that leaves the cells in one step, shape (n,)."""
        gone = 1.0 - np.asarray(self.matrix.sum(axis=1)).ravel()
        # Shares are sums of whole numbers over a whole number: what is this small was rounded.
        left = np.where(np.abs(gone) < ROUNDED, 0.0, gone)
        left.setflags(write=False)
        return left

    def coarser(self) -> Transitions | None:
        """Return what one bisection less along every axis would give, or None where that is none.

        Cells are joined as if a point in one of them were as likely to be in any place of the
        whole: these are the numbers that the method would have given for the larger parts.
        """
        d, depth = self.cells.dimension, self.cells.depth
        if depth < d:
            return None
        from scipy.sparse import csr_matrix

        larger = Cells(self.cells.region, depth - d, np.empty(0, dtype=np.int64))
        codes = larger.codes_of(self.cells.places // 2)
        kept, parts = np.unique(codes, return_inverse=True)
        n, m = len(self.cells), len(kept)
        members = csr_matrix((np.ones(n), (np.arange(n), parts)), shape=(n, m))
        count = np.bincount(parts, minlength=m)
        weights = csr_matrix((1.0 / count[parts], (parts, np.arange(n))), shape=(m, n))
        matrix = (weights @ self.matrix @ members).tocsr()
        matrix.sort_indices()
        volumes = count.astype(np.float64) * (self.cells.region.volume / 2.0**depth)
        return Transitions(
            F=self.F, cells=self.cells, matrix=matrix, volumes=volumes, parts=parts.astype(np.int64)
        )


#: shares up to which nothing is said to move: what rounding leaves of sums
ROUNDED = 1e-12

"""Transition probabilities from points: how many of those in each cell land in each other one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.arithmetic import Arithmetic
from ...engine.chunks import row_slices
from ...engine.iteration import iterate
from ...engine.starts.philox import Key, key_of, random_53, schedule
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...regions import Box, positive_count
from ..cells import Cells
from .method import Entries, TransferMethod, TransferQuestion

__all__ = ["SampledCells", "unit_points"]

_POINTS_AT_ONCE = 2**17
_CANDIDATES = 512  # generators of lattices that are compared
_STREAM = 11  # of random numbers: no other kind of points uses the same ones

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class SampledCells(TransferMethod):
    """Take the image of so many points in each cell, and count.

    Parameters
    ----------
    points : int
        In each cell, spread evenly. 100 see a share of a hundredth in one cell; errors of many
        cells average out in densities and rates.

    Notes
    -----
    The points of a unit cell are a Korobov lattice [1]_, the fractional parts of k (1, a, a², …)/n,
    with the a that makes Σ_k Π_j (1 + 2π² B_2(x_kj)) smallest, B_2(x) = x² - x + 1/6. Each cell
    shifts it at random, modulo 1, which makes the expectation of every entry the entry itself.

    A share below about 1/n of a cell can be missed altogether: an arrow that is not there is not
    proved to be absent. `cell_graph` proves that.

    References
    ----------
    .. [1] Sloan and Joe (1994), Lattice methods for multiple integration, section 4.

    Examples
    --------
    >>> from dynsys_gd import Box, textbook, transfer_operator
    >>> P = transfer_operator(textbook.logistic(), Box([0], [1]), 1, method=SampledCells(), rng=0)
    >>> P.matrix.toarray().round(1).tolist()
    [[0.3, 0.7], [0.3, 0.7]]
    """

    points: int = 100

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", positive_count(self.points, "points"))

    def entries(self, question: TransferQuestion) -> Entries:
        from scipy.sparse import csr_matrix

        cells, n = question.cells, len(question.cells)
        pieces = list(self._pieces(question))
        degree, codes, counts = [], [], []
        done = 0
        for answer in question.work.answers(_counted, pieces):
            own, target, hits = (np.asarray(part) for part in answer)
            done += len(own)
            degree.append(own)
            codes.append(target)
            counts.append(hits)
            question.work.tell(done, n)
        targets = cells.rows_of(np.concatenate([*codes, np.empty(0, dtype=np.int64)]))
        hits = np.concatenate([*counts, np.empty(0, dtype=np.int64)])
        owner = np.repeat(np.arange(n), np.concatenate([*degree, np.empty(0, dtype=np.int64)]))
        inside = targets >= 0
        start = np.concatenate([[0], np.cumsum(np.bincount(owner[inside], minlength=n))])
        shares = hits[inside] / float(self.points)
        return Entries(
            matrix=csr_matrix((shares, targets[inside], start), shape=(n, n)),
            evidence=Evidence(
                grade=Grade.NUMERICAL,
                reason=f"counts of {self.points} points in each cell, their error not bounded",
                sources=("ulam1960collection", "sloan1994lattice"),
            ),
        )

    def describe(self) -> str:
        return f"{self.points} points in each cell, an evenly spread lattice with a random shift"

    def _pieces(self, question: TransferQuestion) -> Iterator[_Piece]:
        cells, key = question.cells, key_of(question.seed)
        for rows in row_slices(len(cells), max(1, _POINTS_AT_ONCE // self.points)):
            yield _Piece(
                F=question.F,
                region=cells.region,
                depth=cells.depth,
                codes=cells.codes[rows],
                points=self.points,
                key=key,
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Piece:
    F: Map
    region: Box
    depth: int
    codes: Rows
    points: int
    key: Key


@lru_cache(maxsize=16)
def unit_points(n: int, dimension: int) -> Numbers:
    """Return n evenly spread points of the unit cube, shape (n, dimension).

    Examples
    --------
    >>> unit_points(4, 1).ravel().tolist()
    [0.125, 0.375, 0.625, 0.875]
    """
    k = np.arange(n)
    # Generators with a common divisor would repeat coordinates.
    coprime = [a for a in range(1, n // 2 + 1) if math.gcd(a, n) == 1] or [1]
    candidates = coprime[:: -(-len(coprime) // _CANDIDATES)] if dimension > 1 else [1]
    best, points = math.inf, np.empty((n, dimension))
    for a in candidates:
        powers = np.array([pow(a, j, n) for j in range(dimension)])
        place = ((k[:, None] * powers) % n) / n
        merit = float(np.prod(1 + 2 * np.pi**2 * (place**2 - place + 1 / 6), axis=1).sum())
        if merit < best * (1 - 1e-12):
            best, points = merit, (place + 0.5 / n) % 1.0
    points.setflags(write=False)
    return points


def _counted(piece: _Piece) -> list[Any]:
    """Return for each cell how many cells it meets; then which, by number; then how often."""
    cells = Cells(piece.region, piece.depth, piece.codes)
    n, d, k = len(cells), cells.dimension, piece.points
    unit = unit_points(k, d)
    keys, number = schedule(piece.key), piece.codes.astype(np.uint64)
    states = np.empty((n, k, d))
    for i in range(d):
        if i % 2 == 0:
            drawn = random_53(number, np.uint64(i // 2), _STREAM, keys)
        shift = np.asarray(drawn[i % 2]).astype(np.float64) * 2.0**-53
        place = (unit[:, i] + shift[:, None]) % 1.0
        low, high = cells.lower[i][:, None], cells.upper[i][:, None]
        states[:, :, i] = low + (high - low) * place
    kernel = piece.F.kernel()
    images = iterate(kernel, states.reshape(n * k, d), 1, arithmetic=Arithmetic.PLAIN)
    # Numbers of all cells of this depth: which of them count is known to the caller.
    everywhere = _Everywhere(piece.region, piece.depth)
    met = np.sort(everywhere.at(images).reshape(n, k), axis=1)
    new = np.ones((n, k), dtype=bool)
    new[:, 1:] = met[:, 1:] != met[:, :-1]
    first = np.flatnonzero(new)
    hits = np.diff(first, append=n * k)
    return [new.sum(axis=1), met.ravel()[first], hits]


@dataclass(frozen=True, eq=False)
class _Everywhere:
    """All cells of a depth, not stored."""

    region: Box
    depth: int

    def at(self, points: Numbers) -> Rows:
        """Return the number of the cell that each point lies in, -1 outside of the region."""
        frame = Cells(self.region, self.depth, np.empty(0, dtype=np.int64))
        inside = np.ones(len(points), dtype=bool)
        places = []
        for axis, edges in enumerate(frame.edges):
            x, m = points[:, axis], len(edges) - 1
            inside &= (x >= edges[0]) & (x <= edges[-1])
            with np.errstate(all="ignore"):
                guess = (x - edges[0]) * (m / (edges[-1] - edges[0]))
                place = np.clip(np.nan_to_num(guess), 0, m - 1).astype(np.int64)
            # The guess is at most one off.
            place -= x < edges[place]
            place += x >= edges[place + 1]
            places.append(np.clip(place, 0, m - 1))
        return np.where(inside, frame.codes_of(np.array(places)), -1)

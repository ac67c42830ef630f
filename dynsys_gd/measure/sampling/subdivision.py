"""Where the boundary is: the quantile cube cut into cells that look pure and cells that do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import chunk_rows, row_slices
from ...engine.starts import BoxesStarts, QuantileStarts, key_of
from ..question import MeasureQuestion
from .tallies import Labels, Piece, labelled

__all__ = ["Cells", "Kind", "look", "subdivided"]

#: Draws in a cell by which it is judged, beside those near its corners.
PILOT = 1

#: The first cells take this part of what may be spent on looking.
_FIRST_PART = 0.25

#: Of the side of a cell: how far a start may be from the corner that it stands for.
_NEAR = 0.125

#: Corners are numbered by signed whole numbers of 64 bits.
_MOST_BITS = 62

_CHUNKS = 4


class Kind(IntEnum):
    """What the pilot draws of a cell were: all of one kind, or not."""

    CONVERGES = 0
    ELSEWHERE = 1
    UNDECIDED = 2
    MIXED = 3


@dataclass(frozen=True, eq=False)
class Cells:
    """Boxes of the unit cube.

    Parameters
    ----------
    low, width : ndarray, shape (cells, d)
    kind : ndarray of int8, shape (cells,)
    """

    low: NDArray[np.float64]
    width: NDArray[np.float64]
    kind: NDArray[np.int8]

    @property
    def volume(self) -> NDArray[np.float64]:
        """Share of the law in each cell, shape (cells,)."""
        return np.asarray(self.width.prod(axis=1))

    def where(self, which: NDArray[Any]) -> Cells:
        """Return some of the cells, by truth values or by their numbers."""
        return Cells(self.low[which], self.width[which], self.kind[which])


def look(
    question: MeasureQuestion,
    cells: Cells,
    counts: NDArray[np.int64],
    *,
    stage: int,
    done: int,
    total: int,
) -> Labels:
    """Return what becomes of fresh draws in each cell; each stage has random numbers of its own."""
    key = key_of(np.random.default_rng(np.random.SeedSequence([question.seed, stage])))
    starts = BoxesStarts(cells.low, cells.width, counts, key)
    return labelled(question, _pieces(question, starts), total, done)


def _pieces(question: MeasureQuestion, starts: BoxesStarts) -> Iterator[Piece]:
    """Yield pieces that carry no more cells than they need."""
    for part in row_slices(starts.n, _CHUNKS * chunk_rows(question.F.dimension)):
        own = QuantileStarts(question.region, starts.cut(part.start, part.stop))
        yield Piece(
            F=question.F, starts=own, first=0, last=own.n, to=question.to, budget=question.budget
        )


def subdivided(question: MeasureQuestion, allowed: int, total: int) -> tuple[Cells, Labels]:
    """Return the cells after looking at no more than so many starts, and what these met.

    A cell is judged by a draw in it and one near each of its corners, which it shares with its
    neighbours. Where they are not all alike it is halved, along one axis after the other, and its
    halves are judged. All that stay mixed have the same size.
    """
    d = len(question.region.random_coordinates)
    active = Cells(np.zeros((1, d)), np.ones((1, d)), np.full(1, Kind.MIXED, dtype=np.int8))
    level = 0
    while _cost(_halved(active, level % d)) <= _FIRST_PART * allowed:
        active, level = _halved(active, level % d), level + 1
    frozen: list[Cells] = []
    seen = Labels.none(question.to)
    while _cost(active) + len(seen.codes) <= allowed:
        boxes, corners = _probes(active)
        draws = np.ones(len(boxes.kind), dtype=np.int64)
        labels = look(question, boxes, draws, stage=level, done=len(seen.codes), total=total)
        seen += labels
        active = Cells(active.low, active.width, _kinds(labels, corners))
        mixed = active.kind == Kind.MIXED
        frozen.append(active.where(~mixed))
        active = active.where(mixed)
        if not len(active.kind) or level + d >= _MOST_BITS:
            break
        if _cost(_halved(active, level % d)) + len(seen.codes) > allowed:
            break
        active, level = _halved(active, level % d), level + 1
    every = [*frozen, active]
    cells = Cells(
        np.concatenate([c.low for c in every]),
        np.concatenate([c.width for c in every]),
        np.concatenate([c.kind for c in every]),
    )
    return cells, seen


def _halved(cells: Cells, axis: int) -> Cells:
    low, width = np.repeat(cells.low, 2, axis=0), np.repeat(cells.width, 2, axis=0)
    width[:, axis] *= 0.5
    low[1::2, axis] += width[1::2, axis]
    return Cells(low, width, np.repeat(cells.kind, 2))


def _corners(cells: Cells) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct corners of equal cells, in cells from the origin, and those of each cell.

    Shapes (corners, d) and (cells, 2^d).
    """
    d = cells.low.shape[1]
    width = cells.width[0]
    bits = np.rint(-np.log2(width)).astype(np.int64) + 1  # corners are counted from 0 to 2^q
    shift = np.cumsum(bits) - bits
    index = np.rint(cells.low / width).astype(np.int64)
    ends = (np.arange(1 << d)[:, None] >> np.arange(d)) & 1
    codes = ((index[:, None, :] + ends[None, :, :]) << shift).sum(axis=2)
    distinct, inverse = np.unique(codes, return_inverse=True)
    places = (distinct[:, None] >> shift) & ((1 << bits) - 1)
    return places, inverse.reshape(codes.shape)


def _cost(cells: Cells) -> int:
    """Return how many starts it takes to judge equal cells."""
    return len(cells.kind) * PILOT + (len(_corners(cells)[0]) if len(cells.kind) else 0)


def _probes(cells: Cells) -> tuple[Cells, NDArray[np.int64]]:
    """Return the boxes in which one start each is looked at, and which of them judge each cell.

    First those of the draws in the cells, then those about the corners. A start near a corner is
    not at it: corners lie on lines of symmetry, on which orbits may end elsewhere than all others.
    """
    inside = np.repeat(np.arange(len(cells.kind)), PILOT)
    own = np.arange(len(inside)).reshape(-1, PILOT)
    drawn = cells.where(inside)
    places, corners = _corners(cells)
    width = cells.width[0]
    low = np.maximum((places - _NEAR) * width, 0.0)
    high = np.minimum((places + _NEAR) * width, 1.0)
    boxes = Cells(
        np.concatenate([drawn.low, low]),
        np.concatenate([drawn.width, high - low]),
        np.concatenate([drawn.kind, np.full(len(low), Kind.MIXED, dtype=np.int8)]),
    )
    return boxes, np.concatenate([own, len(inside) + corners], axis=1)


def _kinds(labels: Labels, probes: NDArray[np.int64]) -> NDArray[np.int8]:
    otherwise = np.where(labels.possible, Kind.UNDECIDED, Kind.ELSEWHERE)
    found = np.where(labels.hits, Kind.CONVERGES, otherwise)
    of_cell = found.astype(np.int8)[probes]
    alike = (of_cell == of_cell[:, :1]).all(axis=1)
    return np.where(alike, of_cell[:, 0], Kind.MIXED).astype(np.int8)

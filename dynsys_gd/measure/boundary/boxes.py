"""Box counting: how many boxes the boundary meets, found by refining where it was met before."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ...engine.starts import GivenStarts
from ...errors import InvalidInput
from ...regions import Box, positive_count
from ..binomial import checked_level
from .counting import COPY, Cells, checked_copies, copies, sum_up
from .dimension import BoundaryDimension
from .labels import OPEN, Codes
from .question import BoundaryMethod, BoundaryQuestion, labels_of, stream

__all__ = ["BoxCounting"]

_COARSEST = 2
_OTHERS_STREAM = 3
_CHECKS = 60  # other boxes looked at for each mixed one that as many boxes hold on average
_MORE_CHECKS, _FEW_HITS = 300, 3
_CHECKS_AT_ONCE = 2**20
_MOST_DIMENSIONS = 4
_KEY_BITS = 62

Boxes = NDArray[np.int64]


@dataclass(frozen=True)
class BoxCounting(BoundaryMethod):
    """Boxes of side 2^-k with corners of different labels, refined where there are any.

    Parameters
    ----------
    whole : int
        Down to boxes of 2^-whole of the side every box is looked at; then only those that were
        mixed, and all their neighbours, are cut into 2^d.
    finest : int
        The finest boxes have 2^-finest of the side.
    most : int
        Refinement ends when the next level would need about so many starts in all.
    copies : int
        Of the box, smaller by 1/8 and placed at random inside of it; at least 2.
    level : float
        Confidence level between 0 and 1.

    Notes
    -----
    A box counts where the labels of its 2^d corners differ, at every level alike, so that what
    corners miss is the same share at every level and does not change the exponent. What refinement
    misses is not forgotten: at each level a random sample of all other boxes is looked at too, so
    large that finding none leaves 1.7 % of the count as its standard error, and larger where some
    are found. The estimate is the number of mixed boxes among the refined ones plus that of the
    others by their sample. The copies show how much depends on where the boxes happen to lie;
    window and error as in `ResolutionScaling`.

    References
    ----------
    Falconer (2014), section 2.1, ``falconer2014fractal``.

    Examples
    --------
    >>> BoxCounting(finest=8).finest
    8
    """

    whole: int = 5
    finest: int = 14
    most: int = 2**21
    copies: int = 8
    level: float = 0.95

    def __post_init__(self) -> None:
        for name in ("whole", "finest", "most"):
            object.__setattr__(self, name, positive_count(getattr(self, name), name))
        if not _COARSEST <= self.whole < self.finest <= 40:
            expected = f"whole from {_COARSEST}, and below finest, which is at most 40"
            raise InvalidInput("whole, finest", (self.whole, self.finest), expected)
        object.__setattr__(self, "copies", checked_copies(self.copies))
        object.__setattr__(self, "level", checked_level(self.level))

    def describe(self) -> str:
        return f"box counting in {self.copies} copies of the box"

    def answer(self, question: BoundaryQuestion) -> BoundaryDimension:
        """Return the dimension, graded STATISTICAL."""
        box = question.box()
        if box.dimension > _MOST_DIMENSIONS:
            expected = f"at most {_MOST_DIMENSIONS} dimensions for counting boxes"
            raise InvalidInput("region", box, expected, "UncertaintyExponent() takes any number")
        if box.dimension * (self.finest + 1) > _KEY_BITS:
            expected = f"at most {_KEY_BITS // box.dimension - 1} in {box.dimension} dimensions"
            raise InvalidInput("finest", self.finest, expected, "boxes are numbered by 62 bits")
        places = copies(box, question.seed, self.copies)
        seen: list[Cells] = []
        starts = 0
        sets = [_all_boxes(_COARSEST, box.dimension)] * self.copies
        for k in range(_COARSEST, self.finest + 1):
            checks = _checks(seen, k, box.dimension) if k > self.whole else 0
            if k > self.whole and starts + _cost(sets, checks, box.dimension) > self.most:
                break
            looked = _looked_at(question, places, sets, k)
            others = _looked_at(question, places, _others(question.seed, sets, k, checks), k)
            starts += looked.starts + others.starts
            seen.append(_cells(k, box.dimension, sets, looked, others))
            question.work.tell(min(starts, self.most), self.most)
            if k < self.whole:
                sets = [_all_boxes(k + 1, box.dimension)] * self.copies
            else:
                sets = [
                    _children(_with_neighbours(boxes[mixed | maybe], k))
                    for boxes, mixed, maybe in zip(sets, looked.mixed, looked.maybe, strict=True)
                ]
        reason = f"boxes in {self.copies} copies of the box at random places, refined near the "
        return sum_up(
            question, self, self.level, seen, starts, reason + "boundary and sampled elsewhere"
        )


@dataclass(frozen=True)
class _Looked:
    """Which boxes of each copy are mixed, which may be, and how many starts that took."""

    mixed: list[NDArray[np.bool_]]
    maybe: list[NDArray[np.bool_]]
    starts: int


def _checks(seen: list[Cells], k: int, d: int) -> int:
    """Return how many other boxes of each copy to look at: fewer where more are mixed.

    Where the level before had mixed boxes among the others, more of them are looked at.
    """
    last, before = max(1.0, seen[-1].mixed.mean()), max(1.0, seen[-2].mixed.mean())
    expected = last * max(1.0, last / before)
    wanted = _CHECKS if seen[-1].elsewhere < _FEW_HITS else _MORE_CHECKS
    return min(_CHECKS_AT_ONCE, int(wanted * 2.0 ** (k * d) / expected / len(seen[-1].mixed)) + 1)


def _cost(sets: list[Boxes], checks: int, d: int) -> int:
    """Return about how many starts a level takes: refined boxes share their corners."""
    return sum(len(boxes) for boxes in sets) + len(sets) * checks * 2**d


def _others(seed: int, sets: list[Boxes], k: int, checks: int) -> list[Boxes]:
    """Return random boxes of each copy that refinement did not come to."""
    found = []
    for copy, boxes in enumerate(sets):
        d = boxes.shape[1]
        drawn = stream(seed, _OTHERS_STREAM, k, copy).integers(0, 2**k, size=(checks, d))
        found.append(drawn[~np.isin(_keys(drawn, k), _keys(boxes, k))])
    return found


def _cells(k: int, d: int, sets: list[Boxes], looked: _Looked, others: _Looked) -> Cells:
    """Return the counts at level k: those of the refined boxes and an estimate of the rest."""
    rest = 2.0 ** (k * d) - sum(map(len, sets)) / len(sets)
    sample = sum(len(each) for each in others.mixed)
    hits = sum(int(np.count_nonzero(each)) for each in others.mixed)
    unsure = sum(int(np.count_nonzero(each)) for each in others.maybe)
    weight = rest / sample if sample else 0.0
    counted = np.array([float(np.count_nonzero(each)) for each in looked.mixed])
    maybe = np.array([float(np.count_nonzero(each)) for each in looked.maybe])
    return Cells(
        scale=COPY * 2.0**-k,
        total=2 ** (k * d),
        mixed=counted + weight * hits,
        maybe=maybe + weight * unsure,
        undecided=int(maybe.sum()) + unsure,
        variance=weight**2 * (hits + 1),
        elsewhere=hits,
    )


def _looked_at(question: BoundaryQuestion, places: list[Box], sets: list[Boxes], k: int) -> _Looked:
    """Return what the corners of the boxes of each copy say."""
    corners = [_nodes(boxes, k) for boxes in sets]
    starts = [
        GivenStarts(_points(place, _decoded(nodes, k, place.dimension), k))
        for place, (nodes, _) in zip(places, corners, strict=True)
    ]
    looked = _Looked([], [], sum(each.n for each in starts))
    for labels, (_, where) in zip(labels_of(question, starts), corners, strict=True):
        mixed, maybe = _differ(labels[where])
        looked.mixed.append(mixed)
        looked.maybe.append(maybe)
    return looked


def _differ(labels: Codes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return for rows of labels which differ, and which may for what is open."""
    unknown = labels == OPEN
    largest = labels.max(axis=1)
    smallest = np.where(unknown, np.iinfo(np.int32).max, labels).min(axis=1)
    mixed = (largest != OPEN) & (smallest < largest)
    return mixed, unknown.any(axis=1) & ~mixed


def _nodes(boxes: Boxes, k: int) -> tuple[Boxes, NDArray[np.int64]]:
    """Return the corners of boxes, each once and as one number, and where each box has its own."""
    d = boxes.shape[1]
    corners = np.array(list(product((0, 1), repeat=d)), dtype=np.int64)
    keys = _keys((boxes[:, None, :] + corners).reshape(-1, d), k)
    nodes, where = np.unique(keys, return_inverse=True)
    return nodes, where.reshape(len(boxes), len(corners))


def _points(place: Box, nodes: Boxes, k: int) -> NDArray[np.float64]:
    return np.asarray(place.low) + nodes * 2.0**-k * np.subtract(place.high, place.low)


def _keys(nodes: Boxes, k: int) -> Boxes:
    """Return rows of whole numbers from -1 to 2^k + 1 as one number each."""
    keys = np.zeros(len(nodes), dtype=np.int64)
    for column in nodes.T:
        keys = keys * (2**k + 3) + (column + 1)
    return keys


def _decoded(keys: Boxes, k: int, d: int) -> Boxes:
    rest, columns = keys, []
    for _ in range(d):
        rest, digit = np.divmod(rest, 2**k + 3)
        columns.append(digit - 1)
    return np.stack(columns[::-1], axis=1)


def _all_boxes(k: int, d: int) -> Boxes:
    return np.stack(np.meshgrid(*[np.arange(2**k)] * d, indexing="ij"), axis=-1).reshape(-1, d)


def _children(boxes: Boxes) -> Boxes:
    d = boxes.shape[1]
    parts = np.array(list(product((0, 1), repeat=d)), dtype=np.int64)
    return np.asarray((2 * boxes[:, None, :] + parts).reshape(-1, d))


def _with_neighbours(boxes: Boxes, k: int) -> Boxes:
    """Return the boxes and all that touch them, within the copy."""
    d = boxes.shape[1]
    around = np.array(list(product((-1, 0, 1), repeat=d)), dtype=np.int64)
    near = (boxes[:, None, :] + around).reshape(-1, d)
    inside = ((near >= 0) & (near < 2**k)).all(axis=1)
    return _decoded(np.unique(_keys(near[inside], k)), k, d)

"""What do orbits settle on at one parameter value? Bands, extents, and who ends with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...engine.iteration import iterate, orbit
from ...ensembles.budget import Budget
from ...maps.base import Map

__all__ = ["GONE", "Seen", "band_boxes", "look"]

Array = NDArray[np.float64]

GONE = -1  # the attractor of orbits that have none

_APART = 1e-9  # relative to the size of the orbit: gaps below it are rounding
_TOGETHER = 1e-3  # relative to unit + |start|: cycles this close to each other are taken for one
_JITTER = 64.0  # units in the last place within which a cycle returns
_SETTLED = 4e-7  # the same: how closely an orbit that goes to a cycle returns
_LATELY = 100.0  # times as closely it must have returned for some time
_LONGEST = 256  # cycle that is told from chaos
_CAPTURED = 0.25  # of a group: so many on a cycle show that the others come after
_LATE = 2048  # steps during which it must have come closer
_LOOK_EVERY = 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What m groups of orbits do at one parameter value.

    Parameters
    ----------
    value : float
    starts : ndarray, shape (m, d)
        Next to which the orbits of a group begin.
    attractor : ndarray of int, shape (m,)
        The same number for groups that end together; `GONE` where an orbit left every bound.
    boxes : tuple of ndarray, each of shape (bands, 2, d)
        Lower and upper corners of disjoint boxes through which the late orbits go in turn.
    settled : ndarray of bool, shape (m,)
        Which groups went to a cycle.
    """

    value: float
    starts: Array
    attractor: NDArray[np.int64]
    boxes: tuple[Array, ...]
    settled: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def gone(self) -> NDArray[np.bool_]:
        """Which groups have an orbit that left every bound."""
        return self.attractor == GONE

    @cached_property
    def bands(self) -> tuple[int, ...]:
        """Number of boxes of each group."""
        return tuple(len(boxes) for boxes in self.boxes)

    @cached_property
    def extents(self) -> Array:
        """Diagonals of the bands of each group, added up."""
        return np.array([np.sqrt(((b[:, 1] - b[:, 0]) ** 2).sum(axis=1)).sum() for b in self.boxes])

    def hull(self, k: int) -> Array:
        """Return the corners of the smallest box about the attractor of a group, shape (2, d)."""
        boxes = np.concatenate([self.boxes[j] for j in self.with_whom(k)])
        return np.stack([boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)])

    def with_whom(self, k: int) -> frozenset[int]:
        """Return the groups that end where group k does."""
        if self.attractor[k] == GONE:
            return frozenset()
        return frozenset(np.flatnonzero(self.attractor == self.attractor[k]).tolist())


def look(
    F: Map, value: float, groups: Array, steps: int, cap: int, budget: Budget, *, unit: float = 1.0
) -> Seen:
    """Return what groups of orbits do.

    Parameters
    ----------
    F : Map
        Every parameter with a value.
    value : float
        The one that is followed.
    groups : ndarray, shape (m, s, d)
        Starts; those of a group lie in one band, and the first one stands for it.
    steps : int
        Before anything is looked at; as many are looked at.
    cap : int
        Largest number of bands that is told apart.
    budget : Budget
    unit : float
        Of length, at most 1: distances next to the origin are compared with it.
    """
    m, s, d = groups.shape
    kernel, starts = F.kernel(), groups.reshape(m * s, d)
    late = iterate(kernel, starts, steps, arithmetic=budget.arithmetic)
    passed = orbit(kernel, late, steps, arithmetic=budget.arithmetic)
    with np.errstate(all="ignore"):
        size = np.sqrt(np.einsum("tnd,tnd->tn", passed, passed)).max(axis=0)
        scale = unit + np.sqrt(np.einsum("nd,nd->n", starts, starts))
        # Far out alone is not gone: orbits may drift without end and never blow up.
        gone = ~(size <= budget.horizon * scale).reshape(m, s).all(axis=1)
        calm = _settled(passed, scale).reshape(m, s)
    pieces = passed.reshape(len(passed), m, s, d)
    # A few may be passing a neutral cycle so slowly that they seem to stay.
    captured = (calm.mean(axis=1) >= _CAPTURED) & ~gone
    boxes = []
    for k in range(m):
        found = np.empty((0, 2, d)) if gone[k] else band_boxes(pieces[:, k], cap)
        if captured[k]:
            # The others of the group are still on their way there.
            found = band_boxes(pieces[-_LATE:, k, calm[k]], cap)
        boxes.append(found)
    return Seen(
        value=value,
        starts=groups[:, 0],
        attractor=_numbered(boxes, captured, scale.reshape(m, s)[:, 0]),
        boxes=tuple(boxes),
        settled=captured,
    )


def _settled(passed: Array, size: Array) -> NDArray[np.bool_]:
    """Return which orbits return to where they were ever more closely."""
    returns = []
    for last in range(len(passed) - 1, max(len(passed) - 1 - _LATE, _LONGEST), -_LOOK_EVERY):
        before = passed[last - _LONGEST : last]
        returns.append(np.abs(before - passed[last]).max(axis=2).min(axis=0))
    now, earlier = returns[0], np.max(returns, axis=0)
    # Next to the origin differences are far finer: a slow departure from there can be told.
    rounding = _JITTER * np.spacing(np.abs(passed[-1]).max(axis=1))
    closer = now <= np.maximum(returns[-1], rounding)
    return np.asarray((now <= _SETTLED * size) & (earlier <= _LATELY * _SETTLED * size) & closer)


def band_boxes(piece: Array, cap: int) -> Array:
    """Return the boxes of the bands through which orbits go in turn, shape (b, 2, d).

    Every b-th points of all orbits lie in the same box; b is the largest number up to `cap` for
    which no two boxes meet.

    Examples
    --------
    >>> turns = np.array([0.0, 5.0, 1.0, 6.0, 0.5, 5.5, 0.2, 5.2])
    >>> band_boxes(turns[:, None, None], 4)[:, :, 0].tolist()
    [[0.0, 1.0], [5.0, 6.0]]
    """
    low, high = piece.min(axis=1), piece.max(axis=1)
    size = float((high.max(axis=0) - low.min(axis=0)).max())
    for b in range(min(cap, len(piece)), 1, -1):
        whole = len(piece) // b * b
        shape = (-1, b, piece.shape[2])
        lower = low[:whole].reshape(shape).min(axis=0)
        upper = high[:whole].reshape(shape).max(axis=0)
        boxes = np.stack([lower, upper], axis=1)
        if (_gaps(boxes, boxes)[~np.eye(b, dtype=bool)] > _APART * size).all():
            return boxes
    return np.stack([low.min(axis=0), high.max(axis=0)])[None]


def _gaps(one: Array, other: Array) -> Array:
    """Return by how much boxes are apart in the coordinate where they are most, shape (m, n)."""
    return np.maximum(one[:, None, 0] - other[None, :, 1], other[None, :, 0] - one[:, None, 1]).max(
        axis=2
    )


def _numbered(
    boxes: Sequence[Array], settled: NDArray[np.bool_], scale: Array
) -> NDArray[np.int64]:
    """Number the sets that groups end on: those whose bands meet are one, and cycles next to."""
    numbers = np.full(len(boxes), GONE, dtype=np.int64)
    for k, mine in enumerate(boxes):
        if not len(mine):
            continue
        numbers[k] = numbers.max() + 1
        for j in range(k):
            # A cycle is approached for ever; two wide sets that only come close are two.
            calm = settled[j] and settled[k]
            room = _TOGETHER * float(scale[k]) if calm else 0.0
            if len(boxes[j]) and (_gaps(boxes[j], mine) <= room).any():
                numbers[numbers == numbers[j]] = numbers[k]
    return numbers

"""Branch and bound: which boxes hold an orbit, which hold none, and which stay open."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .clusters import components
from .contract import contracted
from .equations import Equations
from .operator import attempt, inflated
from .outward import Bounds

__all__ = ["Found", "Known", "search"]

_BATCH = 4096  # boxes examined together
_TRY = 0.25  # widest box, in shares of the region, on which a proof is attempted
_INFLATION = 0.1
_EVEN = 2  # failed proofs after which a box is widened alike in all coordinates
_LATE = 0.1  # a time index may be split once its width is this share of the largest
_PATIENCE = 8  # a box resists after so many halvings with a failed attempt each
# A level is crowded by so many boxes, or by this share of all those examined.
_CROWD, _CROWD_SHARE = 8192, 1 / 8
_LARGE = 1 / 32  # share of a crowd, from which on a connected set of it is given up


class Known(Protocol):
    """What says of boxes, without refining them, where all their orbits are."""

    def holds(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return for each box (p, d, n) whether all its orbits are known."""
        ...  # pragma: no cover


@dataclass(frozen=True, eq=False)
class Found:
    """What became of a region.

    Parameters
    ----------
    lower, upper : ndarray, shape (p, d, n)
        Boxes that hold exactly one orbit each; some may be the same one.
    image_lower, image_upper : ndarray, shape (p, d, n)
        Bounds of these orbits; they may reach out of the box.
    open_lower, open_upper : ndarray, shape (p, d, m)
        Boxes too narrow to go on, or among too many that resist, undecided.
    left_lower, left_upper : ndarray, shape (p, d, l)
        Boxes not examined when the time was over.
    known_lower, known_upper : ndarray, shape (p, d, k)
        Boxes whose orbits are all known, as those on a family are.
    boxes : int
        How many were examined.
    """

    lower: Bounds
    upper: Bounds
    image_lower: Bounds
    image_upper: Bounds
    open_lower: Bounds
    open_upper: Bounds
    left_lower: Bounds
    left_upper: Bounds
    known_lower: Bounds
    known_upper: Bounds
    boxes: int


@dataclass(eq=False)
class _Pile:
    """Boxes by columns with their ages; the last ones come off first."""

    parts: list[tuple[Bounds, Bounds, NDArray[np.int16]]] = field(default_factory=list)
    count: int = 0

    def add(self, lower: Bounds, upper: Bounds, age: NDArray[np.int16] | None = None) -> None:
        n = lower.shape[2]
        if n:
            self.parts.append((lower, upper, np.zeros(n, np.int16) if age is None else age))
            self.count += n

    def take(self, most: int) -> tuple[Bounds, Bounds, NDArray[np.int16]]:
        taken: list[tuple[Bounds, Bounds, NDArray[np.int16]]] = []
        room = most
        while self.parts and room:
            part = self.parts.pop()
            size = part[0].shape[2]
            if size > room:
                self.parts.append(tuple(a[..., : size - room] for a in part))  # type: ignore[arg-type]
                part = tuple(a[..., size - room :] for a in part)  # type: ignore[assignment]
            room -= part[0].shape[2]
            taken.append(part)
        self.count -= most - room
        lows, highs, ages = zip(*taken, strict=True)
        return np.concatenate(lows, axis=2), np.concatenate(highs, axis=2), np.concatenate(ages)

    def all(self, shape: tuple[int, int]) -> tuple[Bounds, Bounds]:
        if not self.parts:
            return np.empty((*shape, 0)), np.empty((*shape, 0))
        return self.take(self.count)[:2]


def search(
    equations: Equations,
    lower: Bounds,
    upper: Bounds,
    *,
    scale: Bounds,
    least: float,
    seconds: float,
    most: int,
    known: Known | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Found:
    """Return where the orbits of a system can be.

    Parameters
    ----------
    equations : Equations
        Analytic ones: elsewhere nothing is examined, and all boxes come back undecided.
    lower, upper : ndarray, shape (p, d, n)
        The boxes to search.
    scale : ndarray, shape (d,)
        Width of the region, by which widths are measured.
    least : float
        Boxes narrower than this share of the region in every coordinate are not split any more.
    seconds : float
        Time limit.
    most : int
        How many boxes to examine at most.
    known : Known, optional
        Asked about boxes for which no proof succeeds.
    progress : callable, optional
        Called as ``progress(examined, known)``.

    Notes
    -----
    Boxes in which proofs keep failing resist: there is a multiple solution, a pole, or a family.
    They wait until nothing else is left and are then halved level by level, so that the sets they
    form become visible: one around an isolated solution keeps few boxes while it shrinks, one
    along a family doubles. When a level becomes crowded, large connected sets are given up.
    """
    ends = time.monotonic() + seconds
    shape = (equations.period, equations.dimension)
    proved, images, narrow, explained = _Pile(), _Pile(), _Pile(), _Pile()
    waiting, level, resisting = _Pile(), _Pile(), _Pile()
    (waiting if equations.tape.analytic else narrow).add(lower, upper)
    measure = scale[None, :, None]
    examined = 0
    while examined < most and time.monotonic() < ends:
        if not (waiting.count or level.count):
            if not resisting.count:
                break
            level, resisting = _thinned(resisting, narrow, examined), _Pile()
            continue
        low, high, age = (waiting if waiting.count else level).take(_BATCH)
        examined += low.shape[2]
        low, high, kept = contracted(equations, low, high)
        age = age[kept]
        ended = _indivisible(low, high, measure, least)
        small = (np.max((high - low) / measure, axis=(0, 1)) <= _TRY) | ended
        waiting.add(*_halves(low[..., ~small], high[..., ~small], age[~small], measure))
        low, high, age = low[..., small], high[..., small], age[small] + np.int16(1)
        fine = ended[small]
        # A coordinate much narrower than the others leaves no room for the errors of these.
        even = np.where(age > _EVEN, np.max((high - low) / measure, axis=(0, 1)), 0.0)
        room = (1e-3 * least + _INFLATION * even) * measure
        room = np.where(fine, np.maximum(room, 64 * _rounding(low, high)), room)
        wide_low, wide_high = inflated(low, high, _INFLATION, room)
        tried = attempt(equations, wide_low, wide_high)
        met_low, met_high = np.maximum(low, tried.lower), np.minimum(high, tried.upper)
        alive = (met_low <= met_high).all(axis=(0, 1))
        sure, more = alive & tried.proved, alive & ~tried.proved
        proved.add(wide_low[..., sure], wide_high[..., sure])
        images.add(tried.lower[..., sure], tried.upper[..., sure])
        low, high, age, fine = met_low[..., more], met_high[..., more], age[more], fine[more]
        if known is not None and len(age):
            told = known.holds(low, high)
            explained.add(low[..., told], high[..., told])
            low, high, age, fine = low[..., ~told], high[..., ~told], age[~told], fine[~told]
        done = _indivisible(low, high, measure, least)
        # A box that has just become so narrow is tried once more: little is in the way now.
        narrow.add(low[..., done & fine], high[..., done & fine])
        once = done & ~fine
        waiting.add(low[..., once], high[..., once], age[once])
        low, high, age = low[..., ~done], high[..., ~done], age[~done]
        old = age >= _PATIENCE
        waiting.add(*_halves(low[..., ~old], high[..., ~old], age[~old], measure))
        resisting.add(*_halves(low[..., old], high[..., old], age[old], measure))
        if progress is not None:
            progress(examined, examined + waiting.count + level.count + resisting.count)
    for pile in (level, resisting):
        if pile.count:
            waiting.add(*pile.take(pile.count))
    return Found(
        *proved.all(shape), *images.all(shape), *narrow.all(shape), *waiting.all(shape),
        *explained.all(shape), examined,
    )  # fmt: skip


def _indivisible(low: Bounds, high: Bounds, measure: Bounds, least: float) -> NDArray[np.bool_]:
    """Return which boxes are too narrow to be split, in shares of the region or in doubles."""
    enough = np.maximum(least * measure, _rounding(low, high))
    return np.asarray((high - low <= enough).all(axis=(0, 1)))


def _rounding(low: Bounds, high: Bounds) -> Bounds:
    """Return widths of a few units in the last place."""
    return np.asarray(2.0**-50 * np.maximum(np.abs(low), np.abs(high)))


def _thinned(pile: _Pile, given_up: _Pile, examined: int) -> _Pile:
    """Return the boxes of a level to go on with; of a crowded one, those in small sets."""
    crowd = max(_CROWD, int(_CROWD_SHARE * examined))
    if pile.count <= crowd:
        return pile
    low, high, age = pile.take(pile.count)
    labels = components(low, high)
    large = np.bincount(labels)[labels] > _LARGE * crowd
    given_up.add(low[..., large], high[..., large])
    rest = _Pile()
    rest.add(low[..., ~large], high[..., ~large], age[~large])
    return rest


def _halves(
    lower: Bounds, upper: Bounds, age: NDArray[np.int16], measure: Bounds
) -> tuple[Bounds, Bounds, NDArray[np.int16]]:
    """Split every box at the first time index that is wide enough, in its widest coordinate.

    What happens at early times decides the later ones, as far as the map is expanding.
    """
    n = lower.shape[2]
    widths = np.where(upper - lower <= _rounding(lower, upper), 0.0, (upper - lower) / measure)
    largest = widths.max(axis=1)
    k = np.argmax(largest >= _LATE * largest.max(axis=0), axis=0)
    every = np.arange(n)
    i = np.argmax(widths[k, :, every], axis=1)
    low, high = lower[k, i, every], upper[k, i, every]
    cut = low + 0.5 * (high - low)
    left_high, right_low = upper.copy(), lower.copy()
    left_high[k, i, every] = cut
    right_low[k, i, every] = cut
    return (
        np.concatenate([lower, right_low], axis=2),
        np.concatenate([left_high, upper], axis=2),
        np.concatenate([age, age]),
    )

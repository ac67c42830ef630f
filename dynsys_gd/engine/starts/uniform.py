"""Independent uniform starts in a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..machine.writer import Module
from .description import Starts, begin, checked_count, corners, numbers, words
from .lanes import Tiles, real
from .philox import SCHEDULE_WORDS, Key, StoredKeys, checked_key, random_53, schedule

__all__ = ["UniformStarts", "unit_scales"]

_STREAM = 0


@dataclass(frozen=True)
class UniformStarts(Starts):
    """Independent uniform starts in a box.

    Coordinate i of start j is a + (b − a) u, where u is the 53-bit uniform number of `random_53`
    for this start and coordinate; u < 1, but the sum may round to b.

    Parameters
    ----------
    low, high : sequence of float, shape (d,)
        Opposite corners; where they are equal the coordinate is fixed.
    n : int
        Number of starts, from 1 to 2^63 − 1.
    key : pair of int
        See `key_of`.

    Examples
    --------
    >>> starts = UniformStarts([-3, -3], [3, 3], 10**15, (0, 1))
    >>> bool(np.all(starts.rows(7, 9) == starts.rows(0, 9)[:, 7:]))
    True
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    count: int
    key: Key

    def __init__(self, low: Sequence[float], high: Sequence[float], n: int, key: Key) -> None:
        lower, upper = corners(low, high)
        object.__setattr__(self, "low", lower)
        object.__setattr__(self, "high", upper)
        object.__setattr__(self, "count", checked_count(n))
        object.__setattr__(self, "key", checked_key(key))

    @property
    def dimension(self) -> int:
        return len(self.low)

    @property
    def n(self) -> int:
        return self.count

    def rows(self, first: int, last: int) -> NDArray[np.float64]:
        start = numbers(self, first, last)
        keys, scales = schedule(self.key), unit_scales(self.low, self.high)
        columns = np.empty((self.dimension, len(start)))
        for i in range(0, self.dimension, 2):
            drawn = random_53(start, np.uint64(i // 2), _STREAM, keys)
            for k in range(i, min(i + 2, self.dimension)):
                columns[k] = self.low[k] + scales[k] * real(drawn[k - i])
        return columns

    def spec(self) -> NDArray[np.uint64]:
        affine = np.stack([self.low, unit_scales(self.low, self.high)], axis=1)
        return words(self.dimension, schedule(self.key), affine)

    @classmethod
    def write(cls, module: Module) -> None:
        f = begin(module)
        tiles = Tiles(f)
        keys = StoredKeys(tiles, 1)
        d = tiles.word(0)
        with f.loop(d, step="2") as i:
            beyond = f.value(f"icmp sge i64 {f.value(f'add i64 {i}, 1')}, {d}")
            other = f.value(f"select i1 {beyond}, i64 {i}, i64 {f.value(f'add i64 {i}, 1')}")
            pair = tiles.whole(f.value(f"lshr i64 {i}, 1"))
            with tiles.loop() as done:
                start = tiles.numbers(f.value(f"add i64 %first, {done}"))
                drawn = random_53(start, pair, _STREAM, keys)
                # Where there is no second coordinate, the first one is written over it.
                for k, whole in ((other, drawn[1]), (i, drawn[0])):
                    place = f.value(f"shl i64 {k}, 1")
                    low, scale = (tiles.real(place, SCHEDULE_WORDS + 1 + e) for e in (0, 1))
                    tiles.put(low + scale * real(whole), k, done)
        f.give()


def unit_scales(low: Sequence[float], high: Sequence[float]) -> NDArray[np.float64]:
    """Return the sides of a box in units of 2^-53: what multiplies 53 random bits."""
    return (np.asarray(high) - np.asarray(low)) * 2.0**-53

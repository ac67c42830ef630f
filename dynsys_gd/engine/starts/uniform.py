"""Independent uniform starts in a box."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..machine.writer import Module
from .description import Starts, begin, checked_count, corners, numbers, words
from .lanes import Tiles, Value, real
from .philox import SCHEDULE_WORDS, Key, StoredKeys, checked_key, random_53, schedule

__all__ = ["UniformStarts", "random_columns", "unit_scales", "write_random"]

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
    >>> bool(np.all(starts.columns(7, 9) == starts.columns(0, 9)[:, 7:]))
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

    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        affine = list(zip(self.low, unit_scales(self.low, self.high).tolist(), strict=True))
        return random_columns(self, first, last, affine, self.key, _STREAM, real)

    def spec(self) -> NDArray[np.uint64]:
        affine = np.stack([self.low, unit_scales(self.low, self.high)], axis=1)
        return words(self.dimension, schedule(self.key), affine)

    @classmethod
    def write(cls, module: Module) -> None:
        write_random(module, _STREAM, real)


def random_columns(
    starts: Starts,
    first: int,
    last: int,
    affine: Sequence[tuple[float, float]],
    key: Key,
    stream: int,
    law: Callable[[Value], Value],
) -> NDArray[np.float64]:
    """Return columns a + b · law(53 random bits), with (a, b) of each coordinate in `affine`."""
    start = numbers(starts, first, last)
    keys = schedule(key)
    columns = np.empty((len(affine), len(start)))
    for i in range(0, len(affine), 2):
        drawn = random_53(start, np.uint64(i // 2), stream, keys)
        for k, (offset, factor) in enumerate(affine[i : i + 2]):
            columns[i + k] = offset + factor * law(drawn[k])
    return columns


def write_random(module: Module, stream: int, law: Callable[[Value], Value]) -> None:
    """Define `starts` as `random_columns` computes it.

    The words are d, the twenty round keys, then the two numbers of each coordinate.
    """
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
            drawn = random_53(start, pair, stream, keys)
            # Where there is no second coordinate, the first one is written over it.
            for k, whole in ((other, drawn[1]), (i, drawn[0])):
                place = f.value(f"shl i64 {k}, 1")
                offset, factor = (tiles.real(place, SCHEDULE_WORDS + 1 + e) for e in (0, 1))
                tiles.put(offset + factor * law(whole), k, done)
    f.give()


def unit_scales(low: Sequence[float], high: Sequence[float]) -> NDArray[np.float64]:
    """Return the sides of a box in units of 2^-53: what multiplies 53 random bits."""
    return (np.asarray(high) - np.asarray(low)) * 2.0**-53

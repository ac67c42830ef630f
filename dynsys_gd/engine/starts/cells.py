"""One start in each cell of a regular grid: its centre, or a random point of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ..machine.writer import Module
from .description import MOST_STARTS, Starts, begin, corners, numbers, words
from .lanes import Reals, Tiles, Value, real
from .philox import SCHEDULE_WORDS, Key, StoredKeys, checked_key, random_53, schedule

__all__ = ["GridStarts", "JitteredStarts"]

#: Beyond, the exactness of the digits below would need another argument.
_MOST_CELLS = 2**48

_STREAM = 1  # of random numbers: no other kind of starts uses the same ones
_TO_NEAREST = 1.5 * 2.0**52  # added and taken away again, rounds to the nearest whole number


@dataclass(frozen=True)
class GridStarts(Starts):
    """The cell centres of a regular grid over a box, last coordinate fastest.

    Coordinate i of the centre of the cell with digit k is a + (b − a)(k + ½)/n with a, b, n the
    corners and the cells along that axis: to the last bit the points of `regions.Grid`.

    Parameters
    ----------
    low, high : sequence of float, shape (d,)
        Opposite corners; where they are equal the coordinate is fixed.
    shape : sequence of int, shape (d,)
        Cells along each axis, at most 2^48 each and below 2^63 in all.

    Examples
    --------
    >>> GridStarts([0, 0], [1, 4], (1, 4)).columns(1, 3).tolist()
    [[0.5, 0.5], [1.5, 2.5]]
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    shape: tuple[int, ...]

    def __init__(self, low: Sequence[float], high: Sequence[float], shape: Sequence[int]) -> None:
        _settle(self, low, high, shape)

    @property
    def dimension(self) -> int:
        return len(self.low)

    @property
    def n(self) -> int:
        return math.prod(self.shape)

    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        digits = _digits(self.shape, numbers(self, first, last))
        axes = zip(self.low, self.high, self.shape, digits, strict=True)
        return np.stack([_centre(a, b - a, float(k), digit) for a, b, k, digit in axes])

    def spec(self) -> NDArray[np.uint64]:
        return words(self.dimension, [0] * SCHEDULE_WORDS, _axes(self, 1))

    @classmethod
    def write(cls, module: Module) -> None:
        _write(module, jitter=False)


@dataclass(frozen=True)
class JitteredStarts(Starts):
    """One uniform point in each cell of a regular grid over a box, last coordinate fastest.

    Coordinate i of the point in the cell with digit k is a + ((b − a)/n)(k + u), where u is the
    53-bit uniform number of `random_53` for this start and coordinate. Rounding may put a point
    on the upper face of its cell, or a unit in the last place beyond.

    Parameters
    ----------
    low, high : sequence of float, shape (d,)
        Opposite corners; where they are equal the coordinate is fixed.
    shape : sequence of int, shape (d,)
        Cells along each axis, at most 2^48 each and below 2^63 in all.
    key : pair of int
        See `key_of`.

    Examples
    --------
    >>> starts = JitteredStarts([0], [4], (4,), (0, 1))
    >>> np.floor(starts.columns(0, 4)).tolist()
    [[0.0, 1.0, 2.0, 3.0]]
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    shape: tuple[int, ...]
    key: Key

    def __init__(
        self, low: Sequence[float], high: Sequence[float], shape: Sequence[int], key: Key
    ) -> None:
        _settle(self, low, high, shape)
        object.__setattr__(self, "key", checked_key(key))

    @property
    def dimension(self) -> int:
        return len(self.low)

    @property
    def n(self) -> int:
        return math.prod(self.shape)

    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        start = numbers(self, first, last)
        columns, keys = _digits(self.shape, start), schedule(self.key)
        for i in range(self.dimension):
            if i % 2 == 0:
                drawn = random_53(start, np.uint64(i // 2), _STREAM, keys)
            width = (self.high[i] - self.low[i]) / self.shape[i]
            columns[i] = _random_point(self.low[i], width, columns[i], drawn[i % 2])
        return columns

    def spec(self) -> NDArray[np.uint64]:
        return words(self.dimension, schedule(self.key), _axes(self, self.shape))

    @classmethod
    def write(cls, module: Module) -> None:
        _write(module, jitter=True)


def _settle(starts: Any, low: Any, high: Any, shape: Any) -> None:
    lower, upper = corners(low, high)
    d = len(lower)
    if not isinstance(shape, (list, tuple, np.ndarray)) or len(shape) != d:
        raise InvalidInput("shape", shape, f"{d} whole numbers, one a coordinate")
    for k in shape:
        whole = isinstance(k, (int, np.integer)) and not isinstance(k, bool)
        if not whole or not 1 <= k <= _MOST_CELLS:
            raise InvalidInput("shape", shape, "whole numbers from 1 to 2^48")
    cells = tuple(int(k) for k in shape)
    if math.prod(cells) > MOST_STARTS:
        raise InvalidInput("shape", shape, "fewer than 2^63 cells in all")
    if not all(math.isfinite((b - a) * k) for a, b, k in zip(lower, upper, cells, strict=True)):
        raise InvalidInput("low, high", (low, high), "sides that stay finite times their cells")
    for name, value in (("low", lower), ("high", upper), ("shape", cells)):
        object.__setattr__(starts, name, value)


def _centre(low: Value, width: Value, cells: Value, digit: Value) -> Value:
    """Return a coordinate of a cell's centre, rounded as in `regions.Grid`."""
    return low + width * (digit + 0.5) / cells


def _random_point(low: Value, width: Value, digit: Value, whole: Value) -> Value:
    """Return a coordinate of a point of a cell, `width` being that of the cell."""
    return low + width * (digit + real(whole) * 2.0**-53)


def _digits(shape: Sequence[int], rest: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return the digits of the cells with the given numbers, shape (d, as many)."""
    digits = np.empty((len(shape), len(rest)))
    for i in reversed(range(len(shape))):
        rest, digit = np.divmod(rest, np.uint64(shape[i]))
        digits[i] = real(digit)
    return digits


# The machine code divides no vectors of whole numbers: there is no such instruction. The digits
# of the first start of a tile come from scalar division; the others count on from there in
# doubles, and what overflows an axis of n cells is carried to the next one. With x < n + lanes a
# whole number, the carry ⌊x/n⌋ is the whole number nearest to (x − (n − 1)/2)/n, which stays
# 1/(2n) away from any half: more than the rounding errors of reciprocal and product, below
# 2^-50 for the carries up to 2 of wide axes and in proportion for narrow ones.

_AXIS_WORDS = 5


def _axes(starts: GridStarts | JitteredStarts, parts: int | tuple[int, ...]) -> NDArray[np.uint64]:
    """Return the words of the axes: corner, width by `parts`, cells, 1 by cells; and the cells."""
    low, cells = np.asarray(starts.low), np.asarray(starts.shape, dtype=np.float64)
    reals = np.stack([low, (np.asarray(starts.high) - low) / parts, cells, 1.0 / cells], axis=1)
    whole = np.asarray(starts.shape, dtype=np.uint64)
    return np.concatenate([reals.view(np.uint64), whole[:, None]], axis=1)


def _write(module: Module, *, jitter: bool) -> None:
    f = begin(module)
    tiles = Tiles(f)
    keys = StoredKeys(tiles, 1)
    d = tiles.word(0)
    pairs = f.value(f"lshr i64 {f.value(f'add i64 {d}, 1')}, 1")
    with tiles.loop() as done:
        here = f.value(f"add i64 %first, {done}")
        start = tiles.numbers(here)
        rest = f.variable("i64", here)
        lanes = ", ".join(f"double {float(k)}" for k in range(module.lanes))
        carry = f.variable(f.real, f"<{lanes}>")

        def coordinate(i: str, drawn: Value) -> None:
            place = f.value(
                f"add i64 {f.value(f'mul i64 {i}, {_AXIS_WORDS}')}, {SCHEDULE_WORDS + 1}"
            )
            low, width, cells, inverse = (tiles.real(place, k) for k in range(4))
            size = tiles.word(place, 4)
            left = rest.get()
            base = f.value(f"uitofp i64 {f.value(f'urem i64 {left}, {size}')} to double")
            rest.set(f.value(f"udiv i64 {left}, {size}"))
            x = Reals(f, f.broadcast(base)) + Reals(f, carry.get())
            overflow = (x - (cells - 1.0) * 0.5) * inverse + _TO_NEAREST - _TO_NEAREST
            carry.set(overflow.name)
            digit = x - overflow * cells
            value = (
                _random_point(low, width, digit, drawn)
                if jitter
                else _centre(low, width, cells, digit)
            )
            tiles.put(value, i, done)

        with f.loop(pairs) as turn:
            pair = f.value(f"sub i64 {f.value(f'sub i64 {pairs}, 1')}, {turn}")
            first = f.value(f"shl i64 {pair}, 1")
            second = f.value(f"or i64 {first}, 1")
            drawn = random_53(start, tiles.whole(pair), _STREAM, keys) if jitter else (None, None)
            with f.when(f.value(f"icmp slt i64 {second}, {d}")):
                coordinate(second, drawn[1])
            coordinate(first, drawn[0])
    f.give()

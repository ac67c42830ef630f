"""Starts that fill a box more evenly than chance: Sobol points, plain or scrambled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ..machine.writer import Module
from .description import Starts, begin, checked_count, corners, numbers, words
from .directions import BITS, MOST_DIMENSIONS, direction_numbers
from .lanes import Tiles, Wholes, real
from .philox import Key, checked_key, random_53, schedule
from .uniform import unit_scales

__all__ = ["SobolStarts", "parity"]

_STREAM = 3
_HEAD = 3  # words of a coordinate before its direction numbers: low, scale, shift
_COORDINATE_WORDS = _HEAD + 64


@dataclass(frozen=True)
class SobolStarts(Starts):
    """Points of a Sobol sequence in a box.

    Coordinate i of start j is a + (b − a) x 2^-53 where x is the XOR of the direction numbers
    v_b over the bits b of j ⊕ ⌊j/2⌋: the order of Gray codes, that of scipy. Any 2^m successive
    points whose first number is a multiple of 2^m form a (t, m, d)-net in base 2; in one
    dimension t = 0, in two also.

    With a key each coordinate is scrambled: direction numbers are multiplied by a random lower
    triangular matrix of bits with ones on the diagonal, and points are XORed with random bits.
    The net property stays, each point is uniform in the box (so means are unbiased), and the mean
    square error of a mean is that of Owen's nested scrambling. Points of one key are not
    independent of each other: errors are estimated from several keys.

    Parameters
    ----------
    low, high : sequence of float, shape (d,)
        Opposite corners, d at most 101; where they are equal the coordinate is fixed.
    n : int
        Number of starts, from 1 to 2^53; powers of two are balanced.
    key : pair of int, optional
        See `key_of`; without one the points are not scrambled, and the first one is `low`.

    References
    ----------
    [sobol1967distribution]; [joe2008constructing]; [matousek1998discrepancy] for the scrambling;
    [owen2003variance], section 3, for its error.

    Examples
    --------
    >>> SobolStarts([0, 0], [1, 1], 4).columns(0, 4).tolist()
    [[0.0, 0.5, 0.75, 0.25], [0.0, 0.5, 0.25, 0.75]]
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    count: int
    key: Key | None

    def __init__(
        self, low: Sequence[float], high: Sequence[float], n: int, key: Key | None = None
    ) -> None:
        lower, upper = corners(low, high)
        if len(lower) > MOST_DIMENSIONS:
            expected = f"at most {MOST_DIMENSIONS} coordinates"
            raise InvalidInput("low", f"{len(lower)} coordinates", expected, "use starts.drawn")
        object.__setattr__(self, "low", lower)
        object.__setattr__(self, "high", upper)
        object.__setattr__(self, "count", checked_count(n, 2**BITS))
        object.__setattr__(self, "key", None if key is None else checked_key(key))

    @property
    def dimension(self) -> int:
        return len(self.low)

    @property
    def n(self) -> int:
        return self.count

    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        start = numbers(self, first, last)
        gray = start ^ (start >> np.uint64(1))
        directions, shifts = _scrambled(self.dimension, self.key)
        x = np.repeat(shifts[:, None], len(start), axis=1)
        for b in range(max(last - 1, 0).bit_length()):
            x ^= directions[:, b, None] * ((gray >> np.uint64(b)) & np.uint64(1))
        low = np.asarray(self.low)[:, None]
        return low + unit_scales(self.low, self.high)[:, None] * real(x)

    def spec(self) -> NDArray[np.uint64]:
        directions, shifts = _scrambled(self.dimension, self.key)
        scales = unit_scales(self.low, self.high)
        padded = np.zeros((self.dimension, _COORDINATE_WORDS - _HEAD), dtype=np.uint64)
        padded[:, :BITS] = directions
        coordinates = [
            words(*parts) for parts in zip(self.low, scales, shifts, padded, strict=True)
        ]
        return words(self.dimension, *coordinates)

    @classmethod
    def write(cls, module: Module) -> None:
        _write(module)


@lru_cache(maxsize=64)
def _scrambled(dimension: int, key: Key | None) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return direction numbers, shape (d, 53), and what is XORed to every point, shape (d,)."""
    directions = direction_numbers(dimension)
    if key is None:
        return directions, np.zeros(dimension, dtype=np.uint64)
    row = np.arange(BITS + 1, dtype=np.uint64)[None, :]  # the last one is the shift
    coordinate = np.arange(dimension, dtype=np.uint64)[:, None]
    drawn, _ = random_53(row + coordinate * np.uint64(0), coordinate, _STREAM, schedule(key))
    diagonal = np.uint64(1) << np.arange(BITS - 1, -1, -1, dtype=np.uint64)
    above = np.uint64(2**BITS) - (diagonal << np.uint64(1))
    matrix = (drawn[:, :BITS] & above) | diagonal
    scrambled = np.zeros_like(directions)
    for k in range(BITS):
        scrambled |= parity(matrix[:, k, None] & directions) * diagonal[k]
    scrambled.flags.writeable = drawn.flags.writeable = False  # shared by all who ask
    return scrambled, drawn[:, BITS]


def parity(whole: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the parity of the number of ones among the bits of each whole number."""
    for shift in (32, 16, 8, 4, 2, 1):
        whole = whole ^ (whole >> np.uint64(shift))
    return whole & np.uint64(1)


# A point is linear in the bits of its number. So, in blocks of as many numbers as there are lanes
# that begin at a multiple of it, the lanes add the same pattern in every block, and from block to
# block a single XOR leads on: in the order of Gray codes, numbers base and base + lanes differ by
# v_t ⊕ v_(s−1), where lanes = 2^s and t is the lowest bit of base, from s on, that is zero. Tiles
# begin anywhere: their later lanes belong to the next block, the same lanes in every tile.


def _write(module: Module) -> None:
    f = begin(module)
    tiles = Tiles(f)
    lanes = module.lanes
    s = lanes.bit_length() - 1  # lanes are a power of two
    f.module.declare("i64", "llvm.cttz.i64", ["i64", "i1"])

    def lowest(whole: str) -> str:
        return f.call("llvm.cttz.i64", ("i64", whole), ("i1", "false"), returns="i64")

    base = f.value(f"and i64 %first, {-lanes}")
    number = tiles.numbers(f.value(f"sub i64 %first, {base}"))
    later = f.value(f"icmp uge {f.whole} {number.name}, {f.whole_number(lanes)}")
    with f.loop(tiles.word(0)) as i:
        place = f.value(f"add i64 {f.value(f'mul i64 {i}, {_COORDINATE_WORDS}')}, 1")
        numbers_at = f.value(f"add i64 {place}, {_HEAD}")
        low, scale = tiles.real(place), tiles.real(place, 1)
        pattern = Wholes(f, f.whole_number(0))
        before = "0"
        for b in range(s):
            here = tiles.word(numbers_at, b)
            step = tiles.whole(f.value(f"xor i64 {here}, {before}"))
            pattern = pattern ^ (((number >> b) & 1) * step)
            before = here

        this = f.variable("i64", tiles.word(place, 2))
        rest = f.variable("i64", f.value(f"xor i64 {base}, {f.value(f'lshr i64 {base}, 1')}"))
        with f.repeat() as leave:
            left = rest.get()
            leave(f.value(f"icmp eq i64 {left}, 0"))
            direction = tiles.word(f.value(f"add i64 {numbers_at}, {lowest(left)}"))
            this.set(f.value(f"xor i64 {this.get()}, {direction}"))
            rest.set(f.value(f"and i64 {left}, {f.value(f'sub i64 {left}, 1')}"))

        with tiles.loop() as done:
            block = f.value(f"lshr i64 {f.value(f'add i64 {base}, {done}')}, {s}")
            zero = lowest(f.value(f"xor i64 {block}, -1"))
            index = f.value(f"add i64 {numbers_at}, {zero}")
            step_on = f.value(f"xor i64 {tiles.word(index, s)}, {before}")
            now = this.get()
            following = f.value(f"xor i64 {now}, {step_on}")
            this.set(following)
            both = f.select(later, tiles.whole(following).name, tiles.whole(now).name, f.whole)
            tiles.put(low + scale * real(pattern ^ Wholes(f, both)), i, done)
    f.give()

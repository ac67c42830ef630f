"""Many small nets, one in each cell of a grid over the unit cube, scrambled independently."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from .description import refused_range
from .directions import BITS, MOST_DIMENSIONS, direction_numbers, primitive_polynomials
from .laws import InterpretedStarts
from .philox import Key, checked_key, random_53, schedule
from .sobol import parity

__all__ = ["NetStarts", "quality"]

_STREAM = 4
_ROWS = 64  # random numbers of a coordinate of a net: 53 rows of its matrix, a shift, and spare

_MOST_BITS = 2**24  # of the matrices that are made at a time


@dataclass(frozen=True)
class NetStarts(InterpretedStarts):
    """Scrambled Sobol nets of 2^m points in the cells of a grid over the unit cube.

    The nets come replicate by replicate, and within a replicate cell by cell, the last coordinate
    fastest. Each is the first 2^m points of the Sobol sequence with a linear scrambling and a
    shift of its own, as in `SobolStarts`: nets are independent of each other, and each point is
    uniform in its cell.

    Parameters
    ----------
    shape : sequence of int, shape (d,)
        Cells along each axis, d at most 101.
    m : int
        From 0 to 30.
    replicates : int
        Nets in each cell.
    key : pair of int
        See `key_of`.

    References
    ----------
    [matousek1998discrepancy] for the scrambling.

    Examples
    --------
    >>> nets = NetStarts((2,), 1, 3, (0, 1))
    >>> nets.n, np.floor(4 * nets.columns(0, 4)).astype(int).tolist() in ([[0, 1, 2, 3]],
    ...     [[1, 0, 2, 3]], [[0, 1, 3, 2]], [[1, 0, 3, 2]])
    (12, True)
    """

    shape: tuple[int, ...]
    m: int
    replicates: int
    key: Key

    def __init__(self, shape: Sequence[int], m: int, replicates: int, key: Key) -> None:
        cells = tuple(int(k) for k in shape)
        if not 1 <= len(cells) <= MOST_DIMENSIONS:
            expected = f"at most {MOST_DIMENSIONS} coordinates"
            raise InvalidInput("shape", f"{len(cells)} coordinates", expected, "use starts.drawn")
        object.__setattr__(self, "shape", cells)
        object.__setattr__(self, "m", int(m))
        object.__setattr__(self, "replicates", int(replicates))
        object.__setattr__(self, "key", checked_key(key))

    @property
    def dimension(self) -> int:
        return len(self.shape)

    @property
    def cells(self) -> int:
        """Number of cells."""
        return math.prod(self.shape)

    @property
    def n(self) -> int:
        return self.replicates * self.cells << self.m

    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        refused_range(self, first, last)
        begin, end = first >> self.m, -(-last >> self.m)
        together = max(1, _MOST_BITS // (self.dimension * BITS * (self.m + 1)))
        parts = [
            self._nets(np.arange(k, min(k + together, end), dtype=np.uint64))
            for k in range(begin, end, together)
        ]
        skipped = begin << self.m
        columns = np.concatenate([np.empty((self.dimension, 0)), *parts], axis=1)
        return np.ascontiguousarray(columns[:, first - skipped : last - skipped])

    def _nets(self, nets: NDArray[np.uint64]) -> NDArray[np.float64]:
        """Return the points of some nets, shape (d, number of nets · 2^m)."""
        directions, shifts = _scrambled(self.dimension, self.m, nets, self.key)
        j = np.arange(1 << self.m, dtype=np.uint64)
        gray = j ^ (j >> np.uint64(1))
        x = np.repeat(shifts[:, :, None], len(j), axis=2)
        for b in range(self.m):
            x ^= directions[:, :, b, None] * ((gray >> np.uint64(b)) & np.uint64(1))
        points = x.astype(np.float64) * 2.0**-BITS
        rest = nets % np.uint64(self.cells)
        for i in reversed(range(self.dimension)):
            rest, digit = np.divmod(rest, np.uint64(self.shape[i]))
            points[i] = (digit.astype(np.float64)[:, None] + points[i]) / self.shape[i]
        return points.reshape(self.dimension, -1)


def quality(dimension: int) -> int:
    """Return t such that 2^m first points of the Sobol sequence are a (t, m, d)-net for every m.

    It is the sum of the degrees of the polynomials, each less one.

    References
    ----------
    [sobol1967distribution], theorem 3.4.

    Examples
    --------
    >>> [quality(d) for d in (1, 2, 3, 4, 5, 6)]
    [0, 0, 1, 3, 5, 8]
    """
    return sum(p.bit_length() - 2 for p in primitive_polynomials(dimension - 1))


def _scrambled(
    dimension: int, m: int, nets: NDArray[np.uint64], key: Key
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return m direction numbers of each net, shape (d, nets, m), and its shifts, (d, nets)."""
    directions = direction_numbers(dimension)[:, None, :m]
    place = nets[:, None] * np.uint64(_ROWS) + np.arange(BITS + 1, dtype=np.uint64)[None, :]
    coordinate = np.arange(dimension, dtype=np.uint64)[:, None, None]
    drawn, _ = random_53(
        place[None] + coordinate * np.uint64(0), coordinate, _STREAM, schedule(key)
    )
    diagonal = np.uint64(1) << np.arange(BITS - 1, -1, -1, dtype=np.uint64)
    above = np.uint64(2**BITS) - (diagonal << np.uint64(1))
    matrix = (drawn[..., :BITS] & above) | diagonal
    scrambled = np.zeros((dimension, len(nets), m), dtype=np.uint64)
    for k in range(BITS):
        scrambled |= parity(matrix[..., k, None] & directions) * diagonal[k]
    return scrambled, drawn[..., BITS]

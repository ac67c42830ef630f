"""Independent uniform starts in each of many boxes, so many in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from .description import refused_range
from .laws import InterpretedStarts
from .philox import Key, checked_key
from .uniform import UniformStarts

__all__ = ["BoxesStarts"]


@dataclass(frozen=True, eq=False)
class BoxesStarts(InterpretedStarts):
    """Independent uniform starts in boxes, one box after the other.

    Parameters
    ----------
    low, width : array_like, shape (boxes, d)
        Lower corners and sides.
    counts : array_like of int, shape (boxes,)
        Starts in each box.
    key : pair of int
        See `key_of`.
    number : int
        What the first start counts as when random numbers are made for it.

    Examples
    --------
    >>> starts = BoxesStarts([[0.0], [10.0]], [[1.0], [1.0]], [2, 1], (0, 1))
    >>> np.floor(starts.columns(0, 3)).tolist()
    [[0.0, 0.0, 10.0]]
    """

    low: NDArray[np.float64]
    width: NDArray[np.float64]
    counts: NDArray[np.int64]
    key: Key
    number: int

    def __init__(self, low: Any, width: Any, counts: Any, key: Key, number: int = 0) -> None:
        corners = np.array(low, dtype=np.float64, ndmin=2)
        sides = np.array(width, dtype=np.float64, ndmin=2)
        numbers = np.array(counts, dtype=np.int64, ndmin=1)
        if corners.shape != sides.shape or numbers.shape != corners.shape[:1]:
            received = f"shapes {corners.shape}, {sides.shape}, {numbers.shape}"
            raise InvalidInput("low, width, counts", received, "one row and one count a box")
        for array in (corners, sides, numbers):
            array.setflags(write=False)
        object.__setattr__(self, "low", corners)
        object.__setattr__(self, "width", sides)
        object.__setattr__(self, "counts", numbers)
        object.__setattr__(self, "key", checked_key(key))
        object.__setattr__(self, "number", int(number))

    @property
    def dimension(self) -> int:
        return int(self.low.shape[1])

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        refused_range(self, first, last)
        d, ends = self.dimension, np.cumsum(self.counts)
        box = np.searchsorted(ends, np.arange(first, last), side="right")
        unit = UniformStarts([0.0] * d, [1.0] * d, max(1, self.number + last), self.key)
        u = unit.columns(self.number + first, self.number + last)
        return np.ascontiguousarray(self.low[box].T + self.width[box].T * u)

    def cut(self, first: int, last: int) -> BoxesStarts:
        """Return the starts `first` … `last` - 1, the same ones, with only the boxes they need."""
        refused_range(self, first, last)
        ends = np.cumsum(self.counts)
        begins = ends - self.counts
        inside = np.minimum(ends, last) - np.maximum(begins, first)
        used = inside > 0
        return BoxesStarts(
            self.low[used], self.width[used], inside[used], self.key, self.number + first
        )

"""Starts that the user has: rows of an array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ..machine.writer import Module
from .description import Starts, begin, refused_range, words
from .lanes import Tiles

__all__ = ["GivenStarts"]


@dataclass(frozen=True, eq=False)
class GivenStarts(Starts):
    """The rows of an array, whatever numbers they hold, infinities and NaN included.

    Parameters
    ----------
    points : array_like of float, shape (n, d)
        Doubles are read where they are, in any memory order, and not copied: leave them unchanged
        while a computation runs.

    Examples
    --------
    >>> GivenStarts([[0.0, 1.0], [2.0, 3.0]]).columns(1, 2).tolist()
    [[2.0], [3.0]]
    """

    points: NDArray[np.float64]

    def __init__(self, points: Any) -> None:
        expected = "numbers of shape (n, d) with d of at least 1"
        try:
            array = np.require(points, dtype=np.float64, requirements="A").view()
        except (TypeError, ValueError):
            raise InvalidInput("points", points, expected) from None
        if array.ndim != 2 or array.shape[1] == 0:
            raise InvalidInput("points", f"shape {array.shape}", expected)
        array.flags.writeable = False
        object.__setattr__(self, "points", array)

    @property
    def dimension(self) -> int:
        return self.points.shape[1]

    @property
    def n(self) -> int:
        return self.points.shape[0]

    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        refused_range(self, first, last)
        return np.array(self.points[first:last].T, order="C")

    def spec(self) -> NDArray[np.uint64]:
        strides = np.array(self.points.strides, dtype=np.int64).view(np.uint64)
        return words(self.dimension, self.points.ctypes.data, strides)

    @classmethod
    def write(cls, module: Module) -> None:
        f = begin(module)
        tiles = Tiles(f)
        data = f.value(f"inttoptr i64 {tiles.word(1)} to ptr")
        row, column = tiles.word(2), tiles.word(3)
        begin_at = f.offset(data, f.value(f"mul i64 %first, {row}"), "i8")
        with f.loop(tiles.word(0)) as i:
            source = f.offset(begin_at, f.value(f"mul i64 {i}, {column}"), "i8")
            target = f.offset("%states", f.value(f"mul i64 {i}, %stride"))
            # Where a coordinate is contiguous it is copied several doubles at a time.
            lanes = module.lanes
            fitting = f.value(f"and i64 %count, {-lanes}")
            contiguous = f.value(f"icmp eq i64 {row}, 8")
            whole = f.value(f"select i1 {contiguous}, i64 {fitting}, i64 0")
            with f.loop(whole, step=str(lanes)) as k:
                f.store(f.load(f.offset(source, k)), f.offset(target, k))
            with f.loop("%count", start=whole) as k:
                one = f.load(f.offset(source, f.value(f"mul i64 {k}, {row}"), "i8"), kind="double")
                f.store(one, f.offset(target, k), kind="double")
        f.give()

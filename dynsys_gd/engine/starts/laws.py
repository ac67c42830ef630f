"""Starts with any law, made by numpy where they are needed: drawn in blocks, or by quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ...regions import Region
from ..machine.compiler import Program
from ..machine.writer import Module
from .description import Starts, checked_count, refused_range
from .philox import Key, checked_key

__all__ = ["DrawnStarts", "InterpretedStarts", "QuantileStarts"]

#: Rows that come from one generator: few enough that a few rows cost little, many enough that
#: seeding the generator does not matter.
_BLOCK = 1024

_LEAST = 2.0**-54  # instead of 0, where quantile functions are infinite


class InterpretedStarts(Starts):
    """Starts that numpy makes, and no machine code."""

    @classmethod
    def program(cls, lanes: int | None = None) -> Program | None:
        return None

    def spec(self) -> NoReturn:
        raise NotImplementedError(f"{type(self).__name__} have no machine code")

    @classmethod
    def write(cls, module: Module) -> NoReturn:
        raise NotImplementedError(f"{cls.__name__} have no machine code")


@dataclass(frozen=True)
class DrawnStarts(InterpretedStarts):
    """Independent draws from any law.

    The starts b·1024 … b·1024 + 1023 are what the law draws with numpy's Philox generator of this
    key, its counter beginning at b·2^192.

    Parameters
    ----------
    region : Region
    n : int
        Number of starts, from 1 to 2^63 − 1.
    key : pair of int
        See `key_of`.

    Examples
    --------
    >>> from dynsys_gd.regions import Ball
    >>> starts = DrawnStarts(Ball([0, 0], 1), 10**15, (0, 1))
    >>> bool(np.all(starts.columns(1020, 1030) == starts.columns(0, 1030)[:, 1020:]))
    True
    """

    region: Region
    count: int
    key: Key

    def __init__(self, region: Region, n: int, key: Key) -> None:
        object.__setattr__(self, "region", region)
        object.__setattr__(self, "count", checked_count(n))
        object.__setattr__(self, "key", checked_key(key))

    @property
    def dimension(self) -> int:
        return self.region.dimension

    @property
    def n(self) -> int:
        return self.count

    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        refused_range(self, first, last)
        if first == last:
            return np.empty((self.dimension, 0))
        begin = first // _BLOCK
        blocks = [self._block(b) for b in range(begin, -(-last // _BLOCK))]
        rows = np.concatenate(blocks)[first - begin * _BLOCK : last - begin * _BLOCK]
        return np.ascontiguousarray(rows.T)

    def _block(self, number: int) -> NDArray[np.float64]:
        counter = [0, 0, 0, number]
        bits = np.random.Philox(key=np.array(self.key, dtype=np.uint64), counter=counter)
        return self.region.sample(_BLOCK, rng=np.random.Generator(bits))


@dataclass(frozen=True)
class QuantileStarts(InterpretedStarts):
    """Points of the unit cube, taken as quantiles of the coordinates of a law.

    Parameters
    ----------
    region : Region
        With independent coordinates; see `Region.at_quantiles`.
    cube : Starts
        Points of the unit cube, one coordinate for each random coordinate of the law.

    Examples
    --------
    >>> from dynsys_gd.engine.starts import SobolStarts
    >>> from dynsys_gd.regions import Gaussian
    >>> cube = SobolStarts([0], [1], 4)
    >>> QuantileStarts(Gaussian([5], 1), cube).columns(1, 2)
    array([[5.]])
    """

    region: Region
    cube: Any

    @property
    def dimension(self) -> int:
        return self.region.dimension

    @property
    def n(self) -> int:
        return int(self.cube.n)

    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        u = np.maximum(self.cube.columns(first, last), _LEAST)
        # A sum of cell and rest may round up to 1, where quantile functions are infinite too.
        rows = self.region.at_quantiles(np.minimum(u, 1.0 - 2.0**-53).T)
        return np.ascontiguousarray(rows.T)

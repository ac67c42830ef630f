"""Independent normal starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ..machine.writer import Module
from .description import Starts, checked_count, vector, words
from .philox import Key, checked_key, schedule
from .quantile import normal_from_53
from .uniform import random_columns, write_random

__all__ = ["GaussianStarts"]

_STREAM = 2


@dataclass(frozen=True)
class GaussianStarts(Starts):
    """Starts with independent normal coordinates.

    Coordinate i of start j is mean + scale · z, where z is the normal number of `normal_from_53`
    for the 53 bits that `random_53` gives to this start and coordinate.

    Parameters
    ----------
    mean : sequence of float, shape (d,)
    scale : sequence of float, shape (d,)
        Standard deviations; zero for coordinates that are fixed.
    n : int
        Number of starts, from 1 to 2^63 − 1.
    key : pair of int
        See `key_of`.

    Examples
    --------
    >>> starts = GaussianStarts([0, 5], [1, 0], 1000, (0, 1))
    >>> starts.columns(0, 2)[1].tolist()
    [5.0, 5.0]
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    count: int
    key: Key

    def __init__(self, mean: Sequence[float], scale: Sequence[float], n: int, key: Key) -> None:
        centre, spread = vector(mean, "mean"), vector(scale, "scale")
        if len(spread) != len(centre) or min(spread) < 0:
            raise InvalidInput("scale", scale, f"{len(centre)} numbers of at least 0")
        object.__setattr__(self, "mean", centre)
        object.__setattr__(self, "scale", spread)
        object.__setattr__(self, "count", checked_count(n))
        object.__setattr__(self, "key", checked_key(key))

    @property
    def dimension(self) -> int:
        return len(self.mean)

    @property
    def n(self) -> int:
        return self.count

    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        affine = list(zip(self.mean, self.scale, strict=True))
        return random_columns(self, first, last, affine, self.key, _STREAM, normal_from_53)

    def spec(self) -> NDArray[np.uint64]:
        affine = np.stack([self.mean, self.scale], axis=1)
        return words(self.dimension, schedule(self.key), affine)

    @classmethod
    def write(cls, module: Module) -> None:
        write_random(module, _STREAM, normal_from_53)

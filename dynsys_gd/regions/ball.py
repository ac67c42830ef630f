"""Balls with the uniform law."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .checks import finite_vector, generator_of, positive_count, positive_number
from .region import Points, Region

__all__ = ["Ball"]

_LARGEST_LOGARITHM = math.log(np.finfo(np.float64).max)


@dataclass(frozen=True, init=False)
class Ball(Region):
    """A Euclidean ball with the uniform law.

    Parameters
    ----------
    center : sequence of float, shape (d,)
    radius : float
        Positive.

    Examples
    --------
    >>> round(Ball([0, 0], 1).volume, 6)
    3.141593
    """

    center: tuple[float, ...]
    radius: float

    def __init__(self, center: Sequence[float], radius: float) -> None:
        object.__setattr__(self, "center", finite_vector(center, "center"))
        object.__setattr__(self, "radius", positive_number(radius, "radius"))

    @property
    def dimension(self) -> int:
        return len(self.center)

    @property
    def volume(self) -> float:
        d = self.dimension
        log_unit = 0.5 * d * math.log(math.pi) - math.lgamma(0.5 * d + 1)
        log_volume = log_unit + d * math.log(self.radius)
        return math.exp(log_volume) if log_volume < _LARGEST_LOGARITHM else math.inf

    def sample(self, n: int, *, rng: np.random.Generator | int | None = None) -> Points:
        generator = generator_of(rng)
        d = self.dimension
        direction = generator.standard_normal((positive_count(n, "n"), d))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        distance = self.radius * generator.uniform(size=(n, 1)) ** (1.0 / d)
        return np.asarray(self.center) + distance * direction

    def describe(self) -> str:
        point = f"({', '.join(f'{c:g}' for c in self.center)})"
        where = point if self.dimension <= 4 else "a given point"
        return f"uniform in the ball of radius {self.radius:.4g} about {where}"

"""Boxes with the uniform law, and the regular grids over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from .checks import finite_vector, generator_of, positive_count
from .region import Points, Region

__all__ = ["MOST_CELLS", "Box", "Grid"]

#: of a `Grid`, whose points are stored where they are used
MOST_CELLS = 10**8


@dataclass(frozen=True, init=False)
class Box(Region):
    """An axis-parallel box with the uniform law.

    Parameters
    ----------
    low, high : sequence of float, shape (d,)
        Opposite corners, ``low < high`` in every coordinate.

    Examples
    --------
    >>> box = Box([-3, -3], [3, 3])
    >>> box.volume, box.sample(2, rng=0).shape
    (36.0, (2, 2))
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __init__(self, low: Sequence[float], high: Sequence[float]) -> None:
        lower, upper = finite_vector(low, "low"), finite_vector(high, "high")
        if len(lower) != len(upper):
            raise InvalidInput("high", high, f"as many coordinates as low ({len(lower)})")
        if not np.all(np.asarray(lower) < np.asarray(upper)):
            raise InvalidInput("low, high", (low, high), "low < high in every coordinate")
        object.__setattr__(self, "low", lower)
        object.__setattr__(self, "high", upper)

    @property
    def dimension(self) -> int:
        return len(self.low)

    @property
    def volume(self) -> float:
        return float(np.prod(np.asarray(self.high) - np.asarray(self.low)))

    def sample(self, n: int, *, rng: np.random.Generator | int | None = None) -> Points:
        return generator_of(rng).uniform(
            self.low, self.high, size=(positive_count(n, "n"), self.dimension)
        )

    @property
    def random_coordinates(self) -> tuple[int, ...]:
        return tuple(range(self.dimension))

    def at_quantiles(self, u: Points) -> Points:
        low = np.asarray(self.low)
        return low + (np.asarray(self.high) - low) * u

    def contains(self, points: Any) -> NDArray[np.bool_]:
        """Return for each row of `points`, shape (n, d), whether it lies in the closed box."""
        expected = f"numbers of shape (n, {self.dimension})"
        try:
            rows = np.atleast_2d(np.asarray(points, dtype=np.float64))
        except (TypeError, ValueError):
            raise InvalidInput("points", points, expected) from None
        if rows.ndim != 2 or rows.shape[1] != self.dimension:
            raise InvalidInput("points", f"shape {np.shape(points)}", expected)
        return np.all((rows >= self.low) & (rows <= self.high), axis=1)

    def grid(self, resolution: int | Sequence[int]) -> Grid:
        """Return the cell centres of a regular grid, `resolution` cells along each axis."""
        return Grid(self, resolution)

    def describe(self) -> str:
        sides = " × ".join(f"[{a:g}, {b:g}]" for a, b in zip(self.low, self.high, strict=True))
        if self.dimension > 3 and len(set(zip(self.low, self.high, strict=True))) == 1:
            sides = f"[{self.low[0]:g}, {self.high[0]:g}]^{self.dimension}"
        return f"uniform in {sides}"


@dataclass(frozen=True, init=False)
class Grid:
    """The cell centres of a regular grid over a box; keeps its shape so that it draws as an image.

    Parameters
    ----------
    box : Box
    resolution : int or sequence of int
        Cells along each axis.

    Examples
    --------
    >>> grid = Box([0], [1]).grid(4)
    >>> grid.points.ravel().tolist()
    [0.125, 0.375, 0.625, 0.875]
    """

    box: Box
    shape: tuple[int, ...]

    def __init__(self, box: Box, resolution: int | Sequence[int]) -> None:
        if not isinstance(box, Box):
            raise InvalidInput("box", box, "a Box")
        d = box.dimension
        alike = isinstance(resolution, (int, np.integer)) and not isinstance(resolution, bool)
        cells: Any = [resolution] * d if alike else resolution
        if not isinstance(cells, (list, tuple, np.ndarray)) or len(cells) != d:
            raise InvalidInput("resolution", resolution, f"one whole number, or {d} of them")
        for k in cells:
            if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
                raise InvalidInput("resolution", resolution, "whole numbers of at least 1")
        if math.prod(int(k) for k in cells) > MOST_CELLS:
            raise InvalidInput("resolution", resolution, "at most 10^8 cells in all")
        object.__setattr__(self, "box", box)
        object.__setattr__(self, "shape", tuple(int(k) for k in cells))

    @property
    def points(self) -> Points:
        """The cell centres, shape (product of `shape`, d), last coordinate fastest."""
        axes = [
            a + (b - a) * (np.arange(k) + 0.5) / k
            for a, b, k in zip(self.box.low, self.box.high, self.shape, strict=True)
        ]
        mesh = np.meshgrid(*axes, indexing="ij")
        return np.stack([coordinate.ravel() for coordinate in mesh], axis=1)

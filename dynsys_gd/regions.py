"""Where initialisations come from: boxes, balls and Gaussians with their reference measure."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InvalidInput

__all__ = ["MOST_CELLS", "Ball", "Box", "Gaussian", "Grid", "Region"]

Points = NDArray[np.float64]

#: of a `Grid`, whose points are stored where they are used
MOST_CELLS = 10**8

_LARGEST_LOGARITHM = math.log(np.finfo(np.float64).max)


class Region(ABC):
    """A probability law on d-dimensional space from which initialisations are drawn."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of coordinates d."""

    @property
    @abstractmethod
    def volume(self) -> float | None:
        """Lebesgue measure of the region, or None for a law on the whole space."""

    @abstractmethod
    def sample(self, n: int, *, rng: np.random.Generator | int | None = None) -> Points:
        """Return `n` independent draws, shape (n, d)."""

    @abstractmethod
    def describe(self) -> str:
        """Return the law in words, for tables and reports."""


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
        lower, upper = _vector(low, "low"), _vector(high, "high")
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
        object.__setattr__(self, "center", _vector(center, "center"))
        object.__setattr__(self, "radius", _positive(radius, "radius"))

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


@dataclass(frozen=True, init=False)
class Gaussian(Region):
    """Independent normal coordinates.

    Parameters
    ----------
    mean : sequence of float, shape (d,)
    scale : float or sequence of float, shape (d,)
        Standard deviation of each coordinate; positive, or zero for coordinates that are fixed.
    name : str, optional
        What this law is called, for example "He normal".

    Examples
    --------
    >>> Gaussian([0, 0], 0.5).describe()
    'normal, mean 0, standard deviation 0.5'
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    name: str

    def __init__(
        self, mean: Sequence[float], scale: float | Sequence[float], *, name: str = ""
    ) -> None:
        centre = _vector(mean, "mean")
        if np.ndim(scale) == 0:
            spread: tuple[float, ...] = (_positive(scale, "scale"),) * len(centre)
        else:
            spread = _vector(scale, "scale")  # type: ignore[arg-type]
        if len(spread) != len(centre) or min(spread) < 0 or max(spread) == 0:
            raise InvalidInput(
                "scale", scale, f"one positive number, or {len(centre)} of them, some may be zero"
            )
        object.__setattr__(self, "mean", centre)
        object.__setattr__(self, "scale", spread)
        object.__setattr__(self, "name", name)

    @property
    def dimension(self) -> int:
        return len(self.mean)

    @property
    def volume(self) -> None:
        return None

    def sample(self, n: int, *, rng: np.random.Generator | int | None = None) -> Points:
        shape = (positive_count(n, "n"), self.dimension)
        return generator_of(rng).normal(self.mean, self.scale, size=shape)

    def describe(self) -> str:
        if self.name:
            return self.name
        mean = "0" if not any(self.mean) else "given"
        spread = set(self.scale)
        scale = f"{self.scale[0]:g}" if len(spread) == 1 else "given per coordinate"
        return f"normal, mean {mean}, standard deviation {scale}"


def positive_count(n: Any, argument: str) -> int:
    """Return `n` as an int of at least 1, or refuse it."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise InvalidInput(argument, n, "a whole number of at least 1")
    return int(n)


def generator_of(rng: Any) -> np.random.Generator:
    """Return the generator that `rng` stands for, or refuse it.

    Parameters
    ----------
    rng : None, int, Generator, BitGenerator or SeedSequence

    Examples
    --------
    >>> generator_of(0).random() == generator_of(0).random()
    True
    """
    whole = isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0
    known = (np.random.Generator, np.random.BitGenerator, np.random.SeedSequence)
    if rng is None or whole or isinstance(rng, known):
        return np.random.default_rng(rng)
    raise InvalidInput("rng", rng, "None, a whole number of at least 0, or a numpy Generator")


def _vector(values: Sequence[float], argument: str) -> tuple[float, ...]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(argument, values, "a sequence of numbers") from None
    if array.ndim != 1 or array.size == 0 or not np.all(np.isfinite(array)):
        raise InvalidInput(argument, values, "a non-empty one-dimensional list of finite numbers")
    return tuple(float(value) for value in array)


def _positive(value: Any, argument: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidInput(argument, value, "a positive number") from None
    if isinstance(value, bool) or not (math.isfinite(number) and number > 0):
        raise InvalidInput(argument, value, "a positive finite number")
    return number

"""Normal laws with independent coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InvalidInput
from .checks import finite_vector, generator_of, positive_count, positive_number
from .region import Points, Region

__all__ = ["Gaussian"]


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
        centre = finite_vector(mean, "mean")
        if np.ndim(scale) == 0:
            spread: tuple[float, ...] = (positive_number(scale, "scale"),) * len(centre)
        else:
            spread = finite_vector(scale, "scale")  # type: ignore[arg-type]
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

    @property
    def random_coordinates(self) -> tuple[int, ...]:
        return tuple(i for i, scale in enumerate(self.scale) if scale > 0)

    def at_quantiles(self, u: Points) -> Points:
        from scipy.special import ndtri

        points = np.tile(self.mean, (len(u), 1))
        scale = np.asarray(self.scale)
        moving = scale > 0
        points[:, moving] += scale[moving] * ndtri(u)
        return points

    def describe(self) -> str:
        if self.name:
            return self.name
        mean = "0" if not any(self.mean) else "given"
        spread = set(self.scale)
        scale = f"{self.scale[0]:g}" if len(spread) == 1 else "given per coordinate"
        return f"normal, mean {mean}, standard deviation {scale}"

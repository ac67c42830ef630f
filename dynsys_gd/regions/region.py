"""What every law of initialisations offers."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput

__all__ = ["Points", "Region"]

Points = NDArray[np.float64]


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

    @property
    def random_coordinates(self) -> tuple[int, ...]:
        """The coordinates that are not fixed; only a law of independent coordinates says so."""
        raise self._has_no_quantiles()

    def at_quantiles(self, u: Points) -> Points:
        """Return the points with these quantiles in the random coordinates.

        Parameters
        ----------
        u : ndarray, shape (n, number of random coordinates)
            Strictly between 0 and 1. Where they are uniform and independent, the points have this
            law.

        Returns
        -------
        ndarray, shape (n, d)

        Raises
        ------
        InvalidInput
            For a law whose coordinates are not independent.
        """
        raise self._has_no_quantiles()

    def _has_no_quantiles(self) -> InvalidInput:
        return InvalidInput(
            "region",
            self.describe(),
            "a law of independent coordinates with quantile functions: "
            "a Box, a Gaussian, or a Distribution of one law a coordinate",
            "take MonteCarlo or Adaptive, which draw from any law",
        )

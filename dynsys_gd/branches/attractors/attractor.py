"""One attractor: what it is, where it is, and how many starts end on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...results import plain
from .kinds import AttractorKind

__all__ = ["Attractor"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Attractor:
    """A set on which the orbits of some starts end.

    Parameters
    ----------
    kind : AttractorKind
    period : int
        Least period; 0 for sets that are not periodic.
    points : ndarray, shape (m, d)
        The points of a cycle, in order; limits of different starts for a family; for other sets
        states of an orbit on it, one step apart.
    low, high : ndarray, shape (d,)
        Corners of the smallest box about everything that was seen of it.
    exponent, error : float
        Largest Lyapunov exponent per step, with its standard error.
    starts : int
        How many of the random starts end on it.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, GradientDescent, Loss, attractors
    >>> well = GradientDescent(Loss((x**2 - 1)**2 / 4, [x]), "1/2")
    >>> found = attractors(well, Box([0.5], [1]), n=10, rng=0)[0]
    >>> found.words, found.points.round(9).tolist(), found.starts
    ('fixed point', [[1.0]], 10)
    """

    kind: AttractorKind
    period: int
    points: Array
    low: Array
    high: Array
    exponent: float
    error: float
    starts: int

    def __post_init__(self) -> None:
        for array in (self.points, self.low, self.high):
            array.setflags(write=False)

    @property
    def extent(self) -> float:
        """Diagonal of the box about it."""
        return float(np.linalg.norm(self.high - self.low))

    @property
    def words(self) -> str:
        """What it is, in words."""
        if self.kind is AttractorKind.CYCLE:
            return f"cycle of period {self.period}"
        if self.kind is AttractorKind.FAMILY and self.period > 1:
            return f"family of cycles of period {self.period}"
        if self.kind in (AttractorKind.CHAOTIC, AttractorKind.QUASI_PERIODIC):
            return f"{self.kind} set"
        return "family of fixed points" if self.kind is AttractorKind.FAMILY else "fixed point"

    def to_dict(self) -> dict[str, Any]:
        """Return the attractor as plain data."""
        values = {name: plain(value) for name, value in vars(self).items() if name != "kind"}
        return {"kind": self.kind.name, **values}

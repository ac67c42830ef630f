"""Lower bounds of topological entropy, and how fast periodic orbits multiply."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...evidence import Evidence
from ...maps.base import Map
from ...regions import Box
from ...results import Result, plain

__all__ = ["EntropyBound", "OrbitGrowth"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class EntropyBound(Result):
    """A rigorous lower bound of the topological entropy of a map of the line.

    Parameters
    ----------
    map : Map
    region : Box
        In which orbits were looked for.
    lower : float
        The bound, rounded down; 0 where nothing was proved beyond it.
    growth : Fraction
        Exactly: the entropy is at least its logarithm, where it is above 1.
    points : ndarray, shape (m,)
        Between which the intervals lie.
    matrix : ndarray of 0 and 1, shape (m - 1, m - 1)
        Which interval surely covers which.
    orbits : dict
        For each period, how many certified orbits were used.
    turning_points : int
        How many points were added where the map turns, with their images.
    evidence : Evidence
    """

    map: Map
    region: Box
    lower: float
    growth: Fraction
    points: NDArray[np.float64]
    matrix: NDArray[np.int8]
    orbits: dict[int, int]
    turning_points: int
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.points, self.matrix):
            array.setflags(write=False)

    def __float__(self) -> float:
        return self.lower

    @property
    def exact(self) -> sp.Expr:
        """The bound as a logarithm."""
        return sp.log(sp.Rational(max(self.growth, Fraction(1))))

    def headline(self) -> str:
        if self.lower <= 0:
            return "Topological entropy: nothing proved beyond h >= 0"
        exact = f" = log {self.growth}" if self.growth.denominator == 1 else ""
        return f"Topological entropy: h >= {_down(self.lower)}{exact}"

    def rows(self) -> list[tuple[str, str]]:
        used = ", ".join(f"{n} of period {p}" for p, n in self.orbits.items() if n)
        size = len(self.points)
        return [
            ("map", self.map.describe()),
            ("orbits", used or "none"),
            ("intervals", f"{max(0, size - 1)}, {int(self.matrix.sum())} coverings"),
            ("turning points", f"{self.turning_points} points added"),
            ("evidence", str(self.evidence)),
        ]

    def latex(self) -> str | None:
        if self.growth.denominator != 1 or self.growth <= 1:
            return None
        return rf"h_{{\mathrm{{top}}}} \ge \ln {self.growth}"

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "lower": self.lower,
            "growth": [str(self.growth.numerator), str(self.growth.denominator)],
            "points": plain(self.points),
            "matrix": plain(self.matrix),
            "orbits": {str(p): n for p, n in self.orbits.items()},
        }


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class OrbitGrowth(Result):
    """How the number of points with F^n(x) = x grows: an estimate of entropy, not a bound.

    Parameters
    ----------
    map : Map
    region : Box
    counts : ndarray of int, shape (N,)
        Points with F^n(x) = x for n = 1, …, N, of certified orbits in the region.
    complete : ndarray of bool, shape (N,)
        Whether there are no others.
    rates : ndarray, shape (N,)
        log(count) / n; 0 where there is no point.
    estimate : float
        The last rate with a complete count; NaN where there is none.
    evidence : Evidence
    """

    map: Map
    region: Box
    counts: NDArray[np.int64]
    complete: NDArray[np.bool_]
    rates: NDArray[np.float64]
    estimate: float
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.counts, self.complete, self.rates):
            array.setflags(write=False)

    def headline(self) -> str:
        known = np.flatnonzero(self.complete)
        if not len(known):
            return "Growth of periodic points: no complete count"
        n = known[-1] + 1
        return (
            f"Growth of periodic points: {self.counts[n - 1]} with F^{n} = id, "
            f"rate {self.estimate:.6g} (an estimate, no bound of the entropy)"
        )

    def rows(self) -> list[tuple[str, str]]:
        shown = ", ".join(
            f"{c}" + ("" if whole else "+")
            for c, whole in zip(self.counts, self.complete, strict=True)
        )
        return [
            ("map", self.map.describe()),
            ("counts", shown),
            ("rates", ", ".join(f"{rate:.4g}" for rate in self.rates)),
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        names = ("counts", "complete", "rates", "estimate")
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            **{name: plain(getattr(self, name)) for name in names},
        }


def _down(value: float) -> str:
    """Return a lower bound in ten digits, rounded down."""
    text = f"{value:.10f}"
    return text if float(text) <= value else f"{value - 1e-10:.10f}"

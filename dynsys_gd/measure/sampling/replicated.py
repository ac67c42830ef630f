"""What independently scrambled nets say about a share: the reading of quasi-Monte Carlo."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..binomial import checked_level
from ..reading import Reading

__all__ = ["Replicated", "gain_bound"]


@dataclass(frozen=True, eq=False)
class Replicated(Reading):
    """Counts of hits in nets, some independent ones in each cell of a grid.

    Parameters
    ----------
    hits, possible : ndarray of int, shape (replicates, cells)
        How many points of each net converge to the target, and how many may.
    points : int
        Points of a net.
    gain : float
        Bound on the variance of a mean over a net, relative to independent draws.

    Notes
    -----
    With counts K_cr of R nets in cell c, the share is the mean of all K_cr/points. Its variance
    is estimated from the sample variances s_c² of the R counts of each cell: in units of the n
    points of one replicate, by V = Σ_c s_c²/R. The sum of many small cells is nearly normal, and
    Student's quantile is taken at Satterthwaite's degrees of freedom
    (R - 1)(Σ s_c²)²/Σ s_c⁴.

    Where the counts of a cell agree by chance, V is too small. What they can hide is bounded by
    what scrambled nets are known for: in a cell, the variance of the count of a rare part of the
    set, of mean m, is at most Γ m. So it shows with probability at least m/(m + Γ), all R
    replicates miss a part of mean m, over all cells together, with probability at most
    (1 + m/Γ)^-R, and this is above δ only where m is below h = Γ (δ^(-1/R) - 1). The
    half-width at error δ is √(t² V + h²)/n. Where no point hits, it is h/n, and this needs no
    normal law: the interval is exact.

    References
    ----------
    Satterthwaite (1946), ``satterthwaite1946approximate``; Γ: Pan and Owen (2023),
    ``pan2023nonzero``.

    Examples
    --------
    >>> none = np.zeros((4, 16), dtype=int)
    >>> seen = Replicated(none, none, points=256, gain=2.0)
    >>> seen.lower, [round(p, 6) for p in seen.interval(0.95)]
    (0.0, [0.0, 0.00074])
    """

    hits: NDArray[np.int64]
    possible: NDArray[np.int64]
    points: int
    gain: float

    def __post_init__(self) -> None:
        for counts in (self.hits, self.possible):
            counts.setflags(write=False)

    @property
    def replicates(self) -> int:
        """Number of nets in each cell."""
        return int(self.hits.shape[0])

    @property
    def cells(self) -> int:
        """Number of cells."""
        return int(self.hits.shape[1])

    @property
    def n(self) -> int:
        return self.hits.size * self.points

    @property
    def lower(self) -> float:
        return int(self.hits.sum()) / self.n

    @property
    def upper(self) -> float:
        return int(self.possible.sum()) / self.n

    def interval(self, level: float) -> tuple[float, float]:
        """Return limits of the share: the lower one of the hits, the upper one of what may hit."""
        error = 0.5 * (1.0 - checked_level(level))
        low = self.lower - self._half_width(self.hits, error)
        high = self.upper + self._half_width(self.possible, error)
        return max(0.0, low), min(1.0, high)

    def upper_bound(self, level: float) -> float:
        error = 1.0 - checked_level(level)
        return min(1.0, self.upper + self._half_width(self.possible, error))

    def _half_width(self, counts: NDArray[np.int64], error: float) -> float:
        """Return how far the share may be from that of the counts, on one side."""
        from scipy.stats import t

        R = self.replicates
        spread = counts.var(axis=0, ddof=1)
        total = float(spread.sum())
        hidden = self.gain * math.expm1(-math.log(error) / R)
        normal = 0.0
        if total > 0:
            freedom = (R - 1) * total**2 / float((spread**2).sum())
            normal = float(t.isf(error, freedom)) * math.sqrt(total / R)
        return math.hypot(normal, hidden) / (self.cells * self.points)

    def rows(self) -> Iterable[tuple[str, str]]:
        yield (
            "nets",
            f"{self.replicates} independently scrambled in each of {self.cells} cells, "
            f"{self.points} points each",
        )
        mean = self.hits.sum(axis=1) / (self.cells * self.points)
        yield "replicates", f"shares from {mean.min():.6g} to {mean.max():.6g}"

    def to_dict(self) -> dict[str, Any]:
        scale = self.cells * self.points
        return {
            "replicates": [int(k) / scale for k in self.hits.sum(axis=1)],
            "replicates_upper": [int(k) / scale for k in self.possible.sum(axis=1)],
            "cells": self.cells,
            "points": self.points,
            "gain": self.gain,
        }


def gain_bound(quality: int, dimension: int, points: int) -> float:
    """Return a bound on the gain of a scrambled net in base 2: variance against independent draws.

    For a (t, m, d)-net it is 2^(t+d-1); a mean over N points can never do worse than N equal
    ones, so that it is at most N.

    References
    ----------
    Pan and Owen (2023), ``pan2023nonzero``, the bound of section 1.

    Examples
    --------
    >>> gain_bound(0, 2, 512), gain_bound(8, 6, 32)
    (2.0, 32.0)
    """
    return float(min(2 ** (quality + dimension - 1), points))

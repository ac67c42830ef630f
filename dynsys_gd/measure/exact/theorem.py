"""What a theorem says about one map: which set converges, and how much of a law that is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import sympy as sp

from ...evidence import Evidence
from ...regions import Ball, Box, Distribution, Gaussian, Region

__all__ = ["Applied", "Share", "exactly", "has_density", "volume_of"]


@dataclass(frozen=True)
class Share:
    """A part of a law: its share, and its volume where the law has one."""

    share: sp.Expr
    volume: sp.Expr | None


class Applied(ABC):
    """A theorem whose hypotheses were found to hold for a map."""

    statement: str
    checked: tuple[str, ...]
    evidence: Evidence

    @abstractmethod
    def share(self, region: Region) -> Share | None:
        """Return how much of a law the convergent set is, None where no closed form is known."""


def has_density(region: Region) -> bool:
    """Return whether null sets of Lebesgue measure surely have no share in a law.

    Only then does a theorem about almost every start say something about it. Normal laws with
    fixed coordinates and discrete laws are concentrated on null sets; multivariate laws of scipy
    may be, and do not tell.

    Examples
    --------
    >>> has_density(Gaussian([0, 1], [1, 1])), has_density(Gaussian([0, 1], [1, 0]))
    (True, False)
    """
    if isinstance(region, Gaussian):
        return min(region.scale) > 0
    if isinstance(region, Distribution):
        from scipy.stats import rv_continuous

        return region.joint is None and all(isinstance(k.dist, rv_continuous) for k in region.laws)
    return isinstance(region, (Box, Ball))


def exactly(number: float) -> sp.Rational:
    """Return a double as the fraction it is."""
    return sp.Rational(*float(number).as_integer_ratio())


def volume_of(region: Region) -> sp.Expr | None:
    """Return the exact volume of a box or a ball, None for other laws."""
    if isinstance(region, Box):
        sides = zip(region.low, region.high, strict=True)
        return sp.prod([exactly(high) - exactly(low) for low, high in sides])
    if isinstance(region, Ball):
        d = region.dimension
        unit = sp.pi ** sp.Rational(d, 2) / sp.gamma(sp.Rational(d, 2) + 1)
        return unit * exactly(region.radius) ** d
    return None

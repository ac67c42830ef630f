"""One doubling point of a cascade, to as many digits as are known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from ...evidence import Evidence, Grade
from ..bifurcation_point import BifurcationPoint, Located
from ..critical.orbit import CriticalOrbit, critical_orbit
from ..critical.proof import proved_reach

__all__ = ["Doubling", "doubling_of", "rewritten", "splitting_of"]

_SOURCES = ("kuznetsov2004elements",)


@dataclass(frozen=True, kw_only=True, eq=False)
class Doubling:
    """Where an orbit flips and one of twice its period begins.

    Parameters
    ----------
    point : BifurcationPoint
        The flip of the orbit.
    decimal : Decimal
        The parameter value, with more digits than a double where they are known.
    error : float
        How far the parameter value may be off: a bound where the evidence is CERTIFIED, otherwise
        an estimate.
    splitting : float
        The largest distance between points of the orbit half a period apart: how far it has
        opened since it was born in the doubling before; NaN for the first one.
    evidence : Evidence

    Examples
    --------
    >>> from sympy.abc import a, x
    >>> from dynsys_gd import SymbolicMap, cascade
    >>> logistic = SymbolicMap([a * x * (1 - x)], [x])
    >>> second = cascade(logistic, [0.6], "a", to=(2.5, 3.5)).doublings[1]
    >>> second.period, str(second.decimal)[:32], second.error < 1e-40
    (2, '3.449489742783178098197284074705', True)
    """

    point: BifurcationPoint
    decimal: Decimal
    error: float
    splitting: float
    evidence: Evidence

    @property
    def value(self) -> float:
        """The parameter value."""
        return float(self.decimal)

    @property
    def period(self) -> int:
        """The period of the orbit that flips."""
        return self.point.period

    @property
    def interval(self) -> tuple[float, float]:
        """The parameter value, less and plus the error, rounded outwards to doubles."""
        off = Decimal(self.error)
        low, high = float(self.decimal - off), float(self.decimal + off)
        return float(np.nextafter(low, -np.inf)), float(np.nextafter(high, np.inf))


def splitting_of(points: Any) -> float:
    """Return the largest distance of points half a period apart, shape (p, d)."""
    half = len(points) // 2
    return float(np.max(np.linalg.norm(points[:half] - points[half:], axis=1)))


def doubling_of(point: BifurcationPoint, first: bool) -> Doubling:
    """Return a located flip with all digits that can be had."""
    splitting = float("nan") if first else splitting_of(point.at.points)
    found = None
    if not point.family:
        found = critical_orbit(point.map, point.at.points, point.direction, point.value, -1)
    if found is None or abs(found.value - point.value) > _far(point):
        low, high = point.interval
        return Doubling(
            point=point,
            decimal=Decimal(point.value),
            error=max(high - low, 4.0 * float(np.spacing(abs(point.value)))),
            splitting=splitting,
            evidence=point.evidence,
        )
    return rewritten(point, found, splitting)


def _far(point: BifurcationPoint) -> float:
    low, high = point.interval
    return float(1e-8 * (1.0 + abs(point.value)) + 10.0 * (high - low))


def rewritten(point: BifurcationPoint, found: CriticalOrbit, splitting: float) -> Doubling:
    """Return a flip with the digits of the equations that it solves."""
    reach = proved_reach(found)
    if reach is None:
        error = found.error
        evidence = Evidence(
            grade=Grade.NUMERICAL,
            reason="Newton's method for the orbit with a multiplier -1, residuals in ball "
            f"arithmetic; the last correction leaves an error of about {error:.0e}",
            sources=_SOURCES,
        )
    else:
        error = reach + float(found.decimal.copy_abs()) * 1e-44
        evidence = Evidence(
            grade=Grade.CERTIFIED,
            reason="a fixed-point theorem in ball arithmetic: exactly one orbit of this least "
            f"period with a multiplier -1 lies within {error:.0e} of the computed one",
            sources=(*_SOURCES, "krawczyk1969"),
        )
    made = Doubling(
        point=point, decimal=found.decimal, error=error, splitting=splitting, evidence=evidence
    )
    at = replace(point.at, value=found.value, points=found.points)
    moved = replace(
        point,
        at=at,
        direction=found.direction,
        located=Located.ROOT,
        interval=made.interval,
        evidence=evidence,
    )
    return replace(made, point=moved)

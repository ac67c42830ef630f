"""How fast do periodic orbits multiply? Counts, and an estimate of the entropy."""

from __future__ import annotations

import numpy as np

from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...orbits.certified.krawczyk import Krawczyk
from ...orbits.orbit_set import OrbitSet
from ...orbits.periodic_orbits import periodic_orbits
from ...regions import Box, positive_count
from .asked import checked_box, checked_map
from .entropy_result import OrbitGrowth

__all__ = ["orbit_growth"]


def orbit_growth(F: Map, region: Box, *, periods: int = 8, seconds: float = 20) -> OrbitGrowth:
    """Return how the number of periodic points in a box grows with the period.

    Parameters
    ----------
    F : Map
        Every parameter must have a value.
    region : Box
    periods : int
        Counts are made for n = 1, …, periods.
    seconds : float
        Time limit for the orbits of one least period.

    Returns
    -------
    OrbitGrowth

    Raises
    ------
    InvalidInput
        As for `periodic_orbits`.

    Notes
    -----
    For hyperbolic sets log #{F^n(x) = x} / n tends to the topological entropy [bowen1971entropy]_.
    For a given n, and for other maps, it bounds nothing: it is an estimate, although each count is
    certified.

    Examples
    --------
    >>> from dynsys_gd import textbook
    >>> found = orbit_growth(textbook.logistic(), textbook.logistic_box(), periods=4)
    >>> found.counts.tolist(), bool(abs(found.estimate - np.log(2)) < 1e-12)
    ([2, 4, 8, 16], True)
    """
    checked_map(F)
    checked_box(F, region)
    count = positive_count(periods, "periods")
    sets = [_orbits(F, region, p, seconds) for p in range(1, count + 1)]
    certified = [_certified(found) for found in sets]
    numbers, complete = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
    for n in range(1, count + 1):
        divisors = [p for p in range(1, n + 1) if n % p == 0]
        numbers[n - 1] = sum(p * certified[p - 1] for p in divisors)
        complete[n - 1] = all(sets[p - 1].complete and not sets[p - 1].families for p in divisors)
    places = np.arange(1, count + 1)
    rates = np.log(np.maximum(numbers, 1)) / places
    known = np.flatnonzero(complete)
    return OrbitGrowth(
        map=F,
        region=region,
        counts=numbers,
        complete=complete,
        rates=rates,
        estimate=float(rates[known[-1]]) if len(known) else float("nan"),
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="counts of certified orbits, whose growth rate at a finite period is an "
            "estimate of the entropy and no bound of it",
            sources=("bowen1971entropy",),
        ),
    )


def _orbits(F: Map, region: Box, period: int, seconds: float) -> OrbitSet:
    """Return orbits, certified ones where floats keep exact algebra from proving anything."""
    method = Krawczyk() if F.expression is not None and not F.exact else None
    return periodic_orbits(F, region, period=period, method=method, seconds=seconds)


def _certified(found: OrbitSet) -> int:
    return sum(1 for orbit in found.orbits if orbit.enclosure is not None)

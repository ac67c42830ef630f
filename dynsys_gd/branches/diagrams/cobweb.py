"""Cobwebs: an orbit of a map of one coordinate on the graph of the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...orbits.fixed_points import fixed_points
from ...orbits.orbit_set import OrbitSet
from ...orbits.periodic_orbits import periodic_orbits
from ...orbits.question import OrbitMethod
from ...regions import Box, positive_count
from ...results import Result, plain

__all__ = ["Cobweb", "cobweb"]

Array = NDArray[np.float64]

_ALONG = 1001
_MARGIN = 0.12  # of the extent of the orbit, on either side
_FAR = 1e6  # times 1 + |start|: an orbit that gets so far has no picture


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Cobweb(Result):
    """An orbit of a map of one coordinate, with the graph of the map and the orbits it passes.

    Parameters
    ----------
    map : Map
    points : ndarray, shape (n + 1,)
        The start and its images, in order; those after an overflow are left out.
    period : int
        Of the power F^p whose graph is shown too.
    region : Box
        The interval over which graphs are drawn.
    places, graph, power : ndarray, shape (k,)
        Points of the interval, and F and F^p there.
    orbits : tuple of OrbitSet
        Fixed points in the interval, and orbits of least period p where p is above 1.
    """

    map: Map
    points: Array
    period: int
    region: Box
    places: Array
    graph: Array
    power: Array
    orbits: tuple[OrbitSet, ...]
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.points, self.places, self.graph, self.power):
            array.setflags(write=False)

    def headline(self) -> str:
        n, last = len(self.points) - 1, self.points[-1]
        return f"Cobweb of {n} step{'s' * (n > 1)} from {self.points[0]:.6g} to {last:.6g}"

    def rows(self) -> list[tuple[str, str]]:
        low, high = self.region.low[0], self.region.high[0]
        found = [
            (f"period {k}", f"{len(each)} orbit{'s' * (len(each) != 1)}, {each.why}")
            for k, each in zip((1, self.period), self.orbits, strict=False)
        ]
        return [
            ("map", self.map.describe()),
            ("interval", f"[{low:.6g}, {high:.6g}]"),
            *found,
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "points": plain(self.points),
            "period": self.period,
            "region": [plain(self.region.low), plain(self.region.high)],
            "orbits": plain(self.orbits),
        }


def cobweb(
    F: Map,
    start: Any,
    n: int = 50,
    *,
    period: int = 1,
    region: Box | None = None,
    method: OrbitMethod | None = None,
) -> Cobweb:
    """Return an orbit of a map of one coordinate as a staircase between its graph and the diagonal.

    Parameters
    ----------
    F : Map
        Of one coordinate; every parameter must have a value.
    start : number, or sequence of one number
    n : int
        Number of steps.
    period : int
        The graph of F^p, and the orbits of least period p, are shown besides those of F.
    region : Box, optional
        The interval over which graphs are drawn and orbits looked for; by default the extent of the
        orbit with a margin.
    method : OrbitMethod, optional
        How fixed points and orbits are found, as for `periodic_orbits`.

    Returns
    -------
    Cobweb

    Raises
    ------
    InvalidInput
        For a map of more coordinates or with open parameters, a start that is not one finite
        number, counts below 1, a region that is no interval, and, without a region, an orbit that
        escapes.

    Examples
    --------
    >>> from sympy.abc import a, x
    >>> from dynsys_gd import Box, SymbolicMap
    >>> F = SymbolicMap([a * x * (1 - x)], [x]).at(a="16/5")
    >>> found = cobweb(F, 0.1, 60, period=2, region=Box([0], [1]))
    >>> found.points[-2:].round(4).tolist()
    [0.7995, 0.513]
    >>> [len(each) for each in found.orbits]
    [2, 1]
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    if F.dimension != 1:
        raise InvalidInput("F", f"a map of {F.dimension} coordinates", "a map of one coordinate")
    steps, power = positive_count(n, "n"), positive_count(period, "period")
    passed = F.trajectory(_start(start), steps).points[:, 0]
    finite = np.isfinite(passed)
    points = passed if finite.all() else passed[: int(np.argmin(finite))]
    interval = _interval(region, points, bool(finite.all()))
    places = np.linspace(interval.low[0], interval.high[0], _ALONG)
    with np.errstate(all="ignore"):
        graph, higher = (F.iterate(places[:, None], k)[:, 0] for k in (1, power))
    found = [fixed_points(F, interval, method=method)]
    if power > 1:
        found.append(periodic_orbits(F, interval, period=power, method=method))
    return Cobweb(
        map=F,
        points=points.copy(),
        period=power,
        region=interval,
        places=places,
        graph=graph,
        power=higher,
        orbits=tuple(found),
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="iterated in double precision; the fixed points and orbits have evidence of "
            "their own",
        ),
    )


def _start(start: Any) -> list[float]:
    expected = "one finite number"
    try:
        numbers = np.asarray(start, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        raise InvalidInput("start", start, expected) from None
    if isinstance(start, (bool, str)) or len(numbers) != 1 or not np.isfinite(numbers).all():
        raise InvalidInput("start", start, expected)
    return [float(numbers[0])]


def _interval(region: Any, points: Array, stays: bool) -> Box:
    if region is not None:
        if not isinstance(region, Box) or region.dimension != 1:
            raise InvalidInput("region", region, "a Box of one dimension")
        return region
    low, high = float(points.min()), float(points.max())
    size = 1.0 + abs(float(points[0]))
    if not stays or high - low > _FAR * size:
        received = "None, for an orbit that escapes"
        raise InvalidInput("region", received, "a Box", "say over which interval to draw")
    margin = _MARGIN * (high - low) or 0.5 * size
    return Box([low - margin], [high + margin])

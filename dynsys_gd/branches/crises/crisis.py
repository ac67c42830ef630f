"""A crisis: the parameter value at which an attractor meets an unstable orbit, and what it does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence, Outcome
from ...maps.base import Map
from ...orbits.periodic_orbit import PeriodicOrbit
from ...results import Result, plain
from ..followed import FollowedOrbit
from .kinds import CrisisKind
from .proof import proved_landing

__all__ = ["Crisis", "CrisisSide"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class CrisisSide:
    """Attractors next to a crisis, at one parameter value.

    Parameters
    ----------
    value : float
    attractors : int
        How many different sets the watched orbits end on.
    escaping : int
        How many of the watched groups of orbits have one that escapes.
    boxes : ndarray, shape (bands, 2, d)
        Lower and upper corners of the bands of the attractor in question; none where it is lost.

    Examples
    --------
    >>> boxes = np.array([[[0.1], [0.3]], [[0.6], [0.9]]])
    >>> CrisisSide(value=3.6, attractors=1, escaping=0, boxes=boxes).bands
    2
    """

    value: float
    attractors: int
    escaping: int
    boxes: Array

    def __post_init__(self) -> None:
        self.boxes.setflags(write=False)

    @property
    def bands(self) -> int:
        """Number of disjoint boxes through which orbits go in turn."""
        return len(self.boxes)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Crisis(Result):
    """An attractor meets an unstable periodic orbit and changes at once.

    Parameters
    ----------
    map : Map
        With the parameter open.
    parameter : str
    kind : CrisisKind
    confirmed : Outcome
        YES where a turning point of the map was seen to land on an unstable orbit between the ends
        of the interval; UNDECIDED where attractors on both sides differ and nothing more is known.
    value : float
        Root of F^n(c) - x*, or the middle of the interval.
    interval : tuple of two float
        Parameter values between which F^n(c) - x* changes its sign, or attractors change.
    before, after : CrisisSide
        The side on which attractors reach less, and the other one; `after` may have the smaller
        parameter value.
    path : ndarray, shape (n + 1, d), or None
        The turning point c and its images up to x*.
    points : ndarray, shape (q, d), or None
        The unstable orbit x*, its first point the one that is landed on.
    multipliers : ndarray of complex, shape (d,), or None
        Its multipliers.
    residual : float or None
        \\|F^n(c) - x*\\|.
    graph : ndarray, shape (k, 2), or None
        Points x and F(x) of the graph of a map of the line at the crisis.
    evidence : Evidence
    """

    map: Map
    parameter: str
    kind: CrisisKind
    confirmed: Outcome
    value: float
    interval: tuple[float, float]
    before: CrisisSide
    after: CrisisSide
    path: Array | None = None
    points: Array | None = None
    multipliers: NDArray[np.complex128] | None = None
    residual: float | None = None
    graph: Array | None = None
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.path, self.points, self.multipliers, self.graph):
            if array is not None:
                array.setflags(write=False)

    @property
    def steps(self) -> int | None:
        """The number n of steps from the turning point to the unstable orbit."""
        return None if self.path is None else len(self.path) - 1

    @property
    def rising(self) -> bool:
        """Whether attractors reach more on the side of larger parameter values."""
        return self.before.value < self.after.value

    @property
    def orbit(self) -> PeriodicOrbit | None:
        """The unstable orbit that is met; None where it is not known."""
        if self.points is None or self.multipliers is None:
            return None
        followed = FollowedOrbit(
            value=self.value,
            points=self.points,
            multipliers=self.multipliers,
            tangent=np.zeros(self.points.size + 1),
            residual=float(self.residual or 0.0),
        )
        return followed.orbit(self.map, self.parameter)

    @cached_property
    def enclosure(self) -> tuple[float, float] | None:
        """Certified bounds of the value at which the turning point lands on the orbit.

        None where that was not proved. What attractors do there is not part of the proof.
        """
        if self.path is None or self.points is None or self.multipliers is None:
            return None
        multiplier = float(self.multipliers[0].real)
        return proved_landing(self.map, self.value, self.path[:, 0], self.points[:, 0], multiplier)

    def headline(self) -> str:
        word = str(self.kind)
        what = f"{word[0].upper()}{word[1:]} at {self.parameter} = {self.value:.13g}"
        if self.confirmed is Outcome.UNDECIDED:
            low, high = self.interval
            what = f"{word[0].upper()}{word[1:]}, it seems, for {self.parameter} between "
            what += f"{low:.9g} and {high:.9g}"
        return what

    def rows(self) -> list[tuple[str, str]]:
        low, high = self.interval
        rows = [("map", self.map.describe()), ("interval", f"[{low:.17g}, {high:.17g}]")]
        if self.path is not None and self.points is not None and self.multipliers is not None:
            c, x, q = self.path[0], self.points[0], len(self.points)
            after = f"{self.steps} step{'s' * (self.steps != 1)}"
            rows.append(("turning point", f"{_point(c)}, after {after} at {_point(x)}"))
            orbit = "fixed point" if q == 1 else f"orbit of period {q}"
            largest = self.multipliers[0]
            shown = largest.real if largest.imag == 0 else largest
            rows.append(("unstable", f"{orbit}, multiplier {shown:.6g}"))
            if self.enclosure is not None:
                low, high = self.enclosure
                rows.append(("landing certified", f"in [{low:.17g}, {high:.17g}]"))
        for name, side in (("before", self.before), ("after", self.after)):
            rows.append((name, f"{self.parameter} = {side.value:.9g}: {_words(side)}"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "parameter": self.parameter,
            "kind": self.kind.name,
            "confirmed": self.confirmed.value,
            "value": plain(self.value),
            "interval": plain(self.interval),
            "before": plain(vars(self.before)),
            "after": plain(vars(self.after)),
            "path": plain(self.path),
            "points": plain(self.points),
            "multipliers": plain(self.multipliers),
            "residual": plain(self.residual),
            "enclosure": plain(self.enclosure),
        }


def _point(x: Array) -> str:
    # What is left of a zero after the steps to it is rounding.
    inside = ", ".join(f"{entry if abs(entry) > 1e-15 else 0.0:.9g}" for entry in x)
    return inside if len(x) == 1 else f"({inside})"


def _words(side: CrisisSide) -> str:
    if not side.bands:
        return "orbits escape"
    low, high = side.boxes[:, 0].min(axis=0), side.boxes[:, 1].max(axis=0)
    parts = [f"[{a:.5g}, {b:.5g}]" for a, b in zip(low, high, strict=True)]
    bands = f"{side.bands} bands" if side.bands > 1 else "one band"
    sets = f"{side.attractors} attractor{'s' * (side.attractors != 1)}"
    return f"{bands} in {' × '.join(parts)}, {sets}"

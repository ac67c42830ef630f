"""Where between two orbits of a branch a test function vanishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..bifurcation_point import Located
from ..followed import FollowedOrbit
from .curve import Curve, Vector
from .newton import corrected, tangent_of
from .several import Change, changes_of
from .signs import Crossing, Signs, signs_of
from .walk import Walked

__all__ = ["Place", "locate"]

_NODES = 10
_ROUNDING = 1e-10  # of a scaled test function
_SPREAD = 0.02  # of the step: nodes this far around a crossing of branches
_RESIDUAL = 1e-9  # of the size: what an orbit from both sides of a crossing may have
_TOGETHER = 1e-4  # of the critical value: multipliers so near cross there, others only meet
_CROSSINGS_OF_BRANCHES = (Crossing.UNIT, Crossing.TURN)
_SINGLE = {Crossing.SEVERAL_FLIPS: Crossing.FLIP, Crossing.SEVERAL_UNITS: Crossing.UNIT}


@dataclass(frozen=True, eq=False)
class Place:
    """Where a crossing is: the orbit, how well it is known, the interval, how many cross there."""

    u: Vector
    step: FollowedOrbit
    located: Located
    interval: tuple[float, float]
    crossing: Crossing
    count: int = 1


def locate(
    curve: Curve, here: Walked, there: Walked, crossing: Crossing, parametrised: bool
) -> Iterator[Place]:
    """Yield where the crossing is; nothing where it turns out to be none.

    Notes
    -----
    Points between two others are found by correcting at right angles to the tangent of the first;
    the root of the test function along that line is found by Brent's method. Where branches cross
    the equations are singular at the root itself: there the test function and the orbit are
    interpolated from Chebyshev nodes around it. Where several multipliers cross, the line is cut
    between those that cross one after the other.
    """
    line = _Line(curve, here, there, parametrised)
    if crossing not in _SINGLE:
        place = _simple(line, crossing, (0.0, line.length))
        if place is not None:
            yield place
        return
    changes = changes_of(lambda s: line.beyond(s, crossing), line.length)
    for k, change in enumerate(changes):
        before = changes[k - 1].middle if k else None
        after = changes[k + 1].middle if k + 1 < len(changes) else None
        low = 0.0 if before is None else 0.5 * (before + change.middle)
        high = line.length if after is None else 0.5 * (change.middle + after)
        if change.by % 2:
            place = _simple(line, _SINGLE[crossing], (low, high))
            place = None if place is None else replace(place, count=abs(change.by))
        else:
            place = _together(line, crossing, change, (low, high))
        if place is not None:
            yield place


def _simple(line: _Line, crossing: Crossing, ends: tuple[float, float]) -> Place | None:
    """Return where a test function changes its sign between the ends."""
    from scipy.optimize import brentq

    value = _test(crossing)

    def function(s: float) -> float:
        signs = line.signs(s)
        return float("nan") if signs is None else value(signs)

    def defined(s: float) -> float:
        found = function(s)
        if not np.isfinite(found):
            raise _Singular(s)
        return found

    first, last = function(ends[0]), function(ends[1])
    if not np.isfinite(first) or not np.isfinite(last):
        return None
    if (first < 0) == (last < 0):
        # A zero at one of the ends, with either sign by rounding, or none at all.
        end = ends[0] if abs(first) < abs(last) else ends[1]
        at_end = min(abs(first), abs(last)) <= _ROUNDING
        return line.place(end, (end, end), Located.BRACKETED, crossing) if at_end else None
    try:
        s = float(brentq(defined, *ends, xtol=1e-300, rtol=8.9e-16, maxiter=200))
    except _Singular as singular:
        if crossing not in _CROSSINGS_OF_BRANCHES:
            return line.place(singular.s, ends, Located.BRACKETED, crossing)
        s = singular.s
    if crossing in _CROSSINGS_OF_BRANCHES:
        return _interpolated(line, s, function, crossing, ends)
    return line.place(s, _bracket(function, s, ends), Located.ROOT, crossing)


def _together(
    line: _Line, crossing: Crossing, change: Change, ends: tuple[float, float]
) -> Place | None:
    """Return where several multipliers cross at once, None where they only become real."""
    place = None
    if crossing is Crossing.SEVERAL_UNITS:
        nodes, found = _around(line, change.middle, ends)
        if found is not None:
            known = nodes, found
            place = _from_both_sides(line, change.middle, known, change.ends, crossing)
    if place is None:
        place = line.place(change.middle, change.ends, Located.BRACKETED, crossing)
    if place is None:
        return None
    critical = -1.0 if crossing is Crossing.SEVERAL_FLIPS else 1.0
    near = np.abs(place.step.transverse(line.curve.family) - critical) <= _TOGETHER
    several = int(near.sum())
    return replace(place, located=Located.BRACKETED, count=several) if several > 1 else None


class _Singular(Exception):
    """The equations could not be solved at `s`, as happens where branches cross."""

    def __init__(self, s: float) -> None:
        super().__init__(s)
        self.s = s


def _test(crossing: Crossing) -> Callable[[Signs], float]:
    tests: dict[Crossing, Callable[[Signs], float]] = {
        Crossing.FLIP: lambda signs: signs.flip,
        Crossing.UNIT: lambda signs: signs.unit,
        Crossing.TURN: lambda signs: signs.turn,
        Crossing.FOLD: lambda signs: signs.turn,
        Crossing.PAIR: lambda signs: signs.pair,
    }
    return tests[crossing]


class _Line:
    """The orbits between two others, by the distance along the tangent of the first."""

    def __init__(self, curve: Curve, here: Walked, there: Walked, parametrised: bool) -> None:
        self.curve, self.here, self.parametrised = curve, here, parametrised
        self._across = there.u - here.u
        self.length = float(np.sum(curve.weights * here.tangent * self._across))
        self._bend = self._across - self.length * here.tangent
        self._start, self._whole = here.length, there.length - here.length

    def at(self, s: float) -> Vector | None:
        share = s / self.length
        guess = self.here.u + s * self.here.tangent + share * share * self._bend
        found = corrected(self.curve, guess, self.here.tangent)
        return None if found is None else found.u

    def followed(self, u: Vector, s: float) -> FollowedOrbit | None:
        tangent = tangent_of(self.curve, u, self.here.tangent)
        if tangent is None:
            return None
        length = self._start + self._whole * s / self.length
        return self.curve.followed(u, tangent, None if self.parametrised else length)

    def signs(self, s: float) -> Signs | None:
        u = self.at(s)
        step = None if u is None else self.followed(u, s)
        return None if step is None else signs_of(step, self.curve.family, self.parametrised)

    def value(self, s: float) -> float:
        u = self.at(s)
        step = None if u is None else self.followed(u, s)
        return float("nan") if step is None else step.value

    def beyond(self, s: float, crossing: Crossing) -> int | None:
        """Return how many real multipliers are beyond -1, or beyond 1."""
        signs = self.signs(s)
        if signs is None:
            return None
        return signs.flips if crossing is Crossing.SEVERAL_FLIPS else signs.units

    def place(
        self, s: float, ends: tuple[float, float], located: Located, crossing: Crossing
    ) -> Place | None:
        u = self.at(s)
        step = None if u is None else self.followed(u, s)
        if u is None or step is None:
            return None
        values = [self.value(ends[0]), step.value, self.value(ends[1])]
        interval = (float(np.nanmin(values)), float(np.nanmax(values)))
        return Place(u, step, located, interval, crossing)


def _bracket(
    function: Callable[[float], float], s: float, ends: tuple[float, float]
) -> tuple[float, float]:
    """Return the closest ends around a root between which the sign is seen to change."""
    h = 4e-16 * max(s, ends[1])
    while h < ends[1] - ends[0]:
        low, high = max(s - h, ends[0]), min(s + h, ends[1])
        below, above = function(low), function(high)
        if np.isfinite(below) and np.isfinite(above) and (below < 0) != (above < 0):
            return low, high
        h *= 4.0
    return ends


def _interpolated(
    line: _Line,
    s: float,
    function: Callable[[float], float],
    crossing: Crossing,
    ends: tuple[float, float],
) -> Place | None:
    """Return the crossing of two branches, from orbits on both sides of it."""
    from scipy.interpolate import BarycentricInterpolator
    from scipy.optimize import brentq

    nodes, found = _around(line, s, ends)
    tests = [function(float(node)) for node in nodes]
    if found is None or not np.isfinite(tests).all():
        return line.place(s, _bracket(function, s, ends), Located.BRACKETED, crossing)
    test = BarycentricInterpolator(nodes, tests)
    low, high = float(nodes.min()), float(nodes.max())
    try:
        root = float(brentq(test, low, high, xtol=1e-300, rtol=8.9e-16))
    except ValueError:
        return line.place(s, _bracket(function, s, ends), Located.BRACKETED, crossing)
    bracket = _bracket(function, root, ends)
    return _from_both_sides(line, root, (nodes, found), bracket, crossing)


def _around(
    line: _Line, s: float, ends: tuple[float, float]
) -> tuple[NDArray[np.float64], list[Vector] | None]:
    """Return Chebyshev nodes around a place, and the orbits there if all of them are found."""
    half = min(_SPREAD * line.length, s - ends[0], ends[1] - s)
    angles = (2 * np.arange(_NODES) + 1) * np.pi / (2 * _NODES)
    nodes = s + half * np.cos(angles)
    found = [u for u in map(line.at, nodes.tolist()) if u is not None]
    return nodes, found if half > 0 and len(found) == len(nodes) else None


def _from_both_sides(
    line: _Line,
    root: float,
    known: tuple[NDArray[np.float64], list[Vector]],
    bracket: tuple[float, float],
    crossing: Crossing,
) -> Place | None:
    """Return the place at a root from orbits around it; at it the equations are singular."""
    from scipy.interpolate import BarycentricInterpolator

    u = np.asarray(BarycentricInterpolator(*known)(root), dtype=np.float64).ravel()
    step = line.followed(u, root)
    if step is None:
        # At the crossing the tangent is not unique; next to it the one of this branch is.
        tangent = tangent_of(line.curve, known[1][0], line.here.tangent)
        if tangent is None:
            return None
        step = line.curve.followed(u, tangent, None if line.parametrised else line.value(root))
    below, above = (line.value(end) for end in bracket)
    values = [v for v in (below, above, step.value) if np.isfinite(v)]
    # Between two branches that only come near each other, nothing is an orbit.
    found = step.residual <= _RESIDUAL * (1.0 + float(np.abs(step.points).max()))
    located = Located.ROOT if found else Located.BRACKETED
    return Place(u, step, located, (min(values), max(values)), crossing)

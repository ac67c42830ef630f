"""Where between two orbits of a branch a test function vanishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..bifurcation_point import Located
from ..followed import FollowedOrbit
from .curve import Curve, Vector
from .newton import corrected, tangent_of
from .signs import Crossing, Signs, signs_of
from .walk import Walked

__all__ = ["Place", "locate"]

_NODES = 10
_SPREAD = 0.02  # of the step: nodes this far around a crossing of branches
_HALVINGS = 60
_CROSSINGS_OF_BRANCHES = (Crossing.UNIT, Crossing.SEVERAL_UNITS, Crossing.TURN)


@dataclass(frozen=True, eq=False)
class Place:
    """Where a crossing is: the orbit, how well it is known, and the ends of the interval."""

    u: Vector
    step: FollowedOrbit
    located: Located
    interval: tuple[float, float]
    signs: tuple[Signs, Signs]


def locate(
    curve: Curve, here: Walked, there: Walked, crossing: Crossing, parametrised: bool
) -> Place | None:
    """Return where the crossing is, None where it turns out to be none.

    Notes
    -----
    Points between two others are found by correcting at right angles to the tangent of the first;
    the root of the test function along that line is found by Brent's method. Where branches cross
    the equations are singular at the root itself: there the test function and the orbit are
    interpolated from Chebyshev nodes around it.
    """
    line = _Line(curve, here, there, parametrised)
    value = _test(crossing)

    def function(s: float) -> float:
        signs = line.signs(s)
        return float("nan") if signs is None else value(signs)

    first, last = function(0.0), function(line.length)
    if not np.isfinite(first) or not np.isfinite(last):
        return None
    if (first < 0) == (last < 0):
        # How many multipliers are beyond the circle changes by two: halve where they do.
        s, ends = _halved(line, crossing)
        return line.place(s, ends, Located.BRACKETED)
    from scipy.optimize import brentq

    def defined(s: float) -> float:
        found = function(s)
        if not np.isfinite(found):
            raise _Singular(s)
        return found

    try:
        s = float(brentq(defined, 0.0, line.length, xtol=1e-300, rtol=8.9e-16, maxiter=200))
    except _Singular as singular:
        if crossing not in _CROSSINGS_OF_BRANCHES:
            return line.place(singular.s, (0.0, line.length), Located.BRACKETED)
        s = singular.s
    if crossing in _CROSSINGS_OF_BRANCHES:
        return _interpolated(line, s, function)
    return line.place(s, _bracket(function, s, line.length), Located.ROOT)


class _Singular(Exception):
    """The equations could not be solved at `s`, as happens where branches cross."""

    def __init__(self, s: float) -> None:
        super().__init__(s)
        self.s = s


def _test(crossing: Crossing) -> Callable[[Signs], float]:
    tests: dict[Crossing, Callable[[Signs], float]] = {
        Crossing.FLIP: lambda signs: signs.flip,
        Crossing.SEVERAL_FLIPS: lambda signs: signs.flips - 0.5,
        Crossing.UNIT: lambda signs: signs.unit,
        Crossing.SEVERAL_UNITS: lambda signs: signs.units - 0.5,
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

    def place(self, s: float, ends: tuple[float, float], located: Located) -> Place | None:
        u = self.at(s)
        step = None if u is None else self.followed(u, s)
        if u is None or step is None:
            return None
        values = [self.value(ends[0]), step.value, self.value(ends[1])]
        before, after = self.signs(0.0), self.signs(self.length)
        assert before is not None
        assert after is not None
        interval = (float(np.nanmin(values)), float(np.nanmax(values)))
        return Place(u, step, located, interval, (before, after))


def _halved(line: _Line, crossing: Crossing) -> tuple[float, tuple[float, float]]:
    """Return the middle and the ends of a short stretch within which the counts change."""

    def count(s: float) -> int | None:
        signs = line.signs(s)
        if signs is None:
            return None
        return signs.flips if "flip" in crossing.value else signs.units

    low, high = 0.0, line.length
    first = count(low)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        seen = count(middle)
        if seen is None or not low < middle < high:
            break
        low, high = (middle, high) if seen == first else (low, middle)
    return 0.5 * (low + high), (low, high)


def _bracket(function: Callable[[float], float], s: float, length: float) -> tuple[float, float]:
    """Return the closest ends around a root between which the sign is seen to change."""
    h = 4e-16 * max(s, length)
    while h < length:
        low, high = max(s - h, 0.0), min(s + h, length)
        below, above = function(low), function(high)
        if np.isfinite(below) and np.isfinite(above) and (below < 0) != (above < 0):
            return low, high
        h *= 4.0
    return 0.0, length


def _interpolated(line: _Line, s: float, function: Callable[[float], float]) -> Place | None:
    """Return the crossing of two branches, from orbits on both sides of it."""
    from scipy.interpolate import BarycentricInterpolator
    from scipy.optimize import brentq

    half = min(_SPREAD * line.length, s, line.length - s)
    angles = (2 * np.arange(_NODES) + 1) * np.pi / (2 * _NODES)
    nodes = s + half * np.cos(angles)
    found = [line.at(float(node)) for node in nodes]
    tests = [function(float(node)) for node in nodes]
    if half == 0 or any(u is None for u in found) or not np.isfinite(tests).all():
        return line.place(s, _bracket(function, s, line.length), Located.BRACKETED)
    test, orbit = BarycentricInterpolator(nodes, tests), BarycentricInterpolator(nodes, found)
    low, high = float(nodes.min()), float(nodes.max())
    try:
        root = float(brentq(test, low, high, xtol=1e-300, rtol=8.9e-16))
    except ValueError:
        return line.place(s, _bracket(function, s, line.length), Located.BRACKETED)
    u = np.asarray(orbit(root), dtype=np.float64).ravel()
    step = line.followed(u, root)
    if step is None:
        # At the crossing the tangent is not unique; next to it the one of this branch is.
        tangent = tangent_of(line.curve, found[0], line.here.tangent)  # type: ignore[arg-type]
        if tangent is None:
            return None
        step = line.curve.followed(u, tangent, None if line.parametrised else line.value(s))
    below, above = (line.value(end) for end in _bracket(function, root, line.length))
    before, after = line.signs(0.0), line.signs(line.length)
    assert before is not None
    assert after is not None
    values = [v for v in (below, above, step.value) if np.isfinite(v)]
    return Place(u, step, Located.ROOT, (min(values), max(values)), (before, after))

"""On which unstable orbit does a turning point land, and at which parameter value exactly?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..parametric import Parametric
from .targets import MovingPoint, NeutralPoint, neutral_fixed_points, orbit_of
from .turning_points import turning_point_near, unit_of

__all__ = ["Landing", "landing"]

Array = NDArray[np.float64]

_NEAR = 1e-2  # of the size of the orbit: returns looked at closer than this
_SAME = 1e-7  # relative: points of one orbit
_REPELLING = 1e-4  # a multiplier this little inside the unit circle may be neutral
_WIDER = 4.0  # times the bracket: how far from it the root may be
_SIMPLE, _FARTHER = 6, 60.0  # the same for landings of so few steps, which are far between


@dataclass(frozen=True, kw_only=True, eq=False)
class Landing:
    """F^n(c; λ) = x*(λ): a turning point c that lands on an unstable periodic orbit.

    Parameters
    ----------
    turning_point : float
        c at the root.
    steps : int
        The smallest n.
    orbit : ndarray, shape (q,)
        x* and its images at the root.
    multiplier : float
        Of that orbit.
    neutral : bool
        Whether the orbit has a multiplier 1 at every parameter value.
    value : float
        The root λ.
    interval : tuple of two float
        Ends between which F^n(c) - x* changes its sign.
    residual : float
        \\|F^n(c) - x*\\| at the root.
    """

    turning_point: float
    steps: int
    orbit: Array
    multiplier: float
    neutral: bool
    value: float
    interval: tuple[float, float]
    residual: float


def landing(
    system: Parametric,
    points: Array,
    bracket: tuple[float, float],
    interval: tuple[float, float],
    *,
    longest: int,
    cap: int,
) -> Landing | None:
    """Return the simplest landing within a bracket of parameter values, or None.

    Parameters
    ----------
    system : Parametric
    points : ndarray, shape (m,)
        Turning points in the middle of the bracket.
    bracket : tuple of two float
    interval : tuple of two float
        Of the line, in which turning points are.
    longest, cap : int
        Largest number n of steps, and largest period of the orbit.
    """
    middle = 0.5 * (bracket[0] + bracket[1])
    found: list[Landing] = []
    for c in points:
        tried = _Tried(system, float(c), middle, bracket, interval, longest, cap)
        first = next(tried.landings(), None)
        if first is not None:
            found.append(first)
    return min(found, key=lambda each: (each.steps + len(each.orbit), each.steps), default=None)


@dataclass(frozen=True, eq=False)
class _Tried:
    system: Parametric
    c: float
    middle: float
    bracket: tuple[float, float]
    interval: tuple[float, float]
    longest: int
    cap: int

    def landings(self) -> Iterator[Landing]:
        """Yield landings of this turning point, the fewest steps first."""
        path = orbit_of(self.system, self.c, self.middle, self.longest + self.cap)
        with np.errstate(invalid="ignore"):
            finite = np.isfinite(path) & (np.abs(path) < 1e100)
        path = path[: int(np.argmin(finite))] if not finite.all() else path
        size = float(np.ptp(path)) if len(path) else 0.0
        last = len(path) - 1
        for total in range(2, min(self.longest + self.cap, last) + 1):
            for n in range(max(1, total - self.cap), min(self.longest, total - 1) + 1):
                target = self._target(path, n, total - n, _NEAR * size)
                found = None if target is None else self._root(n, target)
                if found is not None:
                    yield found

    def _target(
        self, path: Array, n: int, q: int, room: float
    ) -> MovingPoint | NeutralPoint | None:
        """Return an unstable point of period q next to the n-th image, or None."""
        if q == 1:
            for x in neutral_fixed_points(self.system, self.middle):
                if abs(path[n] - x) <= room:
                    return NeutralPoint(self.system, float(x))
        if abs(path[n + q] - path[n]) > room:
            return None
        moving = MovingPoint(self.system, float(path[n]), q, unit_of(self.interval))
        x = moving.at(self.middle)
        if x is None or abs(x - path[n]) > room or not self._least(x, q):
            return None
        unstable = abs(self._multiplier(x, q, self.middle)) > 1.0 + _REPELLING
        return moving if unstable else None

    def _root(self, n: int, target: MovingPoint | NeutralPoint) -> Landing | None:
        from scipy.optimize import brentq

        def gap(value: float) -> float:
            c = turning_point_near(self.system, value, self.c, self.interval)
            x = target.at(value)
            if c is None or x is None:
                return np.nan
            return float(orbit_of(self.system, c, value, n)[-1] - x)

        simple = n + target.period <= _SIMPLE
        wider = _FARTHER if simple else _WIDER
        room = (wider - 1.0) / 2.0 * (self.bracket[1] - self.bracket[0])
        low, high = self.bracket[0] - room, self.bracket[1] + room
        ends = gap(low), gap(high)
        if not (ends[0] * ends[1] < 0):
            return None
        ulp = np.spacing(max(abs(low), abs(high)))
        try:
            root = float(brentq(gap, low, high, xtol=ulp, rtol=4 * np.finfo(float).eps))
        except ValueError:  # between the ends the orbit was lost
            return None
        c, x = turning_point_near(self.system, root, self.c, self.interval), target.at(root)
        if c is None or x is None:
            return None
        width = 1.0
        while width < 2.0**40 and not gap(root - width * ulp) * gap(root + width * ulp) < 0:
            width *= 2.0
        sides = (low, high)
        if width < 2.0**40:
            sides = (float(root - width * ulp), float(root + width * ulp))
        q = target.period
        return Landing(
            turning_point=c,
            steps=n,
            orbit=orbit_of(self.system, x, root, q - 1),
            multiplier=self._multiplier(x, q, root),
            neutral=isinstance(target, NeutralPoint),
            value=root,
            interval=sides,
            residual=abs(gap(root)),
        )

    def _multiplier(self, x: float, q: int, value: float) -> float:
        points = orbit_of(self.system, x, value, q - 1)
        return float(np.prod(self.system.at(points[:, None], value)[1]))

    def _least(self, x: float, q: int) -> bool:
        points = orbit_of(self.system, x, self.middle, q)
        room = _SAME * max(unit_of(self.interval), float(np.abs(points).max()))
        return not any(abs(points[p] - x) <= room for p in range(1, q) if q % p == 0)

"""The orbits born at a flip, by how far they have opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from ...orbits.numerical.cyclic import multipliers as cyclic_multipliers
from ..bifurcation_point import BifurcationPoint
from ..continuation.curve import OrbitCurve, Vector
from ..continuation.newton import corrected, tangent_of
from ..continuation.signs import Crossing, Signs, crossings_between, signs_of
from ..followed import FollowedOrbit
from ..parametric import Parametric

__all__ = ["Opened"]

_BEFORE = (0.15, 0.6, 0.97)  # of the opening at the flip: looked at on the way to it
_BEYOND = 1.03
_FAR = 3.0  # of the way from the birth: how far a correction may lead


@dataclass(frozen=True, eq=False)
class Opened:
    """The branch of orbits of twice the period, parametrised by the opening.

    That is the part of half the distance of points half a period apart along the critical
    direction of the flip where they are born. It grows from zero on, where the parameter value may
    go either way.

    Parameters
    ----------
    system : Parametric
    point : BifurcationPoint
        The flip.
    gap : float
        About how far the next flip is: the unit of parameter values.
    """

    system: Parametric
    point: BifurcationPoint
    gap: float

    @cached_property
    def curve(self) -> OrbitCurve:
        """The equations of the doubled orbit."""
        return OrbitCurve(self.system, 2 * self.point.period, 0, (1.0, self.gap))

    @cached_property
    def origin(self) -> Vector:
        """The flip as an orbit of twice its period."""
        x = self.point.at.points
        return np.append(np.concatenate([x, x]).ravel(), self.point.value)

    @cached_property
    def away(self) -> Vector:
        """The critical direction, as a change of the unknowns."""
        q = self.point.direction.real
        return np.append(np.concatenate([q, -q]).ravel(), 0.0)

    def opening(self, orbit: Vector) -> float:
        """Return how far an orbit (2p, d) has opened."""
        q, half = self.point.direction.real, self.point.period
        apart = 0.5 * (orbit[:half] - orbit[half:])
        return float(np.sum(apart * q) / np.sum(q * q))

    def corrected(self, guess: Vector) -> Vector | None:
        """Return the orbit of the same opening as a guess."""
        with np.errstate(all="ignore"):
            found = corrected(self.curve, guess, self.away / self.curve.norm(self.away))
        return None if found is None else found.u

    def guess(self, opening: float, value: float) -> Vector:
        """Return the doubled orbit to first order."""
        u = self.origin + opening * self.away
        u[-1] = value
        return u

    def between(self, there: Vector, share: float) -> Vector | None:
        """Return the orbit with a share of the opening of another one."""
        # Middles of the halves, and the parameter value, move with the square of the opening.
        orbit, square = self.curve.orbit(there), share * share
        middle = 0.5 * (orbit + np.roll(orbit, self.point.period, axis=0))
        mean = np.append(middle.ravel(), there[-1])
        guess = self.origin + square * (mean - self.origin) + share * (there - mean)
        found = self.corrected(guess)
        if found is None:
            return None
        way = self.curve.norm(guess - self.origin)
        return found if self.curve.norm(found - guess) <= _FAR * way else None

    def test(self, u: Vector) -> float:
        """Return Π(1 + μ), scaled."""
        return self._signs([u])[0].flip

    def first_flip(self, there: Vector) -> FollowedOrbit | None:
        """Return the orbit at a flip, None unless it is seen to be the first bifurcation.

        Orbits of smaller openings show that nothing happens before and that the parameter goes one
        way; one of a larger opening shows that the flip is passed.
        """
        along = []
        for share in (*_BEFORE, _BEYOND):
            u = self.between(there, share)
            if u is None:
                return None
            along.append(u)
        values = np.array([self.point.value, *(u[-1] for u in along[:-1]), there[-1]])
        if not (np.all(np.diff(values) > 0) or np.all(np.diff(values) < 0)):
            return None
        changes = [crossings_between(a, b) for a, b in pairwise(self._signs(along))]
        if any(changes[:-1]) or changes[-1] != (Crossing.FLIP,):
            return None
        tangent = tangent_of(self.curve, there, self.away)
        return None if tangent is None else self.curve.followed(there, tangent)

    def root(self, bracket: tuple[Vector, Vector], accuracy: float) -> Vector | None:
        """Return where the test function vanishes between two orbits, by Brent's method."""
        from scipy.optimize import brentq

        low, high = bracket
        ends = [self.opening(self.curve.orbit(u)) for u in bracket]

        def function(opening: float) -> float:
            u = self._interpolated(low, high, ends, opening)
            return float("nan") if u is None else self.test(u)

        try:
            where = float(brentq(_defined(function), *ends, xtol=1e-300, rtol=accuracy))
        except (ValueError, RuntimeError):
            return None
        return self._interpolated(low, high, ends, where)

    def _interpolated(
        self, low: Vector, high: Vector, ends: list[float], opening: float
    ) -> Vector | None:
        share = (opening - ends[0]) / (ends[1] - ends[0])
        return self.corrected(low + share * (high - low))

    def _signs(self, orbits: list[Vector]) -> list[Signs]:
        mu = cyclic_multipliers(np.array([self.curve.jacobians(u) for u in orbits]))
        return [
            replace(signs_of(self._step(u, m), 0, False), turn=float("nan"))
            for u, m in zip(orbits, mu, strict=True)
        ]

    def _step(self, u: Vector, multipliers: np.ndarray) -> FollowedOrbit:
        return FollowedOrbit(
            value=float(u[-1]),
            points=self.curve.orbit(u).copy(),
            multipliers=multipliers.copy(),
            tangent=np.zeros(1),
            residual=0.0,
        )


def _defined(function: Callable[[float], float]) -> Callable[[float], float]:
    def checked(x: float) -> float:
        value = function(x)
        if not np.isfinite(value):
            raise ValueError("undefined")
        return value

    return checked

"""The next flip of a cascade at once, from where the last ones were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ...evidence import Evidence, Grade
from ...orbits.normal_forms.kinds import Bifurcation
from ...orbits.numerical.cyclic import multipliers as cyclic_multipliers
from ..bifurcation_point import BifurcationPoint, Located
from ..continuation.critical_direction import critical_direction
from ..continuation.curve import OrbitCurve, Vector
from ..continuation.newton import corrected, tangent_of
from ..continuation.signs import Crossing, Signs, crossings_between, signs_of
from ..critical_orbit import CriticalOrbit, critical_orbit
from ..followed import FollowedOrbit
from ..parametric import Parametric
from .constants import ALPHA, DELTA
from .doubling import Doubling, rewritten, splitting_of

__all__ = ["Opening", "opening_of", "predicted_flip"]

_BEFORE = (0.15, 0.6, 0.97)  # of the opening at the flip: looked at on the way to it
_BEYOND = 1.03
_OFF = 2.5  # factor by which distances may differ from what was predicted


@dataclass(frozen=True)
class Opening:
    """How far a doubled orbit has opened, at its flip, along the direction it was born in."""

    amplitude: float


def opening_of(point: BifurcationPoint, doubled: np.ndarray) -> Opening:
    """Return how far an orbit of twice the period is from a flip, along its critical direction."""
    half, q = len(doubled) // 2, point.direction.real
    apart = 0.5 * (doubled[:half] - doubled[half:])
    return Opening(float(np.sum(apart * q) / np.sum(q * q)))


def predicted_flip(
    system: Parametric,
    last: Doubling,
    before: Doubling,
    openings: tuple[Opening, ...],
) -> tuple[Doubling, Opening] | None:
    """Return the flip of the orbit born at the last one; None where the prediction is no good.

    Notes
    -----
    The distance to the next flip is that between the last two, divided by Feigenbaum's δ; the
    orbit there has opened as much as the last one, divided by α [feigenbaum1978quantitative]_. The
    orbit of that opening is corrected, and starts Newton's method for the orbit with multiplier -1.
    Then orbits of smaller openings show that this is the first bifurcation of the branch, and one
    of a larger opening that the flip is passed.
    """
    point = last.point
    gap = last.value - before.value
    amplitude = _next_amplitude(openings)
    x, q = point.at.points, point.direction.real
    away = np.concatenate([q, -q])
    curve = OrbitCurve(system, 2 * len(x), 0, (1.0, abs(gap)))
    normal = np.append(away.ravel(), 0.0)
    normal /= curve.norm(normal)
    guess = np.append((np.concatenate([x, x]) + amplitude * away).ravel(), last.value + gap / DELTA)
    with np.errstate(all="ignore"):
        near = corrected(curve, guess, normal)
        if near is None:
            return None
        v = critical_direction(curve.jacobians(near.u), -1.0)
        found = critical_orbit(point.map, curve.orbit(near.u), v, curve.value(near.u), -1)
        if found is None:
            return None
        opening = opening_of(point, found.points)
        ratio = (found.value - last.value) / (gap / DELTA)
        if not (1 / _OFF < ratio < _OFF and 1 / _OFF < opening.amplitude / amplitude < _OFF):
            return None
        step = _first_flip(curve, point, found, normal)
    if step is None:
        return None
    flip = BifurcationPoint(
        map=point.map,
        parameter=point.parameter,
        bifurcation=Bifurcation.FLIP,
        located=Located.ROOT,
        interval=(found.value, found.value),
        at=step,
        direction=found.direction,
        after=0,
        evidence=Evidence(grade=Grade.NUMERICAL, reason="see the doubling", sources=()),
    )
    return rewritten(flip, found, splitting_of(found.points)), opening


def _next_amplitude(openings: tuple[Opening, ...]) -> float:
    if len(openings) == 1:
        return openings[0].amplitude / ALPHA
    return openings[-1].amplitude ** 2 / openings[-2].amplitude


def _first_flip(
    curve: OrbitCurve, point: BifurcationPoint, found: CriticalOrbit, normal: Vector
) -> FollowedOrbit | None:
    """Return the orbit at the flip, None unless the branch shows it as its first bifurcation."""
    x, value = np.concatenate([point.at.points] * 2), point.value
    half = len(x) // 2
    middle = 0.5 * (found.points + np.roll(found.points, half, axis=0))
    along = []
    for share in (*_BEFORE, _BEYOND):
        # Middles and values move with the square of the opening.
        square = share * share
        orbit = x + square * (middle - x) + share * (found.points - middle)
        guess = np.append(orbit.ravel(), value + square * (found.value - value))
        fixed = corrected(curve, guess, normal)
        if fixed is None or curve.norm(fixed.u - guess) > 0.5 * curve.norm(
            guess - np.append(x.ravel(), value)
        ):
            return None
        along.append(fixed.u)
    values = np.array([value, *(u[-1] for u in along[:-1]), found.value])
    if not (np.all(np.diff(values) > 0) or np.all(np.diff(values) < 0)):
        return None
    here = np.append(found.points.ravel(), found.value)
    jacobians = np.array([curve.jacobians(u) for u in (*along, here)])
    mu = cyclic_multipliers(jacobians)
    signs = [_signs(curve, u, m) for u, m in zip(along, mu, strict=False)]
    changes = [crossings_between(a, b) for a, b in pairwise(signs)]
    if any(changes[:-1]) or changes[-1] != (Crossing.FLIP,):
        return None
    tangent = tangent_of(curve, here, normal)
    if tangent is None:
        return None
    return _step(curve, here, mu[-1], tangent)


def _step(curve: OrbitCurve, u: Vector, mu: np.ndarray, tangent: Vector) -> FollowedOrbit:
    return FollowedOrbit(
        value=curve.value(u),
        points=curve.orbit(u).copy(),
        multipliers=mu.copy(),
        tangent=tangent.copy(),
        residual=float(np.max(np.abs(curve.residual(u)))),
    )


def _signs(curve: OrbitCurve, u: Vector, mu: np.ndarray) -> Signs:
    signs = signs_of(_step(curve, u, mu, np.zeros(1)), 0, False)
    return replace(signs, turn=float("nan"))

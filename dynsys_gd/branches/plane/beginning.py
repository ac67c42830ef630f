"""Where a curve of bifurcations begins: what a user named, corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...orbits.normal_forms.kinds import Bifurcation
from ...orbits.numerical.cyclic import multipliers as cyclic_multipliers
from ...orbits.periodic_orbit import PeriodicOrbit
from ...values import to_value
from ..bifurcation_point import BifurcationPoint
from ..continuation.beginning import checked_range, family_dimension, given_points, own_value
from ..continuation.curve import Vector
from ..continuation.newton import corrected
from ..continuation.unit import size_of, unit_of_states
from .codimension_two import CodimensionTwoPoint
from .critical_curve import CriticalCurve
from .spot import Spot
from .system import PlaneSystem, plane_system

__all__ = ["Course", "course_of"]

Range = tuple[float, float]

_ITERATIONS = 40
_ENOUGH = 1e-13
_SOLVED = 1e-9
_MOVED = 0.5  # of the size and of the ranges: how far the correction may lead
_SHORTER = 1e-7  # relative: points this near are the same
_RANK = 1e-7  # relative: singular values that count as zero
_PERSISTENT = 1e-6  # of the derivative by the parameters: what pushes no orbit away


@dataclass(frozen=True, eq=False)
class Course:
    """A curve of bifurcations with a point and a direction to begin with."""

    curve: CriticalCurve
    start: Vector
    tangent: Vector
    to: tuple[Range, Range]


def course_of(F: Map, orbit: Any, parameters: Any, to: Any, bifurcation: Any, start: Any) -> Course:
    """Return what there is to be followed, with everything checked."""
    system = plane_system(F, parameters)
    ranges = _ranges(to)
    system = replace(system, ranges=ranges)
    if bifurcation is not None and not isinstance(bifurcation, Bifurcation):
        raise InvalidInput("bifurcation", bifurcation, "a Bifurcation", "Bifurcation.FLIP")
    points, known = _points_of(F, orbit)
    values = _values(F, system.parameters, orbit, start)
    for name, value, (low, high) in zip(system.parameters, values, ranges, strict=True):
        if not low <= value <= high:
            raise InvalidInput("start", value, f"a value of {name} from {low:g} to {high:g}")
    size = unit_of_states(system, points, values)
    _refuse_shorter(points, size)
    units = (size, ranges[0][1] - ranges[0][0], ranges[1][1] - ranges[1][0])
    slopes = system.at(points, values)[1]
    if not np.isfinite(slopes).all():
        raise InvalidInput("orbit", points[0], "points where F is smooth")
    mu = cyclic_multipliers(slopes[None])[0]
    kind = bifurcation or known or _nearest(mu, _may_fold(F, len(points)))
    if kind is Bifurcation.FOLD and bifurcation is None:
        kind = _fold_or_crossing(system, points, values)
    curve = CriticalCurve(system, len(points), kind, units)
    cosine = [_cosine(mu)] if curve.turning else []
    guess = np.concatenate([points.ravel(), cosine, values])
    u = _within(curve, _corrected(curve, guess), ranges)
    names = " and ".join(system.parameters)
    if u is None or curve.norm(u - guess) > _MOVED * (1.0 + size_of(points) / size):
        raise InvalidInput(
            "orbit",
            points[0],
            f"an orbit next to a {kind} at the start values of {names}",
            "give start=... and bifurcation=..., or a BifurcationPoint that follow has found",
        )
    _refuse_shorter(curve.orbit(u), size)
    if curve.turning and not -1.0 < curve.cosine(u) < 1.0:
        raise InvalidInput(
            "orbit",
            points[0],
            "an orbit next to a pair of multipliers on the unit circle",
            "only real multipliers with the product 1 are near",
        )
    if curve.period == 1:
        family = family_dimension(curve.jacobians(u)) - (kind in _WITH_ONE)
        if family > 0:
            raise InvalidInput(
                "orbit",
                curve.orbit(u)[0],
                "an isolated fixed point",
                f"it belongs to a family of dimension {family}: restrict the map to a direction "
                "across the family, such as restricted(F, basis)",
            )
    return Course(curve, u, _tangent(curve, u), ranges)


_WITH_ONE = (Bifurcation.FOLD, Bifurcation.PITCHFORK, Bifurcation.TRANSCRITICAL)


def _ranges(to: Any) -> tuple[Range, Range]:
    if isinstance(to, (str, bytes)) or not isinstance(to, Sequence) or len(to) != 2:
        raise InvalidInput("to", to, "two ranges, one for each parameter", "((0, 5), (0, 1))")
    return checked_range(to[0]), checked_range(to[1])


def _points_of(F: Map, orbit: Any) -> tuple[NDArray[np.float64], Bifurcation | None]:
    if isinstance(orbit, BifurcationPoint):
        return given_points(F, orbit.at), orbit.bifurcation
    if isinstance(orbit, CodimensionTwoPoint):
        return given_points(F, orbit.at.points), None
    return given_points(F, orbit), None


def _values(F: Map, parameters: tuple[str, str], orbit: Any, start: Any) -> NDArray[np.float64]:
    if start is not None:
        expected = "two numbers, one for each parameter"
        if isinstance(start, (str, bytes)) or not isinstance(start, Sequence) or len(start) != 2:
            raise InvalidInput("start", start, expected)
        numbers = [to_value(value, "start") for value in start]
        if not all(number.is_number for number in numbers):
            raise InvalidInput("start", start, expected)
        return np.array([float(number) for number in numbers])
    if isinstance(orbit, CodimensionTwoPoint) and orbit.parameters == parameters:
        return np.array(orbit.values)
    found: PeriodicOrbit | Any = orbit
    if isinstance(orbit, BifurcationPoint):
        found = _orbit_of(orbit)
    values = [own_value(F, name, found) for name in parameters]
    if any(value is None for value in values):
        raise InvalidInput(
            "start",
            None,
            f"the values of {parameters[0]} and {parameters[1]} that the orbit belongs to",
            "start=(2.0, 0.5)",
        )
    return np.array(values, dtype=np.float64)


def _may_fold(F: Map, period: int) -> bool:
    """Return whether a multiplier of an isolated orbit can become 1 as the parameters change.

    A critical point of a loss without parameters keeps its Hessian, and an update rule has a
    multiplier 1 only where that is singular, or the step size is zero.
    """
    return not (isinstance(F, GradientMap) and period == 1 and not F.loss.parameters)


def _orbit_of(point: BifurcationPoint) -> PeriodicOrbit:
    """Return the orbit of a point, also where rounding has led out of the range of a setting."""
    for value in (point.value, *point.interval, float(np.round(point.value, 12))):
        try:
            return replace(point.at, value=float(value)).orbit(point.map, point.parameter)
        except InvalidInput:
            continue
    return point.orbit


def _nearest(mu: NDArray[np.complex128], may_fold: bool) -> Bifurcation:
    """Return which kind of critical multiplier is the nearest one."""
    real = mu[np.abs(mu.imag) <= 1e-9 * (1.0 + np.abs(mu))]
    turning = mu[np.abs(mu.imag) > 1e-9 * (1.0 + np.abs(mu))]
    distances = {
        Bifurcation.NEIMARK_SACKER: np.abs(np.abs(turning) - 1.0),
        Bifurcation.FLIP: np.abs(real + 1.0),
    }
    if may_fold:
        distances[Bifurcation.FOLD] = np.abs(real - 1.0)
    return min(distances, key=lambda kind: float(np.min(distances[kind], initial=np.inf)))


def _fold_or_crossing(
    system: PlaneSystem, points: NDArray[np.float64], values: NDArray[np.float64]
) -> Bifurcation:
    """Return what a multiplier 1 belongs to: orbits that vanish, or branches that cross."""
    curve = CriticalCurve(system, len(points), Bifurcation.FOLD)
    u = np.concatenate([points.ravel(), values])
    rates = system.at(points, values)[2].reshape(points.size, 2)
    spot = Spot(curve, u)
    push = np.abs(spot.frame.left[:, -1] @ rates)
    if np.any(push > _PERSISTENT * (1.0 + np.abs(rates).max())):
        return Bifurcation.FOLD
    raw = spot.raw
    bent = raw is not None and abs(raw.value) > _PERSISTENT
    return Bifurcation.TRANSCRITICAL if bent else Bifurcation.PITCHFORK


def _cosine(mu: NDArray[np.complex128]) -> float:
    """Return cos θ of the pair with a product next to 1."""
    turning = mu[mu.imag > 0]
    if len(turning):
        near = complex(turning[np.argmin(np.abs(np.abs(turning) - 1.0))])
        return float(near.real / abs(near))
    if len(mu) < 2:
        raise InvalidInput(
            "bifurcation", Bifurcation.NEIMARK_SACKER, "a Bifurcation of a map on the line"
        )
    first, second = np.triu_indices(len(mu), 1)
    k = int(np.argmin(np.abs(mu[first] * mu[second] - 1.0)))
    return float(np.clip((mu[first[k]] + mu[second[k]]).real / 2, -0.99, 0.99))


def _corrected(curve: CriticalCurve, guess: Vector) -> Vector | None:
    """Return the nearest point of the curve, by Gauss-Newton steps of least length."""
    root, u, last = np.sqrt(curve.weights), guess, np.inf
    for _ in range(_ITERATIONS):
        with np.errstate(all="ignore"):
            residual, matrix = curve.linear(u)
        if not np.isfinite(residual).all() or not np.isfinite(matrix).all():
            return None
        rows, right = curve.scaled(u, matrix) / root, -curve.scaled(u, residual)
        step = np.linalg.lstsq(rows, right, rcond=1e-9)[0] / root
        u, size = u + step, curve.norm(step)
        scale = 1.0 + curve.norm(u)
        if size <= _ENOUGH * scale or (last <= 1e-8 * scale and size > 0.1 * last):
            # What cannot be changed by a step need not be zero.
            left = float(np.max(np.abs(curve.scaled(u, curve.residual(u)))))
            return u if left <= _SOLVED * scale else None
        last = size
    return None


def _within(curve: CriticalCurve, u: Vector | None, ranges: tuple[Range, Range]) -> Vector | None:
    """Return the point, or where it is outside one next to it on the edge of the ranges."""
    for k, (low, high) in zip((-2, -1), ranges, strict=True):
        if u is None or low <= u[k] <= high:
            continue
        guess = u.copy()
        guess[k] = low if u[k] < low else high
        normal = np.zeros_like(guess)
        normal[k] = 1.0
        found = corrected(curve, guess, normal)
        u = None if found is None else found.u.copy()
        if u is not None:
            u[k] = guess[k]
    inside = u is not None and all(
        low <= u[k] <= high for k, (low, high) in zip((-2, -1), ranges, strict=True)
    )
    return u if inside else None


def _refuse_shorter(x: NDArray[np.float64], size: float) -> None:
    p = len(x)
    for k in range(1, p):
        same = np.max(np.abs(x - np.roll(x, k, axis=0))) <= _SHORTER * (size + np.abs(x).max())
        if p % k == 0 and same:
            raise InvalidInput("orbit", x[0], f"an orbit of period {p}", f"its period is {k}")


def _tangent(curve: CriticalCurve, u: Vector) -> Vector:
    """Return the unit tangent along which the second parameter rises, or else the first one."""
    root = np.sqrt(curve.weights)
    _, sizes, rows = np.linalg.svd(curve.scaled(u, curve.linear(u)[1]) / root)
    rank = int(np.sum(sizes > _RANK * max(1.0, sizes[0])))
    if rank != len(u) - 1:
        raise InvalidInput(
            "orbit",
            curve.orbit(u)[0],
            "a point through which one curve of bifurcations goes",
            "begin at another point of the curve, or name another bifurcation",
        )
    found = rows[-1] / root
    share = found[-2:] / np.array(curve.units[1:])
    leading = share[1] if abs(share[1]) > 1e-3 * abs(share[0]) else share[0]
    return np.asarray(found / curve.norm(found) * (-1.0 if leading < 0 else 1.0))

"""Where a branch begins: the orbit and the parameter value that a user named, corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from ...errors import InvalidInput
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...maps.symbolic_map import SymbolicMap
from ...orbits.periodic_orbit import PeriodicOrbit
from ...values import to_value
from ..followed import FollowedOrbit
from ..parametric import Parametric
from .curve import OrbitCurve, Vector
from .newton import corrected

__all__ = ["beginning", "checked_range", "family_dimension", "given_points", "own_value"]

_AWAY = 1e-3  # of the range: how far off it is seen whether a family lasts
_FAMILY = 1e-11  # singular values of I - DF below this belong to a family: minima of networks are
# flat in ratios of 1e-8 without being one
_NEAR_FAMILY = 1e-7  # the same where the point is not yet corrected
_SAME = 1e-8  # relative: points this near are the same
_MOVED = 0.2  # of the size: how far Newton's method may move what was given


def checked_range(to: Any) -> tuple[float, float]:
    """Return the two ends of a parameter range, ascending, or refuse them."""
    expected = "two different numbers (a, b), the ends of the range"
    pair = isinstance(to, (Sequence, np.ndarray)) and not isinstance(to, (str, bytes))
    if not pair or len(to) != 2:
        raise InvalidInput("to", to, expected)
    ends = [to_value(value, "to") for value in to]
    if not all(end.is_number for end in ends):
        raise InvalidInput("to", to, expected)
    low, high = sorted(float(end) for end in ends)
    if not low < high or not np.isfinite([low, high]).all():
        raise InvalidInput("to", to, expected)
    return low, high


def given_points(F: Map, orbit: Any) -> Vector:
    """Return the points (p, d) of an orbit that was found, or of rows of numbers."""
    d = F.dimension
    if isinstance(orbit, (PeriodicOrbit, FollowedOrbit)):
        points = np.array(orbit.points, dtype=np.float64)
    else:
        expected = f"a PeriodicOrbit, or numbers of shape ({d},) or (p, {d})"
        try:
            points = np.atleast_2d(np.array(orbit, dtype=np.float64))
        except (TypeError, ValueError):
            raise InvalidInput("orbit", orbit, expected) from None
        if points.ndim != 2 or not points.size:
            raise InvalidInput("orbit", orbit, expected)
    size = F.loss.dimension if F.loss is not None else d
    if points.shape[1] not in (d, size):
        raise InvalidInput("orbit", f"points of {points.shape[1]} coordinates", f"{d} coordinates")
    if not np.isfinite(points).all():
        raise InvalidInput("orbit", orbit, "finite numbers")
    if points.shape[1] != d:
        # Along an orbit of points the memory of a map is the point before, not rest.
        before = [np.roll(points, k, axis=0) for k in range(d // size)]
        points = np.concatenate(before, axis=1)
    return points


def own_value(F: Map, parameter: str, orbit: Any) -> float | None:
    """Return the parameter value under which an orbit was found, None where it cannot be told."""
    if not isinstance(orbit, PeriodicOrbit) or parameter in orbit.map.parameters:
        return None
    found = orbit.map
    if isinstance(F, SymbolicMap) and isinstance(found, SymbolicMap):
        return _number(dict(found.values).get(parameter))
    if not isinstance(F, GradientMap) or not isinstance(found, GradientMap):
        return None
    if is_dataclass(F) and is_dataclass(found) and type(F) is type(found):
        for field in fields(F):
            mine, theirs = getattr(F, field.name), getattr(found, field.name)
            if isinstance(mine, sp.Symbol) and mine.name == parameter:
                return _number(theirs)
    form = None if found.loss is None else found.loss.symbolic
    return None if form is None else _number(dict(form.values).get(parameter))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, sp.Expr) and value.is_number else None


def beginning(
    system: Parametric, points: Vector, value: float, size: float
) -> tuple[OrbitCurve, Vector]:
    """Return the equations of the branch and the corrected first orbit.

    Parameters
    ----------
    system : Parametric
        With limits.
    points : ndarray, shape (p, d)
    value : float
        Of the parameter.
    size : float
        The unit of states.

    Raises
    ------
    InvalidInput
        Where Newton's method finds no orbit of this least period next to the points.
    """
    p = len(points)
    name, units = system.parameter, (size, system.limits[1] - system.limits[0])
    u = np.append(points.ravel(), value)
    slopes = system.at(points, value)[1]
    if not np.isfinite(slopes).all():
        expected = f"points at which F is smooth at {name} = {value:.9g}"
        raise InvalidInput("orbit", points[0], expected, "or begin at another value, start=...")
    family = family_dimension(slopes, _NEAR_FAMILY) if p == 1 else 0
    curve = OrbitCurve(system, p, family, units)
    with np.errstate(all="ignore"):
        found = corrected(curve, u, _fixed_parameter(u))
    what = "a fixed point" if p == 1 else f"an orbit of period {p}"
    remedy = f"give start=..., the value of {name} to which it belongs"
    if found is None or curve.norm(found.u - u) > _MOVED * (1.0 + curve.extent(u)):
        raise InvalidInput(
            "orbit", points[0], f"{what} of F at {name} = {value:.9g}, to within 20 %", remedy
        )
    found.u[-1] = value
    orbit = curve.orbit(found.u)
    for k in range(1, p):
        apart = np.max(np.abs(orbit - np.roll(orbit, k, axis=0)))
        if p % k == 0 and apart <= _SAME * (size + np.abs(orbit).max()):
            raise InvalidInput("orbit", points[0], what, f"its least period is {k}")
    if family:
        curve = replace(curve, family=family_dimension(curve.jacobians(found.u)))
        if curve.family and not _lasts(curve, found.u):
            curve = replace(curve, family=0)
    return curve, found.u


def _fixed_parameter(u: Vector) -> Vector:
    normal = np.zeros_like(u)
    normal[-1] = 1.0
    return normal


def _lasts(curve: OrbitCurve, u: Vector) -> bool:
    """Return whether a family is there next to a parameter value as well.

    At a bifurcation, or at step size zero, where every point stays, multipliers are 1 at that one
    value only.
    """
    limits = curve.system.limits
    away = _AWAY * (limits[1] - limits[0])
    for side in (away, -away):
        if not limits[0] <= u[-1] + side <= limits[1]:
            continue
        there = u.copy()
        there[-1] += side
        with np.errstate(all="ignore"):
            found = corrected(curve, there, _fixed_parameter(u))
        if found is not None:
            return family_dimension(curve.jacobians(found.u)) == curve.family
    return False


def family_dimension(jacobians: Vector, zero: float = _FAMILY) -> int:
    """Return how many multipliers of a fixed point are 1 together with their eigenvectors."""
    slopes = jacobians[0]
    sizes = np.linalg.svd(np.eye(len(slopes)) - slopes, compute_uv=False)
    return int(np.sum(sizes <= zero * max(1.0, sizes[0])))

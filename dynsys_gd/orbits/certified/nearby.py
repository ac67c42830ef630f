"""Which proved orbit is meant by coordinates that may be rounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ..exact.gradient_sets import FLOAT_REASON
from ..periodic_orbit import PeriodicOrbit
from .equations import Equations, equations_of
from .given_points import Given, given_rows
from .operator import attempt
from .orbits_of import orbits_of
from .rational import rational_orbit
from .solutions import solutions

__all__ = ["certified_near"]

Array = NDArray[np.float64]

_STEPS = 60
_SETTLED = 1e-8  # left sides below this, in shares of the size, count as zero to rounding
_ROOMS = 10.0 ** -np.arange(3.0, 14.0)  # half widths of the boxes tried, largest first
_LONGEST = 2_000  # unknowns of a dense linear system
_SHORT = 8  # points up to which rational orbits are looked for
_SOURCES = ("krawczyk1969", "rump1983")


def certified_near(F: Map, points: Sequence[Any], period: int = 1) -> PeriodicOrbit | None:
    """Return the orbit that is proved to lie next to the given points.

    Parameters
    ----------
    F : Map
        A smooth symbolic map; the settings of an update rule may be open for fixed points.
    points : sequence of d numbers, or of p rows of d numbers
        A fixed point, or an orbit in order; exact or rounded. For maps of a loss, points of the
        loss will do: they stand for states at rest, or along the orbit for states with the points
        before them.
    period : int
        The least period, which is the number of rows.

    Returns
    -------
    PeriodicOrbit or None
        None where the points solve the equations to rounding but nothing is proved: the linear
        system is singular there, as on a family, at a multiple solution or at a multiplier 1.

    Raises
    ------
    InvalidInput
        For a map with kinks, without a symbolic form or with open parameters, and where no orbit
        is found as near as said below.

    Notes
    -----
    Newton's method starts at the points; Krawczyk's test proves what it finds [1]_. All of the
    orbit must lie within reach of the points. With s = max(1, largest coordinate), the reach is
    1e-12 s for an exact coordinate; for a float it is one unit of the last decimal that is needed
    to write it, but at least 1e-6 s, because minimisers stop there, and at most 1e-3 s.

    References
    ----------
    .. [1] Krawczyk (1969), Newton-Algorithmen zur Bestimmung von Nullstellen mit
       Fehlerschranken.

    Examples
    --------
    >>> from sympy import sin
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss(sin(x) * sin(y), [x, y]), step_size="1/2")
    >>> found = certified_near(F, [1.5708, -1.5708])
    >>> found.kind, found.points.round(12)
    (<Kind.SINK: 'sink'>, array([[ 1.57079633, -1.57079633]]))
    """
    rows = given_rows(F, points)
    if period != len(rows):
        raise InvalidInput("orbit", points, f"{period} points in order", "one row for each step")
    equations = _equations(F, period)
    given = Given(F, rows)
    here = _newton(equations, given.start)
    near = given.distance(here, here) <= 1
    boxes = _proved_box(equations, here, given.size)
    if boxes is None:
        if near and _defect(equations, here) <= _SETTLED * given.size:
            return None
        raise given.refused(None)
    if not near:
        raise given.refused(here)
    found = solutions(equations, *boxes, np.full(equations.dimension, given.size))
    lower, upper = found.lower, found.upper
    if not lower.shape[2]:
        if found.unsure_lower.shape[2]:
            return None
        remedy = "they repeat: this is an orbit of a shorter period, give each point once"
        raise InvalidInput("orbit", given.shown, f"{period} different points", remedy)
    # An orbit is listed from any of its points; here it starts where the given one does.
    shift = min(
        range(period),
        key=lambda k: given.distance(*(_turned(b[..., 0], k) for b in (lower, upper))),
    )
    lower, upper, *unique = (
        _turned(b, shift) for b in (lower, upper, found.unique_lower, found.unique_upper)
    )
    if not given.distance(lower[..., 0], upper[..., 0]) <= 1:
        raise given.refused(here)
    short = period <= _SHORT
    exact = rational_orbit(equations, lower[..., 0], upper[..., 0]) if short else None
    gap = given.gap(lower[..., 0], upper[..., 0]) + 1e-15 * given.size
    evidence = _evidence(F, gap)
    (orbit,) = orbits_of(F, equations, lower, upper, unique[0], unique[1], [exact], evidence)
    if not isinstance(F, GradientMap):
        return orbit
    step = F.settings["step_size"]
    return replace(orbit, parameter=step.name if isinstance(step, sp.Symbol) else "step_size")


def _equations(F: Map, period: int) -> Equations:
    """Return the equations of the orbits of a smooth symbolic map, or refuse it."""
    if F.expression is None:
        raise InvalidInput(
            "F",
            F.describe(),
            "a symbolic map",
            "find the orbit with fixed_points(F, region, method=NewtonSearch()) and give it as "
            "orbit; numpy.linalg.eigvals(F.jacobian_at(state)) are multipliers of a state",
        )
    steady = period == 1 and isinstance(F, GradientMap)
    own = F.loss.parameters if steady and F.loss is not None else F.parameters
    if own:
        raise InvalidInput(
            "F", F.describe(), "values for all parameters", f"write F.at({own[0]}=...)"
        )
    if period * F.dimension > _LONGEST:
        raise InvalidInput("orbit", f"{period} points", f"at most {_LONGEST // F.dimension} points")
    equations = equations_of(F, period)
    if not equations.tape.analytic:
        raise InvalidInput(
            "F",
            F.describe(),
            "a map without kinks or jumps (such as Abs or Max)",
            "write down the smooth map that it is next to the point",
        )
    return equations


def _newton(equations: Equations, start: Array) -> Array:
    """Return where Newton's method leads, shape (p, d); the start where it fails at once."""
    p, d = start.shape
    here, before = start, np.inf
    for _ in range(_STEPS):
        values, slopes = _middles(equations, here)
        system = np.zeros((p, d, p, d))
        for k in range(p):
            system[k, :, k] += slopes[k]
            if p > 1:
                system[k, :, (k + 1) % p] -= np.eye(d)
        matrix = system.reshape(p * d, p * d)
        if not (np.isfinite(values).all() and np.isfinite(matrix).all()):
            break
        try:
            step = np.linalg.solve(matrix, values.ravel()).reshape(p, d)
        except np.linalg.LinAlgError:
            break
        size = float(np.abs(step).max())
        settled = size <= 1e-12 * max(1.0, float(np.abs(here).max()))
        if not np.isfinite(size) or (settled and size >= before):
            break
        here, before = here - step, size
        if size == 0:
            break
    return here


def _middles(equations: Equations, here: Array) -> tuple[Array, Array]:
    """Return the left sides (p, d) and the derivatives (p, d, d) of h, rounded."""
    with np.errstate(all="ignore"):
        low, high, slope_low, slope_high = equations.at(here.T.copy(), here.T.copy())
        values, slopes = 0.5 * (low + high).T, 0.5 * (slope_low + slope_high).transpose(2, 0, 1)
    if equations.period > 1:
        values = values - np.roll(here, -1, axis=0)
    return values, slopes


def _turned(bounds: Array, shift: int) -> Array:
    return np.roll(bounds, -shift, axis=0)


def _defect(equations: Equations, here: Array) -> float:
    largest = float(np.abs(_middles(equations, here)[0]).max())
    return largest if np.isfinite(largest) else np.inf


def _proved_box(
    equations: Equations, here: Array, size: float
) -> tuple[Array, Array, Array, Array] | None:
    """Return the largest box tried that is proved to hold one orbit, and bounds of that orbit."""
    if not np.isfinite(here).all():
        return None
    rooms = size * _ROOMS
    lower, upper = here[..., None] - rooms, here[..., None] + rooms
    tried = attempt(equations, lower, upper)
    if not tried.proved.any():
        return None
    chosen = [int(np.flatnonzero(tried.proved)[0])]
    return (
        lower[..., chosen],
        upper[..., chosen],
        tried.lower[..., chosen],
        tried.upper[..., chosen],
    )


def _evidence(F: Map, gap: float) -> Evidence:
    evidence = Evidence(
        grade=Grade.CERTIFIED,
        reason="interval arithmetic with outward rounding: Krawczyk's test in a box about the "
        f"given point, and the orbit is within {1.05 * gap:.2g} of it",
        sources=_SOURCES,
    )
    return evidence if F.exact else evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON)

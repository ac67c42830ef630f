"""Periodic orbits of a map, exactly."""

from __future__ import annotations

from ..maps.base import Map
from ..regions import Region, positive_count
from .exact.enclosures import checked_region
from .exact.gradient_sets import in_time
from .exact.map_sets import map_orbits
from .exact.time_limit import checked_seconds
from .fixed_points import Exact, checked_method, dispatched
from .orbit_set import OrbitSet

__all__ = ["periodic_orbits"]


def periodic_orbits(
    F: Map,
    region: Region | None = None,
    *,
    period: int,
    method: Exact | None = None,
    seconds: float = 20,
) -> OrbitSet:
    """Return the orbits of least period p of a map.

    Parameters
    ----------
    F : Map
        Polynomial with rational coefficients; in one dimension parameters may stay open as long
        as the factors of F^p(x) - x have degree two at most.
    region : Region, optional
        Keep only orbits that lie in it as a whole (closed, decided exactly).
    period : int
        The least period p, at least 1.
    method : Exact, optional
    seconds : float
        Time limit for the exact algebra; when it is over the answer is "undecided".

    Returns
    -------
    OrbitSet
        With the multipliers of the product of the p Jacobians along each orbit.

    Notes
    -----
    In one dimension F^p(x) - x is factored and the factors of shorter periods are left out. In
    more dimensions the unknown is the whole orbit (x_0, …, x_(p-1)), and some coordinate of x_0
    and x_(p/q) must differ for each prime divisor q of p.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size="11/10")
    >>> for orbit in periodic_orbits(F, Box([-3, -3], [3, 3]), period=2):
    ...     print(orbit.kind, orbit.points.round(6).tolist())
    source [[-1.678744, -1.678744], [1.678744, 1.678744]]
    sink [[-1.116063, -1.116063], [-0.814552, -0.814552]]
    source [[-0.904534, 0.904534], [0.904534, -0.904534]]
    sink [[0.814552, 0.814552], [1.116063, 1.116063]]
    """
    checked_method(F, method)
    p = positive_count(period, "period")
    sizes = [F.dimension] if F.loss is None else [F.loss.dimension, F.dimension]
    where, limit = checked_region(region, sizes), checked_seconds(seconds)
    if p == 1:
        return dispatched(F, f"Fixed points of {F.describe()}", where, limit)
    title = f"Orbits of period {p} of {F.describe()}"
    return in_time(lambda: map_orbits(F, title, where, p, limit), title, where, limit)

"""Periodic orbits of a map, by the way that fits or is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..maps.base import Map
from ..regions import Region
from .choice import chosen
from .fixed_points import asked
from .orbit_set import OrbitSet
from .question import OrbitMethod

__all__ = ["periodic_orbits"]


def periodic_orbits(
    F: Map,
    region: Region | None = None,
    *,
    period: int,
    method: OrbitMethod | None = None,
    seconds: float = 20,
    rng: np.random.Generator | int | None = 0,
    progress: Callable[[int, int], Any] | None = None,
    continued: OrbitSet | None = None,
) -> OrbitSet:
    """Return the orbits of least period p of a map.

    Parameters
    ----------
    F : Map
    region : Region, optional
        Keep only orbits that lie in it as a whole (closed). A certified or a numerical search
        needs a box or a ball.
    period : int
        The least period p, at least 1.
    method, seconds, rng, progress, continued
        As for `fixed_points`.

    Returns
    -------
    OrbitSet
        With the multipliers of the product of the p Jacobians along each orbit.

    Raises
    ------
    InvalidInput
        As for `fixed_points`, and for a period below 1.

    Notes
    -----
    Exact: in one dimension F^p(x) - x is factored and the factors of shorter periods are left
    out; in more dimensions the unknown is the whole orbit (x_0, …, x_(p-1)), and some coordinate
    of x_0 and x_(p/q) must differ for each prime divisor q of p. Certified: the unknown is the
    whole orbit as well (multiple shooting) [1]_.

    References
    ----------
    .. [1] Galias (2001), Interval methods for rigorous investigations of periodic orbits.

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
    question = asked(F, region, period, seconds, rng, progress, continued)
    return chosen(question, method).answer(question)

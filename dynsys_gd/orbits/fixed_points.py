"""Fixed points of a map, by the way that fits or is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.chunks import checked_progress
from ..errors import InvalidInput
from ..maps.base import Map
from ..regions import Region, positive_count
from .choice import chosen
from .exact.enclosures import checked_region
from .exact.time_limit import checked_seconds
from .orbit_set import OrbitSet
from .question import OrbitMethod, OrbitQuestion

__all__ = ["asked", "fixed_points"]


def fixed_points(
    F: Map,
    region: Region | None = None,
    *,
    method: OrbitMethod | None = None,
    seconds: float = 20,
    rng: np.random.Generator | int | None = 0,
    progress: Callable[[int, int], Any] | None = None,
    continued: OrbitSet | None = None,
) -> OrbitSet:
    """Return the fixed points of a map, isolated and in families.

    For a gradient map these are the critical points of its loss, whatever the step size.

    Parameters
    ----------
    F : Map
    region : Region, optional
        Keep only points in it (closed); families are kept whole. A certified or a numerical
        search needs a box or a ball.
    method : OrbitMethod, optional
        `Exact`, `Krawczyk`, `NewtonSearch`, `SchmelcherDiakonos` or `DavidchackLai`. By default
        exact algebra where the map is a small polynomial, a certified search otherwise, and a
        numerical search where the map has no symbolic form.
    seconds : float
        Time limit; what is not decided by then is said to be undecided.
    rng : Generator or int, optional
        For methods that draw starts.
    progress : callable, optional
        Called as ``progress(done, known)``: boxes examined and boxes known so far, or starts.
    continued : OrbitSet, optional
        An unfinished answer to the same question, to go on from.

    Returns
    -------
    OrbitSet
        It knows whether it is complete, and why.

    Raises
    ------
    InvalidInput
        Where `F` is not a map, the region has another dimension, or a method does not apply.

    Notes
    -----
    Exact: the gradient ideal is split by factoring the elements of its Gröbner bases; finite
    pieces are written over number fields, where every sign is decided exactly [1]_. Certified:
    branch and bound with interval Newton contraction; a point counts once Krawczyk's operator maps
    a box around it into its interior [2]_.

    References
    ----------
    .. [1] Gianni, Trager, Zacharias (1988), Gröbner bases and primary decomposition of
       polynomial ideals.
    .. [2] Krawczyk (1969), Newton-Algorithmen zur Bestimmung von Nullstellen mit
       Fehlerschranken.

    Examples
    --------
    >>> from sympy.abc import eta, x, y
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size=eta)
    >>> found = fixed_points(F.at(eta="1/2"), Box([-3, -3], [3, 3]))
    >>> found.complete, found.families[0].stable_part, found.orbits[0].kind
    (True, x**2 + y**2 < 4, <Kind.SADDLE: 'saddle'>)
    """
    question = asked(F, region, 1, seconds, rng, progress, continued)
    return chosen(question, method).answer(question)


def asked(
    F: Map,
    region: Region | None,
    period: int,
    seconds: float,
    rng: np.random.Generator | int | None,
    progress: Callable[[int, int], Any] | None,
    continued: OrbitSet | None,
) -> OrbitQuestion:
    """Return the question with every argument checked."""
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss use critical_points(loss)")
    sizes = [F.dimension] if F.loss is None else [F.loss.dimension, F.dimension]
    if continued is not None and not isinstance(continued, OrbitSet):
        raise InvalidInput("continued", continued, "an OrbitSet, or None")
    checked_progress(progress)
    return OrbitQuestion(
        F=F,
        period=positive_count(period, "period"),
        region=checked_region(region, sizes),
        seconds=checked_seconds(seconds),
        rng=rng,
        progress=progress,
        continued=continued,
    )

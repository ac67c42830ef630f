"""The stable curve of a saddle in the plane, whether or not the map has an inverse."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...regions import Box
from ..periodic_orbit import PeriodicOrbit
from .components import components
from .following import Followed, follow
from .growing import Growth, checked_growth
from .invariant_curve import CurveSide, InvariantCurve
from .local_curve import local_curve
from .preimages import Chain, Chains
from .saddle import Saddle, checked_saddle

__all__ = ["stable_manifold"]

Rows = NDArray[np.float64]

_SOURCES = ("cabre2005parameterization", "england2004computing", "krauskopf1998growing")
_DEEPEST = 6


def stable_manifold(
    F: Map,
    orbit: PeriodicOrbit | Any,
    region: Box,
    *,
    length: float = 100.0,
    tolerance: float = 1e-4,
    depth: int = 0,
    most_points: int = 20_000,
) -> InvariantCurve:
    """Return the stable curve of a saddle in the plane: the points whose orbits tend to it.

    Parameters
    ----------
    F : Map
        In two coordinates; it need not be invertible.
    orbit : PeriodicOrbit or array_like, shape (p, 2) or (2,)
        A saddle, refined by Newton's method.
    region : Box
        A branch ends where it first leaves it.
    length : float
        Largest length of each branch, positive.
    tolerance : float
        Distance between straight pieces and the curve that is aimed at, positive; the `error` of
        the result says what was reached.
    depth : int
        0 for the branches through the saddle; k for what maps onto them within k steps as well,
        as far as it meets the region, up to 6. Found by a search from a grid of starts: nothing
        says that none is missed.
    most_points : int
        On a branch.

    Returns
    -------
    InvariantCurve
        Two branches for each point of the orbit, then the further preimages.

    Raises
    ------
    InvalidInput
        Where `orbit` is no saddle orbit of F, its multiplier inside the unit circle is zero, or
        the state has not two coordinates, and for open parameters.
    UndecidedError
        Where no local curve is found: the map is not smooth at the saddle.

    Notes
    -----
    Near the saddle the curve is a polynomial K with F^p(K(s)) = K(λ s), accurate to rounding errors
    [1]_. A point z belongs to the set where F^n(z) = K(s) for some n and some |s| <= 1. The chain
    z, F(z), …, F^n(z) is solved for at once by Newton's method, with z a given step along the set;
    so neither an inverse of the map nor interpolation between computed points is needed, and folds
    of the map are passed: there s turns back [2]_. Steps obey the bounds on angle and on length
    times angle of [3]_.

    Where the map is not invertible the stable set has further pieces, which do not touch the
    saddle. The piece through the saddle is what is returned for ``depth=0``.

    Every point is verified by its own chain: it is the orbit of z up to the last correction of
    Newton's method, and ends on K. Errors across the curve are magnified by plain forward
    iteration and therefore shrink in z. What is reported is measured: how far middles of pieces lie
    from the chords, and the last correction.

    References
    ----------
    .. [1] Cabré, Fontich, de la Llave [cabre2005parameterization]_.
    .. [2] England, Krauskopf, Osinga [england2004computing]_.
    .. [3] Krauskopf, Osinga [krauskopf1998growing]_.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size="1/2")
    >>> curve = stable_manifold(F, [0, 0], Box([-3, -3], [3, 3]))
    >>> bool(abs(curve.branches[0].sum(axis=1)).max() < 1e-12)  # x + y = 0
    True
    >>> curve.branches[0][-1].round(3).tolist()  # up to a cycle of period two
    [1.732, -1.732]
    """
    saddle = checked_saddle(F, orbit, CurveSide.STABLE)
    growth = checked_growth(2, length, tolerance, region, most_points, needs_region=True)
    whole = isinstance(depth, (int, np.integer)) and not isinstance(depth, bool)
    if not whole or not 0 <= depth <= _DEEPEST:
        raise InvalidInput("depth", depth, f"a whole number from 0 to {_DEEPEST}")
    outside = saddle.cycle.points[~region.contains(saddle.cycle.points)]
    if len(outside):
        raise InvalidInput("region", region.describe(), f"a Box with {outside[0].tolist()} in it")
    local = local_curve(saddle, growth.tolerance)
    equations = Chains(saddle.cycle.kernel, local, saddle.cycle.period)
    branches = [
        _branch(saddle, equations, place, sign, growth)
        for place in range(saddle.cycle.period)
        for sign in (1.0, -1.0)
    ]
    primary = len(branches)
    branches += components(equations, branches, growth, int(depth))
    errors = [max(branch.moved, branch.deviation(equations)) for branch in branches]
    error = max([local.error, *errors])
    return InvariantCurve(
        map=F,
        orbit=saddle.cycle.points,
        which=CurveSide.STABLE,
        multiplier=saddle.multiplier,
        branches=tuple(branch.rows for branch in branches),
        ends=tuple(branch.end for branch in branches),
        error=error,
        local_error=local.error,
        tolerance=growth.tolerance,
        region=region,
        primary=primary,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason="chains of images in floating point onto a polynomial that solves the equation "
            f"of the curve to {local.error:.1g}; distances to the curve were measured on a sample",
            sources=_SOURCES,
        ),
    )


def _branch(
    saddle: Saddle,
    equations: Chains,
    place: int,
    sign: float,
    growth: Growth,
) -> Followed:
    """Follow one half of the curve through one point of the orbit."""
    start = Chain(saddle.cycle.points[place:], 0.0, 0.0)
    return follow(equations, start, sign * saddle.directions[place], growth)

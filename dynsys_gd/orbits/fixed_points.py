"""Fixed points of a map, exactly."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InvalidInput
from ..maps.base import Map
from ..maps.gradient_map import GradientMap
from ..regions import Region
from .exact.enclosures import checked_region
from .exact.gradient_sets import gradient_fixed_points, in_time, undecided
from .exact.map_sets import map_orbits
from .exact.time_limit import checked_seconds
from .orbit_set import OrbitSet

__all__ = ["Exact", "checked_method", "dispatched", "fixed_points"]


@dataclass(frozen=True)
class Exact:
    """Find invariant sets by exact algebra: Gröbner bases, factorisation, real root isolation.

    Examples
    --------
    >>> from sympy.abc import r, x
    >>> from dynsys_gd import SymbolicMap
    >>> len(fixed_points(SymbolicMap([r * x * (1 - x)], [x]), method=Exact()))
    2
    """


def fixed_points(
    F: Map,
    region: Region | None = None,
    *,
    method: Exact | None = None,
    seconds: float = 20,
) -> OrbitSet:
    """Return the fixed points of a map, isolated and in families.

    For a gradient map these are the critical points of its loss, whatever the step size.

    Parameters
    ----------
    F : Map
        Polynomial with rational coefficients for a complete answer; parameters may stay open as
        far as each method says.
    region : Region, optional
        Keep only points in it (closed, decided exactly); families are kept whole.
    method : Exact, optional
    seconds : float
        Time limit for the exact algebra; when it is over the answer is "undecided".

    Returns
    -------
    OrbitSet

    Notes
    -----
    The gradient ideal is split by factoring the elements of its Gröbner bases; finite pieces are
    written over number fields, where every sign is decided exactly [1]_.

    References
    ----------
    .. [1] Gianni, Trager, Zacharias (1988), Gröbner bases and primary decomposition of
       polynomial ideals.

    Examples
    --------
    >>> from sympy.abc import eta, x, y
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size=eta)
    >>> found = fixed_points(F.at(eta="1/2"), Box([-3, -3], [3, 3]))
    >>> found.complete, found.families[0].stable_part, found.orbits[0].kind
    (True, x**2 + y**2 < 4, <Kind.SADDLE: 'saddle'>)
    """
    checked_method(F, method)
    sizes = [F.dimension] if F.loss is None else [F.loss.dimension, F.dimension]
    title = f"Fixed points of {F.describe()}"
    return dispatched(F, title, checked_region(region, sizes), checked_seconds(seconds))


def checked_method(F: Map, method: Exact | None) -> None:
    """Refuse what is not a map or not a method."""
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss use critical_points(loss)")
    if method is not None and not isinstance(method, Exact):
        raise InvalidInput("method", method, "Exact()")


def dispatched(F: Map, title: str, region: Region | None, seconds: float) -> OrbitSet:
    """Return the fixed points by the way that fits the map."""
    if isinstance(F, GradientMap):
        form = F.loss.symbolic
        if form is None:
            reason = "the loss has no symbolic form; simulate many starts to find the stable ones"
            return undecided(title, reason, region)
        bound = form.bound
        if not F.loss.parameters and bound.is_polynomial(*form.variables):
            return in_time(
                lambda: gradient_fixed_points(F, bound, title, region, seconds),
                title,
                region,
                seconds,
            )
    return in_time(lambda: map_orbits(F, title, region, 1, seconds), title, region, seconds)

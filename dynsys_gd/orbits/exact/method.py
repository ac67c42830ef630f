"""The exact method: which algebra answers which question."""

from __future__ import annotations

from dataclasses import dataclass

from ...maps.gradient_map import GradientMap
from ..orbit_set import OrbitSet
from ..question import OrbitMethod, OrbitQuestion
from .gradient_sets import gradient_fixed_points, in_time
from .map_sets import map_orbits

__all__ = ["Exact"]


@dataclass(frozen=True)
class Exact(OrbitMethod):
    """Find invariant sets by exact algebra: Gröbner bases, factorisation, real root isolation.

    Complete where the map is polynomial with rational coefficients; parameters may stay open in
    one dimension, as long as the factors of F^p(x) - x have degree two at most.

    Examples
    --------
    >>> from sympy.abc import r, x
    >>> from dynsys_gd import Exact, SymbolicMap, fixed_points
    >>> len(fixed_points(SymbolicMap([r * x * (1 - x)], [x]), method=Exact()))
    2
    """

    def answer(self, question: OrbitQuestion) -> OrbitSet:
        F, title, region = question.F, question.title, question.region
        seconds, period = question.seconds, question.period
        if period == 1 and isinstance(F, GradientMap):
            form = F.loss.symbolic
            polynomial = form is not None and form.bound.is_polynomial(*form.variables)
            if form is not None and polynomial and not F.loss.parameters:
                return in_time(
                    lambda: gradient_fixed_points(F, form.bound, title, region, seconds),
                    title,
                    region,
                    seconds,
                )
        return in_time(
            lambda: map_orbits(F, title, region, period, seconds), title, region, seconds
        )

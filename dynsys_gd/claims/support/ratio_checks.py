"""Hypotheses about ηλ, the step size in units of the inverse sharpness of a minimum, certified."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp

from ...evidence import Grade, Outcome
from ...losses.base import AbstractLoss
from ...losses.symbolic import Loss
from ...maps.gradient_descent import GradientDescent
from ...orbits.certified.krawczyk import Krawczyk
from ...orbits.fixed_points import fixed_points
from ...orbits.periodic_orbit import PeriodicOrbit
from ...regions import Box, Region
from ..claim import Hypothesis, Instance
from ..declare import condition, yes_if
from .margin_checks import terms_of
from .overlapping import is_crossed_steeply, is_pulled_strongly
from .separation import MarginTerms

__all__ = [
    "CROSSED_STEEPLY",
    "PULLED_STRONGLY",
    "descent_at_ratio",
    "nearest_ratio",
    "ratio_between",
    "ratio_bounds",
    "sharpness_bounds",
]

Bounds = tuple[sp.Rational, sp.Rational]


def sharpness_bounds(loss: AbstractLoss | None, region: Region) -> Bounds | None:
    """Return certified bounds of λ at the only critical point in a box; None where that fails.

    Parameters
    ----------
    loss : AbstractLoss or None
    region : Region

    Examples
    --------
    >>> from sympy.abc import x
    >>> sharpness_bounds(Loss(x**2, [x]), Box([-1], [1]))
    (2, 2)
    """
    if not isinstance(loss, Loss) or not isinstance(region, Box):
        return None
    found = fixed_points(GradientDescent(loss, 1), region, method=Krawczyk())
    points = [each for each in found if isinstance(each, PeriodicOrbit)]
    if not found.complete or len(points) != 1 or points[0].eigenvalue_bounds is None:
        return None
    low, high = points[0].eigenvalue_bounds[-1]
    return sp.Rational(float(low)), sp.Rational(float(high))


def ratio_bounds(instance: Instance) -> Bounds | None:
    """Return certified bounds of ηλ, None where they are not found."""
    F = instance.F
    bounds = sharpness_bounds(F.loss, instance.region)
    if bounds is None or not isinstance(F, GradientDescent) or not F.step_size.is_Rational:
        return None
    return F.step_size * bounds[0], F.step_size * bounds[1]


def descent_at_ratio(loss: Loss, ratio: Any, region: Region, *, digits: int) -> GradientDescent:
    """Return gradient descent with ηλ as close to a ratio as decimals of η allow.

    Where the region has not one minimum η is the ratio itself.

    Examples
    --------
    >>> from sympy.abc import x
    >>> descent_at_ratio(Loss(x**2, [x]), "1/3", Box([-1], [1]), digits=4).step_size
    1667/10000
    """
    bounds, unit = sharpness_bounds(loss, region), sp.Integer(10) ** digits
    step = sp.Rational(ratio) / (1 if bounds is None else bounds[1])
    return GradientDescent(loss, round(step * unit) / unit)


def nearest_ratio(instance: Instance, known: Iterable[str], *, within: float) -> str:
    """Return which of some ratios ηλ is, as text; its digits where it is none of them."""
    bounds = ratio_bounds(instance)
    if bounds is None:
        return "unknown"
    close = (key for key in known if abs(bounds[0] - sp.Rational(key)) <= within)
    return next(close, f"{float(bounds[0]):.6g}")


def ratio_between(low: int, high: int) -> Hypothesis:
    """Return the hypothesis low < ηλ < high; it does not hold where there is no minimum."""

    def holds(instance: Instance) -> tuple[Outcome, str]:
        bounds = ratio_bounds(instance)
        if bounds is None:
            return Outcome.NO, "not one minimum in the region"
        told = f"ηλ in [{float(bounds[0]):.12g}, {float(bounds[1]):.12g}]"
        if low < bounds[0] and bounds[1] < high:
            return Outcome.YES, told
        outside = bounds[1] < low or bounds[0] > high
        return Outcome.NO if outside else Outcome.UNDECIDED, told

    return condition(
        "step size",
        f"{low} < ηλ < {high}, with η the step size and λ the sharpness of the minimum",
        holds,
        grade=Grade.CERTIFIED,
        reason="Krawczyk's test, and the Hessian in interval arithmetic",
    )


def _constructed(
    name: str, statement: str, fits: Callable[[MarginTerms, sp.Rational], bool]
) -> Hypothesis:
    def holds(instance: Instance) -> tuple[Outcome, str]:
        terms, ratio = terms_of(instance), ratio_bounds(instance)
        if terms is None or ratio is None:
            return Outcome.NO, "other data, or not one minimum in the region"
        low, high = (fits(terms, each) for each in ratio)
        return (yes_if(low) if low is high else Outcome.UNDECIDED), ""

    return condition(
        name, statement, holds, grade=Grade.CERTIFIED, reason="by its form, with ηλ enclosed"
    )


PULLED_STRONGLY = _constructed(
    "strong pull",
    "far samples pull clearly more than is needed for a cycle, from far enough away",
    is_pulled_strongly,
)
CROSSED_STEEPLY = _constructed(
    "steep lines",
    "far samples, far enough away, lie on lines of slopes ±r with r² clearly above (2 - ηλ)/ηλ",
    is_crossed_steeply,
)

"""Losses ½(1 - (xy)^m)² about their minimum of sharpness 2/η: where starts and orbits are."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..evidence import Grade, Outcome
from ..losses.symbolic import Loss
from ..maps.base import Map
from ..maps.gradient_descent import GradientDescent
from ..maps.restriction import restricted
from ..maps.symbolic_map import SymbolicMap
from ..regions import Box
from .claim import Hypothesis, Instance
from .declare import condition, yes_if
from .product_profile import P, product_profile

__all__ = [
    "BEYOND",
    "FOUR_SCALARS",
    "corners",
    "edge_x",
    "near_minima",
    "offsets",
    "plane_map",
    "scalar_product",
    "starts_box",
]

Rows = NDArray[np.float64]
Pair = tuple[float, float]


def scalar_product(scalars: int, step: str) -> GradientDescent:
    """Return gradient descent on ½(1 - xy)² for 2 scalars, on ½(1 - xyzw)² for 4.

    Examples
    --------
    >>> scalar_product(4, "1/5").describe()
    'gradient descent on (-w*x*y*z + 1)**2/2, step size 1/5'
    """
    variables = sp.symbols("x y z w")[:scalars]
    return GradientDescent(Loss((1 - sp.Mul(*variables)) ** 2 / 2, variables), step)


def plane_map(F: Map) -> SymbolicMap:
    """Return the map of (x, y) on the plane z = x, w = y; its invariance is proved."""
    copies = F.dimension // 2
    return restricted(F, [[1, 0] * copies, [0, 1] * copies])


def edge_width(scalars: int, step: float) -> float:
    """Return √(x² - y²) at the minimum of sharpness 2/η, which is scalars/2 (x² + y²)."""
    return float(((4 / (step * scalars)) ** 2 - 4) ** 0.25)


def edge_x(scalars: int, step: float) -> float:
    """Return x at the minimum (x, 1/x, …) of sharpness 2/η with x > 1.

    Examples
    --------
    >>> x = edge_x(4, 1 / 5)
    >>> round(2 * (x**2 + x**-2), 12)
    10.0
    """
    half = edge_width(scalars, step) ** 2 / 2
    return sqrt(half + sqrt(half**2 + 1))


def offsets(instance: Instance, points: Rows) -> tuple[Rows, Rows]:
    """Return a = √(x² - y²) less its value at that minimum, and b = xy - 1, of points (x, y)."""
    width = edge_width(instance.loss.dimension, float(instance.step_size))
    with np.errstate(all="ignore"):  # of points that escape
        a = np.sqrt(points[..., 0] ** 2 - points[..., 1] ** 2) - width
        return a, points.prod(axis=-1) - 1


def starts_box(scalars: int, step: str, low: Pair, high: Pair) -> Box:
    """Return the box of starts (x, y, …) whose corners are in units of that minimum."""
    edge, copies = edge_x(scalars, float(Fraction(step))), scalars // 2
    return Box((low[0] * edge, low[1] / edge) * copies, (high[0] * edge, high[1] / edge) * copies)


def corners(instance: Instance) -> tuple[Pair, Pair]:
    """Return the corners of the starts (x, y), with which z = x and w = y begin."""
    region = instance.region
    assert isinstance(region, Box)
    (x_low, y_low), (x_high, y_high) = region.low[:2], region.high[:2]
    return (x_low, y_low), (x_high, y_high)


def _is_model(instance: Instance) -> tuple[Outcome, str]:
    profile = product_profile(instance.loss)
    alike = profile is not None and sp.expand(profile - (1 - P) ** 2 / 2) == 0
    return yes_if(alike and instance.loss.dimension == 4), f"{instance.loss.dimension} scalars"


def _is_beyond(instance: Instance) -> tuple[Outcome, str]:
    (x, _), (_, y) = corners(instance)
    imbalance = Fraction(x) ** 2 - Fraction(y) ** 2
    limit = Fraction(str(4 / (instance.step_size * instance.loss.dimension))) ** 2 - 4
    detail = f"x² - y² ≥ {float(imbalance):.6g}, at the edge {sqrt(limit):.6g}"
    return yes_if(imbalance > 0 and imbalance**2 > limit), detail


def near_minima(most: str) -> Hypothesis:
    """Return the condition that |xy - 1| ≤ `most`, a fraction, at every start."""

    def holds(instance: Instance) -> tuple[Outcome, str]:
        low, high = (Fraction(x) * Fraction(y) - 1 for x, y in corners(instance))
        detail = f"xy - 1 from {float(low):.3g} to {float(high):.3g}"
        return yes_if(max(abs(low), abs(high)) <= Fraction(most)), detail

    return condition(
        "near the minima",
        f"|xy - 1| ≤ {most} at every start",
        holds,
        grade=Grade.PROVED,
        reason="exact at the corners of the box of starts",
    )


FOUR_SCALARS = condition(
    "four scalars",
    "the loss is ½(1 - xyzw)²",
    _is_model,
    grade=Grade.PROVED,
    reason="by its form",
)
BEYOND = condition(
    "beyond the edge minimum",
    "x² - y² exceeds its value at the minimum of sharpness 2/η at every start",
    _is_beyond,
    grade=Grade.PROVED,
    reason="exact at the corners of the box of starts",
)

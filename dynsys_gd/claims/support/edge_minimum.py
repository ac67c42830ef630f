"""Losses ½(1 - (xy)^m)² about their minimum of sharpness 2/η: where starts and orbits are."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Grade, Outcome
from ...losses.symbolic import Loss
from ...maps.base import Map
from ...maps.gradient_descent import GradientDescent
from ...maps.restriction import restricted
from ...maps.symbolic_map import SymbolicMap
from ...regions import Box
from ..claim import Case, Hypothesis, Instance
from ..declare import condition, yes_if
from .product_profile import P, product_profile

__all__ = [
    "FOUR_SCALARS",
    "beyond",
    "corners",
    "edge_x",
    "follows_parabola",
    "near_minima",
    "offsets",
    "plane_map",
    "scalar_product",
    "starts_box",
    "starts_case",
    "starts_in",
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


def follows_parabola(
    a: Rows, b: Rows, step: float, *, top: float, within: float
) -> tuple[float, Outcome]:
    """Return the largest |b² - ½aκ - κ⁴/16|/b² of the last fall of b² to κ⁴ = η², and a verdict.

    b² stands for its mean over two steps; the fall begins at `top`, or at half the height that the
    parabola has at the start. An orbit that never was so high, or is not down yet, leaves it open.
    """
    with np.errstate(all="ignore"):  # of points that escape
        squares = (b[1:] ** 2 + b[:-1] ** 2) / 2
        away = np.abs(squares - sqrt(step) * a[:-1] / 2 - step**2 / 16) / squares
        above = np.flatnonzero(~(squares < min(top, a[0] * sqrt(step) / 4)))
    if not np.isfinite(b[-1]):
        return np.inf, Outcome.NO
    last = above[-1] + 1 if len(above) else len(squares)
    fall = away[last:][squares[last:] > step**2]
    if not len(fall):
        return 0.0, Outcome.UNDECIDED
    return float(fall.max()), yes_if(bool((fall <= within).all()))


def starts_box(scalars: int, step: str, low: Pair, high: Pair) -> Box:
    """Return the box of starts (x, y, …) whose corners are in units of that minimum."""
    edge, copies = edge_x(scalars, float(Fraction(step))), scalars // 2
    return Box((low[0] * edge, low[1] / edge) * copies, (high[0] * edge, high[1] / edge) * copies)


def corners(instance: Instance) -> tuple[Pair, Pair]:
    """Return the corners of the starts (x, y), with which z = x and w = y begin."""
    region = instance.region
    if not isinstance(region, Box) or min(region.low) <= 0:
        raise InvalidInput("region", region.describe(), "a box of positive numbers")
    (x_low, y_low), (x_high, y_high) = region.low[:2], region.high[:2]
    return (x_low, y_low), (x_high, y_high)


def _is_model(instance: Instance) -> tuple[Outcome, str]:
    profile = product_profile(instance.loss)
    alike = profile is not None and sp.expand(profile - (1 - P) ** 2 / 2) == 0
    alike = alike and isinstance(instance.F, GradientDescent)
    return yes_if(alike and instance.loss.dimension == 4), f"{instance.loss.dimension} scalars"


def _has_corners(instance: Instance) -> bool:
    region = instance.region
    return isinstance(region, Box) and region.dimension in (2, 4) and min(region.low) > 0


def beyond(most: str) -> Hypothesis:
    """Return the condition that x² - y² is 1 to `most` times its value at the edge minimum.

    Both ends are for every start in a box of positive numbers; the first is not included.
    """

    def holds(instance: Instance) -> tuple[Outcome, str]:
        limit = (4 / (sp.sympify(instance.step_size) * instance.loss.dimension)) ** 2 - 4
        if not _has_corners(instance) or not limit.is_number:
            return Outcome.UNDECIDED, "the starts are no box of positive numbers"
        if limit <= 0:
            return Outcome.NO, "no minimum has sharpness 2/η and x > y"
        (x_low, y_low), (x_high, y_high) = (map(sp.Rational, c) for c in corners(instance))
        least, largest = x_low**2 - y_high**2, x_high**2 - y_low**2
        inside = least > 0 and least**2 > limit and largest**2 <= sp.Rational(most) ** 2 * limit
        edge = sqrt(limit)
        detail = f"x² - y² from {float(least / edge):.4g} to {float(largest / edge):.4g} times it"
        return yes_if(bool(inside)), detail

    return condition(
        "beyond the edge minimum",
        f"x² - y² is more than at the minimum of sharpness 2/η, and at most {most} times that, at "
        "every start",
        holds,
        grade=Grade.PROVED,
        reason="exact at the corners of the box of starts",
    )


def near_minima(most: str) -> Hypothesis:
    """Return the condition that |xy - 1| ≤ `most`, a fraction, at every start."""

    def holds(instance: Instance) -> tuple[Outcome, str]:
        if not _has_corners(instance):
            return Outcome.UNDECIDED, "the starts are no box of positive numbers"
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


def starts_case(scalars: int, step: str, box: tuple[Pair, Pair], why: str = "") -> Case:
    """Return the case of starts in a box whose corners are in units of the edge minimum."""
    return Case(
        title=f"{scalars} scalars at step size {step}, starts {box[0]} to {box[1]} times the edge",
        F=scalar_product(scalars, step),
        region=starts_box(scalars, step, *box),
        why=why,
    )


def starts_in(step: str, low: Pair, high: Pair) -> Hypothesis:
    """Return the condition that the step size and the box of starts (x, y, x, y) are these."""

    def check(instance: Instance) -> tuple[Outcome, str]:
        alike = instance.region == Box(low * 2, high * 2)
        return yes_if(alike and bool(instance.step_size == sp.Rational(step))), ""

    statement = f"the step size is {step}, and starts (x, y, x, y) lie in the box {low} to {high}"
    return condition("that box", statement, check, grade=Grade.PROVED, reason="by comparison")


FOUR_SCALARS = condition(
    "four scalars",
    "the map is gradient descent on ½(1 - xyzw)²",
    _is_model,
    grade=Grade.PROVED,
    reason="by its form",
)

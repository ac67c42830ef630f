"""On which side of the edge of stability does a box of starts (x, y) of a loss ℓ(xy) lie?"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from ...evidence import Grade, Outcome
from ...regions import Box
from ..claim import Hypothesis, Instance
from ..declare import condition, yes_if
from .product_profile import P, product_profile

__all__ = ["EDGE_REGIME", "FLOW_REGIME", "goes_too_far", "squares"]

Ends = tuple[Fraction, Fraction]


def squares(low: float, high: float) -> Ends:
    """Return the least and the largest square of a number from `low` to `high`, exactly.

    Examples
    --------
    >>> squares(-0.5, 2.0)
    (Fraction(0, 1), Fraction(4, 1))
    """
    least, most = sorted((Fraction(low) ** 2, Fraction(high) ** 2))
    return (Fraction(0) if low < 0 < high else least), most


def _regime(
    name: str, statement: str, holds: Callable[[Ends, Ends, sp.Expr], tuple[bool, str]]
) -> Hypothesis:
    """Return a condition on the ends of x² and y² over the box of starts, and on 2/η."""

    def check(instance: Instance) -> tuple[Outcome, str]:
        region = instance.region
        if not isinstance(region, Box) or region.dimension != 2:
            return Outcome.UNDECIDED, "the starts are no box in the plane"
        x, y = (squares(*ends) for ends in zip(region.low, region.high, strict=True))
        limit = 2 / sp.sympify(instance.step_size)
        if not limit.is_number:
            return Outcome.UNDECIDED, "the step size is open"
        met, detail = holds(x, y, limit)
        return yes_if(met), f"{detail}, 2/η = {limit}"

    reason = "exact at the corners of the box of starts"
    return condition(name, statement, check, grade=Grade.PROVED, reason=reason)


def _is_beyond(x: Ends, y: Ends, limit: sp.Expr) -> tuple[bool, str]:
    least = y[0] - x[1]
    return bool(sp.Rational(least) > limit), f"y² - x² at least {float(least):.6g}"


def _is_within(x: Ends, y: Ends, limit: sp.Expr) -> tuple[bool, str]:
    least, most = y[0] - x[1], x[1] + y[1]
    told = f"y² - x² at least {float(least):.6g}, x² + y² at most {float(most):.6g}"
    return least > 0 and bool(sp.Rational(most) < limit), told


EDGE_REGIME = _regime("edge regime", "y² - x² > 2/η at every start", _is_beyond)
FLOW_REGIME = _regime(
    "gradient flow regime", "y² > x² and x² + y² < 2/η at every start", _is_within
)


def goes_too_far(start: tuple[Fraction, Fraction]) -> Hypothesis:
    """Return the condition that a step from (x, y) takes xy - 1 farther from 0, and h < 1."""

    def check(instance: Instance) -> tuple[Outcome, str]:
        profile = product_profile(instance.loss) if instance.loss.dimension == 2 else None
        if profile is None:
            return Outcome.UNDECIDED, "not seen to be a function of the product"
        if not sp.sympify(instance.step_size).is_number:
            return Outcome.UNDECIDED, "the step size is open"
        x, y = map(sp.Rational, start)
        pull = instance.step_size * sp.diff(profile, P).subs(P, x * y)
        after = (x - pull * y) * (y - pull * x) - 1
        farther = sp.Abs(after) > sp.Abs(x * y - 1)
        detail = f"xy - 1 from {float(x * y - 1):.4g} to {float(after):.4g}"
        return yes_if(bool(farther) and bool(instance.step_size < 1)), detail

    return condition(
        "beyond the edge",
        "the first step takes xy - 1 farther from 0, as with h (x² + y²) > 2 near 0, and h < 1",
        check,
        grade=Grade.PROVED,
        reason="exact arithmetic",
    )

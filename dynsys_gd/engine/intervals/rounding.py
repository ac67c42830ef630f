"""How a rounded result becomes a bound: predecessor and successor by arithmetic alone.

For c = fl(a ∘ b) with ∘ one of + - * / and sqrt, rounded to nearest, the exact result lies
between the neighbours of c. Rump, Zimmermann, Boldo and Melquiond [rump2009computing] show for
every finite c and e = fl(PHI |c| + ETA), PHI = u(1 + 2u), u = 2^-53, ETA = 2^-1074::

    fl(c - e) <= pred(c)        fl(c + e) >= succ(c)

with equality unless c is close to the subnormal range. No rounding mode is changed, nothing is
contracted, and compilers have no reason to reorder it.

What every bound obeys, so that operations never meet inf - inf and NaN never arises:

* a lower bound is never NaN nor +inf: where c overflowed to +inf, the exact result still lies
  above the largest double, which is the bound then;
* an upper bound is never NaN nor -inf, by symmetry;
* what is undefined somewhere in the box is [-inf, inf].

Zero is special: a sum that rounds to zero is zero, and a product of numbers of one sign is not
negative however deep it underflows. Keeping these zeros keeps signs, and keeps the arithmetic
away from subnormal numbers, which processors compute a hundred times more slowly.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ..machine.writer import Function
from .enclosing import LARGEST

__all__ = [
    "ETA",
    "PHI",
    "Condition",
    "Interval",
    "above",
    "at_least_zero",
    "at_most_zero",
    "below",
    "greatest",
    "least",
    "whole_line",
]

PHI = 2.0**-53 * (1 + 2.0**-52)
ETA = 2.0**-1074


class Interval(NamedTuple):
    """Two values on lanes.

    Parameters
    ----------
    lower, upper : str
    point : float, optional
        The number itself, where both bounds are one and known beforehand.
    undefined : str, optional
        A mask of the lanes whose box has a point where this value, or one that it is made of, is
        not defined; such a lane ends as the whole line even where sin or sign would bound it.
    """

    lower: str
    upper: str
    point: float | None = None
    undefined: str | None = None


class Condition(NamedTuple):
    """A comparison: the lanes where it holds on the whole box, and where it may hold."""

    surely: str
    possibly: str
    undefined: str | None = None


def least(f: Function, a: str, b: str) -> str:
    """Return the smaller one, and `b` where `a` is NaN: one instruction on most processors."""
    return f.select(f.compare("olt", a, b), a, b)


def greatest(f: Function, a: str, b: str) -> str:
    """Return the larger one, and `b` where `a` is NaN."""
    return f.select(f.compare("ogt", a, b), a, b)


def below(f: Function, c: str, *, zero_is_exact: bool = False) -> str:
    """Return a lower bound of what was rounded to c: pred(c), or a hair less."""
    moved = f.sub(c, _distance(f, c))
    if zero_is_exact:
        moved = f.select(f.compare("oeq", c, f.number(0.0)), c, moved)
    return least(f, moved, f.number(LARGEST))


def above(f: Function, c: str, *, zero_is_exact: bool = False) -> str:
    """Return an upper bound of what was rounded to c: succ(c), or a hair more."""
    moved = f.add(c, _distance(f, c))
    if zero_is_exact:
        moved = f.select(f.compare("oeq", c, f.number(0.0)), c, moved)
    return greatest(f, moved, f.number(-LARGEST))


def at_least_zero(f: Function, bound: str, where: str | None = None) -> str:
    """Return a lower bound raised to zero (in the lanes of a mask, where one is given)."""
    raised = greatest(f, bound, f.number(0.0))
    return raised if where is None else f.select(where, raised, bound)


def at_most_zero(f: Function, bound: str, where: str | None = None) -> str:
    """Return an upper bound lowered to zero (in the lanes of a mask, where one is given)."""
    lowered = least(f, bound, f.number(0.0))
    return lowered if where is None else f.select(where, lowered, bound)


def whole_line(f: Function, where: str, interval: Interval) -> Interval:
    """Return the interval, and [-inf, inf] in the lanes of the mask, which become undefined."""
    return Interval(
        f.select(where, f.number(-math.inf), interval.lower),
        f.select(where, f.number(math.inf), interval.upper),
        undefined=where,
    )


def _distance(f: Function, c: str) -> str:
    return f.add(f.mul(f.number(PHI), f.intrinsic("fabs", c)), f.number(ETA))

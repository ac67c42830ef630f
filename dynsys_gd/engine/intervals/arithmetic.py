"""Interval operations that need no polynomial: field operations, powers, roots, comparisons.

Each function takes intervals that obey the rules of `rounding` and returns one that does. An
interval [a, b] stands for the real numbers in it; infinite bounds are never attained, so that
0 times an unbounded interval is 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..machine.writer import Function
from .enclosing import LARGEST
from .rounding import (
    ETA,
    PHI,
    Condition,
    Interval,
    above,
    at_least_zero,
    at_most_zero,
    below,
    greatest,
    least,
    whole_line,
)

__all__ = [
    "absolute",
    "add",
    "constant",
    "divide",
    "equal",
    "from_bounds",
    "hull",
    "larger",
    "less",
    "less_equal",
    "multiply",
    "negate",
    "power",
    "root",
    "select",
    "sign",
    "smaller",
    "square",
    "step",
]


def from_bounds(f: Function, lower: str, upper: str) -> Interval:
    """Return the interval between two doubles of any kind.

    Bounds that are NaN or in the wrong order enclose nothing that is known: the whole line.
    """
    known = f.compare("ole", lower, upper)
    return Interval(
        f.select(known, least(f, lower, f.number(LARGEST)), f.number(-math.inf)),
        f.select(known, greatest(f, upper, f.number(-LARGEST)), f.number(math.inf)),
    )


def constant(f: Function, lower: float, upper: float) -> Interval:
    """Return the same bounds in every lane."""
    point = lower if lower == upper else None
    return Interval(f.number(lower), f.number(upper), point)


def negate(f: Function, a: Interval) -> Interval:
    point = None if a.point is None else -a.point
    return Interval(f.neg(a.upper), f.neg(a.lower), point)


def add(f: Function, a: Interval, b: Interval) -> Interval:
    return Interval(
        below(f, f.add(a.lower, b.lower), zero_is_exact=True),
        above(f, f.add(a.upper, b.upper), zero_is_exact=True),
    )


def multiply(f: Function, a: Interval, b: Interval) -> Interval:
    """Return the hull of the four products of bounds.

    A product 0 * inf is NaN and stands for 0. It may be left out of the hull, because a bound 0
    times the other bound of the unbounded factor gives 0 as well, or else both factors are
    [0, 0] and [-inf, inf], or the hull is the whole line: so only the first product is mended,
    and `least` and `greatest` pass over NaN in the others.
    """
    for one, other in ((a, b), (b, a)):
        if one.point is not None:
            return _scale(f, other, one.point)
    first = f.mul(a.lower, b.lower)
    first = f.select(f.compare("uno", first, first), f.number(0.0), first)
    lower = upper = first
    for x, y in ((a.lower, b.upper), (a.upper, b.lower), (a.upper, b.upper)):
        product = f.mul(x, y)
        lower, upper = least(f, product, lower), greatest(f, product, upper)
    zero = f.number(0.0)
    a_above, b_above = f.compare("oge", a.lower, zero), f.compare("oge", b.lower, zero)
    a_below, b_below = f.compare("ole", a.upper, zero), f.compare("ole", b.upper, zero)
    same = f.either(f.both(a_above, b_above), f.both(a_below, b_below))
    opposite = f.either(f.both(a_above, b_below), f.both(a_below, b_above))
    return Interval(
        at_least_zero(f, below(f, lower), same), at_most_zero(f, above(f, upper), opposite)
    )


def _scale(f: Function, a: Interval, factor: float) -> Interval:
    """Return a times a known double; powers of two from 1 upwards are exact."""
    if factor < 0:
        return _scale(f, negate(f, a), -factor)
    if factor == 0:
        return constant(f, 0.0, 0.0)
    if factor == 1:
        return a
    scale, zero = f.number(factor), f.number(0.0)
    lower, upper = f.mul(a.lower, scale), f.mul(a.upper, scale)
    if math.frexp(factor)[0] == 0.5:
        if factor < 1:  # exact, but for results below the normal range: off by ETA/2 at most
            lower = f.sub(lower, f.select(f.compare("oeq", a.lower, zero), zero, f.number(ETA)))
            upper = f.add(upper, f.select(f.compare("oeq", a.upper, zero), zero, f.number(ETA)))
        return Interval(least(f, lower, f.number(LARGEST)), greatest(f, upper, f.number(-LARGEST)))
    return Interval(
        at_least_zero(f, below(f, lower), f.compare("oge", a.lower, zero)),
        at_most_zero(f, above(f, upper), f.compare("ole", a.upper, zero)),
    )


def divide(f: Function, a: Interval, b: Interval) -> Interval:
    """Return a / b, the whole line where the divisor contains 0.

    With b > 0, after changing both signs where b < 0, the bounds are a.lower over b.upper or
    b.lower according to the sign of a.lower, and likewise above: two divisions.
    """
    zero = f.number(0.0)
    mirrored = f.compare("olt", b.upper, zero)
    low = f.select(mirrored, f.neg(a.upper), a.lower)
    high = f.select(mirrored, f.neg(a.lower), a.upper)
    near = f.select(mirrored, f.neg(b.upper), b.lower)
    far = f.select(mirrored, f.neg(b.lower), b.upper)
    positive, negative = f.compare("oge", low, zero), f.compare("ole", high, zero)
    lower = f.div(low, f.select(positive, far, near))
    upper = f.div(high, f.select(negative, far, near))
    quotient = Interval(
        at_least_zero(f, below(f, lower), positive), at_most_zero(f, above(f, upper), negative)
    )
    # A divisor with 0 inside may have made NaN above; it is replaced here, with the rest.
    defined = f.compare("ogt", near, zero)
    return whole_line(f, f.flipped(defined), quotient)


def square(f: Function, a: Interval) -> Interval:
    return power(f, a, 2)


def power(f: Function, a: Interval, exponent: int) -> Interval:
    """Return a**n, n >= 1, by repeated squaring of sizes, every step rounded one way.

    Even: from the least to the largest size in the interval. Odd: increasing, so each bound is
    the power of a bound.
    """
    if exponent == 1:
        return a
    if exponent % 2 == 0:
        sizes = absolute(f, a)
        return Interval(
            _chain(f, sizes.lower, exponent, _step_down), _chain(f, sizes.upper, exponent, _step_up)
        )
    mirrored = _odd_below(f, f.neg(a.upper), exponent)
    return Interval(_odd_below(f, a.lower, exponent), f.neg(mirrored))


def _odd_below(f: Function, bound: str, exponent: int) -> str:
    """Return a lower bound of bound**n: sizes are rounded down if it is positive, else up."""
    positive = f.compare("oge", bound, f.number(0.0))

    def step(f: Function, c: str) -> str:
        distance = f.add(f.mul(f.number(PHI), c), f.number(ETA))
        moved = f.add(c, f.select(positive, f.neg(distance), distance))
        # inf - inf: the size overflowed on the way down, where the largest double is below it.
        moved = f.select(f.compare("uno", moved, moved), f.number(LARGEST), moved)
        return greatest(f, moved, f.number(0.0))

    size = _chain(f, f.intrinsic("fabs", bound), exponent, step)
    return f.select(positive, size, f.neg(size))


def _step_down(f: Function, c: str) -> str:
    return at_least_zero(f, below(f, c))


def _step_up(f: Function, c: str) -> str:
    return above(f, c)


def _chain(f: Function, x: str, exponent: int, step: Callable[[Function, str], str]) -> str:
    if exponent == 1:
        return x
    half = _chain(f, x, exponent // 2, step)
    whole = step(f, f.mul(half, half))
    return step(f, f.mul(whole, x)) if exponent % 2 else whole


def root(f: Function, a: Interval) -> Interval:
    """Return the square root, the whole line where the interval has a negative number."""
    lower = at_least_zero(f, below(f, f.intrinsic("sqrt", a.lower)))
    upper = above(f, f.intrinsic("sqrt", a.upper), zero_is_exact=True)
    defined = f.compare("oge", a.lower, f.number(0.0))
    return whole_line(f, f.flipped(defined), Interval(lower, upper))


def absolute(f: Function, a: Interval) -> Interval:
    mirrored = f.neg(a.upper)
    inner = greatest(f, greatest(f, a.lower, mirrored), f.number(0.0))
    return Interval(inner, greatest(f, f.neg(a.lower), a.upper))


def smaller(f: Function, a: Interval, b: Interval) -> Interval:
    return Interval(least(f, a.lower, b.lower), least(f, a.upper, b.upper))


def larger(f: Function, a: Interval, b: Interval) -> Interval:
    return Interval(greatest(f, a.lower, b.lower), greatest(f, a.upper, b.upper))


def hull(f: Function, a: Interval, b: Interval) -> Interval:
    return Interval(least(f, a.lower, b.lower), greatest(f, a.upper, b.upper))


def sign(f: Function, a: Interval) -> Interval:
    return _jump(f, a, -1.0, 0.0)


def step(f: Function, a: Interval) -> Interval:
    return _jump(f, a, 0.0, 0.5)


def _jump(f: Function, a: Interval, left: float, at_zero: float) -> Interval:
    zero = f.number(0.0)

    def value(bound: str) -> str:
        lifted = f.select(f.compare("oge", bound, zero), f.number(at_zero), f.number(left))
        return f.select(f.compare("ogt", bound, zero), f.number(1.0), lifted)

    return Interval(value(a.lower), value(a.upper))


def less(f: Function, a: Interval, b: Interval) -> Condition:
    return Condition(f.compare("olt", a.upper, b.lower), f.compare("olt", a.lower, b.upper))


def less_equal(f: Function, a: Interval, b: Interval) -> Condition:
    return Condition(f.compare("ole", a.upper, b.lower), f.compare("ole", a.lower, b.upper))


def equal(f: Function, a: Interval, b: Interval) -> Condition:
    """Return where two numbers are surely equal: both intervals are one and the same point."""
    surely = f.both(f.compare("ole", a.upper, b.lower), f.compare("ole", b.upper, a.lower))
    meet = f.both(f.compare("ole", a.lower, b.upper), f.compare("ole", b.lower, a.upper))
    return Condition(surely, meet)


def select(f: Function, condition: Condition, yes: Interval, no: Interval) -> Interval:
    """Return the branch that is taken, and the hull of both where that is undecided."""
    both = hull(f, yes, no)
    decided = Interval(
        f.select(condition.surely, yes.lower, both.lower),
        f.select(condition.surely, yes.upper, both.upper),
    )
    return Interval(
        f.select(condition.possibly, decided.lower, no.lower),
        f.select(condition.possibly, decided.upper, no.upper),
    )

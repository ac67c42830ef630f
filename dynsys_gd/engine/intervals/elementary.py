"""Elementary functions of intervals: bounds of values at the ends, and at extrema inside."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..machine.writer import Function
from ..operations import Op
from . import arithmetic
from .points import FARTHEST_ANGLE, POINTS
from .rounding import ETA, Interval, at_least_zero, at_most_zero, greatest, least, whole_line

__all__ = ["RULES"]

Rule = Callable[..., Interval]


def _increasing(name: str, low: float = -math.inf, high: float = math.inf) -> Rule:
    """Return the rule of an increasing function with values between two exact numbers."""

    def rule(f: Function, a: Interval) -> Interval:
        lower, upper = POINTS[name].below(f, a.lower), POINTS[name].above(f, a.upper)
        if low > -math.inf:
            lower = greatest(f, lower, f.number(low))
        if high < math.inf:
            upper = least(f, upper, f.number(high))
        return Interval(lower, upper)

    return rule


def _odd(name: str, limit: float = math.inf) -> Rule:
    """Return the rule of an increasing odd function: the sign of a bound is kept."""
    increasing = _increasing(name, -limit, limit)

    def rule(f: Function, a: Interval) -> Interval:
        zero, value = f.number(0.0), increasing(f, a)
        return Interval(
            at_least_zero(f, value.lower, f.compare("oge", a.lower, zero)),
            at_most_zero(f, value.upper, f.compare("ole", a.upper, zero)),
        )

    return rule


def _even(name: str, least_value: float) -> Rule:
    """Return the rule of an even function that increases with the size of its argument."""
    increasing = _increasing(name, least_value)

    def rule(f: Function, a: Interval) -> Interval:
        return increasing(f, arithmetic.absolute(f, a))

    return rule


def _logarithm(f: Function, a: Interval) -> Interval:
    """Return the logarithm, the whole line where the interval has a number that is not positive."""
    return whole_line(f, f.compare("ole", a.lower, f.number(0.0)), _logarithm_bounds(f, a))


def _logarithm_bounds(f: Function, a: Interval) -> Interval:
    point = POINTS["log"]
    return Interval(point.below(f, a.lower), point.above(f, a.upper))


def _real_power(f: Function, a: Interval, b: Interval) -> Interval:
    """Return a^b: a root's power for halves, else e^(b log a), for a > 0 (a >= 0 if b > 0).

    The relative width grows with |b log a|, about 5 units in the last place for each unit of it.
    """
    zero = f.number(0.0)
    if b.point is not None and b.point > 0 and float(2 * b.point).is_integer() and b.point < 64:
        halves = arithmetic.root(f, a)
        value = arithmetic.power(f, halves, int(2 * b.point))
        return value._replace(undefined=halves.undefined)
    exponent = arithmetic.multiply(f, b, _logarithm_bounds(f, a))
    value = _increasing("exp", 0.0)(f, exponent)
    at_zero = f.both(f.compare("oeq", a.lower, zero), f.compare("ole", b.lower, zero))
    return whole_line(f, f.either(f.compare("olt", a.lower, zero), at_zero), value)


def _circular(name: str, first_extremum: float) -> Rule:
    """Return the rule of sin or cos, with maxima and minima in turn at pi (first + n).

    Whether an extremum lies inside is decided with a margin: where it lies outside by less than
    the margin m, the value at the end differs from 1 by m^2/2, below rounding.
    """

    def rule(f: Function, a: Interval) -> Interval:
        ends = [_circular_bounds(f, name, bound) for bound in (a.lower, a.upper)]
        one, low = f.number(1.0), _half_turns(f, a.lower, first_extremum, -1.0)
        high = _half_turns(f, a.upper, first_extremum, 1.0)
        first, last = f.neg(_floor(f, f.neg(low))), _floor(f, high)
        some = f.compare("oge", last, first)
        many = f.compare("oge", last, f.add(first, one))
        half = f.mul(first, f.number(0.5))
        even = f.compare("oeq", _floor(f, half), half)
        top = f.either(many, f.both(some, even))
        bottom = f.either(many, f.both(some, f.flipped(even)))
        near = f.both(
            f.compare("oge", a.lower, f.number(-FARTHEST_ANGLE)),
            f.compare("ole", a.upper, f.number(FARTHEST_ANGLE)),
        )
        far = f.flipped(near)
        lower = greatest(f, least(f, ends[0].lower, ends[1].lower), f.number(-1.0))
        upper = least(f, greatest(f, ends[0].upper, ends[1].upper), one)
        return Interval(
            f.select(f.either(bottom, far), f.number(-1.0), lower),
            f.select(f.either(top, far), one, upper),
        )

    return rule


def _circular_bounds(f: Function, name: str, x: str) -> Interval:
    small = f.compare("olt", f.intrinsic("fabs", x), f.number(0.75))
    floor = f.select(small, f.number(4 * ETA), f.number(2.0**-99))
    return POINTS[name].bounds(f, x, floor)


def _half_turns(f: Function, x: str, first: float, outwards: float) -> str:
    """Return x/pi - first, moved outwards by more than its rounding error."""
    turns = f.mul(x, f.number(1 / math.pi))
    margin = f.mul(f.add(f.intrinsic("fabs", turns), f.number(1.0)), f.number(outwards * 2.0**-50))
    return f.add(f.sub(turns, f.number(first)), margin)


def _floor(f: Function, x: str) -> str:
    """Return the largest whole number below or at x, for |x| < 2^50."""
    magic = f.number(1.5 * 2.0**52)
    rounded = f.sub(f.add(x, magic), magic)
    return f.select(f.compare("ogt", rounded, x), f.sub(rounded, f.number(1.0)), rounded)


_sine, _cosine = _circular("sin", 0.5), _circular("cos", 0.0)


def _tangent(f: Function, a: Interval) -> Interval:
    """Return the tangent, the whole line where the cosine may vanish: else it increases."""
    zero = f.number(0.0)
    below = cosine = _cosine(f, a)
    pole = f.both(f.compare("ole", below.lower, zero), f.compare("oge", cosine.upper, zero))
    low, high = (
        arithmetic.divide(f, _circular_bounds(f, "sin", bound), _circular_bounds(f, "cos", bound))
        for bound in (a.lower, a.upper)
    )
    # Not closer to a pole than doubles come, so that the divisors above do not contain 0 either.
    undefined = pole
    for end in (low, high):
        if end.undefined is not None:
            undefined = f.either(undefined, end.undefined)
    return whole_line(f, undefined, Interval(low.lower, high.upper))


RULES: dict[Op, Rule] = {
    Op.EXP: _increasing("exp", 0.0),
    Op.LOG: _logarithm,
    Op.REAL_POWER: _real_power,
    Op.SIN: _sine,
    Op.COS: _cosine,
    Op.TAN: _tangent,
    Op.SINH: _odd("sinh"),
    Op.COSH: _even("cosh", 1.0),
    Op.TANH: _odd("tanh", 1.0),
    Op.ATAN: _odd("atan"),
    Op.SIGMOID: _increasing("sigmoid", 0.0, 1.0),
    Op.SOFTPLUS: _increasing("softplus", 0.0),
    Op.LOGCOSH: _even("logcosh", 0.0),
}

"""Elementary functions of single doubles on lanes, with proved error bounds.

A result c of a function here and the exact value v satisfy |c - v| <= B u |v| + 2 ETA with
u = 2^-53 and the B of `Point.units`, for every finite argument (`sine` and `cosine`: for
|x| <= 2^20, and with 2^-100 more where |x| >= 0.75). `Point.bounds` moves c by
e = fl((B + 9/8) u |c| + 4 ETA), which also covers the rounding of the bound itself and v for c::

    fl(c - e) <= c - e + u |c - e|
    e >= (B + 9/8) u |c| (1 - 2u) + 3 ETA
    |v| <= |c| (1 + 20 u) + 3 ETA

Where a result overflows, the value that was rounded to infinity exceeds the largest double M, so
v >= M (1 - B u): widening from M gives a lower bound, infinity is the upper one.

Where the errors come from:

* arguments. exp: x = k log 2 + r with log 2 = L1 + L2 + 2^-102; k L1 has at most 53 bits, and
  x - k L1 is a multiple of 2^-54 below 1/2, so both are exact; what is left is one rounding of
  r and one of k L2. sin, cos: x = n pi/2 + r with pi/2 = P1 + P2 + P3 + 2^-122, two parts of 33
  bits, so n P1 and n P2 are exact for |n| < 2^20 and x - n P1 is; two roundings, relative to
  results of size |r| + 2^-49, are left. log: x = 2^k (1 + t) with t exact.
* polynomials: truncation and rounding as in `series`.
* scaling by 2^k: in two factors, exact unless the result is subnormal, then ETA/2.

* what it is made of. e^-|x|, known up to 2.25 u, enters sigmoid as d/(1 + d) and softplus as
  log(1 + d), which magnify a relative error of d by less than 1; tanh is constant above 20 up
  to 2^-56.

The tests run the very lines of `series` and the combinations below on pairs (range, error).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

from ..machine.writer import Function
from . import series
from .enclosing import LARGEST
from .rounding import ETA, Interval, greatest, least
from .series import Arithmetic, T

__all__ = ["POINTS", "Point"]

_UNIT = 2.0**-53
_FLOOR = 4 * ETA
_MAGIC = 1.5 * 2.0**52  # adding it rounds to a whole number, which the low bits then hold
_PER_LOG2 = 1 / math.log(2)
LOG2_HIGH, LOG2_LOW = float.fromhex("0x1.62e42fefa3800p-1"), 5.497923018708371e-14
HALF_PI = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21)
FARTHEST_ANGLE = 2.0**20
_ROOT_HALF_BITS = 0x3FE6A09E667F3BCD  # sqrt(1/2)
_ONE_BITS = 0x3FF0000000000000
_TWO_52 = 2.0**52


@dataclass(frozen=True)
class Point:
    """One function of a double.

    Parameters
    ----------
    name : str
    units : float
        B: the error in units of u relative to the value.
    write : callable
        Emits it.
    """

    name: str
    units: float
    write: Callable[[Function, str], str]

    def value(self, f: Function, x: str) -> str:
        """Return the nearby value, from a function of the module that is written once."""
        name = f"point_{self.name}"
        if name not in f.module:
            inner = f.module.function(name, [(f.real, "x")], returns=f.real)
            inner.give(self.write(inner, "%x"))
        return f.call(name, (f.real, x), returns=f.real)

    def below(self, f: Function, x: str, floor: str | None = None) -> str:
        """Return a lower bound of the value at x."""
        c = least(f, self.value(f, x), f.number(LARGEST))
        return f.sub(c, self._distance(f, c, floor))

    def above(self, f: Function, x: str, floor: str | None = None) -> str:
        """Return an upper bound of the value at x."""
        c = greatest(f, self.value(f, x), f.number(-LARGEST))
        return f.add(c, self._distance(f, c, floor))

    def bounds(self, f: Function, x: str, floor: str | None = None) -> Interval:
        """Return both bounds of the value at x."""
        c = self.value(f, x)
        low, high = least(f, c, f.number(LARGEST)), greatest(f, c, f.number(-LARGEST))
        return Interval(
            f.sub(low, self._distance(f, low, floor)), f.add(high, self._distance(f, high, floor))
        )

    def _distance(self, f: Function, c: str, floor: str | None) -> str:
        size = f.mul(f.number((self.units + 1.125) * _UNIT), f.intrinsic("fabs", c))
        return f.add(size, floor or f.number(_FLOOR))


# -- combinations, for lanes and for error analysis alike -----------------------------------------


def sigmoid_of(f: Arithmetic[T], numerator: T, decay: T) -> T:
    """Return numerator/(1 + decay)."""
    return f.div(numerator, f.add(f.number(1.0), decay))


def large_tanh_of(f: Arithmetic[T], power: T) -> T:
    """Return tanh(x) = 1 - 2/(1 + e^(2x)) from power = e^(2x)."""
    return f.sub(f.number(1.0), f.div(f.number(2.0), f.add(f.number(1.0), power)))


def large_sinh_of(f: Arithmetic[T], half_power: T) -> T:
    """Return sinh(x) from half_power = e^x/2."""
    return f.sub(half_power, f.div(f.number(0.25), half_power))


def cosh_of(f: Arithmetic[T], half_power: T) -> T:
    """Return cosh(x) from half_power = e^x/2."""
    return f.add(half_power, f.div(f.number(0.25), half_power))


def large_logcosh_of(f: Arithmetic[T], x: T, logarithm: T) -> T:
    """Return log(cosh(x)) = x - log 2 + log(1 + e^(-2x))."""
    return f.add(f.sub(x, f.number(math.log(2))), logarithm)


# -- on lanes --------------------------------------------------------------------------------------


def _rounded(f: Function, x: str) -> tuple[str, str]:
    """Return x rounded to a whole number, and the sum whose low bits hold it; |x| < 2^50."""
    held = f.add(x, f.number(_MAGIC))
    return f.sub(held, f.number(_MAGIC)), held


def _two_to(f: Function, k: str) -> str:
    """Return 2^k for whole k in the normal range."""
    held = f.bits(f.add(k, f.number(_MAGIC)))
    shifted = f.whole_op("shl", held, f.whole_number(52))
    return f.from_bits(f.whole_op("add", shifted, f.whole_number(_ONE_BITS)))


def _exponential(f: Function, x: str, *, halved: bool = False) -> str:
    """Return e^x, or e^x/2; x is taken as -746 below it and as 712 above."""
    x = least(f, greatest(f, x, f.number(-746.0)), f.number(712.0))
    k, _ = _rounded(f, f.mul(x, f.number(_PER_LOG2)))
    high = f.sub(x, f.mul(k, f.number(LOG2_HIGH)))
    r = f.sub(high, f.mul(k, f.number(LOG2_LOW)))
    if halved:
        k = f.sub(k, f.number(1.0))
    first, _ = _rounded(f, f.mul(k, f.number(0.5)))
    second = f.sub(k, first)
    return f.mul(f.mul(series.exponential(f, r), _two_to(f, first)), _two_to(f, second))


def _size(f: Function, x: str) -> str:
    return f.intrinsic("fabs", x)


def _decay(f: Function, x: str, rate: float = 1.0) -> str:
    """Return e^(-rate |x|), from the function of the module."""
    return POINTS["exp"].value(f, f.mul(f.number(-rate), _size(f, x)))


def _sigmoid(f: Function, x: str) -> str:
    decay = _decay(f, x)
    positive = f.compare("oge", x, f.number(0.0))
    return sigmoid_of(f, f.select(positive, f.number(1.0), decay), decay)


def _softplus(f: Function, x: str) -> str:
    rest = series.logarithm_of_one_plus(f, _decay(f, x))
    return f.add(greatest(f, x, f.number(0.0)), rest)


def _tanh(f: Function, x: str) -> str:
    size = least(f, _size(f, x), f.number(20.0))
    near = series.odd(f, series.TANGENT_H, least(f, size, f.number(0.8)))
    far = large_tanh_of(f, POINTS["exp"].value(f, f.add(size, size)))
    return f.intrinsic("copysign", f.select(f.compare("olt", size, f.number(0.8)), near, far), x)


def _sinh(f: Function, x: str) -> str:
    size = _size(f, x)
    near = series.odd(f, series.SINE_H, least(f, size, f.number(1.0)))
    far = large_sinh_of(f, _exponential(f, size, halved=True))
    value = f.select(f.compare("olt", size, f.number(1.0)), near, far)
    return f.intrinsic("copysign", value, x)


def _cosh(f: Function, x: str) -> str:
    return cosh_of(f, _exponential(f, _size(f, x), halved=True))


def _logcosh(f: Function, x: str) -> str:
    size, one = _size(f, x), f.number(1.0)
    small = f.compare("olt", size, one)
    excess = series.cosh_minus_one(f, least(f, size, one))
    logarithm = series.logarithm_of_one_plus(f, f.select(small, excess, _decay(f, x, 2.0)))
    return f.select(small, logarithm, large_logcosh_of(f, size, logarithm))


def _logarithm(f: Function, x: str) -> str:
    """Return log(x) for x > 0, and -inf for 0."""
    tiny = f.compare("olt", x, f.number(2.0**-1022))
    bits = f.bits(f.select(tiny, f.mul(x, f.number(2.0**54)), x))
    shifted = f.whole_op("add", bits, f.whole_number(_ONE_BITS - _ROOT_HALF_BITS))
    exponent = f.whole_op("lshr", shifted, f.whole_number(52))
    removed = f.whole_op("shl", exponent, f.whole_number(52))
    mantissa = f.whole_op("add", f.whole_op("sub", bits, removed), f.whole_number(_ONE_BITS))
    held = f.whole_op("or", exponent, f.whole_number(_bits(_TWO_52)))
    bias = f.select(tiny, f.number(_TWO_52 + 1023 + 54), f.number(_TWO_52 + 1023))
    k = f.sub(f.from_bits(held), bias)
    fraction = f.sub(f.from_bits(mantissa), f.number(1.0))
    value = series.logarithm(
        f, fraction, f.mul(k, f.number(LOG2_HIGH)), f.mul(k, f.number(LOG2_LOW))
    )
    value = f.select(f.compare("oeq", x, f.number(math.inf)), x, value)
    return f.select(f.compare("oeq", x, f.number(0.0)), f.number(-math.inf), value)


def _circular(f: Function, x: str, quarter: int) -> str:
    """Return sin(x + quarter pi/2) for |x| <= 2^20."""
    n, held = _rounded(f, f.mul(x, f.number(2 / math.pi)))
    r = x
    for part in HALF_PI:
        r = f.sub(r, f.mul(n, f.number(part)))
    turns = f.whole_op("add", f.bits(held), f.whole_number(quarter))
    odd = f.value(
        f"icmp ne {f.whole} {f.whole_op('and', turns, f.whole_number(1))}, zeroinitializer"
    )
    value = f.select(odd, series.cosine(f, r), series.odd(f, series.SINE, r))
    flip = f.whole_op("shl", f.whole_op("lshr", turns, f.whole_number(1)), f.whole_number(63))
    return f.from_bits(f.whole_op("xor", f.bits(value), flip))


def _arctangent(f: Function, x: str) -> str:
    """Return atan(x) from t = x, (x - 1)/(x + 1) or -1/x, the sign of x put back."""
    size, one = _size(f, x), f.number(1.0)
    middle = f.compare("ogt", size, f.number(0.414))
    far = f.compare("ogt", size, f.number(2.414))
    above = f.select(far, f.number(-1.0), f.select(middle, f.sub(size, one), size))
    under = f.select(far, size, f.select(middle, f.add(size, one), one))
    quarter = f.select(middle, f.number(math.pi / 4), f.number(0.0))
    high = f.select(far, f.number(math.pi / 2), quarter)
    rest = series.odd(f, series.ARCTANGENT, f.div(above, under))
    return f.intrinsic("copysign", f.add(high, rest), x)


def _bits(value: float) -> int:
    return int(struct.unpack("<q", struct.pack("<d", value))[0])


POINTS = {
    point.name: point
    for point in (
        Point("exp", 2.25, _exponential),
        Point("log", 3.0, _logarithm),
        Point("sin", 4.5, lambda f, x: _circular(f, x, 0)),
        Point("cos", 4.5, lambda f, x: _circular(f, x, 1)),
        Point("sigmoid", 4.5, _sigmoid),
        Point("softplus", 5.5, _softplus),
        Point("tanh", 2.75, _tanh),
        Point("sinh", 4.25, _sinh),
        Point("cosh", 4.0, _cosh),
        Point("logcosh", 6.0, _logcosh),
        Point("atan", 7.0, _arctangent),
    )
}

"""x^y on lanes, for any real exponent: e^(y log|x|) with a logarithm in two doubles.

The exponent reaches 700, so that log|x| must be known to 2^-64 of itself.
"""

from __future__ import annotations

import math

from ..writer import Function
from .exponential import LN2_HIGH, LN2_LOW, at_least, at_most, exp
from .logarithm import normal, split
from .pairs import fast_two_sum, two_product
from .polynomials import polynomial

__all__ = ["power"]

#: (artanh(s)/s - 1 - s^2/3) / s^4 in s^2 <= 0.0295: relative error of the logarithm below
#: 2^-73. tests/reference/minimax.py computes it again.
SERIES = (
    0.1999999999999999,
    0.1428571428572255,
    0.11111111108769679,
    0.09090909434979332,
    0.07692278447661932,
    0.06668158241013401,
    0.05837418773161216,
    0.059944272297642355,
)

_THIRD = (1.0 / 3.0, 2.0**-54 / 3.0)


def power(f: Function, x: str, y: str) -> str:
    """Return x^y with the conventions of C and numpy for zeros, infinities and negative x."""
    zero, one, infinity = f.number(0.0), f.number(1.0), f.number(math.inf)
    size = f.intrinsic("fabs", x)
    positive = _of_positive(f, size, y)
    falling = f.compare("olt", y, zero)
    vanishing = f.value(f"xor {f.mask} {f.compare('oeq', size, zero)}, {falling}")
    endless = f.either(f.compare("oeq", size, zero), f.compare("oeq", size, infinity))
    value = f.select(endless, f.select(vanishing, zero, infinity), positive)
    whole, odd = _parity(f, y)
    value = f.select(odd, f.intrinsic("copysign", value, x), value)
    below = f.both(f.compare("olt", x, zero), f.compare("ogt", x, f.number(-math.inf)))
    value = f.select(f.both(below, f.flipped(whole)), f.number(math.nan), value)
    value = f.select(f.compare("uno", x, y), f.add(x, y), value)
    always = f.either(f.compare("oeq", x, one), f.compare("oeq", y, zero))
    return f.select(always, one, value)


def _of_positive(f: Function, x: str, y: str) -> str:
    """Return x^y for 0 < x < inf. Beyond 2^65, an exponent is as good as 2^65."""
    high, low = _log(f, x)
    y = at_least(f, at_most(f, y, 2.0**65), -(2.0**65))
    product, rest = two_product(f, y, high)
    rest = f.fma(y, low, rest)
    moderate = f.compare("olt", f.intrinsic("fabs", product), f.number(800.0))
    return exp(f, product, f.select(moderate, rest, f.number(0.0)))


def _log(f: Function, x: str) -> tuple[str, str]:
    """Return log x in two parts: k ln 2 + 2 s (1 + (s^2/3 + s^4 p(s^2))), s = g / (2 + g)."""
    scaled, zero = normal(f, x)
    k, _, m = split(f, scaled)
    k, g = f.sub(k, zero), f.sub(m, f.number(1.0))
    s, s_low = _ratio(f, g)
    z, z_low = two_product(f, s, s)
    z_low = f.fma(f.add(s, s), s_low, z_low)
    w, w_low = two_product(f, z, f.number(_THIRD[0]))
    w_low = f.fma(z_low, f.number(_THIRD[0]), f.fma(z, f.number(_THIRD[1]), w_low))
    w, w_low = fast_two_sum(f, w, f.fma(f.mul(z, z), polynomial(f, z, SERIES), w_low))
    u, u_low = f.add(s, s), f.add(s_low, s_low)
    v, v_low = two_product(f, u, w)
    v_low = f.fma(u, w_low, f.fma(u_low, w, v_low))
    total, lost = fast_two_sum(f, f.mul(k, f.number(LN2_HIGH)), u)
    total, more = fast_two_sum(f, total, v)
    small = f.fma(k, f.number(LN2_LOW), f.add(u_low, v_low))
    return fast_two_sum(f, total, f.add(f.add(lost, more), small))


def _ratio(f: Function, g: str) -> tuple[str, str]:
    """Return s = g / (2 + g) in two parts; 1 / (2 + g) = (1 - s) / 2."""
    below, below_low = fast_two_sum(f, f.number(2.0), g)
    s = f.div(g, below)
    p, p_low = two_product(f, s, below)
    rest = f.fma(f.neg(s), below_low, f.sub(f.sub(g, p), p_low))
    half = f.number(0.5)
    return s, f.mul(rest, f.fma(s, f.number(-0.5), half))


def _parity(f: Function, y: str) -> tuple[str, str]:
    """Return masks: where y is a whole number or infinite, and where it is an odd one."""
    size, limit = f.intrinsic("fabs", y), f.number(2.0**52)
    small = f.compare("olt", size, limit)
    moved = f.add(size, limit)  # in the last bit now: odd or even
    whole = f.either(f.flipped(small), f.compare("oeq", f.sub(moved, limit), size))
    bits = f.bits(f.select(small, moved, size))
    last = f.whole_op("and", bits, f.whole_number(1))
    set_ = f.value(f"icmp ne {f.whole} {last}, zeroinitializer")
    counts = f.compare("olt", size, f.number(2.0**53))
    return whole, f.both(f.both(whole, set_), counts)

"""The natural logarithm on lanes.

x = 2^k (1 + g) with 1 + g in [sqrt(1/2), sqrt(2)); with s = g / (2 + g),
log(1 + g) = 2 artanh(s) = g - (h - s (h + R)), h = g^2 / 2, R = 2 artanh(s)/s - 2.
"""

from __future__ import annotations

import math

from ..writer import Function
from .exponential import LN2_HIGH, LN2_LOW
from .polynomials import polynomial

__all__ = ["log", "log1p", "normal", "split"]

#: (2 artanh(s)/s - 2) / s^2 in s^2 <= 0.02945: relative error of the logarithm below
#: 0.02 * 2^-53. tests/reference/minimax.py computes it again.
SERIES = (
    0.6666666666666734,
    0.3999999999941468,
    0.28571428742387056,
    0.22222198573246538,
    0.1818356432266484,
    0.15314050645776794,
    0.14795948723794236,
)

_ROOT_HALF = 0x3FE6A09E667F3BCD  # bits of sqrt(1/2)
_ONE = 0x3FF0000000000000
_FRACTION = 0x000FFFFFFFFFFFFF
_WHOLE = 2.0**52  # its low bits hold a whole number


def log(f: Function, x: str) -> str:
    """Return log x: -inf at 0, NaN below."""
    scaled, zero = normal(f, x)
    k, _, m = split(f, scaled)
    value = _combined(f, f.sub(k, zero), f.sub(m, f.number(1.0)), SERIES)
    return _where_defined(f, x, value, pole=0.0)


def log1p(f: Function, x: str) -> str:
    """Return log(1 + x) with the rounding error of 1 + x put back: -inf at -1, NaN below."""
    one = f.number(1.0)
    u = f.add(one, x)
    back = f.sub(u, one)
    lost = f.add(f.sub(one, f.sub(u, back)), f.sub(x, back))
    k, exponent, m = split(f, u)
    inverse = f.whole_op("shl", f.whole_op("sub", f.whole_number(2047), exponent), _52(f))
    inverse = f.mul(f.from_bits(inverse), f.number(0.5))  # 2^-k, for k = 1024 too small to matter
    g = f.fma(lost, inverse, f.sub(m, one))
    value = _combined(f, f.sub(k, f.number(_WHOLE + 1023)), g, SERIES)
    kept = f.select(f.compare("oeq", x, f.number(0.0)), x, value)  # the sign of zero
    return _where_defined(f, x, kept, pole=-1.0)


def normal(f: Function, x: str) -> tuple[str, str]:
    """Return x or 2^54 x, which is normal, and the number that `split` gives for k = 0 of x."""
    tiny = f.compare("olt", x, f.number(2.0**-1022))
    scaled = f.select(tiny, f.mul(x, f.number(2.0**54)), x)
    return scaled, f.select(tiny, f.number(_WHOLE + 1023 + 54), f.number(_WHOLE + 1023))


def split(f: Function, x: str) -> tuple[str, str, str]:
    """Return (2^52 + k + 1023, k + 1023 as a whole number, m) for x = 2^k m, x normal."""
    moved = f.whole_op("sub", f.bits(x), f.whole_number(_ROOT_HALF - _ONE))
    exponent = f.whole_op("lshr", moved, _52(f))
    high = f.whole_number(0x4330000000000000)
    k = f.from_bits(f.whole_op("or", exponent, high))
    fraction = f.whole_op("and", moved, f.whole_number(_FRACTION))
    return k, exponent, f.from_bits(f.whole_op("add", fraction, f.whole_number(_ROOT_HALF)))


def _combined(f: Function, k: str, g: str, series: tuple[float, ...]) -> str:
    """Return k ln 2 + log(1 + g), smallest terms first."""
    s = f.div(g, f.add(f.number(2.0), g))
    z = f.mul(s, s)
    h = f.mul(f.mul(g, f.number(0.5)), g)
    small = f.mul(s, f.fma(z, polynomial(f, z, series), h))
    small = f.fma(k, f.number(LN2_LOW), small)
    return f.fma(k, f.number(LN2_HIGH), f.sub(g, f.sub(h, small)))


def _where_defined(f: Function, x: str, value: str, *, pole: float) -> str:
    """Return the value between the pole and infinity; -inf at the pole, NaN below, x else."""
    at = f.number(pole)
    below = f.select(f.compare("olt", x, at), f.number(math.nan), x)
    outside = f.select(f.compare("oeq", x, at), f.number(-math.inf), below)
    inside = f.both(f.compare("ogt", x, at), f.compare("olt", x, f.number(math.inf)))
    return f.select(inside, value, outside)


def _52(f: Function) -> str:
    return f.whole_number(52)

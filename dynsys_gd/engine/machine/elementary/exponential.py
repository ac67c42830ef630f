"""e^x and e^x - 1 on lanes.

x = n ln 2 + r with |r| <= ln(2)/2; e^x = 2^n (1 + q) with q = r + r^2 p(r). The powers of two are
put together from exponent bits and multiplied in one after the other, so that results below the
normal range are rounded once and results above it become infinite where they should.
"""

from __future__ import annotations

from ..writer import Function
from .polynomials import polynomial

__all__ = [
    "at_least",
    "at_most",
    "decay",
    "exp",
    "expm1",
    "exponent",
    "growing",
    "nearly_reduced",
    "reduced",
]

#: (e^r - 1 - r) / r^2 on |r| <= ln(2)/2, best for the weight |r|: relative error of e^r - 1 below
#: 0.18 * 2^-53. tests/reference/minimax.py computes it again.
TAIL = (
    0.5000000000000006,
    0.16666666666666685,
    0.0416666666665737,
    0.008333333333314616,
    0.0013888888932353455,
    0.00019841269902972356,
    2.4801504478280454e-05,
    2.75572280100588e-06,
    2.762631302530282e-07,
    2.5114454273529982e-08,
)

LOG2_E = 1.4426950408889634
#: ln 2 in two parts; the first has 42 bits, so that its product with n is exact.
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42fefa38p-1"), float.fromhex("0x1.ef35793c7673p-45")
LN2 = 0.6931471805599453
UNIT = 2.0**-64
SHIFTER = 1.5 * 2.0**52  #: adding it rounds to a whole number and leaves that in the low bits


def reduced(f: Function, x: str, bias: int, unit: float = 1.0, lag: float = 0.0) -> tuple[str, str]:
    """Return bits that end in n + bias, and r, for x = n (unit ln 2) + r; unit a power of two.

    |r| is at most half the step, or, with a lag, r / step lies in [lag - 1/2, lag + 1/2].
    """
    shifter = f.number(SHIFTER + bias)
    rate = f.number(LOG2_E / unit)
    shifted = f.add(f.fma(x, rate, f.number(-lag)), shifter) if lag else f.fma(x, rate, shifter)
    n = f.sub(shifted, shifter)
    high = f.fma(n, f.number(-LN2_HIGH * unit), x)
    return f.bits(shifted), f.fma(n, f.number(-LN2_LOW * unit), high)


def nearly_reduced(f: Function, x: str, bias: int, unit: float) -> tuple[str, str]:
    """Return the same for an x that is rounded itself.

    Where products are exact, ln 2 in one part is as good as an x that is off by 2^-54.7 of itself.
    """
    if not f.module.fused:
        return reduced(f, x, bias, unit)
    shifter = f.number(SHIFTER + bias)
    shifted = f.fma(x, f.number(LOG2_E / unit), shifter)
    return f.bits(shifted), f.fma(f.sub(shifted, shifter), f.number(-LN2 * unit), x)


def growth(f: Function, r: str) -> str:
    """Return e^r - 1 for a reduced r."""
    return f.fma(f.mul(r, r), polynomial(f, r, TAIL), r)


def at_most(f: Function, x: str, bound: float) -> str:
    """Return min(x, bound), NaN where x is."""
    limit = f.number(bound)
    return f.select(f.compare("ogt", x, limit), limit, x)


def at_least(f: Function, x: str, bound: float) -> str:
    """Return max(x, bound), NaN where x is."""
    limit = f.number(bound)
    return f.select(f.compare("olt", x, limit), limit, x)


def exponent(f: Function, bits: str) -> str:
    """Return the power of two whose biased exponent is in the low bits."""
    return f.from_bits(f.whole_op("shl", bits, f.whole_number(52)))


def exp(f: Function, x: str, rest: str | None = None) -> str:
    """Return e^x, or e^(x + rest) where a small rest is given.

    The power of two comes in two halves: neither leaves the normal range.
    """
    bits, r = reduced(f, at_least(f, at_most(f, x, 710.0), -746.0), 2 * 1023)
    if rest is not None:
        r = f.add(r, rest)
    half = f.whole_op("lshr", bits, f.whole_number(1))
    first, second = exponent(f, half), exponent(f, f.whole_op("sub", bits, half))
    return f.mul(f.fma(growth(f, r), first, first), second)


def growing(f: Function, w: str) -> tuple[str, str]:
    """Return (UNIT 2^n, q) with e^w = 2^n (1 + q) for w >= 0; e^746 stands for all that is more.

    The unit keeps 2^n finite where e^-w is not yet zero.
    """
    bits, r = reduced(f, at_most(f, w, 746.0), 1023 - 64)
    return exponent(f, bits), growth(f, r)


def decay(f: Function, w: str) -> str:
    """Return e^-w for w >= 0, which cannot overflow and is cheaper than e^x."""
    bits, r = reduced(f, f.neg(at_most(f, w, 746.0)), 1023 + 64)
    scale = exponent(f, bits)
    return f.mul(f.fma(growth(f, r), scale, scale), f.number(UNIT))


def expm1(f: Function, x: str) -> str:
    """Return e^x - 1 = 2 (2^(n-1) q + (2^(n-1) - 1/2)), and x itself where it is tiny."""
    bits, r = reduced(f, at_least(f, at_most(f, x, 710.0), -40.0), 1023 - 1)
    scale = exponent(f, bits)
    half = f.fma(scale, growth(f, r), f.sub(scale, f.number(0.5)))
    tiny = f.compare("olt", f.intrinsic("fabs", x), f.number(2.0**-54))
    return f.select(tiny, x, f.add(half, half))

"""Hyperbolic functions on lanes."""

from __future__ import annotations

from ..writer import Function
from .exponential import at_most, exponent, reduced
from .polynomials import polynomial

__all__ = ["cosh", "sinh", "tanh"]

#: (tanh(r)/r - 1) / r^2 in r^2 <= (ln(2)/4)^2: relative error of tanh below 0.05 * 2^-53.
#: tests/reference/minimax.py computes it again.
TANH = (
    -0.3333333333333249,
    0.13333333332785727,
    -0.05396825278514477,
    0.02186937093089101,
    -0.008857315543312037,
    0.003444916667202041,
)

#: The same in r^2 <= (0.7 ln(2)/2)^2, error below 0.04 * 2^-53.
WIDER_TANH = (
    -0.3333333333333298,
    0.133333333331816,
    -0.05396825374492403,
    0.021869472937984406,
    -0.008862651866883635,
    0.0035800816328044236,
    -0.0013257744806776178,
)

#: (sinh(r)/r - 1) / r^2 and (cosh(r) - 1) / r^2 in r^2 <= (0.7 ln 2)^2: errors below 0.04 * 2^-53.
SINH = (
    0.16666666666666666,
    0.008333333333333423,
    0.0001984126984102418,
    2.755731953447737e-06,
    2.5051910010946468e-08,
    1.6121370239923956e-10,
)
COSH = (
    0.5,
    0.04166666666666801,
    0.001388888888852025,
    2.4801587767499018e-05,
    2.755702156374451e-07,
    2.097026968927084e-09,
)


def sinh(f: Function, x: str) -> str:
    """Return sinh x, and x itself where it is tiny."""
    size = f.intrinsic("fabs", x)
    less, more, even, odd = _halves(f, size)
    half = f.add(less, f.fma(less, even, f.mul(more, odd)))
    value = f.intrinsic("copysign", f.add(half, half), x)
    return f.select(f.compare("olt", size, f.number(2.0**-28)), x, value)


def cosh(f: Function, x: str) -> str:
    """Return cosh x."""
    less, more, even, odd = _halves(f, f.intrinsic("fabs", x))
    half = f.add(more, f.fma(more, even, f.mul(less, odd)))
    return f.add(half, half)


def _halves(f: Function, size: str) -> tuple[str, str, str, str]:
    """Return (A - B, A + B, cosh(r) - 1, sinh(r)) with A = 2^n / 4, B = 2^-n / 4.

    |x| = n ln 2 + r, so that sinh|x| = 2 ((A - B) cosh r + (A + B) sinh r), and cosh x with A - B
    and A + B exchanged. The quarter keeps A finite up to the end of the range.
    """
    capped = at_most(f, size, 710.5)
    bits, r = reduced(f, capped, 1023 - 2, 1.0, 0.2)
    z = f.mul(r, r)
    odd = f.fma(f.mul(z, r), polynomial(f, z, SINH), r)
    even = f.mul(z, polynomial(f, z, COSH))
    opposite = f.whole_op("sub", f.whole_number(2 * (1023 - 2)), bits)
    needed = f.compare("olt", capped, f.number(40.0))
    small = exponent(f, f.select(needed, opposite, f.whole_number(0), f.whole))
    large = exponent(f, bits)
    return f.sub(large, small), f.add(large, small), even, odd


def tanh(f: Function, x: str) -> str:
    """Return tanh x from |x| = n ln(2)/2 + r, T = tanh r and e^(2|x|) = 2^n (1 + T)/(1 - T).

    tanh |x| = ((2^n - 1) + (2^n + 1) T) / ((2^n + 1) + (2^n - 1) T), which is T for n = 0. Odd
    polynomials have half as many terms as that of e^r. r / (ln(2)/2) is in [-0.3, 0.7]: where n = 1
    begins, the error of T counts threefold.
    """
    one = f.number(1.0)
    bits, r = reduced(f, at_most(f, f.intrinsic("fabs", x), 20.0), 1023, 0.5, 0.2)
    z = f.mul(r, r)
    t = f.fma(f.mul(z, r), polynomial(f, z, WIDER_TANH), r)
    power = exponent(f, bits)
    less, more = f.sub(power, one), f.add(power, one)
    above, below = f.fma(more, t, less), f.fma(less, t, more)
    value = f.div(above, below)
    # What the two roundings lost, times 1 / below = (1 - tanh |x|) / (2 (1 - T)), nearly.
    lost = f.fma(f.neg(value), _lost(f, less, t, more, below), _lost(f, more, t, less, above))
    half = f.number(0.5)
    inverse = f.mul(f.fma(half, t, half), f.sub(one, value))
    return f.intrinsic("copysign", f.fma(lost, inverse, value), x)


def _lost(f: Function, a: str, b: str, c: str, total: str) -> str:
    """Return what the sum a b + c lost when it was rounded to `total`; |a b| <= |c| or c = 0."""
    return f.fma(a, b, f.sub(c, total))

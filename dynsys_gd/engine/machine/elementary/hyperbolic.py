"""Hyperbolic functions on lanes."""

from __future__ import annotations

from ..writer import Function
from .exponential import at_most, exponent, reduced
from .polynomials import polynomial

__all__ = ["tanh"]

#: (tanh(r)/r - 1) / r^2 in r^2 <= (ln(2)/4)^2: relative error of tanh below 0.04 * 2^-53.
#: tests/reference/minimax.py computes it again.
TANH = (
    -0.3333333333333249,
    0.13333333332785727,
    -0.05396825278514477,
    0.02186937093089101,
    -0.008857315543312037,
    0.003444916667202041,
)

#: The same in r^2 <= (0.7 ln(2)/2)^2, error below 0.03 * 2^-53.
WIDER_TANH = (
    -0.33333333333332976,
    0.1333333333317902,
    -0.053968253741774545,
    0.02186947276291013,
    -0.00886264698808348,
    0.003580015225856989,
    -0.0013254231834645956,
)


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

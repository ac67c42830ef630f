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


def tanh(f: Function, x: str) -> str:
    """Return tanh x from |x| = n ln(2)/2 + r, T = tanh r and e^(2|x|) = 2^n (1 + T)/(1 - T).

    tanh |x| = ((2^n - 1) + (2^n + 1) T) / ((2^n + 1) + (2^n - 1) T), which is T for n = 0. Odd
    polynomials have half as many terms as that of e^r.
    """
    one = f.number(1.0)
    bits, r = reduced(f, at_most(f, f.intrinsic("fabs", x), 20.0), 1023, 0.5)
    z = f.mul(r, r)
    t = f.fma(f.mul(z, r), polynomial(f, z, TANH), r)
    power = exponent(f, bits)
    less, more = f.sub(power, one), f.add(power, one)
    return f.intrinsic("copysign", f.div(f.fma(more, t, less), f.fma(less, t, more)), x)

"""The logistic sigmoid and the functions that come with it, on lanes, without overflow.

sigmoid(u), sigmoid(-u), softplus(u) and softplus(-u) are all written with e^|u|, which is
therefore computed once for all of them.
"""

from __future__ import annotations

from ..writer import Function
from .exponential import LN2_HIGH, LN2_LOW, UNIT, growing
from .polynomials import polynomial

__all__ = ["logcosh", "sigmoid", "softplus"]

#: (log(cosh u)/u^2 - 1/2) / u^2 in u^2 <= 9/16: relative error of log(cosh u) below
#: 0.04 * 2^-53. tests/reference/minimax.py computes it again.
NEAR_ZERO = (
    -0.08333333333333331,
    0.022222222222219062,
    -0.006746031745874144,
    0.002186948849651222,
    -0.0007386029018886462,
    0.0002565800093574762,
    -9.098597885916286e-05,
    3.276262154281749e-05,
    -1.1902624221860781e-05,
    4.2814798016519345e-06,
    -1.43552339594085e-06,
    3.858923079089828e-07,
    -5.857619588399792e-08,
)

#: (2 artanh(t/2)/t - 1) / t^2 in t^2 <= 4/9: relative error of the logarithm below 0.031 * 2^-53.
ARTANH = (
    0.08333333333333288,
    0.012500000000049138,
    0.0022321428553010686,
    0.0004340278119090066,
    8.877804650709438e-05,
    1.8782421786442413e-05,
    4.059134993009614e-06,
    9.236210983605055e-07,
    1.5907480378591906e-07,
    8.115089102257161e-08,
)


def sigmoid(f: Function, u: str) -> str:
    """Return 1/(1 + e^-u), accurate relative to itself also where it is tiny."""
    scale, q = growing(f, f.intrinsic("fabs", u))
    positive = f.compare("oge", u, f.number(0.0))
    above = f.select(positive, f.fma(scale, q, scale), f.number(UNIT))
    return f.div(above, f.fma(scale, q, f.add(scale, f.number(UNIT))))


def softplus(f: Function, u: str) -> str:
    """Return log(1 + e^u) = max(u, 0) + log(1 + e^-|u|)."""
    zero = f.number(0.0)
    rest = _log1p_of_decay(f, f.intrinsic("fabs", u))
    return f.add(f.select(f.compare("ogt", u, zero), u, zero), rest)


def _log1p_of_decay(f: Function, w: str) -> str:
    """Return log(1 + e^-w) = 2 artanh(t/2) with t = 2 / (2 e^w + 1), for w >= 0."""
    scale, q = growing(f, w)
    unit, double = f.number(UNIT), f.add(scale, scale)
    head = f.add(double, unit)
    below = f.fma(double, q, head)
    t = f.div(f.number(2.0 * UNIT), below)
    v = f.mul(t, t)
    # What the two roundings of 2 e^w + 1 lost.
    lost = f.add(f.fma(double, q, f.sub(head, below)), f.sub(unit, f.sub(head, double)))
    correction = f.mul(v, f.mul(lost, f.number(-0.5 / UNIT)))
    return f.add(t, f.fma(f.mul(t, v), polynomial(f, v, ARTANH), correction))


def logcosh(f: Function, u: str) -> str:
    """Return log(cosh u) = |u| - ln 2 + log(1 + e^-2|u|), near 0 by a polynomial."""
    size = f.intrinsic("fabs", u)
    rest = _log1p_of_decay(f, f.add(size, size))
    far = f.add(f.sub(size, f.number(LN2_HIGH)), f.sub(rest, f.number(LN2_LOW)))
    z = f.mul(u, u)
    near = f.fma(f.mul(z, z), polynomial(f, z, NEAR_ZERO), f.mul(z, f.number(0.5)))
    return f.select(f.compare("olt", size, f.number(0.75)), near, far)

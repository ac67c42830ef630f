"""The inverse tangent on lanes."""

from __future__ import annotations

from ..writer import Function
from .polynomials import polynomial

__all__ = ["atan"]

#: (atan(t)/t - 1) / t^2 in t^2 <= 1: relative error of atan below 0.36 * 2^-53.
#: tests/reference/minimax.py computes it again.
ATAN = (
    -0.3333333333333329,
    0.19999999999991236,
    -0.14285714285086434,
    0.11111111088052775,
    -0.09090908578441242,
    0.07692300112730455,
    -0.06666587344699004,
    0.05881740091072534,
    -0.05259552854493498,
    0.04745380799551706,
    -0.04287742068022295,
    0.03824157010739244,
    -0.03284329210956228,
    0.02623529744783255,
    -0.018708762732458147,
    0.01140029424323781,
    -0.005667062135013181,
    0.0021780446346725147,
    -0.0006017220266865178,
    0.00010568715337862583,
    -8.827458574930311e-06,
)

_HALF_PI = float.fromhex("0x1.921fb54442d18p+0")
_HALF_PI_REST = float.fromhex("0x1.1a62633145c07p-54")


def atan(f: Function, x: str) -> str:
    """Return atan x; beyond 1 it is pi/2 - atan(1/|x|), with pi/2 in two parts."""
    one, size = f.number(1.0), f.intrinsic("fabs", x)
    large = f.compare("ogt", size, one)
    t = f.div(f.select(large, one, size), f.select(large, size, one))
    z = f.mul(t, t)
    rest = f.mul(f.mul(t, z), polynomial(f, z, ATAN))
    turned = f.sub(f.number(_HALF_PI), f.sub(t, f.sub(f.number(_HALF_PI_REST), rest)))
    return f.intrinsic("copysign", f.select(large, turned, f.add(t, rest)), x)

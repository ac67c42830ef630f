"""The polynomials of elementary functions, and what is claimed of their errors.

Each function here is written for any arithmetic: on lanes it emits code; on pairs (range, error)
the same lines bound the rounding errors of that code, operation by operation (the tests do so,
in ball arithmetic, and bound the truncation of each polynomial on small pieces of its interval).
The bounds claimed in `points` therefore rest on this code, not on a calculation beside it.

Coefficients interpolate at Chebyshev nodes. With u = 2^-53, the truncation is, relative to the
function,

==============  ==========================================  ===================  ================
polynomial      approximates                                for                  error at most
==============  ==========================================  ===================  ================
EXPONENTIAL     (e^r - 1 - r)/r^2                           abs(r) <= 0.34658    0.2 u of e^r
LOGARITHM       (artanh(s)/s - 1)/s^2, in s^2               abs(s) <= 0.17158    0.1 u
LOGARITHM_WIDE  the same                                    abs(s) <= 1/3        0.1 u
SINE            (sin(r)/r - 1)/r^2, in r^2                  abs(r) <= 0.7854     0.1 u
COSINE          (cos(r) - 1 + r^2/2)/r^4, in r^2            abs(r) <= 0.7854     0.1 u
ARCTANGENT      (atan(t)/t - 1)/t^2, in t^2                 abs(t) <= 0.4145     0.1 u
TANGENT_H       (tanh(x)/x - 1)/x^2, in x^2                 abs(x) <= 0.8        0.2 u
SINE_H          (sinh(x)/x - 1)/x^2, in x^2                 abs(x) <= 1          0.1 u
COSINE_H        (cosh(x) - 1 - x^2/2)/x^4, in x^2           abs(x) <= 1          0.1 u of cosh - 1
==============  ==========================================  ===================  ================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

__all__ = [
    "ARCTANGENT",
    "COSINE",
    "COSINE_H",
    "EXPONENTIAL",
    "LOGARITHM",
    "LOGARITHM_WIDE",
    "SINE",
    "SINE_H",
    "TANGENT_H",
    "Arithmetic",
    "cosh_minus_one",
    "cosine",
    "exponential",
    "logarithm",
    "logarithm_of_one_plus",
    "odd",
    "polynomial",
]

T = TypeVar("T")


class Arithmetic(Protocol[T]):
    """What the polynomials need; machine code and its error analysis both have it."""

    def number(self, value: float) -> T: ...

    def add(self, a: T, b: T) -> T: ...

    def sub(self, a: T, b: T) -> T: ...

    def mul(self, a: T, b: T) -> T: ...

    def div(self, a: T, b: T) -> T: ...


EXPONENTIAL = (
    *(0.5000000000000001, 0.16666666666666669, 0.041666666666624164, 0.008333333333330065),
    *(0.0013888888917196719, 0.00019841269863040545, 2.480152132236793e-05),
    *(2.755726848030944e-06, 2.762007588034591e-07, 2.5100375832840034e-08),
)
LOGARITHM = (
    *(0.3333333333333335, 0.19999999999949725, 0.14285714313000714, 0.11111105565280363),
    *(0.09091444716878758, 0.07665855673336498, 0.07308288210822193),
)
LOGARITHM_WIDE = (
    *(0.3333333333333333, 0.20000000000007292, 0.1428571428355438, 0.11111111358713932),
    *(0.09090894718066429, 0.07692785032479312, 0.06657072104827468, 0.06000536404795356),
    *(0.04400369243072337, 0.08082022805971766),
)
SINE = (
    *(-0.16666666666666666, 0.008333333333333331, -0.00019841269841265065),
    *(2.7557319219339167e-06, -2.5052106232447568e-08, 1.605853161898449e-10),
    -7.586697117609268e-13,
)
COSINE = (
    *(0.041666666666666664, -0.0013888888888887398, 2.480158729876569e-05),
    *(-2.755731727172978e-07, 2.0876146268401222e-09, -1.1382632425379413e-11),
)
ARCTANGENT = (
    *(-0.3333333333333333, 0.1999999999999552, -0.14285714284666542, 0.11111111015256357),
    *(-0.09090904578123737, 0.07692183190822273, -0.06664511447328225, 0.05858148912335523),
    *(-0.050854497354980904, 0.039231658225033876, -0.019176887032657384),
)
TANGENT_H = (
    *(-0.3333333333333333, 0.13333333333333156, -0.05396825396807246, 0.021869488528851563),
    *(-0.008863235376070049, 0.0035921260886201288, -0.001455818332976359),
    *(0.0005899370761505262, -0.00023877152077828988, 9.590522731205484e-05),
    *(-3.7232652552039434e-05, 1.2965129064916507e-05, -3.450590707360211e-06),
    4.966235605329282e-07,
)
SINE_H = (
    *(0.16666666666666666, 0.008333333333333299, 0.00019841269841324198),
    *(2.7557319191381816e-06, 2.5052117695907823e-08, 1.6057679623801638e-10),
    7.746178593018827e-13,
)
COSINE_H = (
    *(0.041666666666666664, 0.001388888888888887, 2.480158730161747e-05),
    *(2.7557319205890157e-07, 2.0876762155587967e-09, 1.146998832606381e-11),
    4.83445137390608e-14,
)


def polynomial(f: Arithmetic[T], coefficients: Sequence[float], z: T) -> T:
    """Return the polynomial at z by pairs: c0 + c1 z + z^2 (c2 + c3 z + z^2 (...))."""
    pairs = []
    for i in range(0, len(coefficients), 2):
        value = f.number(coefficients[i])
        if i + 1 < len(coefficients):
            value = f.add(value, f.mul(f.number(coefficients[i + 1]), z))
        pairs.append(value)
    squared = f.mul(z, z)
    total = pairs[-1]
    for pair in reversed(pairs[:-1]):
        total = f.add(pair, f.mul(squared, total))
    return total


def odd(f: Arithmetic[T], coefficients: Sequence[float], x: T) -> T:
    """Return x + x x^2 p(x^2): sine, arc tangent and tanh or sinh of small numbers."""
    z = f.mul(x, x)
    return f.add(x, f.mul(x, f.mul(z, polynomial(f, coefficients, z))))


def exponential(f: Arithmetic[T], r: T) -> T:
    """Return e^r = 1 + (r + r^2 p(r)) for |r| <= 0.34658."""
    rest = f.add(r, f.mul(f.mul(r, r), polynomial(f, EXPONENTIAL, r)))
    return f.add(f.number(1.0), rest)


def logarithm(f: Arithmetic[T], fraction: T, high: T, low: T) -> T:
    """Return log(1 + fraction) + high + low for 1 + fraction between sqrt(1/2) and sqrt(2)."""
    correction = f.sub(_bend(f, LOGARITHM, fraction), low)
    return f.add(high, f.sub(fraction, correction))


def logarithm_of_one_plus(f: Arithmetic[T], t: T) -> T:
    """Return log(1 + t) for 0 <= t <= 1."""
    return f.sub(t, _bend(f, LOGARITHM_WIDE, t))


def _bend(f: Arithmetic[T], coefficients: Sequence[float], t: T) -> T:
    """Return t - log(1 + t) = s (t - 2 s^2 p(s^2)), s = t/(2 + t), as log(1 + t) = 2 artanh(s)."""
    s = f.div(t, f.add(f.number(2.0), t))
    z = f.mul(s, s)
    return f.mul(s, f.sub(t, f.mul(f.add(z, z), polynomial(f, coefficients, z))))


def cosine(f: Arithmetic[T], r: T) -> T:
    """Return cos(r) = (1 - r^2/2) + r^4 p(r^2) for |r| <= 0.7854."""
    z = f.mul(r, r)
    rest = f.mul(f.mul(z, z), polynomial(f, COSINE, z))
    return f.add(f.sub(f.number(1.0), f.mul(f.number(0.5), z)), rest)


def cosh_minus_one(f: Arithmetic[T], x: T) -> T:
    """Return cosh(x) - 1 = x^2/2 + x^4 p(x^2) for |x| <= 1."""
    z = f.mul(x, x)
    return f.add(f.mul(f.number(0.5), z), f.mul(f.mul(z, z), polynomial(f, COSINE_H, z)))

"""The inverse of the normal distribution function out of operations with one defined rounding."""

from __future__ import annotations

from collections.abc import Sequence

from .lanes import Value, bits, choose, from_bits, real, root

__all__ = ["minus_log", "normal_from_53"]

# Coefficients of the three rational approximations of [wichura1988percentage], constant last.
_CENTRAL = (
    (
        2509.0809287301226727,
        33430.575583588128105,
        67265.770927008700853,
        45921.953931549871457,
        13731.693765509461125,
        1971.5909503065514427,
        133.14166789178437745,
        3.387132872796366608,
    ),
    (
        5226.495278852545925,
        28729.085735721942674,
        39307.89580009271061,
        21213.794301586595867,
        5394.1960214247511077,
        687.1870074920579083,
        42.313330701600911252,
        1.0,
    ),
)
_TAIL = (
    (
        7.7454501427834140764e-4,
        0.0227238449892691845833,
        0.24178072517745061177,
        1.27045825245236838258,
        3.64784832476320460504,
        5.7694972214606914055,
        4.6303378461565452959,
        1.42343711074968357734,
    ),
    (
        1.05075007164441684324e-9,
        5.475938084995344946e-4,
        0.0151986665636164571966,
        0.14810397642748007459,
        0.68976733498510000455,
        1.6763848301838038494,
        2.05319162663775882187,
        1.0,
    ),
)
_FAR_TAIL = (
    (
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        0.0012426609473880784386,
        0.026532189526576123093,
        0.29656057182850489123,
        1.7848265399172913358,
        5.4637849111641143699,
        6.6579046435011037772,
    ),
    (
        2.04426310338993978564e-15,
        1.4215117583164458887e-7,
        1.8463183175100546818e-5,
        7.868691311456132591e-4,
        0.0148753612908506148525,
        0.13692988092273580531,
        0.59983220655588793769,
        1.0,
    ),
)

_HALF_ROOT = 0x3FE6A09E667F3BCD  # bits of √½
_BIAS = 64 << 52  # keeps exponents from −64 on positive
_FRACTION = 2**52 - 1
_LOG_TWO = 0.6931471805599453


def normal_from_53(whole: Value) -> Value:
    """Return the normal number that 53 random bits stand for.

    The lowest bit is the sign. The others, as m = 0 … 2^52 − 1, are the probability
    p = (m + ½) 2^-53 of a larger absolute value on that side; the result is ±z with
    Φ(−z) = p, from 0.00… to 8.3, exactly symmetric.

    Parameters
    ----------
    whole : array (or lanes) of whole numbers below 2^53

    References
    ----------
    [wichura1988percentage], algorithm AS 241, routine PPND16: relative error about 1e-16.
    """
    p = (real(whole >> 1) + 0.5) * 2.0**-53
    from_centre = 0.5 - p  # exact
    central = from_centre <= 0.425
    square = 0.180625 - from_centre * from_centre
    distance = root(minus_log(p))
    near = distance <= 5.0
    parts = [
        choose(
            central,
            _polynomial(square, of_centre),
            choose(near, _polynomial(distance - 1.6, tail), _polynomial(distance - 5.0, far)),
        )
        for of_centre, tail, far in zip(_CENTRAL, _TAIL, _FAR_TAIL, strict=True)
    ]
    above = choose(central, parts[0] * from_centre, parts[0])
    return from_bits(bits(above / parts[1]) ^ ((whole & 1) << 63))


def minus_log(x: Value) -> Value:
    """Return −log x for 2^-60 < x < 1, to about one unit in the last place where x < ¾.

    With x = 2^e m, √½ ≤ m < √2 and s = (m − 1)/(m + 1): log x = e log 2 + 2 artanh s.
    """
    shifted = bits(x) - (_HALF_ROOT - _BIAS)
    exponent = real(shifted >> 52) - 64.0
    m = from_bits((shifted & _FRACTION) + _HALF_ROOT)
    s = (m - 1.0) / (m + 1.0)
    square = s * s
    series = _polynomial(square, [2.0 / k for k in range(21, 0, -2)])
    return -(exponent * _LOG_TWO + s * series)


def _polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    value = x * coefficients[0] + coefficients[1]
    for coefficient in coefficients[2:]:
        value = value * x + coefficient
    return value

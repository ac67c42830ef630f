"""Bounds of rounding errors by running code on pairs (exact range, error bound).

Rounding to nearest in double precision moves a result of size below 2^(e+1) by at most 2^(e-53),
and a product or quotient below the normal range by at most 2^-1075. All bounds are computed in
ball arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import flint

arb = flint.arb
UNIT = arb(2) ** -53
SUBNORMAL = arb(2) ** -1075


@dataclass(frozen=True)
class Tracked:
    """The value that exact arithmetic would give, and how far the computed one may be from it."""

    exact: flint.arb
    error: flint.arb

    def relative(self) -> float:
        """Return the error relative to the exact value, in units of 2^-53, rounded up."""
        return float((self.error / (abs(self.exact).lower() * UNIT)).upper())


class Tracking:
    """The operations of `series.Arithmetic` on such pairs."""

    def number(self, value: float) -> Tracked:
        return Tracked(arb(value), arb(0))

    def add(self, a: Tracked, b: Tracked) -> Tracked:
        return _rounded(a.exact + b.exact, a.error + b.error, arb(0))

    def sub(self, a: Tracked, b: Tracked) -> Tracked:
        return _rounded(a.exact - b.exact, a.error + b.error, arb(0))

    def mul(self, a: Tracked, b: Tracked) -> Tracked:
        error = _size(a.exact) * b.error + _size(b.exact) * a.error + a.error * b.error
        return _rounded(a.exact * b.exact, error, SUBNORMAL)

    def div(self, a: Tracked, b: Tracked) -> Tracked:
        smallest = abs(b.exact).lower() - b.error
        assert smallest > 0
        error = (a.error + _size(a.exact / b.exact) * b.error) / smallest
        return _rounded(a.exact / b.exact, error.upper(), SUBNORMAL)


def _size(value: flint.arb) -> flint.arb:
    return abs(value).upper()


def _rounded(exact: flint.arb, error: flint.arb, tiny: flint.arb) -> Tracked:
    largest = (_size(exact) + error).upper()
    mantissa, exponent = (int(part) for part in largest.man_exp())
    binade = arb(2) ** (exponent + mantissa.bit_length() - 1) if mantissa else arb(0)
    return Tracked(exact, (error + UNIT * binade + tiny).upper())


def pieces(low: float, high: float, number: int) -> Iterator[flint.arb]:
    """Return balls that cover an interval."""
    step = (arb(high) - arb(low)) / number
    for i in range(number):
        yield (arb(low) + step * i).union(arb(low) + step * (i + 1))


def shrinking(high: float, number: int = 4, halvings: int = 60) -> Iterator[flint.arb]:
    """Return balls that cover (high 2^-halvings, high], every halving in `number` pieces."""
    for _ in range(halvings):
        yield from pieces(high / 2, high, number)
        high /= 2


def truncation(
    exact: Sequence[flint.fmpq],
    ratio: flint.arb,
    coefficients: Sequence[float],
    low: float,
    high: float,
    weight: Callable[[flint.arb], flint.arb],
) -> float:
    """Return a bound of weight(z) |f(z) - p(z)| for low <= z <= high, in units of 2^-53.

    f has the power series `exact`, continued by coefficients that shrink by `ratio` at least each
    time; p is the polynomial with the given coefficients. On each piece c + t, |t| <= h, their
    difference up to the order of `exact` is expanded about c, whose coefficients are bounded.
    """
    worst = 0.0
    precision, flint.ctx.prec = flint.ctx.prec, 300
    try:
        padded = [*coefficients, *([0.0] * (len(exact) - len(coefficients)))]
        rest = [arb(e) - arb(c) for e, c in zip(exact, padded, strict=True)]
        difference = flint.arb_poly(rest)
        step = ratio * max(abs(low), abs(high))
        size = abs(arb(exact[-1])) * arb(max(abs(low), abs(high))) ** (len(exact) - 1)
        beyond = size * step / (1 - step)
        for piece in pieces(low, high, 200):
            half = (piece.rad() * arb("1.000001")).upper()
            shifted = difference(flint.arb_poly([piece.mid(), 1]))
            total = sum((_size(shifted[j]) * half**j for j in range(len(exact))), beyond)
            worst = max(worst, float((weight(piece) * total / UNIT).upper()))
    finally:
        flint.ctx.prec = precision
    return worst

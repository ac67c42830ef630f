"""Unions of open intervals with exact algebraic end points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import flint
import sympy as sp

from .real_algebraic import RealAlgebraic, signed

__all__ = ["OpenIntervals", "quotient"]

End = RealAlgebraic | None  # None: the end at infinity on that side


@dataclass(frozen=True)
class OpenIntervals:
    """Disjoint open intervals in ascending order.

    Examples
    --------
    >>> unit = OpenIntervals(((RealAlgebraic.rational(0), RealAlgebraic.rational(1)),))
    >>> unit.intersection(OpenIntervals(((RealAlgebraic((-1, 0, 2), 1), None),))).to_sympy()
    Interval.open(sqrt(2)/2, 1)
    """

    pairs: tuple[tuple[End, End], ...]

    def intersection(self, other: OpenIntervals) -> OpenIntervals:
        """Return the points in both."""
        found = []
        for a, b in self.pairs:
            for c, d in other.pairs:
                low = _larger(a, c)
                high = _smaller(b, d)
                if low is None or high is None or low < high:
                    found.append((low, high))
        return OpenIntervals(tuple(found))

    def contains(self, number: RealAlgebraic) -> bool:
        """Return whether `number` lies inside, decided exactly."""
        return any(
            (low is None or number > low) and (high is None or number < high)
            for low, high in self.pairs
        )

    def scaled_by_inverse(self, factor: RealAlgebraic) -> OpenIntervals:
        """Return the set of h with h * factor in this set, for a factor that is not zero."""
        pairs: Iterable[tuple[End, End]] = (
            (
                None if low is None else quotient(low, factor),
                None if high is None else quotient(high, factor),
            )
            for low, high in self.pairs
        )
        if factor < 0:
            pairs = [(high, low) for low, high in reversed(list(pairs))]
        return OpenIntervals(tuple(pairs))

    def to_sympy(self) -> sp.Set:
        """Return the sympy set."""
        parts = [
            sp.Interval.open(
                -sp.oo if low is None else low.to_sympy(),
                sp.oo if high is None else high.to_sympy(),
            )
            for low, high in self.pairs
        ]
        return sp.Union(*parts) if parts else sp.S.EmptySet


def _larger(a: End, b: End) -> End:
    if a is None or b is None:
        return b if a is None else a
    return b if a < b else a


def _smaller(a: End, b: End) -> End:
    if a is None or b is None:
        return b if a is None else a
    return a if a < b else b


def quotient(numerator: RealAlgebraic, divisor: RealAlgebraic) -> RealAlgebraic:
    """Return numerator / divisor exactly.

    Examples
    --------
    >>> quotient(RealAlgebraic.rational(2), RealAlgebraic((-2, 0, 1), 1)).to_sympy()
    sqrt(2)
    """
    top, bottom = numerator.fraction, divisor.fraction
    if top is not None and bottom is not None:
        return RealAlgebraic.rational(top / bottom)
    if top == 0:
        return RealAlgebraic.rational(0)
    if top is not None:
        # z = c / λ with p(λ) = 0 is a root of z^n p(c / z).
        n = divisor.degree
        values = [
            flint.fmpq(a) * flint.fmpq(top.numerator, top.denominator) ** k
            for k, a in enumerate(divisor.polynomial)
        ]
        candidates = _factors([values[n - k] for k in range(n + 1)])
    elif bottom is not None:
        # z = λ / c is a root of p(c z).
        values = [
            flint.fmpq(a) * flint.fmpq(bottom.numerator, bottom.denominator) ** k
            for k, a in enumerate(numerator.polynomial)
        ]
        candidates = _factors(values)
    else:
        return RealAlgebraic.from_sympy(numerator.to_sympy() / divisor.to_sympy())
    return RealAlgebraic.nearest(candidates, lambda bits: _ratio(numerator, divisor, bits))


def _ratio(a: RealAlgebraic, b: RealAlgebraic, bits: int) -> flint.arb:
    top, bottom = a.ball(bits), b.ball(bits)
    with flint.ctx.workprec(bits):
        return top / bottom


def _factors(coefficients: list[flint.fmpq]) -> list[tuple[int, ...]]:
    whole = flint.fmpq_poly(coefficients).numer()
    return [signed(tuple(int(c) for c in f.coeffs())) for f, _ in whole.factor()[1]]

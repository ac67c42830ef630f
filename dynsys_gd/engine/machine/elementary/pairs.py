"""Sums and products of doubles on lanes together with what rounding took from them."""

from __future__ import annotations

from ..writer import Function

__all__ = ["fast_two_sum", "two_product", "two_sum"]


def two_sum(f: Function, a: str, b: str) -> tuple[str, str]:
    """Return (s, e) with s = a + b rounded and s + e = a + b exactly."""
    s = f.add(a, b)
    of_b = f.sub(s, a)
    return s, f.add(f.sub(a, f.sub(s, of_b)), f.sub(b, of_b))


def fast_two_sum(f: Function, a: str, b: str) -> tuple[str, str]:
    """Return the same for |a| >= |b| or a = 0."""
    s = f.add(a, b)
    return s, f.sub(b, f.sub(s, a))


def two_product(f: Function, a: str, b: str) -> tuple[str, str]:
    """Return (p, e) with p = a b rounded and p + e = a b exactly, for factors of moderate size."""
    p = f.mul(a, b)
    if f.module.fused:
        return p, f.fma(a, b, f.neg(p))
    (a_high, a_low), (b_high, b_low) = _halves(f, a), _halves(f, b)
    error = f.sub(f.mul(a_high, b_high), p)
    error = f.add(f.add(error, f.mul(a_high, b_low)), f.mul(a_low, b_high))
    return p, f.add(error, f.mul(a_low, b_low))


def _halves(f: Function, a: str) -> tuple[str, str]:
    """Return a as a sum of two doubles of at most 27 bits."""
    spread = f.mul(a, f.number(2.0**27 + 1))
    high = f.sub(spread, f.sub(spread, a))
    return high, f.sub(a, high)

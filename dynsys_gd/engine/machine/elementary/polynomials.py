"""Polynomials on lanes."""

from __future__ import annotations

from collections.abc import Sequence

from ..writer import Function

__all__ = ["polynomial"]


def polynomial(f: Function, x: str, coefficients: Sequence[float]) -> str:
    """Return sum c_k x^k, lowest coefficient first, by Horner's rule.

    A value spans several registers, whose chains run side by side; the schemes with shorter
    chains cost more multiplications and were measured to be slower.
    """
    *rest, value = [f.number(c) for c in coefficients]
    for c in reversed(rest):
        value = f.fma(value, x, c)
    return value

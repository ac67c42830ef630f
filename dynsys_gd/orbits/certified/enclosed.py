"""Arithmetic on arrays of intervals, for the few formulas that are not straight-line code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.intervals.enclosing import LARGEST
from .outward import Bounds, down, up

__all__ = ["Enclosed", "ScaledNumber", "matrix_product", "rescaled"]

_ROOM = 200  # powers of two that numbers may grow by before they are scaled


@dataclass(frozen=True, eq=False)
class Enclosed:
    """Numbers known between bounds; lower bounds are never +inf, upper ones never -inf, none NaN.

    Sums and products broadcast. A divisor that may be zero gives the whole line.
    """

    lower: Bounds
    upper: Bounds

    @staticmethod
    def of(numbers: Bounds) -> Enclosed:
        """Return doubles as they are."""
        return Enclosed(numbers, numbers)

    @staticmethod
    def stack(parts: Sequence[Enclosed], axis: int = 0) -> Enclosed:
        """Return arrays of one shape as one array."""
        return Enclosed(
            np.stack([part.lower for part in parts], axis=axis),
            np.stack([part.upper for part in parts], axis=axis),
        )

    def __getitem__(self, place: Any) -> Enclosed:
        return Enclosed(self.lower[place], self.upper[place])

    def __neg__(self) -> Enclosed:
        return Enclosed(-self.upper, -self.lower)

    def __add__(self, other: Enclosed | float) -> Enclosed:
        other = _enclosed(other)
        return _rounded(self.lower + other.lower, self.upper + other.upper)

    def __sub__(self, other: Enclosed | float) -> Enclosed:
        return self + -_enclosed(other)

    def __rsub__(self, other: float) -> Enclosed:
        return -self + other

    def __mul__(self, other: Enclosed | float) -> Enclosed:
        other = _enclosed(other)
        # Numbers that are doubles have one array for both bounds, and half of the corners.
        ends = [self.lower] if self.lower is self.upper else [self.lower, self.upper]
        others = [other.lower] if other.lower is other.upper else [other.lower, other.upper]
        corners = [x * y for x in ends for y in others]
        # 0 times inf is NaN: an infinite bound is never attained, so that it stands for 0.
        if not all(np.isfinite(bound).all() for bound in (*ends, *others)):
            corners = [np.where(np.isnan(corner), 0.0, corner) for corner in corners]
        least, most = reduce(np.minimum, corners), reduce(np.maximum, corners)
        return _rounded(least, most)

    __rmul__ = __mul__
    __radd__ = __add__

    def __truediv__(self, other: Enclosed | float) -> Enclosed:
        other = _enclosed(other)
        fine = (other.lower > 0) | (other.upper < 0)
        by_low = np.where(fine, other.lower, 1.0)
        by_high = np.where(fine, other.upper, 1.0)
        corners = np.stack(
            [self.lower / by_low, self.lower / by_high, self.upper / by_low, self.upper / by_high]
        )
        # inf over inf: the quotient of bounds that are not attained can be any size down to 0.
        corners = np.where(np.isnan(corners), 0.0, corners)
        found = _rounded(corners.min(axis=0), corners.max(axis=0))
        return Enclosed(np.where(fine, found.lower, -np.inf), np.where(fine, found.upper, np.inf))

    def square(self) -> Enclosed:
        size = abs(self)
        found = _rounded(size.lower * size.lower, size.upper * size.upper)
        return Enclosed(np.maximum(found.lower, 0.0), found.upper)

    def root(self) -> Enclosed:
        """Return the square roots of what is not negative in the intervals."""
        low, high = np.sqrt(np.maximum(self.lower, 0.0)), np.sqrt(np.maximum(self.upper, 0.0))
        found = _rounded(low, high)
        zero = self.upper <= 0
        return Enclosed(np.maximum(found.lower, 0.0), np.where(zero, 0.0, found.upper))

    def __abs__(self) -> Enclosed:
        inner = np.maximum(np.maximum(self.lower, -self.upper), 0.0)
        return Enclosed(inner, np.maximum(-self.lower, self.upper))

    @property
    def size(self) -> Bounds:
        """The largest absolute values."""
        return np.asarray(np.maximum(-self.lower, self.upper))

    def meet(self, other: Enclosed) -> Enclosed:
        """Return what lies in both; enclosures of the same numbers always have that."""
        return Enclosed(np.maximum(self.lower, other.lower), np.minimum(self.upper, other.upper))

    def where(self, condition: NDArray[np.bool_], other: Enclosed) -> Enclosed:
        """Return these numbers where the condition holds, else the others."""
        return Enclosed(
            np.where(condition, self.lower, other.lower),
            np.where(condition, self.upper, other.upper),
        )

    def middle(self) -> Bounds:
        """Return a number about in the middle of each interval, never NaN."""
        return _middle(self.lower, self.upper)


@dataclass(frozen=True, eq=False)
class ScaledNumber:
    """Enclosed numbers times powers of two: products of many factors that do not overflow.

    Parameters
    ----------
    part : Enclosed
    exponent : ndarray of int
    """

    part: Enclosed
    exponent: NDArray[np.int64]

    def value(self) -> Enclosed:
        """Return bounds in doubles, infinite only where no double is beyond the number."""
        return _shifted(self.part, np.clip(self.exponent, -4000, 4000))


def rescaled(numbers: Enclosed, exponent: NDArray[np.int64]) -> ScaledNumber:
    """Return numbers (..., n) and their exponents (n,) with large and small sizes moved over."""
    size = numbers.size.reshape(-1, numbers.lower.shape[-1]).max(axis=0)
    _, power = np.frexp(np.where(np.isfinite(size) & (size > 0), size, 1.0))
    moved = np.where(np.abs(power) > _ROOM, power, 0).astype(np.int64)
    if not moved.any():
        return ScaledNumber(numbers, exponent)
    return ScaledNumber(_shifted(numbers, -moved), exponent + moved)


def matrix_product(first: Enclosed, second: Enclosed) -> Enclosed:
    """Return products of matrices (i, j, ...) and (j, k, ...)."""
    total = first[:, 0, None] * second[None, 0]
    for j in range(1, first.lower.shape[1]):
        total = total + first[:, j, None] * second[None, j]
    return total


def _shifted(numbers: Enclosed, exponent: NDArray[np.int64]) -> Enclosed:
    """Return numbers times powers of two: exact but for the ends of the range of doubles."""
    low = np.ldexp(numbers.lower, exponent)
    high = np.ldexp(numbers.upper, exponent)
    tiny = 2.0**-1074  # of a normal number this takes nothing away
    return Enclosed(np.minimum(low - tiny, LARGEST), np.maximum(high + tiny, -LARGEST))


def _rounded(low: Bounds, high: Bounds) -> Enclosed:
    # An overflow to +inf is a number above the largest double; inf - inf below is then NaN.
    return Enclosed(np.fmin(down(low), LARGEST), np.fmax(up(high), -LARGEST))


def _enclosed(number: Enclosed | float) -> Enclosed:
    if isinstance(number, Enclosed):
        return number
    return Enclosed.of(np.asarray(float(number)))


def _middle(low: Bounds, high: Bounds) -> Bounds:
    """Return middles; of half-lines the finite end, of the line 0."""
    half = 0.5 * low + 0.5 * high
    half = np.where(np.isposinf(half), np.maximum(low, 0.0), half)
    half = np.where(np.isneginf(half), np.minimum(high, 0.0), half)
    return np.where(np.isnan(half), 0.0, half)

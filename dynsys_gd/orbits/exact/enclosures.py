"""Exact points as numbers: certified bounds in doubles, exact sympy coordinates, region tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...regions import Ball, Box, Gaussian, Region
from ..algebra.line_cycles import LinePoint
from ..algebra.number_field import AlgebraicPoint
from ..algebra.real_algebraic import RealAlgebraic

__all__ = ["LONGEST_EXACT", "bounds", "checked_region", "exact_coordinates", "lies_in"]

LONGEST_EXACT = 24  # degree of a number field whose elements are still written out


def bounds(points: Sequence[AlgebraicPoint | LinePoint]) -> NDArray[np.float64]:
    """Return certified lower and upper bounds of the coordinates, shape (p, d, 2)."""
    return np.array([[_ends(ball) for ball in point.tight_coordinates] for point in points])


def _ends(ball: flint.arb) -> tuple[float, float]:
    low, high = float(ball.lower()), float(ball.upper())
    if low == high and ball.is_exact():
        return low, high
    # The conversion to a double rounds to nearest: one step outwards covers it.
    return math.nextafter(low, -math.inf), math.nextafter(high, math.inf)


def exact_coordinates(point: AlgebraicPoint | LinePoint) -> tuple[sp.Expr, ...] | None:
    """Return the coordinates as sympy numbers, or None where the number field is too large."""
    if isinstance(point, LinePoint):
        return None
    numbers = coordinate_numbers(point)
    return None if numbers is None else tuple(number.to_sympy() for number in numbers)


def coordinate_numbers(point: AlgebraicPoint) -> list[RealAlgebraic] | None:
    """Return the coordinates by their minimal polynomials, or None in a large field."""
    if point.degree > LONGEST_EXACT:
        return None
    return [point.number(element) for element in point.coordinates]


def checked_region(region: Region | None, sizes: Sequence[int]) -> Region | None:
    """Return a region of one of the given dimensions, or refuse it."""
    if region is None:
        return None
    if not isinstance(region, Region):
        raise InvalidInput("region", region, "a Box, a Ball, or None for the whole space")
    if region.dimension not in sizes:
        raise InvalidInput("region", region, f"a region of dimension {sizes[0]}")
    return region


def lies_in(point: AlgebraicPoint | LinePoint, region: Region | None) -> bool:
    """Return exactly whether a point lies in the closed region, seen in its first coordinates.

    The corners of a region are doubles, which are rational numbers.
    """
    if region is None or isinstance(region, Gaussian):
        return True
    if isinstance(point, LinePoint):
        low, high = _ends_on_line(region)
        return point.compare(low) >= 0 and point.compare(high) <= 0
    if isinstance(region, Box):
        return all(
            point.sign(x - _rational(low)) >= 0 and point.sign(x - _rational(high)) <= 0
            for x, low, high in zip(point.coordinates, region.low, region.high, strict=False)
        )
    if isinstance(region, Ball):
        square = flint.fmpq_poly([-(_rational(region.radius) ** 2)])
        for x, c in zip(point.coordinates, region.center, strict=False):
            square = square + point.times(x - _rational(c), x - _rational(c))
        return point.sign(square) <= 0
    raise InvalidInput("region", region, "a Box, a Ball, a Gaussian, or None")


def _ends_on_line(region: Region) -> tuple[flint.fmpq, flint.fmpq]:
    if isinstance(region, Box):
        return _rational(region.low[0]), _rational(region.high[0])
    if isinstance(region, Ball):
        middle, radius = _rational(region.center[0]), _rational(region.radius)
        return middle - radius, middle + radius
    raise InvalidInput("region", region, "a Box, a Ball, a Gaussian, or None")


def _rational(number: float) -> flint.fmpq:
    return flint.fmpq(*number.as_integer_ratio())

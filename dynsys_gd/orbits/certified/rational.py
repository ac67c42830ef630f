"""Which proved orbits consist of simple rational points, checked exactly."""

from __future__ import annotations

import math
from fractions import Fraction

import sympy as sp

from .equations import Equations
from .outward import Bounds

__all__ = ["rational_orbit", "simplest"]

_LARGEST = 10_000  # denominators beyond are met by chance in an interval of rounding width

Point = tuple[sp.Rational, ...]


def rational_orbit(equations: Equations, lower: Bounds, upper: Bounds) -> tuple[Point, ...] | None:
    """Return the orbit between the bounds (p, d) where it is rational with small denominators.

    The bounds hold exactly one solution; a rational one between them is that one. None means
    that none was found, not that there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from sympy.abc import x
    >>> logistic = Equations((4 * x * (1 - x) - x,), (x,), 1)
    >>> rational_orbit(logistic, np.array([[-1e-16]]), np.array([[1e-16]]))
    ((0,),)
    """
    start = [simplest(low, high) for low, high in zip(lower[0], upper[0], strict=True)]
    if any(value is None for value in start):
        return None
    point: Point = tuple(sp.Rational(v.numerator, v.denominator) for v in start if v is not None)
    orbit = [point]
    for k in range(equations.period):
        pairs = dict(zip(equations.variables, point, strict=True))
        image = tuple(h.xreplace(pairs) for h in equations.functions)
        if not all(isinstance(value, sp.Rational) for value in image):
            return None
        if equations.period == 1:
            return (point,) if all(value == 0 for value in image) else None
        if k == equations.period - 1:
            return tuple(orbit) if image == orbit[0] else None
        between = zip(lower[k + 1], image, upper[k + 1], strict=True)
        if not all(sp.Rational(a) <= value <= sp.Rational(b) for a, value, b in between):
            return None
        point = image
        orbit.append(point)
    return None


def simplest(lower: float, upper: float) -> Fraction | None:
    """Return the fraction with a small denominator nearest to the middle, None where there is none.

    Examples
    --------
    >>> simplest(0.333333333333333, 0.333333333333334), simplest(1.41421356237309, 1.4142135623731)
    (Fraction(1, 3), None)
    """
    if not (math.isfinite(lower) and math.isfinite(upper) and lower <= upper):
        return None
    low, high = Fraction(lower), Fraction(upper)
    nearest = ((low + high) / 2).limit_denominator(_LARGEST)
    return nearest if low <= nearest <= high else None

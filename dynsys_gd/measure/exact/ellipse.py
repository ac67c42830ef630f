"""The area of an ellipse about the origin inside a rectangle, in closed form."""

from __future__ import annotations

from itertools import pairwise

import sympy as sp

from ...regions import Box
from .theorem import exactly

__all__ = ["area_in_box"]


def area_in_box(Q: sp.Matrix, box: Box) -> sp.Expr:
    """Return the area of {xᵀ Q⁻¹ x < 1} inside a box of the plane.

    Parameters
    ----------
    Q : Matrix
        2 x 2, rational, positive definite.
    box : Box

    Notes
    -----
    Above the first coordinate u the ellipse spans t u ± h(u) with t = Q₁₂/Q₁₁ and
    h(u)² = det Q (Q₁₁ - u²)/Q₁₁². Between neighbouring knots, the ends and the crossings of the
    boundary with the sides, upper and lower limit are each an arc or a side, and both have
    elementary primitives.

    Examples
    --------
    A quarter of a disc of radius 2.

    >>> area_in_box(sp.diag(4, 4), Box([0, 0], [3, 3]))
    pi
    """
    (left, bottom), (right, top) = (tuple(map(exactly, corner)) for corner in (box.low, box.high))
    width = sp.sqrt(Q[0, 0])
    tilt, flat = Q[0, 1] / Q[0, 0], sp.sqrt(Q.det()) / Q[0, 0]

    def half_height(u: sp.Expr) -> sp.Expr:
        return flat * sp.sqrt(Q[0, 0] - u**2)

    def arc(u: sp.Expr) -> sp.Expr:
        return flat * (u * sp.sqrt(Q[0, 0] - u**2) + Q[0, 0] * sp.asin(u / width)) / 2

    start, end = sp.Max(left, -width), sp.Min(right, width)
    if not start < end:
        return sp.S.Zero
    lean = Q[0, 1] / Q[1, 1]
    reach = sp.sqrt(Q.det()) / Q[1, 1]
    crossings = {
        lean * side + sign * reach * sp.sqrt(Q[1, 1] - side**2)
        for side in (bottom, top)
        if side**2 <= Q[1, 1]
        for sign in (-1, 1)
    }
    inner = sorted((u for u in crossings if start < u < end), key=lambda u: u.evalf(50))
    area = sp.S.Zero
    for a, b in pairwise([start, *inner, end]):
        middle = sp.Rational((a + b).evalf(50) / 2)
        upper, lower = (tilt * middle + sign * half_height(middle) for sign in (1, -1))
        if not sp.Max(lower, bottom) < sp.Min(upper, top):
            continue
        bulge, slope = arc(b) - arc(a), tilt * (b**2 - a**2) / 2
        area += slope + bulge if upper < top else top * (b - a)
        area -= slope - bulge if lower > bottom else bottom * (b - a)
    return sp.expand(area)

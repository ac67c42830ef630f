"""The area of starts from which scalar factorisation converges, clipped to a box."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from ...errors import InvalidInput
from ...regions import Box
from ...values import to_value

__all__ = ["factorisation_area"]


def factorisation_area(step_size: Any, box: Box, *, target: Any = 1) -> float:
    """Return the area inside `box` from which gradient descent on (xy - t)²/2 converges.

    For 0 < η|t| < 1 almost every start inside the ellipse x² + y² - ηt xy < 4/η - ηt² converges
    to a minimum, and no start outside it does.

    Parameters
    ----------
    step_size : number, fraction or text
        The step size η > 0, with η|t| < 1.
    box : Box
        Of the plane.
    target : number, fraction or text
        The target t.

    Returns
    -------
    float
        To about 14 digits: the clipped boundary is integrated in closed form, piece by piece.

    Raises
    ------
    InvalidInput
        For a step size outside that range, or a box that is not one of the plane.

    References
    ----------
    Liang and Montúfar (2025), Theorem 1, for the set; the ellipse is its boundary.

    Examples
    --------
    >>> box = Box([-3, -3], [3, 3])
    >>> round(factorisation_area("1/2", box) / box.volume, 6)
    0.675963
    """
    eta, t = (
        float(to_value(value, name))
        for value, name in ((step_size, "step_size"), (target, "target"))
    )
    if not isinstance(box, Box) or box.dimension != 2:
        raise InvalidInput("box", box, "a box of the plane")
    if eta <= 0 or eta * abs(t) >= 1:
        raise InvalidInput("step_size", step_size, "a step size with 0 < step_size * |target| < 1")
    tilt = eta * t / 2
    level = 4 / eta - eta * t**2
    shrink = 1 - tilt**2
    (left, bottom), (right, top) = box.low, box.high
    widest = math.sqrt(level / shrink)

    def half_height(u: float) -> float:
        # In factors, so that the tips of the ellipse come out as exactly zero.
        return math.sqrt(max(shrink * (widest - u) * (widest + u), 0.0))

    def primitive(u: float) -> float:
        sine = min(max(u / widest, -1.0), 1.0)
        return (u * half_height(u) + level / math.sqrt(shrink) * math.asin(sine)) / 2

    start, end = max(left, -widest), min(right, widest)
    if start >= end:
        return 0.0
    crossings = {
        tilt * side + sign * half_height(side)
        for side in (bottom, top)
        if level >= shrink * side * side
        for sign in (-1, 1)
    }
    knots = [start, *sorted(u for u in crossings if start < u < end), end]
    area = 0.0
    for a, b in pairwise(knots):
        middle = (a + b) / 2
        arc = primitive(b) - primitive(a)
        slope = tilt * (b * b - a * a) / 2
        upper, lower = (tilt * middle + sign * half_height(middle) for sign in (1, -1))
        if min(upper, top) <= max(lower, bottom):
            continue
        area += slope + arc if upper < top else top * (b - a)
        area -= slope - arc if lower > bottom else bottom * (b - a)
    return area

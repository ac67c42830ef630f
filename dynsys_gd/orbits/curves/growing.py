"""Is a chain of points fine enough, and how long may it become?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...regions import Box, positive_count

__all__ = ["Growth", "checked_growth", "distance_to_chain", "lengths_of", "turning"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

LARGEST_ANGLE = 0.3  # Krauskopf and Osinga's bound, in radians
_FAR = 1e8


@dataclass(frozen=True)
class Growth:
    """How far and how finely a curve is grown.

    Parameters
    ----------
    length : float
    tolerance : float
        Largest distance between a straight piece and the curve.
    region : Box or None
    most : int
        Points on a branch.
    """

    length: float
    tolerance: float
    region: Box | None
    most: int

    def keeps(self, rows: Rows) -> NDArray[np.bool_]:
        """Return for each row whether the curve may pass there."""
        with np.errstate(all="ignore"):
            known = np.abs(rows).max(axis=1) < _FAR  # False for what is no number
            return known if self.region is None else known & self.region.contains(rows)


def checked_growth(
    d: int, length: Any, tolerance: Any, region: Any, most: Any, *, needs_region: bool
) -> Growth:
    """Return the settings, or refuse the one that cannot be used."""
    if region is None and not needs_region:
        pass
    elif not isinstance(region, Box):
        raise InvalidInput("region", region, "a Box" + ("" if needs_region else ", or None"))
    elif region.dimension != d:
        raise InvalidInput("region", region, f"a Box of {d} coordinates, like the state")
    return Growth(
        _positive(length, "length"),
        _positive(tolerance, "tolerance"),
        region,
        positive_count(most, "most_points"),
    )


def _positive(value: Any, argument: str) -> float:
    known = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not known or not (math.isfinite(value) and value > 0):
        raise InvalidInput(argument, value, "a positive finite number")
    return float(value)


def lengths_of(rows: Rows) -> Numbers:
    """Return the length of each straight piece of a chain."""
    return np.asarray(np.linalg.norm(np.diff(rows, axis=0), axis=1))


def turning(rows: Rows) -> Numbers:
    """Return the angle by which a chain turns at each inner point, 0 to π."""
    step = np.diff(rows, axis=0)
    size = np.linalg.norm(step, axis=1)
    with np.errstate(all="ignore"):
        unit = step / size[:, None]
        # Twice the arcsine of half the chord: accurate for small angles, unlike an arccosine.
        chord = np.linalg.norm(unit[1:] - unit[:-1], axis=1)
    return np.nan_to_num(2 * np.arcsin(np.clip(chord / 2, 0, 1)))


def distance_to_chain(points: Rows, chain: Rows, places: NDArray[np.intp], reach: int) -> Numbers:
    """Return the distance of each point to the pieces of a chain near its own place in it."""
    best = np.full(len(points), np.inf)
    for offset in range(-reach, reach):
        first = np.clip(places + offset, 0, len(chain) - 2)
        a, b = chain[first], chain[first + 1]
        along = b - a
        square = np.einsum("ij,ij->i", along, along)
        with np.errstate(all="ignore"):
            share = np.einsum("ij,ij->i", points - a, along) / square
        share = np.clip(np.nan_to_num(share), 0, 1)
        best = np.minimum(best, np.linalg.norm(points - a - share[:, None] * along, axis=1))
    return best

"""Does a saddle have one unstable, or one stable, direction, and which?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from .cycle import Cycle, checked_cycle
from .invariant_curve import CurveSide

__all__ = ["Saddle", "checked_saddle"]

_NEUTRAL = 1e-9
_ZERO = 1e-10


@dataclass(frozen=True, eq=False)
class Saddle:
    """A saddle orbit with the one multiplier whose curve is wanted.

    Parameters
    ----------
    cycle : Cycle
    multiplier : float
        Of F^p, real; inside the unit circle for the stable curve, outside for the unstable one.
    directions : ndarray, shape (p, d)
        Unit eigenvectors of D(F^p) at each point of the orbit.
    """

    cycle: Cycle
    multiplier: float
    directions: NDArray[np.float64]


def checked_saddle(F: Any, orbit: Any, side: CurveSide) -> Saddle:
    """Return the saddle with the direction of one side, or say what the orbit is instead."""
    cycle = checked_cycle(F, orbit, "orbit")
    d = cycle.points.shape[1]
    if d < 2 or (side is CurveSide.STABLE and d != 2):
        wanted = (
            "a map of two coordinates" if side is CurveSide.STABLE else "two coordinates or more"
        )
        raise InvalidInput("F", f"{d} coordinates", wanted)
    values, vectors = np.linalg.eig(cycle.return_slope())
    sizes = np.abs(values)
    inside = int(np.sum(sizes < 1 - _NEUTRAL))
    outside = int(np.sum(sizes > 1 + _NEUTRAL))
    if outside != 1 or inside != d - 1:
        raise InvalidInput(
            "orbit", _kind(inside, outside, d), "a saddle with exactly one multiplier outside "
            "the unit circle and the others inside", "look at its multipliers with stability"
        )  # fmt: skip
    place = int(np.argmax(sizes)) if side is CurveSide.UNSTABLE else int(np.argmin(sizes))
    multiplier = float(values[place].real)
    if abs(multiplier) < _ZERO:
        raise InvalidInput(
            "orbit",
            f"a multiplier of {multiplier:.1g}",
            "a saddle whose multiplier inside the unit circle is not zero",
            "the map folds the stable curve onto the saddle there; change a parameter a little",
        )
    directions = [_fixed_sign(vectors[:, place].real)]
    for place_in_orbit in range(1, cycle.period):
        values, vectors = np.linalg.eig(cycle.return_slope(place_in_orbit))
        nearest = int(np.argmin(np.abs(values - multiplier)))
        directions.append(_fixed_sign(vectors[:, nearest].real))
    return Saddle(cycle, multiplier, np.array(directions))


def _fixed_sign(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit vector whose largest entry is positive, so that branches have an order."""
    unit = vector / np.linalg.norm(vector)
    return np.asarray(unit if unit[np.argmax(np.abs(unit).round(9))] > 0 else -unit)


def _kind(inside: int, outside: int, d: int) -> str:
    if inside + outside < d:
        return "a neutral orbit (a multiplier on the unit circle)"
    if not outside or not inside:
        return "a source" if outside else "a sink"
    return f"a saddle with {outside} multipliers outside the unit circle"

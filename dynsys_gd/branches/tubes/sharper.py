"""The orbit of a segment at one value of its coordinate, to nearly all digits of a double."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .cyclic_system import CyclicSystem
from .formulas import DEGREE
from .krawczyk import proved_tubes
from .newton import corrected
from .segment import BranchSegment

__all__ = ["sharper_orbit"]

_ROOMS = (1e-6, 1e-8, 1e-10, 1e-12, 1e-14)


def sharper_orbit(
    system: CyclicSystem, segment: BranchSegment, value: float
) -> NDArray[np.float64]:
    """Return bounds (p d + 1, 2) of the orbit of a segment at a value of its coordinate.

    The test is repeated around the orbit itself. What it proves is the orbit of the segment where
    it lies in its tube; where it does not, the tube answers.
    """
    j = segment.coordinate
    low, high = segment.hull(value, value)
    guess = 0.5 * (low + high)
    guess[j] = value
    found, fine = corrected(system, j, guess[None])
    if fine[0]:
        coefficients = np.zeros((1, len(guess), DEGREE + 1))
        coefficients[0, :, 0] = found[0]
        proof = proved_tubes(system, j, coefficients, _ROOMS)
        below = np.nextafter(found[0] - proof.tight[0], -np.inf)
        above = np.nextafter(found[0] + proof.tight[0], np.inf)
        below[j] = above[j] = value
        if proof.proved[0] and segment.holds(below, above):
            low, high = np.maximum(low, below), np.minimum(high, above)
    return np.stack([low, high], axis=-1)

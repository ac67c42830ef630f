"""The unit in which the states of an orbit are measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from .curve import Vector

__all__ = ["size_of", "unit_of_states"]

_SMALL = 1e-3  # orbits below this size are looked at more closely
_BENT = 0.1  # relative change of DF between the origin and an orbit that is large for its map


def size_of(points: Vector) -> float:
    """Return the root mean square of the lengths of points (p, d)."""
    return float(np.sqrt(np.mean(np.sum(points**2, axis=1))))


def unit_of_states(system: Any, points: Vector, values: Any) -> float:
    """Return the size of an orbit, at least 1 unless the map bends on that small a scale.

    Whether a state of size 1e-8 is as good as zero, or all of the dynamics is that small, is told
    by DF: in the first case it is the same at the origin.

    Parameters
    ----------
    system : Parametric or PlaneSystem
    points : ndarray, shape (p, d)
    values : float or ndarray, shape (2,)
        Of the open parameters.
    """
    size = size_of(points)
    if not 0 < size < _SMALL:
        return max(1.0, size)
    there = system.at(points, values)[1]
    origin = system.at(np.zeros_like(points), values)[1]
    change = float(np.max(np.abs(there - origin)))
    # Where DF is not defined at the origin, a small state is not as good as zero.
    same = np.isfinite(change) and change <= _BENT * max(1.0, float(np.max(np.abs(there))))
    return 1.0 if same else size

"""What a user asks an orbit average of: a map, starts, and how long."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ensembles.starts import points_of, states_of
from ...errors import InvalidInput
from ...maps.base import Map
from ...regions import Box, positive_count

__all__ = ["batch_length", "checked_box", "checked_map", "states_asked"]

Rows = NDArray[np.float64]

FEWEST_BATCHES = 16


def checked_map(F: Any) -> Map:
    """Return `F` where it is a map, or refuse it."""
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    return F


def checked_box(F: Map, region: Any) -> Box:
    """Return `region` where it is a box of the dimension of the map, or refuse it."""
    if not isinstance(region, Box) or region.dimension != F.dimension:
        raise InvalidInput("region", region, f"a Box of dimension {F.dimension}")
    return region


def states_asked(F: Map, start: Any) -> Rows:
    """Return the states of one start, or of one a row, shape (n, d)."""
    try:
        alone = np.ndim(start) == 1 and len(start) > 0 and np.ndim(start[0]) == 0
    except (TypeError, ValueError, KeyError, IndexError):
        alone = False
    try:
        points = points_of(F, [start] if alone else start)
    except InvalidInput as refusal:
        remedy = refusal.remedy or "one start, or one a row"
        raise InvalidInput("start", refusal.received, refusal.expected, remedy) from None
    return np.ascontiguousarray(states_of(F, points))


def batch_length(steps: Any, batches: Any) -> tuple[int, int]:
    """Return the steps of a batch, rounded up, and the number of batches."""
    total, count = positive_count(steps, "steps"), positive_count(batches, "batches")
    if count < FEWEST_BATCHES:
        raise InvalidInput("batches", batches, f"at least {FEWEST_BATCHES}")
    if total < count:
        raise InvalidInput("steps", steps, f"at least {count}, one a batch")
    return -(-total // count), count

"""Random moves under which a law of starts does not change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...regions import Ball, Box, Gaussian, Region

__all__ = ["LAWS", "checked_law", "proposed"]

Rows = NDArray[np.float64]

LAWS = (Box, Ball, Gaussian)

# Powers of ten: sets of all widths down to the spacing of doubles must be met.
_FINEST = -15.5
_WIDEST = -0.3


@dataclass(frozen=True, eq=False)
class Proposal:
    """Where rows would move, and which of these places belong to the law."""

    rows: Rows
    inside: NDArray[np.bool_]


def checked_law(region: Region) -> Region:
    """Return a law that has such moves, or refuse it."""
    if not isinstance(region, LAWS):
        raise InvalidInput(
            "region",
            region,
            "a Box, a Ball or a Gaussian",
            "other laws have no moves that leave them unchanged: measure them by MonteCarlo",
        )
    return region


def proposed(region: Region, rows: Rows, rng: np.random.Generator) -> Proposal:
    """Return one move of each row.

    Notes
    -----
    For uniform laws a normal step whose size relative to the region is log-uniform; it is taken
    back outside. For a Gaussian x' = m + √(1 - β²)(x - m) + β σ ξ with β log-uniform
    [cotter2013mcmc]_, which needs no correction. Sizes do not depend on the place, so that both
    are reversible.

    Examples
    --------
    >>> box = Box([0.0], [1.0])
    >>> move = proposed(box, np.array([[0.5]]), np.random.default_rng(0))
    >>> move.rows.shape, move.inside.tolist()
    ((1, 1), [True])
    """
    n, d = rows.shape
    size = 10.0 ** rng.uniform(_FINEST, _WIDEST, size=(n, 1))
    noise = rng.standard_normal((n, d))
    if isinstance(region, Gaussian):
        mean = np.asarray(region.mean)
        beta = size * 10.0**-_WIDEST
        kept = np.sqrt((1.0 - beta) * (1.0 + beta))
        moved = mean + kept * (rows - mean) + beta * np.asarray(region.scale) * noise
        return Proposal(moved, np.ones(n, dtype=bool))
    if isinstance(region, Ball):
        moved = rows + 2.0 * region.radius * size * noise
        away = np.linalg.norm(moved - np.asarray(region.center), axis=1)
        return Proposal(moved, away <= region.radius)
    assert isinstance(region, Box)
    moved = rows + (np.asarray(region.high) - np.asarray(region.low)) * size * noise
    return Proposal(moved, region.contains(moved))

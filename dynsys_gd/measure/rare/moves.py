"""Random moves under which a law of starts does not change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...regions import Ball, Box, Gaussian, Region

__all__ = ["ALL_SIZES", "LAWS", "Proposal", "band", "checked_law", "proposed"]

Rows = NDArray[np.float64]

LAWS = (Box, Ball, Gaussian)

#: finest and widest moves as powers of ten, relative to the law: sets of all widths must be met,
#: down to the spacing of doubles
ALL_SIZES = (-15.5, -0.3)

_BAND = 1.0
_WIDE = 0.98  # of the moves that were accepted are smaller


@dataclass(frozen=True, eq=False)
class Proposal:
    """Where rows would move, which of these places belong to the law, and powers of ten."""

    rows: Rows
    inside: NDArray[np.bool_]
    powers: NDArray[np.float64]


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


def band(accepted: NDArray[np.float64]) -> tuple[float, float]:
    """Return powers of ten about the widest moves that a set lets pass, from accepted ones.

    Examples
    --------
    >>> [round(power, 2) for power in band(np.linspace(-15.5, -3.5, 101))]
    [-4.74, -2.74]
    """
    if not len(accepted):
        return ALL_SIZES
    middle = float(np.quantile(accepted, _WIDE))
    return max(middle - _BAND, ALL_SIZES[0]), min(middle + _BAND, ALL_SIZES[1])


def proposed(
    region: Region, rows: Rows, rng: np.random.Generator, sizes: tuple[float, float] = ALL_SIZES
) -> Proposal:
    """Return one move of each row, every second one of a size between the given powers of ten.

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
    anywhere = rng.uniform(*ALL_SIZES, size=n)
    powers = np.where(np.arange(n) % 2 == rng.integers(2), anywhere, rng.uniform(*sizes, size=n))
    size = 10.0 ** powers[:, None]
    noise = rng.standard_normal((n, d))
    if isinstance(region, Gaussian):
        mean = np.asarray(region.mean)
        beta = size * 10.0 ** -ALL_SIZES[1]
        kept = np.sqrt((1.0 - beta) * (1.0 + beta))
        moved = mean + kept * (rows - mean) + beta * np.asarray(region.scale) * noise
        return Proposal(moved, np.ones(n, dtype=bool), powers)
    if isinstance(region, Ball):
        moved = rows + 2.0 * region.radius * size * noise
        away = np.linalg.norm(moved - np.asarray(region.center), axis=1)
        return Proposal(moved, away <= region.radius, powers)
    assert isinstance(region, Box)
    moved = rows + (np.asarray(region.high) - np.asarray(region.low)) * size * noise
    return Proposal(moved, region.contains(moved), powers)

"""Sets of initialisations that are made where they are needed, however many they are.

Each start is a function of its number: nothing is stored, and the result of an ensemble does not
depend on how its starts are shared out among workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.starts import (
    GaussianStarts,
    GivenStarts,
    GridStarts,
    JitteredStarts,
    SobolStarts,
    Starts,
    UniformStarts,
    key_of,
)
from ..errors import InvalidInput
from ..regions import Box, Gaussian, Grid, Region, positive_count

__all__ = ["Starts", "drawn", "given", "grid", "jittered", "sobol"]


def drawn(region: Region, n: int, *, rng: Any = None) -> Starts:
    """Return `n` independent draws from a region's law.

    Parameters
    ----------
    region : Region
        A Box or a Gaussian is drawn from in place; from another law the points are drawn here and
        kept, n d doubles.
    n : int
    rng : None, int, Generator, BitGenerator or SeedSequence

    Returns
    -------
    Starts

    Examples
    --------
    >>> from dynsys_gd import Box
    >>> starts = drawn(Box([-3, -3], [3, 3]), 10**12, rng=0)
    >>> starts.n, starts.rows(10**12 - 2, 10**12).shape
    (1000000000000, (2, 2))
    """
    if not isinstance(region, Region):
        raise InvalidInput("region", region, "a Box, a Ball or a Gaussian")
    count = positive_count(n, "n")
    if isinstance(region, Box):
        return UniformStarts(region.low, region.high, count, key_of(rng))
    if isinstance(region, Gaussian):
        return GaussianStarts(region.mean, region.scale, count, key_of(rng))
    return GivenStarts(region.sample(count, rng=rng))


def sobol(box: Box, n: int, *, rng: Any = None) -> Starts:
    """Return the first `n` points of a scrambled Sobol sequence in a box.

    They fill the box more evenly than independent draws: the error of a share falls like n^-3/4
    where the boundary of the set is a curve, instead of n^-1/2. Powers of two are balanced.

    Parameters
    ----------
    box : Box
        Of at most 101 dimensions.
    n : int
    rng : None, int, Generator, BitGenerator or SeedSequence
        Determines the scrambling.

    Examples
    --------
    >>> from dynsys_gd import Box
    >>> bool(abs(sobol(Box([0], [1]), 64, rng=0).rows(0, 64).mean() - 0.5) < 0.01)
    True
    """
    checked = _box(box)
    return SobolStarts(checked.low, checked.high, positive_count(n, "n"), key_of(rng))


def grid(box: Box, resolution: int | Sequence[int]) -> Starts:
    """Return the cell centres of a regular grid, last coordinate fastest.

    Lines of symmetry often pass through the points of a grid, and orbits on such a line may end at
    a saddle that no other orbit reaches; `jittered` starts avoid that.

    Examples
    --------
    >>> from dynsys_gd import Box
    >>> grid(Box([0], [1]), 4).rows(0, 4).tolist()
    [[0.125, 0.375, 0.625, 0.875]]
    """
    checked = _box(box)
    return GridStarts(checked.low, checked.high, _shape(checked, resolution))


def jittered(box: Box, resolution: int | Sequence[int], *, rng: Any = None) -> Starts:
    """Return one random point in each cell of a regular grid.

    Parameters
    ----------
    box : Box
    resolution : int or sequence of int
        Cells along each axis.
    rng : None, int, Generator, BitGenerator or SeedSequence

    Examples
    --------
    >>> from dynsys_gd import Box
    >>> bool(0.25 <= jittered(Box([0], [1]), 4, rng=0).rows(1, 2)[0, 0] < 0.5)
    True
    """
    checked = _box(box)
    shape = _shape(checked, resolution)
    return JitteredStarts(checked.low, checked.high, shape, key_of(rng))


def given(points: Any) -> Starts:
    """Return the rows of an array, shape (n, d), or the points of a `Grid`, as starts.

    Examples
    --------
    >>> given([[1.0, 2.0]]).n
    1
    """
    if isinstance(points, Starts):
        return points
    if isinstance(points, Grid):
        return GridStarts(points.box.low, points.box.high, points.shape)
    return GivenStarts(points)


def _box(box: Any) -> Box:
    if not isinstance(box, Box):
        raise InvalidInput("box", box, "a Box")
    return box


def _shape(box: Box, resolution: Any) -> tuple[int, ...]:
    alike = isinstance(resolution, (int, np.integer)) and not isinstance(resolution, bool)
    cells = [resolution] * box.dimension if alike else resolution
    if not isinstance(cells, (list, tuple)) or len(cells) != box.dimension:
        expected = f"one whole number, or {box.dimension} of them"
        raise InvalidInput("resolution", resolution, expected)
    return tuple(positive_count(k, "resolution") for k in cells)

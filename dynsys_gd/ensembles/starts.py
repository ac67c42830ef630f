"""Sets of initialisations that are made where they are needed, however many they are.

Each start is a function of its number: nothing is stored, and the result of an ensemble does not
depend on how its starts are shared out among workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.starts import (
    DrawnStarts,
    GaussianStarts,
    GivenStarts,
    GridStarts,
    InterpretedStarts,
    JitteredStarts,
    NetStarts,
    QuantileStarts,
    SobolStarts,
    Starts,
    UniformStarts,
    key_of,
)
from ..errors import InvalidInput
from ..maps.base import Map
from ..regions import MOST_CELLS, Box, Gaussian, Grid, Region, positive_count

__all__ = ["Starts", "drawn", "given", "grid", "jittered", "sobol"]


def drawn(region: Region, n: int, *, rng: Any = None) -> Starts:
    """Return `n` independent draws from a region's law.

    Parameters
    ----------
    region : Region
        Any law; draws are made where they are needed, and never stored.
    n : int
    rng : None, int, Generator, BitGenerator or SeedSequence

    Returns
    -------
    Starts

    Raises
    ------
    InvalidInput
        For something else than a region, or a count below 1.

    Notes
    -----
    Each start is computed from its number and a key, which `rng` gives, by a counter-based
    generator: Philox4x32-10 in machine code for a Box and a Gaussian, and for other laws numpy's
    Philox, which gives a block of 1024 draws its own stretch of random numbers.

    Examples
    --------
    >>> from dynsys_gd import Box
    >>> starts = drawn(Box([-3, -3], [3, 3]), 10**12, rng=0)
    >>> starts.n, starts.rows(10**12 - 5, 10**12).shape
    (1000000000000, (5, 2))
    """
    if not isinstance(region, Region):
        raise InvalidInput("region", region, "a Box, a Ball or a Gaussian")
    count = positive_count(n, "n")
    if isinstance(region, Box):
        return UniformStarts(region.low, region.high, count, key_of(rng))
    if isinstance(region, Gaussian):
        return GaussianStarts(region.mean, region.scale, count, key_of(rng))
    return DrawnStarts(region, count, key_of(rng))


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

    Returns
    -------
    Starts

    Raises
    ------
    InvalidInput
        For something else than a box, one of more dimensions, or a count below 1.

    Examples
    --------
    >>> from dynsys_gd import Box
    >>> bool(abs(sobol(Box([0], [1]), 64, rng=0).rows().mean() - 0.5) < 0.01)
    True
    """
    checked = _box(box)
    return SobolStarts(checked.low, checked.high, positive_count(n, "n"), key_of(rng))


def sobol_nets(
    region: Region, shape: Sequence[int], m: int, replicates: int, *, rng: Any = None
) -> Starts:
    """Return independently scrambled Sobol nets of 2^m points, `replicates` in each cell.

    The cells are those of a grid over the unit cube of the quantiles of a law with independent
    coordinates; see `NetStarts` for their order.
    """
    return QuantileStarts(region, NetStarts(shape, m, replicates, key_of(rng)))


def grid(box: Box, resolution: int | Sequence[int]) -> Starts:
    """Return the cell centres of a regular grid, last coordinate fastest.

    Lines of symmetry often pass through the points of a grid, and orbits on such a line may end at
    a saddle that no other orbit reaches; `jittered` starts avoid that.

    Parameters
    ----------
    box : Box
    resolution : int or sequence of int
        Cells along each axis.

    Returns
    -------
    Starts
        The points of ``box.grid(resolution)``, never stored.

    Raises
    ------
    InvalidInput
        For something else than a box, or another number of axes.

    Examples
    --------
    >>> from dynsys_gd import Box
    >>> grid(Box([0], [1]), 4).rows().tolist()
    [[0.125], [0.375], [0.625], [0.875]]
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

    Returns
    -------
    Starts
        In the order of the cells, last coordinate fastest.

    Raises
    ------
    InvalidInput
        For something else than a box, or another number of axes.

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
    """Return the rows of an array, or the points of a `Grid`, as starts.

    Parameters
    ----------
    points : array_like of shape (n, d), Grid, or Starts

    Returns
    -------
    Starts

    Raises
    ------
    InvalidInput
        For something that has no rows of numbers.

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


def ensemble_of(F: Map, starts: Any) -> Starts:
    """Return what a user passed as starts of `F`, or refuse it under that name."""
    widths = {F.dimension} if F.loss is None else {F.loss.dimension, F.dimension}
    expected = "numbers of shape (n, " + " or ".join(str(width) for width in sorted(widths)) + ")"
    if isinstance(starts, Region):
        raise InvalidInput("starts", starts, expected, "write starts.drawn(region, n, rng=0)")
    try:
        ensemble = given(starts)
    except InvalidInput as refusal:
        remedy = "one start a row: write [[...]] for a single start"
        raise InvalidInput("starts", refusal.received, expected, remedy) from None
    if isinstance(ensemble, InterpretedStarts):
        ensemble = GivenStarts(ensemble.rows())  # machine code has to find them somewhere
    if ensemble.dimension not in widths:
        received = f"shape ({ensemble.n}, {ensemble.dimension})"
        raise InvalidInput("starts", received, expected, "one start a row")
    return ensemble


def points_of(F: Map, starts: Any) -> NDArray[np.float64]:
    """Return all starts of `F` that a user passed, finite rows of shape (n, k), or refuse them."""
    ensemble = ensemble_of(F, starts)
    if not ensemble.n:
        raise InvalidInput("starts", f"shape (0, {ensemble.dimension})", "at least one start")
    points = ensemble.rows()
    finite = np.isfinite(points).all(axis=1)
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        raise InvalidInput("starts", points[row], "finite numbers", f"row {row} is not finite")
    return points


def states_of(F: Map, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return states of `F`: those given, or the points of a loss from which it starts at rest."""
    return points if points.shape[1] == F.dimension else F.lift(points)


def grid_of(starts: Any) -> Grid | None:
    """Return the grid that has one start in each cell, in its order, or None."""
    if isinstance(starts, (GridStarts, JitteredStarts)) and starts.n <= MOST_CELLS:
        return Box(starts.low, starts.high).grid(starts.shape)
    return starts if isinstance(starts, Grid) else None


def _box(box: Any) -> Box:
    if not isinstance(box, Box):
        raise InvalidInput("box", box, "a Box")
    return box


def _shape(box: Box, resolution: Any) -> tuple[int, ...]:
    alike = isinstance(resolution, (int, np.integer)) and not isinstance(resolution, bool)
    cells = [resolution] * box.dimension if alike else resolution
    if not isinstance(cells, (list, tuple, np.ndarray)) or len(cells) != box.dimension:
        expected = f"one whole number, or {box.dimension} of them"
        raise InvalidInput("resolution", resolution, expected)
    return tuple(positive_count(k, "resolution") for k in cells)

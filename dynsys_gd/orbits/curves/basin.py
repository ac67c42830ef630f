"""Which starts around a sink tend to it?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...regions import Box, Grid, positive_count
from ..periodic_orbit import PeriodicOrbit
from .basin_result import BasinCell, ImmediateBasin, IntervalEnd
from .cycle import checked_cycle
from .interval_basin import intervals
from .phases import ELSEWHERE, RUNNING, phases
from .trap import Trap, trap_of

__all__ = ["immediate_basin"]

_SOURCES = ("mira1996chaotic",)
_FEWEST = 8


def immediate_basin(
    F: Map,
    sink: PeriodicOrbit | Any,
    region: Box,
    *,
    resolution: int | Sequence[int] = 400,
    steps: int = 10_000,
) -> ImmediateBasin:
    """Return the immediate basin of a sink: the part of its basin that is joined to it.

    For a sink of period p these are p pieces, one around each of its points x_j: the connected
    component, with x_j in it, of the starts that F^p takes to x_j.

    Parameters
    ----------
    F : Map
        In one or two coordinates.
    sink : PeriodicOrbit or array_like, shape (p, d) or (d,)
        Every multiplier inside the unit circle; refined by Newton's method.
    region : Box
        With the sink in it.
    resolution : int or sequence of int
        Cells along each axis, at least 8.
    steps : int
        Most steps of an orbit; what has not come close to the sink by then is undecided.

    Returns
    -------
    ImmediateBasin
        In the plane an image with its area; on the line also the ends of the intervals.

    Raises
    ------
    InvalidInput
        Where `sink` is no orbit of F, or not attracting, or outside the region; for a map of more
        than two coordinates, open parameters, and cells too large to see the basin at all.

    Notes
    -----
    A start belongs to the basin once its orbit enters an ellipsoid about the sink that F^p was seen
    to map into itself. It does not once its orbit is far away, close to another attracting orbit of
    at most 32 points, or repeats itself elsewhere; starts that wander without end stay undecided.
    In the plane this is asked of the centre of each cell, and cells are joined across their sides:
    gaps and bridges thinner than a cell are not seen. On the line, where an immediate basin is an
    interval whose ends F^p takes to its ends [1]_, the ends are found by bisection, and that no gap
    was overlooked is checked: F^p must map the interval into itself.

    References
    ----------
    .. [1] Mira, Gardini, Barugola, Cathala [mira1996chaotic]_.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2")
    >>> basin = immediate_basin(F, [1], Box([-3], [3]))
    >>> basin.ends.round(12).tolist()  # the source at 0, and √3, which is mapped to it
    [[0.0, 1.732050807569]]
    """
    cycle = checked_cycle(F, sink, "sink")
    d = F.dimension
    if d > 2:
        raise InvalidInput("F", f"{d} coordinates", "a map of one or two coordinates")
    if not isinstance(region, Box) or region.dimension != d:
        raise InvalidInput("region", region, f"a Box of dimension {d}")
    if not region.contains(cycle.points).all():
        outside = cycle.points[~region.contains(cycle.points)][0]
        raise InvalidInput("region", region.describe(), f"a Box with {outside.tolist()} in it")
    grid = region.grid(resolution)
    if min(grid.shape) < _FEWEST:
        raise InvalidInput("resolution", resolution, f"at least {_FEWEST} cells along each axis")
    most = positive_count(steps, "steps")
    trap = trap_of(cycle)
    labels = phases(trap, grid.points, most).reshape(grid.shape)
    cells, sizes, edges = _joined(trap, grid, labels, lenient=d == 1)
    ends = kinds = None
    if d == 1:
        found = intervals(trap, region, grid, labels, most)
        ends, kinds, errors, whole = found.ends, found.kinds, found.widths, found.invariant
        sizes = ends[:, 1] - ends[:, 0]
        edges = [IntervalEnd.REGION in pair for pair in kinds]
        inside = (grid.points > ends[:, 0]) & (grid.points < ends[:, 1])
        cells[cells == BasinCell.IMMEDIATE] = BasinCell.BASIN
        cells[(inside & (labels[:, None] == np.arange(cycle.period))).any(axis=1)] = (
            BasinCell.IMMEDIATE
        )
        note = (
            "ends by bisection; F^p maps the intervals into themselves as far as sampled"
            if whole
            else "ends by bisection; gaps may have been overlooked, for F^p leaves the intervals"
        )
    else:
        coarse = region.grid([max(_FEWEST // 2, n // 2) for n in grid.shape])
        again = phases(trap, coarse.points, most).reshape(coarse.shape)
        _, before, _ = _joined(trap, coarse, again, lenient=True)
        errors = np.maximum(np.abs(sizes - before), _border(trap, grid, labels))
        note = "centres of cells, joined across their sides; errors from half the resolution"
    return ImmediateBasin(
        map=F,
        sink=cycle.points,
        grid=grid,
        cells=cells,
        sizes=sizes,
        size_errors=errors,
        ends=ends,
        end_kinds=kinds,
        at_the_edge=tuple(edges),
        steps=most,
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason=f"orbits in floating point into a neighbourhood seen to contract; {note}",
            sources=_SOURCES,
        ),
    )


def _joined(
    trap: Trap, grid: Grid, labels: NDArray[np.intp], *, lenient: bool = False
) -> tuple[NDArray[np.int8], NDArray[np.float64], list[bool]]:
    """Return the kind of each cell, the size of each piece, and whether it reaches the edge."""
    cells = np.full(labels.shape, BasinCell.BASIN, dtype=np.int8)
    cells[labels == ELSEWHERE] = BasinCell.OUTSIDE
    cells[labels == RUNNING] = BasinCell.UNDECIDED
    one = grid.box.volume / labels.size
    sizes, edges = [], []
    for j in range(trap.cycle.period):
        piece = _piece(trap, grid, labels, j)
        if not piece.any() and not lenient:
            raise InvalidInput(
                "resolution",
                grid.shape,
                f"cells small enough to see the basin around {trap.cycle.points[j].tolist()}",
                "take more cells or a smaller region",
            )
        cells[piece] = BasinCell.IMMEDIATE
        sizes.append(one * int(piece.sum()))
        rim = np.ones(labels.shape, dtype=bool)
        rim[(slice(1, -1),) * labels.ndim] = False
        edges.append(bool((piece & rim).any()))
    return cells, np.array(sizes), edges


def _piece(trap: Trap, grid: Grid, labels: NDArray[np.intp], j: int) -> NDArray[np.bool_]:
    """Return the cells joined to the cell of one point of the sink."""
    from scipy import ndimage  # here, since it takes a tenth of a second to load

    low, high = np.array(grid.box.low), np.array(grid.box.high)
    share = (trap.cycle.points[j] - low) / (high - low)
    cell = tuple(np.clip((share * grid.shape).astype(int), 0, np.array(grid.shape) - 1))
    components, _ = ndimage.label(labels == j)
    if not components[cell]:
        return np.zeros(labels.shape, dtype=bool)
    return np.asarray(components == components[cell])


def _border(trap: Trap, grid: Grid, labels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return half the area of the cells of each piece that touch its border."""
    from scipy import ndimage

    one = grid.box.volume / labels.size
    areas = []
    for j in range(trap.cycle.period):
        piece = _piece(trap, grid, labels, j)
        inner = piece & ~ndimage.binary_erosion(piece, border_value=1)
        areas.append(one * int(inner.sum()) / 2)
    return np.array(areas)

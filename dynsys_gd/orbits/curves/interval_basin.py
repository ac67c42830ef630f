"""On the line, where does the immediate basin of a sink end?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...engine.arithmetic import Arithmetic
from ...engine.iteration import iterate
from ...regions import Box, Grid
from .basin_result import IntervalEnd
from .phases import phases
from .trap import Trap

__all__ = ["Intervals", "intervals"]

Rows = NDArray[np.float64]

_PARTS = 32  # in which a bracket is cut at once
_ROUNDS = 40
_FINER = (1, 8, 64)
_MOST = 2_000_000
_SAMPLES = 4097
_HALVINGS = 60
_ALIKE = 1e-7


@dataclass(frozen=True)
class Intervals:
    """The immediate basin of each point of a sink on the line.

    Parameters
    ----------
    ends : ndarray, shape (p, 2)
    kinds : tuple of p pairs of IntervalEnd
    widths : ndarray, shape (p,)
        Sum of the widths of the last two brackets.
    invariant : bool
        Whether F^p mapped all samples of every interval into it.
    """

    ends: NDArray[np.float64]
    kinds: tuple[tuple[IntervalEnd, IntervalEnd], ...]
    widths: NDArray[np.float64]
    invariant: bool


def intervals(
    trap: Trap, region: Box, grid: Grid, labels: NDArray[np.intp], steps: int
) -> Intervals:
    """Return the ends of the intervals, with finer grids where a gap was overlooked."""
    for finer in _FINER:
        n = min(finer * grid.shape[0], _MOST)
        if finer > 1:
            grid = region.grid(n)
            labels = phases(trap, grid.points, steps)
        found = _found(trap, region, grid.points[:, 0], labels.ravel(), steps)
        if found.invariant or n == _MOST:
            break
    return found


def _found(
    trap: Trap, region: Box, x: NDArray[np.float64], labels: NDArray[np.intp], steps: int
) -> Intervals:
    ends, kinds, widths, invariant = [], [], [], True
    others = _other_orbits(trap, region)
    for j, sink in enumerate(trap.cycle.points[:, 0]):
        # From the sink outwards: the first centre that does not belong, then the place between.
        right = _end(trap, j, sink, x[x > sink], labels[x > sink], region.high[0], steps)
        left = _end(trap, j, sink, x[x < sink][::-1], labels[x < sink][::-1], region.low[0], steps)
        # A single point that stays behind is a border as well, though no sample need show it.
        near = others[(others > sink) & (others < right[0])]
        right = (float(near[0]), 0.0, False) if len(near) else right
        near = others[(others < sink) & (others > left[0])]
        left = (float(near[-1]), 0.0, False) if len(near) else left
        ends.append((left[0], right[0]))
        widths.append(left[1] + right[1])
        kinds.append(_kinds(trap, (left[0], right[0]), (left[2], right[2])))
        invariant &= _invariant(trap, j, left[0], right[0], kinds[-1], steps)
    return Intervals(np.array(ends), tuple(kinds), np.array(widths), invariant)


def _end(
    trap: Trap,
    j: int,
    sink: float,
    x: NDArray[np.float64],
    labels: NDArray[np.intp],
    edge: float,
    steps: int,
) -> tuple[float, float, bool]:
    """Return the end on one side, the width of its bracket, and whether it is the region's."""
    others = np.flatnonzero(labels != j)
    inside = sink if not len(others) or not others[0] else float(x[others[0] - 1])
    if not len(others):
        inside = float(x[-1]) if len(x) else sink
        if phases(trap, np.array([[edge]]), steps)[0] == j:
            return edge, 0.0, True
    outside = float(x[others[0]]) if len(others) else edge
    for _ in range(_ROUNDS):
        points = np.linspace(inside, outside, _PARTS + 1)[1:-1]
        points = points[(points != inside) & (points != outside)]
        if not len(points):
            break
        missed = np.flatnonzero(phases(trap, points[:, None], steps) != j)
        first = int(missed[0]) if len(missed) else len(points)
        inside = float(points[first - 1]) if first else inside
        outside = float(points[first]) if first < len(points) else outside
    return outside, abs(outside - inside), False


def _kinds(
    trap: Trap, ends: tuple[float, float], at_the_edge: tuple[bool, bool]
) -> tuple[IntervalEnd, IntervalEnd]:
    """Return where F^p takes the ends."""
    rows = np.array(ends)[:, None]
    images = iterate(trap.cycle.kernel, rows, trap.cycle.period, arithmetic=Arithmetic.PLAIN)[:, 0]
    close = _ALIKE * (ends[1] - ends[0])
    kinds = []
    for k in (0, 1):
        if at_the_edge[k]:
            kinds.append(IntervalEnd.REGION)
        elif abs(images[k] - ends[k]) <= close:
            kinds.append(IntervalEnd.FIXED)
        elif abs(images[k] - ends[1 - k]) <= close:
            kinds.append(IntervalEnd.OTHER_END)
        else:
            kinds.append(IntervalEnd.UNKNOWN)
    return kinds[0], kinds[1]


def _other_orbits(trap: Trap, region: Box) -> NDArray[np.float64]:
    """Return the points that F^(2p) fixes, as far as samples show them, without the sink's."""
    twice = 2 * trap.cycle.period

    def excess(x: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = iterate(trap.cycle.kernel, x[:, None], twice, arithmetic=Arithmetic.PLAIN)
        return np.asarray(rows[:, 0] - x)

    x = np.linspace(region.low[0], region.high[0], 4 * _SAMPLES)
    with np.errstate(all="ignore"):
        sign = np.sign(excess(x))
    exact = x[sign == 0]
    places = np.flatnonzero(sign[:-1] * sign[1:] < 0)
    low, high, rising = x[places], x[places + 1], sign[places + 1]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = excess(middle) * rising > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    roots = np.sort(np.concatenate([exact, high]))
    sinks = trap.cycle.points[:, 0]
    away = np.abs(roots[:, None] - sinks).min(axis=1)
    return roots[away > 1e-9 * (1 + np.abs(roots))]


def _invariant(
    trap: Trap,
    j: int,
    low: float,
    high: float,
    kinds: tuple[IntervalEnd, IntervalEnd],
    steps: int,
) -> bool:
    """Return whether samples of an interval stay in it and all tend to its point of the sink.

    Where the region cuts the interval off, nothing is asked of their images.
    """
    rows = np.linspace(low, high, _SAMPLES)[1:-1, None]
    if not (phases(trap, rows, steps) == j).all() or IntervalEnd.UNKNOWN in kinds:
        return False
    if IntervalEnd.REGION in kinds:
        return True
    images = iterate(trap.cycle.kernel, rows, trap.cycle.period, arithmetic=Arithmetic.PLAIN)
    room = _ALIKE * (high - low)
    return bool(np.all((images >= low - room) & (images <= high + room)))

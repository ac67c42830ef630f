"""What the immediate basin of a sink is known to be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ...maps.base import Map
from ...regions import Box, Grid
from ...results import Result, plain
from ..display import point_text

__all__ = ["BasinCell", "ImmediateBasin", "IntervalEnd"]


class BasinCell(IntEnum):
    """What became of the centre of a cell.

    IMMEDIATE: it tends to the sink, and is joined to its point by such cells. BASIN: it tends to
    the sink, but is not. OUTSIDE: it goes far away, or to something else that repeats. UNDECIDED:
    neither was seen within the steps allowed.

    Examples
    --------
    >>> BasinCell(0), len(BasinCell)
    (<BasinCell.IMMEDIATE: 0>, 4)
    """

    IMMEDIATE = 0
    BASIN = 1
    OUTSIDE = 2
    UNDECIDED = 3


class IntervalEnd(Enum):
    """Where the map F^p takes an end of an immediate basin on the line.

    FIXED: to itself. OTHER_END: to the other end. REGION: the basin goes on where the region
    ends. UNKNOWN: to neither end, or not to numerical accuracy.

    Examples
    --------
    >>> print(IntervalEnd.OTHER_END)
    mapped to the other end
    """

    FIXED = "fixed by the map"
    OTHER_END = "mapped to the other end"
    REGION = "the region ends there"
    UNKNOWN = "not recognised"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ImmediateBasin(Result):
    """The part of the basin of a sink that is joined to the sink, on a line or in the plane.

    Parameters
    ----------
    map : Map
    sink : ndarray, shape (p, d)
        The attracting orbit, refined by Newton's method.
    grid : Grid
        Whose cells were looked at.
    cells : ndarray of int8, shape of the grid
        A `BasinCell` code each.
    sizes : ndarray, shape (p,)
        Length or area of the piece around each point of the sink, inside the region.
    size_errors : ndarray, shape (p,)
        In the plane the larger one of: the difference to half the resolution; half the area of the
        cells at the border. On a line the width of the last brackets. Estimates, no bounds.
    ends : ndarray, shape (p, 2), or None
        On a line: the ends of the interval around each point of the sink.
    end_kinds : tuple of p pairs of IntervalEnd, or None
    at_the_edge : tuple of p bool
        Whether the piece reaches the edge of the region, and may go on there.
    steps : int
        Most steps of an orbit.
    evidence : Evidence
    """

    map: Map
    sink: NDArray[np.float64]
    grid: Grid
    cells: NDArray[np.int8]
    sizes: NDArray[np.float64]
    size_errors: NDArray[np.float64]
    ends: NDArray[np.float64] | None
    end_kinds: tuple[tuple[IntervalEnd, IntervalEnd], ...] | None
    at_the_edge: tuple[bool, ...]
    steps: int
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.sink, self.cells, self.sizes, self.size_errors, self.ends):
            if array is not None:
                array.setflags(write=False)

    @property
    def region(self) -> Box:
        """The box that was looked at."""
        return self.grid.box

    @property
    def period(self) -> int:
        """Least period of the sink."""
        return len(self.sink)

    @property
    def size(self) -> float:
        """Length or area of all pieces."""
        return float(self.sizes.sum())

    def count(self, cell: BasinCell) -> int:
        """Return how many cells of the grid are of a kind."""
        return int(np.sum(self.cells == cell))

    def headline(self) -> str:
        sink = "sink" if self.period == 1 else f"period-{self.period} sink"
        what = "length" if self.ends is not None else "area"
        error = float(self.size_errors.sum())
        return (
            f"Immediate basin of the {sink} {point_text(self.sink[0], None)}: {what} "
            f"{_measured(self.size, error)}{self._edge()}"
        )

    def _edge(self) -> str:
        return ", up to the edge of the region" if any(self.at_the_edge) else ""

    def rows(self) -> list[tuple[str, str]]:
        rows = []
        if self.ends is not None and self.end_kinds is not None:
            for k, ((low, high), kinds) in enumerate(zip(self.ends, self.end_kinds, strict=True)):
                if k == 4:
                    rows.append(("…", f"{self.period - k} more intervals"))
                    break
                ends = ", ".join(f"{_cleared(end, high - low):.15g}" for end in (low, high))
                rows.append(("interval", f"({ends}): {kinds[0]}; {kinds[1]}"))
        elif self.period > 1:
            shown = ", ".join(f"{size:.6g}" for size in self.sizes[:8])
            rows.append(("areas", shown + (", …" if self.period > 8 else "")))
        n = self.cells.size
        shares = [f"{c.name.lower()} {100 * self.count(c) / n:.3g} %" for c in BasinCell]
        rows.append(("cells", f"{' × '.join(map(str, self.grid.shape))}: {', '.join(shares)}"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "sink": plain(self.sink),
            "region": self.region.describe(),
            "shape": list(self.grid.shape),
            "counts": {c.name.lower(): self.count(c) for c in BasinCell},
            "sizes": plain(self.sizes),
            "size_errors": plain(self.size_errors),
            "ends": plain(self.ends),
            "end_kinds": None
            if self.end_kinds is None
            else [[kind.value for kind in pair] for pair in self.end_kinds],
            "at_the_edge": list(self.at_the_edge),
            "steps": self.steps,
        }


def _measured(size: float, error: float) -> str:
    """Return a size with its error, to the digits that the error leaves."""
    if error < 1e-9:
        return f"{size:.9g} ± {error:.1g}"
    digits = max(0, -math.floor(math.log10(error)))
    return f"{size:.{digits}f} ± {error:.1g}"


def _cleared(end: float, length: float) -> float:
    """Return an end, zero where it differs from zero by rounding only."""
    return 0.0 if abs(end) < 1e-15 * length else end

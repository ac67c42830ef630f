"""What the two methods that count cells share: copies of the box, and the fit of their counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...regions import Box, positive_count
from ..binomial import checked_level
from .dimension import BoundaryDimension, ScalePoint
from .power_law import PointUse, PowerLaw, Readings, windowed
from .question import BoundaryMethod, BoundaryQuestion, stream

__all__ = ["COPY", "Cells", "checked_copies", "copies", "sum_up"]

#: Side of a copy in units of the box: the copies lie anywhere inside of it.
COPY = 7 / 8

_COPIES_STREAM = 2
_FEWEST_CELLS = 20  # on average over the copies
_SATURATED = 0.2


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The cells at one scale, one entry a copy of the box.

    Parameters
    ----------
    scale : float
        Their side, as a fraction of the box.
    total : int
        Cells in one copy.
    mixed, maybe : ndarray, shape (copies,)
        Cells that meet the boundary; cells that may, for what was not decided or not looked at.
    undecided : int
        Cells of all copies with an undecided start.
    variance : float
        Of the mean of `mixed` where it was partly estimated from a sample of the cells.
    elsewhere : int
        Mixed cells in that sample.
    """

    scale: float
    total: int
    mixed: NDArray[np.float64]
    maybe: NDArray[np.float64]
    undecided: int
    variance: float = 0.0
    elsewhere: int = 0


def copies(box: Box, seed: int, number: int) -> list[Box]:
    """Return copies of the box, smaller by the factor `COPY`, at random places inside of it."""
    low, sides = np.asarray(box.low), np.subtract(box.high, box.low)
    shifts = stream(seed, _COPIES_STREAM).random((number, box.dimension))
    corners = low + shifts * (1.0 - COPY) * sides
    return [Box(corner, corner + COPY * sides) for corner in corners]


def sum_up(
    question: BoundaryQuestion,
    method: BoundaryMethod,
    level: float,
    seen: Sequence[Cells],
    starts: int,
    reason: str,
) -> BoundaryDimension:
    """Return the dimension that the counts of cells at all scales say."""
    level = checked_level(level)
    points, law = _read(seen, level)
    return BoundaryDimension(
        labels=question.labels,
        region=question.region,
        method=method,
        points=points,
        law=law,
        level=level,
        dimensions=question.region.dimension,
        starts=starts,
        undecided=sum(cells.undecided for cells in seen),
        seed=question.seed,
        evidence=Evidence(
            grade=Grade.STATISTICAL,
            reason=f"{reason}; lack of fit in the error, undecided cells at both extremes; a power "
            "law is assumed to go on below the window",
            sources=("falconer2014fractal",),
        ),
    )


def _read(seen: Sequence[Cells], level: float) -> tuple[tuple[ScalePoint, ...], PowerLaw | None]:
    from scipy.stats import t

    counts = np.array([cells.mixed for cells in seen])  # (scales, copies)
    number = counts.shape[1]
    mean = counts.mean(axis=1)
    maybe = np.array([cells.maybe.mean() for cells in seen])
    total = np.array([cells.total for cells in seen])
    enough = (counts.min(axis=1) > 0) & (mean >= _FEWEST_CELLS)
    calm = mean <= _SATURATED * total
    logs = np.log(np.maximum(counts, 0.5))
    sampled = np.diag([c.variance for c in seen]) / np.maximum(mean, 0.5) ** 2
    spread = np.diag(np.atleast_2d(np.cov(logs))) / number + np.diag(sampled)
    # How much of the boundary a copy holds is the same at all scales and moves no slope.
    relative = logs - logs[enough].mean(axis=0) if enough.any() else logs
    covariance = np.atleast_2d(np.cov(relative)) / number + sampled
    y = np.log(np.maximum(mean, 0.5) / total)
    readings = Readings(
        x=np.log([cells.scale for cells in seen]),
        y=y,
        covariance=covariance,
        low=y,
        high=y + np.log1p(maybe / np.maximum(mean, 0.5)),
        dof=number - 1.0,
    )
    law, fitted = windowed(readings, enough & calm)
    reach = t.ppf(0.5 * (1.0 + level), number - 1) * np.sqrt(spread)
    points = []
    for k, cells in enumerate(seen):
        use = PointUse.FITTED if fitted[k] else PointUse.BENT
        use = PointUse.SATURATED if not calm[k] else use
        use = PointUse.TOO_FEW if not enough[k] else use
        points.append(
            ScalePoint(
                scale=cells.scale,
                share=float(mean[k] / total[k]),
                low=float(mean[k] / total[k] * np.exp(-reach[k])),
                high=float((mean[k] + maybe[k]) / total[k] * np.exp(reach[k])),
                events=int(counts[k].sum()),
                total=cells.total * number,
                undecided=cells.undecided,
                use=use,
            )
        )
    return tuple(points), law


def checked_copies(number: Any) -> int:
    """Return a number of copies, or refuse it."""
    if positive_count(number, "copies") < 2:
        raise InvalidInput("copies", number, "at least 2", "their spread makes the interval")
    return int(number)

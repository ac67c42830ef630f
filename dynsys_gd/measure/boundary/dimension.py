"""The dimension of a boundary, with the points it was read off from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ...evidence import Evidence
from ...regions import Region
from ...results import Result, plain
from ..binomial import checked_level
from .labels import Labels
from .power_law import PointUse, PowerLaw

__all__ = ["BoundaryDimension", "ScalePoint"]


@dataclass(frozen=True, kw_only=True)
class ScalePoint:
    """What was seen at one scale.

    Parameters
    ----------
    scale : float
        As a fraction of the region: of the sides of a box, the diameter of a ball, the standard
        deviations of a Gaussian.
    share : float
        Of the pairs with different labels, or of the cells that the boundary meets; undecided ones
        left out.
    low, high : float
        Interval of the share, undecided ones counted as not meeting the boundary in `low` and as
        meeting it in `high`.
    events, total, undecided : int
        Pairs or cells that meet the boundary, all of them, and those that may meet it.
    use : PointUse
        Whether the point takes part in the fit.

    Examples
    --------
    >>> from dynsys_gd import Box, boundary_dimension
    >>> found = boundary_dimension(lambda points: points[:, 0] > 0, Box([-1, -1], [1, 1]), rng=0)
    >>> found.points[0].low < 2 * found.points[0].scale / math.pi < found.points[0].high
    True
    """

    scale: float
    share: float
    low: float
    high: float
    events: int
    total: int
    undecided: int
    use: PointUse


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BoundaryDimension(Result):
    """The dimension D = d - α of the boundary between the sets of a partition.

    Parameters
    ----------
    labels : Labels
        Which sets: what was iterated, and what was told apart.
    region : Region
    method : BoundaryMethod
        With all its settings.
    points : tuple of ScalePoint
        From the coarsest scale to the finest.
    law : PowerLaw or None
        The fit of share ~ scale^α; None where no boundary, or too little of it, was seen.
    level : float
        Confidence level of the intervals.
    dimensions : int
        Dimension d of the space of initialisations.
    starts : int
        How many initialisations were labelled.
    undecided : int
        How many of the pairs, or of the cells, could not be decided.
    seed : int
        ``rng=result.seed`` repeats the run.

    Notes
    -----
    A dimension is a limit at scale 0; the fit covers the `window` only, and the interval holds if
    the law goes on below it. The share of pairs or cells gives the box dimension for the usual
    boundaries, not for all sets.
    """

    labels: Labels
    region: Region
    method: Any
    points: tuple[ScalePoint, ...]
    law: PowerLaw | None
    level: float
    dimensions: int
    starts: int
    undecided: int
    seed: int
    evidence: Evidence

    @property
    def exponent(self) -> float:
        """The exponent α of share ~ scale^α, or NaN where none was found."""
        return math.nan if self.law is None else self.law.exponent

    @property
    def dimension(self) -> float:
        """The dimension D = d - α of the boundary, or NaN where none was found."""
        return self.dimensions - self.exponent

    def exponent_interval(self, level: float | None = None) -> tuple[float, float]:
        """Return an interval of the exponent, NaN twice where none was found."""
        chosen = self.level if level is None else checked_level(level)
        return (math.nan, math.nan) if self.law is None else self.law.interval(chosen)

    def interval(self, level: float | None = None) -> tuple[float, float]:
        """Return an interval of the dimension, NaN twice where none was found.

        Parameters
        ----------
        level : float, optional
            Confidence level; that of the result where none is given.
        """
        low, high = self.exponent_interval(level)
        return self.dimensions - high, self.dimensions - low

    @property
    def window(self) -> tuple[float, float] | None:
        """The finest and the coarsest scale of the fit, or None where there is none."""
        fitted = [point.scale for point in self.points if point.use is PointUse.FITTED]
        return None if self.law is None else (min(fitted), max(fitted))

    @property
    def bent(self) -> bool:
        """Whether the points in the window still clearly bend, by three standard errors."""
        return self.law is not None and self.law.bent

    def headline(self) -> str:
        if self.law is None:
            if not any(point.events for point in self.points):
                most = max((point.high for point in self.points), default=1.0)
                return (
                    f"No boundary seen: {self.starts} starts have one label, as far as decided; "
                    f"no share is above {most:.2g}"
                )
            return "A boundary was seen at too few scales for an exponent: allow more starts"
        low, high = self.interval()
        bent = ", still bending" if self.bent else ""
        return (
            f"Dimension of the boundary: {self.dimension:.4g}, in [{low:.4g}, {high:.4g}] "
            f"at {100 * self.level:g} %{bent}"
        )

    def rows(self) -> list[tuple[str, str]]:
        table = [
            ("sets", self.labels.describe()),
            ("law of the starts", self.region.describe()),
            ("method", self.method.describe()),
        ]
        if self.law is not None and self.window is not None:
            low, high = self.exponent_interval()
            finest, coarsest = self.window
            window = f"scales {finest:.3g} to {coarsest:.3g} of the region"
            table += [
                ("exponent", f"{self.exponent:.4g}, in [{low:.4g}, {high:.4g}]"),
                ("fit window", f"{window}, {self.law.points} of {len(self.points)} points"),
            ]
            if self.law.finer is not None:
                half, error = self.law.finer
                table.append(("its finer half", f"exponent {half:.4g} ± {error:.2g}"))
            table += [
                ("scatter beyond chance", f"{100 * self.law.scatter:.2g} % a point"),
            ]
        if self.undecided:
            table.append(("undecided", f"{self.undecided}, counted at both extremes"))
        table += [
            ("evidence", str(self.evidence)),
            ("repeat with", f"rng={self.seed}"),
            ("cost", f"{self.starts} starts"),
        ]
        return table

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "sets": self.labels.describe(),
            "region": self.region.describe(),
            "method": type(self.method).__name__,
            "settings": plain(vars(self.method)),
            "dimension": plain(self.dimension),
            "interval": plain(self.interval()),
            "exponent": plain(self.exponent),
            "exponent_interval": plain(self.exponent_interval()),
            "level": self.level,
            "window": plain(self.window),
            "bent": self.bent,
            "scatter": None if self.law is None else self.law.scatter,
            "finer_half": None if self.law is None else plain(self.law.finer),
            "points": [
                {**{k: plain(v) for k, v in vars(point).items()}, "use": point.use.name.lower()}
                for point in self.points
            ],
            "undecided": self.undecided,
            "starts": self.starts,
            "seed": self.seed,
        }

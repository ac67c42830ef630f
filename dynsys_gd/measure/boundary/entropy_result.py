"""How uncertain the label is in small boxes, size by size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ...evidence import Evidence, Outcome
from ...regions import Box
from ...results import Result, plain
from .labels import Labels
from .power_law import PointUse, PowerLaw

__all__ = ["BasinEntropy", "EntropyPoint"]


@dataclass(frozen=True, kw_only=True)
class EntropyPoint:
    """What was seen in random boxes of one size.

    Parameters
    ----------
    size : float
        Their side as a fraction of the region.
    boxes, mixed : int
        Boxes that were looked at, and those with more than one label.
    entropy : float
        The mean entropy of the labels in a box, in nats.
    low, high : float
        Interval of its expectation.
    boundary : float
        The mean entropy of the mixed boxes; NaN where there is none.
    boundary_low, boundary_high : float
        Interval of its expectation; NaN for fewer than two mixed boxes.
    use : PointUse
        Whether the point takes part in the fit of the exponent.

    Examples
    --------
    >>> from dynsys_gd import Box, basin_entropy
    >>> found = basin_entropy(lambda points: points[:, 0] > 0, Box([-1, -1], [1, 1]), rng=0)
    >>> point = found.points[0]
    >>> point.low < point.entropy < point.high < point.boundary < 0.6931
    True
    """

    size: float
    boxes: int
    mixed: int
    entropy: float
    low: float
    high: float
    boundary: float
    boundary_low: float
    boundary_high: float
    use: PointUse


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BasinEntropy(Result):
    """Basin entropy and boundary basin entropy over boxes of several sizes.

    Parameters
    ----------
    labels : Labels
        Which sets.
    region : Box
    points : tuple of EntropyPoint
        From the largest size to the smallest.
    law : PowerLaw or None
        The fit of entropy ~ size^α; None where the boundary was seen at fewer than three sizes.
    level : float
        Confidence level of the intervals.
    seen : tuple of int
        The labels that occurred.
    starts_per_box : int
    starts : int
        How many initialisations were labelled.
    undecided : int
        How many of them could not be.
    seed : int
        ``rng=result.seed`` repeats the run.
    """

    labels: Labels
    region: Box
    points: tuple[EntropyPoint, ...]
    law: PowerLaw | None
    level: float
    seen: tuple[int, ...]
    starts_per_box: int
    starts: int
    undecided: int
    seed: int
    evidence: Evidence

    @property
    def entropy(self) -> float:
        """The basin entropy of the smallest boxes, in nats."""
        return self.points[-1].entropy

    @property
    def boundary_entropy(self) -> float:
        """The boundary basin entropy of the smallest boxes, in nats; NaN where none is mixed."""
        return self.points[-1].boundary

    @property
    def exponent(self) -> float:
        """The exponent α of entropy ~ size^α, or NaN where none was found."""
        return math.nan if self.law is None else self.law.exponent

    @property
    def fractal(self) -> Outcome:
        """Whether the log 2 criterion says that the boundary is fractal; it never says no.

        YES where the boundary entropy of the smallest boxes is above log 2 with its whole interval.
        Along a smooth boundary small boxes hold two labels each, but for a few, which cannot give
        more than log 2. With two labels in all the criterion cannot say yes.
        """
        above = self.points[-1].boundary_low > math.log(2.0)
        return Outcome.YES if above else Outcome.UNDECIDED

    def headline(self) -> str:
        last = self.points[-1]
        if not last.mixed:
            return (
                f"Basin entropy: below {last.high:.3g} at {100 * self.level:g} %, "
                f"none of {last.boxes} boxes is mixed"
            )
        verdict = (
            "fractal by the log 2 criterion"
            if self.fractal is Outcome.YES
            else ("the log 2 criterion does not decide")
        )
        return (
            f"Basin entropy {last.entropy:.4g}, on the boundary {last.boundary:.4g} "
            f"(log 2 is {math.log(2):.4g}): {verdict}"
        )

    def rows(self) -> list[tuple[str, str]]:
        last = self.points[-1]
        table = [
            ("sets", self.labels.describe()),
            ("labels", ", ".join(self.labels.name(label) for label in self.seen) or "none known"),
            ("law of the starts", self.region.describe()),
            (
                f"boxes of {last.size:.3g} of the region",
                f"{last.mixed} of {last.boxes} mixed, {self.starts_per_box} starts each",
            ),
            ("entropy", f"in [{last.low:.4g}, {last.high:.4g}] at {100 * self.level:g} %"),
        ]
        if math.isfinite(last.boundary_low):
            limits = f"in [{last.boundary_low:.4g}, {last.boundary_high:.4g}]"
            table.append(("boundary entropy", limits))
        if self.law is not None:
            low, high = self.law.interval(self.level)
            table.append(("exponent with size", f"{self.exponent:.4g}, in [{low:.4g}, {high:.4g}]"))
        if self.undecided:
            table.append(("undecided", f"{self.undecided} starts, counted at both extremes"))
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
            "labels": {str(label): self.labels.name(label) for label in self.seen},
            "region": self.region.describe(),
            "entropy": self.entropy,
            "boundary_entropy": plain(self.boundary_entropy),
            "fractal": str(self.fractal),
            "exponent": plain(self.exponent),
            "exponent_interval": None if self.law is None else plain(self.law.interval(self.level)),
            "level": self.level,
            "points": [
                {**{k: plain(v) for k, v in vars(point).items()}, "use": point.use.name.lower()}
                for point in self.points
            ],
            "starts_per_box": self.starts_per_box,
            "starts": self.starts,
            "undecided": self.undecided,
            "seed": self.seed,
        }

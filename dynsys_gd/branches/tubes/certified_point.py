"""A special point with a proof: exactly one in a tiny interval of the parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ...maps.base import Map
from ...orbits.normal_forms.kinds import Bifurcation
from ...results import Result, plain
from ..bifurcation_point import BifurcationPoint

__all__ = ["CertifiedPoint"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CertifiedPoint(Result):
    """A proved flip, fold or pitchfork.

    Parameters
    ----------
    point : BifurcationPoint
        The one in floating point that was to be proved.
    interval : tuple of two float
        Certified bounds of the parameter value.
    enclosure : ndarray, shape (p, d, 2)
        Bounds of the orbit there.
    direction : ndarray, shape (p, d, 2)
        Bounds of the critical vector along the orbit: DF(x_k) q_k = q_(k+1), and q_0 comes back
        as -q_0 at a flip and as itself otherwise. One entry is 1.
    alone_in : ndarray, shape (2 p d + 1, 2)
        Bounds between which there is no other such point: of x_0, q_0, x_1, q_1 and so on, then
        of the parameter.
    speed : tuple of two float or None
        Bounds of dμ/dλ, how fast the critical multiplier crosses as the parameter grows; None at
        a fold, where it is not a function of the parameter.
    symmetry : tuple of tuple of int, or None
        At a pitchfork the rows of the linear map R that the map F commutes with.
    evidence : Evidence
    """

    point: BifurcationPoint
    interval: tuple[float, float]
    enclosure: NDArray[np.float64]
    direction: NDArray[np.float64]
    alone_in: NDArray[np.float64]
    speed: tuple[float, float] | None
    symmetry: tuple[tuple[int, ...], ...] | None = None
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.enclosure, self.direction, self.alone_in):
            array.setflags(write=False)

    @property
    def map(self) -> Map:
        """The map, with the parameter open."""
        return self.point.map

    @property
    def bifurcation(self) -> Bifurcation:
        """What is proved to happen."""
        return self.point.bifurcation

    @property
    def width(self) -> float:
        """Width of the interval of the parameter."""
        return self.interval[1] - self.interval[0]

    def headline(self) -> str:
        period = self.point.period
        what = "fixed point" if period == 1 else f"orbit of period {period}"
        name = str(self.bifurcation)
        low, high = self.interval
        where = f"{self.point.parameter} in [{low:.17g}, {high:.17g}]"
        word = "Certified" if self.evidence.grade.rigorous else "Enclosed"
        return f"{word} {name} of the {what} at {where}"

    def rows(self) -> list[tuple[str, str]]:
        low, high = self.alone_in[-1].tolist()
        alone = f"no other near the orbit for {self.point.parameter} in [{low:.6g}, {high:.6g}]"
        rows = [("exactly one", alone)]
        if self.speed is not None:
            low, high = self.speed
            speed = f"dμ/d{self.point.parameter} in [{low:.12g}, {high:.12g}]"
            rows.append(("multiplier crosses", speed))
        widest = float(np.max(self.enclosure[..., 1] - self.enclosure[..., 0]))
        rows.append(("orbit", f"every coordinate within {widest:.2g}"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "bifurcation": self.bifurcation.value,
            "parameter": self.point.parameter,
            "interval": plain(self.interval),
            "enclosure": plain(self.enclosure),
            "direction": plain(self.direction),
            "alone_in": plain(self.alone_in),
            "speed": plain(self.speed),
            "symmetry": plain(self.symmetry),
        }

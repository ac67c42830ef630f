"""Points of codimension two: where a curve of bifurcations meets another condition."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ...evidence import Evidence
from ...maps.base import Map
from ...orbits.normal_forms.kinds import Bifurcation
from ...orbits.periodic_orbit import PeriodicOrbit
from ...results import Result, plain
from ..bifurcation_point import Located
from .followed_bifurcation import FollowedBifurcation

__all__ = ["CodimensionTwo", "CodimensionTwoPoint"]


class CodimensionTwo(Enum):
    """What happens beside the bifurcation that a curve consists of.

    The values are the short names that MatContM has made common. CUSP: the quadratic coefficient
    of a fold vanishes. GENERALIZED_FLIP: the cubic coefficient of a flip vanishes. CHENCINER: the
    first Lyapunov coefficient of a Neimark-Sacker point vanishes. RESONANCE_1_1 to RESONANCE_1_4:
    the critical pair is e^(±iθ) with θ = 0, π, 2π/3, π/2. FOLD_FLIP: multipliers 1 and -1.
    FOLD_NEIMARK_SACKER, FLIP_NEIMARK_SACKER: a pair on the circle beside 1 or -1. TWO_PAIRS: two
    pairs on the circle. TWO_FLIPS: -1 twice with two eigenvectors, which only happens in maps
    of a special form, such as products.

    Examples
    --------
    >>> CodimensionTwo("R3") is CodimensionTwo.RESONANCE_1_3, str(CodimensionTwo.CUSP)
    (True, 'cusp')
    """

    CUSP = "CP"
    GENERALIZED_FLIP = "GPD"
    CHENCINER = "CH"
    RESONANCE_1_1 = "R1"
    RESONANCE_1_2 = "R2"
    RESONANCE_1_3 = "R3"
    RESONANCE_1_4 = "R4"
    FOLD_FLIP = "LPPD"
    FOLD_NEIMARK_SACKER = "LPNS"
    FLIP_NEIMARK_SACKER = "PDNS"
    TWO_PAIRS = "NSNS"
    TWO_FLIPS = "PDPD"

    def __str__(self) -> str:
        return _WORDS[self.value][0]

    @property
    def label(self) -> str:
        """Its short name in pictures and tables."""
        return self.value

    @property
    def theory(self) -> str:
        """What is known about its neighbourhood, where nothing further degenerates."""
        return _WORDS[self.value][1]


_WORDS = {
    "CP": ("cusp", "two curves of folds meet tangentially; three orbits exist between them"),
    "GPD": (
        "generalized flip",
        "the flip turns from super- to subcritical, and a curve of folds of the doubled orbit "
        "begins here, tangentially",
    ),
    "CH": (
        "Chenciner point",
        "the Neimark-Sacker bifurcation turns from super- to subcritical, and closed curves merge "
        "and vanish along a thin set that begins here",
    ),
    "R1": (
        "1:1 resonance",
        "a curve of Neimark-Sacker points ends at a fold; homoclinic tangles lie exponentially "
        "close to a curve that begins here",
    ),
    "R2": (
        "1:2 resonance",
        "a curve of Neimark-Sacker points ends at a flip; for one sign of the normal form a "
        "Neimark-Sacker curve of the doubled orbit begins here",
    ),
    "R3": (
        "1:3 resonance",
        "orbits of three times the period, saddles, come close on all sides; the closed curve "
        "breaks up when it meets them",
    ),
    "R4": (
        "1:4 resonance",
        "orbits of four times the period branch off here; which of several pictures holds is told "
        "by one complex coefficient",
    ),
    "LPPD": (
        "fold-flip",
        "a fold and a flip touch; an orbit of twice the period may lose stability on a curve of "
        "Neimark-Sacker points that begins here",
    ),
    "LPNS": (
        "fold-Neimark-Sacker",
        "a fold and a pair on the circle together; closed curves, tori and chaos may begin here",
    ),
    "PDNS": (
        "flip-Neimark-Sacker",
        "a flip and a pair on the circle together; Neimark-Sacker points of the doubled orbit "
        "begin here",
    ),
    "NSNS": (
        "double Neimark-Sacker",
        "two pairs on the circle; two-dimensional tori may branch off",
    ),
    "PDPD": (
        "double flip",
        "two curves of flips cross; it persists where the directions do not interact",
    ),
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CodimensionTwoPoint(Result):
    """A point on a curve of bifurcations where a second condition holds.

    Parameters
    ----------
    map : Map
        With both parameters open.
    parameters : tuple of two str
    bifurcation : Bifurcation
        What the curve consists of.
    kind : CodimensionTwo
    located : Located
    interval : tuple of two pairs of float
        Two points of the curve, both parameter values each, between which the test function
        changes its sign, in floating point.
    at : FollowedBifurcation
        The orbit there.
    after : int
        The point lies between the orbits `after` and `after` + 1 of the curve.
    note : str
        A restriction that goes with the answer, or nothing.
    evidence : Evidence
    """

    map: Map
    parameters: tuple[str, str]
    bifurcation: Bifurcation
    kind: CodimensionTwo
    located: Located
    interval: tuple[tuple[float, float], tuple[float, float]]
    at: FollowedBifurcation
    after: int
    note: str = ""
    evidence: Evidence

    @property
    def values(self) -> tuple[float, float]:
        """Both parameter values."""
        return self.at.values

    @property
    def period(self) -> int:
        """The period of the orbit."""
        return self.at.period

    @property
    def orbit(self) -> PeriodicOrbit:
        """The orbit at the point."""
        return self.at.orbit(self.map, self.parameters)

    def headline(self) -> str:
        what = "fixed point" if self.period == 1 else f"orbit of period {self.period}"
        places = ", ".join(
            f"{name} = {value:.12g}"
            for name, value in zip(self.parameters, self.values, strict=True)
        )
        word = str(self.kind)
        return f"{word[0].upper()}{word[1:]} ({self.kind.label}) of the {what} at {places}"

    def rows(self) -> list[tuple[str, str]]:
        (a, b), (c, d) = self.interval
        shown = f"{self.located}, between ({a:.16g}, {b:.16g}) and ({c:.16g}, {d:.16g})"
        rows = [("status", shown), ("on a curve of", f"{self.bifurcation} points")]
        rows.append(("theory", self.kind.theory))
        if self.note:
            rows.append(("note", self.note))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "parameters": list(self.parameters),
            "bifurcation": self.bifurcation.value,
            "kind": self.kind.value,
            "located": self.located.value,
            "values": plain(self.values),
            "interval": plain(self.interval),
            "points": plain(self.at.points),
            "multipliers": plain(self.at.multipliers),
            "theory": self.kind.theory,
            "note": self.note,
        }

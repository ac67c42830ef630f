"""A branch with a proof: segments that hold exactly one orbit each, and what is between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Outcome
from ...maps.base import Map
from ...results import Result, plain
from ..branch import Branch
from .certified_point import CertifiedPoint
from .cyclic_system import CyclicSystem
from .formulas import formulas_of
from .gap import BranchGap
from .segment import BranchSegment
from .sharper import sharper_orbit

__all__ = ["CertifiedBranch"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CertifiedBranch(Result):
    """What is proved of a branch.

    Parameters
    ----------
    branch : Branch
        The one in floating point that was to be proved.
    part : tuple of two float
        The parameter values asked for.
    segments : tuple of BranchSegment
        In the order of the branch. Neighbours that no gap separates are proved to be one branch.
    gaps : tuple of BranchGap
        What is not proved, in the order of the branch.
    stretches : tuple of tuple of int
        The places in `segments` of those that are proved to be one branch, for each such piece.
    complete : bool
        Whether everything that was asked for is proved, without a gap.
    least_period : Outcome
        Whether p is proved to be the least period of every orbit of the segments.
    special : tuple of CertifiedPoint
        The special points of the part that were proved.
    unproved : tuple of (float, str)
        Parameter value of each special point that was not, and why.
    attempts : int
        How many tubes were tried.
    evidence : Evidence
    """

    branch: Branch
    part: tuple[float, float]
    segments: tuple[BranchSegment, ...]
    gaps: tuple[BranchGap, ...]
    stretches: tuple[tuple[int, ...], ...]
    complete: bool
    least_period: Outcome
    special: tuple[CertifiedPoint, ...]
    unproved: tuple[tuple[float, str], ...]
    attempts: int
    evidence: Evidence

    def __len__(self) -> int:
        return len(self.segments)

    @property
    def map(self) -> Map:
        """The map, with the parameter open."""
        return self.branch.map

    @property
    def parameter(self) -> str:
        """The name of the parameter."""
        assert self.branch.parameter is not None
        return self.branch.parameter

    @property
    def period(self) -> int:
        """The period of the orbits."""
        return self.branch.period

    @property
    def width(self) -> float:
        """The largest width within which an orbit is known; NaN without segments."""
        return max((segment.width for segment in self.segments), default=float("nan"))

    @property
    def proofs(self) -> int:
        """How many tubes the segments are parts of."""
        return len({segment.proof for segment in self.segments})

    def orbits_at(self, value: Any) -> tuple[NDArray[np.float64], ...]:
        """Return bounds (p, d, 2) of the orbits at a parameter value, one for each passage.

        Only segments that are named by the parameter answer: there the orbit at the value is one.

        Parameters
        ----------
        value : float
            Taken as the double that it is.

        Examples
        --------
        >>> from sympy.abc import eta, x
        >>> from dynsys_gd import GradientDescent, Loss, certify, follow
        >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
        >>> proved = certify(follow(well, [1.0], parameter="eta", to=(0.5, 0.9)))
        >>> (box,) = proved.orbits_at(0.75)
        >>> bool(box[0, 0, 0] <= 1 <= box[0, 0, 1]), bool(np.ptp(box) < 1e-14)
        (True, True)
        """
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not np.isfinite(number):
            raise InvalidInput("value", value, f"a value of {self.parameter}")
        p, d = self.branch.points.shape[1:]
        system = CyclicSystem(formulas_of(self.map, self.parameter), p, (1,) * d)
        found: list[tuple[int, NDArray[np.float64]]] = []
        for place, segment in enumerate(self.segments):
            if not (segment.by_parameter and segment.ends[0] <= number <= segment.ends[1]):
                continue
            # Where two segments meet, both hold the same orbit.
            if found and found[-1][0] == place - 1 and self._joined(place - 1, place):
                found[-1] = (place, found[-1][1])
                continue
            bounds = sharper_orbit(system, segment, number)
            found.append((place, bounds[:-1].reshape(*segment.points, 2)))
        return tuple(box for _, box in found)

    def _joined(self, first: int, second: int) -> bool:
        one, other = self.segments[first], self.segments[second]
        shared = one.path[1] == other.path[0] and one.rising == other.rising
        return shared and any(first in s and second in s for s in self.stretches)

    def headline(self) -> str:
        what = "fixed point" if self.period == 1 else f"orbit of period {self.period}"
        low, high = self.part
        short = f"[{low:.9g}, {high:.9g}]"
        told_apart = f"{low:.9g}" != f"{high:.9g}"
        where = f"{self.parameter} in {short if told_apart else f'[{low!r}, {high!r}]'}"
        word = "Certified" if self.evidence.grade.rigorous else "Enclosed"
        if self.complete:
            return f"{word} branch of the {what} over {where}, complete"
        if not self.segments:
            return f"No part of the branch of the {what} over {where} was certified"
        return f"{word} branch of the {what} over {where}, with {_count(len(self.gaps), 'gap')}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe())]
        if self.segments:
            turned = sum(not segment.by_parameter for segment in self.segments)
            text = f"{len(self)} in {_count(self.proofs, 'tube')}, widths up to {self.width:.2g}"
            rows.append(("segments", text + (f"; {turned} not by the parameter" if turned else "")))
            kinds = Counter(segment.kind for segment in self.segments)
            rows.append(("kinds", ", ".join(f"{kind} ×{n}" for kind, n in kinds.items())))
            if self.period > 1:
                rows.append(("least period", f"{self.period}: {self.least_period}"))
        rows += [("gap", str(gap)) for gap in self.gaps[:3]]
        if len(self.gaps) > 3:
            rows.append(("gap", f"{len(self.gaps) - 3} more in .gaps"))
        rows += [("special", point.headline()) for point in self.special[:2]]
        if len(self.special) > 2:
            rows.append(("special", f"{len(self.special) - 2} more in .special"))
        rows += [("not proved", f"{value:.9g}: {why}") for value, why in self.unproved[:1]]
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "parameter": self.parameter,
            "period": self.period,
            "part": plain(self.part),
            "complete": self.complete,
            "least_period": self.least_period.value,
            "segments": [segment.to_dict() for segment in self.segments],
            "gaps": [gap.to_dict() for gap in self.gaps],
            "stretches": plain(self.stretches),
            "special": [point.to_dict() for point in self.special],
            "unproved": plain(self.unproved),
            "attempts": self.attempts,
        }


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

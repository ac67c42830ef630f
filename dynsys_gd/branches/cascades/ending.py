"""Why a cascade ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..bifurcation_point import BifurcationPoint

__all__ = ["CascadeEnd", "Ending"]


class CascadeEnd(Enum):
    """Why no further doubling point is given.

    DOUBLINGS: as many as asked for were found. RANGE: the branch leaves the range of the parameter
    before it doubles. NEIMARK_SACKER: a pair of multipliers leaves the unit circle first. SEVERAL:
    several multipliers become -1 together. BRANCH: the branch ends or closes before it doubles.
    LOST: no orbit of twice the period was found next to the flip. DIGITS: neighbouring doubling
    points are no longer told apart.

    Examples
    --------
    >>> from sympy.abc import a, x
    >>> from dynsys_gd import SymbolicMap, cascade
    >>> cascade(SymbolicMap([a * x * (1 - x)], [x]), [0.6], "a", to=(2.5, 3.4)).end
    <CascadeEnd.RANGE: 'the end of the range'>
    """

    DOUBLINGS = "as many doublings as asked for"
    RANGE = "the end of the range"
    NEIMARK_SACKER = "a Neimark-Sacker point comes first"
    SEVERAL = "several multipliers flip together"
    BRANCH = "the branch ends before a flip"
    LOST = "no doubled orbit was found"
    DIGITS = "doubling points are no longer told apart"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, eq=False)
class Ending:
    """Why a cascade ends: the kind, a sentence, and the point that ended it, where there is one."""

    end: CascadeEnd
    why: str
    point: BifurcationPoint | None = None

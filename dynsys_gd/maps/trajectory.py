"""One orbit segment: a start and its images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..evidence import Evidence, Grade
from ..results import Result, plain

__all__ = ["Trajectory"]


_FLOATING_POINT = Evidence(grade=Grade.NUMERICAL, reason="iterated in double precision")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Trajectory(Result):
    """A start and its images, in order.

    Parameters
    ----------
    map : Map
        The map that was iterated.
    points : ndarray, shape (n + 1, d)
        Row k is the state after k steps.
    """

    map: Any
    points: NDArray[np.float64]
    evidence: Evidence = _FLOATING_POINT

    def __post_init__(self) -> None:
        self.points.setflags(write=False)

    def headline(self) -> str:
        return f"Trajectory of {len(self.points) - 1} steps under {self.map.describe()}"

    def rows(self) -> list[tuple[str, str]]:
        return [
            ("start", np.array2string(self.points[0], precision=6, threshold=6)),
            ("end", np.array2string(self.points[-1], precision=6, threshold=6)),
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "points": plain(self.points)}

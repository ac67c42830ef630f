"""What growing the stable or the unstable curve of a saddle gave."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ...maps.base import Map
from ...regions import Box
from ...results import Result, plain
from ..display import point_text

__all__ = ["BranchEnd", "CurveSide", "InvariantCurve"]

_ENDS_SHOWN = 4


class CurveSide(Enum):
    """Which points: those that tend to the saddle (STABLE), or that come from it (UNSTABLE).

    Examples
    --------
    >>> print(CurveSide.STABLE)
    stable
    """

    STABLE = "stable"
    UNSTABLE = "unstable"

    def __str__(self) -> str:
        return self.value


class BranchEnd(Enum):
    """Why a branch of a curve is not followed any farther.

    LENGTH: it is as long as was asked for. REGION: it left the region. DIVERGED: it leaves every
    bounded set, or the map has no value there. LIMIT: what is left of it is shorter than the
    tolerance; it tends to a point, or the curve cannot be told from its limit. CLOSED: it returned
    to where it began. WORK: the most points or steps were used up.

    Examples
    --------
    >>> print(BranchEnd.LIMIT)
    tends to a limit
    """

    LENGTH = "as long as asked for"
    REGION = "leaves the region"
    DIVERGED = "leaves every bounded set"
    LIMIT = "tends to a limit"
    CLOSED = "returns to its beginning"
    WORK = "out of work"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class InvariantCurve(Result):
    """The stable or the unstable curve of a saddle, as chains of points.

    Parameters
    ----------
    map : Map
    orbit : ndarray, shape (p, d)
        The saddle, refined by Newton's method.
    which : CurveSide
    multiplier : float
        The multiplier of F^p along the curve; where it is negative, F^p swaps the two branches.
    branches : tuple of ndarray, shape (m, d)
        For each point of the orbit the two branches that begin there, then further preimages.
    ends : tuple of BranchEnd
        Why each branch is not longer; of a preimage, which has two ends, the one inside the
        region where there is one.
    error : float
        Estimated largest distance between the chains of straight pieces and the curve.
    local_error : float
        Estimated error of the polynomial with which everything begins, near the saddle.
    tolerance : float
    region : Box or None
    primary : int
        How many branches begin at the saddle; the others are preimages that do not touch it.
    evidence : Evidence
    """

    map: Map
    orbit: NDArray[np.float64]
    which: CurveSide
    multiplier: float
    branches: tuple[NDArray[np.float64], ...]
    ends: tuple[BranchEnd, ...]
    error: float
    local_error: float
    tolerance: float
    region: Box | None
    primary: int
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.orbit, *self.branches):
            array.setflags(write=False)

    @property
    def period(self) -> int:
        """Least period of the saddle."""
        return len(self.orbit)

    @property
    def lengths(self) -> tuple[float, ...]:
        """Length of each branch."""
        return tuple(
            float(np.linalg.norm(np.diff(branch, axis=0), axis=1).sum()) for branch in self.branches
        )

    @property
    def arclengths(self) -> tuple[NDArray[np.float64], ...]:
        """For each branch the length from its beginning to each of its points."""
        return tuple(
            np.concatenate([[0.0], np.linalg.norm(np.diff(b, axis=0), axis=1).cumsum()])
            for b in self.branches
        )

    def headline(self) -> str:
        saddle = "saddle" if self.period == 1 else f"period-{self.period} saddle"
        pieces = len(self.branches)
        return (
            f"{str(self.which).capitalize()} curve of the {saddle} "
            f"{point_text(self.orbit[0], None)}: "
            f"{pieces} branches, length {sum(self.lengths):.6g}, "
            f"error {self.error:.2g}"
        )

    def rows(self) -> list[tuple[str, str]]:
        rows = [("multiplier", f"{self.multiplier:.6g}{self._swap()}")]
        for k, (branch, length, end) in enumerate(
            zip(self.branches, self.lengths, self.ends, strict=True)
        ):
            if k == _ENDS_SHOWN:
                rows.append(("…", f"{len(self.branches) - k} more branches"))
                break
            name = "branch" if k < self.primary else "preimage"
            rows.append((name, f"{len(branch)} points, length {length:.6g}, {end}"))
        rows.append(("error", f"{self.error:.2g}, of the local polynomial {self.local_error:.2g}"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def _swap(self) -> str:
        return ", branches change sides" if self.multiplier < 0 else ""

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "which": self.which.value,
            "orbit": plain(self.orbit),
            "multiplier": self.multiplier,
            "branches": plain(self.branches),
            "lengths": plain(self.lengths),
            "ends": [end.value for end in self.ends],
            "error": plain(self.error),
            "local_error": plain(self.local_error),
            "tolerance": self.tolerance,
            "region": None if self.region is None else self.region.describe(),
            "primary": self.primary,
        }

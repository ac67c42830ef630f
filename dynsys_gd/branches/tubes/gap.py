"""Where a branch could not be proved, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = ["BranchGap", "GapReason"]


class GapReason(Enum):
    """Why there is no proof.

    CROSSING: a special point of the branch lies there at which branches cross, and the derivative
    of the equations is singular. ELSEWHERE: Newton's method leads from the points of the branch to
    an orbit that is not there, or to none. SINGULAR: the test failed on segments as short as they
    may be. ATTEMPTS: the number of attempts was spent. SEAM: both neighbours are proved, but not
    that they belong together. END: the branch that was given ends before the part asked for does.

    Examples
    --------
    >>> str(GapReason.CROSSING)
    'branches cross there'
    """

    CROSSING = "branches cross there"
    ELSEWHERE = "the points given are not next to an orbit"
    SINGULAR = "no segment is short enough"
    ATTEMPTS = "the number of attempts is spent"
    SEAM = "the neighbours were not proved to be one branch"
    END = "the branch that was given ends there"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class BranchGap:
    """A part of a branch without proof.

    Parameters
    ----------
    parameter : tuple of two float
        Where it is, in floating point, ascending.
    reason : GapReason
    stretch : int
        Gaps and segments of the same number follow one another on the branch.
    detail : str
        What goes with the reason, or nothing.

    Examples
    --------
    >>> print(BranchGap(parameter=(0.99, 1.01), reason=GapReason.SINGULAR))
    [0.99, 1.01]: no segment is short enough
    """

    parameter: tuple[float, float]
    reason: GapReason
    stretch: int = 0
    detail: str = ""

    def __str__(self) -> str:
        low, high = self.parameter
        where = f"[{low:.9g}, {high:.9g}]" if low < high else f"{low:.9g}"
        return f"{where}: {self.reason}" + (f" ({self.detail})" if self.detail else "")

    def to_dict(self) -> dict[str, Any]:
        """Return the gap as plain data."""
        return {
            "parameter": list(self.parameter),
            "reason": self.reason.name.lower(),
            "detail": self.detail,
        }

"""How a branch is followed: step lengths and where to stop."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from ...errors import InvalidInput
from ...regions import positive_count

__all__ = ["PseudoArclength"]


@dataclass(frozen=True, kw_only=True)
class PseudoArclength:
    """Pseudo-arclength continuation: steps along the tangent, corrected at right angles to it.

    Lengths are shares: of the range of the parameter, and of the size of the orbit at the start
    (at least 1, unless the map bends on a smaller scale), together in the Euclidean norm; the
    points of an orbit count with their mean.

    Parameters
    ----------
    first, longest, shortest : float
        Lengths of the first step, and of the longest and the shortest ones allowed.
    steps : int
        Most steps in each direction.
    turn : float
        Largest angle between neighbouring tangents, in radians, below π/2.
    far : float
        Distance from the origin, in sizes of the orbit at the start, beyond which a branch is left.

    Raises
    ------
    InvalidInput
        For lengths that are not positive or not in order, and a turn outside (0, π/2).

    References
    ----------
    Keller (1977) [keller1977numerical]_.

    Examples
    --------
    >>> PseudoArclength(longest=0.01).longest
    0.01
    """

    first: float = 0.01
    longest: float = 0.04
    shortest: float = 1e-9
    steps: int = 2000
    turn: float = 0.35
    far: float = 1e6

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "steps":
                positive_count(value, "steps")
            elif (
                isinstance(value, bool)
                or not isinstance(value, (int, float))
                or not math.isfinite(value)
                or value <= 0
            ):
                raise InvalidInput(field.name, value, "a positive number")
        if not self.shortest <= self.first <= self.longest:
            raise InvalidInput(
                "first", self.first, f"a number from {self.shortest:g} to {self.longest:g}"
            )
        if self.turn >= math.pi / 2:
            raise InvalidInput("turn", self.turn, "an angle below π/2")

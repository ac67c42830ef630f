"""How a branch is certified: how finely it may be cut."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...errors import InvalidInput
from ...regions import positive_count

__all__ = ["Tubes"]


@dataclass(frozen=True, kw_only=True)
class Tubes:
    """Tubes around polynomials of third degree, halved until Krawczyk's test succeeds.

    Parameters
    ----------
    shortest : float
        Segments shorter than this share of their part of the branch are not halved again: what
        is not proved then is a gap.
    width : float
        Proved segments in which orbits are known less well than this, as a share of the size of
        the orbit, are halved as well, as long as they may be.
    attempts : int
        How many segments are tried at most, over the whole branch.
    kinds : float
        Share down to which proved segments are halved where a multiplier may cross the unit
        circle, so that kinds are known up to there.

    Raises
    ------
    InvalidInput
        For shares outside (0, 1] and a number of attempts that is not positive.

    Examples
    --------
    >>> Tubes(shortest=1e-3).attempts
    20000
    """

    shortest: float = 1e-6
    width: float = 1e-6
    attempts: int = 20_000
    kinds: float = 1e-4

    def __post_init__(self) -> None:
        for name in ("shortest", "width", "kinds"):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not (number and math.isfinite(value) and 0 < value <= 1):
                raise InvalidInput(name, value, "a number above 0 and up to 1")
        positive_count(self.attempts, "attempts")

"""What happens to attractors at a crisis."""

from __future__ import annotations

from enum import Enum

__all__ = ["CrisisKind"]


class CrisisKind(Enum):
    """What a crisis does, read towards the side on which more is reached.

    MERGING: several attractors become one. BAND_MERGING: one attractor keeps its extent, and some
    of its bands become one. INTERIOR: an attractor suddenly reaches much further. BOUNDARY: an
    attractor is lost, or orbits find a way out of where all of them stayed; others remain.
    BLOW_UP: the same, and all orbits that are watched escape.

    Examples
    --------
    >>> str(CrisisKind.BLOW_UP)
    'blow-up'
    """

    MERGING = "attractor merging"
    BAND_MERGING = "band merging"
    INTERIOR = "interior crisis"
    BOUNDARY = "boundary crisis"
    BLOW_UP = "blow-up"

    def __str__(self) -> str:
        return self.value

"""By what the points of a picture are coloured."""

from __future__ import annotations

from enum import Enum

__all__ = ["ColourBy"]


class ColourBy(Enum):
    """What the colours of a diagram or of a plane show.

    PERIOD: what the orbit does, and the period where it is periodic. EXPONENT: its largest
    Lyapunov exponent.

    Examples
    --------
    >>> ColourBy("period")
    <ColourBy.PERIOD: 'period'>
    """

    PERIOD = "period"
    EXPONENT = "exponent"

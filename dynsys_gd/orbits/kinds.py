"""Words for the two questions asked of an orbit: is it stable, and what is it for the loss."""

from __future__ import annotations

from enum import Enum

from .algebra.spectra import CircleCount

__all__ = ["CriticalKind", "Kind", "kind_of"]


class Kind(Enum):
    """What the multipliers of an orbit say.

    SINK: all inside the unit circle. SOURCE: all outside. SADDLE: some inside, some outside.
    NEUTRAL: at least one on it, so the linear part does not decide. UNDECIDED: not known, for
    example because a parameter is open.
    """

    SINK = "sink"
    SADDLE = "saddle"
    SOURCE = "source"
    NEUTRAL = "neutral"
    UNDECIDED = "undecided"

    def __str__(self) -> str:
        return self.value


class CriticalKind(Enum):
    """What a critical point or a family of them is for the loss; strict or not."""

    MINIMUM = "minimum"
    SADDLE = "saddle"
    MAXIMUM = "maximum"
    UNDECIDED = "undecided"

    def __str__(self) -> str:
        return self.value


def kind_of(count: CircleCount) -> Kind:
    """Return the kind that belongs to a count of multipliers.

    Examples
    --------
    >>> kind_of(CircleCount(inside=1, on=0, outside=1))
    <Kind.SADDLE: 'saddle'>
    >>> kind_of(CircleCount(inside=1, on=1, outside=0))
    <Kind.NEUTRAL: 'neutral'>
    """
    if count.on:
        return Kind.NEUTRAL
    if count.inside and count.outside:
        return Kind.SADDLE
    return Kind.SINK if count.inside else Kind.SOURCE

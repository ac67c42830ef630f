"""Which bifurcation a neutral orbit goes through, and to which side."""

from __future__ import annotations

from enum import Enum

__all__ = ["Bifurcation", "Criticality"]


class Bifurcation(Enum):
    """How an orbit changes as one parameter passes the critical value.

    FLIP: a multiplier -1, an orbit of twice the period branches off. FOLD: a multiplier 1, two
    orbits meet and vanish. TRANSCRITICAL: a multiplier 1, two orbits cross and exchange their
    stability. PITCHFORK: a multiplier 1, two orbits branch off symmetrically. NEIMARK_SACKER: a
    complex pair of multipliers on the unit circle, an invariant closed curve branches off.

    Examples
    --------
    >>> str(Bifurcation.NEIMARK_SACKER)
    'Neimark-Sacker'
    """

    FLIP = "flip"
    FOLD = "fold"
    TRANSCRITICAL = "transcritical"
    PITCHFORK = "pitchfork"
    NEIMARK_SACKER = "Neimark-Sacker"

    def __str__(self) -> str:
        return self.value


class Criticality(Enum):
    """What the leading coefficient says about what branches off.

    SUPERCRITICAL: it takes over the stability that the orbit loses along the critical direction.
    SUBCRITICAL: it is unstable and lies where the orbit is still stable. REGULAR: the coefficient
    is not zero, and the bifurcation (fold, transcritical) has no further distinction. DEGENERATE:
    the coefficient is proved to be zero. CONSERVATIVE: the map preserves area, nothing attracts.
    UNDECIDED: the coefficient could not be told from zero.

    Examples
    --------
    >>> Criticality("subcritical") is Criticality.SUBCRITICAL
    True
    """

    SUPERCRITICAL = "supercritical"
    SUBCRITICAL = "subcritical"
    REGULAR = "regular"
    DEGENERATE = "degenerate"
    CONSERVATIVE = "conservative"
    UNDECIDED = "undecided"

    def __str__(self) -> str:
        return self.value

"""What an attractor is, and what happens to attractors between two parameter values."""

from __future__ import annotations

from enum import Enum

__all__ = ["AttractorChange", "AttractorKind"]


class AttractorKind(Enum):
    """What an attractor is, as far as floating point shows.

    FIXED_POINT: a stable fixed point. FAMILY: fixed points, or cycles, that lie on one curve or
    surface of such; orbits settle on different ones. CYCLE: a stable cycle of period two or more.
    CHAOTIC: a bounded set on which neighbours part. QUASI_PERIODIC: one on which they do not.

    Examples
    --------
    >>> str(AttractorKind.QUASI_PERIODIC)
    'quasi-periodic'
    """

    FIXED_POINT = "fixed point"
    FAMILY = "family"
    CYCLE = "cycle"
    CHAOTIC = "chaotic"
    QUASI_PERIODIC = "quasi-periodic"

    def __str__(self) -> str:
        return self.value


class AttractorChange(Enum):
    """What happens to an attractor between two neighbouring parameter values.

    BIRTH: there is none near it at the smaller value. DEATH: there is none near it at the larger
    one; orbits go elsewhere. SPLITTING: it lies within one from which another one goes on.
    MERGING: at the larger value it lies within another one. PERIOD: its period changes. KIND: what
    it is changes, as from a cycle to chaos. SIZE: its extent changes by more than a half.

    Examples
    --------
    >>> str(AttractorChange.BIRTH)
    'birth'
    """

    BIRTH = "birth"
    DEATH = "death"
    SPLITTING = "splitting"
    MERGING = "merging"
    PERIOD = "change of period"
    KIND = "change of kind"
    SIZE = "change of size"

    def __str__(self) -> str:
        return self.value

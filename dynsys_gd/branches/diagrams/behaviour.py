"""What an orbit is seen to do in the long run."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Behaviour"]


class Behaviour(IntEnum):
    """What an orbit does after its transient, as far as floating point shows.

    PERIODIC: it has settled on an attracting cycle whose period is known. CHAOTIC: neighbours part
    exponentially. QUASI_PERIODIC: it goes round without returning, and neighbours stay together.
    ESCAPED: it has left every bound and still grows. UNDECIDED: none of these can be told; it
    settles slowly, next to a bifurcation mostly, its period is longer than the cap, or it sits on
    an unstable cycle because it was started there.

    Examples
    --------
    >>> Behaviour.QUASI_PERIODIC.words
    'quasi-periodic'
    """

    PERIODIC = 0
    CHAOTIC = 1
    QUASI_PERIODIC = 2
    ESCAPED = 3
    UNDECIDED = 4

    @property
    def words(self) -> str:
        """How it is called in tables."""
        return self.name.lower().replace("_", "-")

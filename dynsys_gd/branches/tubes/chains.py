"""Which neighbouring segments are proved to continue one branch."""

from __future__ import annotations

import numpy as np
import sympy as sp

from .segment import BranchSegment

__all__ = ["longest_period", "one_branch"]


def one_branch(first: BranchSegment, second: BranchSegment) -> bool:
    """Return whether a segment is proved to go on where the one before it ends.

    The orbit at the end of one of them lies, wherever its enclosure leaves it, in the tube of the
    other, which holds exactly one orbit there.
    """
    if first.proof == second.proof:
        return True
    return second.holds(*_end(first, last=True)) or first.holds(*_end(second, last=False))


def _end(segment: BranchSegment, *, last: bool) -> tuple[np.ndarray, np.ndarray]:
    value = segment.path[1 if last else 0]
    return segment.hull(value, value)


def longest_period(segment: BranchSegment) -> bool:
    """Return whether all orbits of a segment are proved to have no shorter period."""
    p, d = segment.points
    if p == 1:
        return True
    low, high = segment.hull()
    low, high = low[:-1].reshape(p, d), high[:-1].reshape(p, d)
    return all(
        bool(np.any((np.roll(low, -shift, axis=0) > high) | (np.roll(high, -shift, axis=0) < low)))
        for shift in (p // q for q in sp.primefactors(p))
    )

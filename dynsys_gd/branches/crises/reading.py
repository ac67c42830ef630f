"""Which kind of crisis is a jump, and on which side of it does less happen?"""

from __future__ import annotations

from dataclasses import dataclass

from .jumps import LEAST_JUMP, Jump
from .kinds import CrisisKind
from .looking import Seen

__all__ = ["Reading", "reading"]

_ROOM = 0.02  # of the extent: how far a set may reach out of one that contains it


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """A jump as read.

    Parameters
    ----------
    kind : CrisisKind or None
        None where it is no crisis: a window of periodic behaviour opens.
    before, after : Seen
        The side with the smaller sets, and the other one.
    group : int
        Whose orbits it is read from.
    """

    kind: CrisisKind | None
    before: Seen
    after: Seen
    group: int


def reading(jump: Jump) -> Reading:
    """Return what a jump does to the attractor of the group that changes most."""
    k = max(jump.groups, key=lambda each: _news(jump, each))
    below, above = jump.below, jump.above
    if below.gone[k] != above.gone[k]:
        before, after = (below, above) if above.gone[k] else (above, below)
        kind = CrisisKind.BLOW_UP if after.gone.all() else CrisisKind.BOUNDARY
        return Reading(kind=kind, before=before, after=after, group=k)
    mine, theirs = below.with_whom(k), above.with_whom(k)
    if mine != theirs:
        before, after = (below, above) if len(mine) < len(theirs) else (above, below)
        members = before.with_whom(k) | after.with_whom(k)
        merged = all(_within(before, after, j, k) for j in members if not before.gone[j])
        kind = CrisisKind.MERGING if merged else CrisisKind.BOUNDARY
        return Reading(kind=kind, before=before, after=after, group=k)
    before, after = (below, above) if below.extents[k] < above.extents[k] else (above, below)
    if before.settled[k]:
        # Chaos on one side, a cycle on the other: where it lies within, its window opens.
        if _within(before, after, k, k):
            return Reading(kind=None, before=before, after=after, group=k)
        return Reading(kind=CrisisKind.BOUNDARY, before=after, after=before, group=k)
    if after.extents[k] - before.extents[k] > LEAST_JUMP * after.extents[k]:
        return Reading(kind=CrisisKind.INTERIOR, before=before, after=after, group=k)
    if before.bands[k] < after.bands[k]:
        before, after = after, before
    return Reading(kind=CrisisKind.BAND_MERGING, before=before, after=after, group=k)


def _news(jump: Jump, k: int) -> float:
    """Return how much the extent of a group changes: of two that part, one may stay as it is."""
    return abs(float(jump.below.extents[k] - jump.above.extents[k]))


def _within(inner: Seen, outer: Seen, j: int, k: int) -> bool:
    """Return whether the set of group j on one side lies in that of group k on the other."""
    small, large = inner.hull(j), outer.hull(k)
    room = _ROOM * max(float((large[1] - large[0]).max()), 1e-300)
    return bool((small[0] >= large[0] - room).all() and (small[1] <= large[1] + room).all())

"""Which attractor at one parameter value goes on as which at the next?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .attractor import Attractor
from .attractor_set import AttractorSet
from .finding import representatives
from .kinds import AttractorChange, AttractorKind

__all__ = ["Change", "Matching", "distance", "inwards", "matched"]

Array = NDArray[np.float64]

_FOLLOWED = 0.25  # of the distance: what counts where an orbit went from one to the other
_WITHIN = 0.05  # of the extent: how far a set may reach out of one that contains it
_ROUNDING = 1e-6
_SIZE = 1.5  # ratio of extents
_LEAST_EXTENT = 1e-3  # relative to the reach: changes of size of smaller sets are not reported


@dataclass(frozen=True, kw_only=True)
class Change:
    """What happens to one attractor between two values; indices into the two sets."""

    kind: AttractorChange
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Matching:
    """Which attractor goes on as which, and all that changes.

    Parameters
    ----------
    pairs : tuple of (int, int)
        Indices into the two sets, ascending.
    changes : tuple of Change
    """

    pairs: tuple[tuple[int, int], ...]
    changes: tuple[Change, ...]


def inwards(one: Attractor, other: Attractor) -> float:
    """Return how far the points of one attractor are from the other, on average.

    Examples
    --------
    >>> def at(*points):
    ...     rows = np.array(points)[:, None]
    ...     return Attractor(kind=AttractorKind.CYCLE, period=len(points), points=rows,
    ...                      low=rows.min(0), high=rows.max(0), exponent=-1.0, error=0.0, starts=1)
    >>> inwards(at(0.0), at(0.0, 1.0)), inwards(at(0.0, 1.0), at(0.0))
    (0.0, 0.5)
    """
    from scipy.spatial import cKDTree

    return float(cKDTree(other.points).query(one.points)[0].mean())


def distance(one: Attractor, other: Attractor) -> float:
    """Return the larger of both mean distances: a Hausdorff distance that forgives stray points."""
    return max(inwards(one, other), inwards(other, one))


def matched(before: AttractorSet, after: AttractorSet, reach: float) -> Matching:
    """Return which attractors go on, with the smallest sum of distances, and what changes.

    Parameters
    ----------
    before, after : AttractorSet
        At two values; the seeds of `after` are states of all that was known `before`. Indices into
        the first go on with the attractors carried along.
    reach : float
        Distance beyond which attractors are not taken for the same, unless an orbit says so.
    """
    from scipy.optimize import linear_sum_assignment

    known = [*before, *before.carried]
    apart = np.array([[distance(a, b) for b in after] for a in known])
    apart = apart.reshape(len(known), len(after))
    led = _led(known, after)
    pairs = []
    for i, j in zip(*linear_sum_assignment(np.where(led, _FOLLOWED * apart, apart)), strict=True):
        if apart[i, j] <= reach or (led[i, j] and led[:, j].sum() == 1):
            pairs.append((int(i), int(j)))
    kinds = [(_changed(known[i], after[j], reach), i, j) for i, j in pairs]
    changes = [Change(kind=kind, before=i, after=j) for kind, i, j in kinds if kind is not None]
    olds, news = {i for i, _ in pairs}, {j for _, j in pairs}
    # Those whose own states ended nobody knows where have not been seen to end.
    open_ = {i for i, attractor in enumerate(known) if attractor in after.carried}
    left = sorted(set(range(len(known))) - olds - open_)
    new = sorted(set(range(len(after))) - news)
    into = {i: _containing(known[i], list(after), np.flatnonzero(led[i])) for i in left}
    out_of = {j: _containing(after[j], known, range(len(known))) for j in new}
    for i in left:
        if into[i] is not None:
            changes.append(Change(kind=AttractorChange.MERGING, before=i, after=into[i]))
        elif i not in out_of.values():
            changes.append(Change(kind=AttractorChange.DEATH, before=i, after=None))
    for j in new:
        if out_of[j] is not None:
            changes.append(Change(kind=AttractorChange.SPLITTING, before=out_of[j], after=j))
        elif j not in into.values():
            changes.append(Change(kind=AttractorChange.BIRTH, before=None, after=j))
    return Matching(tuple(pairs), tuple(changes))


def _led(known: list[Attractor], after: AttractorSet) -> NDArray[np.bool_]:
    """Return from which attractor orbits led to which at the other value."""
    led = np.zeros((len(known), len(after)), dtype=bool)
    whose = representatives(known, after.map.dimension)[1]
    if len(whose) == len(after.seeds):
        for i, j in zip(whose, after.seeds, strict=True):
            if j >= 0:
                led[i, j] = True
    return led


def _containing(part: Attractor, others: Sequence[Attractor], among: Iterable[int]) -> int | None:
    """Return the attractor next to whose points all of a smaller one lies."""
    nearest, least = None, np.inf
    for j in among:
        away = inwards(part, others[j])
        room = _WITHIN * max(others[j].extent, part.extent) + _ROUNDING
        if away <= room and away < least:
            nearest, least = int(j), away
    return nearest


def _changed(one: Attractor, other: Attractor, reach: float) -> AttractorChange | None:
    periodic = (AttractorKind.FIXED_POINT, AttractorKind.CYCLE)
    if one.kind in periodic and other.kind in periodic:
        return AttractorChange.PERIOD if one.period != other.period else None
    if one.kind is not other.kind:
        return AttractorChange.KIND
    small, large = sorted([one.extent, other.extent])
    notable = large > max(_SIZE * small, _LEAST_EXTENT * reach)
    return AttractorChange.SIZE if notable and one.kind is not AttractorKind.FAMILY else None

"""Between which parameter values do attractors change at once? Neighbours compared, then halved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .looking import Seen
from .watching import Watch

__all__ = ["LEAST_JUMP", "Jump", "difference", "jumps_between"]

_GONE, _COMPANY, _BANDS = 4.0, 3.0, 2.0
_ASIDE = (0.5, 0.4, 0.6, 0.45, 0.55)  # of the bracket: where to look when a window is in the way
_OTHERS = 3  # jumps looked for besides the largest between two neighbours
_PART = 0.05  # of the distance of neighbours: shorter parts are not searched for others
_FINEST = 1e-3  # of the interval: changes of smaller sets are not looked at

#: of the extent: a change below it is taken for a continuous one
LEAST_JUMP = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Jump:
    """Two neighbouring parameter values, and the groups of orbits that change most between them."""

    below: Seen
    above: Seen
    groups: tuple[int, ...]
    score: float

    @property
    def interval(self) -> tuple[float, float]:
        """The two values."""
        return self.below.value, self.above.value


def jumps_between(watch: Watch, below: Seen, above: Seen, width: float) -> list[Jump]:
    """Return jumps between two neighbouring values, each within `width`, the largest first.

    A part of a bracket that halving leaves aside is searched too where its ends differ.
    """
    parts = [(below, above)]
    found: list[Jump] = []
    least = _PART * (above.value - below.value)
    while parts and len(found) <= _OTHERS:
        one, other = parts.pop(0)
        jump, aside = _narrowed(watch, one, other, width)
        if jump is not None:
            found.append(jump)
        parts += [part for part in aside if part[1].value - part[0].value >= least]
    return found


def difference(one: Seen, other: Seen, length: float) -> tuple[float, tuple[int, ...]]:
    """Return how much attractors differ, from 0 on, and for which groups they differ most.

    That orbits leave counts most, then that they end in other company, then that bands are more or
    fewer; below, changes of extent relative to the larger one. `length` is that of the interval.
    """
    if len(one) != len(other):
        return 0.0, ()
    scores = np.array([_difference(one, other, k, _FINEST * length) for k in range(len(one))])
    most = float(scores.max(initial=0.0))
    if most == 0.0:
        return 0.0, ()
    return most, tuple(np.flatnonzero(scores >= np.floor(most)).tolist())


def _difference(one: Seen, other: Seen, k: int, finest: float) -> float:
    if one.gone[k] != other.gone[k]:
        return _GONE
    if one.gone[k] or (one.settled[k] and other.settled[k]):
        return 0.0
    if one.with_whom(k) != other.with_whom(k):
        return _COMPANY
    sizes = one.extents[k], other.extents[k]
    hulls = float(np.abs(one.hull(k) - other.hull(k)).max())
    if max(*sizes, hulls) < finest:
        return 0.0
    if one.bands[k] != other.bands[k]:
        return _BANDS
    change = max(abs(sizes[0] - sizes[1]), hulls) / max(*sizes, finest)
    return min(change, 1.0) if change > _FINEST else 0.0


def _narrowed(
    watch: Watch, below: Seen, above: Seen, width: float
) -> tuple[Jump | None, list[tuple[Seen, Seen]]]:
    """Return a jump within `width`, if there is one, and parts left aside that may have others."""
    span = watch.interval[1] - watch.interval[0]
    aside: list[tuple[Seen, Seen]] = []
    while (length := above.value - below.value) > width:
        for share in _ASIDE:
            middle = watch.at(below.value + share * length, length)
            left = difference(below, middle, span)[0]
            right = difference(middle, above, span)[0]
            # In the middle may be a window with an attractor of its own.
            if min(left, right) < 1.0:
                break
        if max(left, right) < LEAST_JUMP:
            if difference(below, above, span)[0] >= 1.0:
                break  # next to a fold orbits change too slowly to be told apart any closer
            return None, aside
        chosen, other = ((below, middle), (middle, above))[:: 1 if left >= right else -1]
        if min(left, right) >= 1.0:
            aside.append(other)
        below, above = chosen
    score, groups = difference(below, above, span)
    if score < LEAST_JUMP:
        return None, aside
    return Jump(below=below, above=above, groups=groups, score=score), aside

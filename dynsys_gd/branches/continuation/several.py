"""Several multipliers that go beyond -1 or 1 in one step: together or one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Change", "changes_of"]

_HALVINGS = 60
_SHARES = (0.5, 0.47, 0.53)  # where a stretch is cut, if nothing is known of its middle


@dataclass(frozen=True)
class Change:
    """A stretch too short to be cut in which a count changes."""

    ends: tuple[float, float]
    by: int

    @property
    def middle(self) -> float:
        """The middle of the stretch."""
        return 0.5 * (self.ends[0] + self.ends[1])


def changes_of(count: Callable[[float], int | None], length: float) -> list[Change]:
    """Return where a count changes between 0 and a length, ascending.

    What changes and changes back between two places that are looked at is not seen.

    Examples
    --------
    >>> [change.by for change in changes_of(lambda s: int(s > 0.3) + 2 * int(s > 0.4), 1.0)]
    [1, 2]
    """
    first, last = count(0.0), count(length)
    if first is None or last is None:
        return []
    return _between(count, (0.0, length), (first, last), _HALVINGS)


def _between(
    count: Callable[[float], int | None],
    ends: tuple[float, float],
    counts: tuple[int, int],
    halvings: int,
) -> list[Change]:
    if counts[0] == counts[1]:
        return []
    for share in _SHARES if halvings else ():
        middle = ends[0] + share * (ends[1] - ends[0])
        seen = count(middle)
        if seen is not None and ends[0] < middle < ends[1]:
            return [
                *_between(count, (ends[0], middle), (counts[0], seen), halvings - 1),
                *_between(count, (middle, ends[1]), (seen, counts[1]), halvings - 1),
            ]
    return [Change(ends, counts[1] - counts[0])]

"""Where the cells lie: which of them a box meets, exactly, by whole numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import product

import flint
from flint import arb

from .balls import Ball, Vector, exact
from .content import CellList

__all__ = ["Refused", "Table"]

Key = tuple[int, ...]
"""Level, then place."""

_MOST_VISITED = 20_000
_OPEN = (1 << 40, 0xFFFF)
_FINER = 3  # levels by which a place without a fitting cell is cut


class Refused(Exception):
    """Something in a certificate is not verified; the text says what and why."""


class Table:
    """The cells of a region by level and place.

    Parameters
    ----------
    low, high : tuple of d Fraction
        Corners of the region, the cell of level 0 and place 0.
    cells : CellList
    """

    def __init__(self, low: Sequence[Fraction], high: Sequence[Fraction], cells: CellList) -> None:
        self.low, self.width = tuple(low), tuple(b - a for a, b in zip(low, high, strict=True))
        self.d = len(self.low)
        self._low = [exact(a) for a in self.low]
        self._width = [exact(w) for w in self.width]
        self._units = [exact(1 / w) for w in self.width]
        self._corners = list(product((0, 1), repeat=self.d))
        self.keys: list[Key] = [
            (level, *place)
            for level, place in zip(cells.level.tolist(), cells.place.tolist(), strict=True)
        ]
        self.stage: list[int] = cells.stage.tolist()
        self.mask: list[int] = cells.mask.tolist()
        self.finest = max((key[0] for key in self.keys), default=0)
        self.number = {key: i for i, key in enumerate(self.keys)}
        if len(self.number) < len(self.keys):
            twice = next(i for i, key in enumerate(self.keys) if self.number[key] != i)
            raise Refused(f"cell {twice} stands twice")
        self._inner = self._summaries()
        both = next((i for key, i in self.number.items() if key in self._inner), None)
        if both is not None:
            raise Refused(f"cell {both} overlaps a smaller cell")

    def _summaries(self) -> dict[Key, tuple[int, int]]:
        """Return for each place that is cut into cells their latest stage and all their masks."""
        whole = {key: (self.stage[i], self.mask[i]) for key, i in self.number.items()}
        inner: dict[Key, tuple[int, int]] = {}
        by_level: dict[int, set[Key]] = {level: set() for level in range(self.finest + 1)}
        for key in self.keys:
            by_level[key[0]].add(key)
        for level in range(self.finest, 0, -1):
            for key in {_above(key) for key in by_level[level]}:
                below = [whole.get(part, _OPEN) for part in self._children(key)]
                mask = 0
                for _, other in below:
                    mask |= other
                whole[key] = inner[key] = max(stage for stage, _ in below), mask
                by_level[level - 1].add(key)
        return inner

    def _children(self, key: Key) -> list[Key]:
        level, *place = key
        doubled = [2 * i for i in place]
        return [
            (level + 1, *(i + c for i, c in zip(doubled, corner, strict=True)))
            for corner in self._corners
        ]

    def middle(self, key: Key) -> tuple[Vector, Vector]:
        """Return midpoint and half widths of a cell."""
        scale = arb(flint.fmpz(1) << (key[0] + 1))
        middle = [
            a + w * (2 * i + 1) / scale
            for a, w, i in zip(self._low, self._width, key[1:], strict=True)
        ]
        return middle, [w / scale for w in self._width]

    def reach(self, box: Sequence[Ball]) -> list[tuple[int, int]] | None:
        """Return the first and last place of the finest level that a box meets on each axis."""
        found = []
        size = arb(flint.fmpz(1) << self.finest)
        for x, a, u in zip(box, self._low, self._units, strict=True):
            place = (x - a) * u * size
            if not place.is_finite():
                return None
            low, high = place.lower().floor().unique_fmpz(), place.upper().ceil().unique_fmpz()
            if low is None or high is None:
                return None
            found.append((int(low), max(int(high) - 1, int(low))))
        return found

    def covered(
        self,
        box: Sequence[Ball],
        stage: int,
        *,
        group: bool,
        allowed: int,
        elsewhere: Callable[[Key], int | None],
    ) -> bool:
        """Return whether a box is covered by cells with masks that are allowed.

        Parameters
        ----------
        box : list of d balls
        stage : int
            Cells of smaller stages count, and where `group` is true those of this one.
        allowed : int
            The union of masks that may be met.
        elsewhere : callable
            Takes a place where there is no such cell; returns the mask that is known there all the
            same, 0 for places that need not be covered, or None.
        """
        reach = self.reach(box)
        return reach is not None and self.covers(
            reach, stage, group=group, allowed=allowed, elsewhere=elsewhere
        )

    def covers(
        self,
        reach: Sequence[tuple[int, int]],
        stage: int,
        *,
        group: bool,
        allowed: int,
        elsewhere: Callable[[Key], int | None],
        most: int = _MOST_VISITED,
    ) -> bool:
        """Return the same as `covered` for places of the finest level."""
        widest = max(high - low for low, high in reach)
        level = max(0, self.finest - widest.bit_length())
        shift = self.finest - level
        axes = [range(low >> shift, (high >> shift) + 1) for low, high in reach]
        count = 1
        for low, high in reach:  # their lengths may be beyond what len() returns
            count *= (high >> shift) - (low >> shift) + 1
        if count > most:
            return False
        waiting: list[Key] = [(level, *place) for place in product(*axes)]
        visited, forbidden = 0, ~allowed
        deepest = min(level + _FINER, self.finest)
        while waiting:
            key = waiting.pop()
            visited += 1
            if visited > most:
                return False
            summary = self._inner.get(key)
            if summary is not None:
                if summary[0] < stage and not summary[1] & forbidden:
                    continue
            else:
                owner = self._owner(key)
                if owner is not None:
                    earlier = self.stage[owner] < stage or (group and self.stage[owner] == stage)
                    if earlier and not self.mask[owner] & forbidden:
                        continue
                there = elsewhere(key)
                if there is not None and not there & forbidden:
                    continue
                if key[0] >= deepest:
                    return False
            waiting += self._below(key, reach)
        return True

    def _below(self, key: Key, reach: Sequence[tuple[int, int]]) -> Iterator[Key]:
        """Yield the halves of a place that a box meets."""
        shift = self.finest - key[0] - 1
        for child in self._children(key):
            for i, (first, last) in zip(child[1:], reach, strict=True):
                if i << shift > last or (i + 1) << shift <= first:
                    break
            else:
                yield child

    def _owner(self, key: Key) -> int | None:
        """Return the cell that holds a place."""
        number = self.number
        while key[0] >= 0:
            owner = number.get(key)
            if owner is not None:
                return owner
            key = _above(key)
        return None


def _above(key: Key) -> Key:
    return (key[0] - 1, *(i >> 1 for i in key[1:]))

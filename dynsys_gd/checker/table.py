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
        self.finest = max(key[0] for key in self.keys)
        self.number = {key: i for i, key in enumerate(self.keys)}
        if len(self.number) < len(self.keys):
            twice = next(i for i, key in enumerate(self.keys) if self.number[key] != i)
            raise Refused(f"cell {twice} stands twice")
        self._inner: set[Key] = set()
        for key in self.keys:
            above = _above(key)
            while above[0] >= 0 and above not in self._inner:
                self._inner.add(above)
                above = _above(above)
        both = next((i for key, i in self.number.items() if key in self._inner), None)
        if both is not None:
            raise Refused(f"cell {both} overlaps a smaller cell")

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
        elsewhere: Callable[[Key], int | None],
    ) -> int | None:
        """Return the union of the masks by which a box is covered, None where it is not.

        Parameters
        ----------
        box : list of d balls
        stage : int
            Cells of smaller stages count, and where `group` is true those of this one, of which
            the mask does not count.
        elsewhere : callable
            Takes a place where there is no such cell; returns the mask that is known there all the
            same, 0 for places that need not be covered, or None.
        """
        reach = self.reach(box)
        if reach is None:
            return None
        return self.masks(reach, stage, group=group, elsewhere=elsewhere)

    def masks(
        self,
        reach: Sequence[tuple[int, int]],
        stage: int,
        *,
        group: bool,
        elsewhere: Callable[[Key], int | None],
        most: int = _MOST_VISITED,
    ) -> int | None:
        """Return the union of masks over places of the finest level, as in `covered`."""
        widest = max(high - low for low, high in reach)
        level = max(0, self.finest - widest.bit_length())
        shift = self.finest - level
        axes = [range(low >> shift, (high >> shift) + 1) for low, high in reach]
        count = 1
        for axis in axes:
            count *= len(axis)
        if count > most:
            return None
        waiting: list[Key] = [(level, *place) for place in product(*axes)]
        found, visited = 0, 0
        deepest = min(level + _FINER, self.finest)
        while waiting:
            key = waiting.pop()
            visited += 1
            if visited > most:
                return None
            if key not in self._inner:
                owner = self._owner(key)
                if owner is not None and self.stage[owner] < stage:
                    found |= self.mask[owner]
                    continue
                if group and owner is not None and self.stage[owner] == stage:
                    continue
                there = elsewhere(key)
                if there is not None:
                    found |= there
                    continue
                if key[0] >= deepest:
                    return None
            waiting += self._below(key, reach)
        return found

    def _below(self, key: Key, reach: Sequence[tuple[int, int]]) -> Iterator[Key]:
        """Yield the halves of a place that a box meets."""
        shift = self.finest - key[0] - 1
        for corner in self._corners:
            place = [2 * i + c for i, c in zip(key[1:], corner, strict=True)]
            if all(
                (i << shift) <= last and ((i + 1) << shift) > first
                for i, (first, last) in zip(place, reach, strict=True)
            ):
                yield (key[0] + 1, *place)

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

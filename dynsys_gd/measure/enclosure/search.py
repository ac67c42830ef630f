"""The course of a search: cells are decided, those that are not are cut, and so on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import row_slices
from ...engine.work import Work
from .bounds import area
from .cells import NOT, Cells, Look, looked
from .groups import Group, leaving, trapped
from .tree import UNKNOWN, Masks, Nodes, Why

__all__ = ["Search"]

_CHUNK = 2048
_PORTION = 4  # chunks that are taken together: the next ones see what they have decided
_WORTH = 0.03  # share of the unknown leaves that a sweep has to decide to be followed by another
_MOST_SWEEPS = 12
_DEEPER = 3  # levels below the others that leaves are cut which stand in the way of many
_KNOWN = -2  # in place of a leaf to blame
_FIRST = 4  # level from which cells are worth a look


@dataclass(eq=False)
class Search:
    """Decides cells level by level; the state is the tree of `cells`.

    Parameters
    ----------
    cells : Cells
    work : Work
    steps : int
        Most steps that images are followed.
    apart : bool
        Whether cells whose points may meet different limits are cut further.
    """

    cells: Cells
    work: Work
    steps: int = 16
    apart: bool = False
    stage: int = 0
    level: int = 0
    images: int = 0

    def __post_init__(self) -> None:
        self._blame = np.full((2, 0), -1, dtype=np.int64)
        self._mixed = np.zeros(0, dtype=np.uint16)
        self._grow()
        self._ground(self.cells.tree.leaves())

    @property
    def shares(self) -> tuple[Fraction, Fraction]:
        """Lower and upper bound of the share of the region that meets a listed outcome."""
        tree = self.cells.tree
        listed = 0xFFFE
        return area(tree, of=listed, sure=True), area(tree, of=listed, sure=False)

    @property
    def open(self) -> bool:
        """Whether there are unknown cells in the region."""
        unknown = self.cells.tree.unknown()
        return bool(self.cells.tree.inside(unknown).any())

    def rounds(self) -> Iterator[None]:
        """Go one level deeper each time; yield now and then, when the bounds may be better."""
        tree = self.cells.tree
        while self.level < tree.finest:
            self.level += 1
            unknown = tree.unknown()
            self._cut(unknown[tree.inside(unknown) & (tree.level[unknown] < self.level)])
            if self.level < _FIRST:
                continue
            for sweep in range(_MOST_SWEEPS):
                before = len(tree.unknown())
                yield from self._sweep()
                if sweep in (0, 2, 5):
                    yield from self._repelled()
                    yield from self._blocks()
                if sweep == 0 and self.level % 2 == 0:
                    self._traps()
                after = len(tree.unknown())
                yield
                slow = before - after <= _WORTH * before
                if slow and (sweep >= 3 or not self._cut_obstacles()):
                    break

    # ------------------------------------------------------------------ one kind of step each

    def _ground(self, leaves: Nodes) -> None:
        found = self.cells.grounded(leaves)
        done = found["mask"] != UNKNOWN
        self._write(
            leaves[done],
            found["mask"][done],
            found["why"][done],
            found["which"][done],
            found["room"][done],
            stage=0,
        )

    def _write(
        self, leaves: Nodes, masks: Any, why: Any, which: Any, room: Any, *, stage: int
    ) -> None:
        tree = self.cells.tree
        tree.why[leaves], tree.which[leaves] = why, which
        tree.room[leaves], tree.stage[leaves] = room, stage
        several = self._several(masks)
        self._mixed[leaves[several]] = masks[several]
        tree.set_masks(leaves[~several], masks[~several])

    def _several(self, masks: Masks) -> NDArray[np.bool_]:
        """Return which masks leave open what is asked for: cells that are worth cutting."""
        if self.apart:
            return np.asarray((masks & (masks - np.uint16(1))) != 0)
        return np.asarray(((masks & NOT) != 0) & (masks != NOT))

    def finish(self) -> None:
        """Write down what is known of cells that were kept open to tell outcomes apart."""
        unknown = self.cells.tree.unknown()
        mixed = unknown[self._mixed[unknown] != 0]
        self.cells.tree.set_masks(mixed, self._mixed[mixed])

    def _cut(self, leaves: Nodes) -> None:
        if len(leaves):
            tree = self.cells.tree
            fresh = tree.split(leaves)
            tree.index()
            self._grow()
            # What is known of a cell holds for its parts.
            above = tree.parent[fresh]
            self._mixed[fresh] = self._mixed[above]
            for kept in (tree.why, tree.which, tree.room, tree.stage):
                kept[fresh] = kept[above]
            self._ground(fresh)

    def _grow(self) -> None:
        n = self.cells.tree.n
        more = n - len(self._mixed)
        self._blame = np.pad(self._blame, ((0, 0), (0, more)), constant_values=-1)
        self._mixed = np.pad(self._mixed, (0, more))

    def _changed(self, leaves: Nodes) -> Nodes:
        """Return the leaves for which something has changed since they were last looked at."""
        tree = self.cells.tree
        blame = self._blame[:, leaves]
        seen = blame >= 0
        moved = seen & ((tree.mask[blame] != UNKNOWN) | (tree.child[blame] >= 0))
        known = blame[0] == _KNOWN
        return leaves[moved.any(axis=0) | ~(seen.any(axis=0) | known)]

    def _sweep(self) -> Iterator[None]:
        tree = self.cells.tree
        leaves = self._changed(tree.unknown())
        parts = [leaves[rows] for rows in row_slices(len(leaves), _CHUNK)]
        for first in range(0, len(parts), _PORTION):
            portion = parts[first : first + _PORTION]
            looks = [Look(self.cells, part, self.steps) for part in portion]
            found = list(self.work.answers(looked, looks))
            self.stage += 1
            for part, answer in zip(portion, found, strict=True):
                done = answer["mask"] != UNKNOWN
                masks, steps = answer["mask"][done], answer["steps"][done]
                self._write(part[done], masks, Why.IMAGE, steps, 0.0, stage=self.stage)
                # Those whose images meet several outcomes are only worth cutting.
                first_blame = np.where(done, _KNOWN, answer["first"])
                self._blame[0, part], self._blame[1, part] = first_blame, answer["last"]
            yield
        self.images += len(leaves)

    def _repelled(self) -> Iterator[None]:
        tree = self.cells.tree
        for number in range(len(self.cells.facts.forms)):
            left = tree.unknown()
            left = left[tree.level[left] >= _FIRST]
            for factor in (1.5, 3.0, 6.0):
                self.stage += 1  # what a larger shell meets may have been decided by a smaller one
                leaves, room, found = self.cells.shells(number, left, factor)
                done = (found != UNKNOWN) & (found != 0)
                self._write(
                    leaves[done], found[done], Why.REPELLED, number, room[done], stage=self.stage
                )
                left = leaves[~done]
                yield

    def _blocks(self) -> Iterator[None]:
        tree = self.cells.tree
        for number, block in enumerate(self.cells.facts.blocks):
            unknown = tree.unknown()
            inside = unknown[block.contains(*self.cells.boxes(unknown))]
            if len(inside):
                self._settle(leaving(self.cells, inside), Why.BLOCK, number)
                yield

    def _traps(self) -> None:
        tree, facts = self.cells.tree, self.cells.facts
        if facts.regular_at is None:
            return
        unknown = tree.unknown()
        may = unknown[facts.admissible(*self.cells.boxes(unknown))]
        if len(may):
            self._settle(trapped(self.cells, may), Why.TRAP, 1)

    def _settle(self, group: Group, why: Why, which: int) -> None:
        if not len(group.leaves):
            return
        self.stage += 1
        leaves, masks = group.leaves, group.masks
        # A group stands or falls together: what stays open cannot be relied on.
        several = self._several(masks)
        self.cells.tree.set_masks(leaves[several], np.full(several.sum(), UNKNOWN))
        self._write(leaves[~several], masks[~several], why, which, 0.0, stage=self.stage)

    def _cut_obstacles(self) -> bool:
        """Cut unknown leaves that are in the way of others; return whether there were any."""
        tree = self.cells.tree
        unknown = tree.unknown()
        blame = self._blame[1, unknown]
        blame = blame[blame >= 0]
        blame = blame[(tree.child[blame] < 0) & (tree.mask[blame] == UNKNOWN)]
        obstacles = np.unique(blame)
        inside = tree.inside(obstacles)
        top = np.minimum(self.level + np.where(inside, _DEEPER, 0), tree.finest)
        obstacles = obstacles[tree.level[obstacles] < top]
        if len(obstacles) > max(1000, len(unknown) // 4):
            obstacles = obstacles[tree.level[obstacles] <= self.level]
        if not len(obstacles):
            return False
        self._cut(obstacles)
        return True

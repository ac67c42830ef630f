"""What becomes of cells: by what is known about them, and by where their images lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.images import Images, Moving
from ...orbits.certified.outward import Bounds
from ...orbits.certified.scale import Scale
from .facts import Facts
from .tree import UNKNOWN, Masks, Nodes, Tree, Why

__all__ = ["NOT", "Cells", "Look", "looked"]

#: the outcome "does not converge to the target"
NOT = np.uint16(1)

_LARGEST = 0.25  # of the region: images beyond are not followed


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a search with all that is needed to decide one: it can travel.

    Parameters
    ----------
    facts : Facts
    scale : Scale
    images : Images
    tree : Tree
    """

    facts: Facts
    scale: Scale
    images: Images
    tree: Tree

    def boxes(self, leaves: Nodes) -> tuple[Bounds, Bounds]:
        """Return boxes of states around leaves, shape (d, n)."""
        return self.scale.states(*self.tree.bounds(leaves))

    def grounded(self, leaves: Nodes) -> dict[str, NDArray[Any]]:
        """Return what is known of leaves at once: arrays mask, why, which and room."""
        n = len(leaves)
        mask = np.full(n, UNKNOWN)
        why, which = np.zeros(n, dtype=np.uint8), np.zeros(n, dtype=np.int32)
        room = np.zeros(n)
        lower, upper = self.boxes(leaves)

        def rest() -> Nodes:
            return np.flatnonzero(mask == UNKNOWN)

        def settle(rows: Nodes, outcome: Any, reason: Why, number: int) -> None:
            mask[rows] = np.left_shift(np.uint16(1), np.asarray(outcome, dtype=np.uint16))
            why[rows], which[rows] = reason, number

        for number, core in enumerate(self.facts.cores):
            left = rest()
            settle(
                left[core.contains(lower[:, left], upper[:, left])], core.outcome, Why.CORE, number
            )
        for number, escape in enumerate(self.facts.escapes):
            left = rest()
            settle(left[escape.contains(lower[:, left], upper[:, left])], 0, Why.ESCAPE, number)
        for number, form in enumerate(self.facts.forms):
            left = rest()
            found = form.attracts(lower[:, left], upper[:, left])
            yes = ~np.isnan(found)
            rows = left[yes]
            if len(rows):
                outcome = self.facts.outcome_of(number, lower[:, rows], upper[:, rows], found[yes])
                told = outcome >= 0
                settle(rows[told], outcome[told], Why.TUBE, number)
                room[rows[told]] = found[yes][told]
        return {"mask": mask, "why": why, "which": which, "room": room}

    def escaped(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return for each box of states whether it lies in an escape region."""
        found = np.zeros(lower.shape[1], dtype=bool)
        for escape in self.facts.escapes:
            rest = np.flatnonzero(~found)
            found[rest] = escape.contains(lower[:, rest], upper[:, rest])
        return found

    def outcomes(self, sets: Moving) -> tuple[Masks, Nodes]:
        """Return the union of the masks that each set meets, and an unknown leaf it meets or -1."""
        found = np.zeros(sets.centre.shape[1], dtype=np.uint16)
        blame = np.full(len(found), -1, dtype=np.int64)
        alive = self._corners_known(sets, found, blame)
        owner, lower, upper = sets.take(alive).pieces()
        owner = alive[owner]
        gone = self.escaped(lower, upper)
        np.bitwise_or.at(found, owner[gone], NOT)
        owner, lower, upper = owner[~gone], lower[:, ~gone], upper[:, ~gone]
        mask, leaf = self.tree.meets(*self.scale.units(lower, upper))
        np.bitwise_or.at(found, owner, mask)
        blame[owner[leaf >= 0]] = leaf[leaf >= 0]
        return found, blame

    def _corners_known(self, sets: Moving, found: Masks, blame: Nodes) -> Nodes:
        """Return the sets with no known obstacle: a point of one in an unknown cell is enough."""
        alive = np.arange(len(found))
        whole = sets.linear.sum(axis=1)
        across = 2.0 * sets.linear[:, 0] - whole
        for shift in (0.0 * whole, whole, -whole, across, -across):
            points = (sets.centre + shift)[:, alive]
            leaf = self.tree.unknown_at(self.scale.units(points, points)[0])
            bad = np.flatnonzero(leaf != -1)
            bad = bad[~self.escaped(points[:, bad], points[:, bad])]
            found[alive[bad]] = UNKNOWN
            blame[alive[bad]] = np.maximum(leaf[bad], -1)
            alive = np.delete(alive, bad)
        return alive

    def shells(self, number: int, leaves: Nodes, factor: float) -> tuple[Nodes, Bounds, Masks]:
        """Return the leaves that a form repels, the rooms, and what their shells meet."""
        form = self.facts.forms[number]
        lower, upper = self.boxes(leaves)
        room, least, most = form.repels(lower, upper, factor)
        rows = np.flatnonzero(~np.isnan(room))
        room, least, most = room[rows], least[rows], most[rows]
        low, high = lower[:, rows] - room, upper[:, rows] + room

        gone = np.zeros(len(rows), dtype=bool)

        def part(owner: Nodes, below: Bounds, above: Bounds) -> NDArray[np.bool_]:
            a, b = self.scale.states(below, above)
            met = form.shell(a, b, least[owner], most[owner])
            which = np.flatnonzero(met)
            out = self.escaped(a[:, which], b[:, which])
            gone[owner[which[out]]] = True
            met[which[out]] = False
            return met

        found, _ = self.tree.meets(
            *self.scale.units(np.nextafter(low, -np.inf), np.nextafter(high, np.inf)), part
        )
        found[gone] |= NOT
        return leaves[rows], room, found


@dataclass(frozen=True, eq=False)
class Look:
    """Some leaves to be decided by their images, with at most `steps` steps."""

    cells: Cells
    leaves: Nodes
    steps: int


def looked(look: Look) -> dict[str, NDArray[Any]]:
    """Return the masks of the leaves, the numbers of steps, and two leaves to blame each."""
    with np.errstate(all="ignore"):  # what overflows is not followed
        return _looked(look)


def _looked(look: Look) -> dict[str, NDArray[Any]]:
    cells, n = look.cells, len(look.leaves)
    sets = Moving.boxes(*cells.boxes(look.leaves))
    rows = np.arange(n)
    mask, steps = np.full(n, UNKNOWN), np.zeros(n, dtype=np.int32)
    first, last = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    largest = _LARGEST * cells.scale.side
    for k in range(1, look.steps + 1):
        sets = cells.images.after(sets)
        size = sets.spread.max(axis=0)
        on = np.flatnonzero(np.isfinite(size) & ((size < largest) | (k == 1)))
        sets, rows = sets.take(on), rows[on]
        if not len(rows):
            break
        found, blame = cells.outcomes(sets)
        done = found != UNKNOWN
        mask[rows[done]], steps[rows[done]] = found[done], k
        lost = np.flatnonzero(~done)
        sets, rows, blame = sets.take(lost), rows[lost], blame[lost]
        known = blame >= 0
        last[rows[known]] = blame[known]
        if k == 1:
            first[rows[known]] = blame[known]
    return {"mask": mask, "steps": steps, "first": first, "last": last}

"""Cells that are decided together: groups that almost every point leaves, or nothing enters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...orbits.certified.images import Moving
from .cells import NOT, Cells
from .tree import UNKNOWN, Masks, Nodes

__all__ = ["Group", "leaving", "trapped"]

_MOST_ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Group:
    """Leaves that are decided together.

    Parameters
    ----------
    leaves : ndarray of int
    masks : ndarray of uint16
        What almost every point of each meets.
    """

    leaves: Nodes
    masks: Masks


def leaving(cells: Cells, leaves: Nodes) -> Group:
    """Return the largest group in a block whose images lie in it or in decided cells.

    Almost every point leaves the block, and then meets what the decided cells say that can be
    reached from its cell. The masks in the tree are those of the group when this returns.
    """
    tree = cells.tree
    sets, leaves = _images(cells, leaves)
    masks = np.zeros(len(leaves), dtype=np.uint16)
    tree.set_masks(leaves, masks)
    for _ in range(_MOST_ROUNDS):
        found, _blame = cells.outcomes(sets)
        lost = found == UNKNOWN
        if lost.any():
            # Those that relied on a lost cell find out in the next round.
            tree.set_masks(leaves[lost], np.full(lost.sum(), UNKNOWN))
            kept = np.flatnonzero(~lost)
            leaves, masks, sets = leaves[kept], masks[kept], sets.take(kept)
            continue
        union = masks | found
        if (union == masks).all():
            break
        masks = union
        tree.set_masks(leaves, masks)
    else:
        masks[:] = UNKNOWN
    # A cell from which no exit was found would be left by no point: rounding of nothing, drop it.
    bad = (masks == 0) | (masks == UNKNOWN)
    if bad.any():
        tree.set_masks(leaves, np.full(len(leaves), UNKNOWN))
        return Group(leaves[:0], masks[:0])
    return Group(leaves, masks)


def trapped(cells: Cells, leaves: Nodes) -> Group:
    """Return the largest group of admissible leaves that stay in it or go where none converges."""
    tree = cells.tree
    sets, leaves = _images(cells, leaves)
    tree.set_masks(leaves, np.zeros(len(leaves), dtype=np.uint16))
    for _ in range(_MOST_ROUNDS):
        lost = (cells.outcomes(sets)[0] & ~NOT) != 0
        if not lost.any():
            break
        tree.set_masks(leaves[lost], np.full(lost.sum(), UNKNOWN))
        kept = np.flatnonzero(~lost)
        leaves, sets = leaves[kept], sets.take(kept)
    else:
        tree.set_masks(leaves, np.full(len(leaves), UNKNOWN))
        leaves = leaves[:0]
    masks = np.full(len(leaves), NOT)
    tree.set_masks(leaves, masks)
    return Group(leaves, masks)


def _images(cells: Cells, leaves: Nodes) -> tuple[Moving, Nodes]:
    """Return the images of leaves after one step, and the leaves that have one."""
    with np.errstate(all="ignore"):
        sets = cells.images.after(Moving.boxes(*cells.boxes(leaves)))
        fine = np.flatnonzero(np.isfinite(sets.spread).all(axis=0))
    return sets.take(fine), leaves[fine]

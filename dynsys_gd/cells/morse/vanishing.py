"""Which recurrent sets of cells hold no orbit at all: finer cells show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...engine.work import Work
from ..cells import DEEPEST
from ..images import Formulas, Mask
from .components import components_of
from .cover import Cover, part_of, refined

__all__ = ["vanishing"]

Nodes = NDArray[np.int64]


def vanishing(
    cover: Cover, groups: Sequence[Nodes], formulas: Formulas, *, levels: int, most: int
) -> Mask:
    """Return which recurrent sets of finest cells lose all recurrence when they are refined.

    No orbit stays in such a set for ever: its limit points would recur. Beside an unstable fixed
    point there are such sets at every depth, as cells there map over themselves and beyond.

    Parameters
    ----------
    cover : Cover
    groups : sequence of ndarray of int
        The nodes of each set.
    formulas : Formulas
    levels : int
        How many halvings are tried.
    most : int
        Sets that come to have more cells are given up.
    """
    gone, sizes = np.zeros(len(groups), dtype=bool), np.array([len(nodes) for nodes in groups])
    given_up = sizes > most
    asked = np.flatnonzero(~given_up)
    if not len(asked):
        return gone
    owner = np.repeat(asked, sizes[asked])
    now = part_of(cover, np.concatenate([groups[k] for k in asked]))
    for level in range(levels + 1):
        # Between the sets there are paths too: they are no part of any of them.
        own = owner[now.sources] == owner[now.targets]
        now = replace(now, sources=now.sources[own], targets=now.targets[own])
        recurring = components_of(len(now), now.sources, now.targets).recurring
        counts = np.bincount(owner[recurring], minlength=len(groups))
        gone |= (counts == 0) & ~given_up
        given_up |= counts > most
        given_up[owner[~now.images.known]] = True  # images that may be anything tell nothing
        kept = np.flatnonzero(recurring & ~given_up[owner])
        if not len(kept) or level == levels or now.depth == DEEPEST:
            break
        now = part_of(now, kept)
        owner = owner[kept]
        now = refined(now, np.ones(len(now), dtype=bool), np.zeros_like(owner), formulas, Work())
        owner = np.repeat(owner, 2)
    return gone

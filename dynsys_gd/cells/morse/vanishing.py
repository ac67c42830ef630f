"""Which recurrent sets of cells hold no orbit at all: finer cells show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.work import Work
from ..cells import DEEPEST, Cells
from ..images import Formulas, Mask
from .components import components_of
from .cover import Cover, edges_between, images_of_parts, part_of

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
    d, owner = cover.region.dimension, np.repeat(asked, sizes[asked])
    part = part_of(cover, np.concatenate([groups[k] for k in asked.tolist()]))
    cells, images = Cells(cover.region, cover.depth, part.codes), part.images
    sources: NDArray[Any] = part.sources
    targets: NDArray[Any] = part.targets
    while True:
        # Between the sets there are paths too: they are no part of any of them.
        own = owner[sources] == owner[targets]
        recurring = components_of(len(cells), sources[own], targets[own]).recurring
        counts = np.bincount(owner[recurring], minlength=len(groups))
        gone |= (counts == 0) & ~given_up
        given_up |= counts > most
        given_up[owner[~images.known]] = True  # images that may be anything tell nothing
        kept = np.flatnonzero(recurring & ~given_up[owner])
        # Along every coordinate at once, unless that makes more cells than are to be kept.
        left = min(cover.depth + levels, DEEPEST) - cells.depth
        times = min(d if 2**d * len(kept) <= most else 1, left)
        if not len(kept) or not times:
            return gone
        parents, owner = np.repeat(kept, 2**times), np.repeat(owner[kept], 2**times)
        cells = Cells(cells.region, cells.depth, cells.codes[kept]).split(times)
        images = images_of_parts(cells, images, parents, formulas, Work())
        sources, targets = edges_between(cells, images)

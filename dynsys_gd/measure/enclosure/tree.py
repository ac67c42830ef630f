"""The cells: a tree of dyadic boxes, each with the outcomes that its points may meet."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.outward import Bounds

__all__ = ["UNKNOWN", "Masks", "Nodes", "Tree", "Why"]

Nodes = NDArray[np.int64]
Masks = NDArray[np.uint16]

#: every outcome is possible, those that nobody listed too
UNKNOWN = np.uint16(0xFFFF)

#: Tells which of some boxes (whose, lower, upper) may contain points that matter.
Part = Callable[[Nodes, Bounds, Bounds], NDArray[np.bool_]]

_MOST_ENTRIES = 2**22  # of a table of nodes by place
_LOOKED_AT = ("level", "place", "child", "mask")


class Why(IntEnum):
    """By which argument the outcomes of a cell are known."""

    CORE = 0
    TUBE = 1
    ESCAPE = 2
    IMAGE = 3
    TRAP = 4
    REPELLED = 5
    BLOCK = 6


class Tree:
    """Dyadic cells about a region, in coordinates in which the region is the unit box.

    A node of level l and place i is the box [i, i + 1] / 2^l; those of level 0 fill the cube of
    `reach` regions to each side of the middle one. Only leaves carry an argument; the mask of an
    inner node is the union of those below it.

    Parameters
    ----------
    dimension : int
    reach : int
        How many copies of the region there are to each side of it.
    """

    def __init__(self, dimension: int, reach: int) -> None:
        self.dimension, self.reach = dimension, reach
        self._corners = _corners(dimension)
        self.n = 0
        self._room(1024)
        axes = [np.arange(-reach, reach + 1)] * dimension
        roots = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)
        self._new(np.zeros(len(roots), dtype=np.int64), roots, np.full(len(roots), -1))
        self._tables: list[Nodes] = []
        self.index()

    @property
    def finest(self) -> int:
        """The deepest level on which the corners of all cells are doubles."""
        return 53 - (self.reach + 1).bit_length()

    @property
    def n_roots(self) -> int:
        """Number of nodes of level 0."""
        return (2 * self.reach + 1) ** self.dimension

    def _room(self, size: int) -> None:
        d = self.dimension
        shapes: dict[str, tuple[Any, Any]] = {
            "level": (size, np.int64),
            "place": ((size, d), np.int64),
            "child": (size, np.int64),
            "parent": (size, np.int64),
            "mask": (size, np.uint16),
            "why": (size, np.uint8),
            "which": (size, np.int32),
            "stage": (size, np.int32),
            "room": (size, np.float64),
        }
        for name, (shape, kind) in shapes.items():
            fresh = np.zeros(shape, dtype=kind)
            if self.n:
                fresh[: self.n] = getattr(self, name)[: self.n]
            setattr(self, name, fresh)

    level: Nodes
    place: NDArray[np.int64]
    child: Nodes
    parent: Nodes
    mask: Masks
    why: NDArray[np.uint8]
    which: NDArray[np.int32]
    stage: NDArray[np.int32]
    room: NDArray[np.float64]

    def _new(self, level: Nodes, place: NDArray[np.int64], parent: Nodes) -> Nodes:
        first, count = self.n, len(level)
        while first + count > len(self.level):
            self._room(2 * len(self.level))
        self.n = first + count
        fresh = np.arange(first, self.n)
        self.level[fresh], self.place[fresh], self.parent[fresh] = level, place, parent
        self.child[fresh] = -1
        self.mask[fresh] = UNKNOWN
        return fresh

    def split(self, leaves: Nodes) -> Nodes:
        """Cut leaves into 2^d each and return the new ones; `index` must follow.

        Those of level `finest` must not be cut: their parts could not be told apart.
        """
        assert (self.level[leaves] < self.finest).all()
        d, many = self.dimension, 2**self.dimension
        places = (2 * self.place[leaves][:, None, :] + self._corners).reshape(-1, d)
        levels = np.repeat(self.level[leaves] + 1, many)
        fresh = self._new(levels, places, np.repeat(leaves, many))
        self.child[leaves] = fresh[::many]
        return fresh

    def index(self) -> None:
        """Make the tables that say where to begin to look for a box."""
        d, wide = self.dimension, 2 * self.reach + 1
        table = np.arange(self.n_roots).reshape((wide,) * d)
        self._tables = [table]
        while table.size * 2**d <= _MOST_ENTRIES:
            level = len(self._tables) - 1
            fine = table
            for axis in range(d):
                fine = np.repeat(fine, 2, axis=axis)
            open_ = (self.level[table] == level) & (self.child[table] >= 0)
            if not open_.any():
                break
            fine = fine.copy()
            for k, corner in enumerate(self._corners):
                part = tuple(slice(int(c), None, 2) for c in corner)
                fine[part] = np.where(open_, self.child[table] + k, fine[part])
            table = fine
            self._tables.append(table)

    def bounds(self, nodes: Nodes) -> tuple[Bounds, Bounds]:
        """Return the corners of nodes, shape (d, n); they are doubles, nothing is rounded."""
        size = np.ldexp(1.0, -self.level[nodes])
        place = self.place[nodes].T.astype(float)
        return place * size, (place + 1.0) * size

    def __getstate__(self) -> dict[str, Any]:
        """Return what a worker needs to look at cells: neither the arguments nor the tables."""
        state = {"dimension": self.dimension, "reach": self.reach, "n": self.n}
        return {**state, **{name: getattr(self, name)[: self.n] for name in _LOOKED_AT}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._corners = _corners(self.dimension)
        self.index()

    def inside(self, nodes: Nodes) -> NDArray[np.bool_]:
        """Return for each node whether it is part of the region."""
        at = self.place[nodes] >> self.level[nodes][:, None]
        return np.asarray((at == 0).all(axis=1))

    def leaves(self) -> Nodes:
        """Return all leaves, in the order in which they were made."""
        return np.flatnonzero(self.child[: self.n] < 0)

    def unknown(self) -> Nodes:
        """Return the leaves of which nothing is known."""
        return np.flatnonzero((self.child[: self.n] < 0) & (self.mask[: self.n] == UNKNOWN))

    def set_masks(self, leaves: Nodes, masks: Masks) -> None:
        """Write the masks of leaves, and those of the nodes above them."""
        self.mask[leaves] = masks
        changed = leaves
        many = np.arange(2**self.dimension)
        while len(changed):
            above = np.unique(self.parent[changed])
            above = above[above >= 0]
            union = np.bitwise_or.reduce(self.mask[self.child[above][:, None] + many], axis=1)
            moved = union != self.mask[above]
            self.mask[above[moved]] = union[moved]
            changed = above[moved]

    def unknown_at(self, points: Bounds) -> Nodes:
        """Return for points (d, n) the unknown leaf each lies in, -1 for none, -2 outside of all.

        On the faces of cells it is one of those that meet there.
        """
        finest = len(self._tables) - 1
        far = float(self.reach)
        with np.errstate(invalid="ignore"):
            inside = np.asarray(((points >= -far) & (points < far + 1.0)).all(axis=0))
        found = np.full(points.shape[1], -2)
        which = np.flatnonzero(inside)
        points = points[:, which]
        at = np.floor(np.ldexp(points, finest)).astype(np.int64) + (self.reach << finest)
        node = self._tables[finest][tuple(at)]
        weights = 2 ** np.arange(self.dimension - 1, -1, -1)
        on = np.arange(len(node))
        while True:
            on = on[(self.child[node[on]] >= 0) & (self.mask[node[on]] == UNKNOWN)]
            if not len(on):
                break
            deep = node[on]
            middle = np.ldexp(2.0 * self.place[deep].T + 1.0, -(self.level[deep] + 1))
            node[on] = self.child[deep] + weights @ (points[:, on] >= middle)
        found[which] = np.where(self.mask[node] == UNKNOWN, node, -1)
        return found

    def meets(self, lower: Bounds, upper: Bounds, part: Part | None = None) -> tuple[Masks, Nodes]:
        """Return the union of the masks that boxes (d, n) meet, and one unknown leaf of each.

        A box that leaves the cells, has no interior, or meets an unknown one, has the mask UNKNOWN;
        the leaf is -1 where there is none. What has a face in common only does not meet.
        """
        n = lower.shape[1]
        found = np.zeros(n, dtype=np.uint16)
        blame = np.full(n, -1, dtype=np.int64)
        far = float(self.reach)
        with np.errstate(invalid="ignore"):
            held = (lower >= -far) & (upper <= far + 1.0) & (lower < upper)
            inside = np.asarray(held.all(axis=0))
            size = np.where(inside, (upper - lower).max(axis=0), 1.0)
        found[~inside] = UNKNOWN
        finest = len(self._tables) - 1
        start = np.clip(-np.frexp(size)[1], 0, finest)
        for level in range(finest + 1):
            which = np.flatnonzero(inside & (start == level))
            if len(which):
                self._descend(level, which, lower, upper, found, blame, part)
        return found, self._unknown_below(blame)

    def _descend(
        self,
        level: int,
        which: Nodes,
        lower: Bounds,
        upper: Bounds,
        found: Masks,
        blame: Nodes,
        part: Part | None,
    ) -> None:
        table = self._tables[level]
        wide = table.shape[0]
        # Scaling by powers of two and whole numbers: nothing is rounded.
        first = self.reach << level
        low = np.floor(np.ldexp(lower[:, which], level)).astype(np.int64) + first
        high = np.ceil(np.ldexp(upper[:, which], level)).astype(np.int64) - 1 + first
        span = np.clip(high - low, 0, None)
        owners, nodes = [], []
        for step in product(*(range(int(s) + 1) for s in span.max(axis=1))):
            offset = np.array(step)[:, None]
            take = (offset <= span).all(axis=0)
            at = np.clip(low[:, take] + offset, 0, wide - 1)
            owners.append(which[take])
            nodes.append(table[tuple(at)])
        owner, node = np.concatenate(owners), np.concatenate(nodes)
        order = np.argsort(owner, kind="stable")
        owner, node = owner[order], node[order]
        many = np.arange(2**self.dimension)
        below, above = self.bounds(node)
        while len(owner):
            if part is not None:
                touch = part(
                    owner,
                    np.maximum(below, lower[:, owner]),
                    np.minimum(above, upper[:, owner]),
                )
                owner, node = owner[touch], node[touch]
                below, above = below[:, touch], above[:, touch]
            mask = self.mask[node]
            open_ = mask == UNKNOWN
            np.bitwise_or.at(found, owner[~open_], mask[~open_])
            owner, node = owner[open_], node[open_]
            lost = self.child[node] < 0
            if part is None:
                # A node all of which is met, with an unknown leaf somewhere below.
                whole = (lower[:, owner] <= below[:, open_]) & (above[:, open_] <= upper[:, owner])
                lost |= np.logical_and.reduce(whole, axis=0)
            found[owner[lost]] = UNKNOWN
            blame[owner[lost]] = node[lost]
            on = found[owner] != UNKNOWN
            owner = np.repeat(owner[on], len(many))
            node = (self.child[node[on]][:, None] + many).ravel()
            below, above = self.bounds(node)
            touch = np.logical_and.reduce(
                (below < upper[:, owner]) & (above > lower[:, owner]), axis=0
            )
            owner, node = owner[touch], node[touch]
            below, above = below[:, touch], above[:, touch]

    def _unknown_below(self, nodes: Nodes) -> Nodes:
        """Return an unknown leaf below each node; those that are leaves, or -1, stay."""
        nodes = nodes.copy()
        on = np.flatnonzero(nodes >= 0)
        many = np.arange(2**self.dimension)
        while True:
            on = on[self.child[nodes[on]] >= 0]
            if not len(on):
                return nodes
            children = self.child[nodes[on]][:, None] + many
            which = (self.mask[children] == UNKNOWN).argmax(axis=1)
            nodes[on] = children[np.arange(len(on)), which]


def _corners(dimension: int) -> NDArray[np.int64]:
    return np.array(list(product((0, 1), repeat=dimension)), dtype=np.int64)

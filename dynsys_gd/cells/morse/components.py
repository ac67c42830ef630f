"""Which nodes of a graph recur, and which recurrent sets each node may reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..images import Mask

__all__ = ["Components", "Reach", "components_of", "downhill", "ranges", "reach_of", "reached_from"]

Nodes = NDArray[np.int64]
Edges = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Components:
    """The strongly connected components of a graph.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        The component of each node; edges lead to the same or to smaller numbers.
    recurrent : ndarray of bool, shape (c,)
        Whether a component has an edge inside.
    """

    labels: Nodes
    recurrent: Mask

    @property
    def recurring(self) -> Mask:
        """Whether each node recurs."""
        return self.recurrent[self.labels]


@dataclass(frozen=True, eq=False)
class Reach:
    """Which marked components each node may reach, and whether it may leave.

    Parameters
    ----------
    bits : ndarray of uint64, shape (w, n)
        Bit k of the words of a node is set where it reaches the marked component k, or is in it;
        the bit after the last one stands for leaving.
    count : int
        Number of marked components.
    """

    bits: NDArray[np.uint64]
    count: int

    def table(self, nodes: Nodes) -> Mask:
        """Return for some nodes what they reach: shape (m, count + 1), leaving last."""
        bits = self.bits[:, nodes]
        columns = [
            (bits[k // 64] >> np.uint64(k % 64)) & np.uint64(1) for k in range(self.count + 1)
        ]
        return np.stack(columns, axis=1) == 1

    def to(self, k: int) -> Mask:
        """Return which nodes may reach component k; `count` stands for leaving."""
        return np.asarray((self.bits[k // 64] >> np.uint64(k % 64)) & np.uint64(1) == 1)

    def among(self, kept: Sequence[int]) -> Reach:
        """Return what is told of some of the marked components, renumbered in that order."""
        bits = np.zeros((len(kept) // 64 + 1, self.bits.shape[1]), dtype=np.uint64)
        for new, old in enumerate([*kept, self.count]):
            bits[new // 64] |= self.to(old).astype(np.uint64) << np.uint64(new % 64)
        return Reach(bits, len(kept))

    def only(self, k: int) -> Mask:
        """Return which nodes reach component k and nothing else, nor leave."""
        alone = np.ones(self.bits.shape[1], dtype=bool)
        for w, word in enumerate(self.bits):
            wanted = np.uint64(1) << np.uint64(k % 64) if w == k // 64 else np.uint64(0)
            alone &= word == wanted
        return alone


def components_of(n: int, sources: Edges, targets: Edges) -> Components:
    """Return the strongly connected components of the graph on nodes 0 … n - 1."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    data = np.ones(len(sources))  # scipy wants doubles
    pairs = sources.astype(np.int32, copy=False), targets.astype(np.int32, copy=False)
    matrix = coo_array((data, pairs), shape=(n, n))
    count, labels = connected_components(matrix.tocsr(), directed=True, connection="strong")
    labels = downhill(labels.astype(np.int64), count, sources, targets)
    recurrent = np.bincount(labels, minlength=count) > 1
    recurrent[labels[sources[sources == targets]]] = True
    return Components(labels, recurrent)


def downhill(labels: Nodes, count: int, sources: Edges, targets: Edges) -> Nodes:
    """Return components renumbered so that no edge leads to a larger number.

    The algorithm of scipy numbers them like that; it does not promise to.
    """
    a, b = labels[sources], labels[targets]
    if (a >= b).all():
        return labels
    import networkx

    graph = networkx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(zip(b[a != b].tolist(), a[a != b].tolist(), strict=True))
    rank = np.empty(count, dtype=np.int64)
    rank[list(networkx.topological_sort(graph))] = np.arange(count)
    return rank[labels]


def reach_of(
    components: Components, sources: Edges, targets: Edges, marked: Nodes, leaving: Mask
) -> Reach:
    """Return which of the marked components each node may reach.

    The graph of components has no cycles: components are finished one by one, those first from
    which no edge leads to another that is not.

    Parameters
    ----------
    components : Components
    sources, targets : ndarray of int
        The edges.
    marked : ndarray of int
        Components, in the order of their bits.
    leaving : ndarray of bool, shape (n,)
        Which nodes may leave in one step.
    """
    labels = components.labels
    c = len(components.recurrent)
    words = len(marked) // 64 + 1
    bits = np.zeros((words, c), dtype=np.uint64)
    for k, label in enumerate(marked):
        bits[k // 64, label] |= np.uint64(1) << np.uint64(k % 64)
    k = len(marked)
    bits[k // 64, np.unique(labels[leaving])] |= np.uint64(1) << np.uint64(k % 64)
    a, b = labels[sources], labels[targets]
    across = a != b
    a, b = a[across], b[across]
    order = np.argsort(b, kind="stable")
    before = a[order]
    start = np.concatenate([[0], np.cumsum(np.bincount(b, minlength=c))])
    open_edges = np.bincount(a, minlength=c)
    ready = np.flatnonzero(open_edges == 0)
    while len(ready):
        above = before[ranges(start[ready], start[ready + 1])]
        below = np.repeat(ready, start[ready + 1] - start[ready])
        for word in bits:
            np.bitwise_or.at(word, above, word[below])
        np.subtract.at(open_edges, above, 1)
        ready = np.unique(above[open_edges[above] == 0])
    return Reach(bits[:, labels], len(marked))


def reached_from(first: Nodes, targets: Nodes, start: Mask) -> Mask:
    """Return the nodes that paths from some nodes lead to, these included.

    Parameters
    ----------
    first, targets : ndarray of int
        The edges as compressed rows.
    start : ndarray of bool, shape (n,)
    """
    seen = start.copy()
    now = np.flatnonzero(start)
    while len(now):
        reached = targets[ranges(first[now], first[now + 1])]
        now = np.unique(reached[~seen[reached]])
        seen[now] = True
    return seen


def ranges(begin: Nodes, end: Nodes) -> Nodes:
    """Return begin[0], …, end[0] - 1, begin[1], … as one array."""
    many = end - begin
    return np.repeat(begin - (np.cumsum(many) - many), many) + np.arange(many.sum())

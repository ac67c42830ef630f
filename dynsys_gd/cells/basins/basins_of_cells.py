"""Which attracting set each cell is committed to, from a graph of cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ..cell_graph import CellGraph
from ..morse.components import Components, components_of, reach_of
from .cell_basins import CellBasins

__all__ = ["basins_of_cells"]

Nodes = NDArray[np.int64]
Mask = NDArray[np.bool_]


def basins_of_cells(graph: CellGraph) -> CellBasins:
    """Return for each cell of a graph where its orbits must go, and where they may.

    Parameters
    ----------
    graph : CellGraph
        The successors of each cell contain its image.

    Returns
    -------
    CellBasins
        Attracting sets of cells, the cells that are committed to each, and bounds of the volume of
        each basin. As well known as the graph.

    Raises
    ------
    InvalidInput
        For something else than a graph of cells.

    Notes
    -----
    A set of cells attracts where no edge leaves it and no image reaches out of the box: an orbit
    that enters it stays there. Attracting sets are the strongly connected components of that kind;
    what happens inside of one, convergence or chaos, is not said.

    Every orbit follows a path of the graph, and a path without end comes to a strongly connected
    component in which it stays. A cell that leads to an attracting set, and neither to another
    component with a cycle nor out of the box, is therefore committed: all its orbits enter the set,
    after no more steps than the longest path has. A cell that leads to no cycle at all is left by
    all its orbits, and the box with it [1]_. Of the basin

        B = {x in the box : the orbit of x enters the set, without leaving the box before}

    the committed cells are a part, and cells that lead to the set contain it.

    A curve of minima whose ends are unstable is no attracting set, nor is the stable part of it: no
    neighbourhood that ends on the curve is mapped into its interior. Such cells stay undecided;
    `convergent_measure` with ``Enclosure()`` proves convergence to curves.

    References
    ----------
    .. [1] Kalies, Mischaikow and VanderVorst (2005), An algorithmic approach to chain recurrence.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, GradientDescent, Loss, cell_graph
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2")
    >>> basins = basins_of_cells(cell_graph(F, Box([-2], [2]), 8))
    >>> [(each.cells.lower.min(), each.cells.upper.max()) for each in basins]
    [(-1.015625, -0.984375), (0.984375, 1.015625)]
    >>> basins[1].lower, basins[1].upper  # the basin is half of the box
    (0.4765625, 0.51171875)
    """
    if not isinstance(graph, CellGraph):
        remedy = "make one with cell_graph(F, box, depth)"
        raise InvalidInput("graph", graph, "a graph of cells", remedy)
    n = len(graph)
    sources = np.repeat(np.arange(n), np.diff(graph.indptr))
    targets = graph.indices.astype(np.int64)
    components = components_of(n, sources, targets)
    marked = _attracting(components, sources, targets, graph.escaping)
    attracts = np.zeros(len(components.recurrent), dtype=bool)
    attracts[marked] = True
    elsewhere = components.recurring & ~attracts[components.labels]
    reach = reach_of(components, sources, targets, marked, graph.escaping)
    lingers = reach_of(components, sources, targets, np.empty(0, dtype=np.int64), elsewhere).to(0)
    may_reach = np.array([reach.to(k) for k in range(len(marked))]).reshape(len(marked), n)
    may_leave = reach.to(len(marked))
    place = np.full(len(components.recurrent), -1)
    place[marked] = np.arange(len(marked))
    member = place[components.labels]
    alone = (may_reach.sum(axis=0) == 1) & ~may_leave & ~lingers
    goal = np.where(alone, may_reach.argmax(axis=0) if len(marked) else -1, -1)
    leaves = may_leave & ~lingers & ~may_reach.any(axis=0)
    return CellBasins(
        graph=graph,
        member=member,
        may_reach=may_reach,
        may_leave=may_leave,
        may_linger=lingers,
        goal=goal,
        leaves=leaves,
        steps=_longest(sources, targets, (goal >= 0) & (member < 0), leaves),
        evidence=graph.evidence,
    )


def _attracting(components: Components, sources: Nodes, targets: Nodes, escaping: Mask) -> Nodes:
    """Return the components that nothing leaves, those with the first cells first."""
    labels = components.labels
    kept = components.recurrent.copy()
    kept[labels[sources[labels[sources] != labels[targets]]]] = False
    kept[labels[escaping]] = False
    first = np.full(len(kept), len(labels))
    np.minimum.at(first, labels, np.arange(len(labels)))
    found = np.flatnonzero(kept)
    return found[np.argsort(first[found])]


def _longest(sources: Nodes, targets: Nodes, arriving: Mask, leaving: Mask) -> Nodes:
    """Return the most steps that decided cells take to arrive or to leave, -1 for the others.

    These cells form no cycle: they are finished in turns, those first that lead to none of them.
    """
    n = len(arriving)
    decided = arriving | leaving
    inner = decided[sources] & decided[targets]
    above, below = sources[inner], targets[inner]
    order = np.argsort(below, kind="stable")
    before = above[order]
    start = np.concatenate([[0], np.cumsum(np.bincount(below, minlength=n))])
    open_edges = np.bincount(above, minlength=n)
    steps = np.full(n, -1)
    ready, turn = np.flatnonzero(decided & (open_edges == 0)), 1
    while len(ready):
        steps[ready] = turn
        many = start[ready + 1] - start[ready]
        places = np.repeat(start[ready] - (np.cumsum(many) - many), many) + np.arange(many.sum())
        np.subtract.at(open_edges, before[places], 1)
        ready = np.unique(before[places])
        ready = ready[open_edges[ready] == 0]
        turn += 1
    return steps

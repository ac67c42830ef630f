"""Which attracting set each cell is committed to, from a graph of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ..cell_graph import MOST_CELLS, CellGraph
from ..cells import Cells
from ..morse.components import Components, components_of, reach_of
from ..morse.morse_graph import MorseGraph
from .cell_basins import CellBasins

__all__ = ["basins_of_cells"]

Nodes = NDArray[np.int64]
Mask = NDArray[np.bool_]


def basins_of_cells(graph: CellGraph | MorseGraph) -> CellBasins:
    """Return for each cell of a graph where its orbits must go, and where they may.

    Parameters
    ----------
    graph : CellGraph or MorseGraph
        Of a Morse graph only the cells that recur are small: attracting sets come out tighter, the
        bounds of their basins need not.

    Returns
    -------
    CellBasins
        Attracting sets of cells, the cells that are committed to each, and bounds of the volume of
        each basin. As well known as the graph.

    Raises
    ------
    InvalidInput
        For something else than such a graph, and for a Morse graph deeper than 24.

    Notes
    -----
    A set of cells attracts where no edge leaves it and no image reaches out of the box: an orbit
    that enters it stays there. Attracting sets are the strongly connected components of that kind;
    what happens inside of one, convergence or chaos, is not said.

    Every orbit follows a path of the graph, and a path without end comes to a strongly connected
    component in which it stays; a Morse graph leaves out those that are proved to hold no orbit. A
    cell that leads to an attracting set, and neither to another such component nor out of the box,
    is therefore committed: all its orbits enter the set, after no more steps than the longest path
    has where that is finite. A cell that leads to no such component at all is left by all its
    orbits, and the box with it [1]_. Of the basin

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
    >>> [each.cells.lower.tolist() for each in basins]
    [[[-1.015625, -1.0]], [[0.984375, 1.0]]]
    >>> basins[1].lower, basins[1].upper  # the basin is half of the box
    (0.4765625, 0.51171875)
    """
    if isinstance(graph, CellGraph):
        paths, cells, holder = _of_cells(graph), graph.cells, None
    elif isinstance(graph, MorseGraph):
        if 2**graph.depth > MOST_CELLS:
            expected = f"one of depth {MOST_CELLS.bit_length() - 1} or less"
            raise InvalidInput("graph", f"a graph of depth {graph.depth}", expected)
        paths, cells = _of_sets(graph), Cells.all(graph.box, graph.depth)
        holder = graph.cover.holders(cells.codes)
    else:
        remedy = "make one with cell_graph(F, box, depth) or morse_graph(F, box, depth=depth)"
        raise InvalidInput("graph", graph, "a graph of cells or a Morse graph", remedy)
    reached, many = paths.may_reach, len(paths.may_reach)
    alone = (reached.sum(axis=0) == 1) & ~paths.may_leave & ~paths.may_linger
    goal = np.where(alone, reached.argmax(axis=0) if many else -1, -1)
    leaves = paths.may_leave & ~paths.may_linger & ~reached.any(axis=0)
    steps = _longest(paths.sources, paths.targets, (goal >= 0) & (paths.member < 0), leaves)
    each = slice(None) if holder is None else holder
    return CellBasins(
        map=graph.map,
        cells=cells,
        member=paths.member[each],
        may_reach=reached[:, each],
        may_leave=paths.may_leave[each],
        may_linger=paths.may_linger[each],
        goal=goal[each],
        leaves=leaves[each],
        steps=steps[each],
        evidence=graph.evidence,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Paths:
    """Where the paths of a graph on n nodes lead; m of its sets attract."""

    sources: Nodes
    targets: Nodes
    member: Nodes
    may_reach: Mask
    may_leave: Mask
    may_linger: Mask


def _of_cells(graph: CellGraph) -> _Paths:
    n = len(graph)
    sources = np.repeat(np.arange(n), np.diff(graph.indptr))
    targets = graph.indices.astype(np.int64)
    components = components_of(n, sources, targets)
    marked = _attracting(components, sources, targets, graph.escaping)
    place = np.full(len(components.recurrent), -1)
    place[marked] = np.arange(len(marked))
    member = place[components.labels]
    elsewhere = components.recurring & (member < 0)
    nothing = np.empty(0, dtype=np.int64)
    reach = reach_of(components, sources, targets, marked, graph.escaping)
    return _Paths(
        sources=sources,
        targets=targets,
        member=member,
        may_reach=np.array([reach.to(k) for k in range(len(marked))]).reshape(len(marked), n),
        may_leave=reach.to(len(marked)),
        may_linger=reach_of(components, sources, targets, nothing, elsewhere).to(0),
    )


def _of_sets(graph: MorseGraph) -> _Paths:
    cover, n = graph.cover, len(graph.cover)
    attracting = [each for each in graph if graph.captured(each.number)[each.nodes].all()]
    attracting.sort(key=lambda each: tuple(cover.lower[:, each.nodes].min(axis=1)))
    member, linger = np.full(n, -1), np.zeros(n, dtype=bool)
    for k, each in enumerate(attracting):
        member[each.nodes] = k
    numbers = [each.number for each in attracting]
    for each in graph:
        if each.number not in numbers:
            linger |= graph.may_reach(each.number)
    return _Paths(
        sources=cover.sources.astype(np.int64),
        targets=cover.targets.astype(np.int64),
        member=member,
        may_reach=np.array([graph.may_reach(k) for k in numbers]).reshape(len(numbers), n),
        may_leave=graph.may_escape(),
        may_linger=linger,
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

    They are finished in turns, those first that lead to none of them; never those that lead to a
    cycle, of cells that hold no orbit.
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

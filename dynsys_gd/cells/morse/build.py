"""How a Morse graph is found: refine what recurs, then ask what it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import checked_executor, checked_progress
from ...engine.work import Work
from ...errors import InvalidInput
from ...evidence import Outcome
from ...maps.base import Map
from ...orbits.kinds import Kind
from ...orbits.periodic_orbit import PeriodicOrbit
from ...regions import Box
from ..cell_graph import MOST_CELLS, MOST_EDGES, cell_graph, checked_box, evidence_of
from ..cells import Cells, checked_depth, refuse_narrow
from ..images import Formulas, formulas_of
from .components import Reach, components_of, reach_of, reached_from
from .cover import Cover, cover_of, refined
from .exits import every_piece_has_an_exit, touches_edge
from .expansion import expands
from .index import fixed_point_index
from .inside import Known, family_part, known_orbits, set_of
from .morse_graph import MorseGraph
from .morse_set import MorseKind, MorseSet
from .vanishing import vanishing

__all__ = ["morse_graph"]

Nodes = NDArray[np.int64]
Indices = tuple[int | None, int | None]

#: halvings of each coordinate, and cells up to which: most shadows are gone at once
_LOOKS = ((2, 64), (10, 4096))
_START = 14  # the depth from which refinement begins where nothing is said
_LONGEST = 64  # certified orbits: longer periods are asked of periodic_orbits


def morse_graph(
    F: Map,
    box: Box,
    depth: int,
    *,
    start_depth: int | None = None,
    longest_period: int = 2,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
) -> MorseGraph:
    """Return the sets of cells of a box in which a map recurs, their order, and what they are.

    Parameters
    ----------
    F : Map
        With formulas and without open parameters; kinks are allowed.
    box : Box, of the dimension of the states
    depth : int
        Number of bisections of the cells of the Morse sets.
    start_depth : int, optional
        Number of bisections of the cells that do not recur at first, and stay as they are; by
        default 14, or `depth` where that is less. What the sets capture, and the order between
        them, are known as precisely as these cells are fine.
    longest_period : int
        Up to which period certified orbits are sought, 0 for none, at most 64.
    executor : concurrent.futures.Executor, optional
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of bisections.

    Returns
    -------
    MorseGraph

    Raises
    ------
    InvalidInput
        As for `cell_graph`; for a start below 0 or above the depth; and where more than 2^24 cells
        or 2^29 edges would be stored.

    Notes
    -----
    A path from a strongly connected component back to it stays in it. Refining the components
    alone therefore loses nothing, and paths between parts of one component run through its finer
    cells. As cells are closed, the largest invariant set inside a component lies in its interior
    unless it touches the edge of the box: components are isolating neighbourhoods [1]_ [2]_.
    Components that lose all recurrence in up to ten further halvings of each coordinate, with a few
    thousand cells at most, hold no orbit and are left out.

    References
    ----------
    .. [1] Kalies, Mischaikow, VanderVorst (2005), An algorithmic approach to chain recurrence.
    .. [2] Arai, Kalies, Kokubu, Mischaikow, Oka, Pilarczyk (2009), A database schema for the
       analysis of global dynamics of multiparameter systems.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2")
    >>> found = morse_graph(F, Box([-2.4], [2.4]), 12)
    >>> [str(each.kind) for each in found]
    ['attracting', 'attracting', 'repelling', 'repelling']
    >>> sorted(found.graph.edges)
    [(2, 0), (2, 1), (3, 2)]
    """
    formulas = formulas_of(F)
    box = checked_box(F, box)
    depth = checked_depth(depth)
    refuse_narrow(box, depth)
    start = _checked_start(start_depth, depth)
    if isinstance(longest_period, bool) or not isinstance(longest_period, (int, np.integer)):
        raise InvalidInput("longest_period", longest_period, f"a whole number up to {_LONGEST}")
    if not 0 <= longest_period <= _LONGEST:
        raise InvalidInput("longest_period", longest_period, f"a number from 0 to {_LONGEST}")
    checked_progress(progress)
    work = Work(executor=checked_executor(executor))
    cover = cover_of(cell_graph(F, box, start, executor=executor), formulas)
    if progress is not None:
        progress(start, depth)
    for level in range(start, depth):
        parts = components_of(len(cover), cover.sources, cover.targets)
        _refuse_too_many(depth, level, cover, parts.recurring)
        cover = refined(cover, parts.recurring, parts.labels, formulas, work)
        if progress is not None:
            progress(level + 1, depth)
    longest = int(longest_period) if formulas.smooth else 0
    known = known_orbits(F, box, longest)
    return _answer(F, formulas, cover, start, known, longest)


def _checked_start(start: Any, depth: int) -> int:
    if start is None:
        return min(depth, _START)
    whole = isinstance(start, (int, np.integer)) and not isinstance(start, bool)
    if not whole or not 0 <= start <= depth:
        raise InvalidInput("start_depth", start, f"a whole number from 0 to {depth}, the depth")
    return int(start)


def _refuse_too_many(depth: int, level: int, cover: Cover, recurring: NDArray[np.bool_]) -> None:
    cells = len(cover) + int(recurring.sum())
    if cells > MOST_CELLS or 4 * len(cover.sources) > MOST_EDGES:
        raise InvalidInput(
            "depth",
            depth,
            f"at most {level} here: depth {level + 1} has {cells} cells and up to "
            f"{4 * len(cover.sources)} edges, and {MOST_CELLS} and {MOST_EDGES} are stored",
        )


def _answer(
    F: Map, formulas: Formulas, cover: Cover, start: int, known: Known, longest: int
) -> MorseGraph:
    components = components_of(len(cover), cover.sources, cover.targets)
    groups = _groups(components.labels, components.recurrent)
    inside = _orbits_inside(cover, groups, known[0])
    labels = np.array([components.labels[nodes[0]] for nodes in groups], dtype=np.int64)
    reach = reach_of(components, cover.sources, cover.targets, labels, cover.escaping)
    table = reach.table(np.array([nodes[0] for nodes in groups], dtype=np.int64))
    stays = table.sum(axis=1) == 1  # a set reaches itself
    indices, gone = _looked_at(cover, groups, inside, stays, formulas)
    kept = _ordered(groups, table, np.flatnonzero(~gone), cover)
    reach = reach.among(kept)
    above = table[np.ix_(kept, kept)]
    np.fill_diagonal(above, False)
    sets = tuple(
        _described(i, groups[k], inside[k], indices[k], formulas, cover, reach, known)
        for i, k in enumerate(kept)
    )
    return MorseGraph(
        map=F,
        box=cover.region,
        depth=cover.depth,
        start_depth=start,
        sets=sets,
        above=above,
        cover=cover,
        reach=reach,
        left_out=len(groups) - len(kept),
        longest_period=longest,
        evidence=evidence_of(F, formulas, "arai2009"),
    )


def _looked_at(
    cover: Cover,
    groups: list[Nodes],
    inside: list[list[PeriodicOrbit]],
    stays: NDArray[np.bool_],
    formulas: Formulas,
) -> tuple[list[Indices], NDArray[np.bool_]]:
    """Return the indices of recurrent sets, and which of the sets are proved to hold no orbit.

    Attractors and sets with a certified orbit or an index are there; others may be shadows of the
    size of cells.
    """
    d = cover.region.dimension
    gone = np.zeros(len(groups), dtype=bool)
    indices: list[Indices] = [(None, None)] * len(groups)
    sure = [bool(inside[k] or stays[k]) for k in range(len(groups))]
    for levels, most in _LOOKS:
        asked = [k for k in range(len(groups)) if not (sure[k] or gone[k])]
        gone[asked] = vanishing(
            cover, [groups[k] for k in asked], formulas, levels=levels * d, most=most
        )
        for k in np.flatnonzero(~gone).tolist():
            if indices[k] == (None, None):
                indices[k] = _index(cover, groups[k], formulas)
                sure[k] = sure[k] or any(indices[k])
    return indices, gone


def _index(cover: Cover, nodes: Nodes, formulas: Formulas) -> Indices:
    cells = Cells(cover.region, cover.depth, np.sort(cover.codes[nodes]))
    defined = bool(cover.images.known[nodes].all())  # there may be poles elsewhere
    if not (formulas.continuous and defined) or touches_edge(cells):
        return None, None
    once = fixed_point_index(formulas, cells, 1)
    if cover.escaping[nodes].any():  # a cycle of two may have one point outside of the box
        return once, None
    return once, fixed_point_index(formulas, cells, 2)


def _groups(labels: Nodes, recurrent: NDArray[np.bool_]) -> list[Nodes]:
    """Return the nodes of each recurrent component."""
    nodes = np.flatnonzero(recurrent[labels])
    order = nodes[np.argsort(labels[nodes], kind="stable")]
    cuts = np.flatnonzero(np.diff(labels[order])) + 1
    return [part for part in np.split(order, cuts) if len(part)]


def _orbits_inside(
    cover: Cover, groups: list[Nodes], orbits: tuple[PeriodicOrbit, ...]
) -> list[list[PeriodicOrbit]]:
    """Return for each set the orbits in it; every orbit lies in one."""
    inside: list[list[PeriodicOrbit]] = [[] for _ in groups]
    if not orbits:
        return inside
    owner = np.full(len(cover), -1, dtype=np.int64)
    for k, nodes in enumerate(groups):
        owner[nodes] = k
    nodes = np.flatnonzero(owner >= 0)
    nodes = nodes[np.argsort(cover.codes[nodes])]
    finest = Cells(cover.region, cover.depth, cover.codes[nodes])
    for orbit in orbits:
        inside[set_of(orbit, finest, owner[nodes])].append(orbit)
    return inside


def _ordered(groups: list[Nodes], table: NDArray[np.bool_], kept: Nodes, cover: Cover) -> list[int]:
    """Return the sets from below to above, those side by side by their first cell."""
    below = table[np.ix_(kept, kept)]
    np.fill_diagonal(below, False)
    height = np.zeros(len(kept), dtype=np.int64)
    for i in np.argsort(below.sum(axis=1), kind="stable"):  # what is below has fewer below it
        height[i] = 1 + max(height[below[i]], default=-1)
    first = [int(cover.codes[groups[k]].min()) for k in kept]
    order = sorted(range(len(kept)), key=lambda i: (int(height[i]), first[i]))
    return [int(kept[i]) for i in order]


def _described(
    number: int,
    nodes: Nodes,
    orbits: list[PeriodicOrbit],
    index: Indices,
    formulas: Formulas,
    cover: Cover,
    reach: Reach,
    known: Known,
) -> MorseSet:
    """Return a set with what can be proved of it."""
    nodes = nodes[np.argsort(cover.codes[nodes])]
    cells = Cells(cover.region, cover.depth, cover.codes[nodes])
    on_edge = touches_edge(cells)
    attracting, repelling = Outcome.UNDECIDED, Outcome.UNDECIDED
    stays = bool(reach.only(number)[nodes[0]])  # and a set to which orbits tend is not empty
    if stays and _is_trapped(nodes, cover):
        attracting = Outcome.YES
        repelling = Outcome.NO if formulas.smooth else Outcome.UNDECIDED
    elif formulas.continuous and not on_edge and not cover.escaping[nodes].any():
        attracting = Outcome.NO if every_piece_has_an_exit(cover, nodes) else Outcome.UNDECIDED
    if any(orbit.kind in (Kind.SINK, Kind.SADDLE) for orbit in orbits):
        repelling = Outcome.NO
    elif repelling is Outcome.UNDECIDED and not on_edge and expands(formulas, cover, nodes):
        repelling = Outcome.YES
    parts = [family_part(family, cells) for family in known[1]]
    families = tuple(part for part in parts if part is not None)
    found = bool(orbits) or stays or any(index)
    return MorseSet(
        number=number,
        cells=cells,
        nodes=nodes,
        attracting=attracting,
        repelling=repelling,
        kind=_kind(attracting, repelling),
        inhabited=Outcome.YES if found else Outcome.UNDECIDED,
        on_edge=on_edge,
        escapes=bool(reach.to(reach.count)[nodes[0]]),
        index=index,
        orbits=tuple(orbits),
        families=families,
    )


def _is_trapped(nodes: Nodes, cover: Cover) -> bool:
    """Return whether the images of all that a set leads to lie in the interior of the box.

    The cells it leads to cover a neighbourhood of their images in the box, so that they are then
    mapped into their own interior.
    """
    start = np.zeros(len(cover), dtype=bool)
    start[nodes] = True
    return bool(cover.inside[reached_from(*cover.rows, start)].all())


def _kind(attracting: Outcome, repelling: Outcome) -> MorseKind:
    if attracting is Outcome.YES:
        return MorseKind.ATTRACTING
    if repelling is Outcome.YES:
        return MorseKind.REPELLING
    if attracting is Outcome.NO and repelling is Outcome.NO:
        return MorseKind.SADDLE
    return MorseKind.UNDECIDED

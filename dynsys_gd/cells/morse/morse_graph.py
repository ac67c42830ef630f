"""The Morse graph of a map on a box: the sets that recur, and which may lead to which."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Outcome
from ...maps.base import Map
from ...regions import Box
from ...results import Result
from ..counted import counted
from ..images import Mask
from .components import Reach
from .cover import Cover
from .morse_set import MorseKind, MorseSet

if TYPE_CHECKING:
    import networkx

__all__ = ["MorseGraph"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MorseGraph(Result):
    """All recurrence of a map in a box, in sets of cells with an order.

    Outside of the cells of the Morse sets nothing recurs in the box: every orbit that stays in the
    box tends to one of them. Iterating gives the sets; sets that lie lower in the order have
    smaller numbers.

    Parameters
    ----------
    map : Map
    box : Box
    depth : int
        Number of bisections of the cells of the Morse sets.
    start_depth : int
        That of the cells from which refinement began.
    sets : tuple of MorseSet
    above : ndarray of bool, shape (k, k)
        Whether paths of cells lead from set i to set j; an orbit may then go there, and surely
        does not otherwise.
    cover : Cover
        The cells of several depths that cover the box, with their graph.
    reach : Reach
        For each cell of the cover the sets that paths lead to.
    left_out : int
        How many recurrent sets of cells were proved to hold no orbit.
    longest_period : int
        Up to which period certified orbits were sought.
    evidence : Evidence

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import GradientDescent, Loss, morse_graph
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), step_size="1/2")
    >>> found = morse_graph(F, Box([-2], [2]), 10)
    >>> found.headline()
    'Morse graph in [-2, 2]: 3 Morse sets (2 attracting, 1 repelling)'
    >>> found.set_at([[1.0], [0.5]]).tolist(), sorted(found.graph.edges)
    ([1, -1], [(2, 0), (2, 1)])
    """

    map: Map
    box: Box
    depth: int
    start_depth: int
    sets: tuple[MorseSet, ...]
    above: Mask
    cover: Cover = field(repr=False)
    reach: Reach = field(repr=False)
    left_out: int
    longest_period: int
    evidence: Evidence

    def __post_init__(self) -> None:
        self.above.setflags(write=False)

    def __len__(self) -> int:
        return len(self.sets)

    def __iter__(self) -> Any:
        return iter(self.sets)

    def __getitem__(self, number: int) -> MorseSet:
        return self.sets[number]

    @cached_property
    def graph(self) -> networkx.DiGraph:
        """The order without edges that follow from others; nodes carry their ``set``."""
        import networkx

        graph = networkx.DiGraph()
        for each in self.sets:
            captured = self.captured_volume(each.number)
            graph.add_node(each.number, set=each, kind=each.kind, captured=captured)
        steps = self.above.astype(np.int64)
        cover = self.above & ~((steps @ steps) > 0)
        graph.add_edges_from(zip(*(part.tolist() for part in np.nonzero(cover)), strict=True))
        return graph

    def captured(self, number: int) -> Mask:
        """Return the cells of the cover all of whose paths end in a set: shape (n,).

        Every orbit that starts there stays in the box and tends to the set.
        """
        return self.reach.only(self._known(number))

    def may_reach(self, number: int) -> Mask:
        """Return the cells of the cover from which some path leads to a set: shape (n,)."""
        return self.reach.to(self._known(number))

    def may_escape(self) -> Mask:
        """Return the cells of the cover from which some path leaves the box: shape (n,)."""
        return self.reach.to(len(self))

    def captured_volume(self, number: int) -> float:
        """Return the Lebesgue measure of the region that a set captures."""
        return float(self.cover.shares[self.captured(number)].sum()) * self.box.volume

    def set_at(self, points: Any) -> NDArray[np.int64]:
        """Return the number of the Morse set in whose cells each point (m, d) lies, -1 for none."""
        nodes = self.cover.at(points)
        owner = np.full(len(self.cover) + 1, -1, dtype=np.int64)
        for each in self.sets:
            owner[each.nodes] = each.number
        return owner[nodes]

    def _known(self, number: Any) -> int:
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
            raise InvalidInput("number", number, "the number of a Morse set")
        if not 0 <= number < len(self):
            raise InvalidInput("number", number, f"a number from 0 to {len(self) - 1}")
        return int(number)

    def headline(self) -> str:
        count = counted(len(self), "Morse set")
        kinds = [sum(each.kind is kind for each in self.sets) for kind in MorseKind]
        words = {MorseKind.UNDECIDED: "of undecided kind"}
        named = [
            f"{n} {words.get(kind, kind)}" for n, kind in zip(kinds, MorseKind, strict=True) if n
        ]
        where = self.box.describe().removeprefix("uniform in ")
        return f"Morse graph in {where}: {count}" + (f" ({', '.join(named)})" if named else "")

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe())]
        shown = list(self.sets)[:6]
        rows += [(str(each.number), self._line(each)) for each in shown]
        if len(self) > len(shown):
            rows.append(("…", f"{len(self) - len(shown)} more, by index or in a loop"))
        if self.left_out:
            rows.append(
                ("left out", f"{counted(self.left_out, 'set')} of cells proved to hold no orbit")
            )
        finest = f" to {self.depth}" if self.depth > self.start_depth else ""
        cells = f"{counted(len(self.cover), 'cell')} of depth {self.start_depth}{finest}"
        escaping = float(self.cover.shares[self.may_escape()].sum())
        rows.append(("cover", f"{cells}; {100 * escaping:.3g} % of the box may escape"))
        return [*rows, ("evidence", str(self.evidence))]

    def _line(self, each: MorseSet) -> str:
        below = sorted(self.graph.successors(each.number))
        line = each.described()
        if each.attracting is Outcome.YES:
            share = float(self.cover.shares[self.captured(each.number)].sum())
            line += f"; captures {100 * share:.4g} % of the box"
        return line + (f"; may lead to {', '.join(map(str, below))}" if below else "")

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "low": list(self.box.low),
            "high": list(self.box.high),
            "depth": self.depth,
            "start_depth": self.start_depth,
            "cells": len(self.cover),
            "left_out": self.left_out,
            "sets": [
                {
                    "number": each.number,
                    "kind": each.kind.value,
                    "attracting": each.attracting.value,
                    "repelling": each.repelling.value,
                    "inhabited": each.inhabited.value,
                    "cells": len(each),
                    "low": list(each.box.low),
                    "high": list(each.box.high),
                    "volume": each.volume,
                    "captured": self.captured_volume(each.number),
                    "on_edge": each.on_edge,
                    "escapes": each.escapes,
                    "index": list(each.index),
                    "orbits": [orbit.to_dict() for orbit in each.orbits],
                    "families": [str(part) for part in each.families],
                }
                for each in self.sets
            ],
            "order": [list(edge) for edge in self.graph.edges],
        }

"""One Morse set: cells in which orbits recur, and what is proved of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ...evidence import Outcome
from ...orbits.critical_manifold import CriticalManifold
from ...orbits.periodic_orbit import PeriodicOrbit
from ...regions import Box
from ..cells import Cells
from ..counted import counted
from ..images import Mask

__all__ = ["FamilyPart", "MorseKind", "MorseSet"]


class MorseKind(Enum):
    """What is proved of a Morse set.

    ATTRACTING: it has a neighbourhood that is mapped into its own interior, with nothing else
    recurring there. REPELLING: all directions are expanded along the orbits that stay. SADDLE:
    neither of the two. UNDECIDED: not known.

    Examples
    --------
    >>> print(MorseKind.SADDLE)
    saddle
    """

    ATTRACTING = "attracting"
    REPELLING = "repelling"
    SADDLE = "saddle"
    UNDECIDED = "undecided"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FamilyPart:
    """Where a family of fixed points runs through a Morse set, and where it attracts.

    Parameters
    ----------
    family : CriticalManifold
    stable : ndarray of bool, shape (n,)
        Cells in which every point of the family has its transverse multipliers inside the unit
        circle.
    unstable : ndarray of bool, shape (n,)
        Cells in which every point of the family has one outside.
    undecided : ndarray of bool, shape (n,)
        Other cells that the family may run through.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import GradientDescent, Loss, morse_graph
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size="1/2")
    >>> found = morse_graph(F, Box([-3, -3], [3, 3]), 10)
    >>> print(found[0].families[0])
    x*y = 1: stable in 30 cells, unstable in 24, undecided in 4
    """

    family: CriticalManifold
    stable: Mask
    unstable: Mask
    undecided: Mask

    def __post_init__(self) -> None:
        for array in (self.stable, self.unstable, self.undecided):
            array.setflags(write=False)

    def __str__(self) -> str:
        counts = [int(part.sum()) for part in (self.stable, self.unstable, self.undecided)]
        return (
            f"{self.family.where()}: stable in {counts[0]} cells, unstable in {counts[1]}, "
            f"undecided in {counts[2]}"
        )

    def __repr__(self) -> str:
        return f"FamilyPart {self}"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MorseSet:
    """A strongly connected set of cells; the set itself is the largest invariant set inside.

    Parameters
    ----------
    number : int
        Its node in the Morse graph.
    cells : Cells
        Of the finest depth.
    nodes : ndarray of int
        Its cells in the cover of the Morse graph, in the same order.
    attracting : Outcome
        YES: what the cells lead to is a neighbourhood that is mapped into its own interior, and
        nothing else recurs there. NO: the Conley index is not that of an attractor.
    repelling : Outcome
        YES: the derivative expands every direction along all orbits that stay. NO: a certified
        orbit inside attracts from some direction, or the set is an attractor of a smooth map.
    kind : MorseKind
    inhabited : Outcome
        Whether an orbit is proved to stay in these cells for ever.
    on_edge : bool
        Whether cells lie at the edge of the box: the set may then go on outside, and is not known
        to be isolated, unless it is proved to attract, with all images in the interior.
    escapes : bool
        Whether orbits from here may leave the box.
    index : tuple of two int or None
        The fixed point index of F and of F∘F, the alternating sums of the traces on the Conley
        index; None where it was not computed: in more than two dimensions, for maps with jumps, at
        the edge of the box, and for F∘F where images may leave the box.
    orbits : tuple of PeriodicOrbit
        The certified orbits inside, of the periods that were asked for.
    families : tuple of FamilyPart
        The families of fixed points that run through, for maps whose states are the parameters of
        the loss, and for maps without one.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import SymbolicMap, morse_graph
    >>> morse_graph(SymbolicMap([2 * x], [x]), Box([-1], [1]), 6)[0]
    MorseSet 0: repelling, 2 cells in [-0.03125, 0.03125]; orbits of period 1; index -1, -1
    """

    number: int
    cells: Cells
    nodes: NDArray[np.int64]
    attracting: Outcome
    repelling: Outcome
    kind: MorseKind
    inhabited: Outcome
    on_edge: bool
    escapes: bool
    index: tuple[int | None, int | None]
    orbits: tuple[PeriodicOrbit, ...] = ()
    families: tuple[FamilyPart, ...] = ()

    def __post_init__(self) -> None:
        self.nodes.setflags(write=False)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def box(self) -> Box:
        """The smallest box around the cells."""
        low, high = self.cells.lower.min(axis=1), self.cells.upper.max(axis=1)
        return Box(low.tolist(), high.tolist())

    @property
    def volume(self) -> float:
        """Lebesgue measure of the cells."""
        return self.cells.volume * self.cells.region.volume

    def where(self) -> str:
        """Return the bounding box in words."""
        sides = zip(self.box.low, self.box.high, strict=True)
        return " × ".join(f"[{low:.4g}, {high:.4g}]" for low, high in sides)

    def described(self) -> str:
        """Return kind, place and what is known in one line."""
        kind = "kind undecided" if self.kind is MorseKind.UNDECIDED else str(self.kind)
        parts = [f"{kind}, {counted(len(self), 'cell')} in {self.where()}"]
        if self.orbits:
            periods = sorted(orbit.period for orbit in self.orbits)
            shown = ", ".join(map(str, periods[:6])) + (", …" if len(periods) > 6 else "")
            parts.append(f"orbits of period {shown}")
        if self.index != (None, None):
            parts.append(f"index {', '.join('?' if i is None else str(i) for i in self.index)}")
        if self.inhabited is not Outcome.YES:
            parts.append("not known to hold an orbit")
        if self.on_edge and self.attracting is not Outcome.YES:
            parts.append("at the edge of the box: isolation unknown")
        return "; ".join([*parts, *map(str, self.families)])

    def __repr__(self) -> str:
        return f"MorseSet {self.number}: {self.described()}"

"""Where orbits spend their time, as a histogram with errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence, Outcome
from ...maps.base import Map
from ...regions import Box
from ...results import Result, plain

__all__ = ["OrbitDensity"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class OrbitDensity(Result):
    """A histogram of long orbits from many starts, as a density on one or two coordinates.

    Parameters
    ----------
    map : Map
    region : Box
        The window, in which the starts were drawn.
    coordinates : tuple of int
        One or two of the map's.
    edges : tuple of ndarray
        Of the bins along each of them.
    density, errors : ndarray, shape (bins,) or (bins, bins)
        Share of the time per unit of length or area, whose integral over the window is 1, and its
        standard error, from groups of starts that have nothing in common.
    settled : Outcome
        Whether the first half of the time and the second give the same density within errors.
    outside : float
        Share of the time spent outside of the window, which the density leaves out.
    starts, escaped : int
        How many starts there were, and how many escaped and were left out.
    cycles : int
        How many of the others came to a cycle: its histogram is a sum of point masses, and the
        heights of its bins depend on their width.
    groups, steps, transient : int
    evidence : Evidence
    """

    map: Map
    region: Box
    coordinates: tuple[int, ...]
    edges: tuple[Numbers, ...]
    density: Numbers
    errors: Numbers
    settled: Outcome
    outside: float
    starts: int
    escaped: int
    cycles: int
    groups: int
    steps: int
    transient: int
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (*self.edges, self.density, self.errors):
            array.setflags(write=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return tuple(self.map.names[i] for i in self.coordinates)

    def headline(self) -> str:
        kept = self.starts - self.escaped
        where = ", ".join(self.names)
        if not kept:
            return f"Invariant density in {where}: none, all {self.starts} starts escaped"
        bins = " × ".join(str(len(e) - 1) for e in self.edges)
        states = {
            Outcome.YES: "settled",
            Outcome.NO: "not settled",
            Outcome.UNDECIDED: "not known to be settled",
        }
        return f"Invariant density in {where}, {bins} bins, {kept} orbits: {states[self.settled]}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [
            ("map", self.map.describe()),
            ("measured", f"{self.steps} steps after {self.transient}, {self.groups} groups"),
        ]
        if self.escaped:
            rows.append(("left out", f"{self.escaped} of {self.starts} starts, which escaped"))
        if self.cycles:
            rows.append(("on cycles", f"{self.cycles} orbits: point masses, not a density"))
        if self.outside:
            rows.append(("outside of the window", f"{100 * self.outside:.3g} % of the time"))
        return [*rows, ("evidence", str(self.evidence))]

    def to_dict(self) -> dict[str, Any]:
        counts = ("outside", "starts", "escaped", "cycles", "groups", "steps", "transient")
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "coordinates": list(self.names),
            "edges": [plain(edges) for edges in self.edges],
            "density": plain(self.density),
            "errors": plain(self.errors),
            "settled": self.settled.value,
            **{name: plain(getattr(self, name)) for name in counts},
        }

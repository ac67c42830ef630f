"""The crises that were found over a range of a parameter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence, Outcome
from ...maps.base import Map
from ...regions import Box
from ...results import Result, plain
from .crisis import Crisis
from .kinds import CrisisKind

__all__ = ["Crises"]

Array = NDArray[np.float64]

_WEIGHTIEST = (
    CrisisKind.BLOW_UP,
    CrisisKind.MERGING,
    CrisisKind.BOUNDARY,
    CrisisKind.INTERIOR,
    CrisisKind.BAND_MERGING,
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Crises(Result):
    """Crises over a range of a parameter, ascending.

    Parameters
    ----------
    map : Map
        With the parameter open.
    parameter : str
    region : Box
    found : tuple of Crisis
    windows : tuple of pairs of float
        Brackets of values at which a window of periodic behaviour opens: the attractor shrinks at
        once, at a fold and not at a crisis.
    values : ndarray, shape (m,)
        Those that were compared with their neighbours.
    low, high : tuple of m ndarrays, each of shape (bands,)
        Ends of the bands of all attractors, in the first coordinate.
    escaping : ndarray, shape (m,)
        Share of the watched groups of orbits of which one escapes.
    evidence : Evidence
    """

    map: Map
    parameter: str
    region: Box
    found: tuple[Crisis, ...]
    windows: tuple[tuple[float, float], ...]
    values: Array
    low: tuple[Array, ...]
    high: tuple[Array, ...]
    escaping: Array
    evidence: Evidence

    def __post_init__(self) -> None:
        for array in (self.values, self.escaping, *self.low, *self.high):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Crisis]:
        return iter(self.found)

    def __getitem__(self, k: int) -> Crisis:
        return self.found[k]

    def of(self, kind: CrisisKind) -> tuple[Crisis, ...]:
        """Return those of one kind, ascending.

        Examples
        --------
        >>> from sympy.abc import r, x
        >>> from dynsys_gd import Box, CrisisKind, SymbolicMap, crises
        >>> found = crises(SymbolicMap([r*x*(1 - x)], [x]), Box([-1], [2]), parameter="r",
        ...                to=(3.9, 4.1), values=9)
        >>> [crisis.value for crisis in found.of(CrisisKind.BLOW_UP)]
        [4.0]
        """
        return tuple(crisis for crisis in self.found if crisis.kind is kind)

    def headline(self) -> str:
        ends = f"{self.parameter} in [{self.values.min():.6g}, {self.values.max():.6g}]"
        if not self.found:
            return f"No crisis was seen for {ends}"
        return f"{len(self)} cris{'is' if len(self) == 1 else 'es'} for {ends}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe())]
        counts = Counter(crisis.kind for crisis in self.found)
        most = sorted(self.found, key=lambda each: _WEIGHTIEST.index(each.kind))
        shown = sorted(most[:6], key=lambda each: each.value)
        for crisis in shown:
            where = f"{self.parameter} = {crisis.value:.13g}"
            if crisis.confirmed is Outcome.UNDECIDED:
                where = f"{self.parameter} in [{crisis.interval[0]:.9g}, {crisis.interval[1]:.9g}]"
            rows.append((str(crisis.kind), where))
        if len(self) > len(shown):
            all_of_them = ", ".join(f"{n} {kind}" for kind, n in counts.items())
            rows.append(("in all", all_of_them))
        if self.windows:
            rows.append(("windows", f"{len(self.windows)} open at a fold"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "parameter": self.parameter,
            "crises": [crisis.to_dict() for crisis in self.found],
            "windows": plain(self.windows),
            "values": plain(self.values),
            "low": plain(self.low),
            "high": plain(self.high),
            "escaping": plain(self.escaping),
        }

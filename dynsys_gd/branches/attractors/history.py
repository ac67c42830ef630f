"""Attractors over a range of a parameter: which goes on as which, with what shares."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence
from ...maps.base import Map
from ...regions import Region
from ...results import Result, plain
from .attractor import Attractor
from .attractor_set import AttractorSet
from .kinds import AttractorChange

__all__ = ["AttractorEvent", "AttractorHistory"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class AttractorEvent:
    """What happens to an attractor between two neighbouring parameter values.

    Parameters
    ----------
    change : AttractorChange
    interval : tuple of two float
        The two values.
    label : int
        Of the attractor.
    other : int or None
        Label of the one it merges into or splits off from.
    periods : tuple of two int
        Before and after; 0 where it is not periodic or not there.

    Examples
    --------
    >>> print(AttractorEvent(change=AttractorChange.MERGING, interval=(1.5, 1.6), label=1, other=0,
    ...                      periods=(0, 0)))
    merging of 1 into 0 in [1.5, 1.6]
    """

    change: AttractorChange
    interval: tuple[float, float]
    label: int
    other: int | None
    periods: tuple[int, int]

    def __str__(self) -> str:
        low, high = self.interval
        text = f"{self.change} of {self.label}"
        if self.change is AttractorChange.MERGING:
            text += f" into {self.other}"
        if self.change is AttractorChange.SPLITTING:
            text += f" from {self.other}"
        if self.change is AttractorChange.PERIOD:
            text += f", {self.periods[0]} to {self.periods[1]}"
        return f"{text} in [{low:.9g}, {high:.9g}]"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AttractorHistory(Result):
    """The attractors of a map at ascending values of a parameter, matched from value to value.

    Parameters
    ----------
    map : Map
        With the parameter open.
    parameter : str
    region : Region
        The law of the starts, the same ones at each value.
    values : ndarray, shape (m,)
        Ascending; those that were given, and those added next to events.
    sets : tuple of AttractorSet
        One a value.
    labels : tuple of tuple of int
        At each value the label of each attractor. One that goes on keeps its label.
    events : tuple of AttractorEvent
    evidence : Evidence
    """

    map: Map
    parameter: str
    region: Region
    values: Array
    sets: tuple[AttractorSet, ...]
    labels: tuple[tuple[int, ...], ...]
    events: tuple[AttractorEvent, ...]
    evidence: Evidence

    def __post_init__(self) -> None:
        self.values.setflags(write=False)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def count(self) -> int:
        """How many different attractors there are over all values."""
        return 1 + max((label for row in self.labels for label in row), default=-1)

    @cached_property
    def shares(self) -> Array:
        """Share of the starts that end on each attractor at each value, shape (m, count)."""
        shares = np.zeros((len(self), self.count))
        for k, (found, row) in enumerate(zip(self.sets, self.labels, strict=True)):
            for place, label in enumerate(row):
                shares[k, label] = found.share(place)
        shares.setflags(write=False)
        return shares

    @property
    def escaped(self) -> Array:
        """Share of the starts that escape, shape (m,)."""
        return np.array([found.escaped / found.n for found in self.sets])

    @property
    def undecided(self) -> Array:
        """Share of the starts of which it is not known where they end, shape (m,)."""
        return np.array([found.undecided / found.n for found in self.sets])

    def attractor(self, label: int) -> tuple[tuple[float, Attractor], ...]:
        """Return the values at which an attractor is there, with it."""
        if not isinstance(label, (int, np.integer)) or not 0 <= label < max(self.count, 1):
            raise InvalidInput("label", label, f"a label below {self.count}")
        return tuple(
            (float(value), found[row.index(label)])
            for value, found, row in zip(self.values, self.sets, self.labels, strict=True)
            if label in row
        )

    def of(self, change: AttractorChange) -> tuple[AttractorEvent, ...]:
        """Return the events of one kind, ascending."""
        return tuple(event for event in self.events if event.change is change)

    def headline(self) -> str:
        low, high = self.values[0], self.values[-1]
        count = f"{self.count} attractor{'s' * (self.count != 1)}"
        return f"{count} for {self.parameter} in [{low:.6g}, {high:.6g}]"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe()), ("starts", self.region.describe())]
        rows.append(("values", f"{len(self)}, with {self.sets[0].n} starts each"))
        counts = Counter(event.change for event in self.events)
        if counts:
            rows.append(("events", ", ".join(f"{n} {kind}" for kind, n in counts.items())))
        first = list(AttractorChange)
        weighty = sorted(self.events, key=lambda event: first.index(event.change))[:5]
        rows += [("event", str(e)) for e in sorted(weighty, key=lambda e: e.interval)]
        if len(self.events) > len(weighty):
            rows.append(("others", f"{len(self.events) - len(weighty)} more in .events"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "parameter": self.parameter,
            "region": self.region.describe(),
            "values": plain(self.values),
            "sets": [found.to_dict() for found in self.sets],
            "labels": plain(self.labels),
            "shares": plain(self.shares),
            "escaped": plain(self.escaped),
            "undecided": plain(self.undecided),
            "events": [
                {**plain(vars(event)), "change": event.change.name} for event in self.events
            ],
        }

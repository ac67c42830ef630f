"""A bifurcation diagram: what was seen at each value, and between which values it changed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...ensembles.budget import Budget
from ...evidence import Evidence
from ...maps.base import Map
from ...regions import Region
from ...results import Result, plain
from .behaviour import Behaviour

__all__ = ["BifurcationDiagram", "PeriodChange"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PeriodChange:
    """Two values between which the periods that are reached change.

    Parameters
    ----------
    interval : tuple of float
        The last value with the periods before, and the first one with those after it, in the order
        of the diagram.
    before, after : tuple of int
        Periods of the cycles reached there; empty where none is.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss, bifurcation_diagram
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> bifurcation_diagram(F, "eta", [0.9, 1.1], starts=[[0.3]]).changes[0]
    PeriodChange(interval=(0.9, 1.1), before=(1,), after=(2,))
    """

    interval: tuple[float, float]
    before: tuple[int, ...]
    after: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BifurcationDiagram(Result):
    """Where the orbits of s starts end, for each of m values of a parameter.

    Parameters
    ----------
    map : Map
        With that parameter open.
    parameter : str
    values : ndarray, shape (m,)
        In the order in which they were gone through.
    observable : str
        What `points` shows of a state.
    points : ndarray, shape (m, s, points)
        The observable on the last states of each orbit, in order; NaN where it escaped.
    behaviour : ndarray of int8, shape (m, s)
        `Behaviour` codes.
    period : ndarray of int, shape (m, s)
        Least period; 0 where the orbit is not periodic.
    exponent, error : ndarray, shape (m, s)
        Largest Lyapunov exponent per step and its standard error; NaN where the orbit escaped.
    states : ndarray, shape (m, s, d)
        The last states.
    region : Region or None
        Where starts were drawn from; None where they were given.
    seed : int
        From which those starts follow.
    carry : bool
        Whether orbits went on from value to value.
    transient : int
    budget : Budget
    """

    map: Map
    parameter: str
    values: Array
    observable: str
    points: Array
    behaviour: NDArray[np.int8]
    period: NDArray[np.int64]
    exponent: Array
    error: Array
    states: Array
    region: Region | None
    seed: int
    carry: bool
    transient: int
    budget: Budget
    evidence: Evidence

    def __post_init__(self) -> None:
        for name in ("values", "points", "behaviour", "period", "exponent", "error", "states"):
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.values)

    def count(self, behaviour: Behaviour) -> int:
        """Return how many orbits behave so, over all values."""
        return int(np.count_nonzero(self.behaviour == behaviour))

    def periods_at(self, index: int) -> tuple[int, ...]:
        """Return the periods of the cycles reached at value number `index`, ascending."""
        here = self.period[index]
        return tuple(np.unique(here[here > 0]).tolist())

    @property
    def periods(self) -> tuple[int, ...]:
        """The periods of all cycles reached at some value, ascending."""
        return tuple(np.unique(self.period[self.period > 0]).tolist())

    @property
    def changes(self) -> tuple[PeriodChange, ...]:
        """Where the periods that are reached change, between neighbouring values.

        Values at which an orbit is undecided are left out: what lies around them is one interval.
        Where s starts reach several attractors, a change may also mean that a start moved from one
        to another.
        """
        decided = np.flatnonzero((self.behaviour != Behaviour.UNDECIDED).all(axis=1)).tolist()
        seen = [(float(self.values[k]), self.periods_at(k)) for k in decided]
        return tuple(
            PeriodChange(interval=(a, b), before=before, after=after)
            for (a, before), (b, after) in pairwise(seen)
            if before != after
        )

    def headline(self) -> str:
        m, s = self.period.shape
        low, high = self.values.min(), self.values.max()
        where = f"in [{low:.6g}, {high:.6g}]" if m > 1 else f"at {low:.6g}"
        counts = [(b, self.count(b)) for b in Behaviour]
        shares = ", ".join(f"{100 * n / (m * s):.3g} % {b.words}" for b, n in counts if n)
        return (
            f"Bifurcation diagram of {m} value{'s' * (m > 1)} of {self.parameter} {where}: {shares}"
        )

    def rows(self) -> list[tuple[str, str]]:
        s = self.period.shape[1]
        drawn = f"drawn from {self.region.describe()}" if self.region is not None else "given"
        how = "carried from value to value" if self.carry else "anew at each value"
        listed = [*map(str, self.periods[:12]), *["…"] * (len(self.periods) > 12)]
        known = self.exponent[np.isfinite(self.exponent)]
        lines = [
            ("map", self.map.describe()),
            ("starts", f"{s}, {drawn}, {how}"),
            ("steps", f"{self.transient} before anything is looked at"),
            ("periods", ", ".join(listed) or f"none up to {self.budget.max_period}"),
        ]
        if known.size:
            lines.append(("exponents", f"from {known.min():.4g} to {known.max():.4g} per step"))
        changes = self.changes
        if changes and len(changes) <= 4:
            told = [f"{c.interval[0]:.6g} to {c.interval[1]:.6g}" for c in changes]
            lines.append(("periods change", ", ".join(told)))
        elif changes:
            lines.append(("periods change", f"{len(changes)} times, see .changes"))
        return [*lines, ("evidence", str(self.evidence))]

    def to_dict(self) -> dict[str, Any]:
        arrays = ("values", "points", "behaviour", "period", "exponent", "error", "states")
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "parameter": self.parameter,
            "observable": self.observable,
            "seed": self.seed,
            "carry": self.carry,
            "transient": self.transient,
            "codes": {b.name: int(b) for b in Behaviour},
            **{name: plain(getattr(self, name)) for name in arrays},
        }

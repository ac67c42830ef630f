"""A branch: an orbit followed along a parameter, and the bifurcations it goes through."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..evidence import Evidence
from ..maps.base import Map
from ..orbits.kinds import Kind
from ..orbits.normal_forms.normal_form import NormalForm
from ..orbits.periodic_orbit import PeriodicOrbit
from ..results import Result, plain
from ..values import to_value
from .along import OrbitsAlong, frozen, range_shown
from .bifurcation_point import BifurcationPoint
from .followed import FollowedOrbit, kind_of_multipliers

__all__ = ["Branch", "BranchLimit"]

Array = NDArray[np.float64]


class BranchLimit(Enum):
    """Why a branch ends where it does.

    RANGE: the parameter reached the end of the range asked for. CLOSED: the branch came back to
    where it began. DOUBLING: the orbit has shrunk to one of half its period, at a flip of that.
    STUCK: no step was short enough for the corrector. STEPS: the number of steps was spent.
    FAR: the orbit left every bounded set. ORIGIN: the point where another branch begins.

    Examples
    --------
    >>> str(BranchLimit.CLOSED)
    'the branch is closed'
    """

    RANGE = "the end of the range"
    CLOSED = "the branch is closed"
    DOUBLING = "an orbit of half the period"
    STUCK = "no step is short enough"
    STEPS = "the number of steps is spent"
    FAR = "the orbit goes to infinity"
    ORIGIN = "it branches off here"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Branch(OrbitsAlong, Result):
    """Orbits of one period along a curve of parameter values, in the order of the curve.

    Parameters
    ----------
    map : Map
        With the parameter open.
    parameter : str or None
        Its name; None for a family of fixed points at one parameter value, which is followed along
        itself.
    steps : tuple of FollowedOrbit
    special : tuple of BifurcationPoint
        In the order of the curve.
    limits : tuple of two BranchLimit
        Why the branch ends at its first and at its last orbit.
    family : int
        Dimension of the family of fixed points that the orbit belongs to at each parameter value;
        as many multipliers 1 are left out wherever stability is told.
    origin : BifurcationPoint or None
        The special point of another branch at which this one was found.
    evidence : Evidence
    """

    map: Map
    parameter: str | None
    steps: tuple[FollowedOrbit, ...]
    special: tuple[BifurcationPoint, ...]
    limits: tuple[BranchLimit, BranchLimit]
    family: int
    origin: BifurcationPoint | None = None
    evidence: Evidence

    @cached_property
    def values(self) -> Array:
        """Parameter values, shape (n,); arc length along a family."""
        return frozen(np.array([step.value for step in self.steps]))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kind of each orbit, a family's own multipliers left out."""
        return tuple(kind_of_multipliers(s.transverse(self.family)) for s in self.steps)

    @property
    def orbits(self) -> tuple[PeriodicOrbit, ...]:
        """The orbits as such, each under the map at its parameter value."""
        return tuple(step.orbit(self.map, self.parameter) for step in self.steps)

    @property
    def normal_forms(self) -> tuple[NormalForm, ...]:
        """Those of the special points where they are known."""
        known = (point.normal_form for point in self.special)
        return tuple(form for form in known if form is not None)

    def crossings(self, value: float) -> tuple[FollowedOrbit, ...]:
        """Return the steps next to where the branch passes a parameter value, nearest ones.

        Raises
        ------
        InvalidInput
            For what is no finite number.

        Examples
        --------
        >>> from sympy.abc import eta, x
        >>> from dynsys_gd import GradientDescent, Loss, follow
        >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
        >>> branch = follow(well, [1.0], parameter="eta", to=(0.5, 1.5))
        >>> [round(step.value, 1) for step in branch.crossings(0.5)]
        [0.5]
        """
        number = to_value(value, "value")
        if not number.is_number:
            raise InvalidInput("value", value, "a finite number")
        offset = self.values - float(number)
        if len(offset) == 1:
            return self.steps if offset[0] == 0 else ()
        found = []
        for k in range(len(offset) - 1):
            if offset[k] * offset[k + 1] <= 0 and (offset[k + 1] != 0 or k == len(offset) - 2):
                found.append(self.steps[k + int(abs(offset[k + 1]) < abs(offset[k]))])
        return tuple(found)

    def headline(self) -> str:
        what = "Fixed point" if self.period == 1 else f"Orbit of period {self.period}"
        if self.parameter is None:
            return f"Family of fixed points followed over a length of {np.ptp(self.values):.6g}"
        # A turn lies between two steps.
        reached = [*self.values, *(point.value for point in self.special)]
        return f"{what} followed over {self.parameter} in {range_shown(min(reached), max(reached))}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe()), ("orbits", str(len(self)))]
        kinds = Counter(self.kinds)
        rows.append(("kinds", ", ".join(f"{kind} ×{n}" for kind, n in kinds.items())))
        if self.family and self.parameter is not None:
            rows.append(("family", f"of dimension {self.family} at every value"))
        rows += [("special", point.headline()) for point in self.special[:5]]
        if len(self.special) > 5:
            rows.append(("special", f"{len(self.special) - 5} more in .special"))
        rows.append(("ends", f"{self.limits[0]}; {self.limits[1]}"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def sources(self) -> tuple[str, ...]:
        return self.evidence.sources

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "parameter": self.parameter,
            "period": self.period,
            "values": plain(self.values),
            "points": plain(self.points),
            "multipliers": plain(self.multipliers),
            "kinds": [kind.value for kind in self.kinds],
            "special": [point.to_dict() for point in self.special],
            "limits": [limit.name.lower() for limit in self.limits],
            "family": self.family,
        }

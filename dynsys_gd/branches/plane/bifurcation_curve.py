"""A curve of bifurcations in the plane of two parameters."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ...maps.base import Map
from ...orbits.normal_forms.kinds import Bifurcation, Criticality
from ...results import Result, plain
from ..along import OrbitsAlong, frozen, range_shown
from .closed_form import ClosedForm
from .codimension_two import CodimensionTwo, CodimensionTwoPoint
from .followed_bifurcation import FollowedBifurcation

__all__ = ["BifurcationCurve", "CurveLimit"]

Array = NDArray[np.float64]


class CurveLimit(Enum):
    """Why a curve of bifurcations ends where it does.

    RANGE: a parameter reached an end of its range. CLOSED: the curve came back to where it began.
    RESONANCE: the critical pair has met at 1 or -1 and becomes real; what goes on are saddles
    whose multipliers have the product 1, at which nothing happens. HALVED: the orbit has shrunk
    to one of half its period. STUCK: no step was short enough for the corrector. STEPS: the number
    of steps was spent. FAR: the orbit left every bounded set.

    Examples
    --------
    >>> str(CurveLimit.RESONANCE)
    'the pair becomes real'
    """

    RANGE = "the edge of the range"
    CLOSED = "the curve is closed"
    RESONANCE = "the pair becomes real"
    HALVED = "an orbit of half the period"
    STUCK = "no step is short enough"
    STEPS = "the number of steps is spent"
    FAR = "the orbit goes to infinity"

    def __str__(self) -> str:
        return self.value


_TOLD = (Criticality.SUPERCRITICAL, Criticality.SUBCRITICAL)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BifurcationCurve(OrbitsAlong, Result):
    """Orbits with a critical multiplier, in the order of the curve.

    Parameters
    ----------
    map : Map
        With both parameters open.
    parameters : tuple of two str
    to : tuple of two pairs of float
        The ranges of both.
    bifurcation : Bifurcation
    steps : tuple of FollowedBifurcation
    special : tuple of CodimensionTwoPoint
        In the order of the curve.
    limits : tuple of two CurveLimit
        Why the curve ends at its first and at its last orbit.
    closed_form : ClosedForm or None
        The equation of the curve where the update rule has one.
    evidence : Evidence
    """

    map: Map
    parameters: tuple[str, str]
    to: tuple[tuple[float, float], tuple[float, float]]
    bifurcation: Bifurcation
    steps: tuple[FollowedBifurcation, ...]
    special: tuple[CodimensionTwoPoint, ...]
    limits: tuple[CurveLimit, CurveLimit]
    closed_form: ClosedForm | None = None
    evidence: Evidence

    @cached_property
    def values(self) -> Array:
        """Both parameter values along the curve, shape (n, 2)."""
        return frozen(np.array([step.values for step in self.steps]))

    @cached_property
    def angles(self) -> Array:
        """Angles θ of the critical multipliers e^(±iθ), shape (n,)."""
        return frozen(np.array([step.angle for step in self.steps]))

    @cached_property
    def coefficients(self) -> Array:
        """Normal form coefficients along the curve, shape (n,), see `FollowedBifurcation`."""
        return frozen(np.array([step.coefficient for step in self.steps]))

    @property
    def criticalities(self) -> tuple[Criticality, ...]:
        """What the coefficients say."""
        return tuple(step.criticality for step in self.steps)

    def of_kind(self, kind: CodimensionTwo) -> tuple[CodimensionTwoPoint, ...]:
        """Return the special points of one kind.

        Examples
        --------
        >>> from sympy.abc import beta, eta, x
        >>> from dynsys_gd import CodimensionTwo, HeavyBall, Loss, follow_bifurcation
        >>> ball = HeavyBall(Loss(x**2 / 2, [x]), eta, beta)
        >>> curve = follow_bifurcation(ball, [0], start=(1, 1), to=((0, 5), (0, 1)))
        >>> point, = curve.of_kind(CodimensionTwo.RESONANCE_1_3)
        >>> [round(value, 12) for value in point.values]
        [3.0, 1.0]
        """
        return tuple(point for point in self.special if point.kind is kind)

    def headline(self) -> str:
        what = "fixed points" if self.period == 1 else f"orbits of period {self.period}"
        spans = zip(self.parameters, self.values.min(axis=0), self.values.max(axis=0), strict=True)
        where = " and ".join(f"{name} in {range_shown(low, high)}" for name, low, high in spans)
        kind = str(self.bifurcation)
        return f"{kind[0].upper()}{kind[1:]} curve of {what} over {where}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe()), ("orbits", str(len(self)))]
        if self.closed_form is not None:
            rows.append(("closed form", str(self.closed_form)))
        seen = Counter(c for c in self.criticalities if c in _TOLD)
        if seen:
            rows.append(("criticality", ", ".join(f"{c} ×{n}" for c, n in seen.items())))
        for point in self.special[:5]:
            place = ", ".join(f"{value:.12g}" for value in point.values)
            rows.append((point.kind.label, f"{point.kind} at ({place})"))
        if len(self.special) > 5:
            rows.append(("special", f"{len(self.special) - 5} more in .special"))
        rows.append(("ends", f"{self.limits[0]}; {self.limits[1]}"))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def latex(self) -> str | None:
        return None if self.closed_form is None else self.closed_form.latex()

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "parameters": list(self.parameters),
            "to": plain(self.to),
            "bifurcation": self.bifurcation.value,
            "period": self.period,
            "values": plain(self.values),
            "points": plain(self.points),
            "multipliers": plain(self.multipliers),
            "angles": plain(self.angles),
            "coefficients": plain(self.coefficients),
            "criticalities": [criticality.value for criticality in self.criticalities],
            "special": [point.to_dict() for point in self.special],
            "limits": [limit.name.lower() for limit in self.limits],
            "closed_form": None if self.closed_form is None else self.closed_form.to_dict(),
        }

"""A special point of a branch: where an orbit changes its stability or turns around."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DynsysError
from ..evidence import Evidence
from ..maps.base import Map
from ..orbits.normal_forms.find import normal_form
from ..orbits.normal_forms.kinds import Bifurcation, Criticality
from ..orbits.normal_forms.normal_form import NormalForm
from ..orbits.periodic_orbit import PeriodicOrbit
from ..results import Result, plain
from .critical.form import critical_form
from .critical.orbit import critical_orbit
from .critical.sums import flip_of_long_orbit
from .followed import FollowedOrbit

__all__ = ["BifurcationPoint", "Located"]

_ROUNDED = 3  # period up to which coefficients come from the rounded points as they are
_NUDGE = 4e-16  # relative change of coordinates, and
_SHIFT = 1e-3  # by how much it may change a coefficient that is given


class Located(Enum):
    """How well a special point is known.

    ROOT: the test function changes its sign between the ends of `interval`, a few roundings apart.
    BRACKETED: it is known to lie in `interval`, and could not be brought closer.

    Examples
    --------
    >>> str(Located.ROOT)
    'located'
    """

    ROOT = "located"
    BRACKETED = "bracketed"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BifurcationPoint(Result):
    """Where an orbit that is followed goes through a bifurcation.

    Parameters
    ----------
    map : Map
        With the parameter open.
    parameter : str or None
        Its name; None along a family at one parameter value.
    bifurcation : Bifurcation
    located : Located
    interval : tuple of two float
        Parameter values between which the test function changes its sign, in floating point.
    at : FollowedOrbit
        The orbit there.
    direction : ndarray, shape (p, d)
        The critical eigenvector, carried along the orbit; the largest entry has size one. Complex
        for a pair.
    after : int
        The point lies between the orbits `after` and `after` + 1 of the branch.
    count : int
        How many multipliers cross together; 2 for one complex pair.
    family : int
        Dimension of the family that the orbit belongs to.
    note : str
        A restriction that goes with the answer, or nothing.
    evidence : Evidence
    """

    map: Map
    parameter: str | None
    bifurcation: Bifurcation
    located: Located
    interval: tuple[float, float]
    at: FollowedOrbit
    direction: NDArray[Any]
    after: int
    count: int = 1
    family: int = 0
    note: str = ""
    evidence: Evidence

    def __post_init__(self) -> None:
        self.direction.setflags(write=False)

    @property
    def value(self) -> float:
        """The parameter value."""
        return self.at.value

    @property
    def period(self) -> int:
        """The period of the orbit."""
        return self.at.period

    @property
    def orbit(self) -> PeriodicOrbit:
        """The orbit at the point."""
        return self.at.orbit(self.map, self.parameter)

    @cached_property
    def _form(self) -> tuple[NormalForm | None, str]:
        F = self.map
        if self.count > 1 and self.bifurcation is not Bifurcation.NEIMARK_SACKER:
            return None, "several multipliers are critical together"
        try:
            if self.parameter is None:
                return normal_form(F, self.orbit), ""
            if self.period > _ROUNDED:
                return self._form_of_long_orbit()
            return normal_form(F, self.orbit, value=float(self.value)), ""
        except DynsysError as error:
            return None, str(error)

    def _form_of_long_orbit(self) -> tuple[NormalForm | None, str]:
        """Return the normal form from more digits than the points have, or why there is none."""
        multiplier = {Bifurcation.FLIP: -1, Bifurcation.FOLD: 1}.get(self.bifurcation)
        found = None
        if multiplier is not None and not self.family:
            points, direction = self.at.points, self.direction.real
            found = critical_orbit(self.map, points, direction, self.value, multiplier)
        if found is not None:
            try:
                return critical_form(found), ""
            except DynsysError:
                if multiplier == 1:
                    raise
                return flip_of_long_orbit(found, self.at.multipliers), ""
        form = normal_form(self.map, self.orbit, value=float(self.value))
        nudges = np.random.default_rng(0).choice((-_NUDGE, _NUDGE), self.at.points.shape)
        moved = replace(self.at, points=self.at.points * (1.0 + nudges))
        again = normal_form(self.map, moved.orbit(self.map, self.parameter), value=self.value)
        if abs(again.coefficient - form.coefficient) > _SHIFT * abs(form.coefficient):
            return None, "rounding of the points changes the coefficient of so long an orbit"
        return form, ""

    @property
    def normal_form(self) -> NormalForm | None:
        """Its normal form; None where there is none, see `refusal`.

        From the rounded points up to period 3. Coefficients of longer orbits are sums of large
        numbers that cancel: for flips and folds the orbit is computed again to some forty digits,
        and elsewhere a coefficient that rounding changes is not given.
        """
        form = self._form[0]
        return form if form is not None and form.bifurcation is self.bifurcation else None

    @property
    def refusal(self) -> str:
        """Why there is no normal form, or nothing."""
        form, reason = self._form
        if form is not None and form.bifurcation is not self.bifurcation:
            return f"the rounded point reads as a {form.bifurcation}"
        return reason

    @property
    def coefficient(self) -> float | None:
        """The leading coefficient of the normal form, see `NormalForm`."""
        form = self.normal_form
        return None if form is None else form.coefficient

    @property
    def criticality(self) -> Criticality:
        """What the coefficient says; UNDECIDED where there is none."""
        form = self.normal_form
        return Criticality.UNDECIDED if form is None else form.criticality

    def headline(self) -> str:
        what = "fixed point" if self.period == 1 else f"orbit of period {self.period}"
        word = str(self.bifurcation)
        if self.criticality not in (Criticality.REGULAR, Criticality.UNDECIDED):
            word = f"{self.criticality} {word}"
        if self.bifurcation in (Bifurcation.TRANSCRITICAL, Bifurcation.NEIMARK_SACKER):
            word += " bifurcation"
        name = "arc length" if self.parameter is None else self.parameter
        return f"{word[0].upper()}{word[1:]} of the {what} at {name} = {self.value:.12g}"

    def rows(self) -> list[tuple[str, str]]:
        low, high = self.interval
        rows = [("status", f"{self.located}, between {low:.16g} and {high:.16g}")]
        coefficient = self.coefficient
        shown = self.refusal if coefficient is None else f"{coefficient:.9g}"
        rows.append(("coefficient", shown if len(shown) <= 160 else shown[:159] + "…"))
        if self.count > 1:
            rows.append(("multipliers", f"{self.count} cross together"))
        if self.note:
            rows.append(("note", self.note))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "parameter": self.parameter,
            "bifurcation": self.bifurcation.value,
            "criticality": self.criticality.value,
            "located": self.located.value,
            "value": plain(self.value),
            "interval": plain(self.interval),
            "points": plain(self.at.points),
            "multipliers": plain(self.at.multipliers),
            "direction": plain(self.direction),
            "coefficient": plain(self.coefficient),
            "count": self.count,
            "family": self.family,
            "note": self.note,
        }

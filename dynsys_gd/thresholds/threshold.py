"""What is known of a critical step size."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..evidence import Evidence
from ..results import Result, plain
from .rounding import rounded_down, rounded_up

__all__ = ["Threshold", "ThresholdStatus"]

_MOST_POINTS = 4
_MOST_COORDINATES = 6
_LONGEST_COORDINATE = 16


class ThresholdStatus(Enum):
    """What a `Threshold` holds.

    VALUE: a value, finite or infinite, at the grade of its evidence. BOUND: no value, but an
    enclosure that is not trivial. NO_MINIMUM: the loss has no minimum, so that there is nothing
    to be stable. UNDECIDED: nothing was found out.
    """

    VALUE = "value"
    BOUND = "bound"
    NO_MINIMUM = "no minimum"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Threshold(Result):
    """A critical step size, with how it is known.

    The critical step size is η_c = sup 2/λ_max(∇²L(θ)) over the minima θ of the loss, local ones
    included and plateaus left out: above it no minimum is stable under gradient descent, below it
    some minimum is. The weak one has the smallest non-zero eigenvalue in place of the largest.

    Attributes
    ----------
    name : str
        "critical step size" or "weak critical step size".
    status : ThresholdStatus
        Whether there is a value, only a bound, no minimum at all, or nothing known.
    value : float
        The best value; ``inf`` where some minima are stable for every step size, NaN unless
        `status` is VALUE.
    lower, upper : float
        A rigorous enclosure of the critical step size, whatever the grade of `value`: [0, inf]
        where nothing rigorous is known, and [0, 0] where there is no minimum.
    exact : sympy.Expr or None
        The value as an expression, ``oo`` included.
    attained_at : ndarray, shape (k, d), or None
        Minima whose own threshold is the value; None where none is known or none attains it.
    exact_points : tuple of tuples of sympy.Expr
        The same minima exactly, where they are known so.
    witness : ndarray or None
        For linear networks the direction u in input space that certifies `upper` by itself.
    evidence : Evidence
        How the value is known, or the bound where there is no value.
    bound_evidence : Evidence
        How `lower` and `upper` are known; the same as `evidence` unless the value is NUMERICAL.
    """

    name: str
    status: ThresholdStatus
    value: float
    evidence: Evidence
    lower: float = 0.0
    upper: float = math.inf
    exact: sp.Expr | None = None
    attained_at: NDArray[np.float64] | None = None
    exact_points: tuple[tuple[sp.Expr, ...], ...] = ()
    witness: NDArray[np.float64] | None = None
    bound_evidence: Evidence | None = None

    def __post_init__(self) -> None:
        for name in ("attained_at", "witness"):
            array = getattr(self, name)
            if array is not None:
                array = np.array(array, dtype=np.float64)
                array.flags.writeable = False
                object.__setattr__(self, name, array)
        if self.bound_evidence is None:
            object.__setattr__(self, "bound_evidence", self.evidence)

    @property
    def decided(self) -> bool:
        """Whether there is a value, finite or infinite."""
        return self.status is ThresholdStatus.VALUE

    @property
    def sharpness_lower(self) -> float:
        """Rigorous lower bound 2/upper of the eigenvalue behind the threshold."""
        return _two_over(self.upper, rounded_down)

    @property
    def sharpness_upper(self) -> float:
        """Rigorous upper bound 2/lower of the eigenvalue behind the threshold."""
        return _two_over(self.lower, rounded_up)

    def headline(self) -> str:
        grade = self.evidence.grade
        if self.status is ThresholdStatus.NO_MINIMUM:
            return f"no {self.name}: the loss has no minimum, {grade}"
        if self.status is ThresholdStatus.UNDECIDED:
            return f"{self.name} undecided"
        if self.status is ThresholdStatus.BOUND:
            return f"{self.name} {self._bounds_in_words()}, {grade}"
        where = self._places()
        return f"{self.name} {self._value_in_words()}, {grade}" + (f", {where}" if where else "")

    def rows(self) -> Iterable[tuple[str, str]]:
        yield "why", self.evidence.reason
        if self.status is ThresholdStatus.VALUE and self.value == math.inf:
            which = "a non-zero" if self.name.startswith("weak") else "its largest"
            yield "means", f"for every step size η some minimum has {which} eigenvalue below 2/η"
        enclosed = self.lower > 0 or self.upper < math.inf
        if enclosed and self.exact is None and self.status is not ThresholdStatus.NO_MINIMUM:
            yield "enclosure", f"[{self.lower!r}, {self.upper!r}]"
            if self.bound_evidence is not self.evidence and self.bound_evidence is not None:
                yield "enclosure known", str(self.bound_evidence)
        if math.isfinite(self.value) and self.value > 0:
            yield "largest eigenvalue there", f"{2 / self.value:.15g}"
        if self.witness is not None and self.witness.size <= _MOST_COORDINATES:
            yield "witness direction", ", ".join(f"{entry:.6g}" for entry in self.witness)

    def latex(self) -> str | None:
        return None if self.exact is None else f"{self._symbol()} = {sp.latex(self.exact)}"

    def sources(self) -> tuple[str, ...]:
        bound = self.bound_evidence.sources if self.bound_evidence else ()
        return tuple(dict.fromkeys([*self.evidence.sources, *bound]))

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "name": self.name,
            "status": self.status.value,
            "value": plain(self.value),
            "lower": plain(self.lower),
            "upper": plain(self.upper),
            "exact": plain(self.exact),
            "attained_at": plain(self.attained_at),
            "exact_points": plain(self.exact_points),
            "witness": plain(self.witness),
            "bound_grade": self.bound_evidence.grade.value if self.bound_evidence else None,
        }

    def _symbol(self) -> str:
        return r"\eta_E" if self.name.startswith("weak") else r"\eta_c"

    def _value_in_words(self) -> str:
        if self.value == math.inf:
            return "infinite"
        if self.exact is None:
            return f"{self.value:.15g}"
        text = str(self.exact)
        if self.exact.is_Integer:
            return text
        return f"{text} = {self.value:.10g}" if len(text) <= 40 else f"{self.value:.15g}"

    def _bounds_in_words(self) -> str:
        if self.upper == math.inf:
            return f"at least {self.lower:.15g}"
        if self.lower == 0:
            return f"at most {self.upper:.15g}"
        return f"between {self.lower:.15g} and {self.upper:.15g}"

    def _places(self) -> str:
        points: list[Any]
        if self.exact_points:
            points = [[str(c) for c in point] for point in self.exact_points]
        elif self.attained_at is not None:
            points = [[f"{c:.6g}" for c in point] for point in self.attained_at]
        else:
            return ""
        if len(points[0]) > _MOST_COORDINATES or max(map(len, points[0])) > _LONGEST_COORDINATE:
            points_found = "a point" if len(points) == 1 else f"{len(points)} points"
            return f"attained at {points_found} of {len(points[0])} coordinates"
        shown = [f"({', '.join(point)})" for point in points[:_MOST_POINTS]]
        if len(points) > _MOST_POINTS:
            return f"attained at {', '.join(shown)} and {len(points) - _MOST_POINTS} more points"
        return "attained at " + " and ".join(shown)


def _two_over(bound: float, rounding: Any) -> float:
    if bound == 0:
        return math.inf
    return 0.0 if bound == math.inf else float(rounding(Fraction(2) / Fraction(bound)))

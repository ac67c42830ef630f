"""Exponents normal to an invariant subspace, at one parameter value or along many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence, Outcome
from ...maps.base import Map
from ...maps.symbolic_map import SymbolicMap
from ...results import Result, plain
from .spectrum_result import OrbitCourse

__all__ = ["TransverseCrossing", "TransverseExponent", "TransverseScan"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TransverseExponent(Result):
    """The Lyapunov exponents normal to an invariant subspace, along orbits in it.

    Parameters
    ----------
    map : Map
    restriction : SymbolicMap
        The map on the subspace.
    value, error : float
        The largest normal exponent and its standard error: the mean over the starts where they
        agree, else of the start where it is largest. -inf where a normal direction is lost.
    attracts : Outcome
        Whether the orbits found attract nearby states on average: YES where `value` is below zero,
        and NO where it is above, by more than three times its error and by more than rounding, if
        it has settled for every start.
    along_value : float
        The largest exponent within the subspace.
    chaotic : Outcome
        Whether that is positive.
    exponents, errors : ndarray, shape (n, d - m)
        Normal exponents of each start.
    along, along_errors : ndarray, shape (n, m)
        Exponents within the subspace.
    converged : ndarray of Outcome, shape (n,)
        For the largest normal exponent.
    course : tuple of OrbitCourse, length n
    evidence : Evidence
    """

    map: Map
    restriction: SymbolicMap
    value: float
    error: float
    attracts: Outcome
    along_value: float
    chaotic: Outcome
    exponents: Numbers
    errors: Numbers
    along: Numbers
    along_errors: Numbers
    converged: NDArray[np.object_]
    course: tuple[OrbitCourse, ...]
    evidence: Evidence

    def __post_init__(self) -> None:
        arrays = (self.exponents, self.errors, self.along, self.along_errors, self.converged)
        for array in arrays:
            array.setflags(write=False)

    def headline(self) -> str:
        if not np.isfinite(self.value) and self.value != -np.inf:
            return "Transverse exponent: none, every orbit in the subspace escaped"
        states = {
            Outcome.YES: "the subspace attracts there",
            Outcome.NO: "the subspace repels there",
            Outcome.UNDECIDED: "the sign is undecided",
        }
        error = f" ± {self.error:.1e}" if self.error > 0 else ""
        return f"Transverse exponent {self.value:.6g}{error}: {states[self.attracts]}"

    def rows(self) -> list[tuple[str, str]]:
        counts = {c: self.course.count(c) for c in OrbitCourse}
        return [
            ("map", self.map.describe()),
            ("on the subspace", self.restriction.describe()),
            ("exponent along it", f"{self.along_value:.6g}, chaotic: {self.chaotic}"),
            ("orbits", ", ".join(f"{m} {c}" for c, m in counts.items() if m)),
            ("evidence", str(self.evidence)),
        ]

    def to_dict(self) -> dict[str, Any]:
        arrays = ("exponents", "errors", "along", "along_errors")
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "restriction": self.restriction.describe(),
            "value": plain(self.value),
            "error": plain(self.error),
            "attracts": self.attracts.value,
            "along_value": plain(self.along_value),
            "chaotic": self.chaotic.value,
            **{name: plain(getattr(self, name)) for name in arrays},
            "converged": [outcome.value for outcome in self.converged],
            "course": [course.value for course in self.course],
        }


@dataclass(frozen=True, kw_only=True)
class TransverseCrossing:
    """Where the transverse exponent changes its sign.

    Parameters
    ----------
    low, high : float
        Parameter values between which it does; the signs at both are beyond three standard errors.
    loses : bool
        Whether the subspace attracts at `low` and repels at `high`.
    blow_out : Outcome
        YES where the orbits within the subspace are chaotic at both ends: a blow-out bifurcation.
        NO where they are cycles, which then bifurcate out of the subspace.

    Examples
    --------
    >>> from sympy.abc import a, x, y
    >>> from dynsys_gd import SymbolicMap, transverse_exponents
    >>> F = SymbolicMap([x / 2, a * y], [x, y])
    >>> found = transverse_exponents(F, [1, 0], "a", [0.9, 1.2], start=[1], steps=100, halvings=1)
    >>> round(found.crossings[0].low, 6), round(found.crossings[0].high, 6)
    (0.9, 1.05)
    """

    low: float
    high: float
    loses: bool
    blow_out: Outcome


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TransverseScan(Result):
    """The largest exponent normal to an invariant subspace, over a range of parameter values.

    Parameters
    ----------
    map : Map
        With the parameter open.
    restriction : SymbolicMap
    parameter : str
    values : ndarray, shape (r,)
        Rising; those that refinement added included.
    exponents, errors : ndarray, shape (r,)
        The largest normal exponent; NaN where every orbit escaped.
    along : ndarray, shape (r,)
        The largest exponent within the subspace.
    attracts, chaotic : ndarray of Outcome, shape (r,)
    crossings : tuple of TransverseCrossing
    evidence : Evidence
    """

    map: Map
    restriction: SymbolicMap
    parameter: str
    values: Numbers
    exponents: Numbers
    errors: Numbers
    along: Numbers
    attracts: NDArray[np.object_]
    chaotic: NDArray[np.object_]
    crossings: tuple[TransverseCrossing, ...]
    evidence: Evidence

    def __post_init__(self) -> None:
        arrays = (self.values, self.exponents, self.errors, self.along)
        for array in (*arrays, self.attracts, self.chaotic):
            array.setflags(write=False)

    def headline(self) -> str:
        r, name = len(self.values), self.parameter
        where = f"{r} values of {name} in [{self.values[0]:g}, {self.values[-1]:g}]"
        if not self.crossings:
            return f"Transverse exponents at {where}: no change of sign seen"
        count = len(self.crossings)
        kind = "change of sign" if count == 1 else "changes of sign"
        return f"Transverse exponents at {where}: {count} {kind}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe()), ("on the subspace", self.restriction.describe())]
        kinds = {
            Outcome.YES: "blow-out of a chaotic set",
            Outcome.NO: "bifurcation of a cycle",
            Outcome.UNDECIDED: "of a set not known to be chaotic",
        }
        for crossing in self.crossings[:6]:
            side = "loses" if crossing.loses else "gains"
            rows.append(
                (
                    f"{side} attraction",
                    f"{self.parameter} in [{crossing.low:.10g}, {crossing.high:.10g}], "
                    f"{kinds[crossing.blow_out]}",
                )
            )
        escaped = int(np.isnan(self.exponents).sum())
        if escaped:
            rows.append(("escaped", f"every orbit, at {escaped} values"))
        return [*rows, ("evidence", str(self.evidence))]

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            "parameter": self.parameter,
            **{n: plain(getattr(self, n)) for n in ("values", "exponents", "errors", "along")},
            "attracts": [outcome.value for outcome in self.attracts],
            "chaotic": [outcome.value for outcome in self.chaotic],
            "crossings": [
                [c.low, c.high, "loses" if c.loses else "gains", c.blow_out.value]
                for c in self.crossings
            ],
        }

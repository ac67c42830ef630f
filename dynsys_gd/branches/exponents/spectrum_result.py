"""Lyapunov spectra of orbits, with what is known of each exponent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence, Outcome
from ...maps.base import Map
from ...results import Result, plain
from .cycles import LEAST_GROWTH
from .pooled import PooledAverages, pooled

__all__ = ["LyapunovSpectrum", "OrbitCourse"]

Numbers = NDArray[np.float64]

_STANDARD_ERRORS = 3.0
_POWER_GROWTH = 20.0  # e^20 within the measurement: more than shear, which grows like a power


class OrbitCourse(Enum):
    """What an orbit did while its exponents were measured.

    APERIODIC: neither of the others. CYCLE: it came to a cycle of at most 64 points.
    UNSTABLE_CYCLE: it sits on one that repels, where it started or where rounding put it.
    ESCAPED: it is no number any more, or has no exponent.

    Examples
    --------
    >>> from dynsys_gd import lyapunov_spectrum, textbook
    >>> lyapunov_spectrum(textbook.logistic("13/4"), [0.3], steps=1_000).course
    (<OrbitCourse.CYCLE: 'on a cycle'>,)
    """

    APERIODIC = "aperiodic"
    CYCLE = "on a cycle"
    UNSTABLE_CYCLE = "on an unstable cycle"
    ESCAPED = "escaped"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class LyapunovSpectrum(Result):
    """The first k Lyapunov exponents of orbits.

    Parameters
    ----------
    map : Map
    exponents : ndarray, shape (n, k)
        Per step, natural logarithms, largest first; -inf where neighbours meet after finitely many
        steps, to rounding, NaN where an orbit escaped.
    errors : ndarray, shape (n, k)
        Standard errors; 0 on a cycle, where nothing is sampled.
    converged : ndarray of Outcome, shape (n, k)
        YES where the batches fluctuate about one value, NO where they drift, or where there is no
        exponent, UNDECIDED where that could not be told.
    course : tuple of OrbitCourse, length n
    periods : ndarray of int, shape (n,)
        Of the cycles; 0 elsewhere.
    collapsed : ndarray of bool, shape (n,)
        Whether two coordinates, apart at the start, ended equal or opposite to the last bit: the
        orbit has come to an invariant subspace, which rounding does not let it leave.
    dimension, dimension_error : ndarray, shape (n,)
        Kaplan and Yorke's dimension and its standard error; 0 on cycles, NaN where the exponents
        computed do not determine it.
    rates : ndarray, shape (batches, n, k)
        Means over successive batches.
    steps, transient : int
        Measured, and left out beforehand.
    volume_gap : float
        Largest difference between the sum of all exponents and the mean of log|det DF|, on a short
        stretch of the same orbits; NaN where not all exponents were computed.
    evidence : Evidence
    """

    map: Map
    exponents: Numbers
    errors: Numbers
    converged: NDArray[np.object_]
    course: tuple[OrbitCourse, ...]
    periods: NDArray[np.int64]
    collapsed: NDArray[np.bool_]
    dimension: Numbers
    dimension_error: Numbers
    rates: Numbers
    steps: int
    transient: int
    volume_gap: float
    evidence: Evidence

    def __post_init__(self) -> None:
        arrays = (self.exponents, self.errors, self.periods, self.collapsed, self.rates)
        for array in (*arrays, self.converged, self.dimension, self.dimension_error):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.exponents)

    def positive(self) -> NDArray[np.object_]:
        """Return whether each exponent is above zero, shape (n, k).

        YES needs growth beyond the error and beyond a power of the time; an exponent that has not
        settled is UNDECIDED, and so is one that vanishes to rounding.
        """
        answer = np.full(self.exponents.shape, Outcome.UNDECIDED, dtype=object)
        room = _STANDARD_ERRORS * self.errors + LEAST_GROWTH
        settled = self.converged == np.array(Outcome.YES, dtype=object)
        sampled = np.array([c in (OrbitCourse.APERIODIC, OrbitCourse.ESCAPED) for c in self.course])
        with np.errstate(invalid="ignore"):
            enough = (self.exponents * self.steps > _POWER_GROWTH) | ~sampled[:, None]
            answer[settled & (self.exponents > room) & enough] = Outcome.YES
            answer[settled & (self.exponents < -room)] = Outcome.NO
        return answer

    def pooled(self) -> PooledAverages:
        """Return the exponents of all orbits that did not escape, taken together."""
        kept = np.array([c is not OrbitCourse.ESCAPED for c in self.course], dtype=bool)
        return pooled(self.exponents[kept], self.errors[kept])

    def headline(self) -> str:
        n = len(self)
        if n == 1:
            shown = _listed(self.exponents[0], self.errors[0])
            course = self.course[0]
            if course is OrbitCourse.ESCAPED:
                return "Lyapunov spectrum: none, the orbit escaped"
            where = "" if course is OrbitCourse.APERIODIC else f", {self._course_text(0)}"
            return f"Lyapunov spectrum: {shown}{where}; {self._state(self.converged[0])}"
        together = self.pooled()
        if not together.orbits:
            return f"Lyapunov spectra of {n} orbits, all of which escaped"
        shown = _listed(together.values, together.errors)
        kept = [c is not OrbitCourse.ESCAPED for c in self.course]
        away = n - together.orbits
        orbits = f"{n} orbits ({away} escaped)" if away else f"{n} orbits"
        state = self._state(self.converged[kept].ravel())
        return f"Lyapunov spectra of {orbits}, on average {shown}; {state}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [
            ("map", self.map.describe()),
            ("measured", f"{self.steps} steps after {self.transient}, {len(self.rates)} batches"),
        ]
        if len(self) > 1:
            counts = {c: self.course.count(c) for c in OrbitCourse}
            rows.append(("orbits", ", ".join(f"{m} {c}" for c, m in counts.items() if m)))
            together = self.pooled()
            if together.orbits > 1:
                rows.append(("same exponents for all", str(together.alike)))
        if self.collapsed.any():
            count = int(self.collapsed.sum())
            rows.append(("collapsed", f"{count} onto |x_i| = |x_j|: rounding keeps orbits there"))
        known = self.dimension[np.isfinite(self.dimension)]
        if len(known) == 1:
            error = self.dimension_error[np.isfinite(self.dimension)][0]
            rows.append(("Kaplan-Yorke dimension", f"{known[0]:.6g} ± {error:.2g}"))
        elif len(known):
            low, high = f"{known.min():.5g}", f"{known.max():.5g}"
            rows.append(("Kaplan-Yorke dimension", low if low == high else f"{low} to {high}"))
        if np.isfinite(self.volume_gap):
            rows.append(("sum of exponents", f"log|det DF| within {self.volume_gap:.1e}"))
        return [*rows, ("evidence", str(self.evidence))]

    def to_dict(self) -> dict[str, Any]:
        names = ("exponents", "errors", "periods", "collapsed", "dimension", "dimension_error")
        return {
            **super().to_dict(),
            "map": self.map.describe(),
            **{name: plain(getattr(self, name)) for name in names},
            "converged": [[outcome.value for outcome in row] for row in self.converged],
            "course": [course.value for course in self.course],
            "steps": self.steps,
            "transient": self.transient,
            "volume_gap": plain(float(self.volume_gap)),
        }

    def _course_text(self, row: int) -> str:
        p = self.periods[row]
        return str(self.course[row]) + (f" of period {p}" if p else "")

    def _state(self, outcomes: NDArray[np.object_]) -> str:
        not_yet = sum(1 for o in outcomes if o is Outcome.NO)
        unknown = sum(1 for o in outcomes if o is Outcome.UNDECIDED)
        if not not_yet and not unknown:
            return "converged"
        parts = [f"{not_yet} not converged"] if not_yet else []
        parts += [f"{unknown} undecided"] if unknown else []
        return f"{' and '.join(parts)} of {len(outcomes)}"


def _listed(values: Numbers, errors: Numbers) -> str:
    shown = [
        f"{v:.6g}" + (f" ± {e:.1e}" if e > 0 else "")
        for v, e in zip(values[:3], errors[:3], strict=True)
    ]
    return ", ".join([*shown, "…"] if len(values) > 3 else shown)

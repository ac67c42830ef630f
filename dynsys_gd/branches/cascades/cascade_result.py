"""A cascade: the doubling points one after the other, their ratios, and where they tend to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...evidence import Evidence
from ...maps.base import Map
from ...results import Result, plain
from ..bifurcation_point import BifurcationPoint
from .doubling import Doubling
from .ending import CascadeEnd
from .extrapolated import Extrapolated, limit_of, ratios_of, tail_of

__all__ = ["Cascade"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Cascade(Result):
    """Flips of an orbit, of the doubled orbit, of the one doubled again, and so on.

    Parameters
    ----------
    map : Map
        With the parameter open.
    parameter : str
    doublings : tuple of Doubling
        In the order in which the orbits are born.
    passed : tuple of BifurcationPoint
        What else was met on the way from one flip to the next, such as the fold of a branch that
        begins backwards.
    end : CascadeEnd
    why : str
        Why there are no more, in a sentence.
    ended_at : BifurcationPoint or None
        What came instead of a flip.
    evidence : Evidence
    """

    map: Map
    parameter: str
    doublings: tuple[Doubling, ...]
    passed: tuple[BifurcationPoint, ...]
    end: CascadeEnd
    why: str
    ended_at: BifurcationPoint | None = None
    evidence: Evidence

    def __len__(self) -> int:
        return len(self.doublings)

    @cached_property
    def values(self) -> Array:
        """The doubling points, shape (n,): parameter values rounded to doubles."""
        return _frozen([doubling.value for doubling in self.doublings])

    @cached_property
    def intervals(self) -> Array:
        """Parameter values less and plus their errors, shape (n, 2)."""
        return _frozen([d.interval for d in self.doublings]).reshape(-1, 2)

    @property
    def periods(self) -> tuple[int, ...]:
        """Periods of the orbits that flip."""
        return tuple(doubling.period for doubling in self.doublings)

    @property
    def points(self) -> tuple[BifurcationPoint, ...]:
        """The flips themselves."""
        return tuple(doubling.point for doubling in self.doublings)

    @cached_property
    def _ratios(self) -> tuple[list[Any], list[float]]:
        errors = [doubling.error for doubling in self.doublings]
        return ratios_of([doubling.decimal for doubling in self.doublings], errors)

    @cached_property
    def ratios(self) -> Array:
        """Ratios (v_n - v_(n-1)) / (v_(n+1) - v_n) as they are, shape (n - 2,).

        They tend to Feigenbaum's δ = 4.6692… where the maximum is quadratic and areas shrink.
        """
        return _frozen([float(ratio) for ratio in self._ratios[0]])

    @cached_property
    def ratio_errors(self) -> Array:
        """How far each ratio may be off because the doubling points are, shape (n - 2,)."""
        return _frozen(self._ratios[1])

    @cached_property
    def extrapolated(self) -> Extrapolated | None:
        """The limit with all its digits, its error, and the rule; None where there is none."""
        errors = [doubling.error for doubling in self.doublings]
        return limit_of([doubling.decimal for doubling in self.doublings], errors)

    @property
    def limit(self) -> float:
        """Where the doubling points accumulate, extrapolated; NaN where they do not show it."""
        return float("nan") if self.extrapolated is None else float(self.extrapolated.value)

    @property
    def limit_error(self) -> float:
        """An estimate of the error of the limit; NaN where there is none."""
        return float("nan") if self.extrapolated is None else self.extrapolated.error

    @cached_property
    def delta(self) -> Extrapolated | None:
        """The limit of the ratios by Aitken's process, None for fewer than four ratios."""
        return tail_of(*self._ratios)

    @cached_property
    def scalings(self) -> Array:
        """Ratios of the splittings of orbits, each at its flip, to those of the next ones.

        Shape (n - 2,). They tend to Feigenbaum's |α| = 2.5029… where the ratios tend to δ.
        """
        s = np.array([doubling.splitting for doubling in self.doublings[1:]])
        return _frozen(s[:-1] / s[1:])

    def headline(self) -> str:
        name = self.parameter
        if not self.doublings:
            return f"Cascade without a doubling point: {self.why}"
        first, last = (f"{self.values[k]:.10g} (period {2 * self.periods[k]})" for k in (0, -1))
        if len(self) == 1:
            return f"Cascade with one doubling point, {name} = {first}"
        return f"Cascade of {len(self)} doubling points from {name} = {first} to {last}"

    def rows(self) -> list[tuple[str, str]]:
        rows = [("map", self.map.describe())]
        if len(self) > 1:
            listed = ", ".join(f"{value:.10g}" for value in self.values[:5])
            rows.append(("doubling points", listed + (", …" if len(self) > 5 else "")))
        if len(self.ratios):
            error = self.ratio_errors[-1]
            rows.append(("last ratio", f"{self.ratios[-1]:.10g} ± {error:.1e}, from the values"))
        if self.delta is not None:
            rows.append(("limit of the ratios", f"{self.delta.shown} (extrapolated)"))
        if len(self.scalings):
            rows.append(("last scaling", f"{self.scalings[-1]:.8g}"))
        if self.extrapolated is not None:
            rows.append(("limit", f"{self.extrapolated.shown} ({self.extrapolated.rule})"))
        rows.append(("ends", self.why))
        rows += [("passed", point.headline()) for point in self.passed[:2]]
        rows.append(("evidence", str(self.evidence)))
        return rows

    def to_dict(self) -> dict[str, Any]:
        limit = self.extrapolated
        return {
            **super().to_dict(),
            "parameter": self.parameter,
            "values": [str(doubling.decimal) for doubling in self.doublings],
            "errors": plain([doubling.error for doubling in self.doublings]),
            "grades": [doubling.evidence.grade.value for doubling in self.doublings],
            "periods": list(self.periods),
            "ratios": plain(self.ratios),
            "ratio_errors": plain(self.ratio_errors),
            "scalings": plain(self.scalings),
            "limit": None if limit is None else str(limit.value),
            "limit_error": None if limit is None else plain(limit.error),
            "limit_rule": None if limit is None else limit.rule,
            "passed": [point.to_dict() for point in self.passed],
            "end": self.end.name.lower(),
            "why": self.why,
        }


def _frozen(values: Any) -> Array:
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array

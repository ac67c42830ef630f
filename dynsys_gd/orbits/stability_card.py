"""What is known of the stability of one point, orbit or family, as a card."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..evidence import Evidence
from ..maps.base import Map
from ..results import Result, plain
from .critical_manifold import CriticalManifold, where_text
from .display import bounds_text, interval_text, stable_latex, value_text
from .kinds import CriticalKind, Kind
from .periodic_orbit import PeriodicOrbit

__all__ = ["Stability"]

_AT = 1e-9  # distance from -1 below which a neutral multiplier is taken for a flip
_CLOSE = 1e-5  # distance from the unit circle in which floating point decides nothing
_MOST = 8  # multipliers in one line


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Stability(Result):
    """Whether a point, orbit or family is stable, and for which step sizes.

    Parameters
    ----------
    map : Map
    orbit : PeriodicOrbit or None
        None for a family as a whole.
    family : CriticalManifold or None
        The regular family the point lies on; its directions have the multiplier 1 and are left
        out of `kind` and `step_sizes`, which speak of the transverse directions.
    kind : Kind
        UNDECIDED while it depends on an open parameter or on the point of a family.
    step_sizes : sympy Set or None
        Values of `parameter` for which all (transverse) multipliers lie inside the unit circle.
    parameter : str or None
    threshold : sympy number or None
        The upper end of `step_sizes`, at which stability is lost, where it is known exactly.
    threshold_bounds : tuple of two float, or None
        Certified bounds of the step size at which a minimum loses stability, where that is not
        known exactly; every step size between zero and the lower bound is stable.
    evidence : Evidence
    """

    map: Map
    orbit: PeriodicOrbit | None
    family: CriticalManifold | None
    kind: Kind
    step_sizes: sp.Set | None
    parameter: str | None
    threshold: sp.Expr | None
    evidence: Evidence
    threshold_bounds: tuple[float, float] | None = None

    @property
    def multipliers(self) -> NDArray[np.complex128] | None:
        """All multipliers of the orbit, rounded; None while a parameter is open."""
        return None if self.orbit is None else self.orbit.multipliers

    @property
    def exact_multipliers(self) -> tuple[sp.Expr, ...] | None:
        """All multipliers of the orbit, or the transverse ones of a family."""
        if self.orbit is not None:
            return self.orbit.exact_multipliers
        return None if self.family is None else self.family.transverse

    def headline(self) -> str:
        if self.orbit is None:
            return f"Stability of the family {self.family.where()}"  # type: ignore[union-attr]
        name = "fixed point" if self.orbit.period == 1 else f"orbit of period {self.orbit.period}"
        if self.kind is Kind.UNDECIDED:
            verdict = "depends on the open parameters" if self.map.parameters else "undecided"
            falls = self.orbit.critical in (CriticalKind.SADDLE, CriticalKind.MAXIMUM)
            if self.map.parameters and falls and self.step_sizes is sp.S.EmptySet:
                verdict = "stable for no step size"
        else:
            # Across a family the orbit's own count of multipliers is another one.
            verdict = self.orbit.kind_text() if self.family is None else str(self.kind)
            if self.family is not None:
                verdict += f" across the family {self.family.where()}"
        return f"Stability of the {name} {self.orbit.where()}: {verdict}"

    def rows(self) -> list[tuple[str, str]]:
        if self.orbit is None:
            shown = [] if self.family is None else self.family.rows()
            return [("map", self.map.describe()), *shown]
        rows = [("map", self.map.describe())]
        if self.orbit.period > 1:
            rows.append(self.orbit.rows()[0])
        if self.orbit.critical is not None:
            rows.append(("for the loss", str(self.orbit.critical)))
        rows += self._spectrum()
        rows += self._stable_rows()
        if self.family is not None and self.family.stable_part is not None:
            rows.append(("family is stable", where_text(self.family.stable_part)))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def _numbers(self) -> list[complex]:
        """Return the multipliers rounded, in the order in which they are shown."""
        assert self.multipliers is not None
        exact = self.exact_multipliers
        if exact is None or any(m.free_symbols for m in exact):
            return list(self.multipliers)
        return [complex(m.evalf(17)) for m in exact]

    def _spectrum(self) -> list[tuple[str, str]]:
        """Return rows on the multipliers, or on the Hessian while the step size is open."""
        assert self.orbit is not None
        rows, bounds = [], self.orbit.eigenvalue_bounds
        if self.exact_multipliers is not None:
            rows.append(("multipliers", _some(value_text(m) for m in self.exact_multipliers)))
        elif self.orbit.multiplier_bounds is not None:
            rows.append(("multipliers", _some(_bounded(*m) for m in self.orbit.multiplier_bounds)))
        elif bounds is None:
            rows.append(("multipliers", self.orbit.multipliers_text()))
        if self.multipliers is not None:
            rows.append(("their sizes", _some(f"{abs(m):.6g}" for m in self._numbers())))
        if bounds is not None and (self.multipliers is not None or not rows):
            rows.append(("Hessian eigenvalues", _some(bounds_text(*b) for b in bounds.tolist())))
        if self.kind is Kind.UNDECIDED and self.multipliers is not None and self.family is None:
            rows.append(("undecided", self._why_undecided()))
        if self.kind is Kind.NEUTRAL and self._at_flip():
            call = "normal_form(F, point)" if self.orbit.period == 1 else "normal_form(F, points)"
            rows.append(("multiplier -1", f"{call} tells how orbits of twice the period are born"))
        return rows

    def _why_undecided(self) -> str:
        if self.orbit is not None and self.orbit.multiplier_bounds is not None:
            return "the bounds of a multiplier reach the unit circle"
        sizes = np.abs(self.multipliers if self.multipliers is not None else np.empty(0))
        if (abs(sizes - 1) < _CLOSE).any():
            return "a multiplier is too close to the unit circle for floating point"
        return "the evidence is too weak for a verdict"

    def _at_flip(self) -> bool:
        return self.multipliers is not None and bool((abs(self.multipliers + 1) < _AT).any())

    def _stable_rows(self) -> list[tuple[str, str]]:
        assert self.orbit is not None
        rows = []
        if self.step_sizes is not None:
            rows.append(("stable for", interval_text(self.step_sizes, self.parameter or "")))
        elif self.threshold_bounds is not None:
            low, _ = self.threshold_bounds
            name = (self.parameter or "").replace("_", " ")
            wide = _digits(self.threshold_bounds).startswith("in ")
            top = f"{low:.6g}, at least" if wide else _digits(self.threshold_bounds)
            rows.append(("stable for", f"0 < {name} < {top}"))
        if self.threshold is not None:
            rows.append(("stability is lost at", value_text(self.threshold)))
        elif self.threshold_bounds is not None:
            rows.append(("stability is lost at", _digits(self.threshold_bounds)))
        if self.step_sizes is sp.S.EmptySet and self.orbit.critical is CriticalKind.UNDECIDED:
            text = "at every step size, as on a family: the linear part does not decide"
            rows.append(("multiplier 1", text))
        return rows

    def latex(self) -> str | None:
        if self.orbit is None:
            return None if self.family is None else self.family.latex()
        # The orbit by itself counts the multiplier 1 along a family; this card leaves it out.
        return self.orbit.latex_without_range() + stable_latex(self.step_sizes, self.parameter)

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "orbit": None if self.orbit is None else self.orbit.to_dict(),
            "family": None if self.family is None else self.family.to_dict(),
            "kind": self.kind.value,
            "step_sizes": None if self.step_sizes is None else str(self.step_sizes),
            "parameter": self.parameter,
            "threshold": plain(self.threshold),
            "threshold_bounds": plain(self.threshold_bounds),
        }


def _bounded(real: NDArray[np.float64], imaginary: NDArray[np.float64]) -> str:
    """Return a multiplier by the digits that its bounds agree on."""
    text = bounds_text(*real.tolist())
    if not imaginary.any():
        return text
    low, high = imaginary.tolist()
    sign = "-" if low + high < 0 else "+"
    if high < 0:
        low, high = -high, -low
    elif low < 0 < high:
        sign = "+"
    return f"{text} {sign} {bounds_text(low, high)} i"


def _digits(bounds: tuple[float, float]) -> str:
    text = bounds_text(*bounds)
    return text if bounds[0] == bounds[1] or text.startswith("in ") else f"{text}…"


def _some(texts: Iterable[str]) -> str:
    """Return texts in one line, the middle left out where they are many."""
    shown = list(texts)
    if len(shown) > _MOST:
        shown = [*shown[: _MOST - 2], "…", f"{shown[-1]} ({len(shown)} in all)"]
    return ", ".join(shown)

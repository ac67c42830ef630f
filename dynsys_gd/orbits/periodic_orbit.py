"""One fixed point or periodic orbit, with its multipliers and what they mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..evidence import Evidence, Outcome
from ..maps.base import Map
from ..results import Result, plain
from .algebra.number_field import AlgebraicPoint
from .display import (
    bounds_text,
    interval_text,
    latex_value,
    point_latex,
    point_text,
    stable_latex,
    value_text,
)
from .kinds import CriticalKind, Kind

__all__ = ["PeriodicOrbit"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PeriodicOrbit(Result):
    """A periodic orbit of least period p; a fixed point where p is 1.

    Parameters
    ----------
    map : Map
    points : ndarray, shape (p, d)
        The orbit in order, rounded to doubles; read-only.
    enclosure : ndarray, shape (p, d, 2) or None
        Certified lower and upper bounds of every coordinate.
    exact : tuple of p tuples of d sympy numbers, or None
        The coordinates as rationals, radicals or ``CRootOf``, or in terms of open parameters.
    multipliers : ndarray of complex, or None
        Eigenvalues of the product of the p Jacobians along the orbit, rounded; None while a
        parameter they depend on is open.
    exact_multipliers : tuple of sympy expressions, or None
        The same exactly, in the open parameters; None where the formulas would be out of hand.
    kind : Kind
        For the given parameter values; UNDECIDED while it depends on an open one.
    step_sizes : sympy Set or None
        All values of `parameter` for which every multiplier lies inside the unit circle.
    parameter : str or None
        Name of the parameter of `step_sizes`: the step size of a gradient map.
    critical : CriticalKind or None
        What the point is for the loss; None for maps without a loss and for longer periods.
    global_minimum : Outcome
        Whether the loss attains its lowest value here.
    loss_value : sympy number or None
    exists_where : sympy Set or None
        Values of `parameter` for which the orbit is real; None where no parameter is open.
    unique_in : ndarray, shape (p, d, 2), or None
        Bounds around the orbit between which there is no other orbit of the period; certified.
    multiplier_bounds : ndarray, shape (d, 2, 2), or None
        Certified lower and upper bounds of the real and the imaginary part of every multiplier;
        neighbours that could not be told apart share theirs.
    unstable : int or None
        How many multipliers lie outside the unit circle; None where that is not decided.
    flips : int or None
        How many of those are real and below -1, so that orbits leave on alternating sides.
    critical_step : tuple of two float, or None
        Certified bounds of the step size at which a minimum of the loss loses stability.
    eigenvalue_bounds : ndarray, shape (d, 2), or None
        Certified bounds of the eigenvalues of the Hessian at a critical point, ascending.
    residual : float or None
        Of a numerical orbit: the largest |F(x_k) - x_(k+1)| in the maximum norm.
    condition : float or None
        Of a numerical orbit: condition number of the linear system of Newton's method there.
    evidence : Evidence
    """

    map: Map
    points: NDArray[np.float64]
    enclosure: NDArray[np.float64] | None
    exact: tuple[tuple[sp.Expr, ...], ...] | None
    multipliers: NDArray[np.complex128] | None
    exact_multipliers: tuple[sp.Expr, ...] | None
    kind: Kind
    step_sizes: sp.Set | None
    parameter: str | None
    evidence: Evidence
    critical: CriticalKind | None = None
    global_minimum: Outcome = Outcome.UNDECIDED
    loss_value: sp.Expr | None = None
    exists_where: sp.Set | None = None
    unique_in: NDArray[np.float64] | None = None
    multiplier_bounds: NDArray[np.float64] | None = None
    unstable: int | None = None
    flips: int | None = None
    critical_step: tuple[float, float] | None = None
    eigenvalue_bounds: NDArray[np.float64] | None = None
    residual: float | None = None
    condition: float | None = None
    algebraic: tuple[AlgebraicPoint, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        arrays = (self.points, self.enclosure, self.multipliers, self.unique_in)
        for array in (*arrays, self.multiplier_bounds, self.eigenvalue_bounds):
            if array is not None:
                array.setflags(write=False)

    @property
    def period(self) -> int:
        """The least period."""
        return len(self.points)

    def headline(self) -> str:
        name = "FixedPoint" if self.period == 1 else f"PeriodicOrbit of period {self.period}"
        role = "" if self.critical is None else f", {self._role()} of the loss"
        kind = "" if self.kind is Kind.UNDECIDED else f": {self.kind_text()}"
        return f"{name} {self.where()}{kind}{role}"

    def kind_text(self) -> str:
        """Return the kind in words, with the side on which orbits leave where that is known."""
        if self.kind is not Kind.SADDLE:
            return str(self.kind)
        outside = self.unstable
        flips = self.flips
        if outside is None and self.multipliers is not None:
            beyond = self.multipliers[np.abs(self.multipliers) > 1]
            outside, flips = len(beyond), int(np.sum(beyond.real < 0))
        if outside != 1 or flips is None:
            return str(self.kind)
        return "flip saddle" if flips else "regular saddle"  # one alone outside is real

    def where(self) -> str:
        """Return the first point in words."""
        return point_text(self.points[0], None if self.exact is None else self.exact[0])

    def _role(self) -> str:
        if self.critical is CriticalKind.UNDECIDED:
            return "critical point"
        lowest = self.global_minimum is Outcome.YES and self.critical is CriticalKind.MINIMUM
        return f"global {self.critical}" if lowest else str(self.critical)

    def rows(self) -> list[tuple[str, str]]:
        rows = []
        if self.period > 1:
            exact = self.exact or (None,) * self.period
            chain = [point_text(p, e) for p, e in zip(self.points, exact, strict=True)]
            shown = chain if self.period <= 4 else [*chain[:4], "…"]
            rows.append(("orbit", " → ".join(shown)))
        rows.append(self.spectrum())
        if self.step_sizes is not None:
            rows.append(("stable for", interval_text(self.step_sizes, self.parameter or "")))
        if self.exists_where is not None and self.exists_where != sp.S.Reals:
            rows.append(("real for", interval_text(self.exists_where, self.parameter or "")))
        if self.critical_step is not None:
            rows.append(("critical step size", bounds_text(*self.critical_step)))
        if self.enclosure is not None and self.exact is None:
            width = float(np.max(self.enclosure[..., 1] - self.enclosure[..., 0]))
            rows.append(("enclosed", f"every coordinate to {width:.2g}"))
        if self.residual is not None:
            rows.append(("residual", f"{self.residual:.2g}"))
        if self.condition is not None:
            rows.append(("condition", f"{self.condition:.2g}"))
        if self.loss_value is not None:
            rows.append(("loss", value_text(self.loss_value)))
        rows.append(("evidence", str(self.evidence)))
        return rows

    def multipliers_text(self) -> str:
        """Return the multipliers in one line, exact where they are short."""
        if self.exact_multipliers is not None:
            texts = [value_text(m) for m in self.exact_multipliers]
            if len(", ".join(texts)) <= 90:
                return ", ".join(texts)
        if self.multipliers is None:
            return "functions of the open parameters, too long for a line"
        texts = [_number(m) for m in self.multipliers]
        if len(texts) > 8:
            texts = [*texts[:6], "…", f"{texts[-1]} ({len(texts)} in all)"]
        return ", ".join(texts)

    def spectrum(self) -> tuple[str, str]:
        """Return what is known of the linear part: its name and its values in one line.

        These are the multipliers, or the eigenvalues of the Hessian where the step size is open.
        """
        known = self.multipliers is not None or self.exact_multipliers is not None
        if known or self.eigenvalue_bounds is None:
            return "multipliers", self.multipliers_text()
        pairs = self.eigenvalue_bounds.tolist()
        texts = [bounds_text(float(f"{low:.6g}"), float(f"{high:.6g}")) for low, high in pairs]
        return "Hessian eigenvalues", ", ".join(texts)

    def latex(self) -> str:
        """Return the orbit, its multipliers and where it is stable as a formula."""
        return self.latex_without_range() + stable_latex(self.step_sizes, self.parameter)

    def latex_without_range(self) -> str:
        """Return the orbit and its multipliers as a formula."""
        exact = self.exact or (None,) * self.period
        chain = r" \to ".join(point_latex(p, e) for p, e in zip(self.points, exact, strict=True))
        if self.exact_multipliers is None:
            return chain
        values = ", ".join(latex_value(m) for m in self.exact_multipliers)
        return rf"{chain},\quad \mu \in \left\{{{values}\right\}}"

    def to_dict(self) -> dict[str, Any]:
        return {
            **super().to_dict(),
            "period": self.period,
            "points": plain(self.points),
            "enclosure": plain(self.enclosure),
            "exact": plain(self.exact),
            "multipliers": plain(self.multipliers),
            "exact_multipliers": plain(self.exact_multipliers),
            "kind": self.kind.value,
            "step_sizes": None if self.step_sizes is None else str(self.step_sizes),
            "parameter": self.parameter,
            "critical": None if self.critical is None else self.critical.value,
            "global_minimum": self.global_minimum.value,
            "loss_value": plain(self.loss_value),
            "unique_in": plain(self.unique_in),
            "multiplier_bounds": plain(self.multiplier_bounds),
            "unstable": self.unstable,
            "flips": self.flips,
            "critical_step": plain(self.critical_step),
            "eigenvalue_bounds": plain(self.eigenvalue_bounds),
            "residual": self.residual,
            "condition": self.condition,
        }


def _number(value: complex) -> str:
    if abs(value.imag) == 0:
        return f"{value.real:.6g}"
    return f"{value.real:.6g}{value.imag:+.6g}i"

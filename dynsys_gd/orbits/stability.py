"""The stability card of one point, orbit or family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..errors import InvalidInput
from ..evidence import Evidence, Grade, Outcome
from ..maps.base import Map, exact_coordinates
from ..maps.gradient_map import GradientMap
from ..results import Result, plain
from ..values import is_exact
from .algebra.cycles import cycle_of
from .algebra.number_field import AlgebraicPoint
from .algebra.polynomials import rational_polynomials
from .algebra.spectra import real_eigenvalues
from .critical_manifold import CriticalManifold, where_text
from .display import interval_text, stable_latex, value_text
from .exact.exact_points import exact_point, jacobian_rank
from .exact.gradient_sets import FLOAT_REASON, PROOF, critical_orbit
from .exact.landscape import Landscape, local_form
from .exact.map_sets import orbit_of, request_of
from .fixed_points import fixed_points
from .kinds import Kind, kind_of
from .periodic_orbit import PeriodicOrbit
from .update_rules import rule_at

__all__ = ["Stability", "stability"]


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
        The upper end of `step_sizes`, at which stability is lost.
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
        else:
            verdict = str(self.kind)
            if self.family is not None:
                verdict += f" across the family {self.family.where()}"
        return f"Stability of the {name} {self.orbit.where()}: {verdict}"

    def rows(self) -> list[tuple[str, str]]:
        if self.orbit is None:
            shown = [] if self.family is None else self.family.rows()
            return [("map", self.map.describe()), *shown]
        rows = [("map", self.map.describe())]
        if self.orbit.critical is not None:
            rows.append(("for the loss", str(self.orbit.critical)))
        if self.exact_multipliers is not None:
            rows.append(("multipliers", ", ".join(value_text(m) for m in self.exact_multipliers)))
        if self.multipliers is not None:
            sizes = ", ".join(f"{abs(m):.6g}" for m in self.multipliers)
            rows.append(("their sizes", sizes))
        if self.step_sizes is not None:
            rows.append(("stable for", interval_text(self.step_sizes, self.parameter or "")))
        if self.threshold is not None:
            rows.append(("stability is lost at", value_text(self.threshold)))
        if self.family is not None and self.family.stable_part is not None:
            rows.append(("family is stable", where_text(self.family.stable_part)))
        rows.append(("evidence", str(self.evidence)))
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
        }


def stability(
    F: Map, orbit: PeriodicOrbit | CriticalManifold | Sequence[Any], *, seconds: float = 20
) -> Stability:
    """Return the stability card of a fixed point, a periodic orbit or a family.

    Parameters
    ----------
    F : Map
    orbit : PeriodicOrbit, CriticalManifold, or the coordinates of a fixed point
        Exact coordinates (fractions, text such as ``"1/3"``, sympy numbers) get an exact answer.
        A fixed point or family of another step size is looked at under F; a longer orbit must be
        one of F.
    seconds : float
        Time limit for finding the family on which a degenerate point lies.

    Returns
    -------
    Stability
        Multipliers, kind, and where it can be said the exact set of stable step sizes.

    Raises
    ------
    InvalidInput
        For a point that is not fixed, an orbit of another map, or a map that is no polynomial.

    Examples
    --------
    >>> from sympy.abc import eta, x, y
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size=eta)
    >>> card = stability(F, [2, "1/2"])
    >>> card.step_sizes, card.threshold
    (Interval.open(0, 8/17), 8/17)
    >>> stability(F.at(eta="8/17"), [2, "1/2"]).kind
    <Kind.NEUTRAL: 'neutral'>
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map")
    if isinstance(orbit, CriticalManifold):
        family = orbit if _is_of(F, orbit) else _same_family(F, orbit, seconds)
        return _card(F, None, family, Kind.UNDECIDED, None, family.evidence)
    if isinstance(orbit, PeriodicOrbit):
        if orbit.map is F or orbit.period > 1 or not orbit.algebraic:
            if not _is_of(F, orbit):
                raise _of_another_map(F, orbit)
            return _card(F, orbit, None, orbit.kind, orbit.step_sizes, orbit.evidence)
        return _at_point(F, orbit.algebraic[0], orbit.evidence.grade is Grade.PROVED, seconds)
    sizes = {F.dimension} if F.loss is None else {F.loss.dimension, F.dimension}
    values = exact_coordinates(orbit, "orbit", sizes)
    exact = all(is_exact(value) for value in values)
    return _at_point(F, exact_point(values), exact, seconds)


def _is_of(F: Map, orbit: PeriodicOrbit | CriticalManifold) -> bool:
    """Return whether the multipliers of `orbit` are those under F, not under another step size."""
    return orbit.map is F or orbit.map == F


def _of_another_map(F: Map, orbit: PeriodicOrbit | CriticalManifold) -> InvalidInput:
    return InvalidInput(
        "orbit",
        f"one of another map, {orbit.map.describe()}",
        f"an orbit of F, {F.describe()}",
        "find it with fixed_points(F) or periodic_orbits(F, period=...)",
    )


def _same_family(F: Map, orbit: CriticalManifold, seconds: float) -> CriticalManifold:
    for family in fixed_points(F, seconds=seconds).families:
        if family.equations == orbit.equations and family.variables == orbit.variables:
            return family
    raise _of_another_map(F, orbit)


def _card(
    F: Map,
    orbit: PeriodicOrbit | None,
    family: CriticalManifold | None,
    kind: Kind,
    step_sizes: sp.Set | None,
    evidence: Evidence,
) -> Stability:
    threshold = None
    if isinstance(step_sizes, sp.Interval) and step_sizes.end.is_finite:
        threshold = step_sizes.end
    return Stability(
        map=F,
        orbit=orbit,
        family=family,
        kind=kind,
        step_sizes=step_sizes,
        parameter=None if orbit is None else orbit.parameter,
        threshold=threshold,
        evidence=evidence,
    )


def _at_point(F: Map, point: AlgebraicPoint, exact: bool, seconds: float) -> Stability:
    evidence = PROOF if exact and F.exact else PROOF.weakened_to(Grade.NUMERICAL, FLOAT_REASON)
    form = None if F.loss is None else F.loss.symbolic
    if isinstance(F, GradientMap) and form is not None:
        read = rational_polynomials([form.bound], form.variables)
        if read is not None:
            landscape = Landscape.of(form.bound, read[0][0])
            return _critical_card(F, landscape, point, evidence, seconds)
    read = None
    if F.expression is not None:
        read = rational_polynomials(list(F.expression), F.variables)
    if read is None:
        raise InvalidInput(
            "F",
            F.describe(),
            "a polynomial map with rational coefficients, only the step size of a loss open",
            "numpy.linalg.eigvals(F.jacobian_at(point)) gives multipliers in floating point",
        )
    polynomials = read[0]
    _refuse_moving(
        point,
        [point.evaluate(p) - x for p, x in zip(polynomials, point.coordinates, strict=True)],
    )
    found = orbit_of(F, cycle_of(request_of(polynomials, 1), [point]), evidence)
    return _card(F, found, None, found.kind, None, evidence)


def _refuse_moving(point: AlgebraicPoint, residuals: Sequence[Any]) -> None:
    if any(not point.reduced(r).is_zero() for r in residuals):
        largest = max(abs(float(point.tight(r).mid())) for r in residuals)
        raise InvalidInput(
            "orbit",
            point.approximate,
            "a fixed point, exactly",
            f"the residual is {largest:.3g}; take one of fixed_points(F), or exact coordinates",
        )


def _critical_card(
    F: GradientMap,
    landscape: Landscape,
    point: AlgebraicPoint,
    evidence: Evidence,
    seconds: float,
) -> Stability:
    size = F.loss.dimension
    start = AlgebraicPoint(point.points.first(size), point.place)
    _refuse_moving(start, [start.evaluate(g) for g in landscape.gradient])
    rule, form = rule_at(F), local_form(landscape, start)
    found = critical_orbit(F, rule, start, form)
    family = None
    if form.signs[1]:
        family = _family_through(F, start, form.signs[1], seconds)
    if family is None:
        return _card(F, found, None, found.kind, found.step_sizes, evidence)
    # The kernel of the Hessian is the tangent space of the family: the rest is transverse.
    numbers = real_eigenvalues(start, form.polynomial)
    across = None if numbers is None else [n for n in numbers if n.compare(0)]
    if across is None:
        return _card(F, found, family, Kind.UNDECIDED, None, evidence)
    count = rule.count(across)
    intervals = rule.stable_step_sizes(across)
    return _card(
        F,
        found,
        family,
        Kind.UNDECIDED if count is None else kind_of(count),
        None if intervals is None else intervals.to_sympy(),
        evidence,
    )


def _family_through(
    F: GradientMap, point: AlgebraicPoint, kernel: int, seconds: float
) -> CriticalManifold | None:
    """Return the family through a point whose tangent space there is the kernel of the Hessian."""
    for family in fixed_points(F, seconds=seconds).families:
        read = rational_polynomials(family.equations, family.variables)
        if read is None or family.dimension != kernel:
            continue
        on_it = all(point.evaluate(p).is_zero() for p in read[0])
        if on_it and (
            family.smooth is Outcome.YES or jacobian_rank(point, read[0]) == family.codimension
        ):
            return family
    return None

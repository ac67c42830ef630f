"""The stability of one point, orbit or family: which answer fits what was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from ..errors import InvalidInput
from ..evidence import Evidence, Grade, Outcome
from ..maps.base import Map
from ..maps.gradient_map import GradientMap
from ..values import is_exact
from .algebra.cycles import cycle_of
from .algebra.number_field import AlgebraicPoint
from .algebra.polynomials import rational_polynomials
from .algebra.spectra import real_eigenvalues
from .certified.given_points import Row, given_rows, unproved_near
from .certified.nearby import certified_near
from .critical_manifold import CriticalManifold
from .exact.exact_points import exact_point, jacobian_rank
from .exact.gradient_sets import FLOAT_REASON, PROOF, critical_orbit, never_stable
from .exact.landscape import Landscape, local_form
from .exact.map_sets import orbit_of, request_of
from .exact.time_limit import checked_seconds
from .fixed_points import fixed_points
from .kinds import CriticalKind, Kind, kind_of
from .known_points import known_point
from .periodic_orbit import PeriodicOrbit
from .stability_card import Stability
from .update_rules import rule_at

__all__ = ["Stability", "stability"]


def stability(
    F: Map,
    orbit: PeriodicOrbit | CriticalManifold | Sequence[Any],
    *,
    seconds: float = 20,
) -> Stability:
    """Return the stability card of a fixed point, a periodic orbit or a family.

    Parameters
    ----------
    F : Map
    orbit : PeriodicOrbit, CriticalManifold, d coordinates, or p rows of d coordinates
        A fixed point, or the points of a longer orbit in order. Exact coordinates (fractions,
        text such as ``"1/3"``, sympy numbers such as ``pi/2``) get an exact answer where algebra
        reaches; floats may be rounded, and the orbit next to them is proved. A fixed point or
        family of another step size is looked at under F; a longer orbit must be one of F.
    seconds : float
        Time limit for finding the family on which a degenerate point lies.

    Returns
    -------
    Stability
        Multipliers, kind, and the set of stable step sizes: exact, or by certified bounds of its
        end. Where the bounds of a multiplier reach the unit circle, the kind is UNDECIDED.

    Raises
    ------
    InvalidInput
        For exact coordinates that are not fixed, floats without a proved orbit near them (how
        near is said in Notes), an orbit of another map, a map with kinks or without a symbolic
        form; and where parameters of a map without a loss are open, for points that are not listed
        by `fixed_points`.

    Notes
    -----
    Floats count as rounded: an orbit within one unit of the last decimal is meant, but no less
    than 1e-6 and no more than 1e-3 of max(1, largest coordinate). It is found by Newton's method
    and proved by Krawczyk's test [1]_. Of points that solve the equations to rounding where a
    multiplier is 1, nothing is proved, and the card says so.

    References
    ----------
    .. [1] Krawczyk (1969), Newton-Algorithmen zur Bestimmung von Nullstellen mit
       Fehlerschranken.

    Examples
    --------
    >>> from sympy import cosh, log
    >>> from sympy.abc import eta, x, y
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size=eta)
    >>> card = stability(F, [2, "1/2"])
    >>> card.step_sizes, card.threshold
    (Interval.open(0, 8/17), 8/17)
    >>> stability(F.at(eta="8/17"), [2, "1/2"]).kind
    <Kind.NEUTRAL: 'neutral'>
    >>> G = GradientDescent(Loss(log(cosh(x)) + x**2 / 2 - x, [x]), step_size=eta)
    >>> [round(bound, 12) for bound in stability(G, [0.521298]).threshold_bounds]
    [1.129404430606, 1.129404430606]
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    seconds = checked_seconds(seconds)
    if isinstance(orbit, CriticalManifold):
        family = orbit if _is_of(F, orbit) else _same_family(F, orbit, seconds)
        return _card(F, None, family, Kind.UNDECIDED, None, family.evidence)
    if isinstance(orbit, PeriodicOrbit):
        return _of_orbit(F, orbit, seconds)
    rows = given_rows(F, orbit)
    card = None
    if len(rows) == 1 and F.loss is None and F.parameters:
        listed = _listed(F, rows[0], seconds)
        return _card(F, listed, None, listed.kind, listed.step_sizes, listed.evidence)
    if len(rows) == 1 and all(value.is_algebraic or not is_exact(value) for value in rows[0]):
        exact = all(is_exact(value) for value in rows[0])
        card = _at_point(F, exact_point(rows[0]), exact, seconds)
    return _near(F, rows) if card is None else card


def _of_orbit(F: Map, orbit: PeriodicOrbit, seconds: float) -> Stability:
    if _is_of(F, orbit) and (orbit.map is F or orbit.period > 1 or not orbit.algebraic):
        return _card(F, orbit, None, orbit.kind, _step_sizes(F, orbit), orbit.evidence)
    if orbit.period > 1:
        raise _of_another_map(F, orbit)
    if orbit.algebraic:
        exact = orbit.evidence.grade is Grade.PROVED
        card = _at_point(F, orbit.algebraic[0], exact, seconds)
        if card is not None:
            return card
    return _near(F, given_rows(F, orbit.points[0] if orbit.exact is None else orbit.exact[0]))


def _listed(F: Map, row: Row, seconds: float) -> PeriodicOrbit:
    """Return the fixed point at `row` of a map with open parameters, whatever their values."""
    for orbit in fixed_points(F, seconds=seconds).orbits:
        exact = orbit.exact
        if exact is not None and all(
            sp.simplify(own - given) == 0 for own, given in zip(exact[0], row, strict=True)
        ):
            return orbit
    raise InvalidInput(
        "orbit",
        row,
        f"a point that is fixed for every {', '.join(F.parameters)}",
        f"take one of fixed_points(F), or give values with F.at({F.parameters[0]}=...)",
    )


def _near(F: Map, rows: tuple[Row, ...]) -> Stability:
    """Return the card of the orbit that is proved next to the given points."""
    found = certified_near(F, rows, len(rows))
    if len(rows) == 1:
        point = rows[0] if found is None or found.exact is None else found.exact[0]
        found = _better(found, known_point(F, point))
    if found is None:
        found = unproved_near(F, rows)
    return _card(F, found, None, found.kind, _step_sizes(F, found), found.evidence)


def _step_sizes(F: Map, orbit: PeriodicOrbit) -> sp.Set | None:
    """Return the stable step sizes; none at a certified saddle or maximum of the loss."""
    falls = orbit.critical in (CriticalKind.SADDLE, CriticalKind.MAXIMUM)
    if orbit.step_sizes is None and falls and orbit.enclosure is not None:
        return never_stable(rule_at(F)) if isinstance(F, GradientMap) else None
    return orbit.step_sizes


def _better(found: PeriodicOrbit | None, known: PeriodicOrbit | None) -> PeriodicOrbit | None:
    """Return the exact answer where there is one, with the box in which the point is alone."""
    if found is None or known is None:
        return found if known is None else known
    alone, own = found.unique_in, known.enclosure
    if alone is None or own is None:
        return known
    inside = (alone[..., 0] <= own[..., 0]) & (own[..., 1] <= alone[..., 1])
    return replace(known, unique_in=alone.copy()) if inside.all() else known


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
    bounds = None if orbit is None or step_sizes is not None else orbit.critical_step
    return Stability(
        map=F,
        orbit=orbit,
        family=family,
        kind=kind,
        step_sizes=step_sizes,
        parameter=None if orbit is None else orbit.parameter,
        threshold=threshold,
        evidence=evidence,
        threshold_bounds=bounds,
    )


def _at_point(F: Map, point: AlgebraicPoint, exact: bool, seconds: float) -> Stability | None:
    """Return the card by exact algebra; None where it does not reach, or floats are not fixed."""
    evidence = PROOF if exact and F.exact else PROOF.weakened_to(Grade.NUMERICAL, FLOAT_REASON)
    form = None if F.loss is None else F.loss.symbolic
    if isinstance(F, GradientMap) and form is not None:
        read = rational_polynomials([form.bound], form.variables)
        if read is not None:
            landscape = Landscape.of(form.bound, read[0][0])
            size = F.loss.dimension
            start = AlgebraicPoint(point.points.first(size), point.place)
            slopes = [start.evaluate(g) for g in landscape.gradient]
            moved = zip(point.coordinates[size:], point.coordinates, strict=False)
            if not _stays(point, [*slopes, *(a - b for a, b in moved)], exact):
                return None
            return _critical_card(F, landscape, start, evidence, seconds)
    read = None
    if F.expression is not None:
        read = rational_polynomials(list(F.expression), F.variables)
    if read is None:
        return None
    polynomials = read[0]
    if len(point.coordinates) != len(polynomials):
        return None
    gaps = [point.evaluate(p) - x for p, x in zip(polynomials, point.coordinates, strict=True)]
    if not _stays(point, gaps, exact):
        return None
    found = orbit_of(F, cycle_of(request_of(polynomials, 1), [point]), evidence)
    return _card(F, found, None, found.kind, None, evidence)


def _stays(point: AlgebraicPoint, residuals: Sequence[Any], exact: bool) -> bool:
    """Return whether the point is fixed; an exact one that is not is refused."""
    if all(point.reduced(r).is_zero() for r in residuals):
        return True
    if exact:
        largest = max(abs(float(point.tight(r).mid())) for r in residuals)
        raise InvalidInput(
            "orbit",
            point.approximate,
            "a fixed point, exactly",
            f"the residual is {largest:.3g}; take one of fixed_points(F), exact coordinates, or "
            "floats where they are rounded",
        )
    return False


def _critical_card(
    F: GradientMap,
    landscape: Landscape,
    start: AlgebraicPoint,
    evidence: Evidence,
    seconds: float,
) -> Stability:
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

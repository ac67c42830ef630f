"""Fixed points of gradient maps: the critical points of the loss with their multipliers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...errors import DynsysError, TimeLimitReached
from ...evidence import Evidence, Grade, Outcome
from ...maps.gradient_map import GradientMap
from ...regions import Ball, Box, Region
from ..algebra.cycle import cycle_of, request_of
from ..algebra.decomposition import System, as_terms
from ..algebra.effort import check_time
from ..algebra.number_field import AlgebraicPoint
from ..algebra.polynomials import rational_polynomials, ring, to_flint
from ..algebra.quotient import ConjugatePoints
from ..algebra.real_algebraic import RealAlgebraic
from ..algebra.spectra import eigenvalue_balls, real_eigenvalues
from ..kinds import CriticalKind, Kind, kind_of
from ..orbit_set import OrbitSet
from ..periodic_orbit import PeriodicOrbit
from ..update_rules import RuleAt, rule_at
from .enclosures import LONGEST_EXACT, bounds, exact_coordinates, lies_in
from .gradient_families import gradient_family
from .landscape import Landscape, LocalForm, attains_bound, local_forms
from .time_limit import AlgebraFailed, overall_limit, solved

__all__ = [
    "FLOAT_REASON",
    "PROOF",
    "critical_orbit",
    "gradient_fixed_points",
    "in_time",
    "instead",
    "multiplier_numbers",
    "never_stable",
    "undecided",
]

PROOF = Evidence(
    grade=Grade.PROVED,
    reason="exact algebra: Gröbner bases split by factors, real roots isolated",
    sources=("gianni1988grobner", "johansson2017arb"),
)
FLOAT_REASON = 'a floating-point number was given; write "1/10" for one tenth'


def _system(polynomials: Sequence[sp.Poly]) -> System:
    """Return the equations polynomial = 0 as plain data."""
    size = len(polynomials[0].gens)
    base = ring(size)
    return System(size, tuple(as_terms(to_flint(p, base)) for p in polynomials))


def undecided(title: str, reason: str, region: Region | None) -> OrbitSet:
    """Return an empty list that claims nothing."""
    return OrbitSet(
        title=title,
        orbits=(),
        complete=False,
        why=f"undecided: {reason}",
        region=region,
        evidence=Evidence(grade=Grade.NUMERICAL, reason=f"nothing was decided: {reason}"),
    )


def instead(region: Region | None) -> str:
    """Return what to do where exact algebra has no answer and the map is written as a formula."""
    if isinstance(region, (Box, Ball)):
        return "method=Krawczyk() searches the region with proof"
    return "give a Box for a certified search"


def in_time(
    find: Callable[[], OrbitSet], title: str, region: Region | None, seconds: float
) -> OrbitSet:
    """Return what `find` gives, or an empty list that claims nothing where it takes too long."""
    try:
        with overall_limit(seconds):
            return find()
    except (AlgebraFailed, TimeLimitReached) as error:
        return undecided(title, f"{error}; {instead(region)}", region)


def gradient_fixed_points(
    F: GradientMap, loss: sp.Expr, title: str, region: Region | None, seconds: float
) -> OrbitSet:
    """Return the fixed points of a gradient map whose loss is a polynomial in its variables."""
    variables = F.loss.symbolic.variables  # type: ignore[union-attr]
    read = rational_polynomials([loss], variables)
    if read is None:
        return undecided(
            title,
            f"the loss is not a polynomial with rational coefficients; {instead(region)}",
            region,
        )
    (polynomial,), exact_loss = read
    floats = {number: sp.Rational(number) for number in loss.atoms(sp.Float)}
    landscape = Landscape.of(loss.xreplace(floats), polynomial)
    try:
        found = solved(_system(landscape.gradient), seconds)
    except DynsysError as error:
        return undecided(title, f"{error}; {instead(region)}", region)
    rule = rule_at(F)
    forms = local_forms(landscape, found.points)
    orbits = []
    for point, form in zip(found.points, forms, strict=True):
        check_time()
        orbits.append(critical_orbit(F, rule, point, form))
    families = tuple(
        gradient_family(F, rule, landscape, family, PROOF) for family in found.families
    )
    orbits = _with_global_minima(landscape, found.points, forms, orbits, bool(families))
    inside = [orbit for orbit in orbits if lies_in(orbit.algebraic[0], region)]
    evidence = PROOF
    reasons = [] if exact_loss else ["in the loss " + FLOAT_REASON]
    if not rule.exact:
        reasons.append("among the settings " + FLOAT_REASON)
    if reasons:
        evidence = PROOF.weakened_to(Grade.NUMERICAL, "; ".join(reasons))
    families_note = "; families are listed whole, also outside the region" if families else ""
    return OrbitSet(
        title=title,
        orbits=tuple(replace(orbit, evidence=evidence) for orbit in inside),
        families=tuple(replace(family, evidence=evidence) for family in families),
        complete=True,
        why="every real solution of gradient = 0 is in one of the listed sets"
        + (families_note if region is not None else ""),
        region=region,
        meetings=found.meetings,
        evidence=evidence,
    )


def critical_orbit(
    F: GradientMap, rule: RuleAt, point: AlgebraicPoint, form: LocalForm
) -> PeriodicOrbit:
    """Return a critical point as a fixed point of the map."""
    eigenvalues = real_eigenvalues(point, form.polynomial)
    state = AlgebraicPoint(
        ConjugatePoints(point.points.modulus, point.points.coordinates * F.blocks), point.place
    )
    exact = exact_coordinates(point)
    stable = None
    if form.signs[0] or form.signs[1]:
        stable = never_stable(rule)
    if stable is None and eigenvalues is not None:
        intervals = rule.stable_step_sizes(eigenvalues)
        stable = None if intervals is None else intervals.to_sympy()
    value = point.number(form.value).to_sympy() if exact is not None else None
    return PeriodicOrbit(
        map=F,
        points=np.array([state.approximate]),
        enclosure=bounds([state]),
        exact=None if exact is None else (exact * F.blocks,),
        multipliers=_multipliers(rule, point, form, eigenvalues),
        exact_multipliers=_exact_multipliers(rule, eigenvalues),
        kind=_kind(F, rule, point, eigenvalues),
        step_sizes=stable,
        parameter=rule.parameter,
        critical=form.kind,
        loss_value=value,
        evidence=PROOF,
        algebraic=(state,),
    )


def never_stable(rule: RuleAt) -> sp.Set | None:
    """Return the empty set where an eigenvalue that is not positive excludes stability."""
    if rule.regions is None:
        return None
    below = [RealAlgebraic.rational(-1), RealAlgebraic.rational(0)]
    bounded = all(low is not None and low.compare(0) >= 0 for low, _ in rule.regions.stable.pairs)
    excluded = not any(rule.regions.stable.contains(value) for value in below)
    return sp.S.EmptySet if bounded and excluded else None


def _exact_multipliers(
    rule: RuleAt, eigenvalues: list[RealAlgebraic] | None
) -> tuple[sp.Expr, ...] | None:
    if eigenvalues is None or rule.multiplier is None:
        return None
    found: list[sp.Expr] = []
    for value in eigenvalues:
        roots = rule.multiplier.values(rule.step * value.to_sympy())
        if roots is None:
            return None
        found += roots
    return tuple(found)


def _multipliers(
    rule: RuleAt,
    point: AlgebraicPoint,
    form: LocalForm,
    eigenvalues: list[RealAlgebraic] | None,
) -> NDArray[np.complex128] | None:
    if eigenvalues is not None:
        return multiplier_numbers(rule, [float(value) for value in eigenvalues])
    balls = eigenvalue_balls(point, form.polynomial)
    return multiplier_numbers(rule, sorted(float(b.real.mid()) for b in balls))


def multiplier_numbers(rule: RuleAt, eigenvalues: Sequence[float]) -> NDArray[np.complex128] | None:
    """Return the multipliers of Hessian eigenvalues, or None while a setting is open."""
    if rule.multiplier is None or rule.step_number is None or rule.regions is None:
        return None
    step = float(rule.step_number)
    polynomial = sp.Poly(rule.multiplier.polynomial, rule.multiplier.z)
    found: list[complex] = []
    for size in eigenvalues:
        row = [float(c.subs(rule.multiplier.s, step * size)) for c in polynomial.all_coeffs()]
        found += list(np.roots(row))
    return np.array(found, dtype=np.complex128)


def _kind(
    F: GradientMap,
    rule: RuleAt,
    point: AlgebraicPoint,
    eigenvalues: list[RealAlgebraic] | None,
) -> Kind:
    if rule.regions is None or rule.step_number is None:
        return Kind.UNDECIDED
    if eigenvalues is not None:
        count = rule.count(eigenvalues)
        return Kind.UNDECIDED if count is None else kind_of(count)
    read = None if F.expression is None else rational_polynomials(list(F.expression), F.variables)
    if read is None:
        return Kind.UNDECIDED
    state = AlgebraicPoint(
        ConjugatePoints(point.points.modulus, point.points.coordinates * F.blocks), point.place
    )
    return kind_of(cycle_of(request_of(read[0], 1), [state]).count)


def _with_global_minima(
    landscape: Landscape,
    points: Sequence[AlgebraicPoint],
    forms: Sequence[LocalForm],
    orbits: Sequence[PeriodicOrbit],
    families: bool,
) -> list[PeriodicOrbit]:
    """Return the orbits with their answer to "is the loss lowest here?".

    YES where a proved lower bound is attained, and at the lowest critical value of a loss that
    grows to infinity; NO where the loss is lower at another critical point.
    """
    balls = [point.tight(form.value) for point, form in zip(points, forms, strict=True)]
    marked = []
    for place, (point, form, orbit) in enumerate(zip(points, forms, orbits, strict=True)):
        answer = Outcome.UNDECIDED
        if attains_bound(landscape, point, form.value):
            answer = Outcome.YES
        elif form.kind in (CriticalKind.SADDLE, CriticalKind.MAXIMUM) or any(
            bool(other < balls[place]) for other in balls
        ):
            answer = Outcome.NO
        elif landscape.coercive and not families and _lowest(place, points, forms):
            answer = Outcome.YES
        marked.append(replace(orbit, global_minimum=answer))
    return marked


def _lowest(place: int, points: Sequence[AlgebraicPoint], forms: Sequence[LocalForm]) -> bool:
    """Return whether no critical value is lower, exact ties included."""
    if points[place].degree > LONGEST_EXACT:
        return False
    own = points[place].number(forms[place].value)
    for point, form in zip(points, forms, strict=True):
        ball = point.tight(form.value)
        if bool(ball > own.ball(128)):
            continue
        if point.degree > LONGEST_EXACT or point.number(form.value) < own:
            return False
    return True

"""Fixed points and periodic orbits of polynomial maps whose parameters all have a value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp

from ...errors import DynsysError
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...regions import Region
from ..algebra.cycle import Cycle, Cycles, request_of
from ..algebra.decomposition import Family
from ..algebra.effort import check_time
from ..algebra.number_field import AlgebraicPoint
from ..algebra.polynomials import rational_polynomials
from ..critical_manifold import CriticalManifold
from ..kinds import kind_of
from ..orbit_set import OrbitSet
from ..periodic_orbit import PeriodicOrbit
from .enclosures import bounds, exact_coordinates, lies_in
from .gradient_families import equations_of
from .gradient_sets import FLOAT_REASON, instead, undecided
from .one_dimension import one_dimensional_fixed_points
from .open_parameters import orbits_with_parameters
from .time_limit import solved_cycles

__all__ = ["map_orbits", "orbit_of", "request_of"]

PROOF = Evidence(
    grade=Grade.PROVED,
    reason="exact algebra: all real solutions of F^p(x) = x of least period p",
    sources=("gianni1988grobner", "johansson2017arb"),
)

BALLS = Evidence(
    grade=Grade.CERTIFIED,
    reason="all real solutions of F^p(x) = x of least period p, isolated in ball arithmetic",
    sources=("johansson2017arb",),
)


def map_orbits(F: Map, title: str, region: Region | None, period: int, seconds: float) -> OrbitSet:
    """Return the orbits of least period `period` of a symbolic map."""
    if F.expression is None:
        reason = f"the map is not written as a formula; {_by_numbers(region)}"
        return undecided(title, reason, region)
    if period == 1 and isinstance(F, GradientMap) and not F.loss.parameters:
        if F.loss.dimension == 1:
            return one_dimensional_fixed_points(F, title, region, seconds)
        reason = f"the loss is not a polynomial; {instead(region)}"
        return undecided(title, reason, region)
    if F.parameters:
        return orbits_with_parameters(F, title, region, period)
    read = rational_polynomials(list(F.expression), F.variables)
    if read is None:
        if period == 1 and F.dimension == 1:
            return one_dimensional_fixed_points(F, title, region, seconds)
        reason = f"the map is not a polynomial with rational coefficients; {instead(region)}"
        return undecided(title, reason, region)
    polynomials, exact = read
    try:
        found = solved_cycles(request_of(polynomials, period), seconds)
    except DynsysError as error:
        return undecided(title, f"{error}; {instead(region)}", region)
    evidence = BALLS if found.by_balls else PROOF
    if not exact:
        evidence = evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON)
    orbits = []
    for cycle in found.cycles:
        check_time()
        if all(lies_in(point, region) for point in cycle.points):
            orbits.append(orbit_of(F, cycle, evidence))
    families = _families(F, polynomials, found, period, evidence)
    note = "; families are listed whole, also outside the region" if families and region else ""
    return OrbitSet(
        title=title,
        orbits=tuple(orbits),
        families=tuple(families),
        complete=True,
        why=f"every real point of least period {period} is in one of the listed sets{note}"
        if period > 1
        else f"every real solution of F(x) = x is in one of the listed sets{note}",
        region=region,
        meetings=found.meetings,
        evidence=evidence,
    )


def _by_numbers(region: Region | None) -> str:
    if region is None:
        return "give a Box for a numerical search"
    return "method=NewtonSearch() searches the region numerically"


def orbit_of(F: Map, cycle: Cycle, evidence: Evidence) -> PeriodicOrbit:
    """Return an exact cycle as a result."""
    exact = [exact_coordinates(point) for point in cycle.points]
    whole = tuple(e for e in exact if e is not None)
    return PeriodicOrbit(
        map=F,
        points=np.array([point.approximate for point in cycle.points]),
        enclosure=bounds(cycle.points),
        exact=whole if len(whole) == len(exact) else None,
        multipliers=np.array(cycle.multipliers, dtype=np.complex128),
        exact_multipliers=_exact_multipliers(cycle),
        kind=kind_of(cycle.count),
        step_sizes=None,
        parameter=None,
        evidence=evidence,
        algebraic=tuple(p for p in cycle.points if isinstance(p, AlgebraicPoint)),
    )


def _exact_multipliers(cycle: Cycle) -> tuple[sp.Expr, ...] | None:
    if cycle.exact is not None:
        return tuple(number.to_sympy() for number in cycle.exact)
    if cycle.trace_and_product is None:
        return None
    trace, product = (number.to_sympy() for number in cycle.trace_and_product)
    if trace.has(sp.CRootOf) or product.has(sp.CRootOf):
        return None
    root = sp.sqrt(sp.expand(trace**2 / 4 - product))
    return (trace / 2 - root, trace / 2 + root)


def _families(
    F: Map, polynomials: Sequence[sp.Poly], found: Cycles, period: int, evidence: Evidence
) -> list[CriticalManifold]:
    return [_family(F, polynomials, family, period, evidence) for family in found.families]


def _family(
    F: Map, polynomials: Sequence[sp.Poly], family: Family, period: int, evidence: Evidence
) -> CriticalManifold:
    equations = equations_of(family.generators, F.variables)
    transverse = stable = unstable = None
    if len(F.variables) - family.dimension == 1 and equations:
        rest = _transverse(polynomials, equations, family.dimension, period)
        transverse = (rest,)
        stable = sp.And(sp.Gt(rest, -1), sp.Lt(rest, 1))
        unstable = sp.Or(sp.Lt(rest, -1), sp.Gt(rest, 1))
    return CriticalManifold(
        map=F,
        variables=F.variables,
        equations=equations,
        dimension=family.dimension,
        period=period,
        evidence=evidence,
        transverse=transverse,
        stable_part=stable,
        unstable_part=unstable,
        smooth=family.smooth,
        singular_points=tuple(
            c for p in family.singular_points if (c := exact_coordinates(p)) is not None
        ),
        singular_families=tuple(equations_of(g, F.variables) for g in family.singular_families),
        example=None if family.sample is None else exact_coordinates(family.sample),
    )


def _transverse(
    polynomials: Sequence[sp.Poly], equations: Sequence[sp.Expr], dimension: int, period: int
) -> sp.Expr:
    """Return the one multiplier across a family, as a function on it.

    D(F^p) leaves the directions of the family as they are, so all its eigenvalues but one are 1
    and the trace tells the last.
    """
    variables = polynomials[0].gens
    basis = sp.groebner(equations, *variables, order="grevlex").exprs

    def short(expression: sp.Expr) -> sp.Expr:
        check_time()
        return sp.reduced(sp.expand(expression), basis, *variables, order="grevlex")[1]

    images = [p.as_expr() for p in polynomials]
    jacobian = sp.Matrix(images).jacobian(list(variables))
    state = list(variables)
    product = sp.eye(len(variables))
    for _ in range(period):
        here = dict(zip(variables, state, strict=True))
        product = (jacobian.subs(here, simultaneous=True) * product).applyfunc(short)
        state = [short(image.subs(here, simultaneous=True)) for image in images]
    return sp.expand(short(product.trace() - dimension))

"""Fixed points and cycles as functions of an open parameter, in low degree.

Over the field of rational functions of the parameters, F^p(x) = x is factored; factors of degree
one and two in x are solved by radicals. Stability in one parameter follows from the conditions of
Jury on the characteristic polynomial, whose zeros in the parameter are found exactly; between
them one rational value of the parameter decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...regions import Region
from ...values import is_exact
from ..algebra.effort import check_time
from ..kinds import Kind
from ..orbit_set import OrbitSet
from ..periodic_orbit import PeriodicOrbit
from .gradient_sets import FLOAT_REASON, undecided
from .parameter_sets import Radical, real_where, stable_where

__all__ = ["orbits_with_parameters"]

_LARGEST_DEGREE = 40  # of F^p(x) - x in x, with parameters in the coefficients

PROOF = Evidence(
    grade=Grade.PROVED,
    reason="factored over the rational functions of the parameters, solved by radicals",
    sources=("kuznetsov2004elements",),
)


@dataclass(frozen=True)
class _Factor:
    """An irreducible factor of degree one or two in x, and the coordinates in terms of x."""

    polynomial: sp.Poly
    coordinates: tuple[sp.Expr, ...]

    @cached_property
    def branches(self) -> tuple[Radical, ...]:
        signs = (1,) if self.polynomial.degree() == 1 else (-1, 1)
        return tuple(Radical(self.polynomial, sign) for sign in signs)


def orbits_with_parameters(F: Map, title: str, region: Region | None, period: int) -> OrbitSet:
    """Return the orbits of least period `period` as functions of the open parameters."""
    parameters = sorted(
        (s for s in F.expression.free_symbols if s not in F.variables),  # type: ignore[union-attr]
        key=lambda s: s.name,
    )
    images = [sp.nsimplify(e, rational=True) if not is_exact(e) else e for e in F.expression]  # type: ignore[union-attr]
    give = f"give {parameters[0].name} a value with .at({parameters[0].name}=...)"
    if F.dimension == 1:
        found = _on_a_line(images[0], F.variables[0], parameters, period)
    elif period == 1:
        found = _in_shape_position(images, F.variables, parameters)
    else:
        found = None
    if found is None:
        return undecided(title, f"not solved with open parameters; {give}", region)
    factors, exceptional, left = found
    evidence = PROOF
    if not F.exact:
        evidence = PROOF.weakened_to(Grade.NUMERICAL, FLOAT_REASON)
    orbits, unpaired = _orbits(F, factors, images, parameters, period, evidence)
    left += unpaired
    notes = []
    if left:
        notes.append(f"not written out: the roots of {'; '.join(map(str, left))}; {give}")
    else:
        notes.append(f"all solutions for {_names(parameters)} in general position")
    if exceptional:
        notes.append(f"look separately at {', '.join(f'{e} = 0' for e in exceptional)}")
    if region is not None:
        notes.append("the region is not applied while a parameter is open")
    return OrbitSet(
        title=title,
        orbits=tuple(orbits),
        complete=not left,
        why="; ".join(notes),
        region=region,
        evidence=evidence,
    )


def _names(parameters: Sequence[sp.Symbol]) -> str:
    return ", ".join(symbol.name for symbol in parameters)


_Found = tuple[list[_Factor], list[sp.Expr], list[sp.Expr]]


def _on_a_line(
    image: sp.Expr, x: sp.Symbol, parameters: Sequence[sp.Symbol], period: int
) -> _Found | None:
    degree = sp.Poly(image, x).degree() if image.is_polynomial(x) else 0
    if degree < 1 or period > _LARGEST_DEGREE or degree**period > _LARGEST_DEGREE:
        return None
    iterates = [x]
    for _ in range(period):
        check_time()
        iterates.append(sp.expand(image.subs(x, iterates[-1])))
    try:
        factors = _factors(iterates[period] - x, x, parameters)
        shorter = [
            f
            for q in range(1, period)
            if period % q == 0
            for f in _factors(iterates[q] - x, x, parameters)
        ]
    except (sp.PolynomialError, sp.CoercionFailed):
        return None
    solved, exceptional, left = [], [], []
    for f in factors:
        in_x = sp.Poly(f, x)
        if in_x.degree() == 0:
            exceptional.append(f)
        elif any(sp.expand(f - g) == 0 or sp.expand(f + g) == 0 for g in shorter):
            continue
        elif in_x.degree() <= 2:
            solved.append(_Factor(in_x, (x,)))
            exceptional += [g for g, _ in sp.factor_list(in_x.LC())[1]]
        else:
            left.append(f)
    return solved, list(dict.fromkeys(exceptional)), left


def _factors(expression: sp.Expr, x: sp.Symbol, parameters: Sequence[sp.Symbol]) -> list[sp.Expr]:
    check_time()
    numerator = sp.fraction(sp.together(expression))[0]
    polynomial = sp.Poly(numerator, x, *parameters, domain=sp.QQ)
    return [f.as_expr() for f, _ in polynomial.factor_list()[1]]


def _in_shape_position(
    images: Sequence[sp.Expr], variables: Sequence[sp.Symbol], parameters: Sequence[sp.Symbol]
) -> _Found | None:
    """Solve F(x) = x where a lexicographic basis gives all coordinates from the last one."""
    equations = [sp.fraction(sp.together(e - v))[0] for e, v in zip(images, variables, strict=True)]
    try:
        polynomials = [
            sp.Poly(e, *variables, domain=sp.QQ.frac_field(*parameters)) for e in equations
        ]
        if any(p.total_degree() > 3 for p in polynomials) or len(variables) > 3:
            return None
        basis = sp.groebner(polynomials, *variables, order="lex")
    except (sp.PolynomialError, sp.CoercionFailed):
        return None
    if not basis.is_zero_dimensional:
        return None
    *rest, last = basis.exprs
    x = variables[-1]
    if last.free_symbols & set(variables[:-1]) or len(rest) != len(variables) - 1:
        return None
    coordinates = []
    for expression, v in zip(rest, variables, strict=False):
        linear = sp.Poly(expression, v)
        if linear.degree() != 1 or linear.LC().free_symbols & set(variables):
            return None
        value = -linear.nth(0) / linear.LC()
        if value.free_symbols & set(variables[:-1]):
            return None
        coordinates.append(value)
    solved, exceptional, left = [], [], []
    for f in _factors(last, x, parameters):
        in_x = sp.Poly(f, x)
        if in_x.degree() == 0:
            continue
        if in_x.degree() <= 2:
            solved.append(_Factor(in_x, (*coordinates, x)))
            exceptional += [g for g, _ in sp.factor_list(in_x.LC())[1]]
        else:
            left.append(f)
    return solved, list(dict.fromkeys(exceptional)), left


def _orbits(
    F: Map,
    factors: Sequence[_Factor],
    images: Sequence[sp.Expr],
    parameters: Sequence[sp.Symbol],
    period: int,
    evidence: Evidence,
) -> tuple[list[PeriodicOrbit], list[sp.Expr]]:
    orbits, unpaired = [], []
    pending = list(factors)
    while pending:
        check_time()
        factor = pending.pop(0)
        if period == 1:
            for branch in factor.branches:
                orbits.append(_orbit(F, factor, [branch], images, parameters, period, evidence))
            continue
        loop = _loop(factor, pending, images[0], period)
        if loop is None:
            unpaired.append(factor.polynomial.as_expr())
            continue
        used, branches = loop
        pending = [other for other in pending if other not in used]
        orbits.append(_orbit(F, factor, branches, images, parameters, period, evidence))
    return orbits, unpaired


def _loop(
    factor: _Factor, others: Sequence[_Factor], image: sp.Expr, period: int
) -> tuple[list[_Factor], list[Radical]] | None:
    """Return the factors and points of the orbit that starts in `factor`, where it is plain."""
    x = factor.polynomial.gen
    if factor.polynomial.degree() == 2:
        low, high = factor.branches
        a, b, _ = factor.polynomial.all_coeffs()
        swapped = sp.simplify(low.reduce(image) - (-b / a - x)) == 0
        return ([], [low, high]) if swapped and period == 2 else None
    branches = [factor.branches[0]]
    used: list[_Factor] = []
    for _ in range(period - 1):
        check_time()
        target = sp.simplify(image.subs(x, branches[-1].value))
        following = next(
            (
                o
                for o in others
                if o not in used
                and o.polynomial.degree() == 1
                and sp.simplify(o.branches[0].value - target) == 0
            ),
            None,
        )
        if following is None:
            return None
        used.append(following)
        branches.append(following.branches[0])
    return used, branches


def _orbit(
    F: Map,
    factor: _Factor,
    branches: Sequence[Radical],
    images: Sequence[sp.Expr],
    parameters: Sequence[sp.Symbol],
    period: int,
    evidence: Evidence,
) -> PeriodicOrbit:
    first = branches[0]
    x = factor.polynomial.gen
    if F.dimension == 1:
        whole = x
        for _ in range(period):
            whole = images[0].subs(x, whole)
        slope = first.reduce(sp.diff(whole, x))
        conditions: list[sp.Expr] | None = [1 - slope, 1 + slope]
        multipliers: tuple[sp.Expr, ...] | None = (sp.factor(sp.simplify(first.at(slope))),)
        exact = tuple((branch.value,) for branch in branches)
    else:
        pairs = dict(zip(F.variables, factor.coordinates, strict=True))
        J = sp.Matrix(images).jacobian(list(F.variables)).subs(pairs)
        exact = (tuple(first.at(first.reduce(c)) for c in factor.coordinates),)
        conditions, multipliers = _jury(first, J)
    step_sizes = parameter = None
    if len(parameters) == 1:
        parameter = parameters[0].name
        positive = isinstance(F, GradientMap) and F.settings["step_size"] == parameters[0]
        step_sizes = stable_where(first, conditions, parameters[0], positive=positive)
    return PeriodicOrbit(
        map=F,
        points=np.full((period, F.dimension), np.nan),
        enclosure=None,
        exact=exact,
        multipliers=None,
        exact_multipliers=multipliers,
        kind=Kind.UNDECIDED,
        step_sizes=step_sizes,
        parameter=parameter,
        exists_where=real_where(first, parameters[0]) if len(parameters) == 1 else None,
        evidence=evidence,
    )


def _jury(branch: Radical, J: sp.Matrix) -> tuple[list[sp.Expr] | None, tuple[sp.Expr, ...] | None]:
    """Return conditions that are all positive exactly where the spectral radius is below one."""
    if J.shape != (2, 2):
        return None, None
    trace, product = branch.reduce(J.trace()), branch.reduce(J.det())
    conditions = [1 - trace + product, 1 + trace + product, 1 - product]
    T, D = branch.at(trace), branch.at(product)
    root = sp.sqrt(sp.factor(sp.expand(T**2 / 4 - D)))
    return conditions, (T / 2 - root, T / 2 + root)

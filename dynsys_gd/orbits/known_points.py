"""What exact algebra says of a fixed point that is written down where F is no polynomial."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import sympy as sp

from ..engine.derivative import jacobian
from ..engine.intervals.enclosing import enclosing
from ..errors import InvalidInput
from ..evidence import Evidence, Grade
from ..maps.base import Map
from ..maps.gradient_map import GradientMap
from ..values import is_exact
from .algebra.number_field import AlgebraicPoint
from .algebra.real_algebraic import RealAlgebraic
from .algebra.spectra import Matrix, characteristic, circle_count, sign_counts
from .certified.equations import equations_of
from .certified.orbits_of import orbits_of
from .exact.exact_points import exact_point
from .exact.gradient_sets import FLOAT_REASON, critical_orbit
from .exact.landscape import LocalForm
from .kinds import CriticalKind, Kind, kind_of
from .periodic_orbit import PeriodicOrbit
from .update_rules import rule_at

__all__ = ["known_point"]

Pairs = Mapping[sp.Symbol, sp.Expr]

_LONGEST = 300  # operations of a value that is still simplified
_MOST_IRRATIONAL = 3  # different entries of a matrix over one number field
_LARGEST_FIELD = 24  # product of their degrees
_FIXED = "sympy's rules show that the point is fixed exactly"
_PROOF = Evidence(
    grade=Grade.PROVED,
    reason=f"{_FIXED}, and its multipliers are compared with the unit circle by exact algebra",
    sources=("johansson2017arb",),
)
_BOUNDS = Evidence(
    grade=Grade.CERTIFIED,
    reason=f"{_FIXED}; its multipliers are enclosed by interval arithmetic",
    sources=("johansson2017arb",),
)


def known_point(F: Map, point: Sequence[sp.Expr]) -> PeriodicOrbit | None:
    """Return the fixed point with these exact coordinates, None where it is not proved to be one.

    Where the entries of the Hessian, or else of the Jacobian, are algebraic numbers, the kind, the
    multipliers and the stable step sizes are exact as well.

    Parameters
    ----------
    F : Map
        A smooth symbolic map; the settings of an update rule may be open, nothing else.
    point : sequence of sympy numbers
        Coordinates of the loss or of the state.

    Examples
    --------
    >>> from sympy import pi, sin
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss(sin(x) * sin(y), [x, y]), step_size=2)
    >>> known_point(F, [pi / 2, -pi / 2]).kind
    <Kind.NEUTRAL: 'neutral'>
    """
    if not all(is_exact(value) for value in point):
        return None
    return _critical(F, point) if isinstance(F, GradientMap) else _fixed(F, point)


def _critical(F: GradientMap, point: Sequence[sp.Expr]) -> PeriodicOrbit | None:
    form = F.loss.symbolic
    size = F.loss.dimension
    first = tuple(point[:size])
    if form is None or not is_exact(form.bound) or tuple(point) != first * (len(point) // size):
        return None
    gradient = jacobian([form.bound], form.variables)
    pairs = dict(zip(form.variables, first, strict=True))
    if not all(_vanishes(entry, pairs) for entry in gradient):
        return None
    values = _values(jacobian(list(gradient), form.variables), pairs)
    field = _field(values)
    bounded = _bounded(F, first)
    if field is None:
        return replace(bounded, parameter=rule_at(F).parameter, evidence=_graded(F, _BOUNDS))
    number, matrix = field
    polynomial = characteristic(number, matrix)
    signs = sign_counts(number, polynomial)
    # The value is stated below; the exact number behind it may be transcendental.
    local = LocalForm(polynomial, signs, _critical_kind(signs), number.coordinates[0])
    found = critical_orbit(F, rule_at(F), number, local)
    exact = replace(
        bounded,
        exact_multipliers=found.exact_multipliers,
        step_sizes=found.step_sizes,
        parameter=found.parameter,
        critical=local.kind,
        loss_value=_value(form.bound, pairs),
    )
    if found.kind is Kind.UNDECIDED and not F.parameters:
        # Settings that are no algebraic numbers are compared by their bounds only.
        return replace(exact, evidence=_graded(F, _BOUNDS))
    evidence = _graded(F, _PROOF)
    return replace(exact, kind=found.kind, multipliers=found.multipliers, evidence=evidence)


def _critical_kind(signs: tuple[int, int, int]) -> CriticalKind:
    negative, zero, positive = signs
    if negative and positive:
        return CriticalKind.SADDLE
    if zero:
        return CriticalKind.UNDECIDED
    return CriticalKind.MAXIMUM if negative else CriticalKind.MINIMUM


def _fixed(F: Map, point: Sequence[sp.Expr]) -> PeriodicOrbit | None:
    if F.expression is None or not F.exact or F.parameters:
        return None
    pairs = dict(zip(F.variables, point, strict=True))
    gaps = [image - v for image, v in zip(F.expression, F.variables, strict=True)]
    if not all(_vanishes(gap, pairs) for gap in gaps):
        return None
    bounded = _bounded(F, point)
    values = _values(F.jacobian, pairs)
    field = _field(values)
    if field is None:
        return bounded
    number, matrix = field
    kind = kind_of(circle_count(number, characteristic(number, matrix)))
    exact: tuple[sp.Expr, ...] | None = None
    if len(point) == 1:
        exact = (values[0],)
    elif len(point) == 2:
        trace, product = values[0] + values[3], values[0] * values[3] - values[1] * values[2]
        root = sp.sqrt(sp.expand(trace**2 / 4 - product))
        exact = (trace / 2 - root, trace / 2 + root)
    return replace(bounded, kind=kind, exact_multipliers=exact, evidence=_PROOF)


def _bounded(F: Map, point: Sequence[sp.Expr]) -> PeriodicOrbit:
    """Return the fixed point with certified bounds of the point and its multipliers."""
    equations = equations_of(F, 1)
    ends = np.array([enclosing(value) for value in point])
    lower, upper = (ends[None, :, k, None].copy() for k in (0, 1))
    found = orbits_of(F, equations, lower, upper, lower, upper, [(tuple(point),)], _BOUNDS)[0]
    return replace(found, unique_in=None)


def _field(
    values: Sequence[sp.Expr],
) -> tuple[AlgebraicPoint, Matrix] | None:
    """Return the square matrix with these entries over a number field, None where it has none."""
    different = list(dict.fromkeys(values))
    irrational = [value for value in different if not value.is_Rational]
    if len(irrational) > _MOST_IRRATIONAL or any(v.is_algebraic is False for v in irrational):
        return None
    try:
        degrees = [RealAlgebraic.from_sympy(value).degree for value in irrational]
        if math.prod(degrees) > _LARGEST_FIELD:
            return None
        number = exact_point(different)
    except (InvalidInput, NotImplementedError):
        return None
    size = int(len(values) ** 0.5)
    entries = [number.coordinates[different.index(value)] for value in values]
    return number, [list(entries[k * size : (k + 1) * size]) for k in range(size)]


def _values(entries: Iterable[sp.Expr], pairs: Pairs) -> list[sp.Expr]:
    """Return the values of the entries of a matrix, short where the different ones are few."""
    values = [entry.xreplace(dict(pairs)) for entry in entries]
    different = [value for value in dict.fromkeys(values) if not value.is_Rational]
    if len(different) > 2 * _MOST_IRRATIONAL:
        return values
    short = {value: _value(value, {}) for value in different}
    return [short.get(value, value) for value in values]


def _value(entry: sp.Expr, pairs: Pairs) -> sp.Expr:
    value = entry.xreplace(dict(pairs))
    return sp.simplify(value) if sp.count_ops(value) <= _LONGEST else value


def _vanishes(entry: sp.Expr, pairs: Pairs) -> bool:
    """Return whether sympy's rules make an expression zero at a point."""
    value = entry.xreplace(dict(pairs))
    if value == 0:
        return True
    low, high = enclosing(value)
    return low <= 0 <= high and sp.count_ops(value) <= _LONGEST and sp.simplify(value) == 0


def _graded(F: Map, evidence: Evidence) -> Evidence:
    return evidence if F.exact else evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON)

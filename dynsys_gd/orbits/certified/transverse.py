"""What multipliers across a family say: where it attracts, and what it is for the loss."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from ...engine.derivative import jacobian
from ...engine.intervals import interval_function
from ...engine.tape import lower as lowered
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ..kinds import CriticalKind
from ..update_rules import rule_at
from .outward import Bounds
from .tube import Tube

__all__ = ["Transverse", "transverse_of"]

_LONGEST = 200  # operations in an eigenvalue that is still shown


@dataclass(frozen=True, eq=False)
class Transverse:
    """Across a family, as functions on it.

    Parameters
    ----------
    eigenvalues : tuple of sympy expressions, or None
        Of the Hessian; None for maps without a loss.
    multipliers : tuple of sympy expressions, or None
    stable, unstable : sympy condition or None
    critical : CriticalKind
    """

    eigenvalues: tuple[sp.Expr, ...] | None = None
    multipliers: tuple[sp.Expr, ...] | None = None
    stable: sp.Basic | None = None
    unstable: sp.Basic | None = None
    critical: CriticalKind = CriticalKind.UNDECIDED


def transverse_of(F: Map, tube: Tube, place: int, lower: Bounds, upper: Bounds) -> Transverse:
    """Return what the eigenvalues of the m × m matrix Dh A say, for m = 1 and m = 2.

    With f = A h they are those of Df across the zeros of h, the others being zero.

    Parameters
    ----------
    F : Map
    tube : Tube
    place : int
        Which of its forms.
    lower, upper : ndarray, shape (d, n)
        Boxes around the family.
    """
    form, variables = tube.forms[place], tube.equations.variables
    matrix = jacobian(form.equations, variables) * form.factors
    m = len(form.equations)
    if m > 2:
        return Transverse()
    entries = sp.Matrix(m, m, [_short(e, form.equations, variables) for e in matrix])
    if sum(sp.count_ops(e) for e in entries) > _LONGEST:
        return Transverse()
    critical = _kind(tube, place, entries, lower, upper)
    if m == 1:
        values: tuple[sp.Expr, ...] = (entries[0],)
    else:
        trace, product = sp.expand(entries.trace()), sp.expand(entries.det())
        root = sp.sqrt(sp.factor(trace**2 - 4 * product))
        values = ((trace - root) / 2, (trace + root) / 2)
    if not isinstance(F, GradientMap):
        multipliers = tuple(sp.expand(1 + value) for value in values)
        if m > 1:
            return Transverse(None, multipliers)
        (mu,) = multipliers
        stable = sp.And(sp.Gt(mu, -1), sp.Lt(mu, 1))
        return Transverse(None, multipliers, stable, sp.Or(sp.Lt(mu, -1), sp.Gt(mu, 1)))
    return _of_rule(F, values, critical, sure=form.lowest is not None)


def _short(
    expression: sp.Expr, equations: tuple[sp.Expr, ...], variables: tuple[sp.Symbol, ...]
) -> sp.Expr:
    """Return an expression with the same values where the equations hold."""
    short = sp.cancel(sp.together(expression.xreplace(dict.fromkeys(equations, sp.S.Zero))))
    if all(e.is_polynomial(*variables) for e in (short, *equations)):
        basis = sp.groebner(equations, *variables, order="grevlex").exprs
        reduced = sp.expand(sp.reduced(short, basis, *variables, order="grevlex")[1])
        return min(reduced, sp.expand(short), key=sp.count_ops)
    return sp.factor_terms(short)


def _kind(tube: Tube, place: int, entries: sp.Matrix, lower: Bounds, upper: Bounds) -> CriticalKind:
    """Return what a family of critical points is, where the eigenvalues keep one sign."""
    form = tube.forms[place]
    if len(form.equations) > 1 or form.regular != form.factors:
        return CriticalKind.UNDECIDED
    function = interval_function(lowered(list(entries), tube.equations.variables))
    low, high = function(lower, upper)
    if (low > 0).all():
        return CriticalKind.MINIMUM
    return CriticalKind.MAXIMUM if (high < 0).all() else CriticalKind.UNDECIDED


def _of_rule(
    F: GradientMap, values: tuple[sp.Expr, ...], critical: CriticalKind, *, sure: bool
) -> Transverse:
    rule = rule_at(F)
    multipliers: list[sp.Expr] | None = []
    for value in values:
        roots = None if rule.multiplier is None else rule.multiplier.values(rule.step * value)
        multipliers = None if roots is None or multipliers is None else [*multipliers, *roots]
    shown = None if multipliers is None else tuple(multipliers)
    pairs = () if rule.regions is None else rule.regions.stable.pairs
    if len(pairs) != 1 or pairs[0][1] is None or pairs[0][0] is None or pairs[0][0].compare(0):
        return Transverse(values, shown, critical=critical)
    if any(value == 0 for value in values):
        return Transverse(values, shown, sp.S.false, critical=critical)
    top = pairs[0][1].to_sympy() / rule.step
    positive = sure or critical is CriticalKind.MINIMUM
    above = [] if positive else [sp.Gt(value, 0) for value in values]
    below = [] if positive else [sp.Lt(value, 0) for value in values]
    stable = sp.And(*above, *(sp.Lt(value, top) for value in values))
    unstable = sp.Or(*below, *(sp.Gt(value, top) for value in values))
    return Transverse(values, shown, stable, unstable, critical)

"""Quadratic functions whose sign the map keeps, and the side on which no minimum attracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.derivative import jacobian
from ...engine.intervals import IntervalFunction, interval_function
from ...engine.tape import lower as lowered
from ...orbits.certified.outward import middle
from ...orbits.certified.system import Bounds, System
from .forms import Form

__all__ = ["Barrier", "Identity", "barrier_of"]

_MOST_UNKNOWNS = 3
_MOST_TERMS = 60  # of the images together
_DEGREE = 5


@dataclass(frozen=True)
class Identity:
    """A polynomial written as α P + Σ β_j g_j + γ with α ≥ 0 and γ > 0.

    Where all g_j vanish and P ≥ 0, it is positive.

    Parameters
    ----------
    alpha, gamma : Rational
    beta : tuple of sympy expressions
        One for each g_j.
    """

    alpha: sp.Rational
    beta: tuple[sp.Expr, ...]
    gamma: sp.Rational


@dataclass(frozen=True)
class Barrier:
    """The set {P > 0}, which the map does not leave and in which almost nothing converges.

    Parameters
    ----------
    variables : tuple of d Symbol
    function : sympy expression
        The polynomial P of degree two.
    root : sympy expression
        The polynomial w of P(F(x)) = (k + w²) P(x).
    least : Rational
        The number k > 0.
    form : int
        Number of the form ∇L = A h with one equation.
    steep : Identity
        Of tr(Jh A) - 2/η by P and h: critical points with h = 0 and P ≥ 0 have a sharpness above
        2/η, so that what converges to them is a null set.
    regular : Identity
        Of zero by P and the entries of A: there are no others with P ≥ 0.
    """

    variables: tuple[sp.Symbol, ...]
    function: sp.Expr
    root: sp.Expr
    least: sp.Rational
    form: int
    steep: Identity
    regular: Identity

    def contains(self, lower: Bounds, upper: Bounds) -> NDArray[np.bool_]:
        """Return for each box (d, n) whether P is positive on it."""
        lower, upper = (np.ascontiguousarray(b, dtype=float) for b in (lower, upper))
        with np.errstate(all="ignore"):
            centre = middle(np.nan_to_num(lower), np.nan_to_num(upper))
            low, _ = _sign_code(self)(
                np.concatenate([lower, centre]), np.concatenate([upper, centre])
            )
            return np.asarray((low > 0).any(axis=0))

    def describe(self) -> str:
        """Return the set as a formula."""
        return f"{self.function} > 0"


@lru_cache(maxsize=64)
def _sign_code(barrier: Barrier) -> IntervalFunction:
    """From (x, m) to P(x), then P(m) + DP(x)(x - m)."""
    variables = barrier.variables
    centre = [sp.Dummy(f"m{i}") for i in range(len(variables))]
    shift = [a - b for a, b in zip(variables, centre, strict=True)]
    slopes = jacobian([barrier.function], variables)
    at_centre = barrier.function.xreplace(dict(zip(variables, centre, strict=True)))
    around = at_centre + sum(s * u for s, u in zip(slopes, shift, strict=True))
    return interval_function(lowered([barrier.function, around], [*variables, *centre]))


def barrier_of(system: System, forms: Sequence[Form]) -> Barrier | None:
    """Return a barrier of gradient descent on a polynomial loss, None where none is seen.

    Quadratic functions are looked for that all symmetries of the map leave alone: signed
    permutations of the coordinates that commute with it.

    Examples
    --------
    For (xy - 1)²/2 it is an ellipse (Liang and Montúfar 2025).

    >>> from sympy.abc import x, y
    >>> from dynsys_gd import GradientDescent, Loss
    >>> from dynsys_gd.measure.enclosure.forms import forms_of
    >>> from dynsys_gd.orbits.certified.system import system_of
    >>> F = GradientDescent(Loss((x * y - 1)**2 / 2, [x, y]), step_size="1/2")
    >>> system = system_of(F)
    >>> barrier_of(system, forms_of(F, system, "minimum", [])).describe()
    '2*x**2/15 - x*y/15 + 2*y**2/15 - 1 > 0'
    """
    d = system.dimension
    if system.gradient is None or not 2 <= d <= 3 or not sp.sympify(system.step_size).is_Rational:
        return None
    single = [(i, f) for i, f in enumerate(forms) if len(f.equations) == 1]
    polynomial = [e.is_polynomial(*system.variables) for e in system.images]
    if not single or not all(polynomial):
        return None
    images = [sp.Poly(sp.expand(e), *system.variables) for e in system.images]
    if sum(len(p.terms()) for p in images) > _MOST_TERMS:
        return None
    if any(p.domain not in (sp.ZZ, sp.QQ) or p.total_degree() > _DEGREE for p in images):
        return None
    for function in _kept(images, system.variables):
        quotient = _quotient(images, function, system.variables)
        factor = None if quotient is None else _positive_square(quotient)
        if factor is None:
            continue
        for i, form in single:
            for P in (function, -function):
                steep, regular = _steep(system, form, P), _regular(system, form, P)
                if steep is not None and regular is not None:
                    P_expr = sp.expand(P.as_expr())
                    return Barrier(system.variables, P_expr, *factor, i, steep, regular)
    return None


def _kept(images: list[sp.Poly], variables: tuple[sp.Symbol, ...]) -> list[sp.Poly]:
    """Return quadratic functions P with constant term -1 that divide P(F)."""
    basis = _invariant(images, variables)
    unknowns = [sp.Dummy(f"p{k}") for k in range(len(basis))]
    if not 1 <= len(basis) <= _MOST_UNKNOWNS:
        return []
    P = sum((u * b for u, b in zip(unknowns, basis, strict=True)), sp.S.Zero) - 1
    pairs = dict(zip(variables, [p.as_expr() for p in images], strict=True))
    after = sp.expand(P.subs(pairs, simultaneous=True))
    first = next((v for v in variables if sp.degree(P, v) == 2), None)
    if first is None:
        return []
    rest = sp.prem(sp.Poly(after, first), sp.Poly(P, first))
    # The pseudo-remainder means nothing where the leading coefficient is zero.
    leading = sp.Poly(sp.Poly(P, first).LC(), *unknowns)
    conditions = [
        _without(sp.Poly(c, *unknowns), leading).as_expr()
        for c in sp.Poly(rest.as_expr(), *variables).coeffs()
    ]
    inverse = sp.Dummy("t")
    apart = inverse * leading.as_expr() - 1
    # By degree first: the lexicographic order takes minutes where this takes a second.
    ring = sp.groebner([*conditions, apart], inverse, *unknowns, order="grevlex")
    if not ring.is_zero_dimensional:
        return []
    equations = [e for e in ring.fglm("lex").exprs if inverse not in e.free_symbols]
    return [sp.Poly(P.subs(v), *variables) for v in _rational_zeros(equations, unknowns)]


def _without(polynomial: sp.Poly, factor: sp.Poly) -> sp.Poly:
    """Return a polynomial that is not zero with all powers of a factor divided out."""
    quotient, rest = sp.div(polynomial, factor)
    return _without(quotient, factor) if rest.is_zero else polynomial


def _rational_zeros(
    equations: list[sp.Expr], unknowns: list[sp.Dummy]
) -> list[dict[sp.Dummy, sp.Rational]]:
    """Return the rational zeros of a system, one unknown after the other; families are left out."""
    if not unknowns:
        return [{}] if all(sp.expand(e) == 0 for e in equations) else []
    last = unknowns[-1]
    own = [e for e in equations if e != 0 and e.free_symbols == {last}]
    if not own:
        return []
    common = sp.gcd_list([sp.Poly(e, last).as_expr() for e in own]) if len(own) > 1 else own[0]
    found = []
    for value in sp.roots(sp.Poly(common, last), filter="Q"):
        left = [sp.expand(e.subs(last, value)) for e in equations]
        for rest in _rational_zeros(left, unknowns[:-1]):
            found.append({last: value, **rest})
    return found


def _invariant(images: list[sp.Poly], variables: tuple[sp.Symbol, ...]) -> list[sp.Expr]:
    """Return a basis of the quadratic and linear functions that the symmetries leave alone."""
    d = len(variables)
    group = []
    for order in permutations(range(d)):
        for signs in product((1, -1), repeat=d):
            moved = [s * variables[k] for s, k in zip(signs, order, strict=True)]
            pairs = dict(zip(variables, moved, strict=True))
            turned = [p.as_expr().subs(pairs, simultaneous=True) for p in images]
            own = [s * images[k].as_expr() for s, k in zip(signs, order, strict=True)]
            if all(sp.expand(a - b) == 0 for a, b in zip(turned, own, strict=True)):
                group.append(pairs)
    monomials = [v * w for i, v in enumerate(variables) for w in variables[i:]]
    basis: list[sp.Expr] = []
    for m in [*monomials, *variables]:
        mean = sp.expand(sum(m.subs(g, simultaneous=True) for g in group) / len(group))
        if mean != 0 and not any(
            sp.expand(mean - b) == 0 or sp.expand(mean + b) == 0 for b in basis
        ):
            basis.append(mean)
    return basis


def _quotient(
    images: list[sp.Poly], function: sp.Poly, variables: tuple[sp.Symbol, ...]
) -> sp.Poly | None:
    """Return P(F) / P where that is a polynomial."""
    pairs = dict(zip(variables, [p.as_expr() for p in images], strict=True))
    after = sp.Poly(sp.expand(function.as_expr().subs(pairs, simultaneous=True)), *variables)
    quotient, rest = sp.div(after, function)
    return quotient if rest.is_zero else None


def _positive_square(polynomial: sp.Poly) -> tuple[sp.Expr, sp.Rational] | None:
    """Return (w, k) with w² + k equal to the polynomial and k > 0, None where there is no such."""
    variables = polynomial.gens
    degree = polynomial.total_degree()
    if degree % 2 or degree == 0:
        return None
    parts: dict[int, sp.Expr] = {}
    for exponents, c in polynomial.terms():
        term = c * sp.Mul(*(v**e for v, e in zip(variables, exponents, strict=True)))
        parts[sum(exponents)] = parts.get(sum(exponents), sp.S.Zero) + term
    number, factors = sp.factor_list(parts[degree])
    root = sp.sqrt(number)
    if not root.is_Rational or any(k % 2 for _, k in factors):
        return None
    top = root * sp.Mul(*(f ** (k // 2) for f, k in factors))
    w = top
    for j in range(degree - 1, degree // 2 - 1, -1):
        known = sp.Poly(sp.expand(w**2), *variables)
        left = sp.S.Zero
        for exponents, c in known.terms():
            if sum(exponents) == j:
                left += c * sp.Mul(*(v**e for v, e in zip(variables, exponents, strict=True)))
        quotient, rest = sp.div(
            sp.Poly(parts.get(j, sp.S.Zero) - left, *variables), sp.Poly(2 * top, *variables)
        )
        if not rest.is_zero:
            return None
        w += quotient.as_expr()
    k = sp.expand(polynomial.as_expr() - w**2)
    return (sp.expand(w), k) if k.is_Rational and k > 0 else None


def _steep(system: System, form: Form, P: sp.Poly) -> Identity | None:
    """Return why the sharpness is above 2/η where h = 0 and P ≥ 0."""
    slopes = jacobian(form.equations, system.variables)
    trace = sum(a * b for a, b in zip(slopes, sp.Matrix(form.factors), strict=True))
    return _identity(trace - 2 / sp.sympify(system.step_size), P, list(form.equations))


def _regular(system: System, form: Form, P: sp.Poly) -> Identity | None:
    """Return why A is nowhere zero where P ≥ 0: 0 = α P + Σ β_j A_j + γ."""
    found = _identity(sp.S.Zero, P, list(sp.Matrix(form.factors)))
    return found if found is not None and found.alpha > 0 else None


def _identity(target: Any, P: sp.Poly, zeros: list[sp.Expr]) -> Identity | None:
    """Return target = α P + Σ β_j g_j + γ with α ≥ 0, γ > 0 and β_j of degree at most one."""
    variables = P.gens
    monomials = [sp.S.One, *variables]
    columns = [P.as_expr(), sp.S.One, *(m * g for g in zeros for m in monomials)]
    names = [sp.Dummy(f"c{k}") for k in range(len(columns))]
    total = sum((n * c for n, c in zip(names, columns, strict=True)), sp.S.Zero)
    gap = sp.expand(total - target)
    if not gap.is_polynomial(*variables):
        return None
    # γ as large as it can be for α = 1, else for whatever α solves the system
    for alpha in (sp.S.One, None):
        system = sp.Poly(gap, *variables).coeffs()
        if alpha is not None:
            system = [*system, names[0] - alpha]
        solution = sp.solve(system, names, dict=True)
        if not solution:
            continue
        values = [n.subs(solution[0]).subs(dict.fromkeys(names, 0)) for n in names]
        a, g = values[0], values[1]
        if a.is_Rational and g.is_Rational and a >= 0 and g > 0:
            size = len(monomials)
            beta = tuple(
                sp.expand(
                    sum(v * m for v, m in zip(values[2 + j * size :], monomials, strict=False))
                )
                for j in range(len(zeros))
            )
            return Identity(a, beta, g)
    return None

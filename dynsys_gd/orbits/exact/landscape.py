"""What a critical point is for the loss: minimum, saddle or maximum, local or global."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import flint
import sympy as sp

from ..algebra.number_field import AlgebraicPoint, Element
from ..algebra.quotient import ConjugatePoints
from ..algebra.spectra import Matrix, OverField, characteristic, sign_counts
from ..kinds import CriticalKind

__all__ = [
    "Landscape",
    "LocalForm",
    "attains_bound",
    "hessian_at",
    "is_coercive",
    "local_forms",
    "lower_bound",
]

_MOST_DIRECTIONS = 3**6


@dataclass(frozen=True)
class Landscape:
    """A polynomial loss with its derivatives, and what is known of it globally.

    Parameters
    ----------
    loss : sympy.Poly
    gradient : tuple of sympy.Poly
    hessian : tuple of tuple of sympy.Poly
    bound : sympy Rational or None
        A proved lower bound, read off where the loss is written as a sum of squares.
    coercive : bool
        Whether the loss is proved to tend to infinity at infinity.
    """

    loss: sp.Poly
    gradient: tuple[sp.Poly, ...]
    hessian: tuple[tuple[sp.Poly, ...], ...]
    bound: sp.Rational | None
    coercive: bool

    @classmethod
    def of(cls, expression: sp.Expr, loss: sp.Poly) -> Landscape:
        """Return the landscape of `loss`; `expression` is the loss as the user wrote it."""
        gradient = tuple(loss.diff(v) for v in loss.gens)
        return cls(
            loss=loss,
            gradient=gradient,
            hessian=tuple(tuple(g.diff(v) for v in loss.gens) for g in gradient),
            bound=lower_bound(expression),
            coercive=is_coercive(loss),
        )


@dataclass(frozen=True)
class LocalForm:
    """The Hessian at a critical point and what follows from it.

    Parameters
    ----------
    polynomial : list of field elements
        Characteristic polynomial of the Hessian.
    signs : tuple of int
        How many Hessian eigenvalues are negative, zero, positive.
    kind : CriticalKind
    value : field element
        The loss.
    """

    polynomial: OverField
    signs: tuple[int, int, int]
    kind: CriticalKind
    value: Element


def hessian_at(landscape: Landscape, point: AlgebraicPoint) -> Matrix:
    """Return the Hessian at an exact point."""
    return [[point.evaluate(entry) for entry in row] for row in landscape.hessian]


def local_form(landscape: Landscape, point: AlgebraicPoint) -> LocalForm:
    """Return the local form at one critical point."""
    return local_forms(landscape, [point])[0]


def local_forms(landscape: Landscape, points: Sequence[AlgebraicPoint]) -> list[LocalForm]:
    """Return the local form at each critical point, decided exactly.

    Conjugate points share the arithmetic; only signs differ between them.
    """
    shared: dict[ConjugatePoints, tuple[Matrix, OverField, Element]] = {}
    forms = []
    for point in points:
        if point.points not in shared:
            H = hessian_at(landscape, point)
            shared[point.points] = H, characteristic(point, H), point.evaluate(landscape.loss)
        H, polynomial, value = shared[point.points]
        signs = sign_counts(point, polynomial)
        if attains_bound(landscape, point, value):
            kind = CriticalKind.MINIMUM
        else:
            kind = _kind(landscape, point, signs)
        forms.append(LocalForm(polynomial, signs, kind, value))
    return forms


def attains_bound(landscape: Landscape, point: AlgebraicPoint, value: Element) -> bool:
    """Return whether the loss has its proved lower bound as value at the point."""
    if landscape.bound is None:
        return False
    bound = flint.fmpq(int(landscape.bound.p), int(landscape.bound.q))
    return bool(point.reduced(value - bound).is_zero())


def _kind(landscape: Landscape, point: AlgebraicPoint, signs: tuple[int, int, int]) -> CriticalKind:
    negative, zero, positive = signs
    if negative and positive:
        return CriticalKind.SADDLE
    if not zero:
        return CriticalKind.MAXIMUM if negative else CriticalKind.MINIMUM
    rises, falls = bool(positive), bool(negative)
    only = False
    for direction in _directions(point.dimension):
        order, sign = _first_change(landscape.loss, point, direction)
        if order == 0:
            continue
        rises |= order % 2 == 1 or sign > 0
        falls |= order % 2 == 1 or sign < 0
        only = point.dimension == 1
        if rises and falls:
            return CriticalKind.SADDLE
    if only:
        # In one dimension the first derivative that is not zero decides.
        return CriticalKind.MINIMUM if rises else CriticalKind.MAXIMUM
    return CriticalKind.UNDECIDED


def _directions(size: int) -> list[tuple[int, ...]]:
    """Return a few directions, one of each opposite pair."""
    if 3**size > _MOST_DIRECTIONS:
        axes = [tuple(int(i == k) for i in range(size)) for k in range(size)]
        pairs = [
            tuple(int(i == j) + s * int(i == k) for i in range(size))
            for j in range(size)
            for k in range(j)
            for s in (1, -1)
        ]
        return axes + pairs
    every = product((0, 1, -1), repeat=size)
    return [v for v in every if next((c for c in v if c), -1) > 0]


def _first_change(
    loss: sp.Poly, point: AlgebraicPoint, direction: Sequence[int]
) -> tuple[int, int]:
    """Return order and sign of the first term of L(p + s v) - L(p) in s; (0, 0) for none."""
    derivative = loss
    for order in range(1, int(loss.total_degree()) + 1):
        derivative = sum(
            (c * derivative.diff(v) for c, v in zip(direction, loss.gens, strict=True) if c),
            sp.Poly(0, *loss.gens, domain=sp.QQ),
        )
        sign = point.sign(point.evaluate(derivative))
        if sign:
            return order, sign
    return 0, 0


def lower_bound(expression: sp.Expr) -> sp.Rational | None:
    """Return a lower bound that shows in the way the expression is written, or None.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> lower_bound((x * y - 1)**2 / 2 + 3), lower_bound(x**2 - 2 * x)
    (3, None)
    """
    if expression.is_Rational:
        return expression
    if expression.is_Add:
        bounds = [lower_bound(term) for term in expression.args]
        return None if any(b is None for b in bounds) else sp.Add(*bounds)
    return sp.S.Zero if _not_negative(expression) else None


def _not_negative(expression: sp.Expr) -> bool:
    if expression.is_Rational:
        return bool(expression >= 0)
    if expression.is_Pow:
        return bool(expression.exp.is_Integer and expression.exp % 2 == 0 and expression.exp > 0)
    if expression.is_Mul:
        return all(_not_negative(factor) for factor in expression.args)
    if expression.is_Add:
        return all(_not_negative(term) for term in expression.args)
    return False


def is_coercive(loss: sp.Poly) -> bool:
    """Return whether the loss is proved to tend to infinity in every direction.

    With weights 1/k_i, k_i the highest pure power of the i-th variable, the terms of weight one
    must outweigh the rest: no term is heavier, and they vanish together at the origin only.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> is_coercive(sp.Poly(x**6 / 3 + x * y + 4 * y**4 - 4 * y**2, x, y))
    True
    >>> is_coercive(sp.Poly((x * y - 1)**2, x, y))
    False
    """
    size = len(loss.gens)
    terms = loss.terms()
    powers = [max((e[i] for e, _ in terms if sum(e) == e[i]), default=0) for i in range(size)]
    if any(k == 0 or k % 2 for k in powers):
        return False
    weights = [sum(sp.Rational(k, p) for k, p in zip(e, powers, strict=True)) for e, _ in terms]
    if max(weights) > 1:
        return False
    leading = [term for term, weight in zip(terms, weights, strict=True) if weight == 1]
    if all(c > 0 and all(k % 2 == 0 for k in e) for e, c in leading):
        return True
    if size == 2 and powers[0] == powers[1]:
        form = sp.Poly.from_dict(dict(leading), *loss.gens).as_expr()
        x, y = loss.gens
        line = sp.Poly(form.subs(y, 1), x)
        positive = form.subs({x: 1, y: 0}) > 0 and form.subs({x: 0, y: 1}) > 0
        return bool(positive and line.count_roots() == 0)
    return False

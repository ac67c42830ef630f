"""Points that a user wrote down exactly, as points over a number field."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from ...values import is_exact
from ..algebra.ideals import Ideal
from ..algebra.number_field import AlgebraicPoint, Element, real_points
from ..algebra.polynomials import ring
from ..algebra.quotient import conjugate_points
from ..algebra.real_algebraic import RealAlgebraic

__all__ = ["exact_point", "jacobian_rank"]

_MOST_BITS = 2**13


def exact_point(values: Sequence[sp.Expr]) -> AlgebraicPoint:
    """Return the point with these coordinates; a float is taken as the dyadic rational it is.

    Examples
    --------
    >>> point = exact_point([sp.sqrt(2), 1 / sp.sqrt(2)])
    >>> point.times(*point.coordinates)
    1
    """
    numbers = [
        RealAlgebraic.from_sympy(value if is_exact(value) else sp.Rational(float(value)))
        for value in values
    ]
    base = ring(len(numbers))
    equations = []
    for number, x in zip(numbers, base.gens(), strict=True):
        total = base.constant(0)
        for k, c in enumerate(number.polynomial):
            total += c * x**k
        equations.append(total)
    candidates = [p for c in conjugate_points(Ideal(base, equations)) for p in real_points(c)]
    bits = 64
    while len(candidates) > 1 and bits <= _MOST_BITS:
        balls = [number.ball(bits) for number in numbers]
        candidates = [
            p
            for p in candidates
            if all(p.ball(x, bits).overlaps(b) for x, b in zip(p.coordinates, balls, strict=True))
        ]
        bits *= 2
    return candidates[0]


def jacobian_rank(point: AlgebraicPoint, polynomials: Sequence[sp.Poly]) -> int:
    """Return the rank of the Jacobian of some polynomials at an exact point."""
    rows: list[list[Element]] = [[point.evaluate(p.diff(v)) for v in p.gens] for p in polynomials]
    rank = 0
    for column in range(len(polynomials[0].gens)):
        pivot = next((r for r in rows[rank:] if not point.reduced(r[column]).is_zero()), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(rank, pivot)
        scale = point.inverse(pivot[column])
        for place in range(rank + 1, len(rows)):
            factor = point.times(rows[place][column], scale)
            rows[place] = [
                point.reduced(a - point.times(factor, b))
                for a, b in zip(rows[place], pivot, strict=True)
            ]
        rank += 1
    return rank

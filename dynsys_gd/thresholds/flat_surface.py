"""Whether a hypersurface of critical points with zero Hessian holds minima of the loss.

Where the loss is c + g^m h with m ≥ 3, its Hessian vanishes on all of g = 0, and one point tells
nothing about the others: (x - 1) y⁴ has minima (x, 0) for x > 1 and maxima for x < 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import sympy as sp

from ..evidence import Outcome
from ..orbits.algebra.decomposition import Family
from ..orbits.algebra.number_field import AlgebraicPoint
from .rational_functions import RationalFunction, constant_on

__all__ = ["flat_minima"]

_COORDINATES = (0, 1, -1, 2, -2, 5, -5)
_MOST_TRIED = 200


def flat_minima(
    loss: sp.Poly, surface: sp.Poly, family: Family
) -> tuple[Outcome, tuple[AlgebraicPoint, ...]]:
    """Return whether some point of the surface is a minimum, and one if it is known exactly.

    Parameters
    ----------
    loss : sympy.Poly
        With a Hessian that vanishes on the surface.
    surface : sympy.Poly
        g, irreducible over the rationals.
    family : Family
        The set g = 0.

    Notes
    -----
    Write loss = c + g^m h, h not a multiple of g. For even m a point of the surface with h > 0 is
    a minimum; where h is negative on the whole surface there is none. For odd m the loss takes
    both signs of its difference from c next to every regular point with h ≠ 0, and these are dense
    on a smooth surface: no minimum. At a singular point nothing is said.
    """
    value = constant_on(RationalFunction(loss, sp.Poly(1, *loss.gens, domain=sp.QQ)), [surface])
    if value is None or surface.is_ground:
        return Outcome.UNDECIDED, ()
    order, rest = 0, loss - sp.Rational(int(value.p), int(value.q))
    while not rest.is_zero:
        quotient, remainder = rest.div(surface)
        if not remainder.is_zero:
            break
        order, rest = order + 1, quotient
    if rest.is_zero:
        return Outcome.UNDECIDED, ()
    if order % 2:
        nowhere = family.smooth is Outcome.YES
        return (Outcome.NO if nowhere else Outcome.UNDECIDED), ()
    example = family.sample
    if example is not None and example.sign(example.evaluate(rest)) > 0:
        return Outcome.YES, (example,)
    if any(rest.eval(point) > 0 for point in _rational_points(surface)):
        return Outcome.YES, ()
    return (Outcome.NO if _negative_by_form(rest) else Outcome.UNDECIDED), ()


def _rational_points(surface: sp.Poly) -> Iterator[tuple[sp.Rational, ...]]:
    """Yield a few rational points of a surface that is linear in one of its variables."""
    size, tried = len(surface.gens), 0
    for k, variable in enumerate(surface.gens):
        if surface.degree(variable) != 1:
            continue
        slope, rest = sp.Poly(surface.as_expr(), variable).all_coeffs()
        others = [v for v in surface.gens if v != variable]
        for place in product(_COORDINATES, repeat=size - 1):
            tried += 1
            if tried > _MOST_TRIED:
                return
            values = dict(zip(others, place, strict=True))
            steep = sp.sympify(slope).subs(values)
            if steep != 0:
                solved = -sp.sympify(rest).subs(values) / steep
                found: list[sp.Expr] = [sp.Integer(c) for c in place]
                found.insert(k, solved)
                yield tuple(found)


def _negative_by_form(polynomial: sp.Poly) -> bool:
    """Return whether all signs are minus, all powers even, and a constant is among the terms."""
    terms = polynomial.terms()
    return all(c < 0 and all(k % 2 == 0 for k in e) for e, c in terms) and any(
        not any(e) for e, _ in terms
    )

"""Polynomials over the rationals: sympy expressions outside, FLINT polynomials inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import flint
import sympy as sp

from ...values import is_exact
from .effort import AlgebraFailed

__all__ = [
    "Polynomial",
    "Ring",
    "coerced",
    "factored",
    "from_flint",
    "rational_polynomials",
    "ring",
    "to_flint",
    "total_degree",
]

Polynomial: TypeAlias = flint.fmpz_mpoly
Ring: TypeAlias = flint.fmpz_mpoly_ctx


def ring(size: int, order: flint.Ordering = flint.Ordering.degrevlex) -> Ring:
    """Return the polynomial ring over the integers in `size` variables.

    Solution sets do not change when an equation is multiplied by a number, so every equation is
    kept with coprime integer coefficients.
    """
    return flint.fmpz_mpoly_ctx.get([f"x{k}" for k in range(size)], order)


def rational_polynomials(
    expressions: Iterable[sp.Expr], variables: Sequence[sp.Symbol]
) -> tuple[list[sp.Poly], bool] | None:
    """Return `expressions` as polynomials with rational coefficients, and whether they came exact.

    Floating-point coefficients are read as the dyadic rationals they are, which loses nothing
    but answers a question about 0.1 that the user may have meant about one tenth; the second
    value is then False. Anything else (other functions, roots or open parameters in the
    coefficients) gives None.

    Examples
    --------
    >>> from sympy.abc import x
    >>> rational_polynomials([x**2 / 3 - x * 0.5], [x])
    ([Poly(1/3*x**2 - 1/2*x, x, domain='QQ')], False)
    >>> rational_polynomials([sp.sin(x)], [x]) is None
    True
    """
    found = []
    exact = True
    for expression in expressions:
        expression = sp.sympify(expression)
        if not is_exact(expression):
            exact = False
            floats = expression.atoms(sp.Float)
            expression = expression.xreplace({number: sp.Rational(number) for number in floats})
        if not expression.free_symbols <= set(variables):
            return None
        try:
            found.append(sp.Poly(expression, *variables, domain=sp.QQ))
        except (sp.PolynomialError, sp.CoercionFailed):
            return None
    return found, exact


def to_flint(polynomial: sp.Poly, target: Ring) -> Polynomial:
    """Return a positive or negative multiple of `polynomial` with coprime integer coefficients."""
    terms = {exponents: sp.Rational(c) for exponents, c in polynomial.terms()}
    common = sp.ilcm(1, *(c.q for c in terms.values()))
    integers = {exponents: int(c * common) for exponents, c in terms.items()}
    return (
        target.from_dict(integers).primitive()[1] if any(integers.values()) else target.constant(0)
    )


def from_flint(polynomial: Polynomial, variables: Sequence[sp.Symbol]) -> sp.Expr:
    """Return `polynomial` as an expression in `variables`."""
    terms = {tuple(map(int, e)): sp.Integer(int(c)) for e, c in polynomial.terms()}
    return sp.Poly.from_dict(terms, *variables).as_expr() if terms else sp.S.Zero


def coerced(polynomial: Polynomial, target: Ring, places: Sequence[int]) -> Polynomial:
    """Return `polynomial` in another ring: variable k becomes variable ``places[k]`` there."""
    terms = {}
    for exponents, coefficient in polynomial.terms():
        moved = [0] * target.nvars()
        for place, exponent in zip(places, exponents, strict=True):
            moved[place] = int(exponent)
        terms[tuple(moved)] = coefficient
    return target.from_dict(terms)


def factored(polynomial: Polynomial) -> list[tuple[Polynomial, int]]:
    """Return the irreducible factors of a polynomial, with multiplicity; none for a constant.

    Raises
    ------
    AlgebraFailed
        For coefficients that do not fit into a machine word, in two or more variables.

    Examples
    --------
    >>> x, y = ring(2).gens()
    >>> factored(x * (x - 10**20) ** 2)
    [(x0, 1), (x0 - 100000000000000000000, 2)]
    """
    base = polynomial.context()
    terms = [(tuple(map(int, e)), c) for e, c in polynomial.terms()]
    used = [k for k in range(base.nvars()) if any(e[k] for e, _ in terms)]
    if not used:
        return []
    if len(used) == 1:
        (place,) = used
        coefficients = [0] * (max(e[place] for e, _ in terms) + 1)
        for e, c in terms:
            coefficients[e[place]] = c
        return [
            (_in_one_variable(factor, base, place), power)
            for factor, power in flint.fmpz_poly(coefficients).factor()[1]
        ]
    try:
        found: list[tuple[Polynomial, int]] = polynomial.factor()[1]
    except OverflowError:
        # The library sorts the factors by their coefficients, read as machine words.
        raise AlgebraFailed(
            "a polynomial in several variables has coefficients too large to be factored"
        ) from None
    return found


def _in_one_variable(polynomial: flint.fmpz_poly, base: Ring, place: int) -> Polynomial:
    size = base.nvars()
    return base.from_dict(
        {
            tuple(power * int(k == place) for k in range(size)): c
            for power, c in enumerate(polynomial.coeffs())
            if c != 0
        }
    )


def total_degree(polynomial: Polynomial) -> int:
    """Return the total degree; 0 for constants, also for zero."""
    return max((sum(map(int, exponents)) for exponents in polynomial.monoms()), default=0)

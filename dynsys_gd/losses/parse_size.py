"""How large a part of a formula may become, checked before sympy builds it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import flint
import sympy as sp

from ..engine.ball_printer import ball
from .parse_text import refusal

__all__ = [
    "Piece",
    "added",
    "bits",
    "bounded",
    "check_exponent",
    "check_size",
    "check_value",
    "multiplied",
    "number",
]

LARGEST_EXPONENT = 100
LARGEST_ROOT = 100
LARGEST_ROOT_OF_NUMBER = 12
MOST_DEGREE = 100
MOST_TERMS = 1000
MOST_BITS = 4096
MOST_BITS_IN_EXPONENT = 12
MOST_EXPONENTIALS = 2

_HUGE = flint.arb(10) ** 300
_TINY = flint.arb(10) ** -300


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of the formula with bounds on its size; `value` encloses it where it is constant.

    `degree` and `terms` bound what multiplying out would give, as a polynomial in `atoms`: names,
    and function values and reciprocals by their text.
    """

    expression: sp.Expr = sp.S.Zero
    degree: int = 0
    terms: int = 1
    tower: int = 0
    atoms: frozenset[str] = frozenset()
    value: flint.arb | None = None

    def holding(self, expression: sp.Expr) -> Piece:
        """Return the piece of this size that `expression` is."""
        return replace(self, expression=expression)

    @property
    def most_terms(self) -> int:
        """No polynomial has more terms than there are monomials of its degree."""
        return min(self.terms, math.comb(self.degree + len(self.atoms), len(self.atoms)))


def check_exponent(text: str, exponent: sp.Expr) -> None:
    """Refuse e^(k log u), which sympy would turn into the power u^k without any limit."""
    for term in sp.Add.make_args(exponent):
        if any(isinstance(factor, sp.log) for factor in sp.Mul.make_args(term)):
            raise refusal(
                text,
                "an exponent without a logarithm",
                "write u**k for exp(k*log(u))",
            )


def check_value(text: str, value: flint.arb) -> None:
    """Refuse a constant that is not a real number of ordinary size."""
    if not value.is_finite():
        raise refusal(text, "a constant that is a finite real number", "correct or remove it")
    if not abs(value) < _HUGE or (abs(value) > 0 and not abs(value) > _TINY):
        raise refusal(text, "constants between 1e-300 and 1e300 in size", "rescale the loss")


def check_size(text: str, size: Piece) -> None:
    """Refuse a part whose degree, expanded form or power tower is too large."""
    if size.degree > MOST_DEGREE:
        raise refusal(text, f"degree at most {MOST_DEGREE}", "lower the exponents")
    if size.most_terms > MOST_TERMS:
        raise refusal(
            text,
            f"at most {MOST_TERMS} terms when multiplied out",
            "lower the exponents, or use LinearNetwork or MLP for sums over data",
        )
    if size.tower > MOST_EXPONENTIALS:
        raise refusal(
            text,
            f"at most {MOST_EXPONENTIALS} exponentials inside one another",
            "take the logarithm",
        )


def bounded(text: str, piece: Piece) -> Piece:
    """Return `piece` after the checks that need its expression."""
    check_size(text, piece)
    expression = piece.expression
    if expression.has(sp.nan, sp.zoo, sp.oo, -sp.oo, sp.I):
        raise refusal(text, "a finite real value", "correct or remove it")
    coefficient = expression.as_coeff_Mul()[0]
    if coefficient.is_Rational and coefficient != 0:
        if bits(coefficient) > MOST_BITS:
            raise refusal(text, f"numbers of at most {MOST_BITS} bits", "use smaller ones")
        check_value(text, ball(coefficient))
    if expression.is_Rational:
        return number(expression)
    value = piece.value
    if value is None and expression.is_number:
        value = ball(expression)
    if value is not None:
        check_value(text, value)
        if 0 in value:
            raise refusal(text, "a constant that is clearly not zero", "simplify it by hand")
    return replace(piece, expression=expression, value=value)


def number(value: Fraction | sp.Rational | int) -> Piece:
    """Return a rational constant."""
    rational = sp.Rational(value)
    return Piece(expression=rational, value=ball(rational))


def added(a: Piece, b: Piece) -> Piece:
    """Return a + b with its bounds."""
    return Piece(
        expression=a.expression + b.expression,
        degree=max(a.degree, b.degree),
        terms=a.most_terms + b.most_terms,
        tower=max(a.tower, b.tower),
        atoms=a.atoms | b.atoms,
        value=None if a.value is None or b.value is None else a.value + b.value,
    )


def multiplied(a: Piece, b: Piece) -> Piece:
    """Return a * b with its bounds."""
    return Piece(
        expression=a.expression * b.expression,
        degree=a.degree + b.degree,
        terms=a.most_terms * b.most_terms,
        tower=max(a.tower, b.tower),
        atoms=a.atoms | b.atoms,
        value=None if a.value is None or b.value is None else a.value * b.value,
    )


def bits(number: sp.Rational) -> int:
    """Return how many binary digits numerator and denominator have together."""
    return int(number.p).bit_length() + int(number.q).bit_length() - 1

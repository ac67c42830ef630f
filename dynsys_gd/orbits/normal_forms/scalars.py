"""Two kinds of numbers for derivatives: elements of a number field, and complex balls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import flint
import sympy as sp

from ...engine.ball_printer import ball
from ...engine.operations import Op
from ..algebra.number_field import AlgebraicPoint
from ..algebra.real_algebraic import RealAlgebraic, signed

__all__ = ["Balls", "Element", "Field", "Inexact"]


class Inexact(Exception):
    """A number that is not in the field at hand; balls take over."""


@dataclass(frozen=True)
class Field:
    """The numbers Q(t) for a root t of an irreducible polynomial over the rationals.

    Parameters
    ----------
    modulus : tuple of int
        Coefficients, constant term first, positive leading one.
    root : callable
        Precision in bits -> complex ball that contains t.
    real : AlgebraicPoint or None
        The field as that of a real point without coordinates; None where t is not real.
    """

    modulus: tuple[int, ...]
    root: Callable[[int], flint.acb]
    real: AlgebraicPoint | None
    polynomial: flint.fmpq_poly = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "polynomial", flint.fmpq_poly(list(self.modulus)))

    @property
    def degree(self) -> int:
        """1 for the rational numbers."""
        return len(self.modulus) - 1

    @property
    def t(self) -> Element:
        """The generator."""
        return Element(flint.fmpq_poly([0, 1]) % self.polynomial, self)

    def element(self, polynomial: flint.fmpq_poly) -> Element:
        """Return a polynomial in the generator."""
        return Element(polynomial % self.polynomial, self)

    def constant(self, value: Any) -> Element:
        if isinstance(value, Element):
            return value
        number = sp.sympify(value)
        if isinstance(number, sp.Float):
            number = sp.Rational(number)
        if not number.is_Rational:
            raise Inexact
        return Element(flint.fmpq_poly([flint.fmpq(int(number.p), int(number.q))]), self)

    def inverse(self, u: Element) -> Element:
        common, s, _ = u.value.xgcd(self.polynomial)
        if common.degree() != 0:
            raise ZeroDivisionError
        return Element((s * (1 / common.coeffs()[0])) % self.polynomial, self)

    def power(self, u: Element, exponent: sp.Expr) -> Element:
        if not exponent.is_Rational or u.value.degree() > 0 or u.is_zero():
            raise Inexact
        c = u.value.coeffs()[0]
        value = sp.Rational(int(c.p), int(c.q)) ** exponent
        return self.constant(value)

    def taylor(self, op: Op, u: Element) -> list[Element]:
        if op is Op.SQRT:
            half = sp.Rational(1, 2)
            return [self.power(u, half - k) * self.constant(sp.binomial(half, k)) for k in range(4)]
        base, known = _RATIONAL_TAYLOR.get(op, (0, None))
        if known is None or not (u - self.constant(base)).is_zero():
            raise Inexact
        return [self.constant(sp.Rational(c)) for c in known]

    def conjugate(self, u: Element) -> Element:
        """Return the complex conjugate; for a generator on the unit circle that maps t to 1/t."""
        if self.real is not None:
            return u
        mirrored, total = self.inverse(self.t), self.constant(0)
        for c in reversed(u.value.coeffs()):
            total = total * mirrored + Element(flint.fmpq_poly([c]), self)
        return total

    def is_zero(self, u: Element) -> bool:
        return u.is_zero()

    def ball(self, u: Element, bits: int = 128) -> flint.acb:
        """Return a complex ball that contains an element."""
        with flint.ctx.workprec(bits):
            total, t = flint.acb(0), self.root(bits)
            for c in reversed(u.value.coeffs()):
                total = total * t + flint.acb(c)
            return total

    def number(self, u: Element) -> RealAlgebraic:
        """Return an element that is real by its own minimal polynomial."""
        if u.value.degree() <= 0:
            c = u.value.coeffs()[0] if u.value.degree() == 0 else flint.fmpq(0)
            return RealAlgebraic.rational(Fraction(int(c.p), int(c.q)))
        rows, power = [], u.value
        for _ in range(self.degree):
            c = power.coeffs()
            rows.append(c + [flint.fmpq(0)] * (self.degree - len(c)))
            power = (power * flint.fmpq_poly([0, 1])) % self.polynomial
        # The characteristic polynomial of an element is a power of its minimal polynomial.
        factors = flint.fmpq_mat(rows).charpoly().numer().factor()[1]
        minimal = signed(tuple(int(c) for c in factors[0][0].coeffs()))
        return RealAlgebraic.nearest([minimal], lambda bits: self.ball(u, bits).real)


@dataclass(frozen=True)
class Element:
    """A polynomial in the generator of a field, reduced."""

    value: flint.fmpq_poly
    field: Field

    def __add__(self, other: Element) -> Element:
        return Element(self.value + other.value, self.field)

    def __sub__(self, other: Element) -> Element:
        return Element(self.value - other.value, self.field)

    def __neg__(self) -> Element:
        return Element(-self.value, self.field)

    def __mul__(self, other: Element) -> Element:
        return Element((self.value * other.value) % self.field.polynomial, self.field)

    def is_zero(self) -> bool:
        return bool(self.value.degree() < 0)


# Where the Taylor coefficients of a function are rational: the point, and the coefficients.
_RATIONAL_TAYLOR: dict[Op, tuple[int, tuple[str, ...]]] = {
    Op.EXP: (0, ("1", "1", "1/2", "1/6")),
    Op.LOG: (1, ("0", "1", "-1/2", "1/3")),
    Op.SIN: (0, ("0", "1", "0", "-1/6")),
    Op.COS: (0, ("1", "0", "-1/2", "0")),
    Op.TAN: (0, ("0", "1", "0", "1/3")),
    Op.SINH: (0, ("0", "1", "0", "1/6")),
    Op.COSH: (0, ("1", "0", "1/2", "0")),
    Op.TANH: (0, ("0", "1", "0", "-1/3")),
    Op.ATAN: (0, ("0", "1", "0", "-1/3")),
    Op.SIGMOID: (0, ("1/2", "1/4", "0", "-1/48")),
    Op.LOGCOSH: (0, ("0", "0", "1/2", "0")),
}


@dataclass(frozen=True)
class Balls:
    """Complex balls at a stated precision: every result contains the exact one."""

    bits: int = 256

    def constant(self, value: Any) -> flint.acb:
        if isinstance(value, flint.acb):
            return value
        if isinstance(value, flint.arb):
            return flint.acb(value)
        return flint.acb(ball(value))

    def inverse(self, u: flint.acb) -> flint.acb:
        return 1 / u

    def power(self, u: flint.acb, exponent: sp.Expr) -> flint.acb:
        return u ** flint.acb(ball(exponent))

    def taylor(self, op: Op, u: flint.acb) -> list[flint.acb]:
        return _BALL_TAYLOR[op](u)

    def conjugate(self, u: flint.acb) -> flint.acb:
        return u.conjugate()

    def is_zero(self, u: flint.acb) -> bool:
        """Balls never prove that a number is zero, but for the exact zero."""
        return bool(u == 0)


def _series(function: Callable[[flint.acb_series], flint.acb_series]) -> Callable[..., Any]:
    def taylor(u: flint.acb) -> list[flint.acb]:
        made = function(flint.acb_series([u, 1], 4)).coeffs()
        return list(made) + [flint.acb(0)] * (4 - len(made))

    return taylor


def _tanh(u: flint.acb) -> list[flint.acb]:
    t = u.tanh()
    first = 1 - t * t
    second = -2 * t * first
    return [t, first, second / 2, (-2 * first * first - 2 * t * second) / 6]


def _sigmoid(u: flint.acb) -> list[flint.acb]:
    # One half of 1 + tanh(u / 2), so that nothing overflows.
    c = _tanh(u / 2)
    return [(1 + c[0]) / 2, c[1] / 4, c[2] / 8, c[3] / 16]


def _integral(slopes: Sequence[flint.acb], value: flint.acb) -> list[flint.acb]:
    return [value, slopes[0], slopes[1] / 2, slopes[2] / 3]


def _hyperbolic(odd: bool) -> Callable[[flint.acb], list[flint.acb]]:
    def taylor(u: flint.acb) -> list[flint.acb]:
        s, c = u.sinh(), u.cosh()
        return [s, c, s / 2, c / 6] if odd else [c, s, c / 2, s / 6]

    return taylor


_BALL_TAYLOR: dict[Op, Callable[[flint.acb], list[flint.acb]]] = {
    Op.SQRT: _series(lambda s: s.sqrt()),
    Op.EXP: _series(lambda s: s.exp()),
    Op.LOG: _series(lambda s: s.log()),
    Op.SIN: _series(lambda s: s.sin()),
    Op.COS: _series(lambda s: s.cos()),
    Op.TAN: _series(lambda s: s.tan()),
    Op.SINH: _hyperbolic(True),
    Op.COSH: _hyperbolic(False),
    Op.TANH: _tanh,
    Op.ATAN: _series(lambda s: s.atan()),
    Op.ERF: _series(lambda s: s.erf()),
    Op.SIGMOID: _sigmoid,
    Op.SOFTPLUS: lambda u: _integral(_sigmoid(u), (1 + u.exp()).log()),
    Op.LOGCOSH: lambda u: _integral(_tanh(u), u.cosh().log()),
}

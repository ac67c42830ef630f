"""Real algebraic numbers: an irreducible polynomial and which of its real roots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import flint
import sympy as sp

from ...errors import InvalidInput
from .effort import check_time

__all__ = ["RealAlgebraic", "real_roots"]

Enclosure = Callable[[int], flint.arb]

_MOST_BITS = 2**16


@lru_cache(maxsize=1024)
def real_roots(polynomial: tuple[int, ...], bits: int) -> tuple[flint.arb, ...]:
    """Return disjoint enclosures of the real roots of a squarefree polynomial, ascending.

    Parameters
    ----------
    polynomial : tuple of int
        Coefficients, constant term first.
    bits : int
        Working precision.
    """
    with flint.ctx.workprec(bits):
        roots = flint.fmpz_poly(list(polynomial)).complex_roots()
        # FLINT returns the real roots with an imaginary part that is exactly zero.
        real = [root.real for root, _ in roots if root.imag == 0]
    return tuple(sorted(real, key=lambda r: r.mid()))


@dataclass(frozen=True)
class RealAlgebraic:
    """A real root of an irreducible polynomial over the rationals.

    Two of them are equal exactly when polynomial and place are equal, so ties are decided by
    algebra and order by enclosures that must separate in the end.

    Parameters
    ----------
    polynomial : tuple of int
        Irreducible, coprime coefficients, positive leading one; constant term first.
    place : int
        0 for the smallest real root.

    Examples
    --------
    >>> root = RealAlgebraic((-2, 0, 1), 1)
    >>> root.to_sympy(), root > RealAlgebraic.rational(Fraction(7, 5))
    (sqrt(2), True)
    """

    polynomial: tuple[int, ...]
    place: int

    @classmethod
    def rational(cls, value: Fraction | int) -> RealAlgebraic:
        """Return a rational number as a root of a linear polynomial."""
        number = Fraction(value)
        return cls((-number.numerator, number.denominator), 0)

    @classmethod
    def nearest(cls, candidates: list[tuple[int, ...]], enclosure: Enclosure) -> RealAlgebraic:
        """Return the one root of the irreducible `candidates` that `enclosure` keeps meeting.

        Parameters
        ----------
        candidates : list of coefficient tuples
            One of them has the number as a root.
        enclosure : callable
            Precision in bits -> ball that contains the number.
        """
        bits = 64
        while bits <= _MOST_BITS:
            check_time()
            ball = enclosure(bits)
            met = [
                cls(polynomial, place)
                for polynomial in candidates
                for place, root in enumerate(real_roots(polynomial, bits))
                if root.overlaps(ball)
            ]
            if len(met) == 1:
                return met[0]
            bits *= 2
        raise ArithmeticError("an enclosure that does not shrink names no algebraic number")

    @classmethod
    def from_sympy(cls, number: sp.Expr) -> RealAlgebraic:
        """Return an exact real sympy number that is algebraic."""
        if number.is_Rational:
            return cls.rational(Fraction(int(number.p), int(number.q)))
        if isinstance(number, sp.CRootOf) and number.poly.domain.is_ZZ and number.is_real:
            # Sympy counts the real roots first and in ascending order, as we do.
            coefficients = tuple(int(c) for c in number.poly.primitive()[1].all_coeffs()[::-1])
            factors = flint.fmpz_poly(list(coefficients)).factor()[1]
            if len(factors) == 1 and factors[0][1] == 1:
                return cls(signed(coefficients), number.index)
        t = sp.Dummy("t")
        try:
            minimal = sp.Poly(sp.minimal_polynomial(number, t), t)
        except (sp.polys.polyerrors.NotAlgebraic, NotImplementedError):
            raise InvalidInput("number", number, "a real algebraic number") from None
        coefficients = tuple(int(c) for c in minimal.primitive()[1].all_coeffs()[::-1])

        def enclosure(bits: int) -> flint.arb:
            digits = int(bits * 0.30103) + 5
            with flint.ctx.workprec(bits + 16):
                near = sp.Rational(sp.re(number.evalf(digits + 10)))
                slack = flint.arb(flint.fmpq(1, 10**digits)) * (1 + abs(flint.arb(_fmpq(near))))
                return flint.arb(_fmpq(near)) + flint.arb(0, 1) * slack

        return cls.nearest([signed(coefficients)], enclosure)

    @property
    def degree(self) -> int:
        """Degree of the minimal polynomial; 1 for rational numbers."""
        return len(self.polynomial) - 1

    @property
    def fraction(self) -> Fraction | None:
        """The value of a rational number, else None."""
        return Fraction(-self.polynomial[0], self.polynomial[1]) if self.degree == 1 else None

    def ball(self, bits: int = 64) -> flint.arb:
        """Return an enclosure."""
        if self.degree == 1:
            with flint.ctx.workprec(bits):
                return flint.arb(flint.fmpq(-self.polynomial[0], self.polynomial[1]))
        return real_roots(self.polynomial, bits)[self.place]

    def __float__(self) -> float:
        return float(self.ball(64).mid())

    def compare(self, other: RealAlgebraic | Fraction | int) -> int:
        """Return -1, 0 or 1 as this number is below, equal to or above `other`."""
        if not isinstance(other, RealAlgebraic):
            other = RealAlgebraic.rational(other)
        if self == other:
            return 0
        bits = 64
        while bits <= _MOST_BITS:
            check_time()
            a, b = self.ball(bits), other.ball(bits)
            if not a.overlaps(b):
                return -1 if a < b else 1
            bits *= 2
        raise ArithmeticError("two different algebraic numbers did not separate")

    def __lt__(self, other: RealAlgebraic | Fraction | int) -> bool:
        return self.compare(other) < 0

    def __gt__(self, other: RealAlgebraic | Fraction | int) -> bool:
        return self.compare(other) > 0

    def to_sympy(self) -> sp.Expr:
        """Return a rational number, radicals where they are short, else a ``CRootOf``."""
        if (value := self.fraction) is not None:
            return sp.Rational(value.numerator, value.denominator)
        poly = flint.fmpz_poly(list(self.polynomial))
        inner, power = poly.deflation()
        if inner.degree() <= 2:
            return self._radical([int(c) for c in inner.coeffs()], power)
        t = sp.Symbol("t")
        whole = sp.Poly([int(c) for c in reversed(self.polynomial)], t)
        # sympy counts the real roots first and in ascending order, as we do.
        return sp.CRootOf(whole, self.place, radicals=False)

    def _radical(self, inner: list[int], power: int) -> sp.Expr:
        """Return the root of inner(t**power) that this is, for inner of degree 1 or 2."""
        if len(inner) == 2:
            bases = [sp.Rational(-inner[0], inner[1])]
        else:
            c, b, a = inner
            D = sp.sqrt(sp.Integer(b * b - 4 * a * c))
            bases = [(-b + sign * D) / sp.Integer(2 * a) for sign in (-1, 1)]
        forms = []
        for base in bases:
            if power == 1:
                forms.append(sp.expand(base))
            elif base.is_positive:
                root = sp.sqrtdenest(sp.root(base, power))
                forms += [root] if power % 2 else [root, -root]
            elif base.is_negative and power % 2:
                forms.append(-sp.root(-base, power))
        target = self.ball(128)
        for form in forms:
            near = sp.re(form.evalf(40))
            if target.overlaps(flint.arb(_fmpq(sp.Rational(near)), 1e-30 * (1 + abs(float(near))))):
                return form
        raise ArithmeticError("no radical matches the root")  # pragma: no cover - forms are all


def signed(polynomial: tuple[int, ...]) -> tuple[int, ...]:
    """Return the polynomial with a positive leading coefficient."""
    return polynomial if polynomial[-1] > 0 else tuple(-c for c in polynomial)


def _fmpq(number: sp.Rational) -> flint.fmpq:
    return flint.fmpq(int(number.p), int(number.q))

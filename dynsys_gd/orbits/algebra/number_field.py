"""Arithmetic at an exact solution point: zero tests by algebra, signs by enclosures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TypeAlias

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from .effort import check_time
from .quotient import ConjugatePoints
from .real_algebraic import RealAlgebraic, real_roots, signed

__all__ = ["AlgebraicPoint", "Element", "real_points"]

Element: TypeAlias = flint.fmpq_poly  # a polynomial in the generator t, of degree below that of m

Coefficient: TypeAlias = sp.Rational | Fraction | flint.fmpz

_MOST_BITS = 2**15


@dataclass(frozen=True)
class AlgebraicPoint:
    """One real point with coordinates in the number field Q(t), m(t) = 0, t a real root of m.

    Parameters
    ----------
    points : ConjugatePoints
    place : int
        Which real root of the modulus, 0 for the smallest.
    """

    points: ConjugatePoints
    place: int

    def __reduce__(self) -> tuple[type[AlgebraicPoint], tuple[ConjugatePoints, int]]:
        # FLINT objects stay behind in the process that made them.
        return AlgebraicPoint, (self.points, self.place)

    @property
    def modulus(self) -> flint.fmpq_poly:
        """The minimal polynomial m of the generator."""
        return self.points.field

    @property
    def degree(self) -> int:
        """Degree of the number field; 1 where all coordinates are rational."""
        return len(self.points.modulus) - 1

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return len(self.points.coordinates)

    @property
    def coordinates(self) -> tuple[Element, ...]:
        """The coordinates as field elements."""
        return self.points.elements

    def generator(self, bits: int) -> flint.arb:
        """Return an enclosure of t."""
        return real_roots(signed(self.points.modulus), bits)[self.place]

    def ball(self, element: Element, bits: int = 64) -> flint.arb:
        """Return an enclosure of a field element."""
        check_time()
        with flint.ctx.workprec(bits):
            return flint.arb_poly(element)(self.generator(bits))

    def coordinate_balls(self, bits: int) -> tuple[flint.arb, ...]:
        """Return enclosures of the coordinates; kept, since large fields make them costly."""
        known = self._balls
        if bits not in known:
            known[bits] = tuple(self.ball(element, bits) for element in self.coordinates)
        return known[bits]

    @cached_property
    def _balls(self) -> dict[int, tuple[flint.arb, ...]]:
        return {}

    def tight(self, element: Element, accuracy: int = 60) -> flint.arb:
        """Return an enclosure with at least `accuracy` correct bits, relative or absolute."""
        bits = 64
        while True:
            value = self.ball(element, bits)
            if value.rel_accuracy_bits() >= accuracy or value.rad() < flint.arb(2) ** -80:
                return value
            if bits > _MOST_BITS:
                raise ArithmeticError("an enclosure did not shrink")
            bits *= 2

    def reduced(self, element: Element) -> Element:
        """Return the representative of degree below that of the field."""
        check_time()
        return element % self.modulus

    def times(self, a: Element, b: Element) -> Element:
        """Return the product of two field elements."""
        check_time()
        return (a * b) % self.modulus

    def inverse(self, a: Element) -> Element:
        """Return 1 / a, the solution s of the linear equations a s = 1.

        They are solved modulo powers of a prime; Euclid's algorithm over the rationals would let
        the coefficients grow.
        """
        check_time()
        element = a % self.modulus
        if self.degree == 1 or element.degree() <= 0:
            return flint.fmpq_poly([1 / element.coeffs()[0]])
        n, t = self.degree, flint.fmpq_poly([0, 1])
        columns = []
        for _ in range(n):
            c = element.coeffs()
            columns.append(c + [flint.fmpq(0)] * (n - len(c)))
            element = (element * t) % self.modulus
        one = flint.fmpq_mat(n, 1, [1] + [0] * (n - 1))
        solution = flint.fmpq_mat(columns).transpose().solve(one, algorithm="dixon")
        return flint.fmpq_poly(solution.entries())

    def moved(self, coordinates: Sequence[Element]) -> AlgebraicPoint:
        """Return another point with coordinates in the same field."""
        plain = tuple(
            tuple(Fraction(int(c.p), int(c.q)) for c in self.reduced(r).coeffs())
            for r in coordinates
        )
        return AlgebraicPoint(ConjugatePoints(self.points.modulus, plain), self.place)

    def evaluate(self, polynomial: sp.Poly | flint.fmpz_mpoly) -> Element:
        """Return a polynomial in the coordinates, evaluated at the point."""
        return self.evaluate_terms(polynomial.terms())

    def evaluate_terms(self, terms: Iterable[tuple[Sequence[int], Coefficient]]) -> Element:
        """Return a sum of (exponents, coefficient) terms, evaluated at the point."""
        powers: list[list[Element]] = [[flint.fmpq_poly([1])] for _ in self.coordinates]
        total = flint.fmpq_poly([])
        for exponents, coefficient in terms:
            product = flint.fmpq_poly([_fmpq(coefficient)])
            for place, exponent in enumerate(map(int, exponents)):
                known = powers[place]
                while len(known) <= exponent:
                    known.append(self.times(known[-1], self.coordinates[place]))
                if exponent:
                    product = self.times(product, known[exponent])
            total += product
        return self.reduced(total)

    def sign(self, element: Element) -> int:
        """Return the sign, exactly: zero is zero in the field, other signs show in the end."""
        if self.reduced(element).is_zero():
            return 0
        bits = 64
        while bits <= _MOST_BITS:
            value = self.ball(element, bits)
            if value > 0:
                return 1
            if value < 0:
                return -1
            bits *= 2
        raise ArithmeticError("a non-zero field element did not separate from zero")

    def number(self, element: Element) -> RealAlgebraic:
        """Return a field element by its own minimal polynomial."""
        value = self.reduced(element)
        if value.degree() <= 0:
            c = value.coeffs()[0] if value.degree() == 0 else flint.fmpq(0)
            return RealAlgebraic.rational(Fraction(int(c.p), int(c.q)))
        minimal = _minimal_polynomial(
            self.points.modulus, tuple((int(c.p), int(c.q)) for c in value.coeffs())
        )
        return RealAlgebraic.nearest([minimal], lambda bits: self.ball(value, bits))

    @property
    def rounded(self) -> NDArray[np.float64]:
        """The coordinates rounded to doubles, shape (d,)."""
        return np.array(self.approximate)

    @cached_property
    def tight_coordinates(self) -> tuple[flint.arb, ...]:
        """Enclosures of the coordinates that are good to all digits of a double."""
        return tuple(self.tight(element) for element in self.coordinates)

    @cached_property
    def approximate(self) -> tuple[float, ...]:
        """The coordinates rounded to doubles."""
        return tuple(float(ball.mid()) for ball in self.tight_coordinates)


@lru_cache(maxsize=4096)
def _minimal_polynomial(
    modulus: tuple[int, ...], element: tuple[tuple[int, int], ...]
) -> tuple[int, ...]:
    """Return the minimal polynomial of a polynomial in a root of the modulus."""
    n = len(modulus) - 1
    m = flint.fmpq_poly(list(modulus))
    power = flint.fmpq_poly([flint.fmpq(p, q) for p, q in element])
    rows = []
    for _ in range(n):
        check_time()
        c = power.coeffs()
        rows.append(c + [flint.fmpq(0)] * (n - len(c)))
        power = (power * flint.fmpq_poly([0, 1])) % m
    # The characteristic polynomial of an element is a power of its minimal polynomial.
    factor = flint.fmpq_mat(rows).charpoly().numer().factor()[1][0][0]
    return signed(tuple(int(c) for c in factor.coeffs()))


def real_points(points: ConjugatePoints) -> list[AlgebraicPoint]:
    """Return the real points of a conjugacy class.

    The coordinates are rational polynomials in t and t is a rational combination of them, so the
    real points belong to the real roots of the modulus and to no others.
    """
    count = len(real_roots(signed(points.modulus), 64))
    return [AlgebraicPoint(points, place) for place in range(count)]


def _fmpq(coefficient: Coefficient) -> flint.fmpq:
    if isinstance(coefficient, Fraction):
        return flint.fmpq(coefficient.numerator, coefficient.denominator)
    if isinstance(coefficient, sp.Rational):
        return flint.fmpq(int(coefficient.p), int(coefficient.q))
    return flint.fmpq(coefficient)

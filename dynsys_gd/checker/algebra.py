"""Exact algebra: whether formulas are the same function, and what polynomials they are."""

from __future__ import annotations

from fractions import Fraction

import flint

from .expressions import Formulas, Node

__all__ = ["Algebra", "NotSettled", "Polynomial"]

Polynomial = dict[tuple[int, ...], flint.fmpq]
Quotient = tuple[flint.fmpq_mpoly, flint.fmpq_mpoly]

_MOST_ATOMS = 12
_MOST_TERMS = 20_000


class NotSettled(Exception):
    """The formulas are outside what is decided here; nothing is known."""


class Algebra:
    """Formulas as quotients of polynomials in the variables and in some functions of them.

    Notes
    -----
    exp(u) with u a polynomial is the product of powers of exp(m/n), one for each term m/n of u, so
    that exp(2u) is the square of exp(u); sinh, cosh and tanh are quotients of exponentials. Other
    functions stand for themselves, with sin² = 1 - cos² and sqrt(u)² = u. A difference that is the
    zero quotient is zero as a function, whatever relations are not seen: the test errs on one side.
    """

    def __init__(self, formulas: Formulas) -> None:
        self.formulas = formulas
        self.d = len(formulas.variables)
        names = [f"x{i}" for i in range(self.d)] + [f"a{i}" for i in range(_MOST_ATOMS)]
        self.ring = flint.fmpq_mpoly_ctx.get(names, flint.Ordering.lex)
        self.generators = self.ring.gens()
        self.one = self.ring.constant(1)
        self._atoms: dict[object, int] = {}
        self._squares: dict[int, Quotient] = {}
        self._found: dict[Node, Quotient] = {}

    def same(self, a: Node, b: Node) -> bool:
        """Return whether two formulas are shown to be the same function."""
        if a == b:
            return True
        try:
            return self._zero(self._minus(self.quotient(a), self.quotient(b))[0])
        except NotSettled:
            return False

    def proportional(self, a: Node, b: Node) -> bool:
        """Return whether one formula is shown to be a number other than zero times another."""
        try:
            (p, q), (r, s) = self.quotient(a), self.quotient(b)
            if p.is_zero() or r.is_zero():
                return False
            top, bottom = self._simple((p * s, q * r))
        except NotSettled:
            return False
        return bool(top.is_constant() and bottom.is_constant())

    def polynomial(self, a: Node) -> Polynomial:
        """Return a polynomial in the variables as powers and coefficients."""
        top, bottom = self.quotient(a)
        if not bottom.is_constant():
            raise NotSettled
        scale = bottom.leading_coefficient()
        found: Polynomial = {}
        for powers, coefficient in top.to_dict().items():
            if any(powers[self.d :]):
                raise NotSettled
            found[tuple(int(p) for p in powers[: self.d])] = coefficient / scale
        return found

    def quotient(self, a: Node) -> Quotient:
        """Return numerator and denominator, without common factors, the latter monic."""
        for place in self.formulas.needed([a]):
            if place not in self._found:
                self._found[place] = self._quotient(place)
        return self._found[a]

    def _quotient(self, place: Node) -> Quotient:
        node = self.formulas.nodes[place]
        name = node[0]
        if name == "x":
            return self.generators[int(node[1])], self.one  # type: ignore[call-overload]
        if name == "c":
            number = node[1]
            assert isinstance(number, Fraction)
            value = flint.fmpq(number.numerator, number.denominator)
            return self.ring.constant(value), self.one
        parts = [self._found[part] for part in self.formulas.parts(place)]
        if name == "^":
            n = node[2]
            assert isinstance(n, int)
            top, bottom = parts[0]
            if n * max(top.total_degree(), bottom.total_degree(), 1) > 400:
                raise NotSettled
            return self._small((top**n, bottom**n))
        if len(parts) == 1:
            return self._function(str(name), parts[0])
        (p, q), (r, s) = parts
        if name == "+":
            return self._simple((p * s + r * q, q * s))
        if name == "-":
            return self._minus(*parts)
        if name == "*":
            return self._simple((p * r, q * s))
        if r.is_zero():
            raise NotSettled
        return self._simple((p * s, q * r))

    def _minus(self, a: Quotient, b: Quotient) -> Quotient:
        return self._simple((a[0] * b[1] - b[0] * a[1], a[1] * b[1]))

    def _simple(self, quotient: Quotient) -> Quotient:
        top, bottom = self._small(quotient)
        if top.is_zero():
            return top, self.one
        if not bottom.is_constant():
            common = top.gcd(bottom)
            top, bottom = top / common, bottom / common
        scale = bottom.leading_coefficient()
        return top / scale, bottom / scale

    def _small(self, quotient: Quotient) -> Quotient:
        if max(len(quotient[0]), len(quotient[1])) > _MOST_TERMS:
            raise NotSettled
        return quotient

    def _function(self, name: str, u: Quotient) -> Quotient:
        if name == "exp":
            return self._exponential(u)
        if name in ("sinh", "cosh", "tanh"):
            up, down = self._exponential(u), self._exponential((-u[0], u[1]))
            sum_ = self._simple((up[0] * down[1] + down[0] * up[1], up[1] * down[1]))
            difference = self._minus(up, down)
            if name == "tanh":
                return self._simple((difference[0] * sum_[1], difference[1] * sum_[0]))
            top, bottom = sum_ if name == "cosh" else difference
            return self._simple((top, 2 * bottom))
        place = self._atom((name, _key(u)))
        if name == "sqrt":
            self._squares[place] = u
        if name in ("sin", "cos"):
            # One of them is kept in first powers only, by its square.
            sine, cosine = (self._atom((other, _key(u))) for other in ("sin", "cos"))
            self._squares[sine] = 1 - self.generators[cosine] ** 2, self.one
        return self.generators[place], self.one

    def _exponential(self, u: Quotient) -> Quotient:
        top, bottom = self.one, self.one
        if not u[1].is_constant():
            return self.generators[self._atom(("exp", _key(u)))], self.one
        scale = u[1].leading_coefficient()
        for powers, coefficient in u[0].to_dict().items():
            number = coefficient / scale
            n = int(number.p)
            if abs(n) > 100:
                raise NotSettled
            base = self.generators[self._atom(("exp", tuple(powers), int(number.q)))]
            if n > 0:
                top *= base**n
            else:
                bottom *= base**-n
        return top, bottom

    def _atom(self, key: object) -> int:
        if key not in self._atoms:
            if len(self._atoms) == _MOST_ATOMS:
                raise NotSettled
            self._atoms[key] = self.d + len(self._atoms)
        return self._atoms[key]

    def _zero(self, polynomial: flint.fmpq_mpoly) -> bool:
        """Return whether a polynomial is zero by the squares that are known."""
        for place in sorted(self._squares, reverse=True):
            degree = int(polynomial.degrees()[place])
            if degree < 1:
                continue
            top, bottom = self._squares[place]
            whole = {0: 0 * self.one, 1: 0 * self.one}
            for powers, coefficient in polynomial.to_dict().items():
                n = int(powers[place])
                rest = [int(p) for p in powers]
                rest[place] = 0
                term = self.ring.from_dict({tuple(rest): coefficient})
                # Every term is multiplied by bottom^(degree // 2).
                whole[n % 2] += term * top ** (n // 2) * bottom ** (degree // 2 - n // 2)
            return self._zero(whole[0]) and self._zero(whole[1])
        return bool(polynomial.is_zero())


def _key(u: Quotient) -> object:
    return tuple(
        tuple(sorted((tuple(map(int, powers)), str(c)) for powers, c in part.to_dict().items()))
        for part in u
    )

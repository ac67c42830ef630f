"""Finitely many solutions: each conjugacy class as a number field and coordinates in it.

The quotient of the polynomial ring by an ideal with D complex solutions (counted with
multiplicity) is a vector space of dimension D. When one linear form ℓ generates it as an algebra,
every coordinate is a polynomial in ℓ, and the irreducible factors of the minimal polynomial of ℓ
give the conjugacy classes of solutions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import flint

from .effort import EffortSpent, check_effort, check_time
from .ideals import Ideal
from .polynomials import Polynomial

__all__ = ["ConjugatePoints", "conjugate_points"]

_PRIME = 2**61 - 1
_SMALL_SIZE = 100  # complex solutions that the quick attempt handles
_Monomial = tuple[int, ...]
_Vector = dict[int, flint.fmpq]


@dataclass(frozen=True)
class ConjugatePoints:
    """The points x_i = r_i(t) for the roots t of one irreducible polynomial m.

    Parameters
    ----------
    modulus : tuple of int
        Coefficients of m, constant term first.
    coordinates : tuple of tuple of Fraction
        Coefficients of each r_i, constant term first.
    """

    modulus: tuple[int, ...]
    coordinates: tuple[tuple[Fraction, ...], ...]

    def __reduce__(self) -> tuple[type[ConjugatePoints], tuple[object, ...]]:
        # FLINT objects stay behind in the process that made them.
        return ConjugatePoints, (self.modulus, self.coordinates)

    @cached_property
    def elements(self) -> tuple[flint.fmpq_poly, ...]:
        """The r_i as FLINT polynomials."""
        return tuple(
            flint.fmpq_poly([flint.fmpq(c.numerator, c.denominator) for c in r])
            for r in self.coordinates
        )

    @cached_property
    def field(self) -> flint.fmpq_poly:
        """The polynomial m."""
        return flint.fmpq_poly(list(self.modulus))

    def first(self, count: int) -> ConjugatePoints:
        """Return the points with their first `count` coordinates only."""
        return self.part(0, count)

    def part(self, start: int, end: int) -> ConjugatePoints:
        """Return the points with some of their coordinates only."""
        chosen = ConjugatePoints(self.modulus, self.coordinates[start:end])
        # The conversion of long fractions costs more than much of the algebra.
        vars(chosen).update(elements=self.elements[start:end], field=self.field)
        return chosen


def conjugate_points(ideal: Ideal) -> list[ConjugatePoints]:
    """Return all complex solutions of a zero-dimensional ideal, as conjugacy classes.

    Examples
    --------
    >>> from dynsys_gd.orbits.algebra.polynomials import ring
    >>> R = ring(2)
    >>> x, y = R.gens()
    >>> for points in conjugate_points(Ideal(R, [x**2 - 2, y - x - 1])):
    ...     print(points.modulus, len(points.coordinates))
    (-1, -2, 1) 2
    """
    if ideal.is_unit:
        return []
    found = _by_one_form(_Quotient(ideal))
    if found is None:
        # Seidenberg: with a squarefree polynomial in each variable the ideal is radical, and then
        # almost every linear form separates.
        found = _by_one_form(_Quotient(_radical(ideal)))
    if found is None:  # pragma: no cover - excluded by the argument above
        raise ArithmeticError("no linear form separates the solutions of a radical ideal")
    return found


def _by_one_form(algebra: _Quotient) -> list[ConjugatePoints] | None:
    for weights in _weights(algebra.variables):
        powers = algebra.powers(weights, modulus=_PRIME)
        if powers is not None:
            return algebra.points(weights)
    return None


def _weights(size: int) -> Iterator[tuple[int, ...]]:
    for place in reversed(range(size)):
        yield tuple(int(k == place) for k in range(size))
    if size == 1:
        return
    for seed in range(1, 12):
        yield tuple((seed * (k + 2) ** 2 + 3 * k * seed**2) % 17 - 8 for k in range(size))


def _radical(ideal: Ideal) -> Ideal:
    algebra = _Quotient(ideal)
    gens = ideal.ring.gens()
    more: list[Polynomial] = []
    for place in range(algebra.variables):
        weights = tuple(int(k == place) for k in range(algebra.variables))
        minimal = algebra.minimal_polynomial(weights)
        squarefree = minimal
        while (common := squarefree.gcd(squarefree.derivative())).degree() > 0:
            squarefree = squarefree // common
        value = ideal.ring.constant(0)
        for k, c in enumerate(squarefree.numer().coeffs()):
            value += c * gens[place] ** k
        more.append(value)
    return ideal.plus(*more)


class _Quotient:
    """The algebra Q[x] / I, through the multiplication by each variable on the staircase basis."""

    def __init__(self, ideal: Ideal) -> None:
        self.variables = ideal.ring.nvars()
        self.tails = {}
        for element in ideal.basis:
            (head, lead), *rest = [(tuple(map(int, e)), c) for e, c in element.terms()]
            self.tails[head] = [(e, -flint.fmpq(c) / lead) for e, c in rest]
        self.monomials = self._staircase()
        self.place = {m: k for k, m in enumerate(self.monomials)}
        self.size = len(self.monomials)
        self.columns = self._multiplications()

    def _staircase(self) -> list[_Monomial]:
        """Return the monomials that no leading monomial divides, in ascending order.

        They are grown from 1, variable by variable in ascending order, so each is met once and
        none outside is looked at but next to one inside; the box around them can be far larger.
        """
        heads = list(self.tails)
        inside: list[_Monomial] = []
        pending = [((0,) * self.variables, 0)]
        while pending:
            if check_effort() and len(inside) > _SMALL_SIZE:
                raise EffortSpent
            m, last = pending.pop()
            if any(_divides(head, m) for head in heads):
                continue
            inside.append(m)
            pending += [(_times(m, k), k) for k in range(last, self.variables)]
        return sorted(inside, key=_grevlex)

    def _multiplications(self) -> list[list[_Vector]]:
        """Return for each variable the images of the basis monomials, in the basis."""
        border = {_times(m, k) for m in self.monomials for k in range(self.variables)}
        normal: dict[_Monomial, _Vector] = {m: {k: flint.fmpq(1)} for m, k in self.place.items()}
        for m in sorted(border - set(self.place), key=_grevlex):
            if m in self.tails:
                normal[m] = {self.place[e]: c for e, c in self.tails[m]}
                continue
            # m is a variable times a smaller border monomial, whose normal form is known.
            k = next(
                k
                for k in range(self.variables)
                if m[k] and (inner := _over(m, k)) in normal and inner not in self.place
            )
            check_effort()
            total: _Vector = {}
            for place, c in normal[_over(m, k)].items():
                _add(total, normal[_times(self.monomials[place], k)], c)
            normal[m] = total
        return [[normal[_times(m, k)] for m in self.monomials] for k in range(self.variables)]

    def _matrix(self, weights: tuple[int, ...]) -> flint.fmpq_mat:
        entries = [[flint.fmpq(0)] * self.size for _ in range(self.size)]
        for weight, columns in zip(weights, self.columns, strict=True):
            for j, column in enumerate(columns if weight else []):
                for i, c in column.items():
                    entries[i][j] += weight * c
        return flint.fmpq_mat(entries)

    def powers(self, weights: tuple[int, ...], *, modulus: int) -> flint.nmod_mat | None:
        """Return 1, ℓ, ℓ², … modulo a prime where they span the algebra, else None.

        Independent modulo a prime means independent over the rationals, so a success is a proof.
        """
        try:
            matrix = flint.nmod_mat(
                self.size,
                self.size,
                [_residue(c, modulus) for row in self._matrix(weights).tolist() for c in row],
                modulus,
            )
        except ZeroDivisionError:
            return None
        vector = flint.nmod_mat(self.size, 1, [1] + [0] * (self.size - 1), modulus)
        rows = []
        for _ in range(self.size):
            rows += [int(entry) for entry in vector.entries()]
            vector = matrix * vector
        stacked = flint.nmod_mat(self.size, self.size, rows, modulus)
        return stacked if stacked.rank() == self.size else None

    def _krylov(self, weights: tuple[int, ...], count: int) -> list[list[flint.fmpq]]:
        matrix = self._matrix(weights)
        vector = flint.fmpq_mat(self.size, 1, [1] + [0] * (self.size - 1))
        rows = []
        for _ in range(count):
            check_time()
            rows.append(vector.entries())
            vector = matrix * vector
        return rows

    def minimal_polynomial(self, weights: tuple[int, ...]) -> flint.fmpq_poly:
        """Return the monic minimal polynomial of the form with these weights."""
        rows = self._krylov(weights, self.size + 1)
        reduced, rank = flint.fmpq_mat(rows).transpose().rref()
        relation = [-reduced[i, rank] for i in range(rank)]
        return flint.fmpq_poly([*relation, 1])

    def points(self, weights: tuple[int, ...]) -> list[ConjugatePoints]:
        """Return the conjugacy classes, the form with these weights being a generator."""
        rows = self._krylov(weights, self.size + 1)
        W = flint.fmpq_mat(rows[:-1]).transpose()
        one = [flint.fmpq(1)] + [flint.fmpq(0)] * (self.size - 1)
        sides = [rows[-1]]
        for columns in self.columns:
            side = [0 * c for c in one]
            for i, c in columns[0].items():
                side[i] = c
            sides.append(side)
        solution = W.solve(flint.fmpq_mat(sides).transpose(), algorithm="dixon").transpose()
        relation, *coordinates = solution.tolist()
        minimal = flint.fmpq_poly([*(-c for c in relation), 1])
        found = []
        for factor, _ in minimal.numer().factor()[1]:
            m = flint.fmpq_poly(factor.coeffs())
            reduced = tuple(flint.fmpq_poly(list(r)) % m for r in coordinates)
            points = ConjugatePoints(
                tuple(int(c) for c in factor.coeffs()),
                tuple(tuple(Fraction(int(c.p), int(c.q)) for c in r.coeffs()) for r in reduced),
            )
            vars(points).update(elements=reduced, field=m)
            found.append(points)
        return found


def _residue(value: flint.fmpq, modulus: int) -> int:
    if int(value.q) % modulus == 0:
        raise ZeroDivisionError
    return int(value.p) * pow(int(value.q), -1, modulus) % modulus


def _grevlex(m: _Monomial) -> tuple[int, tuple[int, ...]]:
    return sum(m), tuple(-k for k in reversed(m))


def _divides(a: _Monomial, b: _Monomial) -> bool:
    return all(i <= j for i, j in zip(a, b, strict=True))


def _times(m: _Monomial, k: int) -> _Monomial:
    return (*m[:k], m[k] + 1, *m[k + 1 :])


def _over(m: _Monomial, k: int) -> _Monomial:
    return (*m[:k], m[k] - 1, *m[k + 1 :])


def _add(total: _Vector, more: _Vector, factor: flint.fmpq) -> None:
    for place, c in more.items():
        total[place] = total.get(place, flint.fmpq(0)) + factor * c

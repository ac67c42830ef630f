"""What a certificate says about parts of the space, each statement verified once for all cells."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import product as pairs

import flint
from flint import arb

from .algebra import NotSettled, Polynomial
from .balls import (
    Ball,
    Program,
    Rows,
    Vector,
    exact,
    largest,
    norm,
    product,
    small_inverse,
    symmetric,
)
from .content import GivenBlock, GivenCore, GivenEscape, GivenForm
from .law import Law
from .table import Refused

__all__ = ["Block", "Core", "Escape", "Form"]

_MOST_PIECES = 60_000
_DEEPEST = 14


class Core:
    """A ball {z : |P^-1 (z - c)| <= radius} that is contracted to one fixed point."""

    def __init__(self, law: Law, given: GivenCore) -> None:
        self.outcome = given.outcome
        self.centre = [exact(c) for c in given.centre]
        self.frame = [[exact(v) for v in row] for row in given.frame]
        self.radius = exact(given.radius)
        inverse = small_inverse(self.frame)
        if inverse is None:
            raise Refused("the frame is not shown to be regular")
        if not self.radius > 0:
            raise Refused("the radius is not above 0")
        self.inverse = inverse
        image = law.values(self.centre)
        moved = [[a - b] for a, b in zip(image, self.centre, strict=True)]
        drift = norm(product(inverse, moved))
        slowest = 1 - drift / self.radius
        q = self._contraction(law, self.radius, slowest)
        # The fixed point lies within drift / (1 - q) of the centre; there q is smaller.
        near = drift / (1 - q)
        q = largest([self._slopes(law, [symmetric(near)] * law.d), arb(0)])
        if q < 1:
            near = drift / (1 - q)
        self.pin = self._box([symmetric(near)] * law.d)

    def _box(self, u: Vector) -> Vector:
        spread = product(self.frame, [[v] for v in u])
        return [c + row[0] for c, row in zip(self.centre, spread, strict=True)]

    def _slopes(self, law: Law, u: Vector) -> Ball:
        """Return an upper bound of |P^-1 DF P| where P^-1 (z - c) lies in a box."""
        slopes = law.split(law.both(self._box(u)))[1]
        return norm(product(self.inverse, product(slopes, self.frame)))

    def _contraction(self, law: Law, radius: Ball, slowest: Ball) -> Ball:
        """Return an upper bound q < 1 of |P^-1 DF P|, at most `slowest`, over the whole ball."""
        found = arb(0)
        waiting = [([arb(0)] * law.d, radius)]
        for _ in range(_MOST_PIECES):
            if not waiting:
                return found
            u, half = waiting.pop()
            q = self._slopes(law, [x + symmetric(half) for x in u])
            if q < 1 and q <= slowest:
                found = found.max(q)
                continue
            if not self._slopes(law, u) < 1:
                break  # not at one point, so that smaller pieces are of no use
            half = half / 2
            waiting += [
                ([x + s * half for x, s in zip(u, signs, strict=True)], half)
                for signs in pairs((1, -1), repeat=law.d)
            ]
        raise Refused("the ball is not shown to be contracted into itself")

    def contains(self, middle: Vector, half: Vector) -> bool:
        """Return whether a box lies in the ball."""
        for row in self.inverse:
            reach = abs(sum((p * (m - c) for p, m, c in zip(row, middle, self.centre, strict=True)),
                            arb(0)))  # fmt: skip
            reach += sum((abs(p) * h for p, h in zip(row, half, strict=True)), arb(0))
            if not reach <= self.radius:
                return False
        return True


class Form:
    """F(x) - x = -s A(x) h(x): what a step does to the residual h."""

    def __init__(self, law: Law, given: GivenForm) -> None:
        f = law.formulas
        self.outcome, self.m = given.outcome, len(given.equations)
        self.equations = [f.read(text) for text in given.equations]
        factors = [[f.read(text) for text in row] for row in given.factors]
        scale = f.number(law.scale)
        for i, image in enumerate(law.images):
            total = f.zero
            for a, h in zip(factors[i], self.equations, strict=True):
                total = f.plus(total, f.times(a, h))
            wanted = f.minus(f.variable(i), f.times(scale, total))
            if not law.algebra.same(image, wanted):
                raise Refused(f"image {i} is not shown to be x - s A h")
        slopes = [f.slope(h, j) for h in self.equations for j in range(law.d)]
        self.scale, self.d = exact(law.scale), law.d
        self._factors = Program(f, [a for row in factors for a in row])
        self._slopes = Program(f, slopes)
        self._values = Program(f, self.equations)

    def moves(self, xi: Vector, x: Vector) -> tuple[Rows, Ball]:
        """Return I - s Jh(xi) A(x) and a bound of s |A(x)| for xi and x in boxes."""
        flat, found = self._slopes(xi), self._factors(x)
        slopes = [flat[i * self.d : (i + 1) * self.d] for i in range(self.m)]
        factors = [
            [self.scale * a for a in found[i * self.m : (i + 1) * self.m]] for i in range(self.d)
        ]
        moves = [[-v for v in row] for row in product(slopes, factors)]
        for i in range(self.m):
            moves[i][i] += 1
        return moves, norm(factors)

    def size(self, middle: Vector, half: Vector) -> Ball:
        """Return an upper bound of |h| on a box."""
        aside = [symmetric(h) for h in half]
        box = [m + a for m, a in zip(middle, aside, strict=True)]
        natural, at, flat = self._values(box), self._values(middle), self._slopes(box)
        sizes = []
        for i in range(self.m):
            value = at[i]
            for slope, a in zip(flat[i * self.d : (i + 1) * self.d], aside, strict=True):
                value += slope * a
            sizes.append(abs(natural[i]).abs_upper().min(abs(value).abs_upper()))
        return largest(sizes)

    def attracts(self, middle: Vector, half: Vector, room: Ball) -> bool:
        """Return whether every orbit from a box converges to a zero of h within a room."""
        wide = [m + symmetric(h + room) for m, h in zip(middle, half, strict=True)]
        moves, factor = self.moves(wide, wide)
        q = norm(moves)
        return bool(q < 1 and factor * self.size(middle, half) <= (1 - q) * room)

    def repels(self, box: Vector, hull: Vector) -> bool:
        """Return whether |h| grows in a step from a box when the step stays in a hull."""
        moves, _ = self.moves(hull, box)
        if self.m == 1:
            return bool(abs(moves[0][0]) > 1)
        inverse = small_inverse(moves)
        return inverse is not None and bool(norm(inverse) < 1)


class Block:
    """A box that only a null set of points never leaves, because a cone of directions grows."""

    def __init__(self, law: Law, given: GivenBlock) -> None:
        self.lower, self.upper = ([exact(v) for v in side] for side in (given.lower, given.upper))
        if not all(a < b for a, b in zip(self.lower, self.upper, strict=True)):
            raise Refused("a lower corner is not below the upper one")
        frame = [[exact(v) for v in row] for row in given.frame]
        inverse = small_inverse(frame)
        if inverse is None:
            raise Refused("the frame is not shown to be regular")
        box = [a.union(b) for a, b in zip(self.lower, self.upper, strict=True)]
        matrix = self._matrix(law, box, inverse, frame)
        u = given.unstable
        expanding = small_inverse([row[:u] for row in matrix[:u]])
        if expanding is None:
            raise Refused("the unstable directions are not shown to expand")
        left = 1 / norm(expanding) - norm([row[u:] for row in matrix[:u]])
        rest = norm([row[:u] for row in matrix[u:]]) + norm([row[u:] for row in matrix[u:]])
        if not left > 1:
            raise Refused("the unstable directions are not shown to expand")
        if not rest <= left:
            raise Refused("the cone of directions is not shown to be mapped into itself")

    def _matrix(self, law: Law, box: Vector, inverse: Rows, frame: Rows) -> Rows:
        """Return P^-1 DF P over the box, as a union over pieces of it."""
        cuts = max(1, int(1024 ** (1 / law.d)))
        steps = [(b - a) / cuts for a, b in zip(self.lower, self.upper, strict=True)]
        whole: Rows | None = None
        for place in pairs(range(cuts), repeat=law.d):
            piece = []
            for i, a, step, x in zip(place, self.lower, steps, box, strict=True):
                piece.append((a + step * i).union(a + step * (i + 1)).intersection(x))
            slopes = law.split(law.both(piece))[1]
            found = product(inverse, product(slopes, frame))
            if not all(v.is_finite() for row in found for v in row):
                raise Refused("DF is not defined on the whole box")
            whole = found if whole is None else [
                [a.union(b) for a, b in zip(*rows, strict=True)]
                for rows in zip(whole, found, strict=True)
            ]  # fmt: skip
        assert whole is not None
        return whole

    def contains(self, middle: Vector, half: Vector) -> bool:
        """Return whether a box lies in the block."""
        return all(
            m - h >= a and m + h <= b
            for m, h, a, b in zip(middle, half, self.lower, self.upper, strict=True)
        )


class Escape:
    """A set that a polynomial map maps into itself and in which coordinates grow for ever."""

    def __init__(self, law: Law, given: GivenEscape) -> None:
        self.radius = exact(given.radius)
        self.signs = given.signs
        try:
            functions = [law.algebra.polynomial(f) for f in law.images]
        except NotSettled:
            raise Refused("the map is not polynomial") from None
        if given.signs:
            for signs in given.signs:
                _check_orthant(functions, signs, given)
        else:
            for i, function in enumerate(functions):
                _check_direction(function, i, given.radius)

    def contains(self, box: Sequence[Ball]) -> bool:
        """Return whether a box lies in the set."""
        if not self.signs:
            return any(abs(x) >= self.radius for x in box)
        return any(
            all(s * x >= self.radius for s, x in zip(signs, box, strict=True))
            for signs in self.signs
        )


def _check_orthant(
    functions: Sequence[Polynomial], signs: tuple[int, ...], given: GivenEscape
) -> None:
    """Check that with x_i = s_i (R + z_i) one of ±F_i has coefficients >= 0 and exceeds R + z_i."""
    d = len(functions)
    ring = flint.fmpq_mpoly_ctx.get([f"z{i}" for i in range(d)], flint.Ordering.lex)
    radius = flint.fmpq(given.radius.numerator, given.radius.denominator)
    sizes = [z + radius for z in ring.gens()]
    to = []
    for i, function in enumerate(functions):
        value = ring.constant(0)
        for powers, coefficient in function.items():
            term = ring.constant(coefficient)
            for s, size, n in zip(signs, sizes, powers, strict=True):
                term *= (s * size) ** n
            value += term
        for sign in (1, -1):
            if all(c >= 0 for c in (sign * value).coeffs()):
                break
        else:
            raise Refused(f"the sign of coordinate {i} after a step is not seen")
        constant, slope = (0,) * d, tuple(int(i == j) for j in range(d))
        if not (sign * value[constant] > radius and sign * value[slope] > 1):
            raise Refused(f"coordinate {i} is not shown to grow")
        to.append(sign)
    if tuple(to) not in given.signs:
        raise Refused("a step leads to signs that are not listed")


def _check_direction(function: Polynomial, i: int, radius: Fraction) -> None:
    """Check |F_i| > |x_i| where x_i is the largest coordinate and at least R in size.

    With x_i = 1/w and x_j = t_j/w the function is w^-D G(w, t), so that |G| > |w|^(D-1) on the
    compact set of |w| <= 1/R, |t_j| <= 1 is enough, with a factor q > 1 by compactness.
    """
    if not function:
        raise Refused(f"coordinate {i} is not shown to grow")
    degree = max(sum(powers) for powers in function)
    terms = []
    for powers, coefficient in function.items():
        others = [n for j, n in enumerate(powers) if j != i]
        terms.append((arb(coefficient), degree - sum(powers), others))
    d = len(next(iter(function)))
    if degree < 1:
        raise Refused(f"coordinate {i} is not shown to grow")
    start = [(arb(0), exact(1 / radius))] + [(arb(0), arb(1))] * (d - 1)
    waiting = [(start, 0)]
    for _ in range(_MOST_PIECES):
        if not waiting:
            return
        piece, depth = waiting.pop()
        w, *t = [m + symmetric(h) for m, h in piece]
        total = arb(0)
        for coefficient, n, others in terms:
            term = coefficient * _raised(w, n)
            for x, k in zip(t, others, strict=True):
                term *= _raised(x, k)
            total += term
        if abs(total) > _raised(abs(w), degree - 1).abs_upper():
            continue
        if depth > _DEEPEST * d:
            break
        axis = depth % d
        m, h = piece[axis]
        for s in (1, -1):
            waiting.append(([*piece[:axis], (m + s * h / 2, h / 2), *piece[axis + 1 :]], depth + 1))
    raise Refused(f"coordinate {i} is not shown to grow where it is the largest")


def _raised(x: Ball, n: int) -> Ball:
    """Return an enclosure of a power, tight for balls about zero."""
    if n == 0:
        return arb(1)
    low, high = x.lower() ** n, x.upper() ** n
    whole = low.union(high)
    return whole.union(arb(0)) if x.contains(0) else whole

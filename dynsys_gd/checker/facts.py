"""What a certificate says about parts of the space, each statement verified once for all cells."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product as pairs

from flint import arb

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
    tight_product,
)
from .content import GivenBlock, GivenCore, GivenForm
from .law import Law
from .table import Refused

__all__ = ["Block", "Core", "Form"]

_MOST_PIECES = 60_000
_PIECES_OF_A_BLOCK = (1, 64, 1024)  # more where fewer do not show it

Piece = tuple[Vector, Vector]
"""A box: midpoint and half widths."""


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
        if not law.real_on(self.pin):
            raise Refused("the loss is not shown to be real at the fixed point")

    def _box(self, u: Vector) -> Vector:
        spread = product(self.frame, [[v] for v in u])
        return [c + row[0] for c, row in zip(self.centre, spread, strict=True)]

    def _slopes(self, law: Law, u: Vector) -> Ball:
        """Return an upper bound of |P^-1 DF P| where P^-1 (z - c) lies in a box."""
        slopes = law.split(law.both(self._box(u)))[1]
        return norm(law.conjugated(slopes, self.inverse, self.frame))

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
        factors = self.factors = [[f.read(text) for text in row] for row in given.factors]
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
        self._images = law.values
        self._total = f.total([*self.equations, *law.images, *(a for row in factors for a in row)])

    def moves(self, xi: Vector, x: Vector) -> tuple[Rows, Rows]:
        """Return I - s Jh(xi) A(x) and s A(x) for xi and x in boxes."""
        flat, found = self._slopes(xi), self._factors(x)
        slopes = [flat[i * self.d : (i + 1) * self.d] for i in range(self.m)]
        factors = [
            [self.scale * a for a in found[i * self.m : (i + 1) * self.m]] for i in range(self.d)
        ]
        moves = [[-v for v in row] for row in tight_product(slopes, factors)]
        for i in range(self.m):
            moves[i][i] += 1
        return moves, factors

    def bounds(self, middle: Vector, half: Vector) -> list[tuple[Ball, Ball]]:
        """Return lower and upper bounds of the |h_i| on a box."""
        aside = [symmetric(h) for h in half]
        box = [m + a for m, a in zip(middle, aside, strict=True)]
        natural, at, flat = self._values(box), self._values(middle), self._slopes(box)
        found = []
        for i in range(self.m):
            value = at[i]
            for slope, a in zip(flat[i * self.d : (i + 1) * self.d], aside, strict=True):
                value += slope * a
            sizes = (abs(natural[i]), abs(value))
            if not all(size.is_finite() for size in sizes):
                found.append((arb(0), arb(0, float("inf"))))
                continue
            least = sizes[0].abs_lower().max(sizes[1].abs_lower())
            found.append((least, sizes[0].abs_upper().min(sizes[1].abs_upper())))
        return found

    def size(self, middle: Vector, half: Vector) -> Ball:
        """Return an upper bound of |h| on a box."""
        return largest(high for _, high in self.bounds(middle, half))

    def _around(self, piece: Piece, room: Ball) -> Around | None:
        """Return what is known on a piece widened by a room; None where the formulas leave off."""
        wide = [m + symmetric(h + room) for m, h in zip(*piece, strict=True)]
        # h and F have to be there on all of the box, not only what A and Dh are made of.
        there = [] if self._total else [*self._values(wide), *self._images(wide)]
        if not all(v.is_finite() for v in there):
            return None
        moves, factors = self.moves(wide, wide)
        found = Around(moves=moves, factors=factors, step=norm(factors))
        return found if found.step.is_finite() and norm(moves).is_finite() else None

    def attracts(self, piece: Piece, room: Ball) -> bool:
        """Return whether every orbit from a box converges to a zero of h within a room."""
        around = self._around(piece, room)
        q = None if around is None else norm(around.moves)
        if around is None or q is None or not q < 1:
            return False
        size = self.size(*piece)
        if around.step * size <= (1 - q) * room:
            return True
        if (around.two_steps() / (1 - q * q) + around.step) * size <= room:
            return True
        if self.m > 1:
            return False
        # One equation: residuals of changing sign cancel.
        multiplier = around.moves[0][0]
        high = multiplier.upper().max(arb(0))
        if not multiplier.lower() >= high - 1:
            return False
        own = self._own(piece)
        apart = self._apart(around, own)
        return bool(size * (norm(own) / (1 - high) + apart / (1 - q)) <= room)

    def _own(self, piece: Piece) -> Rows:
        """Return s A(x) on a box."""
        box = [m + symmetric(h) for m, h in zip(*piece, strict=True)]
        return self.moves(box, box)[1]

    def _apart(self, around: Around, own: Rows) -> Ball:
        """Return a bound of s |A(x) - A(y)| for x in the wide box and y in the narrow one."""
        return norm(_joined(around.factors, own, operator.sub))

    def shell(self, piece: Piece, room: Ball) -> tuple[Ball, Ball] | None:
        """Return r and t such that orbits from a box stay within a room until r < |h| <= t.

        They get there from every point with h not 0. None where this is not shown.
        """
        around = self._around(piece, room)
        if around is None or not room > 0:
            return None
        if self.m == 1:
            least = abs(around.moves[0][0]).abs_lower()
        else:
            inverse = small_inverse(around.moves)
            least = arb(0) if inverse is None else (1 / norm(inverse)).abs_lower()
        if not least > 1:
            return None
        reach = around.step * least / (least - 1)
        reach = reach.min(around.two_steps() * least / (least * least - 1) + around.step)
        if self.m == 1 and around.moves[0][0] < 0:
            # Residuals of changing sign that grow: sums lie between zero and the last one.
            own = self._own(piece)
            drift = self._apart(around, own) * least / (least - 1)
            reach = reach.min(norm(own) + drift)
        radius = (room / reach).abs_lower()
        if not self.size(*piece) <= radius:
            return None
        return radius, (norm(around.moves) * radius).abs_upper()


@dataclass(frozen=True)
class Around:
    """On a box: I - s Jh(xi) A(x), s A(x), and a bound of |s A(x)|."""

    moves: Rows
    factors: Rows
    step: Ball

    def two_steps(self) -> Ball:
        """Return a bound of |s (A(x) + A(y) M)|: two steps move by this times |h|."""
        there = tight_product(self.factors, self.moves)
        return norm([[a + b for a, b in zip(*rows, strict=True)]
                     for rows in zip(self.factors, there, strict=True)])  # fmt: skip


def _joined(left: Rows, right: Rows, rule: Callable[[Ball, Ball], Ball]) -> Rows:
    return [
        [rule(a, b) for a, b in zip(*rows, strict=True)] for rows in zip(left, right, strict=True)
    ]


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
        why_not = ""
        for pieces in _PIECES_OF_A_BLOCK:
            matrix = self._matrix(law, pieces, inverse, frame)
            why_not = _no_cone(matrix, given.unstable)
            if not why_not:
                return
        raise Refused(why_not)

    def _matrix(self, law: Law, pieces: int, inverse: Rows, frame: Rows) -> Rows:
        """Return P^-1 DF P over the box, as the union over pieces of it."""
        cuts = max(1, int(pieces ** (1 / law.d)))
        steps = [(b - a) / cuts for a, b in zip(self.lower, self.upper, strict=True)]
        union: Rows | None = None
        for place in pairs(range(cuts), repeat=law.d):
            piece = [
                (a + step * i).union(a + step * (i + 1))
                for i, a, step in zip(place, self.lower, steps, strict=True)
            ]
            slopes = law.split(law.both(piece))[1]
            found = law.conjugated(slopes, inverse, frame)
            union = found if union is None else _joined(union, found, arb.union)
        assert union is not None
        return union

    def contains(self, middle: Vector, half: Vector) -> bool:
        """Return whether a box lies in the block."""
        return all(
            m - h >= a and m + h <= b
            for m, h, a, b in zip(middle, half, self.lower, self.upper, strict=True)
        )


def _no_cone(matrix: Rows, u: int) -> str:
    """Return why matrices are not shown to map a cone about the first u axes into itself."""
    if not all(v.is_finite() for row in matrix for v in row):
        return "DF is not defined on the whole box"
    expanding = small_inverse([row[:u] for row in matrix[:u]])
    if expanding is None:
        return "the unstable directions are not shown to expand"
    left = 1 / norm(expanding) - norm([row[u:] for row in matrix[:u]])
    if not left > 1:
        return "the unstable directions are not shown to expand"
    rest = norm([row[:u] for row in matrix[u:]]) + norm([row[u:] for row in matrix[u:]])
    if not rest <= left:
        return "the cone of directions is not shown to be mapped into itself"
    return ""

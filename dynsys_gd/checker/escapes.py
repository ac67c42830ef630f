"""Sets from which orbits of a polynomial map go to infinity, by exact algebra and balls."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import flint
from flint import arb

from .algebra import NotSettled, Polynomial
from .balls import Ball, Vector, exact, raised, symmetric, times
from .content import GivenEscape
from .law import Law
from .table import Refused

__all__ = ["Escape"]

_MOST_PIECES = 60_000
_DEEPEST = 40


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

    def contains_cell(self, middle: Vector, half: Vector) -> bool:
        """Return whether the box with these midpoints and half widths lies in the set."""
        low = [m - h for m, h in zip(middle, half, strict=True)]
        high = [m + h for m, h in zip(middle, half, strict=True)]
        if not self.signs:
            return any(
                a >= self.radius or b <= -self.radius for a, b in zip(low, high, strict=True)
            )
        return any(
            all(
                s * a >= self.radius and s * b >= self.radius
                for s, a, b in zip(signs, low, high, strict=True)
            )
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
            term = times(coefficient, raised(w, n))
            for x, k in zip(t, others, strict=True):
                term = times(term, raised(x, k))
            total += term
        if abs(total) > raised(abs(w), degree - 1).abs_upper():
            continue
        if depth > _DEEPEST * d:
            break
        axis = depth % d
        m, h = piece[axis]
        for s in (1, -1):
            waiting.append(([*piece[:axis], (m + s * h / 2, h / 2), *piece[axis + 1 :]], depth + 1))
    raise Refused(f"coordinate {i} is not shown to grow where it is the largest")

"""Values of formulas in ball arithmetic, and the few operations on matrices of balls."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import flint
from flint import arb

from .expressions import Formulas, Node

__all__ = [
    "BITS",
    "Ball",
    "Program",
    "Rows",
    "Vector",
    "between",
    "exact",
    "largest",
    "norm",
    "product",
    "raised",
    "small_inverse",
    "symmetric",
    "tight_product",
    "times",
]

Ball = Any
"""A flint.arb: a number that lies within a radius of a midpoint."""

Vector = list[Any]
Rows = list[list[Any]]

BITS = 80
"""Bits of the midpoints: doubles and their products of a few factors fit without rounding."""

_ZERO = arb(0)
_NARROW = 4  # bits: products of narrower balls are tight enough


def exact(number: Fraction | int | float) -> Ball:
    """Return the ball of a rational number; doubles and short fractions have radius zero."""
    if isinstance(number, Fraction):
        return arb(flint.fmpq(number.numerator, number.denominator))
    return arb(number)


def between(low: Ball, high: Ball) -> Ball:
    """Return a ball that contains both and everything between."""
    return low.union(high)


def symmetric(size: Ball) -> Ball:
    """Return the ball of all numbers that are at most `size` in absolute value."""
    return arb(0, size.abs_upper())


def largest(values: Iterable[Ball]) -> Ball:
    """Return a ball of the largest number, exact about which one where that is clear."""
    found = None
    for value in values:
        found = value if found is None else found.max(value)
    return arb(0) if found is None else found


def norm(rows: Sequence[Sequence[Ball]]) -> Ball:
    """Return an upper bound of the matrix norm that goes with the largest absolute entry."""
    return largest(sum((abs(v).abs_upper() for v in row), arb(0)) for row in rows)


def product(left: Sequence[Sequence[Ball]], right: Sequence[Sequence[Ball]]) -> Rows:
    """Return the product of two matrices of balls."""
    columns = list(zip(*right, strict=True))
    return [[sum(map(operator.mul, row, column), _ZERO) for column in columns] for row in left]


def tight_product(left: Sequence[Sequence[Ball]], right: Sequence[Sequence[Ball]]) -> Rows:
    """Return the product of two matrices of wide balls, each term by the ends of its factors."""
    columns = list(zip(*right, strict=True))
    return [[sum(map(times, row, column), _ZERO) for column in columns] for row in left]


def small_inverse(rows: Sequence[Sequence[Ball]]) -> Rows | None:
    """Return the inverse of every matrix in a ball of matrices, None where there may be none."""
    n = len(rows)
    if n == 1:
        return None if rows[0][0].contains(0) or not rows[0][0].is_finite() else [[1 / rows[0][0]]]
    if n == 2 and all(v.is_exact() for row in rows for v in row):
        (a, b), (c, d) = rows
        det = a * d - b * c
        return [[d / det, -b / det], [-c / det, a / det]] if det != 0 and det.is_finite() else None
    try:
        found = flint.arb_mat(n, n, [v for row in rows for v in row]).inv().tolist()
    except ZeroDivisionError:
        return None
    return found if all(v.is_finite() for row in found for v in row) else None


class Program:
    """Formulas ready to be evaluated on balls.

    Notes
    -----
    All values are infinite where a denominator, logarithm or root may leave its domain. Where they
    are finite the formulas are analytic on a neighbourhood of the box, because each division,
    logarithm and root was taken of a ball away from zero.
    """

    def __init__(self, formulas: Formulas, outputs: Sequence[Node]) -> None:
        d = len(formulas.variables)
        order = formulas.needed(outputs)
        place: dict[Node, int] = {}
        #: what follows the arguments: constants, and the whole numbers that are exponents
        self._fixed: list[Any] = []
        for number in order:
            node = formulas.nodes[number]
            if node[0] == "x":
                place[number] = int(node[1])  # type: ignore[call-overload]
            elif node[0] == "c":
                place[number] = d + len(self._fixed)
                self._fixed.append(exact(node[1]))  # type: ignore[arg-type]
        exponents = {
            int(node[2])  # type: ignore[call-overload]
            for node in (formulas.nodes[number] for number in order)
            if node[0] == "^"
        }
        at_exponent = {n: d + len(self._fixed) + i for i, n in enumerate(sorted(exponents))}
        self._fixed += sorted(exponents)
        self._code: list[_Step] = []
        self._quick: list[_Step] = []
        for number in order:
            node = formulas.nodes[number]
            name: Any = node[0]
            if name in ("x", "c"):
                continue
            parts = [place[part] for part in formulas.parts(number)]
            place[number] = d + len(self._fixed) + len(self._code)
            # Unchecked: the third entry of a power is its exponent, which the union of nodes hides.
            last = at_exponent[int(node[2])] if name == "^" else parts[-1]  # type: ignore
            numbers = [formulas.value(part) for part in formulas.parts(number)]
            exactly = name == "*" and any(value is not None for value in numbers)
            self._code.append((operator.mul if exactly else _RULES[name], parts[0], last))
            if name == "^" and node[2] == 2:
                self._quick.append((operator.mul, parts[0], parts[0]))
            else:
                self._quick.append((_QUICK.get(name, _RULES[name]), parts[0], last))
        self._outputs = [place[node] for node in outputs]

    def __call__(self, x: Sequence[Ball]) -> Vector:
        """Return enclosures of all values on a box."""
        return self._values(self._code, x)

    def quick(self, x: Sequence[Ball]) -> Vector:
        """Return enclosures that are as good at points and on small boxes, else wider."""
        return self._values(self._quick, x)

    def _values(self, code: list[_Step], x: Sequence[Ball]) -> Vector:
        values = [*x, *self._fixed]
        write = values.append
        try:
            for rule, a, b in code:
                write(rule(values[a], values[b]))
        except _Outside:
            return [_UNKNOWN] * len(self._outputs)
        return [values[i] for i in self._outputs]


def times(a: Ball, b: Ball) -> Ball:
    """Return the product by the ends of wide balls: by their middles it would be wider."""
    if a.rel_accuracy_bits() > _NARROW and b.rel_accuracy_bits() > _NARROW:
        return a * b
    if a.is_exact() or b.is_exact() or not (a.is_finite() and b.is_finite()):
        return a * b
    low, high = b.lower(), b.upper()
    first, last = a.lower(), a.upper()
    p, q, r, s = first * low, first * high, last * low, last * high
    return p.min(q).min(r.min(s)).union(p.max(q).max(r.max(s)))


def raised(u: Ball, n: int) -> Ball:
    """Return a whole power, n >= 0, by the ends of a ball.

    FLINT's own power of a ball about zero is not a number.
    """
    if u.rel_accuracy_bits() > _NARROW or u.is_exact() or n == 0 or not u.is_finite():
        return _repeated(u, n)
    low, high = _repeated(u.lower(), n), _repeated(u.upper(), n)
    whole = low.union(high)
    return whole if n % 2 or not u.contains(0) else whole.union(_ZERO)


def _repeated(u: Ball, n: int) -> Ball:
    if n < 2:
        return u if n else arb(1)
    half = _repeated(u, n // 2)
    return half * half * u if n % 2 else half * half


class _Outside(Exception):
    """An argument may lie outside the domain of an operation."""


def _over(a: Ball, b: Ball) -> Ball:
    if b != 0:  # surely; a ball that may hold zero is neither equal nor unequal
        return a / b
    raise _Outside


def _log(u: Ball) -> Ball:
    if u > 0:
        return u.log()
    raise _Outside


def _sqrt(u: Ball) -> Ball:
    if u > 0:  # not at zero either: the root is not analytic there
        return u.sqrt()
    raise _Outside


_UNKNOWN = arb(0, float("inf"))


def _increasing(function: Callable[[Ball], Ball]) -> Callable[[Ball, Any], Ball]:
    """Return a function of a ball by its ends, where FLINT's own may be much too wide."""

    def of_ball(u: Ball, _: Any) -> Ball:
        if u.rel_accuracy_bits() > _NARROW or not u.is_finite():
            return function(u)
        return function(u.lower()).union(function(u.upper()))

    return of_ball


def _of_one(function: Callable[[Ball], Ball]) -> Callable[[Ball, Any], Ball]:
    return lambda u, _: function(u)


_Step = tuple[Callable[[Any, Any], Ball], int, int]
"""A rule and the places of its two arguments; functions of one argument ignore the second."""

_RULES: dict[str, Callable[[Any, Any], Ball]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": times,
    "/": _over,
    "^": raised,
    "exp": _increasing(arb.exp),
    "log": _of_one(_log),
    "sqrt": _of_one(_sqrt),
    "sin": _of_one(arb.sin),
    "cos": _of_one(arb.cos),
    "sinh": _increasing(arb.sinh),
    "cosh": _of_one(arb.cosh),
    "tanh": _increasing(arb.tanh),
}

_QUICK: dict[str, Callable[[Any, Any], Ball]] = {"*": operator.mul, "^": _repeated}

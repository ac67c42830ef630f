"""Eigenvalues at an exact point: exact numbers, and exact counts relative to the unit circle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise

import flint

from .effort import check_time
from .number_field import AlgebraicPoint, Element
from .quotient import ConjugatePoints
from .real_algebraic import RealAlgebraic, signed

__all__ = [
    "CircleCount",
    "at_rational_numbers",
    "characteristic",
    "circle_count",
    "eigenvalue_balls",
    "product_matrix",
    "real_eigenvalues",
    "sign_counts",
]

_MOST_BITS = 2**15
_TRIED_BITS = (128, 512)
# An exact eigenvalue is a root of a polynomial of degree (field degree) * (matrix size).
_LARGEST_NORM = 48

Matrix = list[list[Element]]
OverField = list[Element]  # a polynomial over the field, constant term first


@dataclass(frozen=True)
class CircleCount:
    """How many eigenvalues lie inside, on and outside the unit circle, with multiplicity."""

    inside: int
    on: int
    outside: int

    def plus(self, other: CircleCount, times: int = 1) -> CircleCount:
        """Return the count of both together, `other` taken `times` times."""
        return CircleCount(
            self.inside + times * other.inside,
            self.on + times * other.on,
            self.outside + times * other.outside,
        )


def at_rational_numbers() -> AlgebraicPoint:
    """Return a point without coordinates over the rationals, for plain rational matrices."""
    return AlgebraicPoint(ConjugatePoints((0, 1), ()), 0)


def product_matrix(point: AlgebraicPoint, factors: Sequence[Matrix]) -> Matrix:
    """Return the product of matrices over the field, the last factor leftmost."""
    total = factors[0]
    for factor in factors[1:]:
        total = [
            [point.reduced(_dot(row, column)) for column in zip(*total, strict=True)]
            for row in factor
        ]
    return total


def _dot(a: Sequence[Element], b: Sequence[Element]) -> Element:
    return sum((x * y for x, y in zip(a, b, strict=True)), flint.fmpq_poly([]))


def characteristic(point: AlgebraicPoint, matrix: Matrix) -> OverField:
    """Return det(z I - A), constant term first (Faddeev and LeVerrier)."""
    size = len(matrix)
    zero, one = flint.fmpq_poly([]), flint.fmpq_poly([1])
    coefficients = [one]
    M = [[zero] * size for _ in range(size)]
    for k in range(1, size + 1):
        for i in range(size):
            M[i][i] = M[i][i] + coefficients[-1]
        M = product_matrix(point, [M, matrix])
        trace = sum((M[i][i] for i in range(size)), zero)
        coefficients.append(trace * flint.fmpq(-1, k))
    return coefficients[::-1]


def sign_counts(point: AlgebraicPoint, polynomial: OverField) -> tuple[int, int, int]:
    """Return how many roots are negative, zero, positive, for a polynomial with real roots only.

    Descartes' rule of signs is exact for such polynomials.
    """
    signs = [point.sign(c) for c in polynomial]
    zero = next(k for k, s in enumerate(signs) if s)
    nonzero = [s for s in signs if s]
    positive = sum(a != b for a, b in pairwise(nonzero))
    return len(signs) - 1 - zero - positive, zero, positive


def real_eigenvalues(point: AlgebraicPoint, polynomial: OverField) -> list[RealAlgebraic] | None:
    """Return the roots of a polynomial with real roots only, ascending, with multiplicity.

    None where the exact numbers would be roots of polynomials of an unreasonable degree.
    """
    if point.degree * (len(polynomial) - 1) > _LARGEST_NORM:
        return None
    found: list[RealAlgebraic] = []
    for part, multiplicity in squarefree_parts(point, polynomial):
        candidates = _norm_factors(point, part)
        for k in range(len(part) - 1):
            number = RealAlgebraic.nearest(candidates, partial(_kth, point, part, k))
            found += [number] * multiplicity
    return sorted(found, key=_Order)


class _Order:
    """Exact comparison for sorting."""

    def __init__(self, number: RealAlgebraic) -> None:
        self.number = number

    def __lt__(self, other: _Order) -> bool:
        return self.number < other.number


def _kth(point: AlgebraicPoint, part: OverField, k: int, bits: int) -> flint.arb:
    roots = _roots(point, part, bits)
    return sorted((root.real for root in roots), key=lambda r: r.mid())[k]


def _norm_factors(point: AlgebraicPoint, polynomial: OverField) -> list[tuple[int, ...]]:
    """Return the irreducible rational polynomials that have the roots of `polynomial`."""
    lead = point.inverse(polynomial[-1])
    monic = [point.times(c, lead) for c in polynomial[:-1]]
    plain = tuple(tuple((int(c.p), int(c.q)) for c in element.coeffs()) for element in monic)
    return _factors_of_norm(point.points.modulus, plain)


@lru_cache(maxsize=256)
def _factors_of_norm(
    modulus: tuple[int, ...], monic: tuple[tuple[tuple[int, int], ...], ...]
) -> list[tuple[int, ...]]:
    """Return the factors of the product over all conjugates of z^k + … + c_1 z + c_0.

    That is the characteristic polynomial of the companion matrix, whose entries are replaced by
    the matrices of the multiplication with them.
    """
    m = flint.fmpq_poly(list(modulus))
    n, k = len(modulus) - 1, len(monic)
    t = flint.fmpq_poly([0, 1])
    rows = [[flint.fmpq(0)] * (n * k) for _ in range(n * k)]
    for i in range(n * (k - 1)):
        rows[i + n][i] = flint.fmpq(1)
    for block, element in enumerate(monic):
        power = flint.fmpq_poly([flint.fmpq(-p, q) for p, q in element])
        for column in range(n):
            check_time()
            for place, c in enumerate(power.coeffs()):
                rows[block * n + place][(k - 1) * n + column] = c
            power = (power * t) % m
    whole = flint.fmpq_mat(rows).charpoly().numer()
    return [signed(tuple(int(c) for c in f.coeffs())) for f, _ in whole.factor()[1]]


def eigenvalue_balls(
    point: AlgebraicPoint, polynomial: OverField, bits: int = 64
) -> list[flint.acb]:
    """Return an enclosure of each root, repeated with its multiplicity."""
    found: list[flint.acb] = []
    for part, multiplicity in squarefree_parts(point, polynomial):
        for root in _roots(point, part, bits):
            found += [root] * multiplicity
    return found


def _roots(point: AlgebraicPoint, part: OverField, bits: int) -> list[flint.acb]:
    """Return isolating enclosures of the roots of a squarefree polynomial over the field."""
    working = bits
    while working <= _MOST_BITS:
        roots = _isolated(point, part, working, bits // 2)
        if roots is not None:
            return roots
        working *= 2
    raise ArithmeticError("the roots of a squarefree polynomial did not separate")


def _isolated(
    point: AlgebraicPoint, polynomial: OverField, bits: int, accuracy: int = 20
) -> list[flint.acb] | None:
    """Return disjoint enclosures of the roots, or None where the precision does not do."""
    coefficients = [point.ball(c, bits) for c in polynomial]
    with flint.ctx.workprec(bits):
        try:
            whole = flint.acb_poly([flint.acb(c) for c in coefficients])
            return list(whole.roots(tol=flint.arb(2) ** -accuracy))
        except ValueError:
            return None


def circle_count(point: AlgebraicPoint, polynomial: OverField) -> CircleCount:
    """Return exactly how many roots lie inside, on and outside the unit circle.

    Roots at 1 and -1 are found by evaluation. The others on the circle are among the common roots
    of q and its reciprocal polynomial; those are z with g(z) = z^k P(z + 1/z), and they are on
    the circle where P has a real root between -2 and 2, which Sturm's theorem counts. The rest
    separates from the circle at some precision. Simple roots off the circle show in enclosures
    already, before any of this.
    """
    for bits in _TRIED_BITS:
        roots = _isolated(point, polynomial, bits)
        with flint.ctx.workprec(bits):
            sizes = [abs(root) for root in roots or []]
            inside, outside = sum(bool(r < 1) for r in sizes), sum(bool(r > 1) for r in sizes)
        if inside + outside == len(polynomial) - 1:
            return CircleCount(inside, 0, outside)
    total = CircleCount(0, 0, 0)
    for part, multiplicity in squarefree_parts(point, polynomial):
        total = total.plus(_circle_count(point, part), multiplicity)
    return total


def _circle_count(point: AlgebraicPoint, part: OverField) -> CircleCount:
    on = 0
    for unit in (1, -1):
        if point.reduced(_value(part, unit)).is_zero():
            part = _divided(point, part, [flint.fmpq_poly([-unit]), flint.fmpq_poly([1])])[0]
            on += 1
    if len(part) > 1:
        on_pairs = 2 * _pairs_on_circle(point, part)
        bits = 64
        while bits <= _MOST_BITS:
            inside = outside = 0
            with flint.ctx.workprec(bits):
                sizes = [abs(root) for root in _roots(point, part, bits)]
                inside = sum(bool(size < 1) for size in sizes)
                outside = sum(bool(size > 1) for size in sizes)
            if inside + outside == len(part) - 1 - on_pairs:
                return CircleCount(inside, on + on_pairs, outside)
            bits *= 2
        raise ArithmeticError("a root off the unit circle did not separate from it")
    return CircleCount(0, on, 0)


def _pairs_on_circle(point: AlgebraicPoint, part: OverField) -> int:
    common = _gcd(point, part, _trimmed(point, part[::-1]))
    k, odd = divmod(len(common) - 1, 2)
    if not k:
        return 0
    if odd:  # pragma: no cover - 1 and -1 were divided out
        raise ArithmeticError("a reciprocal polynomial without the roots 1 and -1 has even degree")
    # z^j + z^-j as a polynomial in w = z + 1/z, by the recursion c_(j+1) = w c_j - c_(j-1).
    zero = flint.fmpq_poly([])
    chebyshev = [[flint.fmpq_poly([2])], [zero, flint.fmpq_poly([1])]]
    while len(chebyshev) <= k:
        a, b = chebyshev[-1], chebyshev[-2]
        chebyshev.append([u - v for u, v in zip([zero, *a], [*b, zero, zero], strict=True)])
    P = [zero] * (k + 1)
    P[0] = common[k]
    for j in range(1, k + 1):
        for place, c in enumerate(chebyshev[j]):
            P[place] = point.reduced(P[place] + common[k + j] * c)
    return _count_between(point, P, -2, 2)


def _count_between(point: AlgebraicPoint, polynomial: OverField, low: int, high: int) -> int:
    """Return the number of real roots in (low, high]; the polynomial is squarefree (Sturm)."""
    chain = [polynomial, _derivative(polynomial)]
    while len(chain[-1]) > 1:
        _, rest = _divided(point, chain[-2], chain[-1])
        if not rest:
            break
        chain.append([-c for c in rest])

    def changes(at: int) -> int:
        signs = [s for q in chain if (s := point.sign(_value(q, at)))]
        return sum(a != b for a, b in pairwise(signs))

    return changes(low) - changes(high)


def squarefree_parts(point: AlgebraicPoint, polynomial: OverField) -> list[tuple[OverField, int]]:
    """Return squarefree polynomials q_j with polynomial = prod q_j^j, over the field (Yun)."""
    f = _trimmed(point, polynomial)
    if len(f) <= 2:
        return [(f, 1)] if len(f) == 2 else []
    if any(_isolated(point, f, bits) is not None for bits in _TRIED_BITS):
        # Roots in disjoint enclosures are simple; this spares costly divisions in the field.
        return [(f, 1)]
    common = _gcd(point, f, _derivative(f))
    b = _divided(point, f, common)[0]
    c = _divided(point, _derivative(f), common)[0]
    parts = []
    multiplicity = 1
    while len(b) > 1:
        d = _trimmed(point, _minus(c, _derivative(b)))
        a = _gcd(point, b, d) if d else b
        if len(a) > 1:
            parts.append((a, multiplicity))
        b = _divided(point, b, a)[0]
        c = _divided(point, d, a)[0] if d else []
        multiplicity += 1
    return parts


def _value(polynomial: OverField, at: int) -> Element:
    total = flint.fmpq_poly([])
    for c in reversed(polynomial):
        total = total * at + c
    return total


def _minus(a: OverField, b: OverField) -> OverField:
    zero = flint.fmpq_poly([])
    size = max(len(a), len(b))
    pad_a, pad_b = a + [zero] * (size - len(a)), b + [zero] * (size - len(b))
    return [x - y for x, y in zip(pad_a, pad_b, strict=True)]


def _derivative(polynomial: OverField) -> OverField:
    return [c * k for k, c in enumerate(polynomial)][1:]


def _trimmed(point: AlgebraicPoint, polynomial: OverField) -> OverField:
    reduced = [point.reduced(c) for c in polynomial]
    while reduced and reduced[-1].is_zero():
        reduced.pop()
    return reduced


def _divided(
    point: AlgebraicPoint, numerator: OverField, divisor: OverField
) -> tuple[OverField, OverField]:
    rest = list(numerator)
    lead = point.inverse(divisor[-1])
    quotient = [flint.fmpq_poly([])] * max(len(rest) - len(divisor) + 1, 0)
    for shift in range(len(quotient) - 1, -1, -1):
        factor = point.times(rest[shift + len(divisor) - 1], lead)
        quotient[shift] = factor
        for place, c in enumerate(divisor):
            rest[shift + place] = point.reduced(rest[shift + place] - factor * c)
    return quotient, _trimmed(point, rest[: len(divisor) - 1])


def _gcd(point: AlgebraicPoint, a: OverField, b: OverField) -> OverField:
    """Return the monic greatest common divisor."""
    a, b = _trimmed(point, a), _trimmed(point, b)
    while b:
        a, b = b, _divided(point, a, b)[1]
    lead = point.inverse(a[-1])
    return [point.times(c, lead) for c in a]

"""Periodic points of polynomial maps with rational coefficients, as plain data.

One dimension: F^p(x) - x is factored over the rationals and the factors that belong to shorter
periods are taken out. More dimensions: the unknown is the whole orbit, x_(k+1) = F(x_k) with
x_p = x_0, and for each prime divisor q of p some coordinate of x_0 and x_(p/q) must differ, so
that what is found has least period p.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from ...evidence import Outcome
from .decomposition import Decomposition, Family, System, Terms, as_terms, decompose, describe
from .effort import EffortSpent, check_effort, check_time
from .ideals import Ideal
from .number_field import AlgebraicPoint, Element, real_points
from .polynomials import Ring, ring
from .quotient import ConjugatePoints
from .real_algebraic import RealAlgebraic
from .spectra import (
    CircleCount,
    Matrix,
    characteristic,
    circle_count,
    eigenvalue_balls,
    product_matrix,
    real_eigenvalues,
)

__all__ = ["Cycle", "CycleRequest", "Cycles", "RationalTerms", "cycle_of", "find_cycles"]

RationalTerms = tuple[tuple[tuple[int, ...], Fraction], ...]

_QUICK_DEGREE = 48  # degree of F^p(x) - x that the quick attempt takes on
_QUICK_UNKNOWNS = 32  # coordinates of a whole orbit that it takes on
_LARGEST_NORM = 36
_MOST_BITS = 2**13
_TRIED_BITS = (128, 512)


@dataclass(frozen=True)
class CycleRequest:
    """A polynomial map and a period.

    Parameters
    ----------
    images : tuple of RationalTerms
    jacobian : tuple of tuple of RationalTerms
    period : int
    """

    images: tuple[RationalTerms, ...]
    jacobian: tuple[tuple[RationalTerms, ...], ...]
    period: int


@dataclass(frozen=True)
class Cycle:
    """One orbit.

    Parameters
    ----------
    points : tuple of AlgebraicPoint
        In order; the first is the smallest in lexicographic order.
    count : CircleCount
        Of the multipliers, exact.
    multipliers : tuple of complex
        Midpoints of enclosures.
    exact : tuple of RealAlgebraic, or None
        All multipliers where they are real and of moderate degree.
    trace_and_product : pair of RealAlgebraic, or None
        For two complex multipliers.
    """

    points: tuple[AlgebraicPoint, ...]
    count: CircleCount
    multipliers: tuple[complex, ...]
    exact: tuple[RealAlgebraic, ...] | None
    trace_and_product: tuple[RealAlgebraic, RealAlgebraic] | None


@dataclass(frozen=True)
class Cycles:
    """All orbits of one least period, and families of such points."""

    cycles: tuple[Cycle, ...]
    families: tuple[Family, ...]
    meetings: dict[tuple[int, int], Outcome]


def find_cycles(request: CycleRequest) -> Cycles:
    """Return all real orbits of least period `request.period`.

    Examples
    --------
    The logistic map with r = 7/2 has one orbit of period 2, {3/7, 6/7}:

    >>> r = Fraction(7, 2)
    >>> F = (((1,), r), ((2,), -r))
    >>> DF = (((0,), r), ((1,), -2 * r))
    >>> cycle, = find_cycles(CycleRequest((F,), ((DF,),), 2)).cycles
    >>> [p.approximate for p in cycle.points], cycle.exact[0].to_sympy()
    ([(0.42857142857142855,), (0.8571428571428571,)], -5/4)
    """
    if len(request.images) == 1:
        return _one_dimension(request)
    return _more_dimensions(request)


def _one_dimension(request: CycleRequest) -> Cycles:
    F = _univariate(request.images[0])
    x = flint.fmpq_poly([0, 1])
    period = request.period
    if check_effort() and (period > _QUICK_DEGREE or F.degree() ** period > _QUICK_DEGREE):
        raise EffortSpent
    iterates = [x]
    for _ in range(period):
        check_effort()
        iterates.append(F(iterates[-1]))
    whole = iterates[period] - x
    if whole.is_zero():
        # F^p is the identity: every point, but those of shorter periods.
        return Cycles((), (Family((), 1, None, Outcome.YES, Outcome.YES),), {})
    shorter = [iterates[q] - x for q in range(1, period) if period % q == 0]
    points = []
    for factor, _ in whole.numer().factor()[1]:
        divisor = flint.fmpq_poly(factor.coeffs())
        if any((other % divisor).is_zero() for other in shorter):
            continue
        modulus = tuple(int(c) for c in factor.coeffs())
        root = (
            (Fraction(0), Fraction(1)) if len(modulus) > 2 else (Fraction(-modulus[0], modulus[1]),)
        )
        points += real_points(ConjugatePoints(modulus, (root,)))
    images = [(p, p.reduced(_at(F, p))) for p in points]
    following = {k: _same(p, [image], points) for k, (p, image) in enumerate(images)}
    loops = _loops(points, following)
    return Cycles(tuple(cycle_of(request, loop) for loop in loops), (), {})


def _at(F: flint.fmpq_poly, point: AlgebraicPoint) -> Element:
    value = flint.fmpq_poly([])
    x = point.coordinates[0]
    for c in reversed(F.coeffs()):
        value = point.times(value, x) + c
    return value


def _univariate(terms: RationalTerms) -> flint.fmpq_poly:
    coefficients = [flint.fmpq(0)] * (max((e[0] for e, _ in terms), default=0) + 1)
    for (k,), c in terms:
        coefficients[k] = flint.fmpq(c.numerator, c.denominator)
    return flint.fmpq_poly(coefficients)


def _more_dimensions(request: CycleRequest) -> Cycles:
    d, p = len(request.images), request.period
    if check_effort() and d * p > _QUICK_UNKNOWNS:
        raise EffortSpent
    base = ring(p * d)
    equations = [
        _step_equation(image, base, k, (k + 1) % p, i, d)
        for k in range(p)
        for i, image in enumerate(request.images)
    ]
    gens = base.gens()
    apart = tuple(
        tuple(as_terms(gens[i] - gens[(p // q) * d + i]) for i in range(d)) for q in _primes(p)
    )
    found = decompose(System(p * d, tuple(equations), apart))
    states = [_block(point, 0, d) for point in found.points]
    loops = [[state] for state in states]
    if p > 1:
        images = [point.coordinates[d : 2 * d] for point in found.points]
        following = {
            k: _same(point, image, states)
            for k, (point, image) in enumerate(zip(found.points, images, strict=True))
        }
        loops = _loops(states, following)
    families, meetings = _projected(found, d, p)
    return Cycles(tuple(cycle_of(request, loop) for loop in loops), families, meetings)


def _step_equation(
    image: RationalTerms, base: Ring, start: int, end: int, coordinate: int, d: int
) -> Terms:
    """Return the equation (image of block `start`) = (coordinate of block `end`)."""
    common = 1
    for _, c in image:
        common = common * c.denominator // _gcd(common, c.denominator)
    size = base.nvars()
    total = -common * base.gens()[end * d + coordinate]
    terms = {}
    for e, c in image:
        moved = (0,) * (start * d) + e + (0,) * (size - start * d - d)
        terms[moved] = int(c * common)
    return as_terms(total + base.from_dict(terms))


def _gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def _primes(n: int) -> list[int]:
    return [q for q in range(2, n + 1) if n % q == 0 and all(q % k for k in range(2, q))]


def _block(point: AlgebraicPoint, k: int, d: int) -> AlgebraicPoint:
    coordinates = point.points.coordinates[k * d : (k + 1) * d]
    return AlgebraicPoint(ConjugatePoints(point.points.modulus, coordinates), point.place)


def _projected(
    found: Decomposition, d: int, p: int
) -> tuple[tuple[Family, ...], dict[tuple[int, int], Outcome]]:
    """Return the families seen in the first point of the orbits."""
    if p == 1 or not found.families:
        return found.families, found.meetings
    base = ring(p * d)
    families = []
    for family in found.families:
        ideal = Ideal(base, [base.from_dict(dict(g)) for g in family.generators])
        seen = describe(ideal.eliminated(d))
        if seen is not None:
            families.append(seen)
    unique = {family.generators: family for family in families}
    return tuple(unique.values()), {}


def _same(
    point: AlgebraicPoint, image: Sequence[Element], candidates: Sequence[AlgebraicPoint]
) -> int:
    """Return which candidate equals the point with these coordinates; exactly one does."""
    bits = 64
    left = list(range(len(candidates)))
    while bits <= _MOST_BITS:
        balls = [point.ball(element, bits) for element in image]
        left = [
            k
            for k in left
            if all(
                x.overlaps(ball)
                for x, ball in zip(candidates[k].coordinate_balls(bits), balls, strict=True)
            )
        ]
        if len(left) == 1:
            return left[0]
        bits *= 2
    raise ArithmeticError("an image did not match one periodic point")


def _loops(
    points: Sequence[AlgebraicPoint], following: dict[int, int]
) -> list[list[AlgebraicPoint]]:
    """Return the orbits, each from its smallest point, in ascending order of that point."""
    left = set(following)
    loops = []
    for start in sorted(following, key=lambda k: points[k].approximate):
        if start not in left:
            continue
        loop = [start]
        left.discard(start)
        while (k := following[loop[-1]]) in left:
            loop.append(k)
            left.discard(k)
        loops.append([points[k] for k in loop])
    return loops


def cycle_of(request: CycleRequest, loop: list[AlgebraicPoint]) -> Cycle:
    """Return the orbit with the eigenvalues of the product of its Jacobians.

    Enclosures at rising precision come first: in a large number field they are far cheaper than
    exact arithmetic, and they settle every hyperbolic orbit with distinct multipliers. What they
    leave open is decided in the field of the first point, where the other points are its images.
    """
    found = None
    for bits in _TRIED_BITS:
        check_time()
        found = _by_enclosures(request, loop, bits)
        if found is not None:
            break
    first = loop[0]
    small = first.degree * len(request.images) <= _LARGEST_NORM
    if found is None or small:
        polynomial = _exact_characteristic(request, loop)
        if found is None:
            found = circle_count(first, polynomial), eigenvalue_balls(first, polynomial)
    count, balls = found
    return Cycle(
        points=tuple(loop),
        count=count,
        multipliers=tuple(complex(float(b.real.mid()), _imaginary(b)) for b in balls),
        exact=_exact(first, polynomial) if small else None,
        trace_and_product=_trace_and_product(first, polynomial) if small else None,
    )


def _by_enclosures(
    request: CycleRequest, loop: list[AlgebraicPoint], bits: int
) -> tuple[CircleCount, list[flint.acb]] | None:
    """Return count and enclosures of the multipliers, or None where some may be on the circle."""
    d = len(request.images)
    with flint.ctx.workprec(bits):
        product = flint.arb_mat(d, d, [int(i == j) for i in range(d) for j in range(d)])
        for point in loop:
            x = point.coordinate_balls(bits)
            rows = [[_ball_value(entry, x) for entry in row] for row in request.jacobian]
            product = flint.arb_mat(rows) * product
        polynomial = flint.acb_poly([flint.acb(c) for c in product.charpoly().coeffs()])
        try:
            roots = polynomial.roots(tol=flint.arb(2) ** -40)
        except ValueError:
            return None
        sizes = [abs(root) for root in roots]
        inside, outside = sum(bool(r < 1) for r in sizes), sum(bool(r > 1) for r in sizes)
    return None if inside + outside < d else (CircleCount(inside, 0, outside), list(roots))


def _ball_value(terms: RationalTerms, x: Sequence[flint.arb]) -> flint.arb:
    total = flint.arb(0)
    for exponents, c in terms:
        product = flint.arb(flint.fmpq(c.numerator, c.denominator))
        for value, k in zip(x, exponents, strict=True):
            product *= value**k
        total += product
    return total


def _exact_characteristic(request: CycleRequest, loop: list[AlgebraicPoint]) -> list[Element]:
    state = loop[0]
    factors: list[Matrix] = []
    for _ in loop:
        factors.append([[state.evaluate_terms(e) for e in row] for row in request.jacobian])
        state = state.moved([state.evaluate_terms(image) for image in request.images])
    return characteristic(loop[0], product_matrix(loop[0], factors))


def _imaginary(ball: flint.acb) -> float:
    return 0.0 if ball.imag.contains(0) else float(ball.imag.mid())


def _exact(point: AlgebraicPoint, polynomial: list[Element]) -> tuple[RealAlgebraic, ...] | None:
    size = len(polynomial) - 1
    if size == 1:
        return (point.number(-polynomial[0]),)
    if size == 2 and point.sign(_discriminant(point, polynomial)) >= 0:
        numbers = real_eigenvalues(point, polynomial)
        return None if numbers is None else tuple(numbers)
    return None


def _trace_and_product(
    point: AlgebraicPoint, polynomial: list[Element]
) -> tuple[RealAlgebraic, RealAlgebraic] | None:
    if len(polynomial) != 3:
        return None
    return point.number(-polynomial[1]), point.number(polynomial[0])


def _discriminant(point: AlgebraicPoint, polynomial: list[Element]) -> Element:
    return point.times(polynomial[1], polynomial[1]) - 4 * polynomial[0]

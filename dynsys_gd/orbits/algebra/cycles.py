"""Periodic points of polynomial maps with rational coefficients, as plain data.

One dimension: F^p(x) - x is factored over the rationals and the factors that belong to shorter
periods are taken out. More dimensions: the unknown is the whole orbit, x_(k+1) = F(x_k) with
x_p = x_0, and for each prime divisor q of p some coordinate of x_0 and x_(p/q) must differ, so
that what is found has least period p.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import flint

from ...evidence import Outcome
from .cycle import Cycle, CycleRequest, Cycles, RationalTerms, cycle_of
from .decomposition import Decomposition, Family, System, Terms, as_terms, decompose, describe
from .effort import AlgebraFailed, EffortSpent, check_effort
from .ideals import Ideal
from .line_cycles import Line, line_cycles
from .number_field import AlgebraicPoint, Element, real_points
from .polynomials import Ring, ring
from .quotient import ConjugatePoints
from .spectra import CircleCount

__all__ = [
    "Cycle",
    "CycleRequest",
    "Cycles",
    "RationalTerms",
    "cycle_of",
    "find_cycles",
    "line_cycles_of",
    "power",
]

_QUICK_DEGREE = 130  # degree of F^p(x) - x that the quick attempt takes on
_QUICK_UNKNOWNS = 32  # coordinates of a whole orbit that it takes on
_LARGEST_DEGREE = 4096  # that is factored at all
_MOST_BITS = 2**13


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
    if check_effort() and power(request) > _QUICK_DEGREE:
        raise EffortSpent
    if power(request) > _LARGEST_DEGREE:
        raise AlgebraFailed("the degree of F^p(x) - x is too large to be factored")
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


def power(request: CycleRequest) -> float:
    """Return the degree of F^p for a map F of the line; infinite beyond reason."""
    degree = _univariate(request.images[0]).degree()
    size = request.period * math.log(max(degree, 1))
    return float(max(degree, 1) ** request.period) if size < 30 else math.inf


def line_cycles_of(request: CycleRequest) -> Cycles | None:
    """Return the orbits of a map of the line by balls, or None where algebra has to decide."""
    F = _univariate(request.images[0])
    if F.degree() < 2:
        return None
    found = line_cycles(Line(F, request.period))
    if found is None:
        return None
    cycles = []
    for cycle in found:
        inside = bool(abs(cycle.multiplier) < 1)
        cycles.append(
            Cycle(
                points=cycle.points,
                count=CircleCount(int(inside), 0, int(not inside)),
                multipliers=(complex(float(cycle.multiplier.mid())),),
                exact=None,
                trace_and_product=None,
            )
        )
    return Cycles(tuple(cycles), (), {}, by_balls=True)


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
    states = _first_blocks(found.points, d)
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


def _first_blocks(points: Sequence[AlgebraicPoint], d: int) -> list[AlgebraicPoint]:
    """Return the points with their first `d` coordinates; conjugate ones share their field."""
    parts = {id(point.points): point.points.first(d) for point in points}
    return [AlgebraicPoint(parts[id(point.points)], point.place) for point in points]


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

"""One periodic orbit of a polynomial map as plain data, with its multipliers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint
import sympy as sp

from ...evidence import Outcome
from .decomposition import Family
from .effort import check_time
from .line_cycles import LinePoint
from .number_field import AlgebraicPoint, Element
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

__all__ = ["Cycle", "CycleRequest", "Cycles", "RationalTerms", "cycle_of", "request_of"]

RationalTerms = tuple[tuple[tuple[int, ...], Fraction], ...]

_LARGEST_NORM = 36
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
    points : tuple of AlgebraicPoint or LinePoint
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

    points: tuple[AlgebraicPoint, ...] | tuple[LinePoint, ...]
    count: CircleCount
    multipliers: tuple[complex, ...]
    exact: tuple[RealAlgebraic, ...] | None
    trace_and_product: tuple[RealAlgebraic, RealAlgebraic] | None


@dataclass(frozen=True)
class Cycles:
    """All orbits of one least period, and families of such points.

    Parameters
    ----------
    cycles : tuple of Cycle
    families : tuple of Family
    meetings : dict
        For pairs of families, whether they have a real point in common.
    by_balls : bool
        Whether ball arithmetic and no algebra isolated the points.
    """

    cycles: tuple[Cycle, ...]
    families: tuple[Family, ...]
    meetings: dict[tuple[int, int], Outcome]
    by_balls: bool = False


def request_of(polynomials: Sequence[sp.Poly], period: int) -> CycleRequest:
    """Return the map with its Jacobian as plain data."""
    jacobian = [[p.diff(v) for v in p.gens] for p in polynomials]
    return CycleRequest(
        images=tuple(_plain(p) for p in polynomials),
        jacobian=tuple(tuple(_plain(p) for p in row) for row in jacobian),
        period=period,
    )


def _plain(polynomial: sp.Poly) -> RationalTerms:
    return tuple(
        (tuple(exponents), Fraction(int(c.p), int(c.q)))
        for exponents, c in polynomial.terms()
        if c != 0
    )


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
            # The library's power of a ball around zero is not a number.
            for _ in range(k):
                product *= value
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

"""All real solutions of a polynomial system: exact points, families, where families are singular.

Everything here is plain data in and out, so that it can run in another process.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import comb, lcm

from ...evidence import Outcome
from .effort import check_effort
from .ideals import Ideal
from .number_field import AlgebraicPoint, real_points
from .polynomials import Polynomial, Ring, coerced, ring
from .quotient import conjugate_points
from .splitting import irredundant, real_pieces

__all__ = [
    "Decomposition",
    "Family",
    "System",
    "Terms",
    "as_terms",
    "decompose",
    "describe",
    "determinant",
    "nearest_points",
]

Terms = tuple[tuple[tuple[int, ...], int], ...]

_MOST_MINORS = 3000


@dataclass(frozen=True)
class System:
    """Polynomial equations, and differences that must not all vanish.

    Parameters
    ----------
    size : int
        Number of variables.
    equations : tuple of Terms
    apart : tuple of tuple of Terms
        From each group at least one polynomial must be non-zero at a solution.
    """

    size: int
    equations: tuple[Terms, ...]
    apart: tuple[tuple[Terms, ...], ...] = ()


@dataclass(frozen=True)
class Family:
    """A solution set of positive dimension.

    Parameters
    ----------
    generators : tuple of Terms
        Equations, few of them.
    dimension : int
        Complex dimension; the real one where a regular real point is known.
    sample : AlgebraicPoint or None
        A regular real point.
    real : Outcome
        Whether it has a regular real point. Sets proved to have no real point are left out.
    smooth : Outcome
        Whether the Jacobian of the equations has full rank at every real point.
    singular_points : tuple of AlgebraicPoint
        Real points where it has not, as far as they are isolated.
    singular_families : tuple of tuple of Terms
        Equations of sets of such points of positive dimension.
    """

    generators: tuple[Terms, ...]
    dimension: int
    sample: AlgebraicPoint | None
    real: Outcome
    smooth: Outcome
    singular_points: tuple[AlgebraicPoint, ...] = ()
    singular_families: tuple[tuple[Terms, ...], ...] = ()


@dataclass(frozen=True)
class Decomposition:
    """All real solutions of a system.

    Parameters
    ----------
    points : tuple of AlgebraicPoint
        Isolated solutions; none lies on a family.
    families : tuple of Family
    meetings : dict
        For pairs of families, whether they have a real point in common.
    """

    points: tuple[AlgebraicPoint, ...]
    families: tuple[Family, ...]
    meetings: dict[tuple[int, int], Outcome] = field(default_factory=dict)


def decompose(system: System) -> Decomposition:
    """Return all real solutions of `system`.

    Examples
    --------
    x y = 1 and the origin, the critical points of (x y - 1)² / 2:

    >>> xy1 = (((1, 2), 1), ((0, 1), -1)), (((2, 1), 1), ((1, 0), -1))
    >>> found = decompose(System(2, xy1))
    >>> found.families[0].generators, [p.approximate for p in found.points]
    (((((1, 1), 1), ((0, 0), -1)),), [(0.0, 0.0)])
    """
    base = ring(system.size)
    equations = [_polynomial(terms, base) for terms in system.equations]
    groups = [[_polynomial(terms, base) for terms in group] for group in system.apart]
    points: list[AlgebraicPoint] = []
    curves: list[Ideal] = []
    whole = Ideal(base, equations)
    if groups and whole.dimension <= 0:
        # Finitely many solutions are found once and tested one by one.
        found = _isolated(real_pieces(base, whole.basis), system.size)
        points = [p for p in found if all(_some_nonzero(p, group) for group in groups)]
    else:
        for zero, nonzero in _ways_apart(groups):
            more_points, more_curves = _solve_apart(Ideal(base, [*equations, *zero]), nonzero)
            points += more_points
            curves += more_curves
    families, ideals = [], []
    for ideal in irredundant(curves):
        family = describe(ideal)
        if family is not None:
            families.append(family)
            ideals.append(ideal)
    isolated = [p for p in points if not any(_lies_on(p, ideal) for ideal in ideals)]
    meetings = {(i, j): _meet(ideals[i], ideals[j]) for i, j in combinations(range(len(ideals)), 2)}
    ordered = sorted(isolated, key=lambda p: p.approximate)
    return Decomposition(tuple(ordered), tuple(families), meetings)


def _some_nonzero(point: AlgebraicPoint, group: Sequence[Polynomial]) -> bool:
    return any(not point.evaluate(difference).is_zero() for difference in group)


def _ways_apart(
    groups: Sequence[Sequence[Polynomial]],
) -> Iterable[tuple[list[Polynomial], list[Polynomial]]]:
    """Return systems (equal to zero, different from zero), one for each first difference."""
    for chosen in product(*(range(len(group)) for group in groups)):
        zero = [p for group, k in zip(groups, chosen, strict=True) for p in group[:k]]
        yield zero, [group[k] for group, k in zip(groups, chosen, strict=True)]


def _solve_apart(
    ideal: Ideal, nonzero: Sequence[Polynomial]
) -> tuple[list[AlgebraicPoint], list[Ideal]]:
    """Return the real points and the families of an ideal on which `nonzero` do not vanish.

    Finitely many solutions are tested one by one. Otherwise each difference gets a new variable
    t with t * difference = 1, which keeps away what lies on the excluded family.
    """
    size = ideal.ring.nvars()
    whole = ideal
    if ideal.dimension > 0:
        for difference in nonzero:
            places = range(size)
            whole = whole.without(coerced(difference, whole.ring, places))
    pieces = real_pieces(whole.ring, whole.basis)
    points = [
        p
        for p in _isolated([piece for piece in pieces if piece.dimension == 0], size)
        if not any(p.evaluate(difference).is_zero() for difference in nonzero)
    ]
    curves = [piece for piece in pieces if piece.dimension > 0]
    if whole is not ideal:
        curves = [piece.eliminated(size) for piece in curves]
    return points, curves


def _isolated(pieces: list[Ideal], size: int) -> list[AlgebraicPoint]:
    """Return the first `size` coordinates of the real points of finite sets, each point once."""
    found: list[AlgebraicPoint] = []
    for number, ideal in enumerate(pieces):
        for points in conjugate_points(ideal):
            real = real_points(points)
            if real and not any(_lies_on(real[0], other) for other in pieces[:number]):
                seen = points.first(size)
                found += [AlgebraicPoint(seen, p.place) for p in real]
    return found


def _lies_on(point: AlgebraicPoint, ideal: Ideal) -> bool:
    return all(point.evaluate(p).is_zero() for p in ideal.basis)


def describe(ideal: Ideal) -> Family | None:
    """Return what is known of a positive-dimensional set, or None where it has no real point."""
    if not ideal.basis:
        return Family((), ideal.ring.nvars(), None, Outcome.YES, Outcome.YES)
    generators = ideal.few_generators()
    codimension = ideal.ring.nvars() - ideal.dimension
    jacobian = [_gradient(g) for g in generators]
    terms = tuple(as_terms(g) for g in generators)
    minors = _minors(jacobian, codimension)
    sample = None if minors is None else _regular_point(ideal, minors)
    if sample is None and minors is not None and nearest_points(ideal) == []:
        return None
    real = Outcome.UNDECIDED if sample is None else Outcome.YES
    if minors is None:
        return Family(terms, ideal.dimension, None, real, Outcome.UNDECIDED)
    singular = ideal.plus(*minors)
    if singular.dimension == ideal.dimension:
        # The equations count the set with multiplicity, so their Jacobian says nothing.
        return Family(terms, ideal.dimension, sample, real, Outcome.UNDECIDED)
    points: list[AlgebraicPoint] = []
    sets: list[tuple[Terms, ...]] = []
    for piece in real_pieces(ideal.ring, singular.basis):
        if piece.dimension == 0:
            points += [p for c in conjugate_points(piece) for p in real_points(c)]
        else:
            sets.append(tuple(as_terms(g) for g in piece.few_generators()))
    smooth = Outcome.NO if points else (Outcome.UNDECIDED if sets else Outcome.YES)
    if sets and not points and any(_has_real_point(ideal.ring, s) for s in sets):
        smooth = Outcome.NO
    return Family(terms, ideal.dimension, sample, real, smooth, tuple(points), tuple(sets))


def _regular_point(ideal: Ideal, minors: list[Polynomial]) -> AlgebraicPoint | None:
    """Return a real point where some minor is non-zero, looked for on a few slices."""
    for point in _slices(ideal):
        if any(not point.evaluate(m).is_zero() for m in minors):
            return point
    return None


def _slices(ideal: Ideal) -> Iterable[AlgebraicPoint]:
    """Return real points of the set for a few values of its independent variables."""
    gens = ideal.ring.gens()
    free = ideal.independent
    for start in (1, 2, -1, 3, 0, 5, -3):
        check_effort()
        for denominator in (1, 3):
            values = {k: start + place for place, k in enumerate(free)}
            cut = ideal.plus(*(denominator * gens[k] - v for k, v in values.items()))
            if cut.dimension == 0:
                for points in conjugate_points(cut):
                    yield from real_points(points)


def _has_real_point(base: Ring, generators: tuple[Terms, ...]) -> bool:
    ideal = Ideal(base, [_polynomial(g, base) for g in generators])
    return next(iter(_slices(ideal)), None) is not None


def nearest_points(ideal: Ideal) -> list[AlgebraicPoint] | None:
    """Return real points that meet every connected component of a real solution set, or None.

    A non-empty closed set has a point nearest to any given one, and there the Jacobian with the
    difference added as a row has rank at most the codimension. The points with that property are
    returned where they are finitely many; none at all proves that there is no real solution.
    """
    generators = ideal.few_generators()
    codimension = ideal.ring.nvars() - ideal.dimension
    gens = ideal.ring.gens()
    # The differences to the point (1/2, 2/3, 3/4, …), all multiplied by the same number.
    scale = lcm(*range(2, len(gens) + 2))
    away = [scale * x - scale * (k + 1) // (k + 2) for k, x in enumerate(gens)]
    minors = _minors([*(_gradient(g) for g in generators), away], codimension + 1)
    if minors is None:
        return None
    found: list[AlgebraicPoint] = []
    for piece in real_pieces(ideal.ring, [*ideal.basis, *minors]):
        if piece.dimension > 0:
            return None
        found += [p for c in conjugate_points(piece) for p in real_points(c)]
    return found


def _meet(a: Ideal, b: Ideal) -> Outcome:
    """Return whether two families have a real point in common."""
    undecided = False
    for piece in real_pieces(a.ring, [*a.basis, *b.basis]):
        if piece.dimension == 0:
            if any(real_points(points) for points in conjugate_points(piece)):
                return Outcome.YES
        elif next(iter(_slices(piece)), None) is not None:
            return Outcome.YES
        else:
            undecided = True
    return Outcome.UNDECIDED if undecided else Outcome.NO


def _gradient(polynomial: Polynomial) -> list[Polynomial]:
    return [polynomial.derivative(k) for k in range(polynomial.context().nvars())]


def _minors(matrix: list[list[Polynomial]], size: int) -> list[Polynomial] | None:
    """Return all minors of one size, or None where there are too many of them."""
    rows, columns = len(matrix), len(matrix[0])
    if size > min(rows, columns):
        return []
    if comb(rows, size) * comb(columns, size) > _MOST_MINORS:
        return None
    found = []
    for chosen_rows in combinations(range(rows), size):
        for chosen in combinations(range(columns), size):
            check_effort()
            found.append(determinant([[matrix[i][j] for j in chosen] for i in chosen_rows]))
    return [m for m in found if not m.is_zero()]


def determinant(matrix: list[list[Polynomial]]) -> Polynomial:
    """Return the determinant of a small matrix by expansion along its first row."""
    if len(matrix) == 1:
        return matrix[0][0]
    total = matrix[0][0] * 0
    for j, entry in enumerate(matrix[0]):
        if not entry.is_zero():
            rest = [[row[k] for k in range(len(row)) if k != j] for row in matrix[1:]]
            total += (-1) ** j * entry * determinant(rest)
    return total


def as_terms(polynomial: Polynomial) -> Terms:
    """Return a polynomial as plain data."""
    return tuple((tuple(map(int, e)), int(c)) for e, c in polynomial.terms())


def _polynomial(terms: Terms, base: Ring) -> Polynomial:
    return base.from_dict(dict(terms))

"""Real solution sets cut into pieces: factor, branch, drop what is empty or counted twice.

The solution set of ``f * g = 0`` is the union of two simpler ones. Every equation of a Gröbner
basis is factored over the rationals and each factor opens a branch, until only irreducible
equations are left; real points are all that is asked for, so an equation that is a sum of
squares is replaced by its terms. What is left is sorted by dimension, and pieces that lie in
others are dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

import flint

from .ideals import Ideal, groebner
from .polynomials import Polynomial, Ring, coerced, factored, ring, total_degree

__all__ = ["branches", "equidimensional", "irredundant", "real_pieces"]


def real_pieces(base: Ring, generators: Sequence[Polynomial]) -> list[Ideal]:
    """Return ideals whose real points together are exactly the real solutions.

    Each piece is equidimensional over the complex numbers (all its components have the same
    dimension), and none lies inside another.
    """
    pieces: list[Ideal] = []
    for branch in branches(base, generators):
        pieces += equidimensional(branch)
    return irredundant(pieces)


def branches(base: Ring, generators: Sequence[Polynomial]) -> list[Ideal]:
    """Return ideals with irreducible basis elements that together have the same real points."""
    pending = [list(generators)]
    seen: set[tuple[str, ...]] = set()
    leaves: list[Ideal] = []
    while pending:
        ideal = Ideal(base, pending.pop())
        known = ideal.key in seen or any(all(map(ideal.contains, leaf.basis)) for leaf in leaves)
        if ideal.is_unit or known:
            continue
        seen.add(ideal.key)
        for place, element in enumerate(ideal.basis):
            alternatives = _alternatives(element)
            if alternatives is not None:
                rest = ideal.basis[:place] + ideal.basis[place + 1 :]
                pending += [rest + more for more in alternatives]
                break
        else:
            leaves.append(ideal)
    return leaves


def _alternatives(element: Polynomial) -> list[list[Polynomial]] | None:
    """Return the systems one of which holds wherever `element` is zero; None for `element`."""
    if element.is_zero():
        return [[]]
    if element.is_constant():
        return []
    factors = factored(element)
    if len(factors) == 1 and factors[0][1] == 1:
        consequences = _real_consequences(factors[0][0])
        return None if consequences is None else consequences
    return [[factor] for factor, _ in factors]


def _real_consequences(element: Polynomial) -> list[list[Polynomial]] | None:
    """Return what an equation that is semidefinite means over the reals, or None for others."""
    terms = [(tuple(map(int, e)), c) for e, c in element.terms()]
    signs = {c > 0 for _, c in terms}
    base = element.context()
    if len(terms) > 1 and len(signs) == 1 and all(k % 2 == 0 for e, _ in terms for k in e):
        if any(not any(e) for e, _ in terms):
            return []
        return [[base.from_dict({tuple(min(k, 1) for k in e): 1}) for e, _ in terms]]
    used = [k for k in range(base.nvars()) if any(e[k] for e, _ in terms)]
    if len(used) == 1:
        coefficients = [0] * (total_degree(element) + 1)
        for e, c in terms:
            coefficients[sum(e)] = c
        roots = flint.fmpz_poly(coefficients).complex_roots()
        return None if any(root.imag == 0 for root, _ in roots) else []
    if total_degree(element) == 2:
        return _semidefinite_quadric(base, terms, used)
    return None


def _semidefinite_quadric(
    base: Ring, terms: list[tuple[tuple[int, ...], flint.fmpz]], used: list[int]
) -> list[list[Polynomial]] | None:
    """Return the linear equations that a quadric without sign change stands for.

    The quadric is v' Q v with v = (x, 1). It keeps one sign if and only if Q is semidefinite,
    and then it vanishes exactly where Q v = 0.
    """
    size = len(used) + 1
    matrix = [[flint.fmpq(0)] * size for _ in range(size)]
    for exponents, c in terms:
        places = [i for i, k in enumerate(used) for _ in range(exponents[k])]
        places += [size - 1] * (2 - len(places))
        i, j = places
        matrix[i][j] += flint.fmpq(c) / 2
        matrix[j][i] += flint.fmpq(c) / 2
    Q = flint.fmpq_mat(matrix)
    # The eigenvalues are real. Zero roots taken off, they are all negative exactly when all the
    # coefficients are positive, and all positive exactly when the signs alternate without a gap.
    coefficients = Q.charpoly().coeffs()[::-1]
    while coefficients[-1] == 0:
        coefficients.pop()
    mirrored = [c * (-1) ** k for k, c in enumerate(coefficients)]
    if not (all(c > 0 for c in coefficients) or all(c > 0 for c in mirrored)):
        return None
    gens = base.gens()
    equations = []
    for row in Q.numer_denom()[0].tolist():
        line = base.constant(row[-1])
        for place, k in enumerate(used):
            line += row[place] * gens[k]
        if not line.is_zero():
            equations.append(line)
    return [equations]


def equidimensional(ideal: Ideal) -> list[Ideal]:
    """Return ideals, each with components of one dimension only, with the same real points.

    As many generators as the codimension: unmixed by Macaulay's theorem. Otherwise the ideal is
    extended to the field of rational functions in a maximal independent set of variables and
    contracted again; what the contraction misses satisfies one more equation (Gianni, Trager and
    Zacharias).
    """
    codimension = ideal.ring.nvars() - ideal.dimension
    if ideal.dimension <= 0 or len(ideal.basis) <= codimension:
        return [ideal]
    if len(ideal.few_generators()) <= codimension:
        return [Ideal(ideal.ring, ideal.few_generators())]
    pieces = []
    leading = _leading_coefficients(ideal)
    main = ideal
    for factor in leading:
        main = main.saturated(factor)
    if not main.is_unit:
        pieces.append(Ideal(ideal.ring, main.few_generators()))
    for factor in leading:
        for branch in branches(ideal.ring, [*ideal.basis, factor]):
            pieces += equidimensional(branch)
    return pieces


def _leading_coefficients(ideal: Ideal) -> list[Polynomial]:
    """Return the irreducible factors of the leading coefficients over the independent variables."""
    free = ideal.independent
    size = ideal.ring.nvars()
    bound = [k for k in range(size) if k not in free]
    order = bound + list(free)
    places = [order.index(k) for k in range(size)]
    lex = ring(size, flint.Ordering.lex)
    found: dict[str, Polynomial] = {}
    for element in groebner(lex, [coerced(p, lex, places) for p in ideal.basis]):
        terms = [(tuple(map(int, e)), c) for e, c in element.terms()]
        head = terms[0][0][: len(bound)]
        coefficient = lex.from_dict(
            {(0,) * len(bound) + e[len(bound) :]: c for e, c in terms if e[: len(bound)] == head}
        )
        for factor, _ in factored(coefficient):
            back = coerced(factor, ideal.ring, order)
            found[str(back)] = back
    return list(found.values())


def irredundant(pieces: Sequence[Ideal]) -> list[Ideal]:
    """Return the pieces that are not contained in another one, largest dimension first."""
    kept: list[Ideal] = []
    for piece in sorted(pieces, key=lambda ideal: -ideal.dimension):
        if not any(all(piece.vanishes(g) for g in other.basis) for other in kept):
            kept.append(piece)
    return kept

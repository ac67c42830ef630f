"""Families of critical points: transverse multipliers, stable part, kind for the loss."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from math import comb

import sympy as sp

from ...evidence import Evidence, Outcome
from ...maps.gradient_map import GradientMap
from ..algebra.decomposition import Family, Terms, determinant, nearest_points
from ..algebra.effort import EffortSpent, small_effort
from ..algebra.ideals import Ideal
from ..algebra.number_field import AlgebraicPoint, real_points
from ..algebra.polynomials import Polynomial, Ring, from_flint, ring, to_flint
from ..algebra.quotient import conjugate_points
from ..algebra.spectra import characteristic, sign_counts
from ..algebra.splitting import real_pieces
from ..critical_manifold import CriticalManifold
from ..display import point_text
from ..kinds import CriticalKind
from ..update_rules import RuleAt
from .enclosures import exact_coordinates
from .landscape import Landscape, hessian_at

__all__ = ["equations_of", "gradient_family"]

_MOST_MINORS = 1500
_LONGEST_CONDITION = 400  # operations
_QUICK = 0.5  # seconds for one question about signs on a family


@dataclass(frozen=True)
class _Transverse:
    """The elementary symmetric functions e_1, …, e_c of the transverse Hessian eigenvalues.

    `signs` holds 0 for a function that is zero on the family, 1 or -1 for one that never takes
    the other sign there, and None where that is not known; `thin` says for each whether its zeros
    are proved to be nowhere dense on the family; `rank_kept` says whether e_c is proved to be
    nowhere zero, so that no transverse eigenvalue changes sign along the family.
    """

    functions: tuple[sp.Expr, ...]
    signs: tuple[int | None, ...]
    thin: tuple[bool, ...]
    rank_kept: bool

    @property
    def positive(self) -> bool:
        """Whether every transverse eigenvalue is proved positive everywhere on the family."""
        return bool(self.signs) and all(s == 1 for s in self.signs) and self.rank_kept

    @property
    def never_positive(self) -> bool:
        """Whether at every point some transverse eigenvalue is zero or negative."""
        return any(s in (0, -1) for s in self.signs)


def gradient_family(
    F: GradientMap, rule: RuleAt, landscape: Landscape, family: Family, evidence: Evidence
) -> CriticalManifold:
    """Return a family of critical points with all that is known of it."""
    variables = landscape.loss.gens
    base = ring(len(variables))
    ideal = Ideal(base, [base.from_dict(dict(g)) for g in family.generators])
    value = _constant_value(landscape, family, ideal)
    lowest = Outcome.UNDECIDED
    if landscape.bound is not None and value == landscape.bound:
        lowest = Outcome.YES
    transverse = _transverse_functions(landscape, family, ideal, lowest)
    critical, note = _critical(landscape, family, ideal, transverse, lowest)
    no_minimum = _has_no_minimum(transverse, critical, note)
    if no_minimum:
        lowest = Outcome.NO
    eigenvalues = _eigenvalues(transverse.functions)
    stable, unstable = _parts(rule, transverse, eigenvalues)
    return CriticalManifold(
        map=F,
        variables=variables,
        equations=equations_of(family.generators, variables),
        dimension=family.dimension,
        evidence=evidence,
        eigenvalues=eigenvalues,
        transverse=_multipliers(rule, eigenvalues),
        stable_part=stable,
        unstable_part=unstable,
        critical=critical,
        critical_note=note,
        no_minimum=no_minimum,
        global_minimum=lowest,
        loss_value=value,
        smooth=family.smooth,
        singular_points=tuple(
            coordinates
            for point in family.singular_points
            if (coordinates := exact_coordinates(point)) is not None
        ),
        singular_families=tuple(equations_of(g, variables) for g in family.singular_families),
        example=None if family.sample is None else exact_coordinates(family.sample),
    )


def equations_of(
    generators: Sequence[Terms], variables: Sequence[sp.Symbol]
) -> tuple[sp.Expr, ...]:
    """Return equations as expressions, with a positive first coefficient."""
    base = ring(len(variables))
    found = []
    for terms in generators:
        expression = from_flint(base.from_dict(dict(terms)), variables)
        leading = sp.Poly(expression, *variables).LC()
        found.append(sp.expand(-expression) if leading < 0 else expression)
    return tuple(sorted(found, key=lambda e: (sp.Poly(e, *variables).total_degree(), str(e))))


def _constant_value(landscape: Landscape, family: Family, ideal: Ideal) -> sp.Expr | None:
    """Return the rational value of the loss on the family, or None."""
    candidates = [] if landscape.bound is None else [landscape.bound]
    if family.sample is not None:
        number = family.sample.number(family.sample.evaluate(landscape.loss)).fraction
        if number is not None:
            candidates.append(sp.Rational(number.numerator, number.denominator))
    with suppress(EffortSpent), small_effort(_QUICK):
        for value in candidates:
            if ideal.vanishes(to_flint(landscape.loss - value, ideal.ring)):
                return value
    return None


def _transverse_functions(
    landscape: Landscape, family: Family, ideal: Ideal, lowest: Outcome
) -> _Transverse:
    """Return sums of principal minors of the Hessian, which has rank c at most on the family."""
    size = len(landscape.loss.gens)
    count = size - family.dimension
    if not count or sum(comb(size, k) for k in range(1, count + 1)) > _MOST_MINORS:
        return _Transverse((), (), (), False)
    H, scale = _integer_hessian(landscape, ideal.ring)
    functions, signs, thin = [], [], []
    last = ideal.ring.constant(0)
    for k in range(1, count + 1):
        total = ideal.ring.constant(0)
        for chosen in combinations(range(size), k):
            total += determinant([[H[i][j] for j in chosen] for i in chosen])
        last, ratio = _representative(total, ideal, family.sample)
        sign = _sign(last)
        sign = _sign(total) if sign is None or ratio is None else sign * (1 if ratio > 0 else -1)
        # At a global minimum the Hessian is positive semidefinite.
        signs.append(1 if sign is None and lowest is Outcome.YES else sign)
        thin.append(_nowhere_dense(last, ideal, family))
        chosen_form, factor = (total, sp.S.One) if ratio is None else (last, ratio)
        expression = from_flint(chosen_form, landscape.loss.gens)
        functions.append(sp.expand(factor * expression / scale**k))
    kept = _nowhere_zero(last, ideal)
    return _Transverse(tuple(functions), tuple(signs), tuple(thin), kept)


def _integer_hessian(landscape: Landscape, base: Ring) -> tuple[list[list[Polynomial]], sp.Integer]:
    """Return the Hessian times a whole number, and that number."""
    entries = [c for row in landscape.hessian for entry in row for c in entry.coeffs()]
    scale = sp.ilcm(1, *(sp.Rational(c).q for c in entries))
    scaled = [
        [base.from_dict({e: int(scale * c) for e, c in entry.terms()}) for entry in row]
        for row in landscape.hessian
    ]
    return scaled, sp.Integer(scale)


def _representative(
    function: Polynomial, ideal: Ideal, sample: AlgebraicPoint | None
) -> tuple[Polynomial, sp.Rational | None]:
    """Return a short polynomial and the number by which it equals `function` on the family.

    The reduction is known up to a factor, which one point of the family tells; None where it
    does not, and then the polynomial has the zeros of `function` only.
    """
    if ideal.contains(function):
        return ideal.ring.constant(0), sp.S.One
    short = ideal.remainder(function)
    if sample is None or len(short) > len(function):
        return function, sp.S.One
    below = sample.evaluate(short)
    if below.is_zero():
        return short, None
    ratio = sample.times(sample.evaluate(function), sample.inverse(below))
    if ratio.degree() > 0:
        return function, sp.S.One
    if ratio.degree() < 0:
        return function, sp.S.One
    value = ratio.coeffs()[0]
    return short, sp.Rational(int(value.p), int(value.q))


def _sign(function: Polynomial) -> int | None:
    """Return the one sign of a function made of even powers with coefficients of one sign."""
    if function.is_zero():
        return 0
    signs = {bool(c > 0) for c in function.coeffs()}
    if len(signs) == 1 and all(int(k) % 2 == 0 for e in function.monoms() for k in e):
        return 1 if signs.pop() else -1
    return None


def _nowhere_dense(function: Polynomial, ideal: Ideal, family: Family) -> bool:
    """Return whether the zeros of a function are proved to be nowhere dense on the family.

    On a smooth family the real points near any one are a manifold of its full dimension, and a
    zero set of smaller complex dimension holds no open part of it.
    """
    if function.is_zero() or family.smooth is not Outcome.YES:
        return False
    try:
        with small_effort(_QUICK):
            return ideal.plus(function).dimension < ideal.dimension
    except EffortSpent:
        return False


def _nowhere_zero(function: Polynomial, ideal: Ideal) -> bool:
    """Return whether a function is proved to have no real zero on the family."""
    if function.is_zero():
        return False
    try:
        with small_effort(_QUICK):
            pieces = real_pieces(ideal.ring, [*ideal.basis, function])
            return all(
                piece.dimension == 0
                and not any(real_points(points) for points in conjugate_points(piece))
                for piece in pieces
            )
    except EffortSpent:
        return False


def _critical(
    landscape: Landscape, family: Family, ideal: Ideal, transverse: _Transverse, lowest: Outcome
) -> tuple[CriticalKind, str]:
    """Return what the family is for the loss.

    Where the transverse Hessian is definite this is Bott's form of the second derivative test.
    """
    if lowest is Outcome.YES or not family.generators:
        return CriticalKind.MINIMUM, ""
    if transverse.positive:
        return CriticalKind.MINIMUM, ""
    signs = transverse.signs
    mirrored = tuple(None if s is None else s * (-1) ** (k + 1) for k, s in enumerate(signs))
    falls = _first_negative(signs, transverse.thin)
    rises = _first_negative(mirrored, transverse.thin)
    if falls is not None and rises is not None:
        # Near a point where the function is zero there are points of the family where it is not,
        # with the same loss: what they show about lower and higher values holds at the limit.
        places = {k for k in (falls, rises) if not transverse.thin[k]}
        return CriticalKind.SADDLE, _except_where("saddle", transverse, places)
    if signs and all(s == 1 for s in mirrored):
        places = set() if transverse.rank_kept else {len(signs) - 1}
        return CriticalKind.MAXIMUM, _except_where("maximum", transverse, places)
    return _by_signature(landscape, family, ideal, transverse)


def _has_no_minimum(transverse: _Transverse, critical: CriticalKind, note: str) -> bool:
    """Return whether no point of the family is a local minimum.

    Where some e_k is negative a direction goes down; points where it is zero are limits of those.
    """
    if critical in (CriticalKind.SADDLE, CriticalKind.MAXIMUM) and not note:
        return True
    marked = zip(transverse.signs, transverse.thin, strict=True)
    return any(sign == -1 and thin for sign, thin in marked)


def _first_negative(signs: Sequence[int | None], thin: Sequence[bool]) -> int | None:
    """Return where a function is never positive, one with few zeros first."""
    found = [k for k, s in enumerate(signs) if s == -1]
    return min(found, key=lambda k: not thin[k], default=None)


def _except_where(what: str, transverse: _Transverse, places: set[int]) -> str:
    if not places:
        return ""
    texts = [str(transverse.functions[k]).replace("**", "^") for k in sorted(places)]
    return f"{what} except perhaps where {' or '.join(texts)} = 0"


def _by_signature(
    landscape: Landscape, family: Family, ideal: Ideal, transverse: _Transverse
) -> tuple[CriticalKind, str]:
    """Decide by one point of each connected component, where the rank is the same everywhere.

    The points nearest to a given one meet every component, and along a component no transverse
    eigenvalue can change its sign without the rank dropping.
    """
    if family.sample is None:
        return CriticalKind.UNDECIDED, ""
    points: list[AlgebraicPoint] | None = None
    if transverse.rank_kept:
        with suppress(EffortSpent), small_effort(_QUICK):
            points = nearest_points(ideal)
    signatures = {_signature(landscape, p) for p in points or [family.sample]}
    if points and len(signatures) == 1:
        negative, _, positive = signatures.pop()
        if negative and positive:
            return CriticalKind.SADDLE, ""
        return (CriticalKind.MAXIMUM if negative else CriticalKind.MINIMUM), ""
    negative, zero, positive = _signature(landscape, family.sample)
    where = point_text(family.sample.rounded, exact_coordinates(family.sample))
    return (
        CriticalKind.UNDECIDED,
        f"at {where} the Hessian has {negative} negative, {zero} zero and "
        f"{positive} positive eigenvalues; elsewhere not decided",
    )


def _signature(landscape: Landscape, point: AlgebraicPoint) -> tuple[int, int, int]:
    return sign_counts(point, characteristic(point, hessian_at(landscape, point)))


def _eigenvalues(functions: Sequence[sp.Expr]) -> tuple[sp.Expr, ...] | None:
    if len(functions) == 1:
        return (functions[0],)
    if len(functions) == 2:
        trace, product = functions
        root = _square_root(sp.expand(trace**2 - 4 * product))
        return (sp.expand((trace - root) / 2), sp.expand((trace + root) / 2))
    return None


def _square_root(expression: sp.Expr) -> sp.Expr:
    """Return a square root, without the sign that ± makes irrelevant."""
    constant, factors = sp.factor_list(expression)
    if all(k % 2 == 0 for _, k in factors):
        return sp.sqrt(constant) * sp.Mul(*(f ** (k // 2) for f, k in factors))
    return sp.sqrt(expression)


def _multipliers(rule: RuleAt, eigenvalues: Sequence[sp.Expr] | None) -> tuple[sp.Expr, ...] | None:
    if eigenvalues is None or rule.multiplier is None:
        return None
    found: list[sp.Expr] = []
    for value in eigenvalues:
        roots = rule.multiplier.values(rule.step * value)
        if roots is None:
            return None
        found += roots
    return tuple(found)


def _parts(
    rule: RuleAt, transverse: _Transverse, eigenvalues: Sequence[sp.Expr] | None
) -> tuple[sp.Basic | None, sp.Basic | None]:
    """Return where the family is stable and where it is unstable.

    Stable means that all transverse eigenvalues lie between 0 and the largest stable value of
    step size times eigenvalue, divided by the step size.
    """
    if rule.regions is None or not transverse.functions:
        return None, None
    pairs = rule.regions.stable.pairs
    if len(pairs) != 1 or pairs[0][1] is None or pairs[0][0] is None or pairs[0][0].compare(0):
        return None, None
    top = pairs[0][1].to_sympy() / rule.step
    if transverse.never_positive:
        marked = zip(transverse.functions, transverse.signs, strict=True)
        negative = [function for function, sign in marked if sign == -1]
        unstable = sp.Or(*(sp.Ne(f, 0) for f in negative)) if negative else None
        if transverse.rank_kept and transverse.signs[-1] == -1:
            unstable = sp.S.true
        return sp.S.false, unstable
    known = transverse.positive
    if eigenvalues is not None:
        never_negative = all(s == 1 for s in transverse.signs)
        above = [] if known else [sp.Gt(value, 0) for value in eigenvalues]
        below = [] if never_negative else [sp.Lt(value, 0) for value in eigenvalues]
        if all(value.is_positive and not value.free_symbols for value in eigenvalues):
            # The same at every point: a condition on the step size.
            edge = pairs[0][1].to_sympy() / max(eigenvalues)
            return sp.Lt(rule.step, edge), sp.Gt(rule.step, edge)
        # Which of two eigenvalues is the larger can change along the family.
        return (
            sp.And(*above, *(sp.Lt(value, top) for value in eigenvalues)),
            sp.Or(*below, *(sp.Gt(value, top) for value in eigenvalues)),
        )
    # All roots of a real-rooted polynomial lie below `top` exactly when it and its derivatives
    # are positive there.
    lam = sp.Dummy("lam")
    count = len(transverse.functions)
    p = lam**count + sum(
        (-1) ** (k + 1) * e * lam ** (count - k - 1) for k, e in enumerate(transverse.functions)
    )
    conditions = [sp.expand(sp.diff(p, lam, j).subs(lam, top)) for j in range(count)]
    if not known:
        conditions += list(transverse.functions)
    if sum(sp.count_ops(c) for c in conditions) > _LONGEST_CONDITION:
        return None, None
    return sp.And(*(sp.Gt(c, 0) for c in conditions)), None

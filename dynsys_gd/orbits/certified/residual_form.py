"""Regular equations of a family of zeros, read off the expressions: f(x) = A(x) h(x)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from ...engine.operations import logcosh, sigmoid

__all__ = ["ResidualForm", "residual_forms"]

_MOST_FORMS = 24
_LONGEST = 1500  # operations in the functions; longer ones are not factored
_NEVER_ZERO = (sp.exp, sp.cosh, sigmoid)
_ODD = (sp.tanh, sp.sinh, sp.atan, sp.asinh)


@dataclass(frozen=True, eq=False)
class ResidualForm:
    """A way to write d functions f as A(x) h(x) with fewer than d equations h.

    Parameters
    ----------
    equations : tuple of m sympy expressions
        The equations h, with m < d.
    factors : ImmutableMatrix, shape (d, m)
        The matrix A.
    regular : ImmutableMatrix, shape (d, m)
        A matrix B: where its columns are linearly independent, f is zero only where h is. It
        differs from A where a factor occurs with a higher power.
    shown : tuple of sympy expressions
        Equations with the same zeros, in their simplest form.
    local : bool
        Whether f may be zero together with h because B is not defined there: then h says
        something about parts of the space only.
    lowest : sympy number or None
        The value of the loss on the family, where that is proved to be its lowest value.
    """

    equations: tuple[sp.Expr, ...]
    factors: sp.ImmutableMatrix
    regular: sp.ImmutableMatrix
    shown: tuple[sp.Expr, ...]
    local: bool = False
    lowest: sp.Expr | None = None


@dataclass(frozen=True)
class _Common:
    """Functions as a product of powers of common factors, times what is left of each."""

    factors: tuple[tuple[sp.Expr, int], ...]
    rest: tuple[sp.Expr, ...]


def residual_forms(
    functions: Sequence[sp.Expr], variables: Sequence[sp.Symbol], loss: sp.Expr | None = None
) -> tuple[ResidualForm, ...]:
    """Return ways to write functions by fewer equations, none where no such way is seen.

    Three patterns are looked for: common factors, of the functions or of the gradient of each
    term of the loss, as in (x e^y - 1)²; terms of the loss that are fewer than the variables,
    as in a sum of squares; and symmetries, affine vector fields v with v·f = 0 identically.

    Parameters
    ----------
    functions : sequence of d sympy expressions
        The gradient of the loss where there is one.
    variables : sequence of d Symbol
    loss : sympy.Expr, optional

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> L = (x * y - 1)**2 / 2
    >>> form, *_ = residual_forms([L.diff(x), L.diff(y)], [x, y], L)
    >>> form.shown, form.factors
    ((x*y - 1,), Matrix([
    [y],
    [x]]))
    """
    if sum(sp.count_ops(f) for f in functions) > _LONGEST:
        return ()
    exact = [_rational(f) for f in functions]
    whole = sp.S.Zero if loss is None else _rational(loss)
    parts = [term for term in sp.Add.make_args(whole) if term.free_symbols & set(variables)]
    found: list[ResidualForm] = []
    try:
        if 1 < len(parts) < len(variables):
            split = [[sp.diff(t, v) for v in variables] for t in parts]
            lowest = _lowest(whole, parts, variables)
            found += _of_parts(split, variables, lowest)
        lowest = _lowest(whole, parts, variables) if len(parts) == 1 else None
        found += _of_parts([exact], variables, lowest)
        found += _by_symmetry(exact, variables)
    except (sp.PolynomialError, NotImplementedError, ZeroDivisionError):
        pass
    return tuple(found[:_MOST_FORMS])


def _rational(expression: sp.Expr) -> sp.Expr:
    """Return an expression with floats replaced by the numbers they are."""
    return expression.xreplace({f: sp.Rational(f) for f in expression.atoms(sp.Float)})


@dataclass(frozen=True)
class _Lowest:
    """The lowest value of a loss, taken where all of `residuals` are zero."""

    value: sp.Expr
    residuals: tuple[sp.Expr, ...]


def _lowest(
    loss: sp.Expr, parts: Sequence[sp.Expr], variables: Sequence[sp.Symbol]
) -> _Lowest | None:
    """Return what a constant plus positive multiples of u² or log cosh u shows at once."""
    residuals = []
    for part in parts:
        number, rest = part.as_independent(*variables)
        square = isinstance(rest, sp.Pow) and rest.exp.is_even and rest.exp.is_positive
        if not number.is_positive or rest.has(sp.I) or not (square or isinstance(rest, logcosh)):
            return None
        residuals.append(rest.args[0])
    return _Lowest(sp.sympify(loss - sum(parts)), tuple(residuals))


def _of_parts(
    parts: Sequence[Sequence[sp.Expr]], variables: Sequence[sp.Symbol], lowest: _Lowest | None
) -> list[ResidualForm]:
    """Return the forms f = sum of w_i g_i, one g_i for each part, with one factor of each g_i."""
    if len(parts) >= len(variables):
        return []
    common = [_common(part) for part in parts]
    if not all(one is not None and one.factors for one in common):
        return []
    forms = []
    for chosen in product(*(range(len(one.factors)) for one in common if one)):
        equations, simple, regular, factors = [], [], [], []
        for one, place in zip(common, chosen, strict=True):
            assert one is not None
            base, power = one.factors[place]
            others = sp.Mul(*(b**k for i, (b, k) in enumerate(one.factors) if i != place))
            column = [others * w for w in one.rest]
            equations.append(base)
            simple.append(_simple(base))
            regular.append(column)
            factors.append([base ** (power - 1) * w for w in column])
        if len(set(simple)) < len(simple):
            continue
        forms.append(
            ResidualForm(
                tuple(equations),
                sp.ImmutableMatrix(factors).T,
                sp.ImmutableMatrix(regular).T,
                tuple(simple),
                lowest=lowest.value if lowest and _divide(simple, lowest.residuals) else None,
            )
        )
        if len(forms) == _MOST_FORMS:
            break
    return forms


def _divide(factors: Sequence[sp.Expr], residuals: Sequence[sp.Expr]) -> bool:
    """Return whether each residual is surely zero where its factor is."""
    for factor, residual in zip(factors, residuals, strict=True):
        top = sp.fraction(sp.together(_simple(residual)))[0]
        if sp.fraction(sp.cancel(top / factor))[1].free_symbols:
            return False
    return True


def _common(functions: Sequence[sp.Expr]) -> _Common | None:
    """Return the common factors of functions, with exp, sin and others as further symbols."""
    pairs = [sp.fraction(sp.together(f)) for f in functions]
    tops = [top for top, _ in pairs if top != 0]
    if not tops:
        return None
    whole = sp.gcd_list(tops) if len(tops) > 1 else tops[0]
    _, found = sp.factor_list(whole)
    factors = [(base, int(k)) for base, k in found if not isinstance(base, _NEVER_ZERO)]
    divisor = sp.Mul(*(base**k for base, k in factors))
    rest = tuple(sp.cancel(top / divisor) / bottom for top, bottom in pairs)
    return _Common(tuple(factors), rest)


def _simple(equation: sp.Expr) -> sp.Expr:
    """Return an equation with the same zeros: odd increasing functions are zero where u is."""
    while isinstance(equation, _ODD):
        equation = equation.args[0]
    return equation


def _by_symmetry(
    functions: Sequence[sp.Expr], variables: Sequence[sp.Symbol]
) -> list[ResidualForm]:
    """Return forms in which some of the functions follow from the others.

    Where v·f = 0 for r vector fields v and the r columns T of them are a regular matrix, f_T is a
    linear function of the other components.
    """
    d = len(functions)
    fields = _fields(functions, variables)
    if not fields or d < 2:
        return []
    rng = random.Random(0)
    sample = {v: sp.Rational(rng.randint(1, 1000), 1009) for v in variables}
    rank = sp.Matrix([[e.xreplace(sample) for e in field] for field in fields]).rank()
    forms: list[ResidualForm] = []
    for chosen in combinations(fields, rank):
        V = sp.Matrix(chosen)
        for columns in combinations(range(d), rank):
            block = V[:, list(columns)]
            if rank > 2 or sp.expand(block.det()) == 0:
                continue
            others = [i for i in range(d) if i not in columns]
            tied = (-block.inv() * V[:, others]).applyfunc(sp.cancel)
            A = sp.zeros(d, len(others))
            for place, i in enumerate(others):
                A[i, place] = 1
            for place, i in enumerate(columns):
                A[i, :] = tied[place, :]
            h = tuple(functions[i] for i in others)
            fixed = sp.ImmutableMatrix(A)
            if any(form.equations == h and form.factors == fixed for form in forms):
                continue
            forms.append(ResidualForm(h, fixed, fixed, tuple(functions), local=True))
            if len(forms) == _MOST_FORMS:
                return forms
    return forms


def _fields(
    functions: Sequence[sp.Expr], variables: Sequence[sp.Symbol]
) -> list[tuple[sp.Expr, ...]]:
    """Return a basis of the affine vector fields that are orthogonal to f everywhere."""
    d = len(functions)
    monomials = [sp.S.One, *variables]
    if d > 8:
        return []
    products = [sp.expand(m * f) for f in functions for m in monomials]
    polynomials, options = sp.parallel_poly_from_expr(products, expand=False)
    if not (options.domain.is_ZZ or options.domain.is_QQ):
        return []
    terms = sorted({e for p in polynomials for e in p.monoms()})
    rows = [[sp.QQ(c.p, c.q) for c in (p.coeff_monomial(e) for p in polynomials)] for e in terms]
    null = DomainMatrix(rows, (len(rows), len(products)), sp.QQ).nullspace().to_Matrix()
    found = []
    for k in range(null.rows):
        numbers = [null[k, i : i + d + 1] for i in range(0, d * (d + 1), d + 1)]
        found.append(tuple(sum(c * m for c, m in zip(n, monomials, strict=True)) for n in numbers))
    return found

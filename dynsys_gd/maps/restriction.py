"""Maps on invariant subspaces: the restriction, and what happens next to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from ..errors import InvalidInput
from ..values import is_exact
from .base import Map, exact_coordinates
from .symbolic_map import SymbolicMap

__all__ = ["InvariantSubspace", "invariant_subspace", "restricted"]

_NAMES = ("u", "v", "w", "s", "r", "q")


@dataclass(frozen=True, kw_only=True)
class InvariantSubspace:
    """An invariant subspace {p + B u} of a map, with coordinates on it and next to it.

    Parameters
    ----------
    restriction : SymbolicMap
        The map u -> u' on it.
    basis, offset : sympy matrices, d x m and d x 1
        The columns of B, and p.
    normal : sympy matrix, d x (d - m)
        A basis of the orthogonal complement.
    transverse : sympy matrix, (d - m) x (d - m)
        How a displacement in that basis moves in one step, up to one within the subspace, in
        terms of u.
    """

    restriction: SymbolicMap
    basis: sp.ImmutableMatrix
    offset: sp.ImmutableMatrix
    normal: sp.ImmutableMatrix
    transverse: sp.ImmutableMatrix

    @property
    def skew(self) -> SymbolicMap:
        """The map (u, w) -> (f(u), C(u) w): its tangents at w = 0 are along and across."""
        across = [sp.Dummy(f"across{i}") for i in range(self.normal.cols)]
        names = [sp.Symbol(f"across_{i}") for i in range(self.normal.cols)]
        f = self.restriction
        taken = {s.name for image in f.images for s in image.free_symbols}
        if any(name.name in taken for name in names):
            names = across
        moved = list(self.transverse * sp.Matrix(names)) if names else []
        return SymbolicMap([*f.images, *moved], [*f.symbols, *names], values=dict(f.values))


def restricted(F: Map, basis: Sequence[Any], *, offset: Sequence[Any] | None = None) -> SymbolicMap:
    """Return a map on an invariant subspace, in coordinates of its own.

    Parameters
    ----------
    F : Map
        Symbolic; parameters may be open and stay so.
    basis : sequence of m vectors of d exact numbers
        Linearly independent b_1, …, b_m. One vector alone is a line.
    offset : sequence of d exact numbers, optional
        A point p of the subspace {p + u_1 b_1 + … + u_m b_m}; the origin by default.

    Returns
    -------
    SymbolicMap
        In the coefficients of the basis vectors, named u, or u0, u1, …; v, w, … where a parameter
        has such a name.

    Raises
    ------
    InvalidInput
        For a map without formulas, vectors that are not exact or depend on each other, and for a
        subspace whose invariance could not be proved; it says what leaves.

    Notes
    -----
    With the rows of N a basis of the vectors orthogonal to the subspace, invariance is the
    identity N (F(p + B u) - p) = 0 in u and in the open parameters, which is proved by algebra.
    Floating-point coefficients of the map are taken as the rational numbers they are.

    Examples
    --------
    The balanced line of a product of three factors:

    >>> from sympy.abc import x, y, z, eta
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y*z - 1)**2 / 2, [x, y, z]), eta)
    >>> restricted(F, [1, 1, 1])
    SymbolicMap([-eta*u**2*(u**3 - 1) + u], [u])
    >>> restricted(F, [1, 2, 1])
    Traceback (most recent call last):
    ...
    dynsys_gd.errors.InvalidInput: basis: got [1, 2, 1], expected a subspace that F maps into
    itself; ...
    """
    return invariant_subspace(F, basis, offset=offset).restriction


def invariant_subspace(
    F: Map, basis: Sequence[Any], *, offset: Sequence[Any] | None = None
) -> InvariantSubspace:
    """Return an invariant subspace of `F` with its restriction, as `restricted` describes it."""
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    if F.expression is None:
        raise InvalidInput("F", F.describe(), "a map with formulas")
    d, x = F.dimension, F.variables
    B = _matrix(basis, d)
    p = sp.zeros(d, 1) if offset is None else sp.Matrix(_exact(offset, "offset", d))
    open_names = {s.name for s in F.expression.free_symbols} - {s.name for s in x}
    u = _coordinates(B.cols, open_names)
    place = dict(zip(x, p + B * sp.Matrix(u), strict=True))
    moved = F.expression.xreplace(place) - p
    rows = sp.Matrix.hstack(*B.T.nullspace()).T if B.cols < d else sp.zeros(0, d)
    _check_invariance(rows * moved, basis, u)
    # As many rows of B as determine u: with a basis such as (1, 1) a formula stays as it is.
    chosen = list(B.T.rref()[1])
    images = B.extract(chosen, list(range(B.cols))).inv() * moved.extract(chosen, [0])
    W = rows.T
    across = sp.zeros(0, 0)
    if rows.rows:
        slopes = sp.Matrix(d, d, list(F.jacobian)).xreplace(place)
        across = ((rows * W).inv() * rows * slopes * W).applyfunc(sp.factor_terms)
    return InvariantSubspace(
        restriction=SymbolicMap([_tidy(image) for image in images], u),
        basis=sp.ImmutableMatrix(B),
        offset=sp.ImmutableMatrix(p),
        normal=sp.ImmutableMatrix(W),
        transverse=sp.ImmutableMatrix(across),
    )


def _matrix(basis: Any, d: int) -> sp.Matrix:
    """Return the basis vectors as columns, or refuse them."""
    if isinstance(basis, (str, bytes, dict)) or not isinstance(basis, Iterable):
        raise InvalidInput("basis", basis, f"vectors of {d} exact numbers")
    vectors = list(basis)
    if not vectors:
        raise InvalidInput("basis", basis, "at least one vector")
    nested = [isinstance(v, Iterable) and not isinstance(v, (str, bytes)) for v in vectors]
    if not any(nested):
        vectors = [vectors]
    columns = [sp.Matrix(_exact(vector, "basis", d)) for vector in vectors]
    B = sp.Matrix.hstack(*columns)
    if B.rank() < B.cols:
        raise InvalidInput("basis", basis, "linearly independent vectors")
    return B


def _exact(point: Any, argument: str, d: int) -> tuple[sp.Expr, ...]:
    values = exact_coordinates(point, argument, (d,))
    for value in values:
        if not (value.is_number and is_exact(value)):
            remedy = 'write fractions as text: "1/2"'
            raise InvalidInput(argument, value, "exact numbers", remedy)
    return values


def _coordinates(m: int, taken: set[str]) -> tuple[sp.Symbol, ...]:
    for name in (*_NAMES, *(f"coordinate_{name}" for name in _NAMES)):
        names = [name] if m == 1 else [f"{name}{i}" for i in range(m)]
        if not taken & set(names):
            return tuple(sp.Symbol(each) for each in names)
    raise InvalidInput("F", sorted(taken), "fewer parameters with names such as u, v, w")


def _check_invariance(leaving: sp.Matrix, basis: Any, u: Sequence[sp.Symbol]) -> None:
    for entry in leaving:
        exact = entry.xreplace({f: sp.Rational(f) for f in entry.atoms(sp.Float)})
        rest = _reduced(exact)
        if rest == 0:
            continue
        shown = str(sp.factor(rest) if rest.is_polynomial() else rest)
        shown = shown if len(shown) <= 80 else shown[:79] + "…"
        at = ", ".join(symbol.name for symbol in u)
        expected = "a subspace that F maps into itself"
        if _nonzero_somewhere(rest):
            raise InvalidInput("basis", basis, expected, f"at ({at}) it leaves by {shown}")
        raise InvalidInput("basis", basis, expected, f"not proved that this is 0: {shown}")


def _reduced(expression: sp.Expr) -> sp.Expr:
    """Return an expression equal to the given one, 0 where algebra shows that."""
    expanded = sp.expand(expression)
    if expanded == 0 or expanded.is_polynomial():
        return expanded
    if expanded.is_rational_function():
        return sp.cancel(sp.together(expanded))
    return sp.simplify(expanded)


def _nonzero_somewhere(expression: sp.Expr) -> bool:
    """Return whether the expression is surely not zero at one of a few points."""
    symbols = sorted(expression.free_symbols, key=lambda s: s.name)
    for k in range(1, 4):
        point = {s: sp.Rational(2 * i + 3 * k, 7 + i) for i, s in enumerate(symbols)}
        value = expression.xreplace(point).evalf(30)
        if value.is_number and value.is_finite and abs(value) > sp.Rational(1, 10**15):
            return True
    return False


def _tidy(image: sp.Expr) -> sp.Expr:
    """Return an image with common factors of its terms pulled out, and nothing multiplied out."""
    return sp.factor_terms(image) if isinstance(image, sp.Mul) else image

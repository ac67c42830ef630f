"""All minima of a polynomial or rational loss, with the eigenvalues behind the thresholds."""

from __future__ import annotations

import sympy as sp

from ..engine.operations import sigmoid
from ..errors import TimeLimitReached
from ..losses.base import SymbolicForm
from ..orbits.algebra.decomposition import Decomposition, Family
from ..orbits.algebra.effort import check_time
from ..orbits.algebra.number_field import AlgebraicPoint
from ..orbits.algebra.real_algebraic import RealAlgebraic
from ..orbits.algebra.spectra import characteristic, eigenvalue_balls, real_eigenvalues, sign_counts
from ..orbits.exact.landscape import Landscape, local_form
from ..orbits.exact.time_limit import AlgebraFailed, overall_limit
from ..orbits.kinds import CriticalKind
from ..values import is_exact
from .listed_minima import ExactMinima, Level, Piece
from .rational_functions import RationalFunction, common_zeros, rational_function
from .surface_minimum import smallest_trace

__all__ = ["exact_minima"]

_BITS = 128
_ZERO = RealAlgebraic.rational(0)


def exact_minima(form: SymbolicForm, *, seconds: float) -> ExactMinima:
    """Return the minima of a loss with rational gradient, or why they are not known.

    Examples
    --------
    >>> from sympy.abc import x
    >>> found = exact_minima(SymbolicForm(x**4 / 4 - x**2 / 2, (x,)), seconds=5)
    >>> found.critical_threshold().headline()
    'critical step size 1, PROVED, attained at (-1) and (1)'
    """
    try:
        with overall_limit(seconds):
            return _found(form, seconds)
    except TimeLimitReached:
        return ExactMinima(
            known=False, why=f"its critical points were not found exactly within {seconds:g} s"
        )
    except AlgebraFailed as error:
        return ExactMinima(known=False, why=str(error))


def _found(form: SymbolicForm, seconds: float) -> ExactMinima:
    if _has_slope_of_one_sign(form):
        return ExactMinima(
            known=True,
            why="a partial derivative has one sign everywhere: there is no critical point",
            exact=is_exact(form.bound),
        )
    loss = rational_function(form.bound, form.variables)
    if loss is None:
        return ExactMinima(
            known=False, why="the loss is not a rational function with rational coefficients"
        )
    return _minima(_rational(form), loss, is_exact(form.bound), seconds)


def _rational(form: SymbolicForm) -> SymbolicForm:
    """Return the loss with floats as the binary numbers they are, before a derivative rounds."""
    floats = {number: sp.Rational(number) for number in form.bound.atoms(sp.Float)}
    return SymbolicForm(form.bound.xreplace(floats), form.variables)


def _minima(form: SymbolicForm, loss: RationalFunction, exact: bool, seconds: float) -> ExactMinima:
    variables = form.variables
    polynomial = loss.denominator.is_ground
    if polynomial:
        gradient = [_slope(loss, v) for v in variables]
    else:
        gradient = [loss_derivative(form.bound, variables, v) for v in variables]
    found = common_zeros([slope.numerator for slope in gradient], len(variables), seconds)
    if polynomial:
        hessian = [[_slope(slope, w) for w in variables] for slope in gradient]
    else:
        hessian = [
            [loss_derivative(sp.diff(form.bound, v), variables, w) for w in variables]
            for v in variables
        ]
    landscape = Landscape.of(form.bound, loss.numerator) if polynomial else None
    pieces, doubtful = [], []
    for point in found.points:
        if loss.defined_at(point):
            kind, piece = _isolated(point, hessian, landscape)
            if kind is CriticalKind.MINIMUM:
                pieces.append(piece)
            elif kind is CriticalKind.UNDECIDED:
                doubtful.append(piece)
    trace = hessian[0][0]
    for k in range(1, len(variables)):
        trace = trace.plus(hessian[k][k])
    for family in found.families:
        surface = _as_surface(family, variables)
        if surface is None:
            return ExactMinima(
                known=False, why="its critical points form families of codimension above one"
            )
        known = None if landscape is None else landscape.loss
        along = smallest_trace(trace, surface, family=family, loss=known, seconds=seconds)
        if along.unknown:
            return ExactMinima(known=False, why=along.unknown)
        if along.infimum is not None:
            pieces.append(Piece(along.infimum, along.infimum, along.points))
    return ExactMinima(
        known=True,
        why=_argument(found),
        pieces=tuple(pieces),
        doubtful=tuple(doubtful),
        exact=exact,
    )


def _slope(polynomial: RationalFunction, variable: sp.Symbol) -> RationalFunction:
    return RationalFunction(polynomial.numerator.diff(variable), polynomial.denominator)


def loss_derivative(
    expression: sp.Expr, variables: tuple[sp.Symbol, ...], variable: sp.Symbol
) -> RationalFunction:
    """Return a partial derivative of a rational function, which is one again."""
    check_time()
    derivative = rational_function(sp.diff(expression, variable), variables)
    assert derivative is not None
    return derivative


def _isolated(
    point: AlgebraicPoint, hessian: list[list[RationalFunction]], landscape: Landscape | None
) -> tuple[CriticalKind, Piece]:
    """Return what an isolated critical point is, and its eigenvalues."""
    matrix = [[entry.at(point) for entry in row] for row in hessian]
    polynomial = characteristic(point, matrix)
    negative, zero, _ = sign_counts(point, polynomial)
    if negative:
        kind = CriticalKind.SADDLE
    elif not zero:
        kind = CriticalKind.MINIMUM
    elif landscape is None:
        kind = CriticalKind.UNDECIDED
    else:
        kind = local_form(landscape, point).kind
    if kind not in (CriticalKind.MINIMUM, CriticalKind.UNDECIDED):
        return kind, Piece(_ZERO, _ZERO, ())
    levels: list[Level] = list(real_eigenvalues(point, polynomial) or ())
    if not levels:
        roots = [root.real for root in eigenvalue_balls(point, polynomial, _BITS)]
        levels = [*sorted(roots, key=lambda root: float(root.mid()))]
    smallest = levels[zero] if zero < len(levels) else _ZERO
    return kind, Piece(levels[-1], smallest, (point,))


def _as_surface(family: Family, variables: tuple[sp.Symbol, ...]) -> sp.Poly | None:
    """Return g where the family is the hypersurface g = 0, else None."""
    if family.dimension != len(variables) - 1 or len(family.generators) != 1:
        return None
    return sp.Poly.from_dict(dict(family.generators[0]), *variables).set_domain(sp.QQ)


def _has_slope_of_one_sign(form: SymbolicForm) -> bool:
    if form.bound.has(sp.Piecewise):
        return False  # it may jump, and lie lowest at the jump
    real = {v: sp.Symbol(v.name, real=True) for v in form.variables}
    for v in form.variables:
        check_time()
        slope = sp.diff(form.bound, v).xreplace(real)
        slope = slope.replace(sigmoid, lambda u: 1 / (1 + sp.exp(-u)))
        if slope.is_positive or slope.is_negative:
            return True
    return False


def _argument(found: Decomposition) -> str:
    parts = []
    if count := len(found.points):
        parts.append(f"{count} isolated critical point{'s' if count > 1 else ''}")
    if count := len(found.families):
        parts.append(f"{count} famil{'ies' if count > 1 else 'y'} of critical points")
    return f"{' and '.join(parts)}, compared exactly" if parts else "there is no critical point"

"""Whether a map folds space: is the determinant of its Jacobian identically zero?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from itertools import islice
from typing import Any

import flint
import numpy as np
import sympy as sp

from ..engine.ball_printer import ball_function
from ..engine.rewrite import stable
from ..engine.tape import lower
from ..errors import DynsysError
from ..evidence import Evidence, Finding, Grade, Outcome
from ..losses.linear_network import LinearNetwork
from ..maps.base import Map
from ..maps.gradient_descent import GradientDescent
from ..values import is_exact
from .network_determinant import network_determinant

__all__ = ["NOT_IDENTICALLY_ZERO", "determinant_finding", "exceptional_step_sizes"]

NOT_IDENTICALLY_ZERO = "the determinant of the Jacobian is not identically zero"

_POINTS = 5
_BALL_BITS = 160
_LARGEST_EXPANDED = 4
_ROUNDING = 1e-12
_SOURCES = ("craciun2024convergence", "craciun2025nonsingularity")


def determinant_finding(F: Map, *, rng: np.random.Generator) -> Finding:
    """Return whether det DF is not identically zero.

    Parameters
    ----------
    F : Map
        A step size left open asks for every η > 0.
    rng : Generator
        Draws points where only floating point can be used.

    Returns
    -------
    Finding
        PROVED by one exact determinant at a rational point for rational functions with exact
        coefficients, CERTIFIED by one ball determinant otherwise, NUMERICAL where the map is not
        symbolic.

    Examples
    --------
    >>> from sympy.abc import x, y, eta
    >>> from dynsys_gd import Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size=eta)
    >>> determinant_finding(F.at(eta="21/20"), rng=np.random.default_rng(0)).detail
    'determinant -781/80 at (1, 2)'
    >>> determinant_finding(F, rng=np.random.default_rng(0)).detail
    'not zero for every step size: the determinants at 2 rational points have no common root'
    """
    if isinstance(F, GradientDescent) and isinstance(F.loss, LinearNetwork):
        return network_determinant(F.loss, F.step_size, NOT_IDENTICALLY_ZERO)
    if F.expression is None:
        return _numerical(F, rng)
    if F.parameters:
        return _for_every_step_size(F)
    jacobian = F.jacobian
    if is_exact(jacobian) and _rational(jacobian, F.variables):
        return _exact(F, jacobian)
    return _certified(F, jacobian)


def exceptional_step_sizes(F: GradientDescent) -> tuple[sp.Expr, ...] | None:
    """Return the step sizes for which the determinant is identically zero, or None if not known.

    They are the positive roots common to the polynomials det(I - η∇²L(θ)) at all θ; two rational
    points without a common root show that there is none.

    Examples
    --------
    >>> from sympy.abc import x, y, eta
    >>> from dynsys_gd import Loss
    >>> exceptional_step_sizes(GradientDescent(Loss(x**2 + y**2 / 6, [x, y]), step_size=eta))
    (1/2, 3)
    >>> exceptional_step_sizes(GradientDescent(Loss(x**2 + y**4, [x, y]), step_size=eta))
    (1/2,)
    """
    found = _common_factor(F)
    if found is None:
        return None
    common, count, hessian = found
    if _positive_roots(common) and not _constant(hessian, F.variables) and count > 1:
        if F.dimension > _LARGEST_EXPANDED:
            return None
        common = _content(F)
    return _positive_roots(common)


def _for_every_step_size(F: Map) -> Finding:
    alone = (
        isinstance(F, GradientDescent)
        and isinstance(F.step_size, sp.Symbol)
        and F.parameters == (F.step_size.name,)
    )
    remedy = f"give values to {', '.join(F.parameters)}"
    if not alone:
        return _finding(Outcome.UNDECIDED, Grade.NUMERICAL, "open parameters", remedy)
    found = _common_factor(F)  # type: ignore[arg-type]
    if found is None:
        return _finding(
            Outcome.UNDECIDED,
            Grade.NUMERICAL,
            "only for rational functions with exact coefficients all step sizes are covered at "
            "once; for an analytic loss almost every step size is regular",
            remedy,
        )
    count = found[1]
    steps = exceptional_step_sizes(F)  # type: ignore[arg-type]
    if steps is None:
        return _finding(
            Outcome.UNDECIDED,
            Grade.NUMERICAL,
            f"the determinants at {count} rational points have a common root",
            remedy,
        )
    if not steps:
        told = f"the determinants at {count} rational points have no common root"
        return _finding(Outcome.YES, Grade.PROVED, told, f"not zero for every step size: {told}")
    shown = ", ".join(str(step) for step in steps)
    return _finding(
        Outcome.NO,
        Grade.PROVED,
        "the determinant is a polynomial in the step size with roots that do not depend on θ",
        f"identically zero at the exceptional step sizes {shown}; not zero at every other",
    )


def _common_factor(F: GradientDescent) -> tuple[flint.fmpq_poly, int, sp.Matrix] | None:
    """Return the gcd of det(I - η∇²L) over rational points, how many were used, the Hessian."""
    eta = F.step_size
    if F.expression is None or not isinstance(eta, sp.Symbol):
        return None
    hessian = -F.jacobian.diff(eta)
    if not is_exact(hessian) or not _rational(hessian, F.variables):
        return None
    common, count = None, 0
    for _, matrix in islice(_values_at_points(hessian, F.variables), _POINTS):
        polynomial = flint.fmpq_poly(list(reversed(matrix.charpoly().coeffs())))
        common = polynomial if common is None else common.gcd(polynomial)
        count += 1
        if count > 1 and common.degree() == 0:
            break
    return None if common is None else (common, count, hessian)


def _content(F: GradientDescent) -> flint.fmpq_poly:
    """Return the gcd of the coefficients of det(I - η∇²L) as a polynomial in the variables."""
    numerator = sp.fraction(sp.together(F.determinant))[0]
    coefficients = sp.Poly(numerator, *F.variables).coeffs()
    common = reduce(sp.gcd, coefficients)
    entries = [sp.Rational(c) for c in reversed(sp.Poly(common, F.step_size).all_coeffs())]
    return flint.fmpq_poly([flint.fmpq(int(e.p), int(e.q)) for e in entries])


def _positive_roots(polynomial: flint.fmpq_poly) -> tuple[sp.Expr, ...]:
    if polynomial.degree() < 1:
        return ()
    eta = sp.Dummy("eta")
    coefficients = [sp.Rational(int(c.p), int(c.q)) for c in reversed(polynomial.coeffs())]
    roots = set(sp.Poly(coefficients, eta).real_roots())
    return tuple(sorted((root for root in roots if root > 0), key=float))


def _exact(F: Map, jacobian: sp.Matrix) -> Finding:
    tried = 0
    for point, matrix in islice(_values_at_points(jacobian, F.variables), _POINTS):
        value, tried = matrix.det(), tried + 1
        if value != 0:
            return _finding(
                Outcome.YES,
                Grade.PROVED,
                "one exact determinant that is not zero",
                f"determinant {value} at {_shown(point)}",
            )
        if _constant(jacobian, F.variables):
            break
    if tried and (_constant(jacobian, F.variables) or _vanishes(F)):
        return _finding(
            Outcome.NO,
            Grade.PROVED,
            "the determinant is the zero polynomial",
            "the map sends the whole space into a null set",
        )
    return _finding(
        Outcome.UNDECIDED,
        Grade.NUMERICAL,
        f"zero at {tried} rational points",
        "expansion too large",
    )


def _vanishes(F: Map) -> bool:
    return F.dimension <= _LARGEST_EXPANDED and sp.simplify(F.determinant) == 0


def _certified(F: Map, jacobian: sp.Matrix) -> Finding:
    d = F.dimension
    why = "one ball determinant that excludes zero"
    if not is_exact(jacobian):
        why += '; a float is among the numbers (write "1/10" for an exact proof)'
    try:
        function = ball_function(lower([stable(e) for e in jacobian], F.variables))
    except DynsysError as error:
        return _finding(Outcome.UNDECIDED, Grade.NUMERICAL, str(error), "no ball arithmetic here")
    before, flint.ctx.prec = flint.ctx.prec, _BALL_BITS
    try:
        for point in islice(_points(d), _POINTS):
            value = flint.arb_mat(d, d, function(list(point), [])).det()
            if value.is_finite() and not value.contains(0):
                shown = f"determinant in {value.str(6)} at {_shown(point)}"
                return _finding(Outcome.YES, Grade.CERTIFIED, why, shown)
    finally:
        flint.ctx.prec = before
    if is_exact(jacobian) and _vanishes(F):
        return _finding(
            Outcome.NO,
            Grade.PROVED,
            "the determinant is zero identically",
            "the map sends the whole space into a null set",
        )
    reason = f"the enclosure contains zero at {_POINTS} rational points"
    return _finding(Outcome.UNDECIDED, Grade.CERTIFIED, reason, "no regular point found")


def _numerical(F: Map, rng: np.random.Generator) -> Finding:
    """Look for a regular point in floating point: the Jacobian is far from singular there."""
    if F.parameters:
        remedy = f"give values to {', '.join(F.parameters)}"
        return _finding(Outcome.UNDECIDED, Grade.NUMERICAL, "open parameters", remedy)
    sizes = np.linalg.svd(F.jacobian_at(rng.standard_normal((8, F.dimension))), compute_uv=False)
    ratio = float(np.max(sizes[:, -1] / sizes[:, 0]))
    if not ratio > _ROUNDING:
        return _finding(
            Outcome.UNDECIDED, Grade.NUMERICAL, "singular to rounding at 8 points", "no witness"
        )
    return _finding(
        Outcome.YES,
        Grade.NUMERICAL,
        "a floating-point Jacobian far from singular",
        f"smallest over largest singular value {ratio:.2g} at a random point",
    )


def _points(d: int) -> Iterator[tuple[sp.Rational, ...]]:
    """Yield rational points without pattern; the first is (1, 2, …)."""
    yield tuple(sp.Integer(i % 7 + 1) for i in range(d))
    k = 1
    while True:
        numbers = (Fraction((i + 1) * (2 * k + 3) % 11 - 5, k + 1) for i in range(d))
        yield tuple(sp.Rational(n + Fraction(1, 7)) for n in numbers)
        k += 1


def _values_at_points(
    matrix: sp.Matrix, variables: Sequence[sp.Symbol]
) -> Iterator[tuple[tuple[sp.Rational, ...], flint.fmpq_mat]]:
    """Yield rational points of the domain and the values of a matrix of rational functions."""
    d = matrix.shape[0]
    for point in islice(_points(d), 3 * _POINTS):
        values = [sp.Rational(0) + e for e in matrix.subs(dict(zip(variables, point, strict=True)))]
        if all(value.is_Rational for value in values):
            entries = [flint.fmpq(int(value.p), int(value.q)) for value in values]
            yield point, flint.fmpq_mat(d, d, entries)


def _rational(matrix: sp.Matrix, variables: Sequence[sp.Symbol]) -> bool:
    """Return whether every entry is a rational function with rational coefficients."""
    known = set(variables)
    return all(
        entry.is_rational_function(*variables)
        and entry.free_symbols <= known
        and not any(not n.is_Rational for n in entry.atoms(sp.NumberSymbol, sp.Float))
        and all(power.exp.is_Integer for power in entry.atoms(sp.Pow))
        for entry in matrix
    )


def _constant(matrix: sp.Matrix, variables: Sequence[sp.Symbol]) -> bool:
    return not matrix.free_symbols & set(variables)


def _shown(point: Sequence[Any]) -> str:
    return str(tuple(point)) if len(point) <= 4 else "a rational point"


def _finding(outcome: Outcome, grade: Grade, reason: str, detail: str) -> Finding:
    return Finding(
        statement=NOT_IDENTICALLY_ZERO,
        outcome=outcome,
        evidence=Evidence(grade=grade, reason=reason, sources=_SOURCES),
        detail=detail,
    )

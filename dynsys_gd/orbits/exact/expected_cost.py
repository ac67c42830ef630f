"""How long exact algebra may take, told from degrees alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import sympy as sp

from ...maps.gradient_map import GradientMap
from ..algebra.polynomials import rational_polynomials
from ..question import OrbitQuestion

__all__ = ["expected_cost"]

_LINE = 40_000  # period times degree of F^p that is done in two seconds on the line
_SOLUTIONS = 81  # complex solutions of a dense system in the plane that are found in two seconds
_PER_DIMENSION = 4.0  # times the cost for each dimension beyond the plane
_OPEN_DEGREE = 12  # of F^p with an open parameter
_ORDER = 3  # linear algebra on the solutions


def expected_cost(question: OrbitQuestion) -> float | None:
    """Return what exact algebra is expected to cost, in units of about two seconds.

    Only degrees are looked at. Equations with few terms, and solution sets of positive dimension,
    are often far cheaper than this says; a multiplier that is exactly 1 or -1 can cost more.

    Parameters
    ----------
    question : OrbitQuestion

    Returns
    -------
    float or None
        At most 1 where the answer should come within about two seconds; None where exact algebra
        does not apply: no symbolic form, no polynomial with rational coefficients (floats count
        as the rationals they are), or parameters that it cannot keep open.

    Notes
    -----
    On the line, with degree D and period p, the cost is p D^p / 40000: intervals are mapped p
    times and there are at most D^p periodic points. In d dimensions there are at most
    N = (D_1 ⋯ D_d)^p isolated solutions (Bézout), and the cost is (N / 81)³ 4^(d - 2).

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import SymbolicMap
    >>> logistic = SymbolicMap([4*x*(1 - x)], [x])
    >>> expected_cost(OrbitQuestion(F=logistic, period=10))
    0.256
    >>> henon = SymbolicMap([1 - 7*x**2/5 + y, 3*x/10], [x, y])
    >>> expected_cost(OrbitQuestion(F=henon, period=20)) > 1
    True
    >>> expected_cost(OrbitQuestion(F=SymbolicMap([sp.sin(x)], [x]), period=1)) is None
    True
    """
    F, period = question.F, question.period
    if period == 1 and isinstance(F, GradientMap):
        # Critical points of the loss; settings of the update rule do not enter.
        form = F.loss.symbolic
        if form is None or F.loss.parameters:
            return None
        gradient = [sp.diff(form.bound, v) for v in form.variables]
        degrees = _degrees(gradient, form.variables)
        return None if degrees is None else _solving(degrees, 1)
    if F.expression is None:
        return None
    if F.parameters:
        return _with_open_parameters(F.expression, F.variables, period)
    degrees = _degrees(list(F.expression), F.variables)
    if degrees is None:
        return None
    if len(degrees) == 1:
        return _power(degrees[0], period) * period / _LINE
    return _solving(degrees, period)


def _degrees(expressions: Sequence[sp.Expr], variables: Sequence[sp.Symbol]) -> list[int] | None:
    """Return the degrees, at least one each, or None where these are no rational polynomials."""
    read = rational_polynomials(expressions, variables)
    if read is None:
        return None
    return [max(int(p.total_degree()), 1) for p in read[0]]


def _solving(degrees: Sequence[int], period: int) -> float:
    solutions = _power(math.prod(degrees), period)
    more = max(len(degrees) - 2, 0)
    return float((solutions / _SOLUTIONS) ** _ORDER * _PER_DIMENSION ** min(more, 100))


def _with_open_parameters(
    images: Sequence[sp.Expr], variables: Sequence[sp.Symbol], period: int
) -> float | None:
    """Return the cost of formulas in the parameters; they are found on the line only, surely."""
    if len(variables) > 1 or not images[0].is_polynomial(variables[0]):
        return None
    degree = max(int(sp.Poly(images[0], variables[0]).degree()), 1)
    return _power(degree, period) / _OPEN_DEGREE


def _power(base: int, exponent: int) -> float:
    """Return base**exponent, infinite where no float holds it."""
    too_long = exponent * math.log(base) > 200  # its cube is a float too
    return math.inf if too_long else float(base) ** exponent

"""Whether a formula cannot be the loss of a linear network, however it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product

import sympy as sp

from ..engine.ball_printer import ball
from ..errors import DynsysError
from ..evidence import Grade
from ..values import is_exact

__all__ = ["not_quadratic"]

_BASES = (-2, 0, 1)
_MOST_POINTS = 27


def not_quadratic(form: sp.Expr, variables: Sequence[sp.Symbol]) -> Grade | None:
    """Return how it is known that a function is not quadratic in each variable; None: not known.

    Notes
    -----
    A polynomial with rational coefficients shows its degrees. For another formula the spelling
    shows nothing, since Abs(x)**2 is a polynomial: one third difference
    f(t+3) - 3f(t+2) + 3f(t+1) - f(t) along a coordinate that is not zero does. It is zero for every
    function that is quadratic in that coordinate.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> not_quadratic(x**3 * y, [x, y]), not_quadratic(sp.Max(x, 0) ** 2, [x])
    (<Grade.PROVED: 'proved'>, <Grade.PROVED: 'proved'>)
    >>> not_quadratic(sp.Abs(x * y - 1) ** 2 / 2, [x, y]) is None
    True
    """
    exact = form.xreplace({number: sp.Rational(number) for number in form.atoms(sp.Float)})
    best = Grade.PROVED if is_exact(form) else Grade.CERTIFIED
    polynomial = exact.as_poly(*variables)
    if polynomial is not None and polynomial.domain in (sp.ZZ, sp.QQ):
        return best if max(polynomial.degree_list()) > 2 else None
    for difference in _third_differences(exact, variables):
        if difference.is_Rational:
            if difference != 0:
                return best
        elif difference.is_number and _excludes_zero(difference):
            return Grade.CERTIFIED
    return None


def _third_differences(form: sp.Expr, variables: Sequence[sp.Symbol]) -> Iterator[sp.Expr]:
    """Yield third differences along each coordinate from some integer points."""
    for start in islice(product(_BASES, repeat=len(variables)), _MOST_POINTS):
        for k, variable in enumerate(variables):
            fixed = {v: c for v, c in zip(variables, start, strict=True) if v != variable}
            values = [form.subs({**fixed, variable: start[k] + step}) for step in range(4)]
            yield values[3] - 3 * values[2] + 3 * values[1] - values[0]


def _excludes_zero(number: sp.Expr) -> bool:
    try:
        value = ball(number)
    except DynsysError:
        return False
    return bool(value.is_finite() and not value.contains(0))

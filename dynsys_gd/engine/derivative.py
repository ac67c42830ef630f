"""Partial derivatives over the reals, almost everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

__all__ = ["derivative", "hessian", "jacobian"]

_KINKED = (sp.Abs, sp.sign, sp.Max, sp.Min, sp.Heaviside)


def derivative(expression: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    """Return the partial derivative of a real function, valid off a set of measure zero.

    Two things differ from plain differentiation. Symbols stand for real numbers even where they
    carry no assumption, so that the derivative of ``Abs(x)`` is ``sign(x)``. And a kink has no
    second derivative: the point mass that stands for it is left out.

    Parameters
    ----------
    expression : sympy.Expr
    variable : Symbol

    Returns
    -------
    sympy.Expr
        In the symbols that came.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> derivative(sp.Abs(x), x), derivative(sp.Heaviside(x), x)
    (sign(x), 0)
    """
    if isinstance(expression, sp.Add):
        # Looking for the terms that vary takes less time than differentiating those that do not.
        terms = (term for term in expression.args if variable in term.free_symbols)
        return sp.Add(*(_of_term(term, variable) for term in terms))
    return _of_term(expression, variable)


def _of_term(expression: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    if not expression.has(*_KINKED):
        return sp.diff(expression, variable)
    unspecified = sorted(
        (s for s in expression.free_symbols | {variable} if s.is_real is None),
        key=sp.default_sort_key,
    )
    real = {symbol: sp.Dummy(symbol.name, real=True) for symbol in unspecified}
    slope = sp.diff(expression.xreplace(real), real.get(variable, variable))
    smooth_part = slope.replace(sp.DiracDelta, lambda *_: sp.Integer(0))
    return smooth_part.xreplace({own: symbol for symbol, own in real.items()})


def jacobian(expressions: Sequence[sp.Expr], variables: Sequence[sp.Symbol]) -> sp.ImmutableMatrix:
    """Return the matrix of partial derivatives, one row for each expression.

    Examples
    --------
    >>> x, y = sp.symbols("x y")
    >>> jacobian([x * y, sp.Max(x, 0)], [x, y])
    Matrix([
    [           y, x],
    [Heaviside(x), 0]])
    """
    return sp.ImmutableMatrix([[derivative(f, v) for v in variables] for f in expressions])


def hessian(expression: sp.Expr, variables: Sequence[sp.Symbol]) -> sp.ImmutableMatrix:
    """Return the matrix of second derivatives, which is symmetric by construction.

    Examples
    --------
    >>> x, y = sp.symbols("x y")
    >>> hessian(x**2 * y, [x, y])
    Matrix([
    [2*y, 2*x],
    [2*x,   0]])
    """
    slopes = [derivative(expression, v) for v in variables]
    upper = {
        (i, j): derivative(slope, v)
        for i, slope in enumerate(slopes)
        for j, v in enumerate(variables)
        if j >= i
    }
    d = len(variables)
    return sp.ImmutableMatrix(d, d, lambda i, j: upper[min(i, j), max(i, j)])

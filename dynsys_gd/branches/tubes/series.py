"""Taylor coefficients of expressions along a curve, by recurrences instead of derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from ...engine.derivative import derivative

__all__ = ["Along"]


class Along:
    """Expressions along a curve τ ↦ x(τ) whose Taylor coefficients have names.

    Parameters
    ----------
    curve : mapping of Symbol to sequence of sympy expressions
        The coefficients of each variable; those of higher orders are zero.

    Notes
    -----
    With c_k(u) for the coefficient of order k: sums go term by term, products by Cauchy's rule,
    and from d/dτ f(u) = f'(u) du/dτ follows k c_k(f(u)) = Σ j c_j(u) c_(k-j)(f'(u)), j = 1 to k,
    in which only lower orders of f' occur. Common parts stay common: differentiating k times
    would multiply them.

    Examples
    --------
    >>> x, a, b = sp.symbols("x a b")
    >>> along = Along({x: (a, b)})
    >>> [along.coefficient(sp.exp(x), order) for order in range(3)]
    [exp(a), b*exp(a), b**2*exp(a)/2]
    """

    def __init__(self, curve: Mapping[sp.Symbol, Sequence[sp.Expr]]) -> None:
        self._curve = dict(curve)
        self._start = {symbol: given[0] for symbol, given in curve.items()}
        self._known: dict[tuple[sp.Expr, int], sp.Expr] = {}

    def coefficient(self, expression: sp.Expr, order: int) -> sp.Expr:
        """Return the Taylor coefficient of an expression at τ = 0."""
        key = expression, order
        if key not in self._known:
            self._known[key] = self._of(expression, order)
        return self._known[key]

    def _of(self, expression: sp.Expr, order: int) -> sp.Expr:
        if order == 0:
            return expression.xreplace(self._start)
        if expression in self._curve:
            given = self._curve[expression]
            return given[order] if order < len(given) else sp.S.Zero
        if not expression.free_symbols & self._curve.keys():
            return sp.S.Zero
        if expression.is_Add:
            return sp.Add(*(self.coefficient(term, order) for term in expression.args))
        if expression.is_Mul:
            first, rest = expression.as_two_terms()
            return sp.Add(
                *(
                    self.coefficient(first, k) * self.coefficient(rest, order - k)
                    for k in range(order + 1)
                )
            )
        return self._by_slopes(expression, order)

    def _by_slopes(self, expression: sp.Expr, order: int) -> sp.Expr:
        places = [sp.Dummy(f"u{i}") for i in range(len(expression.args))]
        back = dict(zip(places, expression.args, strict=True))
        plain = expression.func(*places)
        terms = []
        for place, argument in back.items():
            if not argument.free_symbols & self._curve.keys():
                continue
            slope = derivative(plain, place).xreplace(back)
            terms += [
                k * self.coefficient(argument, k) * self.coefficient(slope, order - k)
                for k in range(1, order + 1)
            ]
        return sp.Add(*terms) / order

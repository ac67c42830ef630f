"""How an expression is rewritten so that floating point neither overflows nor cancels."""

from __future__ import annotations

from typing import Any

import sympy as sp

from .operations import logcosh, sigmoid, softplus

__all__ = ["stable"]


def stable(expression: sp.Basic) -> sp.Basic:
    """Return an equal expression that does not overflow where the value itself is finite.

    log(1 + e^u) becomes softplus(u), e^u/(1 + e^u) and 1/(1 + e^-u) become sigmoid(u),
    log(e^a + e^b + …) is factored by its first exponential, log(cosh(u)) becomes logcosh(u).
    Done before differentiation: the derivatives of the three functions are stable as well.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> stable(sp.log(1 + sp.exp(-x))), stable(sp.exp(x) / (1 + sp.exp(x)))
    (softplus(-x), sigmoid(x))
    """
    if isinstance(expression, sp.log):
        expression = _stable_log(expression.args[0])
    elif isinstance(expression, (sp.Mul, sp.Pow)):
        # Whole products first: e^u/(1 + e^u) must be seen before its denominator is.
        expression = _stable_ratio(expression)
    if not expression.args:
        return expression
    return expression.func(*(stable(argument) for argument in expression.args))


def _stable_log(argument: sp.Expr) -> sp.Expr:
    if isinstance(argument, sp.cosh):
        return logcosh(argument.args[0])
    if isinstance(argument, sp.Add) and len(argument.args) == 2:
        first, second = (_as_exponential(term) for term in argument.args)
        if first is not None and second is not None:
            if first == 0:
                return softplus(second)
            return first + softplus(second - first)
    if isinstance(argument, sp.Add):
        exponents = [_as_exponential(term) for term in argument.args]
        if all(exponent is not None for exponent in exponents):
            total: Any = exponents[0]
            for exponent in exponents[1:]:
                total = total + softplus(exponent - total)
            return total
    return sp.log(argument)


def _as_exponential(term: sp.Expr) -> sp.Expr | None:
    """Return u where `term` is e^u or a positive number c = e^log(c), else None."""
    if term == 1:
        return sp.Integer(0)
    if isinstance(term, sp.exp):
        return term.args[0]
    coefficient, rest = term.as_coeff_Mul()
    if coefficient.is_positive and isinstance(rest, sp.exp):
        return sp.log(coefficient) + rest.args[0]
    if coefficient.is_positive and rest == 1:
        return sp.log(coefficient)
    return None


def _stable_ratio(node: sp.Expr) -> sp.Expr:
    """Return e^(ku)/(1 + e^u)^m as sigmoids; other products and powers come back unchanged."""
    factors: list[sp.Expr] = []
    exponent = sp.Integer(0)
    denominators: list[tuple[sp.Expr, int]] = []
    for factor in sp.Mul.make_args(node):
        if isinstance(factor, sp.exp):
            exponent += factor.args[0]
            continue
        u = _one_plus_exponential(factor)
        if u is None:
            factors.append(factor)
        else:
            denominators.append((u, -int(factor.exp)))
    if not denominators:
        return node
    result = sp.Mul(*factors)
    for u, power in denominators:
        ratio = sp.cancel(exponent / u) if exponent != 0 else sp.Integer(0)
        moved = min(int(ratio), power) if ratio.is_Integer and ratio > 0 else 0
        exponent -= moved * u
        result *= sigmoid(u) ** moved * sigmoid(-u) ** (power - moved)
    return result * sp.exp(exponent)


def _one_plus_exponential(factor: sp.Expr) -> sp.Expr | None:
    """Return u where `factor` is (1 + e^u)^-m with a whole m > 0, else None."""
    if not (isinstance(factor, sp.Pow) and factor.exp.is_Integer and factor.exp < 0):
        return None
    base = factor.base
    if not (isinstance(base, sp.Add) and len(base.args) == 2 and base.args[0] == 1):
        return None
    return base.args[1].args[0] if isinstance(base.args[1], sp.exp) else None

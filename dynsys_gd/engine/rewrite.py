"""How an expression is rewritten so that floating point neither overflows nor cancels."""

from __future__ import annotations

import sympy as sp

from .operations import logcosh, sigmoid, softplus

__all__ = ["stable"]


def stable(expression: sp.Basic) -> sp.Basic:
    """Return an equal expression that does not overflow where the value itself is finite.

    log(1 + e^u) becomes softplus(u), e^u/(1 + e^u) and 1/(1 + e^-u) become sigmoid(u),
    log(e^a + e^b + …) is factored by its first exponential, log(cosh(u)) becomes logcosh(u),
    e^a/(e^a + e^b + …) becomes the exponential of a difference.
    Done before differentiation: the derivatives of the three functions are stable as well.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> stable(sp.log(1 + sp.exp(-x))), stable(sp.exp(x) / (1 + sp.exp(x)))
    (softplus(-x), sigmoid(x))
    >>> stable(sp.log(2 * sp.cosh(x)))
    logcosh(x) + log(2)
    """
    if isinstance(expression, sp.log):
        # The quotient first: log(e^u/(1 + e^u)) as u - softplus(u) would cancel.
        logarithm = _log_of(_stable_ratio(expression.args[0]))
        expression = expression if logarithm is None else logarithm
    elif isinstance(expression, (sp.Mul, sp.Pow)):
        # Whole products first: e^u/(1 + e^u) must be seen before its denominator is.
        expression = _stable_ratio(expression)
    if not expression.args:
        return expression
    return expression.func(*(stable(argument) for argument in expression.args))


def _log_of(value: sp.Expr) -> sp.Expr | None:
    """Return a stable form of log(value) where `value` is positive by its shape, else None."""
    if not value.free_symbols:
        return sp.log(value) if value.is_positive else None
    if isinstance(value, sp.exp):
        return value.args[0]
    if isinstance(value, sp.cosh):
        return logcosh(value.args[0])
    if isinstance(value, sigmoid):
        return -softplus(-value.args[0])
    if isinstance(value, sp.Pow):
        base = _log_of(value.base) if value.exp.is_Rational else None
        return None if base is None else value.exp * base
    if isinstance(value, (sp.Add, sp.Mul)):
        known = [_log_of(argument) for argument in value.args]
        parts = [part for part in known if part is not None]
        if len(parts) < len(known):
            return None
        return sp.Add(*parts) if isinstance(value, sp.Mul) else _log_sum(parts)
    return None


def _log_sum(logarithms: list[sp.Expr]) -> sp.Expr:
    """Return log(e^a + e^b + …), halved again and again so that the tree stays small."""
    if len(logarithms) == 1:
        return logarithms[0]
    middle = (len(logarithms) + 1) // 2
    left, right = _log_sum(logarithms[:middle]), _log_sum(logarithms[middle:])
    return left + softplus(right - left)


def _with_tanh(node: sp.Expr) -> sp.Expr:
    """Return a product with sinh(u)/cosh(u) written as tanh(u), whose parts do not overflow."""
    powers = node.as_powers_dict()
    for factor in list(powers):
        if isinstance(factor, sp.sinh) and powers[factor].is_Integer:
            u = factor.args[0]
            below = powers.get(sp.cosh(u), sp.Integer(0))
            if below.is_Integer and below < 0 < powers[factor]:
                moved = min(powers[factor], -below)
                node = node * (sp.tanh(u) * sp.cosh(u) / factor) ** moved
    return node


def _stable_ratio(node: sp.Expr) -> sp.Expr:
    """Return a product of exponentials over sums of exponentials or cosh, rewritten.

    As sigmoids where they say it all, else as the exponential of one difference; products
    without such a denominator come back unchanged.
    """
    node = _with_tanh(node)
    factors: list[sp.Expr] = []
    above = sp.Integer(0)
    below: list[tuple[sp.Expr, sp.Rational]] = []
    for factor in sp.Mul.make_args(node):
        if isinstance(factor, sp.exp):
            above += factor.args[0]
        elif _is_reciprocal_of_sum(factor):
            below.append((factor.base, -factor.exp))
        else:
            factors.append(factor)
    if not below:
        return node
    as_sigmoids = _sigmoids(above, below)
    if as_sigmoids is not None:
        return sp.Mul(*factors, as_sigmoids)
    exponent = above - sum(power * _log_of(base) for base, power in below)
    for place, factor in enumerate(factors):
        if isinstance(factor, sp.Add) and all(_has_exponential(t) for t in factor.args):
            # The numerator e^a - e^b overflows on its own: give each of its terms the quotient.
            factors[place] = sp.Add(*(_times_exp(term, exponent) for term in factor.args))
            return sp.Mul(*factors)
    return sp.Mul(*factors, sp.exp(exponent))


def _is_reciprocal_of_sum(factor: sp.Expr) -> bool:
    return (
        isinstance(factor, sp.Pow)
        and bool(factor.exp.is_Rational and factor.exp < 0)
        and (
            isinstance(factor.base, sp.cosh)
            or (isinstance(factor.base, sp.Add) and factor.base.has(sp.exp))
        )
        and _log_of(factor.base) is not None
    )


def _has_exponential(term: sp.Expr) -> bool:
    return any(isinstance(factor, sp.exp) for factor in sp.Mul.make_args(term))


def _times_exp(term: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    """Return term * e^exponent with all its exponentials joined in one."""
    pieces = sp.Mul.make_args(term)
    own = sum(piece.args[0] for piece in pieces if isinstance(piece, sp.exp))
    rest = (piece for piece in pieces if not isinstance(piece, sp.exp))
    return sp.Mul(*rest, sp.exp(own + exponent))


def _sigmoids(above: sp.Expr, below: list[tuple[sp.Expr, sp.Rational]]) -> sp.Expr | None:
    """Return e^above / Π (e^a + e^b)^m as a product of sigmoids, or None where it is not one."""
    result = sp.Integer(1)
    for base, power in below:
        if not isinstance(base, sp.Add) or len(base.args) != 2 or not power.is_Integer:
            return None
        a, b = (_log_of(term) or sp.Integer(0) for term in base.args)
        above, u = above - power * a, b - a
        moved = min(_multiple(above, u), int(power))
        above -= moved * u
        result *= sigmoid(u) ** moved * sigmoid(-u) ** (int(power) - moved)
    # What is left over is a number, or the exponential would overflow on its own.
    return None if above.free_symbols else result * sp.exp(above)


def _multiple(exponent: sp.Expr, u: sp.Expr) -> int:
    """Return how often `u` is contained in `exponent`, as far as its terms show it."""
    _, u_without_number = u.as_coeff_Add()
    term, coefficient = next(iter(u_without_number.as_coefficients_dict().items()))
    ratio = exponent.as_coefficients_dict().get(term, sp.Integer(0)) / coefficient
    return int(ratio) if ratio.is_Integer and ratio > 0 else 0

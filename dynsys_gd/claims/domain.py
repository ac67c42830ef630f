"""Whether a formula is defined on one connected open set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import sympy as sp

__all__ = ["connected_domain"]


def connected_domain(expressions: Sequence[sp.Expr], variables: Sequence[sp.Symbol]) -> bool:
    """Return whether analytic continuation from one point determines all values; False: not known.

    True for rational functions, whose formula is the same on all components of the domain; where
    denominators and arguments of logarithms are positive by their form; and where arguments of
    logarithms are affine, because an intersection of half-spaces is convex. That such an
    intersection is not empty is known for half-spaces with independent normals, else by a point.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> connected_domain([1 / x], [x]), connected_domain([sp.log(x) / x], [x])
    (True, True)
    >>> connected_domain([sp.log(x) + sp.log(-x)], [x])  # defined nowhere
    False
    >>> connected_domain([sp.atan(1 / x)], [x])
    False
    """
    if all(expression.is_rational_function(*variables) for expression in expressions):
        return True
    symbols = set().union(*(expression.free_symbols for expression in expressions))
    real = {symbol: sp.Dummy(symbol.name, real=True) for symbol in symbols}
    places = [real[v] for v in variables if v in real]
    forms = [expression.xreplace(real) for expression in expressions]
    if any(form.has(sp.tan) for form in forms):
        return False
    bounded: set[sp.Expr] = set()
    for logarithm in _atoms(forms, sp.log):
        (argument,) = logarithm.args
        if argument.is_positive or not argument.free_symbols & set(places):
            continue
        if not _affine(argument, places):
            return False
        bounded.add(argument)
    if len(bounded) > 1 and not _meet(bounded, places):
        return False
    for power in _atoms(forms, sp.Pow):
        base, exponent = power.args
        harmless = (exponent.is_Integer and exponent > 0) or base == sp.E
        if harmless or base.is_positive or not base.free_symbols & set(places):
            continue
        if exponent.is_Integer and (base.is_negative or base in bounded or -base in bounded):
            continue
        return False
    return True


def _atoms(forms: Sequence[sp.Expr], kind: type) -> set[sp.Expr]:
    return set().union(*(form.atoms(kind) for form in forms))


def _meet(sides: Iterable[sp.Expr], variables: Sequence[sp.Symbol]) -> bool:
    """Return whether some point is known at which all these affine functions are positive."""
    forms = sorted(sides, key=str)
    normals = sp.Matrix([[form.coeff(v) for v in variables] for form in map(sp.expand, forms)])
    if any(entry.free_symbols for entry in normals):
        return False
    if normals.rank() == len(forms):
        return True
    return _common_point(forms, variables, normals)


def _common_point(
    forms: Sequence[sp.Expr], variables: Sequence[sp.Symbol], normals: sp.Matrix
) -> bool:
    """Look for the point deepest inside all half-spaces, and check it exactly."""
    from scipy.optimize import linprog

    constants = [form.subs(dict.fromkeys(variables, 0)) for form in forms]
    if any(constant.free_symbols for constant in constants):
        return False
    A = np.array(normals.tolist(), dtype=np.float64)
    found = linprog(
        [*np.zeros(len(variables)), -1.0],
        A_ub=np.column_stack([-A, np.ones(len(forms))]),
        b_ub=np.array(constants, dtype=np.float64),
        bounds=[(None, None)] * len(variables) + [(None, 1.0)],
    )
    if found.x is None:
        return False
    point = dict(zip(variables, map(sp.Rational, found.x.tolist()), strict=False))
    return all(form.subs(point).is_positive is True for form in forms)


def _affine(expression: sp.Expr, variables: Sequence[sp.Symbol]) -> bool:
    polynomial = expression.as_poly(*variables)
    return polynomial is not None and polynomial.total_degree() <= 1

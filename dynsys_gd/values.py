"""What a number typed by a user means: exact values, floats, and names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

import sympy as sp

from .errors import InvalidInput, UnknownParameter

__all__ = ["Value", "as_typed", "by_name", "is_exact", "to_value", "unknown_name"]

Value = sp.Expr | Fraction | int | float | str

_LONGEST_NUMBER = 200


def to_value(value: Any, argument: str) -> sp.Expr:
    """Return `value` as a sympy number or expression, exact wherever it was typed exactly.

    Integers, fractions, decimals and text such as ``"1/10"`` or ``"0.1"`` are exact; a Python or
    numpy float stays a float, because ``0.1`` is not one tenth.

    Parameters
    ----------
    value : sympy expression, Fraction, Decimal, int, float or str
        What the user gave.
    argument : str
        Name of the argument, for the error message.

    Returns
    -------
    sympy.Expr

    Raises
    ------
    InvalidInput
        For NaN, infinities, complex values, booleans, other types, and text that is not a number.

    Examples
    --------
    >>> to_value("1/10", "step_size"), to_value("0.1", "step_size"), to_value(0.1, "step_size")
    (1/10, 1/10, 0.100000000000000)
    """
    expected = 'a number, a fraction such as "1/10", or a sympy expression'
    if isinstance(value, bool):
        raise InvalidInput(argument, value, expected)
    if isinstance(value, sp.Expr):
        if value.has(sp.nan, sp.oo, sp.zoo, -sp.oo, sp.I) or value.is_real is False:
            raise InvalidInput(argument, value, "a finite real value")
        return value
    if isinstance(value, str):
        return _from_text(value, argument, expected)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise InvalidInput(argument, value, "a finite number")
        return sp.Rational(Fraction(value))
    if isinstance(value, Integral):
        return sp.Integer(int(value))
    if isinstance(value, Rational):
        return sp.Rational(int(value.numerator), int(value.denominator))
    if isinstance(value, Real):
        number = float(value)
        if not math.isfinite(number):
            raise InvalidInput(argument, value, "a finite number")
        return sp.Float(number, precision=53)
    raise InvalidInput(argument, value, expected)


def _from_text(text: str, argument: str, expected: str) -> sp.Expr:
    stripped = text.strip()
    plausible = stripped.isascii() and len(stripped) <= _LONGEST_NUMBER
    exponent = stripped.lower().partition("e")[2]
    if not plausible or (exponent and len(exponent) > 4):
        raise InvalidInput(argument, text, expected)
    try:
        return sp.Rational(Fraction(re.sub(r"\s*/\s*", "/", stripped)))
    except (ValueError, ZeroDivisionError):
        raise InvalidInput(argument, text, expected) from None


def is_exact(expression: sp.Basic) -> bool:
    """Return whether no floating-point number occurs in `expression`.

    Examples
    --------
    >>> is_exact(sp.sqrt(2) / 3), is_exact(sp.Float(0.5) * sp.Symbol("x"))
    (True, False)
    """
    return not expression.has(sp.Float)


def as_typed(value: sp.Basic) -> str:
    """Return a value as text the way people type it, floats without trailing zeros.

    Examples
    --------
    >>> as_typed(to_value(0.5, "step_size")), as_typed(to_value("1/2", "step_size"))
    ('0.5', '1/2')
    """
    return str(sp.sstr(value, full_prec=False))


def by_name(symbols: Iterable[sp.Symbol], argument: str) -> dict[str, sp.Symbol]:
    """Return the symbols keyed by name; two different symbols of one name are refused."""
    found: dict[str, sp.Symbol] = {}
    for symbol in symbols:
        if found.setdefault(symbol.name, symbol) != symbol:
            raise InvalidInput(
                argument,
                symbol.name,
                "one symbol for each name",
                "two symbols of this name differ in their assumptions; create the symbol once",
            )
    return dict(sorted(found.items()))


def unknown_name(name: str, known: Iterable[str]) -> UnknownParameter:
    """Return the error for a parameter name that does not exist, with the ones that do."""
    names = ", ".join(sorted(known)) or "none: nothing is left open here"
    return UnknownParameter("parameter", name, f"one of the open parameters ({names})")

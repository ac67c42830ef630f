"""Text from anyone as a loss, without ever evaluating code."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

import sympy as sp

from ..errors import InvalidInput, UnsafeExpression
from .parse_build import build
from .parse_functions import CONSTANTS, FUNCTIONS
from .parse_text import syntax_tree
from .symbolic import Loss

__all__ = ["parse_loss", "symbols_of"]

MOST_NAMES = 100

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


def parse_loss(text: str, variables: Sequence[str], parameters: Sequence[str] = ()) -> Loss:
    """Return the loss that a formula in text stands for; safe on text from anyone.

    The text is read by Python's parser and never evaluated. The syntax tree may contain decimal
    numbers (taken exactly as written: 0.1 is one tenth), the given names, ``pi`` and ``E``,
    ``+ - * / **``, and calls of these functions: abs, arctan, atan, cos, cosh, erf, exp, ln, log,
    logcosh, max, min, relu, sigmoid, sign, sin, sinh, softplus, sqrt, tan, tanh (also Abs, Max,
    Min). Everything else is refused, and so is what would be expensive: long text, deep nesting,
    exponents above 100, a degree above 100, more than 1000 terms when multiplied out, three
    exponentials inside one another, constants beyond 1e300.

    Parameters
    ----------
    text : str
        The formula, on one line, for example ``"(x*y - 1)**2 / 2"``.
    variables : sequence of str
        Names of the d coordinates, in order.
    parameters : sequence of str, optional
        Names left open, to be given a value by ``loss.at(...)``.

    Returns
    -------
    Loss
        Its symbols carry ``real=True``; take them from ``loss.variables``.

    Raises
    ------
    UnsafeExpression
        For text outside the allow-list or the limits; names the piece and what to do.
    InvalidInput
        For names that are no plain identifiers, repeated, or already taken.

    Examples
    --------
    >>> parse_loss("(x*y - a)**2 / 2", ["x", "y"], ["a"]).at(a=1)
    Loss((x*y - 1)**2/2, [x, y])
    >>> parse_loss("__import__('os').system('ls')", ["x"])
    Traceback (most recent call last):
    ...
    dynsys_gd.errors.UnsafeExpression: text: got '__import__', expected names that start with a
    letter, without double underscores
    """
    symbols = symbols_of(variables, parameters)
    expression = build(*syntax_tree(text), symbols)
    try:
        return Loss(expression, [symbols[name] for name in variables])
    except InvalidInput as error:
        raise UnsafeExpression(
            "text", text, "a real-valued loss", f"the engine cannot evaluate it ({error})"
        ) from None


def symbols_of(variables: Sequence[str], parameters: Sequence[str]) -> dict[str, sp.Symbol]:
    """Return the symbol of each name, variables first; names that cannot be used are refused."""
    coordinates = _checked_names(variables, "variables", at_least=1)
    given = _checked_names(parameters, "parameters", at_least=0)
    shared = sorted(set(coordinates) & set(given))
    if shared:
        raise InvalidInput(
            "parameters", shared[0], "names that are not variables as well", "list it once"
        )
    # Real symbols: on complex ones sympy would split abs(f(x)) into real and imaginary parts.
    return {name: sp.Symbol(name, real=True) for name in (*coordinates, *given)}


def _checked_names(names: Sequence[str], argument: str, *, at_least: int) -> tuple[str, ...]:
    expected = 'a list of names such as ["x", "y"]'
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise InvalidInput(argument, names, expected, 'write ["x"] for one name')
    if not at_least <= len(names) <= MOST_NAMES:
        raise InvalidInput(argument, names, f"{at_least} to {MOST_NAMES} names")
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or "__" in name:
            raise InvalidInput(
                argument, name, "a plain name: a letter, then letters, digits or single underscores"
            )
        if keyword.iskeyword(name):
            raise InvalidInput(
                argument, name, "a name that is no word of Python", "for lambda write lam"
            )
        if name in FUNCTIONS or name in CONSTANTS:
            raise InvalidInput(
                argument, name, "a name other than those of the functions and constants"
            )
    if len(set(names)) != len(names):
        raise InvalidInput(argument, list(names), "distinct names")
    return tuple(names)

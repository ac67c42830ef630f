"""Text from anyone as a map, without ever evaluating code."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ..errors import InvalidInput, UnsafeExpression
from ..losses.parse import symbols_of
from ..losses.parse_build import build
from ..losses.parse_text import syntax_tree
from .symbolic_map import SymbolicMap

__all__ = ["parse_map"]


def parse_map(text: str, variables: Sequence[str], parameters: Sequence[str] = ()) -> SymbolicMap:
    """Return the map whose images a text lists; safe on text from anyone.

    Parameters
    ----------
    text : str
        The images of the coordinates in order, on one line, with commas between them. What may
        occur in a formula, and what is refused, is the same as for `parse_loss`.
    variables : sequence of str
        Names of the d coordinates, in order.
    parameters : sequence of str, optional
        Names left open, to be given a value by ``F.at(...)``.

    Returns
    -------
    SymbolicMap
        Its symbols carry ``real=True``; take them from ``F.variables``.

    Raises
    ------
    UnsafeExpression
        For text outside the allow-list or the limits, and for another number of images than
        variables.
    InvalidInput
        For names that are no plain identifiers, repeated, or already taken.

    Examples
    --------
    >>> parse_map("1 - a*x**2 + y, 0.3*x", ["x", "y"], ["a"]).at(a="7/5")
    SymbolicMap([-7*x**2/5 + y + 1, 3*x/10], [x, y])
    """
    symbols = symbols_of(variables, parameters)
    source, tree = syntax_tree(text)
    images = tree.elts if isinstance(tree, ast.Tuple) else [tree]
    if len(images) != len(variables):
        raise UnsafeExpression(
            "text",
            text,
            f"{len(variables)} formulas with commas between them, one for each variable",
            f"{len(images)} came",
        )
    expressions = [build(source, image, symbols) for image in images]
    try:
        return SymbolicMap(expressions, [symbols[name] for name in variables])
    except InvalidInput as error:
        raise UnsafeExpression(
            "text", text, "a real map", f"the engine cannot evaluate it ({error})"
        ) from None

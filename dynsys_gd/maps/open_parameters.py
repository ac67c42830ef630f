"""Which parameters of a map are open, checked against those that a question is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import InvalidInput
from ..values import unknown_name
from .base import Map

__all__ = ["checked_open"]


def checked_open(F: Any, names: Sequence[Any], argument: str = "parameter") -> Map:
    """Return a map whose open parameters are just those named, or refuse it.

    Raises
    ------
    InvalidInput
        Where F is no map, a name is no text, unknown or given twice, or others are open too.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss(x**2 / 2, [x]), eta)
    >>> checked_open(F, ["eta"]) is F
    True
    >>> checked_open(F, ["beta"])
    Traceback (most recent call last):
    ...
    dynsys_gd.errors.UnknownParameter: parameter: got 'beta', expected one of the open parameters
    (eta)
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    for name in names:
        if not isinstance(name, str):
            raise InvalidInput(argument, name, "the name of an open parameter", 'such as "eta"')
        if name not in F.parameters:
            raise unknown_name(name, F.parameters)
    if len(set(names)) < len(names):
        raise InvalidInput(argument, tuple(names), "two different parameters")
    others = [name for name in F.parameters if name not in names]
    if others:
        raise InvalidInput(
            "F",
            f"a map with {', '.join(F.parameters)} open",
            f"{' and '.join(names)} to be the only open parameter{'s' * (len(names) > 1)}",
            f"write F.at({others[0]}=...)",
        )
    return F

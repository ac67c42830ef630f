"""Losses, maps and boxes as they are written on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..losses.symbolic import Loss
    from ..maps.base import Map
    from ..maps.symbolic_map import SymbolicMap
    from ..regions import Box

__all__ = [
    "assignments",
    "names_of",
    "whole_numbers",
    "written_box",
    "written_loss",
    "written_map",
    "written_rule",
    "written_values",
]

_MOST_PERIODS = 1000


def names_of(words: Sequence[str]) -> list[str]:
    """Return the names in words such as ``x,y`` or ``x`` ``y``."""
    return [name for word in words for name in word.split(",") if name]


def assignments(words: Sequence[str]) -> dict[str, str]:
    """Return the values in words such as ``a=3``."""
    values: dict[str, str] = {}
    for word in words:
        name, _, value = word.partition("=")
        if not name or not value:
            raise click.UsageError(f"--parameters: write NAME=NUMBER, such as a=1, not {word!r}")
        if name in values:
            raise click.UsageError(f"--parameters: {name} is given twice")
        values[name] = value
    return values


def written_loss(
    text: str, names: Sequence[str], values: Mapping[str, str], open_names: Sequence[str] = ()
) -> Loss:
    """Return the loss with the given values put in; `open_names` are parameters without one."""
    from ..losses.parse import parse_loss

    loss = parse_loss(text, names, parameters=(*values, *open_names))
    # A name that does not occur in the expression is no parameter of the loss.
    return loss.at(**{name: value for name, value in values.items() if name in loss.parameters})


def written_map(
    text: str, names: Sequence[str], values: Mapping[str, str], open_names: Sequence[str] = ()
) -> SymbolicMap:
    """Return the map with the given values put in; `open_names` are parameters without one."""
    from ..maps.parse import parse_map

    F = parse_map(text, names, parameters=(*values, *open_names))
    return F.at(**{name: value for name, value in values.items() if name in F.parameters})


def written_rule(loss: Loss, step_size: Any, momentum: str | None, *, nesterov: bool) -> Map:
    """Return gradient descent on the loss, heavy ball where there is momentum, or Nesterov."""
    from ..maps.gradient_descent import GradientDescent
    from ..maps.heavy_ball import HeavyBall
    from ..maps.nesterov import Nesterov

    if momentum is None:
        return GradientDescent(loss, step_size)
    return (Nesterov if nesterov else HeavyBall)(loss, step_size, momentum)


def written_box(lower: str, upper: str, dimension: int) -> Box:
    """Return the box between two corners; a single number stands for every coordinate."""
    from ..regions import Box
    from ..values import to_value

    def corner(words: str, flag: str) -> list[float]:
        numbers = [float(to_value(word.strip(), flag)) for word in words.split(",")]
        return numbers * dimension if len(numbers) == 1 else numbers

    return Box(corner(lower, "--lower"), corner(upper, "--upper"))


def whole_numbers(text: str, flag: str) -> list[int]:
    """Return the numbers that a text such as ``1-4,6`` stands for, each once, ascending.

    Examples
    --------
    >>> whole_numbers("6, 1-4", "--periods")
    [1, 2, 3, 4, 6]
    """
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        ends = (first, last if dash else first)
        if not all(end.isascii() and end.isdigit() and len(end) < 10 for end in ends):
            raise click.UsageError(f"{flag}: write whole numbers and ranges, such as 1-6,8")
        low, high = int(ends[0]), int(ends[1])
        if not 1 <= low <= high:
            raise click.UsageError(f"{flag}: numbers start at 1 and ranges ascend, not {part!r}")
        if high - low >= _MOST_PERIODS or len(found) >= _MOST_PERIODS:
            raise click.UsageError(f"{flag}: at most {_MOST_PERIODS} numbers")
        found.update(range(low, high + 1))
    return sorted(found)


def written_values(text: str, flag: str) -> list[Fraction]:
    """Return the exact numbers of a text such as ``0.2:1.2:21`` or ``1/2,3/4,1``.

    Examples
    --------
    >>> [str(value) for value in written_values("0:1:5", "--values")]
    ['0', '1/4', '1/2', '3/4', '1']
    >>> [str(value) for value in written_values("0.3,1/2", "--values")]
    ['3/10', '1/2']
    """
    from ..values import to_value

    def number(word: str) -> Fraction:
        exact = to_value(word.strip(), flag)
        return Fraction(int(exact.p), int(exact.q))

    first, *others = text.split(":")
    if not others:
        return [number(word) for word in text.split(",")]
    count = others[-1].strip()
    if len(others) != 2 or not (count.isascii() and count.isdigit()) or len(count) > 6:
        raise click.UsageError(f"{flag}: write FIRST:LAST:COUNT, such as 0.2:1.2:21")
    low, high, steps = number(first), number(others[0]), int(count) - 1
    if steps < 1:
        raise click.UsageError(f"{flag}: at least two values")
    return [low + (high - low) * k / steps for k in range(steps + 1)]

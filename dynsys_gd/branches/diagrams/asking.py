"""What diagrams and planes can be asked: everything else is refused at the door, by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...ensembles import starts as ensembles
from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...maps.base import Map
from ...regions import Region, generator_of, positive_count, seed_of
from ...values import to_value, unknown_name
from .values import evaluated

__all__ = [
    "asked_budget",
    "asked_seed",
    "asked_starts",
    "asked_values",
    "states_on",
]

Array = NDArray[np.float64]


def asked_values(values: Any, argument: str, least: int = 1) -> Array:
    """Return values of a parameter as floats, in the order given, or refuse them."""
    few = "at least one number" if least == 1 else f"at least {least} numbers"
    expected = f"{few}, in any order"
    if isinstance(values, (str, bytes, dict)) or not isinstance(values, Iterable):
        raise InvalidInput(argument, values, expected, "for example numpy.linspace(0.9, 1.4, 501)")
    numbers = [_number(value, argument, expected) for value in values]
    if len(numbers) < least:
        raise InvalidInput(argument, values, expected)
    return np.array(numbers)


def _number(value: Any, argument: str, expected: str) -> float:
    # Numbers of numpy, of which there may be many, need no detour by sympy.
    if isinstance(value, float) and np.isfinite(value):
        return float(value)
    number = to_value(value, argument)
    if not number.is_number:
        raise InvalidInput(argument, value, expected)
    return float(number)


def asked_budget(budget: Any) -> Budget:
    """Return the budget, the usual one where none is given."""
    if budget is not None and not isinstance(budget, Budget):
        raise InvalidInput("budget", budget, "a Budget", "for example Budget(max_period=32)")
    return Budget() if budget is None else budget


def asked_seed(rng: Any, region: Region | None) -> int:
    """Return one whole number from which the starts follow, 0 where none are drawn."""
    if region is None:
        generator_of(rng)
        return 0
    return seed_of(rng)


def asked_starts(F: Map, region: Any, starts: Any) -> int | tuple[tuple[sp.Expr, ...], ...]:
    """Return how many starts are drawn from the region, or the rows that are given.

    Rows may have expressions in the open parameters as entries.
    """
    widths = sorted({F.dimension if F.loss is None else F.loss.dimension, F.dimension})
    wide = " or ".join(map(str, widths))
    if region is not None:
        if not isinstance(region, Region):
            raise InvalidInput("region", region, "a law such as a Box, Ball or Gaussian")
        if region.dimension not in widths:
            raise InvalidInput("region", f"dimension {region.dimension}", f"dimension {wide}")
        return positive_count(starts, "starts")
    expected = f"rows of {wide} numbers, or of expressions in {', '.join(F.parameters)}"
    remedy = "or give a region, and how many starts are drawn from it"
    if isinstance(starts, (str, bytes, dict)) or not isinstance(starts, Iterable):
        raise InvalidInput("starts", starts, expected, remedy)
    rows = [_row(row, widths, F.parameters, expected) for row in starts]
    if not rows or len({len(row) for row in rows}) > 1:
        raise InvalidInput("starts", starts, expected, remedy)
    return tuple(rows)


def _row(
    row: Any, widths: Sequence[int], names: Sequence[str], expected: str
) -> tuple[sp.Expr, ...]:
    if isinstance(row, (str, bytes, dict)) or not isinstance(row, Iterable):
        raise InvalidInput("starts", row, expected, "one start a row: write [[...]] for one start")
    entries = tuple(to_value(entry, "starts") for entry in row)
    if len(entries) not in widths:
        raise InvalidInput("starts", row, expected)
    for entry in entries:
        for symbol in entry.free_symbols:
            if symbol.name not in names:
                raise unknown_name(symbol.name, names)
    return entries


def states_on(
    F: Map,
    names: Sequence[str],
    grid: Array,
    region: Region | None,
    starts: int | tuple[tuple[sp.Expr, ...], ...],
    seed: int,
) -> Array:
    """Return the states at which orbits start, shape (m, s, d), alike for all values if drawn."""
    m = len(grid)
    if region is not None:
        assert isinstance(starts, int)
        points = ensembles.drawn(region, starts, rng=seed).rows()
        drawn = ensembles.states_of(F, points)
        return np.broadcast_to(drawn, (m, *drawn.shape))
    assert not isinstance(starts, int)
    width = len(starts[0])
    entries = evaluated([entry for row in starts for entry in row], names, grid)
    if not np.isfinite(entries).all():
        row = int(np.flatnonzero(~np.isfinite(entries).all(axis=1))[0])
        where = ", ".join(f"{n} = {v:g}" for n, v in zip(names, grid[row], strict=True))
        raise InvalidInput("starts", f"something that is no number at {where}", "finite numbers")
    return ensembles.states_of(F, entries.reshape(m * len(starts), width)).reshape(
        m, len(starts), F.dimension
    )

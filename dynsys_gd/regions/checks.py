"""What regions, and all who draw from them, check of numbers, counts and generators."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InvalidInput

__all__ = [
    "count_from_zero",
    "finite_vector",
    "generator_of",
    "positive_count",
    "positive_number",
    "seed_of",
]


def positive_count(n: Any, argument: str) -> int:
    """Return `n` as an int of at least 1, or refuse it."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise InvalidInput(argument, n, "a whole number of at least 1")
    return int(n)


def count_from_zero(n: Any, argument: str) -> int:
    """Return `n` as an int of at least 0, or refuse it."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0:
        raise InvalidInput(argument, n, "a whole number of at least 0")
    return int(n)


def generator_of(rng: Any) -> np.random.Generator:
    """Return the generator that `rng` stands for, or refuse it.

    Parameters
    ----------
    rng : None, int, Generator, BitGenerator or SeedSequence

    Examples
    --------
    >>> generator_of(0).random() == generator_of(0).random()
    True
    """
    whole = isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0
    known = (np.random.Generator, np.random.BitGenerator, np.random.SeedSequence)
    if rng is None or whole or isinstance(rng, known):
        return np.random.default_rng(rng)
    raise InvalidInput("rng", rng, "None, a whole number of at least 0, or a numpy Generator")


def seed_of(rng: Any) -> int:
    """Return one whole number from which everything random follows.

    Parameters
    ----------
    rng : None, int, Generator or SeedSequence
        A whole number is its own seed. From a generator one is drawn, and without any it is
        fresh entropy of the operating system.

    Examples
    --------
    >>> seed_of(7)
    7
    >>> seed_of(np.random.default_rng(7)) == seed_of(np.random.default_rng(7))
    True
    """
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return int(rng)
    if rng is None:
        return int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
    return int.from_bytes(generator_of(rng).bytes(16), "little")


def finite_vector(values: Sequence[float], argument: str) -> tuple[float, ...]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(argument, values, "a sequence of numbers") from None
    if array.ndim != 1 or array.size == 0 or not np.all(np.isfinite(array)):
        raise InvalidInput(argument, values, "a non-empty one-dimensional list of finite numbers")
    return tuple(float(value) for value in array)


def positive_number(value: Any, argument: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InvalidInput(argument, value, "a positive number") from None
    if isinstance(value, bool) or not (math.isfinite(number) and number > 0):
        raise InvalidInput(argument, value, "a positive finite number")
    return number

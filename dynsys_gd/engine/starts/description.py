"""What a set of starts must say of itself so that they can be made where they are needed."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ..machine.compiler import Program
from ..machine.cpu import processor
from ..machine.writer import Module

__all__ = ["MOST_STARTS", "Starts", "corners", "numbers", "refused_range", "words"]

#: Starts are numbered by signed whole numbers of 64 bits.
MOST_STARTS = 2**63 - 1

_VECTORS = 4  # registers that a value spans; measured, more gains nothing


class Starts(ABC):
    """Initial states numbered 0 … n − 1, each a function of its number alone.

    They are plain data: cheap to pickle, never an array of all starts. Two evaluators give the
    same doubles to the last bit: `columns` with numpy, and the machine code of `write`.
    """

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Number of coordinates d."""

    @property
    @abstractmethod
    def n(self) -> int:
        """Number of starts."""

    @abstractmethod
    def columns(self, first: int, last: int) -> NDArray[np.float64]:
        """Return the starts `first` … `last` − 1 as columns, shape (d, last − first)."""

    def rows(self, first: int = 0, last: int | None = None) -> NDArray[np.float64]:
        """Return the starts `first` … `last` − 1, by default all, shape (last − first, d)."""
        return np.ascontiguousarray(self.columns(first, self.n if last is None else last).T)

    @abstractmethod
    def spec(self) -> NDArray[np.uint64]:
        """Return what the machine code must know: 64-bit words, some of them doubles.

        The array must stay alive, and so must the description, while the code runs.
        """

    @classmethod
    @abstractmethod
    def write(cls, module: Module) -> None:
        """Define the exported function that makes starts; it serves every description of a class.

        ``@starts(ptr %states, i64 %stride, i64 %first, i64 %count, ptr %spec)`` writes coordinate
        i of start first + k to ``states[i * stride + k]`` for k = 0 … count − 1 and nothing else,
        where `stride` is at least `count` and `spec` points to the words of `spec`. States need
        the alignment of a double only. What is written for a start depends on its number only,
        not on `first`, `count` or the lanes of the module.
        """

    @classmethod
    def program(cls, lanes: int | None = None) -> Program | None:
        """Return the compiled code, or None where machine code cannot be made.

        Parameters
        ----------
        lanes : int, optional
            Starts made at once; chosen for this processor where not given.
        """
        host = processor()
        if host is None:
            return None
        return _program(cls, lanes or _VECTORS * host.width)

    def fill(self, states: NDArray[np.float64], first: int, count: int) -> None:
        """Write `count` starts from number `first` on into the first columns of `states`.

        Parameters
        ----------
        states : ndarray of float64, shape (d, at least count)
            Contiguous; other columns are left as they are.
        """
        refused_range(self, first, first + count)
        fits = (
            states.dtype == np.float64
            and states.flags.c_contiguous
            and states.flags.writeable
            and states.ndim == 2
            and states.shape[0] == self.dimension
            and states.shape[1] >= count
        )
        if not fits:
            expected = f"contiguous doubles to write to, shape ({self.dimension}, at least {count})"
            raise InvalidInput("states", f"{states.dtype}, shape {states.shape}", expected)
        program = self.program()
        if program is None:
            states[:, :count] = self.columns(first, first + count)
            return
        spec = self.spec()
        make = program.function("starts", 5)
        make(states.ctypes.data, states.shape[1], first, count, spec.ctypes.data)


@lru_cache(maxsize=64)
def _program(kind: type[Starts], lanes: int) -> Program:
    module = Module(lanes=lanes, fused=False)
    kind.write(module)
    return Program(module)


def begin(module: Module) -> Any:
    """Return the function `starts` of a module, to be written."""
    arguments = [("ptr", "states"), *((("i64", name)) for name in ("stride", "first", "count"))]
    return module.function("starts", [*arguments, ("ptr", "spec")], exported=True)


def words(*parts: Any) -> NDArray[np.uint64]:
    """Return whole numbers and doubles, one after the other, as 64-bit words."""
    arrays = [np.atleast_1d(np.asarray(part)) for part in parts]
    as_words = [a.view(np.uint64) if a.dtype == np.float64 else a.astype(np.uint64) for a in arrays]
    return np.concatenate([a.ravel() for a in as_words])


def numbers(starts: Starts, first: int, last: int) -> NDArray[np.uint64]:
    """Return the numbers `first` … `last` − 1, or refuse them."""
    refused_range(starts, first, last)
    return np.arange(last - first, dtype=np.uint64) + np.uint64(first)


def refused_range(starts: Starts, first: int, last: int) -> None:
    """Raise unless the numbers `first` … `last` − 1 are those of starts."""
    if not 0 <= first <= last <= starts.n:
        raise InvalidInput("first, last", (first, last), f"0 <= first <= last <= {starts.n}")


def corners(
    low: Sequence[float], high: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return two opposite corners of a box as floats, or refuse them."""
    lower, upper = vector(low, "low"), vector(high, "high")
    if len(lower) != len(upper):
        raise InvalidInput("high", high, f"as many coordinates as low ({len(lower)})")
    ordered = all(a <= b for a, b in zip(lower, upper, strict=True))
    if not ordered or not all(math.isfinite(b - a) for a, b in zip(lower, upper, strict=True)):
        expected = "low <= high in every coordinate, with a finite difference"
        raise InvalidInput("low, high", (low, high), expected)
    return lower, upper


def vector(values: Any, argument: str) -> tuple[float, ...]:
    """Return finite numbers as a tuple, or refuse them."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidInput(argument, values, "a sequence of numbers") from None
    if array.ndim != 1 or array.size == 0 or not np.all(np.isfinite(array)):
        raise InvalidInput(argument, values, "a non-empty one-dimensional list of finite numbers")
    return tuple(array.tolist())


def checked_count(n: Any, most: int = MOST_STARTS) -> int:
    """Return a number of starts as an int, or refuse it."""
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 1 <= n <= most:
        raise InvalidInput("n", n, f"a whole number from 1 to {most}")
    return int(n)

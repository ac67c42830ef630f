"""Derivatives of the p-step map along an orbit, as multilinear forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from ...engine.tape import Tape
from .jets import Arithmetic, evaluate, jet
from .linear import Matrix, Vector
from .scalars import Field

__all__ = ["Chain", "rounded"]


@dataclass(frozen=True, eq=False)
class Chain:
    """The map F^p about a point of an orbit of period p, at one value of its parameter.

    Parameters
    ----------
    tape : Tape
        Inputs: the state, then the open parameter if there is one. Outputs: the image.
    start : list of numbers
        The first point.
    parameter : list of numbers
        The parameter value, or nothing.
    period : int
    numbers : Field or Balls
    orbit : list of lists of numbers
        Points that replace what iteration gives, where tighter ones are known.
    """

    tape: Tape
    start: Vector
    parameter: Vector
    period: int
    numbers: Any
    orbit: tuple[Vector, ...] = ()

    @property
    def dimension(self) -> int:
        """Number of coordinates of the state."""
        return len(self.start)

    def image(self) -> Vector:
        """Return F^p at the start."""
        return self._pushed([])[0]

    def along(self, *directions: Sequence[Any] | None, parameter: Sequence[Any] = ()) -> Vector:
        """Return the mixed derivative of F^p along up to three directions.

        A direction is a vector of the state space, None for zero; `parameter` gives for each the
        change of the parameter, None for none.
        """
        return self._pushed(list(directions), list(parameter))[-1]

    @cached_property
    def matrix(self) -> Matrix:
        """The derivative of F^p, row by row."""
        zero, one = self.numbers.constant(0), self.numbers.constant(1)
        columns = [
            self.along([one if k == i else None for k in range(self.dimension)])
            for i in range(self.dimension)
        ]
        whole = [[zero if entry is None else entry for entry in column] for column in columns]
        return [list(row) for row in zip(*whole, strict=True)]

    @cached_property
    def points(self) -> list[Vector]:
        """The p points of the orbit."""
        if self.orbit:
            return list(self.orbit)
        found = [self.start]
        while len(found) < self.period:
            found.append(self._step([jet(x, []) for x in found[-1]], 0, ())[0])
        return found

    def _step(
        self, state: Sequence[Any], generators: int, parameter: Sequence[Any]
    ) -> list[Vector]:
        slopes = [*parameter, *(None,) * (generators - len(parameter))]
        inputs = [*state, *(jet(value, slopes) for value in self.parameter)]
        images = evaluate(self.tape, inputs, [], _arithmetic(self.numbers))
        return [[image[k] for image in images] for k in range(2**generators)]

    def _pushed(
        self, directions: list[Sequence[Any] | None], parameter: Sequence[Any] = ()
    ) -> list[Vector]:
        """Return all mixed derivatives of F^p, the value first."""
        count, size = len(directions), self.dimension
        given = [(None,) * size if v is None else v for v in directions]
        state = [jet(x, [v[i] for v in given]) for i, x in enumerate(self.start)]
        zero = self.numbers.constant(0)
        parts: list[Vector] = []
        for k in range(self.period):
            if k:
                value = self.points[k] if self.orbit else parts[0]
                state = [(value[i], *(part[i] for part in parts[1:])) for i in range(size)]
            parts = self._step(state, count, parameter)
        return [[zero if entry is None else entry for entry in part] for part in parts]


def rounded(values: Any, numbers: Any) -> NDArray[np.complex128]:
    """Return the centres of numbers, as an array of the same shape."""
    if isinstance(values, (list, tuple)):
        return np.array([rounded(value, numbers) for value in values])
    enclosure: flint.acb = numbers.ball(values) if isinstance(numbers, Field) else values
    return np.complex128(complex(float(enclosure.real.mid()), float(enclosure.imag.mid())))  # type: ignore[return-value]


def _arithmetic(numbers: Any) -> Arithmetic:
    made: Arithmetic = numbers
    return made

"""A map whose parameters differ from row to row, so that many values advance in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from .kernel import Kernel
from .machine.tangent_code import TapeTangent
from .machine.tape_step import TapeStep
from .map_tapes import MapTapes
from .numpy_printer import numpy_function
from .operations import Op
from .tape import Instruction, Tape

__all__ = ["SweepKernel"]

Rows = NDArray[np.float64]

_ZERO = Instruction(Op.CONSTANT, (), sp.Integer(0))


@dataclass(frozen=True, eq=False)
class SweepKernel(Kernel):
    """A map x -> F(x; p) as (x, p) -> (F(x; p), p): every row has its own parameters p.

    Code is compiled once for all values, and rows with different values share registers.
    Derivatives are those of F at fixed p: directions have no entries in p, whatever they had
    before the step.

    Parameters
    ----------
    tapes : MapTapes
        Of the map with d coordinates.
    swept : tuple of int
        Which of the tape parameters become coordinates d, d + 1, … of a row.
    parameters : ndarray, shape (k,)
        Values of all tape parameters; those of swept ones are not read.

    Examples
    --------
    >>> from dynsys_gd.engine.iteration import iterate
    >>> x, a = sp.symbols("x a")
    >>> kernel = SweepKernel(MapTapes([a * x], [a * x - x], [x], [a]), (0,), np.zeros(1))
    >>> iterate(kernel, np.array([[1.0, 2.0], [1.0, 3.0]]), 4).tolist()
    [[16.0, 2.0], [81.0, 3.0]]
    """

    tapes: MapTapes
    swept: tuple[int, ...]
    parameters: NDArray[np.float64]

    @property
    def coordinates(self) -> int:
        """Number d of coordinates of the map itself."""
        return len(self.tapes.images)

    @property
    def dimension(self) -> int:
        return self.coordinates + len(self.swept)

    @cached_property
    def code(self) -> TapeStep:
        return TapeStep(self._step_tape)

    @cached_property
    def tangent_code(self) -> TapeTangent:
        return TapeTangent(self._tangent_tape)

    @cached_property
    def _step_tape(self) -> Tape:
        tape, d = self.tapes.step, self.coordinates
        moved, places = _with_inputs(tape, range(d), self.swept)
        outputs = (*tape.outputs[:d], *places, *tape.outputs[d:])
        return replace(moved, inputs=self._names, outputs=outputs)

    @cached_property
    def _tangent_tape(self) -> Tape:
        tape, d, q = self.tapes.tangent, self.coordinates, len(self.swept)
        # x, p, then the directions of both.
        moved, places = _with_inputs(tape, [*range(d), *range(d + q, 2 * d + q)], self.swept, d)
        zero = len(moved.code)
        outputs = (*tape.outputs[:d], *places, *tape.outputs[d:], *[zero] * q)
        along = tuple(f"along_{name}" for name in self._names)
        code = (*moved.code, _ZERO)
        return replace(moved, inputs=(*self._names, *along), code=code, outputs=outputs)

    @property
    def _names(self) -> tuple[str, ...]:
        tape = self.tapes.step
        return (*tape.inputs, *(tape.parameters[place] for place in self.swept))

    # Looked up once: finding a function by its tape hashes every instruction.
    @cached_property
    def _step(self) -> Callable[[Rows, Rows], Rows]:
        return numpy_function(self._step_tape)

    @cached_property
    def _tangent(self) -> Callable[[Rows, Rows], Rows]:
        return numpy_function(self._tangent_tape)

    def step(self, states: Rows) -> tuple[Rows, Rows]:
        outputs = self._step(states.T, self.parameters)
        return outputs[: self.dimension].T, outputs[self.dimension :].T

    def tangent(self, states: Rows, along: Rows) -> tuple[Rows, Rows, Rows]:
        outputs = self._tangent(np.concatenate([states.T, along.T]), self.parameters)
        d = self.dimension
        return outputs[:d].T, outputs[d:-d].T, outputs[-d:].T

    def jacobian(self, states: Rows) -> NDArray[np.float64]:
        d, dimension = self.coordinates, self.dimension
        parameters = np.repeat(self.parameters[:, None], len(states), axis=1)
        parameters[list(self.swept)] = states[:, d:].T
        entries = numpy_function(self.tapes.jacobian)(states[:, :d].T, parameters)
        matrices = np.zeros((len(states), dimension, dimension))
        matrices[:, :d, :d] = np.asarray(entries).T.reshape(-1, d, d)
        return matrices

    def __getstate__(self) -> dict[str, Any]:
        """Functions made here are left behind: another process makes its own."""
        return {name: getattr(self, name) for name in ("tapes", "swept", "parameters")}


def _with_inputs(
    tape: Tape, inputs: Sequence[int], swept: Sequence[int], first: int | None = None
) -> tuple[Tape, list[int]]:
    """Return code that reads some parameters as inputs `first`, …, and where they stand.

    What was input k becomes input ``inputs[k]``.
    """
    numbers = {place: k for k, place in enumerate(swept, len(inputs) if first is None else first)}
    places: dict[int, int] = {}
    code = []
    for here, instruction in enumerate(tape.code):
        payload = instruction.payload
        if instruction.op is Op.INPUT:
            code.append(instruction._replace(payload=inputs[int(payload)]))  # type: ignore[arg-type]
        elif instruction.op is Op.PARAMETER and int(payload) in numbers:  # type: ignore[arg-type]
            places[int(payload)] = here  # type: ignore[arg-type]
            code.append(Instruction(Op.INPUT, (), numbers[int(payload)]))  # type: ignore[arg-type]
        else:
            code.append(instruction)
    for place in swept:
        if place not in places:
            places[place] = len(code)
            code.append(Instruction(Op.INPUT, (), numbers[place]))
    return replace(tape, code=tuple(code)), [places[place] for place in swept]

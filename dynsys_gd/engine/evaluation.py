"""Straight-line code evaluated for many rows in one call: values, derivatives, eigenvalues."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from .batch import Batch
from .eigen import LARGEST_ON_LANES, symmetric_eigenvalues
from .machine.cpu import processor
from .machine.eigen_code import write_symmetric_eigen
from .machine.lane_loops import address, alignment
from .machine.tape_step import vectors_in_flight, write_tape
from .machine.writer import Function, Module
from .numpy_printer import numpy_function
from .tape import Tape

__all__ = ["evaluate", "hessian_eigenvalues"]

Columns = NDArray[np.float64]


def evaluate(tape: Tape, inputs: Columns, parameters: NDArray[np.float64]) -> Columns:
    """Return the outputs of a tape, shape (m, n), in machine code where it can be made.

    Parameters
    ----------
    tape : Tape
        Of a value, a gradient, a Jacobian, a Hessian, a map: of anything.
    inputs : ndarray, shape (d, n)
    parameters : ndarray, shape (k,)

    Notes
    -----
    Rounded after every operation: of a polynomial the outputs agree with those of
    `numpy_function` to the last bit. What compiling takes is won back from about a million rows on
    for polynomials, whose array operations are quick, and from a hundred thousand on for other
    functions: for fewer rows of a tape `numpy_function` is the better choice.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd.engine.tape import lower
    >>> x, a = sp.symbols("x a")
    >>> tape = lower([a * x**2, 2 * a * x], [x], [a])
    >>> evaluate(tape, np.array([[1.0, 2.0]]), np.array([3.0])).tolist()
    [[3.0, 12.0], [6.0, 12.0]]
    """
    _checked(tape, inputs, parameters)
    batch = _program(tape, False)
    if batch is None:
        return numpy_function(tape)(inputs, parameters)
    return batch(inputs, parameters=parameters)[0]


def hessian_eigenvalues(hessian: Tape, inputs: Columns, parameters: NDArray[np.float64]) -> Columns:
    """Return the eigenvalues, ascending, of the symmetric matrices that a tape gives.

    Parameters
    ----------
    hessian : Tape
        Outputs: the d x d entries row by row.
    inputs : ndarray, shape (d, n)
    parameters : ndarray, shape (k,)

    Returns
    -------
    ndarray, shape (d, n)
        NaN where an entry is not finite. Up to dimension 8 matrices and eigenvalues are found
        together, tile by tile, and no matrix is ever written to memory.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd.engine.tape import lower
    >>> x, y = sp.symbols("x y")
    >>> hessian = lower([y**2, 2*x*y - 1, 2*x*y - 1, x**2], [x, y])
    >>> hessian_eigenvalues(hessian, np.ones((2, 1)), np.empty(0)).T.tolist()  # of (xy - 1)²/2
    [[0.0, 2.0]]
    """
    _checked(hessian, inputs, parameters)
    d = len(hessian.inputs)
    if d <= LARGEST_ON_LANES:
        batch = _program(hessian, True)
        if batch is not None:
            return batch(inputs, parameters=parameters)[0]
    entries = evaluate(hessian, inputs, parameters)
    return symmetric_eigenvalues(np.moveaxis(entries.reshape(d, d, entries.shape[1]), -1, 0)).T


def _checked(tape: Tape, inputs: Columns, parameters: NDArray[np.float64]) -> None:
    """Refuse arrays that are not what a tape takes: machine code would read past their end."""
    if np.ndim(inputs) != 2 or len(inputs) != len(tape.inputs):
        expected = f"an array of shape ({len(tape.inputs)}, n)"
        raise InvalidInput("inputs", f"shape {np.shape(inputs)}", expected)
    if np.shape(parameters) != (len(tape.parameters),):
        expected = f"an array of shape ({len(tape.parameters)},)"
        raise InvalidInput("parameters", f"shape {np.shape(parameters)}", expected)


@lru_cache(maxsize=256)
def _program(tape: Tape, eigenvalues: bool) -> Batch | None:
    """Return the compiled outputs of a tape, or the eigenvalues of the matrix they make."""
    host = processor()
    if host is None:
        return None
    d, m = len(tape.inputs), len(tape.outputs)
    vectors = vectors_in_flight(tape, tape.outputs, host)
    # Rotations keep the processor busy with two registers in one value, with one if they spill.
    vectors = min(vectors, 2 if d <= 2 else 1) if eigenvalues else vectors
    module = Module(lanes=host.width * vectors, fused=False)
    lanes, align = module.lanes, alignment(module)
    name = write_symmetric_eigen(module, d, vectors=False) if eigenvalues else ""

    def body(f: Function, given: list[str], made: list[str], parameters: str) -> None:
        values = [f.load(address(f, given[0], i * lanes), align=align) for i in range(d)]
        target = f.room(f"[{m * lanes} x double]") if eigenvalues else made[0]
        for i, value in enumerate(write_tape(f, tape, tape.outputs, values, parameters)):
            f.store(value, address(f, target, i * lanes), align=align)
        if eigenvalues:
            f.call(name, ("ptr", target), ("ptr", made[0]))

    work = len(tape.code) + (50.0 * d**3 if eigenvalues else 0.0)
    return Batch.compiled(module, [d], [d if eigenvalues else m], body, work=work)

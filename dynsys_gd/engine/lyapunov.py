"""How much are small displacements stretched along orbits? Batch by batch, many orbits at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arithmetic import Arithmetic, usable
from .kernel import Kernel
from .lyapunov_oracle import TangentRows
from .machine.compiler import Program
from .machine.cpu import processor
from .machine.lyapunov_code import BLOCK, LyapunovSlot, Trace, write_lyapunov
from .machine.tangent_code import TangentCode
from .machine.writer import Module
from .window import squared_norm

__all__ = ["Stretching", "stretching"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_STRETCH = 2e8  # operations before Python looks at its signals: a few hundredths of a second


@dataclass(frozen=True, kw_only=True, eq=False)
class Stretching:
    """What tangents and orbits did, per row.

    Parameters
    ----------
    rates : ndarray, shape (batches, n)
        Logarithm of the factor by which the tangent was stretched, per step, in each batch.
    states : ndarray, shape (n, d)
        After the last step.
    largest_residual, path, extent : ndarray, shape (n,)
        Largest residual norm, length of the path, and largest distance from the first state, after
        the transient.
    """

    rates: Numbers
    states: Rows
    largest_residual: Numbers
    path: Numbers
    extent: Numbers


def stretching(
    kernel: Kernel,
    states: Rows,
    direction: NDArray[np.float64],
    *,
    transient: int,
    length: int,
    batches: int,
    arithmetic: Arithmetic = Arithmetic.FUSED,
    traced: bool = True,
) -> Stretching:
    """Return the rates at which tangents are stretched along the orbits of `states`.

    Parameters
    ----------
    kernel : Kernel
    states : ndarray, shape (n, d)
        Not changed.
    direction : ndarray, shape (d,)
        The first tangent, the same for every row.
    transient : int
        Steps beforehand, which turn the tangent into the fastest direction.
    length, batches : int
        Steps of a batch, and number of batches.
    arithmetic : Arithmetic
        Machine code falls back to NUMPY where it cannot be made.
    traced : bool
        Whether residuals, path and extent are wanted, which takes longer than all the rest. They
        may be zeros where not.

    Returns
    -------
    Stretching

    Notes
    -----
    A tangent v is carried along, v <- DF(x) v [benettin1980lyapunov]_. Now and then it is
    multiplied by a power of two, which is exact and counted, so that its length is asked for at the
    ends of batches only. A step that gives the zero vector counts as a contraction by 2^1000, and
    the tangent starts again with all entries equal. Where an orbit is no number any more, its rates
    are not either.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import SymbolicMap
    >>> x, y = sp.symbols("x y")
    >>> kernel = SymbolicMap([3 * x, y / 2], [x, y]).kernel()
    >>> found = stretching(
    ...     kernel, np.zeros((1, 2)), np.ones(2), transient=100, length=10, batches=2
    ... )
    >>> np.exp(found.rates).round(12).tolist()
    [[3.0], [3.0]]
    """
    used = usable(kernel, arithmetic)
    task: TangentRows | _Task
    with np.errstate(all="ignore"):
        if used is Arithmetic.NUMPY or kernel.tangent_code is None:
            task = TangentRows(kernel, states, direction)
        else:
            fused = used is Arithmetic.FUSED
            task = _Task(kernel, states, direction, fused=fused, traced=traced)
        task.advance(transient)
        task.begin()
        levels = np.log(task.lengths())
        rates = np.empty((batches, len(states)))
        for batch in range(batches):
            task.exponent[:] = 0.0
            task.advance(length)
            after = np.log(task.lengths())
            rates[batch] = (task.exponent * np.log(2.0) + (after - levels)) / length
            levels = after
        largest, path, extent = task.traces()
    return Stretching(
        rates=rates,
        states=task.final_states(),
        largest_residual=largest,
        path=path,
        extent=extent,
    )


@lru_cache(maxsize=64)
def _program(code: TangentCode, fused: bool, traced: bool) -> tuple[Any, int]:
    """Return the compiled driver of a map, and its number of lanes."""
    host = processor()
    assert host is not None
    module = Module(lanes=code.lanes(host), fused=fused)
    write_lyapunov(module, code, traced=traced)
    return Program(module).function("lyapunov", 1), module.lanes


class _Task:
    """Orbits with their tangents, in the memory of the machine code."""

    def __init__(
        self,
        kernel: Kernel,
        states: Rows,
        direction: NDArray[np.float64],
        *,
        fused: bool,
        traced: bool,
    ) -> None:
        code = kernel.tangent_code
        assert code is not None
        self._function, self._lanes = _program(code, fused, traced)
        self._work = code.work
        self.n, d = states.shape
        stride = -(-max(self.n, 1) // self._lanes) * self._lanes
        # Lanes without a row hold zeros.
        self._states = np.zeros((d, stride))
        self._states[:, : self.n] = states.T
        self._tangents = np.repeat(direction[:, None], stride, axis=1).astype(np.float64)
        self._origin = self._states.copy()
        self._traces = np.zeros((len(Trace), stride))
        self.exponent = self._traces[Trace.EXPONENT, : self.n]
        self._memory = {
            LyapunovSlot.PARAMETERS: np.ascontiguousarray(kernel.parameters, dtype=np.float64),
            LyapunovSlot.STATES: self._states,
            LyapunovSlot.TANGENTS: self._tangents,
            LyapunovSlot.ORIGIN: self._origin,
            LyapunovSlot.TRACES: self._traces,
        }
        self._slots = np.zeros(len(LyapunovSlot), dtype=np.int64)
        self._slots[LyapunovSlot.STRIDE] = stride
        for slot, array in self._memory.items():
            self._slots[slot] = array.ctypes.data

    def advance(self, steps: int) -> None:
        """Take every row `steps` steps further; Python's signals are answered in between."""
        # Stretches of whole blocks: where they are cut makes no difference then.
        most = max(1, int(_STRETCH / (self._work * self._lanes * BLOCK))) * BLOCK
        rows = max(1, int(_STRETCH / (self._work * min(most, steps) * self._lanes))) * self._lanes
        for first in range(0, self.n, rows):
            self._slots[LyapunovSlot.FIRST] = first
            self._slots[LyapunovSlot.LAST] = min(first + rows, self.n)
            for done in range(0, steps, most):
                self._slots[LyapunovSlot.STEPS] = min(most, steps - done)
                self._function(self._slots.ctypes.data)

    def begin(self) -> None:
        """Forget what the orbits did so far."""
        self._origin[:] = self._states
        self._traces[:] = 0.0

    def lengths(self) -> Numbers:
        """Return |v| of every row."""
        return np.sqrt(squared_norm(self._tangents[:, : self.n].T))

    def traces(self) -> tuple[Numbers, Numbers, Numbers]:
        """Return largest residual, path and extent."""
        squares = self._traces[:, : self.n]
        return np.sqrt(squares[Trace.RESIDUAL]), squares[Trace.PATH], np.sqrt(squares[Trace.EXTENT])

    def final_states(self) -> Rows:
        """Return where the orbits are, shape (n, d)."""
        return np.ascontiguousarray(self._states[:, : self.n].T)

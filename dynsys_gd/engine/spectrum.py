"""How much are volumes of every dimension stretched along orbits? Batch by batch, many at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arithmetic import Arithmetic, usable
from .kernel import Kernel
from .machine.compiler import Program
from .machine.cpu import Processor, processor
from .machine.spectrum_code import SpectrumSlot, steps_between, write_spectrum
from .machine.tangent_code import TangentCode
from .machine.writer import Module
from .spectrum_oracle import FrameRows

__all__ = ["Spectra", "spectra"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_STRETCH = 2e8  # operations before Python looks at its signals: a few hundredths of a second
_MOST_ENTRIES = 1.5  # of states and tangents together, as a multiple of the registers


@dataclass(frozen=True, kw_only=True, eq=False)
class Spectra:
    """How k tangents were stretched along orbits.

    Parameters
    ----------
    rates : ndarray, shape (batches, n, k)
        Logarithm of the factor by which tangent j was stretched orthogonally to those before it,
        per step, in each batch.
    lost : ndarray, shape (n, k)
        How often a tangent was annihilated, each counted as a contraction by 2^1000.
    states : ndarray, shape (n, d)
        After the last step.
    """

    rates: Numbers
    lost: NDArray[np.int64]
    states: Rows


def spectra(
    kernel: Kernel,
    states: Rows,
    frame: NDArray[np.float64],
    *,
    transient: int,
    length: int,
    batches: int,
    arithmetic: Arithmetic = Arithmetic.FUSED,
) -> Spectra:
    """Return the rates at which k tangents are stretched along the orbits of `states`.

    Parameters
    ----------
    kernel : Kernel
    states : ndarray, shape (n, d)
        Not changed.
    frame : ndarray, shape (d, k)
        The first tangents, orthogonal columns, the same for every row.
    transient : int
        Steps beforehand, which turn the tangents into the fastest directions.
    length, batches : int
        Steps of a batch, and number of batches.
    arithmetic : Arithmetic
        Machine code falls back to NUMPY where it cannot be made.

    Returns
    -------
    Spectra

    Notes
    -----
    The tangents are carried along and made orthogonal every few steps [benettin1980lyapunov]_
    [shimada1979numerical]_. As lengths enter at the ends of batches only, they are never
    normalised, but multiplied by powers of two, which is exact. A step after which a tangent lies
    in the span of those before it, to rounding, counts as a contraction by 2^1000, and the tangent
    starts again orthogonally to them. Where an orbit is no number any more, its rates are not
    either.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import SymbolicMap
    >>> x, y = sp.symbols("x y")
    >>> kernel = SymbolicMap([3 * x + y, y / 2], [x, y]).kernel()
    >>> found = spectra(
    ...     kernel, np.zeros((1, 2)), np.eye(2), transient=100, length=10, batches=2
    ... )
    >>> np.exp(found.rates[:, 0]).round(12).tolist()
    [[3.0, 0.5], [3.0, 0.5]]
    """
    used = usable(kernel, arithmetic)
    k = frame.shape[1]
    task: FrameRows | _Task
    with np.errstate(all="ignore"):
        if used is Arithmetic.NUMPY or kernel.tangent_code is None:
            task = FrameRows(kernel, states, frame)
        else:
            task = _Task(kernel, states, frame, fused=used is Arithmetic.FUSED)
        task.advance(transient)
        task.lost[:] = 0.0
        levels = np.log(task.lengths())
        rates = np.empty((batches, len(states), k))
        for batch in range(batches):
            task.exponents[:] = 0.0
            task.advance(length)
            after = np.log(task.lengths())
            rates[batch] = ((task.exponents * np.log(2.0) + (after - levels)) / length).T
            levels = after
    return Spectra(
        rates=rates,
        lost=np.ascontiguousarray(task.lost.T).astype(np.int64),
        states=task.final_states(),
    )


def lanes_of(code: TangentCode, k: int, n: int, host: Processor) -> int:
    """Return how many orbits advance together: one for a single orbit, a register for few."""
    if n == 1:
        return 1
    lanes, entries = code.lanes(host), (1 + k) * code.dimension
    while lanes > host.width and entries * (lanes // host.width) > _MOST_ENTRIES * host.registers:
        lanes //= 2
    return min(lanes, host.width) if n <= host.width else lanes


@lru_cache(maxsize=64)
def _program(code: TangentCode, k: int, lanes: int, fused: bool) -> Any:
    """Return the compiled driver of a map."""
    module = Module(lanes=lanes, fused=fused)
    write_spectrum(module, code, k)
    return Program(module).function("spectrum", 1)


class _Task:
    """Orbits with their tangents, in the memory of the machine code."""

    def __init__(
        self, kernel: Kernel, states: Rows, frame: NDArray[np.float64], *, fused: bool
    ) -> None:
        code, host = kernel.tangent_code, processor()
        assert code is not None
        assert host is not None
        self.n, d = states.shape
        self._d, self._k = d, frame.shape[1]
        self._lanes = lanes_of(code, self._k, self.n, host)
        self._function = _program(code, self._k, self._lanes, fused)
        self._work = code.work * self._k
        stride = -(-max(self.n, 1) // self._lanes) * self._lanes
        # Lanes without a row hold zeros.
        self._states = np.zeros((d, stride))
        self._states[:, : self.n] = states.T
        self._frames = np.repeat(frame.T.reshape(-1, 1), stride, axis=1).astype(np.float64)
        self._exponents, self._lost = (np.zeros((self._k, stride)) for _ in range(2))
        self.exponents, self.lost = self._exponents[:, : self.n], self._lost[:, : self.n]
        self._memory = {
            SpectrumSlot.PARAMETERS: np.ascontiguousarray(kernel.parameters, dtype=np.float64),
            SpectrumSlot.STATES: self._states,
            SpectrumSlot.FRAMES: self._frames,
            SpectrumSlot.EXPONENTS: self._exponents,
            SpectrumSlot.LOST: self._lost,
        }
        self._slots = np.zeros(len(SpectrumSlot), dtype=np.int64)
        self._slots[SpectrumSlot.STRIDE] = stride
        for slot, array in self._memory.items():
            self._slots[slot] = array.ctypes.data

    def advance(self, steps: int) -> None:
        """Take every row `steps` steps further; Python's signals are answered in between."""
        # Stretches of whole blocks: where they are cut makes no difference then.
        block = steps_between(self._k)
        most = max(1, int(_STRETCH / (self._work * self._lanes * block))) * block
        rows = max(1, int(_STRETCH / (self._work * min(most, max(steps, 1)) * self._lanes)))
        for first in range(0, self.n, rows * self._lanes):
            self._slots[SpectrumSlot.FIRST] = first
            self._slots[SpectrumSlot.LAST] = min(first + rows * self._lanes, self.n)
            for done in range(0, steps, most):
                self._slots[SpectrumSlot.STEPS] = min(most, steps - done)
                self._function(self._slots.ctypes.data)

    def lengths(self) -> Numbers:
        """Return the lengths of the tangents, shape (k, n)."""
        entries = self._frames[:, : self.n].reshape(self._k, self._d, self.n)
        total = np.zeros((self._k, self.n))
        for i in range(self._d):
            total = entries[:, i] * entries[:, i] + total
        return np.sqrt(total)

    def final_states(self) -> Rows:
        """Return where the orbits are, shape (n, d)."""
        return np.ascontiguousarray(self._states[:, : self.n].T)

"""Where are many states after so many steps, and what did they pass on the way?"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arithmetic import Arithmetic, usable
from .kernel import Kernel, TapeKernel
from .machine.compiler import Program
from .machine.cpu import processor
from .machine.orbit_code import OrbitSlot, write_orbit
from .machine.step_code import StepCode
from .machine.writer import Module

__all__ = ["iterate", "orbit"]

Rows = NDArray[np.float64]

_STRETCH = 2e8  # operations before Python looks at its signals: a few hundredths of a second


def iterate(
    kernel: Kernel, states: Rows, steps: int, *, arithmetic: Arithmetic = Arithmetic.FUSED
) -> Rows:
    """Return every row of `states` after `steps` steps.

    Parameters
    ----------
    kernel : Kernel
    states : ndarray, shape (n, d)
        Not changed. Numbers that are not finite are iterated like others.
    steps : int
        At least 0.
    arithmetic : Arithmetic
        Machine code falls back to NUMPY where it cannot be made.

    Returns
    -------
    ndarray, shape (n, d)

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import SymbolicMap
    >>> x = sp.Symbol("x")
    >>> iterate(SymbolicMap([2 * x], [x]).kernel(), np.array([[1.0], [3.0]]), 10).tolist()
    [[1024.0], [3072.0]]
    """
    if usable(kernel, arithmetic) is Arithmetic.NUMPY:
        return _by_numpy(kernel, states, steps, None)
    return _by_machine(kernel, states, steps, arithmetic, None)


def orbit(
    kernel: Kernel, states: Rows, steps: int, *, arithmetic: Arithmetic = Arithmetic.FUSED
) -> NDArray[np.float64]:
    """Return every row of `states` and its images after 1, 2, …, `steps` steps.

    Parameters
    ----------
    kernel, states, steps, arithmetic
        As in `iterate`.

    Returns
    -------
    ndarray, shape (steps + 1, n, d)
        Takes 8 (steps + 1) n d bytes, n rounded up to a multiple of the lanes where it is above 1.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd import SymbolicMap
    >>> x = sp.Symbol("x")
    >>> orbit(SymbolicMap([2 * x], [x]).kernel(), np.array([[1.0], [3.0]]), 2)[:, :, 0].tolist()
    [[1.0, 3.0], [2.0, 6.0], [4.0, 12.0]]
    """
    n, d = states.shape
    if usable(kernel, arithmetic) is Arithmetic.NUMPY:
        passed = np.empty((steps + 1, d, n))
        _by_numpy(kernel, states, steps, passed)
    else:
        lanes = _lanes(kernel, n)
        passed = np.empty((steps + 1, d, -(-n // lanes) * lanes))
        _by_machine(kernel, states, steps, arithmetic, passed)
    passed[0, :, :n] = states.T
    return passed[:, :, :n].transpose(0, 2, 1)


def _by_numpy(kernel: Kernel, states: Rows, steps: int, passed: NDArray[np.float64] | None) -> Rows:
    # Straight-line code wants each coordinate contiguous, plain row functions each row.
    columns = isinstance(kernel, TapeKernel)
    now = np.array(states, dtype=np.float64, order="F" if columns else "C")
    with np.errstate(all="ignore"):
        for t in range(steps if now.size else 0):
            now = kernel.step(now)[0]
            if passed is not None:
                passed[t + 1] = now.T
    return np.ascontiguousarray(now)


def _lanes(kernel: Kernel, n: int) -> int:
    """Return one lane for a single row, and no more than a register for few."""
    host, code = processor(), kernel.code
    assert host is not None
    assert code is not None
    full = code.lanes(host)
    return 1 if n == 1 else min(full, host.width) if n <= host.width else full


@lru_cache(maxsize=64)
def _program(code: StepCode, lanes: int, fused: bool) -> Any:
    """Return the compiled driver of a map."""
    module = Module(lanes=lanes, fused=fused)
    write_orbit(module, code)
    return Program(module).function("orbit", 1)


def _by_machine(
    kernel: Kernel,
    states: Rows,
    steps: int,
    arithmetic: Arithmetic,
    passed: NDArray[np.float64] | None,
) -> Rows:
    (n, d), code = states.shape, kernel.code
    if not n or not steps:
        return np.array(states, dtype=np.float64)
    assert code is not None
    lanes = _lanes(kernel, n)
    function = _program(code, lanes, usable(kernel, arithmetic) is Arithmetic.FUSED)
    stride = -(-n // lanes) * lanes
    memory = np.zeros((d, stride))  # lanes without a row hold zeros
    memory[:, :n] = states.T
    parameters = np.ascontiguousarray(kernel.parameters, dtype=np.float64)
    slots = np.zeros(len(OrbitSlot), dtype=np.int64)
    slots[OrbitSlot.STRIDE] = stride
    slots[OrbitSlot.PARAMETERS] = parameters.ctypes.data
    slots[OrbitSlot.STATES] = memory.ctypes.data
    # Short stretches, so that Python's signals are answered in between.
    most = max(1, min(steps, int(_STRETCH / (code.work * lanes))))
    rows = max(1, int(_STRETCH / (code.work * most * lanes))) * lanes
    for done in range(0, steps, most):
        slots[OrbitSlot.STEPS] = min(most, steps - done)
        if passed is not None:
            slots[OrbitSlot.PASSED] = passed[done + 1 :].ctypes.data
        for first in range(0, n, rows):
            slots[OrbitSlot.FIRST], slots[OrbitSlot.LAST] = first, min(first + rows, n)
            function(slots.ctypes.data)
    return np.ascontiguousarray(memory[:, :n].T)

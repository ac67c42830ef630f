"""Functions on boxes: compiled, or in ball arithmetic where they cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InvalidInput
from ..machine.cpu import Processor, processor
from ..machine.writer import Module
from ..tape import Tape
from .printer import BATCH, has_machine_code, write_batch

__all__ = ["IntervalFunction", "interval_function", "interval_module"]

Bounds = NDArray[np.float64]

_VECTORS = 1  # registers that one bound spans; the bounds of an interval are independent already

_ONE, _ULP, _SMALLEST_NORMAL = 1.0, 2.0**-52, 2.0**-1022  # names, so that Python computes below


@dataclass(frozen=True, eq=False)
class IntervalFunction:
    """A function on boxes: its answer contains every value on the box.

    Where the function is not defined somewhere in the box (a divisor that may be 0, the root or
    the logarithm of what may be negative), the answer is the whole line. Bounds are never NaN.
    Functions with jumps are enclosed as well; ask ``tape.analytic`` before concluding anything
    from continuity.

    Parameters
    ----------
    tape : Tape
    machine : bool
        Whether it was compiled; otherwise ball arithmetic answers: as right, slower and wider.
    lanes : int
        How many boxes are evaluated together.
    address : int or None
        Where the compiled code begins, for drivers in machine code: a function of ten 64-bit
        arguments ``(lower, upper, stride, lower_out, upper_out, stride_out, parameter_lower,
        parameter_upper, parameter_stride, n)`` with n a multiple of `lanes`. Pointers are to
        doubles; bound i of box j is at ``[i * stride + j]``; parameter i is at ``[i]`` for all
        boxes when ``parameter_stride`` is 0, and at ``[i * parameter_stride + j]`` for box j
        otherwise. The code lives as long as this object.
    """

    tape: Tape
    machine: bool
    lanes: int
    address: int | None
    _batch: Callable[..., None] = field(repr=False)

    def __call__(
        self,
        lower: ArrayLike,
        upper: ArrayLike,
        parameter_lower: ArrayLike = (),
        parameter_upper: ArrayLike = (),
    ) -> tuple[Bounds, Bounds]:
        """Return bounds of the outputs on n boxes.

        Parameters
        ----------
        lower, upper : array_like, shape (d, n)
            Bounds that are NaN, or in the wrong order, stand for the whole line.
        parameter_lower, parameter_upper : array_like, shape (k,) or (k, n)
            Intervals too: see `enclosing` for numbers that are not doubles.

        Returns
        -------
        lower, upper : ndarray, shape (m, n)

        Raises
        ------
        RuntimeError
            Where something has changed how this thread rounds: no bound would hold then.
        """
        if not rounds_as_proved():
            raise RuntimeError(
                "this thread flushes subnormal numbers to zero or does not round to nearest; "
                "some library changed that (often one linked with -ffast-math): load it in "
                "another process"
            )
        low, high = _pair("lower", lower, upper, len(self.tape.inputs))
        if low.ndim != 2:
            raise InvalidInput("lower", low.shape, "an array of shape (d, n)")
        n = low.shape[1]
        below, above = _pair(
            "parameter_lower", parameter_lower, parameter_upper, len(self.tape.parameters)
        )
        if below.ndim == 2 and below.shape[1] != n:
            raise InvalidInput("parameter_lower", below.shape, f"shape (k,) or (k, {n})")
        padded = -(-n // self.lanes) * self.lanes
        if padded != n:
            low, high = _padded(low, padded), _padded(high, padded)
            if below.ndim == 2:
                below, above = _padded(below, padded), _padded(above, padded)
        out = np.empty((2, len(self.tape.outputs), padded))
        if n:
            self._batch(low, high, below, above, out[0], out[1])
        return out[0, :, :n], out[1, :, :n]


@lru_cache(maxsize=256)
def interval_function(tape: Tape) -> IntervalFunction:
    """Return the function on boxes that a tape stands for.

    Every operation rounds its bounds outwards, nothing is contracted, and numbers that are not
    doubles enter as intervals.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd.engine.intervals import enclosing
    >>> from dynsys_gd.engine.tape import lower
    >>> x, a = sp.symbols("x a")
    >>> f = interval_function(lower([a * x**2], [x], [a]))
    >>> low, high = f([[-1.0]], [[2.0]], *[[bound] for bound in enclosing(sp.Rational(1, 2))])
    >>> bool(-1e-300 < low[0, 0] <= 0), bool(2 <= high[0, 0] < 2 + 1e-14)
    (True, True)
    """
    host = processor()
    if host is None or not has_machine_code(tape):
        from .balls import ball_batch

        return IntervalFunction(tape, False, 1, None, ball_batch(tape))
    from ..machine.compiler import Program

    module = interval_module(tape, host)
    program = Program(module)
    code = program.function(BATCH, 10)

    def batch(
        lower: Bounds,
        upper: Bounds,
        parameter_lower: Bounds,
        parameter_upper: Bounds,
        lower_out: Bounds,
        upper_out: Bounds,
    ) -> None:
        n = lower.shape[1]
        code(
            *(lower.ctypes.data, upper.ctypes.data, n),
            *(lower_out.ctypes.data, upper_out.ctypes.data, n),
            *(parameter_lower.ctypes.data, parameter_upper.ctypes.data),
            n if parameter_lower.ndim == 2 else 0,
            n,
        )

    return IntervalFunction(tape, True, module.lanes, program.address(BATCH), batch)


def rounds_as_proved() -> bool:
    """Return whether this thread rounds to nearest and keeps subnormal numbers."""
    nearest = _ONE + 0.375 * _ULP == _ONE and _ONE + 0.75 * _ULP > _ONE
    mirrored = -_ONE - 0.375 * _ULP == -_ONE
    return nearest and mirrored and 0.5 * _SMALLEST_NORMAL > 0


def interval_module(tape: Tape, host: Processor) -> Module:
    """Return the module of a tape, not compiled yet."""
    module = Module(lanes=host.width * _VECTORS, fused=False)
    write_batch(module, tape)
    return module


def _pair(argument: str, lower: ArrayLike, upper: ArrayLike, rows: int) -> tuple[Bounds, Bounds]:
    low, high = (np.ascontiguousarray(bound, dtype=float) for bound in (lower, upper))
    if low.shape != high.shape or low.ndim not in (1, 2) or low.shape[0] != rows:
        raise InvalidInput(argument, (low.shape, high.shape), f"two equal shapes of {rows} rows")
    return low, high


def _padded(bounds: Bounds, width: int) -> Bounds:
    wide = np.zeros((bounds.shape[0], width))
    wide[:, : bounds.shape[1]] = bounds
    return wide

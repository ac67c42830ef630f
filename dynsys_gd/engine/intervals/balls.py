"""Straight-line code on boxes in ball arithmetic: slow, and right wherever python-flint runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from ..ball_printer import ball_function
from ..tape import Tape
from .enclosing import outward

__all__ = ["ball_batch"]

Bounds = NDArray[np.float64]
_PRECISION = 64


def ball_batch(tape: Tape) -> Callable[..., None]:
    """Return a function (lower, upper, parameter bounds, and where the results go), box by box."""
    function = ball_function(tape)

    def batch(
        lower: Bounds,
        upper: Bounds,
        parameter_lower: Bounds,
        parameter_upper: Bounds,
        lower_out: Bounds,
        upper_out: Bounds,
    ) -> None:
        precision = flint.ctx.prec
        flint.ctx.prec = _PRECISION
        try:
            for j in range(lower.shape[1]):
                box = _balls(lower[:, j], upper[:, j])
                columns = (
                    b if b.ndim == 1 else b[:, j] for b in (parameter_lower, parameter_upper)
                )
                for i, value in enumerate(function(box, _balls(*columns))):
                    lower_out[i, j], upper_out[i, j] = outward(value)
        finally:
            flint.ctx.prec = precision

    return batch


def _balls(lower: Bounds, upper: Bounds) -> list[Any]:
    return [_ball(float(a), float(b)) for a, b in zip(lower, upper, strict=True)]


def _ball(lower: float, upper: float) -> flint.arb:
    if not (lower <= upper) or math.isinf(lower) or math.isinf(upper):
        return flint.arb(0, math.inf)
    return flint.arb(lower).union(flint.arb(upper))

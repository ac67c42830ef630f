"""Bounds of single operations against python-flint: are they right, and how tight are they?

Run as a script for millions of inputs: ``python tests/reference/interval_check.py 1000000``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import flint
import numpy as np
from numpy.typing import NDArray

from dynsys_gd.engine.ball_printer import ball_function
from dynsys_gd.engine.intervals import interval_function
from dynsys_gd.engine.intervals.enclosing import outward
from dynsys_gd.engine.operations import Op
from dynsys_gd.engine.tape import Instruction, Tape

Bounds = NDArray[np.float64]

PRECISION = 256
SPECIAL = np.array(
    [
        *(0.0, 1.0, 0.5, 2.0, 3.0, 1 / 3, 0.1, math.pi, math.e, 10.0, 709.78, 745.2, 1e8, 1e16),
        *(math.pi / 2, math.pi / 4, 1 + 2**-52, 1 - 2**-53, math.sqrt(0.5), 1.6e6, 1.7e6),
        *(5e-324, 1e-323, 2.0**-1022, 2.0**-1021, 2.0**-1023, 2.0**-969, 2.0**-538, 2.0**-537),
        *(1e-300, 1e-160, 1e-154, 1e-20, 1e-8, 1e154, 1.4e154, 1e300, sys.float_info.max),
        *(2.0**512, 2.0**1023, math.inf, math.log(2), math.log(2) / 2, 710.0, 22.0, 36.7, 1e-5),
    ]
)


def single(op: Op, payload: int | None = None) -> Tape:
    """Return the tape of one operation on one or two inputs; comparisons choose between them."""
    arity = 2 if op in _BINARY else 1
    code = [Instruction(Op.INPUT, (), i) for i in range(arity)]
    arguments = tuple(range(arity))
    code.append(Instruction(op, arguments, payload))
    if op in (Op.LESS, Op.LESS_EQUAL, Op.EQUAL):
        code.append(Instruction(Op.SELECT, (2, 0, 1)))
    names = tuple("xy"[:arity])
    return Tape(inputs=names, parameters=(), code=tuple(code), outputs=(len(code) - 1,))


_BINARY = {
    *(Op.ADD, Op.MUL, Op.DIV, Op.MIN, Op.MAX, Op.REAL_POWER, Op.LESS, Op.LESS_EQUAL, Op.EQUAL)
}


def bounds(rng: np.random.Generator, shape: tuple[int, ...]) -> Bounds:
    """Return doubles of every kind: ordinary, of all magnitudes, and the ones that break things."""
    kind = rng.integers(0, 5, shape)
    ordinary = rng.uniform(-4, 4, shape)
    wide = rng.uniform(-800, 800, shape)
    patterns = rng.integers(-(2**63), 2**63 - 1, shape, dtype=np.int64).view(np.float64)
    patterns = np.where(np.isnan(patterns), 1.0, patterns)
    powers = rng.choice([-1.0, 1.0], shape) * 10 ** rng.uniform(-12, 12, shape)
    special = rng.choice([-1.0, 1.0], shape) * rng.choice(SPECIAL, shape)
    return np.choose(kind, [ordinary, wide, patterns, powers, special])


def boxes(rng: np.random.Generator, d: int, n: int) -> tuple[Bounds, Bounds]:
    """Return n boxes: wide ones, thin ones, points, and ones from neighbouring doubles."""
    one, two = bounds(rng, (d, n)), bounds(rng, (d, n))
    with np.errstate(all="ignore"):
        near = one + np.abs(one) * 10 ** rng.uniform(-16, 0, (d, n))
        next_one = np.nextafter(one, np.inf)
    kind = rng.integers(0, 4, (d, n))
    other = np.choose(kind, [two, one, near, next_one])
    other = np.where(np.isnan(other), one, other)
    return np.minimum(one, other), np.maximum(one, other)


@dataclass
class Report:
    """What was found: boxes and values looked at, failures, and the largest excess in ulps."""

    boxes: int = 0
    values: int = 0
    whole: int = 0
    excess: float = 0.0
    failures: list[str] | None = None


def check(tape: Tape, lower: Bounds, upper: Bounds, rng: np.random.Generator) -> Report:
    """Compare one compiled evaluation on n boxes with exact values at points of each."""
    function = interval_function(tape)
    low, high = function(lower, upper)
    exact = ball_function(tape)
    report = Report(failures=[])
    flint.ctx.prec = PRECISION
    try:
        for j in range(lower.shape[1]):
            _check_box(report, exact, lower[:, j], upper[:, j], low[0, j], high[0, j], rng)
    finally:
        flint.ctx.prec = 53
    return report


def _check_box(report, exact, lower, upper, low, high, rng) -> None:  # noqa: ANN001
    report.boxes += 1
    report.whole += bool(np.isinf(low) and np.isinf(high))
    if not (low <= high) or low == np.inf or high == -np.inf:
        report.failures.append(f"{lower} {upper}: not an interval: [{low}, {high}]")
        return
    for point in _points(lower, upper, rng):
        value = exact([float(v) for v in point], [])[0]
        report.values += 1
        if not value.is_finite():
            if not _too_large(value, low, high):
                report.failures.append(f"{point} undefined, but [{low}, {high}]")
            continue
        least, most = outward(value)
        if not (low <= most and least <= high and low <= least and most <= high) and (
            value < flint.arb(low) or value > flint.arb(high)
        ):
            report.failures.append(f"[{lower}, {upper}] at {point}: {value} outside [{low}, {high}]")


def _too_large(value: flint.arb, low: float, high: float) -> bool:
    return bool(np.isinf(low) and np.isinf(high))


def _points(lower: Bounds, upper: Bounds, rng: np.random.Generator) -> Sequence[Bounds]:
    """Return corners and points inside, none infinite."""
    limit = sys.float_info.max
    low, high = np.clip(lower, -limit, limit), np.clip(upper, -limit, limit)
    corners = [np.array(c) for c in zip(*_corners(low, high), strict=True)]
    inside = [low + 0 * high]
    with np.errstate(all="ignore"):
        middle = low / 2 + high / 2
        part = low + rng.uniform(0, 1, len(low)) * (high - low)
    for candidate in (middle, part, np.zeros_like(low)):
        if np.all((low <= candidate) & (candidate <= high)):
            inside.append(candidate)
    return [*corners, *inside]


def _corners(low: Bounds, high: Bounds) -> list[list[float]]:
    if len(low) == 1:
        return [[low[0], high[0]]]
    return [[low[0], low[0], high[0], high[0]], [low[1], high[1], low[1], high[1]]]

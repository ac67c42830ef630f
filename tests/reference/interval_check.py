"""Bounds of single operations against exact values from python-flint.

Run as a script for millions of inputs: ``python tests/reference/interval_check.py 20000 1``
(boxes for each operation, and a seed).
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from dynsys_gd.engine.ball_printer import ball_function
from dynsys_gd.engine.intervals import IntervalFunction, interval_function
from dynsys_gd.engine.operations import Op
from dynsys_gd.engine.tape import Instruction, Tape

Bounds = NDArray[np.float64]

PRECISION = 256
LARGEST = sys.float_info.max
SPECIAL = np.array(
    [
        *(0.0, 1.0, 0.5, 2.0, 3.0, 1 / 3, 0.1, math.pi, math.e, 10.0, 709.78, 745.2, 1e8, 1e16),
        *(math.pi / 2, math.pi / 4, 1 + 2**-52, 1 - 2**-53, math.sqrt(0.5), 1.6e6, 1.7e6, 2.0**20),
        *(5e-324, 1e-323, 2.0**-1022, 2.0**-1021, 2.0**-1023, 2.0**-969, 2.0**-538, 2.0**-537),
        *(1e-300, 1e-160, 1e-154, 1e-20, 1e-8, 1e-5, 1e154, 1.4e154, 1e300, LARGEST, math.inf),
        *(2.0**512, 2.0**1023, math.log(2), math.log(2) / 2, 710.0, 710.4, 22.0, 36.7, 0.8, 0.75),
        *(0.414, 2.414, math.log(LARGEST), 745.13, 746.0, 712.0, 100 * math.pi, 12345 * math.pi),
    ]
)

_BINARY = {
    *(Op.ADD, Op.MUL, Op.DIV, Op.MIN, Op.MAX, Op.REAL_POWER, Op.LESS, Op.LESS_EQUAL, Op.EQUAL)
}
ALGEBRAIC = [
    *((op, None) for op in (Op.ADD, Op.MUL, Op.DIV, Op.NEG, Op.SQRT, Op.ABS, Op.MIN, Op.MAX)),
    *((op, None) for op in (Op.SIGN, Op.STEP, Op.LESS, Op.LESS_EQUAL, Op.EQUAL)),
    *((Op.INTEGER_POWER, n) for n in (1, 2, 3, 4, 5, 6, 7, 12)),
]
ELEMENTARY = [
    *((op, None) for op in (Op.EXP, Op.LOG, Op.SIN, Op.COS, Op.TAN, Op.SINH, Op.COSH, Op.TANH)),
    *((op, None) for op in (Op.ATAN, Op.SIGMOID, Op.SOFTPLUS, Op.LOGCOSH, Op.REAL_POWER)),
]


def single(op: Op, payload: int | None = None) -> Tape:
    """Return the tape of one operation on one or two inputs; comparisons choose between them."""
    arity = 2 if op in _BINARY else 1
    code = [Instruction(Op.INPUT, (), i) for i in range(arity)]
    code.append(Instruction(op, tuple(range(arity)), payload))
    if op in (Op.LESS, Op.LESS_EQUAL, Op.EQUAL):
        code.append(Instruction(Op.SELECT, (2, 0, 1)))
    names = tuple("xy"[:arity])
    return Tape(inputs=names, parameters=(), code=tuple(code), outputs=(len(code) - 1,))


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
    """Return n boxes: wide ones, thin ones, points, and ones between neighbouring doubles."""
    one, two = bounds(rng, (d, n)), bounds(rng, (d, n))
    with np.errstate(all="ignore"):
        near = one + np.abs(one) * 10 ** rng.uniform(-16, 0, (d, n))
        other = np.choose(rng.integers(0, 4, (d, n)), [two, one, near, np.nextafter(one, np.inf)])
    other = np.where(np.isnan(other), one, other)
    return np.minimum(one, other), np.maximum(one, other)


@dataclass
class Report:
    """How many boxes and values were looked at, and what was wrong."""

    boxes: int = 0
    values: int = 0
    failures: list[str] = field(default_factory=list)


def check(
    tape: Tape,
    lower: Bounds,
    upper: Bounds,
    rng: np.random.Generator,
    function: IntervalFunction | None = None,
) -> Report:
    """Compare the enclosures of n boxes with exact values at corners and points of each."""
    low, high = (function or interval_function(tape))(lower, upper)
    exact = ball_function(tape)
    # python-flint answers NaN, not infinity, for hyperbolic functions of very large numbers.
    hyperbolic = any(instruction.op in (Op.SINH, Op.COSH) for instruction in tape.code)
    farthest = 1e9 if hyperbolic else math.inf
    report = Report()
    precision, flint.ctx.prec = flint.ctx.prec, PRECISION
    try:
        for j in range(lower.shape[1]):
            report.boxes += 1
            for point in points(lower[:, j], upper[:, j], rng):
                if max(map(abs, point)) > farthest:
                    continue
                values = exact(point, [])
                report.values += len(values)
                for value, a, b in zip(values, low[:, j], high[:, j], strict=True):
                    wrong = problem(value, float(a), float(b))
                    if wrong:
                        report.failures.append(
                            f"[{lower[:, j]}, {upper[:, j]}] at {point}: {wrong}, got [{a}, {b}]"
                        )
    finally:
        flint.ctx.prec = precision
    return report


def problem(value: Any, low: float, high: float) -> str:
    """Return what is wrong with bounds of an exact value, or nothing."""
    if not (low <= high) or low == math.inf or high == -math.inf:
        return "not an interval"
    if value.is_nan():
        whole = low == -math.inf and high == math.inf
        return "" if whole else "undefined, so the whole line is due"
    if not value.is_finite():  # beyond what python-flint represents: only the size is known
        return "" if math.isinf(low) or math.isinf(high) else "too large"
    outside = value < flint.arb(low) or value > flint.arb(high)
    return f"the value {value} is outside" if outside else ""


def points(lower: Bounds, upper: Bounds, rng: np.random.Generator) -> Iterator[Sequence[float]]:
    """Return the corners of a box and some points inside, none of them infinite."""
    low, high = np.clip(lower, -LARGEST, LARGEST), np.clip(upper, -LARGEST, LARGEST)
    yield from itertools.product(*([float(a), float(b)] for a, b in zip(low, high, strict=True)))
    with np.errstate(all="ignore"):
        part = low + rng.uniform(0, 1, len(low)) * (high - low)
    for candidate in (low / 2 + high / 2, part, np.zeros_like(low)):
        if np.all((low <= candidate) & (candidate <= high)):
            yield [float(v) for v in candidate]


def main(n: int, seed: int) -> None:
    """Check every operation on n boxes and print what came of it."""
    rng = np.random.default_rng(seed)
    total, failures = 0, 0
    for op, payload in [*ALGEBRAIC, *ELEMENTARY]:
        tape = single(op, payload)
        report = check(tape, *boxes(rng, len(tape.inputs), n), rng)
        total, failures = total + report.values, failures + len(report.failures)
        print(
            op.value, payload or "", report.boxes, report.values, len(report.failures), flush=True
        )
        for failure in report.failures[:3]:
            print("   ", failure)
    print(f"{total} values, {failures} failures")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

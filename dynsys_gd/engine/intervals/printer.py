"""Straight-line code on intervals as machine code: every instruction an enclosure of its values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..machine.writer import Function, Module
from ..operations import Op
from ..tape import Tape
from . import arithmetic, elementary
from .enclosing import enclosing
from .rounding import Condition, Interval, whole_line

__all__ = ["BATCH", "has_machine_code", "write_batch", "write_interval_tape"]

BATCH = "interval_batch"
_ARRAYS = ["lower", "upper", "stride", "lower_out", "upper_out", "stride_out"]
_PARAMETERS = ["parameter_lower", "parameter_upper", "parameter_stride"]


def has_machine_code(tape: Tape) -> bool:
    """Return whether each operation of a tape has an enclosure on lanes."""
    written = {*_RULES, Op.INPUT, Op.PARAMETER, Op.CONSTANT, Op.INTEGER_POWER}
    return all(instruction.op in written for instruction in tape.code)


def write_batch(module: Module, tape: Tape) -> None:
    """Define the exported function that evaluates a tape on n boxes, n a multiple of the lanes."""
    lanes, k = module.lanes, len(tape.parameters)
    kinds = [("i64" if "stride" in name else "ptr", name) for name in (*_ARRAYS, *_PARAMETERS)]
    f = module.function(BATCH, [*kinds, ("i64", "n")], exported=True)
    shared = f.value("icmp eq i64 %parameter_stride, 0")
    tiles = [f.room(f"[{max(1, k) * lanes} x double]") for _ in range(2)]
    with f.when(shared):
        for name, tile in zip(_PARAMETERS, tiles, strict=False):
            for i in range(k):
                number = f.load(f.offset(f"%{name}", i), kind="double")
                f.store(f.broadcast(number), f.offset(tile, i * lanes))
    step = f.value(f"select i1 {shared}, i64 {lanes}, i64 %parameter_stride")

    def row(pointer: str, index: int, stride: str) -> str:
        return f.offset(pointer, f.value(f"mul i64 {stride}, {index}"))

    def interval(lower: str, upper: str, index: int, stride: str) -> Interval:
        low, high = (f.load(row(pointer, index, stride)) for pointer in (lower, upper))
        return arithmetic.from_bounds(f, low, high)

    with f.loop("%n", step=str(lanes)) as first:
        here = {name: f.offset(f"%{name}", first) for name in (*_ARRAYS, *_PARAMETERS)
                if "stride" not in name}  # fmt: skip
        low, high = (
            f.value(f"select i1 {shared}, ptr {tile}, ptr {here[name]}")
            for name, tile in zip(_PARAMETERS, tiles, strict=False)
        )
        inputs = [
            interval(here["lower"], here["upper"], i, "%stride") for i in range(len(tape.inputs))
        ]
        parameters = [interval(low, high, i, step) for i in range(k)]
        for i, value in enumerate(write_interval_tape(f, tape, inputs, parameters)):
            f.store(value.lower, row(here["lower_out"], i, "%stride_out"))
            f.store(value.upper, row(here["upper_out"], i, "%stride_out"))
    f.give()


def write_interval_tape(
    f: Function, tape: Tape, inputs: Sequence[Interval], parameters: Sequence[Interval]
) -> list[Interval]:
    """Write a tape into `f`, whose module must not be fused; return its outputs.

    For drivers that keep boxes in registers. Inputs come from `arithmetic.from_bounds`.
    """
    values: list[Any] = []
    payload: Any
    for op, arguments, payload in tape.code:
        if op is Op.INPUT:
            values.append(inputs[payload])
        elif op is Op.PARAMETER:
            values.append(parameters[payload])
        elif op is Op.CONSTANT:
            values.append(arithmetic.constant(f, *enclosing(payload)))
        else:
            operands = [values[place] for place in arguments]
            if op is Op.INTEGER_POWER:
                result = arithmetic.power(f, operands[0], payload)
            elif op is Op.MUL and arguments[0] == arguments[1]:
                result = arithmetic.power(f, operands[0], 2)
            else:
                result = _RULES[op](f, *operands)
            values.append(result._replace(undefined=_undefined(f, op, operands, result)))
    outputs: list[Interval] = [values[place] for place in tape.outputs]
    return [v if v.undefined is None else whole_line(f, v.undefined, v) for v in outputs]


def _undefined(
    f: Function, op: Op, operands: Sequence[Interval | Condition], result: Interval | Condition
) -> str | None:
    """Return the mask of lanes where the result, or what it is made of, is not always defined."""
    masks = [operand.undefined for operand in operands]
    if op is Op.SELECT:  # a branch that is surely not taken may be what it likes
        condition: Any = operands[0]
        reached = (condition.possibly, f.flipped(condition.surely))
        for i, where in enumerate(reached, start=1):
            mask = masks[i]
            masks[i] = None if mask is None else f.both(mask, where)
    total = None
    for mask in (*masks, result.undefined):
        if mask is not None:
            total = mask if total is None else f.either(total, mask)
    return total


def _both(f: Function, a: Condition, b: Condition) -> Condition:
    return Condition(f.both(a.surely, b.surely), f.both(a.possibly, b.possibly))


def _either(f: Function, a: Condition, b: Condition) -> Condition:
    return Condition(f.either(a.surely, b.surely), f.either(a.possibly, b.possibly))


def _not(f: Function, a: Condition) -> Condition:
    return Condition(f.flipped(a.possibly), f.flipped(a.surely))


_RULES: dict[Op, Any] = {
    Op.ADD: arithmetic.add,
    Op.MUL: arithmetic.multiply,
    Op.NEG: arithmetic.negate,
    Op.DIV: arithmetic.divide,
    Op.SQRT: arithmetic.root,
    Op.ABS: arithmetic.absolute,
    Op.MIN: arithmetic.smaller,
    Op.MAX: arithmetic.larger,
    Op.SIGN: arithmetic.sign,
    Op.STEP: arithmetic.step,
    Op.LESS: arithmetic.less,
    Op.LESS_EQUAL: arithmetic.less_equal,
    Op.EQUAL: arithmetic.equal,
    Op.NOT: _not,
    Op.AND: _both,
    Op.OR: _either,
    Op.SELECT: arithmetic.select,
    **elementary.RULES,
}

"""Straight-line code as machine code: the same operations as the other printers, on lanes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..operations import Op
from ..tape import Instruction, Tape
from .cpu import Processor, processor
from .elementary import elementary
from .step_code import StepCode
from .writer import Function, Module

__all__ = ["TapeStep", "write_tape"]

_MOST_VECTORS = 8
_SPILL = 2.3  # values alive may exceed the registers by this before fewer lanes are better
_STATE = 1.5  # the same for the coordinates of a state, which live longer than other values
_SHORT_CHAIN, _LONG_CHAIN = 20, 35  # work of the dearest operation, as below
_MOST_WORK = 1200  # register-wide operations in one function: beyond, compiling takes too long


@dataclass(frozen=True)
class TapeStep(StepCode):
    """The map whose images, then residuals, are the outputs of a tape."""

    tape: Tape

    @property
    def dimension(self) -> int:
        return len(self.tape.inputs)

    @property
    def residuals(self) -> int:
        return len(self.tape.outputs) - self.dimension

    @cached_property
    def work(self) -> int:
        needed = live_instructions(self.tape, self.tape.outputs[: self.dimension])
        return 1 + sum(_WORK.get(self.tape.code[place].op, 1) for place in needed)

    def lanes(self, host: Processor) -> int:
        vectors = _MOST_VECTORS
        while vectors > 1 and (
            vectors * self.dimension > _STATE * host.registers or vectors * self.work > _MOST_WORK
        ):
            vectors //= 2
        return host.width * vectors

    def write(self, module: Module) -> None:
        d, width = self.dimension, min(module.lanes, _part(self.tape))
        align = min(64, 8 * width)
        for name, residual in (("step", False), ("step_with_residual", True)):
            arguments = [("ptr", "state"), ("ptr", "image"), ("ptr", "parameters")]
            arguments[2:2] = [("ptr", "residual")] if residual else []
            f = module.narrower(module.lanes // width).function(name, arguments, inline=True)
            for first in range(0, module.lanes, width):
                places = [f.offset("%state", i * module.lanes + first) for i in range(d)]
                inputs = [f.load(place, align=align) for place in places]
                # Each by itself: what the residual needs must not change how an image is fused.
                written = {"%image": self.tape.outputs[:d]}
                written |= {"%residual": self.tape.outputs[d:]} if residual else {}
                values = {
                    tile: write_tape(f, self.tape, outputs, inputs, "%parameters")
                    for tile, outputs in written.items()
                }
                for tile, results in values.items():
                    for i, value in enumerate(results):
                        f.store(value, f.offset(tile, i * module.lanes + first), align=align)
            f.give()


def _part(tape: Tape) -> int:
    """Return how many lanes are computed side by side, one part of them after the other.

    The values of a part fit into registers, and the processor begins with the next part before it
    is through with one. The longer the chains of operations are, the wider parts should be.
    """
    host = processor()
    dearest = max(_WORK.get(instruction.op, 1) for instruction in tape.code)
    vectors = 1 if dearest < _SHORT_CHAIN else 2 if dearest < _LONG_CHAIN else 4
    return vectors * (host.width if host is not None else 2)


def vectors_in_flight(tape: Tape, outputs: Sequence[int], host: Processor) -> int:
    """Return how many registers one value should span: as many as keep the processor busy.

    Independent vectors hide the latency of arithmetic, until their values no longer fit.
    """
    needed = live_instructions(tape, outputs)
    last_use = {a: place for place in needed for a in tape.code[place].arguments}
    last_use |= dict.fromkeys(outputs, len(tape.code))
    varying = {p for p in needed if tape.code[p].op not in (Op.CONSTANT, Op.PARAMETER)}
    alive = most = 0
    ends = Counter(last_use.get(place, place) for place in varying)
    for place in needed:
        alive += place in varying
        most = max(most, alive)
        alive -= ends[place]
    work = sum(_WORK.get(tape.code[place].op, 1) for place in needed)
    vectors = _MOST_VECTORS
    while vectors > 1 and (vectors * most > _SPILL * host.registers or vectors * work > _MOST_WORK):
        vectors //= 2
    return vectors


def live_instructions(tape: Tape, outputs: Sequence[int]) -> list[int]:
    """Return the places of the instructions that the given outputs need, in order."""
    needed, waiting = set(outputs), list(outputs)
    while waiting:
        for argument in tape.code[waiting.pop()].arguments:
            if argument not in needed:
                needed.add(argument)
                waiting.append(argument)
    return sorted(needed)


def write_tape(
    f: Function, tape: Tape, outputs: Sequence[int], inputs: Sequence[str], parameters: str
) -> list[str]:
    """Write the instructions that `outputs` need into `f`; return the values of the outputs.

    A product that is used once, in a sum, is fused with it.
    """
    needed = live_instructions(tape, outputs)
    uses = Counter(argument for place in needed for argument in tape.code[place].arguments)
    uses.update(outputs)
    return _Printer(f, tape, uses, inputs, parameters).run(needed, outputs)


class _Printer:
    """One tape on its way into one function. Products wait until it is known who uses them."""

    def __init__(
        self, f: Function, tape: Tape, uses: Counter[int], inputs: Sequence[str], parameters: str
    ) -> None:
        self.f, self.tape, self.uses = f, tape, uses
        self.inputs, self.parameters = inputs, parameters
        self.values: dict[int, str] = {}
        self.products: dict[int, tuple[str, str]] = {}  # not written yet; at most one user

    def run(self, needed: Sequence[int], outputs: Sequence[int]) -> list[str]:
        for place in needed:
            self._write(place, self.tape.code[place])
        return [self.value(place) for place in outputs]

    def value(self, place: int) -> str:
        if place not in self.values:
            self.values[place] = self.f.mul(*self.products[place])
        return self.values[place]

    def _write(self, place: int, instruction: Instruction) -> None:
        op, arguments, payload = instruction
        single = self.uses[place] == 1
        if op is Op.INPUT:
            self.values[place] = self.inputs[int(payload)]  # type: ignore[arg-type]
        elif op is Op.PARAMETER:
            scalar = self.f.load(self.f.offset(self.parameters, int(payload)), kind="double")  # type: ignore[arg-type]
            self.values[place] = self.f.broadcast(scalar)
        elif op is Op.CONSTANT:
            self.values[place] = self.f.number(float(payload))  # type: ignore[arg-type]
        elif op is Op.MUL and single:
            self.products[place] = (self.value(arguments[0]), self.value(arguments[1]))
        elif op is Op.NEG and single and arguments[0] in self.products:
            left, right = self.products[arguments[0]]
            self.products[place] = (self.f.neg(left), right)
        elif op is Op.INTEGER_POWER:
            self._power(place, arguments[0], int(payload), single)  # type: ignore[arg-type]
        elif op is Op.ADD:
            self.values[place] = self._sum(*arguments)
        else:
            self.values[place] = self._plain(op, [self.value(a) for a in arguments])

    def _sum(self, left: int, right: int) -> str:
        for product, other in ((right, left), (left, right)):
            if product in self.products and product not in self.values and product != other:
                return self.f.fma(*self.products[product], self.value(other))
        return self.f.add(self.value(left), self.value(right))

    def _power(self, place: int, base: int, exponent: int, single: bool) -> None:
        x = self.value(base)
        if exponent == 1:
            self.values[place] = x
            return
        factors = _power_factors(self.f, x, exponent)
        if single:
            self.products[place] = factors
        else:
            self.values[place] = self.f.mul(*factors)

    def _plain(self, op: Op, values: list[str]) -> str:
        f = self.f
        rule = _RULES.get(op)
        if rule is not None:
            return rule(f, *values)
        return elementary(f, op, *values)


def _power_factors(f: Function, x: str, exponent: int) -> tuple[str, str]:
    """Return two factors of x**n by repeated squaring, as the other printers do it."""
    if exponent == 2:
        return x, x
    half = x if exponent // 2 == 1 else f.mul(*_power_factors(f, x, exponent // 2))
    return (f.mul(half, half), x) if exponent % 2 else (half, half)


def _sign(f: Function, u: str) -> str:
    one = f.intrinsic("copysign", f.number(1.0), u)
    moved = f.compare("une", u, f.number(0.0))
    value = f.select(moved, one, f.number(0.0))
    return f.select(f.compare("uno", u, u), u, value)


def _step(f: Function, u: str) -> str:
    above = f.select(f.compare("ogt", u, f.number(0.0)), f.number(1.0), f.number(0.0))
    value = f.select(f.compare("oeq", u, f.number(0.0)), f.number(0.5), above)
    return f.select(f.compare("uno", u, u), u, value)


def _extreme(f: Function, a: str, b: str, relation: str) -> str:
    # NaN in either operand comes through, as numpy has it.
    value = f.select(f.compare(relation, a, b), a, b)
    return f.select(f.compare("uno", a, a), a, value)


_RULES: dict[Op, Callable[..., str]] = {
    Op.ADD: Function.add,
    Op.MUL: Function.mul,
    Op.DIV: Function.div,
    Op.NEG: Function.neg,
    Op.SQRT: lambda f, a: f.intrinsic("sqrt", a),
    Op.ABS: lambda f, a: f.intrinsic("fabs", a),
    Op.SIGN: _sign,
    Op.STEP: _step,
    Op.MAX: lambda f, a, b: _extreme(f, a, b, "oge"),
    Op.MIN: lambda f, a, b: _extreme(f, a, b, "ole"),
    Op.LESS: lambda f, a, b: f.compare("olt", a, b),
    Op.LESS_EQUAL: lambda f, a, b: f.compare("ole", a, b),
    Op.EQUAL: lambda f, a, b: f.compare("oeq", a, b),
    Op.NOT: Function.flipped,
    Op.AND: Function.both,
    Op.OR: Function.either,
    Op.SELECT: Function.select,
}

#: Operations that take as long, measured.
_WORK = {
    **dict.fromkeys((Op.INPUT, Op.PARAMETER, Op.CONSTANT), 0),
    **dict.fromkeys((Op.DIV, Op.SQRT), 4),
    **dict.fromkeys((Op.SINH, Op.COSH), 38),
    **dict.fromkeys((Op.SIN, Op.COS), 55),
    Op.EXP: 23,
    Op.SIGMOID: 30,
    Op.TANH: 35,
    Op.LOG: 45,
    Op.ATAN: 45,
    Op.SOFTPLUS: 50,
    Op.ERF: 60,
    Op.TAN: 65,
    Op.LOGCOSH: 70,
    Op.REAL_POWER: 130,
}

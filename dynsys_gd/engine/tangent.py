"""How a small displacement moves along with a state: the tangent map as straight-line code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import sympy as sp

from .operations import Op
from .tape import Instruction, Tape

__all__ = ["tangent_tape"]


def tangent_tape(tape: Tape, images: int) -> Tape:
    """Return the code of a tape together with the derivative of its images in one direction.

    Parameters
    ----------
    tape : Tape
        Inputs: a state x. Outputs: `images` images, then anything else.
    images : int

    Returns
    -------
    Tape
        Inputs: x, then a direction v. Outputs: those of `tape`, then DF(x) v. The instructions of
        `tape` come first and are unchanged.

    Notes
    -----
    Forward differentiation, one instruction after the other [griewank2008evaluating]_: what was
    computed for the images is used again, an exponential with its own derivative for instance, and
    the code grows by a small factor whatever the dimension. Off a set of measure zero it is the
    derivative; at a kink of max and min it is the mean of both sides, and the jump of a step is
    left out.

    Examples
    --------
    >>> from .tape import lower
    >>> x, y = sp.symbols("x y")
    >>> tape = tangent_tape(lower([x * y, sp.exp(x)], [x, y]), 2)
    >>> tape.inputs
    ('x', 'y', 'along_x', 'along_y')
    >>> [tape.code[place].op.value for place in tape.outputs]
    ['mul', 'exp', 'add', 'mul']
    """
    forward = _Forward(tape)
    for place, instruction in enumerate(tape.code):
        forward.slopes.append(forward.slope(place, instruction))
    along = tuple(forward.value(forward.slopes[place]) for place in tape.outputs[:images])
    return Tape(
        inputs=(*tape.inputs, *(f"along_{name}" for name in tape.inputs)),
        parameters=tape.parameters,
        code=tuple(forward.code),
        outputs=(*tape.outputs, *along),
    )


class _Term(NamedTuple):
    """One summand of a derivative: what stands at a place, or its negative."""

    place: int
    negative: bool = False


_Slope = tuple[_Term, ...]  # empty where the derivative vanishes everywhere


class _Forward:
    """Appends derivatives to a tape.

    Sums are written out only where they are used, term after term: each product is then fused with
    the sum before it.
    """

    def __init__(self, tape: Tape) -> None:
        self.code = list(tape.code)
        self.places = {instruction: place for place, instruction in enumerate(tape.code)}
        self.inputs = len(tape.inputs)
        self.slopes: list[_Slope] = []
        self.uses = Counter(a for instruction in tape.code for a in instruction.arguments)

    def emit(self, op: Op, *arguments: int, payload: sp.Expr | int | None = None) -> int:
        instruction = Instruction(op, arguments, payload)
        if instruction not in self.places:
            self.places[instruction] = len(self.code)
            self.code.append(instruction)
        return self.places[instruction]

    def constant(self, value: sp.Expr | int) -> int:
        return self.emit(Op.CONSTANT, payload=sp.sympify(value))

    def slope(self, place: int, instruction: Instruction) -> _Slope:
        """Return the derivative of an instruction."""
        op, arguments, payload = instruction
        if op is Op.INPUT:
            return (_Term(self.emit(Op.INPUT, payload=self.inputs + int(payload))),)  # type: ignore[arg-type]
        slopes = [self.slopes[a] for a in arguments]
        if not any(slopes) or op in _LOCALLY_CONSTANT:
            return ()
        if op is Op.INTEGER_POWER:
            return self.times(self.power_factor(arguments[0], int(payload)), slopes[0])  # type: ignore[arg-type]
        if op in _OF_SEVERAL:
            made = _OF_SEVERAL[op](self, place, arguments, slopes)
        else:
            made = _OF_ONE[op](self, place, arguments[0], slopes[0])
        # What is used in several places is added up once.
        return made if self.uses[place] <= 1 or len(made) <= 1 else (_Term(self.value(made)),)

    def value(self, slope: _Slope) -> int:
        """Return where a derivative stands, added up."""
        if not slope:
            return self.constant(0)
        first, *rest = sorted(slope, key=self._rank)
        total = self.emit(Op.NEG, first.place) if first.negative else first.place
        for term in rest:
            place = self.emit(Op.NEG, term.place) if term.negative else term.place
            total = self.emit(Op.ADD, total, place)
        return total

    def _rank(self, term: _Term) -> tuple[bool, bool]:
        return self.code[term.place].op is Op.MUL, term.negative

    def times(self, factor: int | None, slope: _Slope) -> _Slope:
        """Return a derivative times what stands at a place; None is 1."""
        if factor is None or not slope:
            return slope
        (term, *more) = slope
        sign = term.negative and not more
        base = term.place if not more else self.value(slope)
        return (_Term(self.emit(Op.MUL, factor, base), sign),)

    def power_factor(self, base: int, exponent: int) -> int | None:
        """Return n u^(n-1), None where it is 1."""
        if exponent == 1:
            return None
        if exponent == 2:
            return self.emit(Op.ADD, base, base)
        lower_power = self.emit(Op.INTEGER_POWER, base, payload=exponent - 1)
        return self.emit(Op.MUL, self.constant(exponent), lower_power)

    def one_minus(self, a: int) -> int:
        return self.emit(Op.ADD, self.constant(1), self.emit(Op.NEG, a))

    def square(self, a: int) -> int:
        return self.emit(Op.INTEGER_POWER, a, payload=2)


_Rule = Callable[[_Forward, int, tuple[int, ...], list[_Slope]], _Slope]
_RuleOfOne = Callable[[_Forward, int, int, _Slope], _Slope]


def _negative(slope: _Slope) -> _Slope:
    return tuple(_Term(place, not negative) for place, negative in slope)


def _add(f: _Forward, place: int, arguments: tuple[int, ...], slopes: list[_Slope]) -> _Slope:
    return slopes[0] + slopes[1]


def _mul(f: _Forward, place: int, arguments: tuple[int, ...], slopes: list[_Slope]) -> _Slope:
    a, b = arguments
    return f.times(b, slopes[0]) + f.times(a, slopes[1])


def _div(f: _Forward, place: int, arguments: tuple[int, ...], slopes: list[_Slope]) -> _Slope:
    above = slopes[0] + _negative(f.times(place, slopes[1]))
    return (_Term(f.emit(Op.DIV, f.value(above), arguments[1])),)


def _real_power(
    f: _Forward, place: int, arguments: tuple[int, ...], slopes: list[_Slope]
) -> _Slope:
    base, exponent = arguments
    slope: _Slope = ()
    if slopes[0]:
        less = f.emit(Op.ADD, exponent, f.constant(-1))
        factor = f.emit(Op.MUL, exponent, f.emit(Op.REAL_POWER, base, less))
        slope = f.times(factor, slopes[0])
    if slopes[1]:
        slope += f.times(f.emit(Op.MUL, place, f.emit(Op.LOG, base)), slopes[1])
    return slope


def _extreme(largest: bool) -> _Rule:
    def rule(f: _Forward, place: int, arguments: tuple[int, ...], slopes: list[_Slope]) -> _Slope:
        left, right = arguments
        of_left, of_right = (f.value(slope) for slope in slopes)
        rising, falling = (of_right, of_left) if largest else (of_left, of_right)
        middle = f.emit(Op.MUL, f.constant(sp.Rational(1, 2)), f.emit(Op.ADD, of_left, of_right))
        either = f.emit(Op.SELECT, f.emit(Op.LESS, right, left), falling, middle)
        return (_Term(f.emit(Op.SELECT, f.emit(Op.LESS, left, right), rising, either)),)

    return rule


def _select(f: _Forward, place: int, arguments: tuple[int, ...], slopes: list[_Slope]) -> _Slope:
    yes, no = (f.value(slope) for slope in slopes[1:])
    return (_Term(f.emit(Op.SELECT, arguments[0], yes, no)),)


def _scaled(factor: Callable[[_Forward, int, int], int]) -> _RuleOfOne:
    """Return the chain rule for a function of one argument u, from its derivative."""
    return lambda f, place, u, slope: f.times(factor(f, place, u), slope)


def _over(divisor: Callable[[_Forward, int, int], int]) -> _RuleOfOne:
    """Return the same from the reciprocal of its derivative."""
    return lambda f, place, u, slope: (_Term(f.emit(Op.DIV, f.value(slope), divisor(f, place, u))),)


def _bell(f: _Forward, place: int, u: int) -> int:
    height = f.constant(2 / sp.sqrt(sp.pi))
    return f.emit(Op.MUL, height, f.emit(Op.EXP, f.emit(Op.NEG, f.square(u))))


# sigmoid(-u) where 1 - sigmoid(u) would cancel; in machine code both come from one exponential.
_OF_ONE: dict[Op, _RuleOfOne] = {
    Op.NEG: lambda f, place, u, slope: _negative(slope),
    Op.SQRT: _over(lambda f, place, u: f.emit(Op.ADD, place, place)),
    Op.EXP: _scaled(lambda f, place, u: place),
    Op.LOG: _over(lambda f, place, u: u),
    Op.SIN: _scaled(lambda f, place, u: f.emit(Op.COS, u)),
    Op.COS: _scaled(lambda f, place, u: f.emit(Op.NEG, f.emit(Op.SIN, u))),
    Op.TAN: _scaled(lambda f, place, u: f.emit(Op.ADD, f.constant(1), f.square(place))),
    Op.SINH: _scaled(lambda f, place, u: f.emit(Op.COSH, u)),
    Op.COSH: _scaled(lambda f, place, u: f.emit(Op.SINH, u)),
    Op.TANH: _scaled(lambda f, place, u: f.one_minus(f.square(place))),
    Op.ATAN: _over(lambda f, place, u: f.emit(Op.ADD, f.constant(1), f.square(u))),
    Op.ERF: _scaled(_bell),
    Op.SIGMOID: _scaled(
        lambda f, place, u: f.emit(Op.MUL, place, f.emit(Op.SIGMOID, f.emit(Op.NEG, u)))
    ),
    Op.SOFTPLUS: _scaled(lambda f, place, u: f.emit(Op.SIGMOID, u)),
    Op.LOGCOSH: _scaled(lambda f, place, u: f.emit(Op.TANH, u)),
    Op.ABS: _scaled(lambda f, place, u: f.emit(Op.SIGN, u)),
}

_OF_SEVERAL: dict[Op, _Rule] = {
    Op.ADD: _add,
    Op.MUL: _mul,
    Op.DIV: _div,
    Op.REAL_POWER: _real_power,
    Op.MAX: _extreme(True),
    Op.MIN: _extreme(False),
    Op.SELECT: _select,
}

_LOCALLY_CONSTANT = {Op.SIGN, Op.STEP, Op.LESS, Op.LESS_EQUAL, Op.EQUAL, Op.NOT, Op.AND, Op.OR}

"""Straight-line code in ball arithmetic: every result is an enclosure of the exact value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flint
import sympy as sp

from ..errors import InvalidInput
from .operations import Op
from .tape import Tape, lower

__all__ = ["ball", "ball_function"]


def ball(number: sp.Expr | float | flint.arb) -> flint.arb:
    """Return an enclosure of an exact number; a float is taken as the dyadic rational it is.

    Examples
    --------
    >>> ball(sp.Rational(1, 2)) == 0.5, bool(ball(sp.sqrt(2)) ** 2 < 2.001)
    (True, True)
    """
    if isinstance(number, flint.arb):
        return number
    if isinstance(number, float):
        return flint.arb(number)
    number = sp.sympify(number)
    if isinstance(number, sp.Rational):
        return flint.arb(flint.fmpq(int(number.p), int(number.q)))
    if isinstance(number, sp.Float):
        value = sp.Rational(number)
        return flint.arb(flint.fmpq(int(value.p), int(value.q)))
    if number is sp.pi:
        return flint.arb.pi()
    if number is sp.E:
        return flint.arb(1).exp()
    if number.is_number and number.args:
        return ball_function(lower([number], []))([], [])[0]
    raise InvalidInput("number", number, "a number the engine can enclose")


def ball_function(tape: Tape) -> Callable[[Sequence[Any], Sequence[Any]], list[flint.arb]]:
    """Return a function (inputs, parameters) -> list of enclosures, at the current precision.

    Operations without a well-defined enclosure (comparisons that a ball does not decide) give a
    ball of infinite radius, so that nothing can be concluded from them.

    Examples
    --------
    >>> from dynsys_gd.engine.tape import lower
    >>> x = sp.Symbol("x")
    >>> value, = ball_function(lower([sp.tanh(x) - x], [x]))([sp.Rational(1, 10)], [])
    >>> bool(value < 0)
    True
    """

    def function(inputs: Sequence[Any], parameters: Sequence[Any]) -> list[flint.arb]:
        x = [ball(value) for value in inputs]
        p = [ball(value) for value in parameters]
        values: list[Any] = []
        payload: Any
        for op, arguments, payload in tape.code:
            if op is Op.INPUT:
                values.append(x[payload])
            elif op is Op.PARAMETER:
                values.append(p[payload])
            elif op is Op.CONSTANT:
                values.append(ball(payload))
            elif op is Op.INTEGER_POWER:
                values.append(_integer_power(values[arguments[0]], payload))
            else:
                values.append(_RULES[op](*(values[place] for place in arguments)))
        return [values[place] for place in tape.outputs]

    return function


def _integer_power(u: flint.arb, exponent: int) -> flint.arb:
    if exponent < 1 or u.mid() != 0:
        return u**exponent
    # FLINT's power of a ball whose centre is exactly zero is NaN.
    half = _integer_power(u, exponent // 2) if exponent > 1 else flint.arb(1)
    return half * half * u if exponent % 2 else half * half


def _unknown() -> flint.arb:
    return flint.arb(0, float("inf"))


def _sign(u: flint.arb) -> flint.arb:
    if u > 0:
        return flint.arb(1)
    if u < 0:
        return flint.arb(-1)
    return flint.arb(0) if u == 0 else flint.arb(0, 1)


def _step(u: flint.arb) -> flint.arb:
    return (_sign(u) + 1) / 2


def _compare(decided_true: bool, decided_false: bool) -> bool | None:
    return True if decided_true else (False if decided_false else None)


def _select(condition: bool | None, yes: flint.arb, no: flint.arb) -> flint.arb:
    if condition is None:
        return yes.union(no)
    return yes if condition else no


def _and(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def _or(a: bool | None, b: bool | None) -> bool | None:
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


def _sigmoid(u: flint.arb) -> flint.arb:
    decay = (-abs(u)).exp()
    if u > 0:
        return 1 / (1 + decay)
    return decay / (1 + decay) if u < 0 else 1 / (1 + (-u).exp())


def _logcosh(u: flint.arb) -> flint.arb:
    size = abs(u)
    if size > 1:
        return size + (-2 * size).exp().log1p() - flint.arb.const_log2()
    return u.cosh().log()


def _softplus(u: flint.arb) -> flint.arb:
    return (u.exp()).log1p() if u < 0 else u + ((-u).exp()).log1p()


_RULES: dict[Op, Callable[..., Any]] = {
    Op.ADD: lambda a, b: a + b,
    Op.MUL: lambda a, b: a * b,
    Op.NEG: lambda a: -a,
    Op.DIV: lambda a, b: a / b,
    Op.REAL_POWER: lambda a, b: a**b,
    Op.SQRT: lambda a: a.sqrt(),
    Op.EXP: lambda a: a.exp(),
    Op.LOG: lambda a: a.log(),
    Op.SIN: lambda a: a.sin(),
    Op.COS: lambda a: a.cos(),
    Op.TAN: lambda a: a.tan(),
    Op.SINH: lambda a: a.sinh(),
    Op.COSH: lambda a: a.cosh(),
    Op.TANH: lambda a: a.tanh(),
    Op.ATAN: lambda a: a.atan(),
    Op.ERF: lambda a: a.erf(),
    Op.SIGMOID: _sigmoid,
    Op.SOFTPLUS: _softplus,
    Op.LOGCOSH: _logcosh,
    Op.ABS: abs,
    Op.SIGN: _sign,
    Op.STEP: _step,
    Op.MAX: lambda a, b: a.max(b),
    Op.MIN: lambda a, b: a.min(b),
    Op.LESS: lambda a, b: _compare(a < b, a >= b),
    Op.LESS_EQUAL: lambda a, b: _compare(a <= b, a > b),
    Op.EQUAL: lambda a, b: _compare(a == b, not a.overlaps(b)),
    Op.NOT: lambda a: None if a is None else not a,
    Op.AND: _and,
    Op.OR: _or,
    Op.SELECT: _select,
}

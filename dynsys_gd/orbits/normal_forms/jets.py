"""Straight-line code on truncated Taylor polynomials: derivatives along up to three directions.

A jet is a number plus multiples of products of generators whose squares vanish. Put into F,
x + a u + b v + c w comes out with DF u as the multiple of a, D²F[u, v] as that of ab, and
D³F[u, v, w] as that of abc; put into F again and again it gives the same for the composition,
without any formula of its derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import sympy as sp

from ...engine.operations import Op
from ...engine.tape import Tape
from ...errors import InvalidInput

__all__ = ["Arithmetic", "Jet", "evaluate", "jet"]

Jet = tuple[Any, ...]  # entry k multiplies the generators in the binary digits of k; None is zero


class Arithmetic(Protocol):
    """The numbers that jets are made of; they add, subtract and multiply by themselves."""

    def constant(self, value: Any) -> Any:
        """Return a sympy number or an integer as a number of this kind."""

    def inverse(self, u: Any) -> Any:
        """Return 1 / u."""

    def power(self, u: Any, exponent: sp.Expr) -> Any:
        """Return u to a power that is no positive integer."""

    def taylor(self, op: Op, u: Any) -> list[Any]:
        """Return f(u), f'(u), f''(u)/2, f'''(u)/6 of a function of one argument."""


def jet(value: Any, slopes: Sequence[Any]) -> Jet:
    """Return value + slopes[0] a + slopes[1] b + ...; a slope None is zero."""
    entries: list[Any] = [None] * 2 ** len(slopes)
    entries[0] = value
    for k, slope in enumerate(slopes):
        entries[2**k] = slope
    return tuple(entries)


def evaluate(
    tape: Tape, inputs: Sequence[Jet], parameters: Sequence[Jet], numbers: Arithmetic
) -> list[Jet]:
    """Return the outputs of a tape at jets that share their generators."""
    size = len(inputs[0]) if inputs else len(parameters[0])
    values: list[Jet] = []
    payload: Any
    for op, arguments, payload in tape.code:
        given = [values[place] for place in arguments]
        if op is Op.INPUT:
            values.append(inputs[payload])
        elif op is Op.PARAMETER:
            values.append(parameters[payload])
        elif op is Op.CONSTANT:
            values.append((numbers.constant(payload), *(None,) * (size - 1)))
        elif op is Op.ADD:
            values.append(_sum(*given))
        elif op is Op.NEG:
            values.append(tuple(None if c is None else -c for c in given[0]))
        elif op is Op.MUL:
            values.append(_product(*given))
        elif op is Op.DIV:
            values.append(_product(given[0], _reciprocal(given[1], numbers)))
        elif op is Op.INTEGER_POWER:
            values.append(_integer_power(given[0], payload, numbers))
        elif op is Op.REAL_POWER:
            values.append(_real_power(given[0], given[1], payload, tape, arguments, numbers))
        elif not op.analytic:
            raise InvalidInput("F", f"a map with {op.value}", "a smooth map")
        else:
            u = given[0]
            values.append(_composed(numbers.taylor(op, _value(u, numbers)), u))
    return [values[place] for place in tape.outputs]


def _value(u: Jet, numbers: Arithmetic) -> Any:
    return numbers.constant(0) if u[0] is None else u[0]


def _sum(a: Jet, b: Jet) -> Jet:
    return tuple(y if x is None else (x if y is None else x + y) for x, y in zip(a, b, strict=True))


def _product(a: Jet, b: Jet) -> Jet:
    out: list[Any] = [None] * len(a)
    for i, x in enumerate(a):
        if x is None:
            continue
        for j, y in enumerate(b):
            if y is None or i & j:
                continue
            term = x * y
            out[i | j] = term if out[i | j] is None else out[i | j] + term
    return tuple(out)


def _scaled(u: Jet, factor: Any) -> Jet:
    return tuple(None if c is None else c * factor for c in u)


def _composed(taylor: Sequence[Any], u: Jet) -> Jet:
    """Return f(u) from the Taylor coefficients of f at the value of u."""
    rest: Jet = (None, *u[1:])
    total: Jet = (taylor[0], *(None,) * (len(u) - 1))
    power = rest
    # A product of more factors than there are generators vanishes.
    for order in range(1, len(u).bit_length()):
        total = _sum(total, _scaled(power, taylor[order]))
        power = _product(power, rest)
    return total


def _reciprocal(u: Jet, numbers: Arithmetic) -> Jet:
    inverse = numbers.inverse(_value(u, numbers))
    square = inverse * inverse
    return _composed([inverse, -square, square * inverse, -(square * square)], u)


def _integer_power(u: Jet, exponent: int, numbers: Arithmetic) -> Jet:
    powers = [numbers.constant(1)]
    base = _value(u, numbers)
    # By squaring; the four highest powers are what the derivatives need.
    start = max(exponent - 3, 0)
    first = _binary_power(base, start, numbers)
    powers = [first]
    while len(powers) <= exponent - start:
        powers.append(powers[-1] * base)
    zero = numbers.constant(0)
    taylor = [
        powers[exponent - k - start] * numbers.constant(sp.binomial(exponent, k))
        if k <= exponent
        else zero
        for k in range(4)
    ]
    return _composed(taylor, u)


def _binary_power(base: Any, exponent: int, numbers: Arithmetic) -> Any:
    total = numbers.constant(1)
    while exponent:
        if exponent & 1:
            total = total * base
        base, exponent = base * base, exponent >> 1
    return total


def _real_power(
    u: Jet,
    exponent: Jet,
    payload: Any,
    tape: Tape,
    arguments: tuple[int, ...],
    numbers: Arithmetic,
) -> Jet:
    constant = tape.code[arguments[1]]
    if constant.op is not Op.CONSTANT:
        logarithm = _composed(numbers.taylor(Op.LOG, _value(u, numbers)), u)
        product = _product(exponent, logarithm)
        return _composed(numbers.taylor(Op.EXP, _value(product, numbers)), product)
    power = sp.sympify(constant.payload)
    base = _value(u, numbers)
    taylor = [
        numbers.power(base, power - k) * numbers.constant(sp.ff(power, k) / sp.factorial(k))
        for k in range(4)
    ]
    return _composed(taylor, u)

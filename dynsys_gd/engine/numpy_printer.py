"""Straight-line code as a numpy function: always available, and the oracle for faster ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .operations import Op
from .tape import Instruction, Tape

__all__ = ["numpy_function"]

Columns = NDArray[np.float64]


@lru_cache(maxsize=512)
def numpy_function(tape: Tape) -> Callable[[Columns, Columns], Columns]:
    """Return a function (inputs (d, n), parameters (k,) or (k, n)) -> outputs (m, n).

    Overflow and invalid operations give inf and NaN silently: a trajectory that blows up is an
    answer, not an accident, and the caller looks at the values.

    Examples
    --------
    >>> import sympy as sp
    >>> from dynsys_gd.engine.tape import lower
    >>> x, a = sp.symbols("x a")
    >>> f = numpy_function(lower([a * x**2, sp.Integer(1)], [x], [a]))
    >>> f(np.array([[1.0, 2.0]]), np.array([3.0])).tolist()
    [[3.0, 12.0], [1.0, 1.0]]
    """
    lines = ["def evaluate(x, p):"]
    lines += [
        f"    v{place} = {_source(instruction)}" for place, instruction in enumerate(tape.code)
    ]
    lines.append("    return (" + "".join(f"v{place}, " for place in tape.outputs) + ")")
    namespace = dict(_NAMES)
    # The text is made of the operations above and of numbers only; nothing a user wrote enters it.
    exec("\n".join(lines), namespace)
    evaluate = namespace["evaluate"]
    width = len(tape.outputs)

    def function(inputs: Columns, parameters: Columns) -> Columns:
        outputs = np.empty((width, inputs.shape[1]))
        with np.errstate(all="ignore"):
            for row, value in enumerate(evaluate(inputs, parameters)):
                outputs[row] = value
        return outputs

    return function


def _source(instruction: Instruction) -> str:
    op, arguments, payload = instruction
    if op is Op.INPUT:
        return f"x[{payload}]"
    if op is Op.PARAMETER:
        return f"p[{payload}]"
    if op is Op.CONSTANT:
        return repr(float(payload))  # type: ignore[arg-type]
    names = [f"v{place}" for place in arguments]
    if op is Op.INTEGER_POWER:
        return _power_source(names[0], int(payload))  # type: ignore[arg-type]
    return _TEMPLATES[op].format(*names)


def _power_source(name: str, exponent: int) -> str:
    """Return x**n as a product by repeated squaring, which every printer repeats exactly."""
    if exponent == 1:
        return name
    if exponent == 2:
        return f"{name} * {name}"
    half = _power_source(name, exponent // 2)
    square = f"square({half})"
    return f"{square} * {name}" if exponent % 2 else square


def _sigmoid(u: Columns) -> Columns:
    decay = np.exp(-np.abs(u))
    return np.where(np.asarray(u) >= 0, 1.0, decay) / (1.0 + decay)


def _softplus(u: Columns) -> Columns:
    return np.maximum(u, 0.0) + np.log1p(np.exp(-np.abs(u)))


def _logcosh(u: Columns) -> Columns:
    size = np.abs(u)
    return np.where(
        size < 0.5,
        np.log1p(2.0 * np.sinh(0.5 * np.minimum(size, 1.0)) ** 2),
        size + np.log1p(np.exp(-2.0 * size)) - np.log(2.0),
    )


def _erf(u: Columns) -> Columns:
    from scipy.special import erf

    return np.asarray(erf(u))


def _step(u: Columns) -> Columns:
    return np.heaviside(u, 0.5)


_NAMES: dict[str, Any] = {
    "np": np,
    "inf": np.inf,  # how a constant beyond the range of floats prints
    "square": np.square,
    "erf": _erf,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "logcosh": _logcosh,
    "step": _step,
    "__builtins__": {},
}

_TEMPLATES = {
    Op.ADD: "{} + {}",
    Op.MUL: "{} * {}",
    Op.NEG: "-{}",
    Op.DIV: "np.divide({}, {})",
    Op.REAL_POWER: "np.power({}, {})",
    Op.SQRT: "np.sqrt({})",
    Op.EXP: "np.exp({})",
    Op.LOG: "np.log({})",
    Op.SIN: "np.sin({})",
    Op.COS: "np.cos({})",
    Op.TAN: "np.tan({})",
    Op.SINH: "np.sinh({})",
    Op.COSH: "np.cosh({})",
    Op.TANH: "np.tanh({})",
    Op.ATAN: "np.arctan({})",
    Op.ERF: "erf({})",
    Op.SIGMOID: "sigmoid({})",
    Op.SOFTPLUS: "softplus({})",
    Op.LOGCOSH: "logcosh({})",
    Op.ABS: "np.abs({})",
    Op.SIGN: "np.sign({})",
    Op.STEP: "step({})",
    Op.MAX: "np.maximum({}, {})",
    Op.MIN: "np.minimum({}, {})",
    Op.LESS: "np.less({}, {})",
    Op.LESS_EQUAL: "np.less_equal({}, {})",
    Op.EQUAL: "np.equal({}, {})",
    Op.NOT: "np.logical_not({})",
    Op.AND: "np.logical_and({}, {})",
    Op.OR: "np.logical_or({}, {})",
    Op.SELECT: "np.where({}, {}, {})",
}

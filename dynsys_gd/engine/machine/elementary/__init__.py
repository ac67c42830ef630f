"""Elementary functions on lanes, each within an ulp or so of the exact value."""

from __future__ import annotations

from collections.abc import Callable

from ...operations import Op
from ..writer import Function, Module
from .arctangent import atan
from .error_function import erf
from .exponential import exp, expm1
from .hyperbolic import cosh, sinh, tanh
from .logarithm import log, log1p
from .logistic import logcosh, sigmoid, softplus
from .power import power
from .trigonometric import cos, sin, tan

__all__ = ["elementary", "function_for"]

_WRITERS: dict[str, Callable[..., str]] = {
    "atan": atan,
    "cos": cos,
    "cosh": cosh,
    "erf": erf,
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "logcosh": logcosh,
    "real_power": power,
    "sigmoid": sigmoid,
    "sin": sin,
    "sinh": sinh,
    "softplus": softplus,
    "tan": tan,
    "tanh": tanh,
}


def elementary(f: Function, op: Op, *values: str) -> str:
    """Return the value of an elementary function; its code joins the module at first use."""
    name = function_for(f.module, op.value)
    return f.call(name, *((f.real, value) for value in values), returns=f.real)


def function_for(module: Module, name: str) -> str:
    """Return the name of the module's function for an operation, expm1 or log1p.

    It takes and returns lanes by value. It is inlined, so that parts which two functions of the
    same argument have in common are computed once.
    """
    full = f"{name}.{module.suffix}"
    if full not in module:
        write, operands = _WRITERS[name], ["x", "y"] if name == Op.REAL_POWER.value else ["x"]
        arguments = [(module.real, a) for a in operands]
        f = module.function(full, arguments, returns=module.real, inline=True)
        f.give(write(f, *(f"%{a}" for a in operands)))
    return full

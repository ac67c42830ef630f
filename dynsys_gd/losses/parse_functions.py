"""Which functions a formula in text may use, and how each is built without surprises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from ..engine.operations import logcosh, sigmoid, softplus

__all__ = ["CONSTANTS", "FUNCTIONS", "Function"]


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function of the allow-list.

    Parameters
    ----------
    build : callable
        Takes sympy expressions, returns one.
    fewest, most : int
        How many arguments it takes.
    exponential : bool
        Whether it grows like the exponential, so that nesting it makes a power tower.
    kinked : bool
        Whether it compares its arguments, which for constants must be decided beforehand.
    """

    build: Callable[..., sp.Expr]
    fewest: int = 1
    most: int = 1
    exponential: bool = False
    kinked: bool = False

    @property
    def arity(self) -> str:
        """How many arguments it takes, in words."""
        if self.fewest == self.most:
            return f"{self.fewest} argument" + ("s" if self.fewest > 1 else "")
        return f"{self.fewest} to {self.most} arguments"


def _relu(u: sp.Expr) -> sp.Expr:
    return sp.Max(u, 0)


_MAX = Function(build=sp.Max, fewest=2, most=6, kinked=True)
_MIN = Function(build=sp.Min, fewest=2, most=6, kinked=True)
_ABS = Function(build=sp.Abs, kinked=True)

FUNCTIONS: dict[str, Function] = {
    "Abs": _ABS,
    "Max": _MAX,
    "Min": _MIN,
    "abs": _ABS,
    "arctan": Function(build=sp.atan),
    "atan": Function(build=sp.atan),
    "cos": Function(build=sp.cos),
    "cosh": Function(build=sp.cosh, exponential=True),
    "erf": Function(build=sp.erf),
    "exp": Function(build=sp.exp, exponential=True),
    "ln": Function(build=sp.log),
    "log": Function(build=sp.log),
    "logcosh": Function(build=logcosh),
    "max": _MAX,
    "min": _MIN,
    "relu": Function(build=_relu, kinked=True),
    "sigmoid": Function(build=sigmoid),
    "sign": Function(build=sp.sign, kinked=True),
    "sin": Function(build=sp.sin),
    "sinh": Function(build=sp.sinh, exponential=True),
    "softplus": Function(build=softplus),
    "sqrt": Function(build=sp.sqrt),
    "tan": Function(build=sp.tan),
    "tanh": Function(build=sp.tanh),
}

CONSTANTS: dict[str, sp.Expr] = {"E": sp.E, "pi": sp.pi}

"""Arrays of floats as the numbers that jets are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.operations import Op

__all__ = ["Floats"]

Array = NDArray[Any]


class Floats:
    """Floating-point arrays that broadcast: many points and many directions in one evaluation."""

    def constant(self, value: Any) -> float:
        return float(value)

    def inverse(self, u: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(1.0 / u)

    def power(self, u: Array, exponent: sp.Expr) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(np.power(u, float(exponent)))

    def taylor(self, op: Op, u: Array) -> list[Array]:
        with np.errstate(all="ignore"):
            return _TAYLOR[op](u)


def _sqrt(u: Array) -> list[Array]:
    s = np.sqrt(u)
    return [s, 0.5 / s, -0.125 / (s * u), 0.0625 / (s * u * u)]


def _exp(u: Array) -> list[Array]:
    e = np.exp(u)
    return [e, e, e / 2, e / 6]


def _log(u: Array) -> list[Array]:
    v = 1.0 / u
    return [np.log(u), v, -v * v / 2, v * v * v / 3]


def _sin(u: Array) -> list[Array]:
    s, c = np.sin(u), np.cos(u)
    return [s, c, -s / 2, -c / 6]


def _cos(u: Array) -> list[Array]:
    s, c = np.sin(u), np.cos(u)
    return [c, -s, -c / 2, s / 6]


def _tan(u: Array) -> list[Array]:
    t = np.tan(u)
    first = 1.0 + t * t
    return [t, first, t * first, first * (first + 2 * t * t) / 3]


def _sinh(u: Array) -> list[Array]:
    s, c = np.sinh(u), np.cosh(u)
    return [s, c, s / 2, c / 6]


def _cosh(u: Array) -> list[Array]:
    s, c = np.sinh(u), np.cosh(u)
    return [c, s, c / 2, s / 6]


def _tanh(u: Array) -> list[Array]:
    t = np.tanh(u)
    first = 1.0 - t * t
    return [t, first, -t * first, -first * (first - 2 * t * t) / 3]


def _atan(u: Array) -> list[Array]:
    first = 1.0 / (1.0 + u * u)
    return [np.arctan(u), first, -u * first**2, (3 * u * u - 1) * first**3 / 3]


def _erf(u: Array) -> list[Array]:
    from scipy.special import erf

    first = 2.0 / np.sqrt(np.pi) * np.exp(-u * u)
    return [erf(u), first, -u * first, (2 * u * u - 1) * first / 3]


def _sigmoid(u: Array) -> list[Array]:
    from scipy.special import expit

    s = expit(u)
    first = s * expit(-np.asarray(u))
    return [s, first, first * (1 - 2 * s) / 2, first * (1 - 6 * first) / 6]


def _softplus(u: Array) -> list[Array]:
    s = _sigmoid(u)
    return [np.logaddexp(0.0, u), s[0], s[1] / 2, s[2] / 3]


def _logcosh(u: Array) -> list[Array]:
    t = _tanh(u)
    return [np.logaddexp(u, -np.asarray(u)) - np.log(2.0), t[0], t[1] / 2, t[2] / 3]


_TAYLOR: dict[Op, Callable[[Array], list[Array]]] = {
    Op.SQRT: _sqrt,
    Op.EXP: _exp,
    Op.LOG: _log,
    Op.SIN: _sin,
    Op.COS: _cos,
    Op.TAN: _tan,
    Op.SINH: _sinh,
    Op.COSH: _cosh,
    Op.TANH: _tanh,
    Op.ATAN: _atan,
    Op.ERF: _erf,
    Op.SIGMOID: _sigmoid,
    Op.SOFTPLUS: _softplus,
    Op.LOGCOSH: _logcosh,
}

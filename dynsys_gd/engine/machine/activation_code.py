"""How activation functions and their derivatives are computed on lanes."""

from __future__ import annotations

import math
from enum import Enum
from typing import NamedTuple

from ..operations import Op
from .elementary import elementary
from .elementary.exponential import at_most, exponent, growth, nearly_reduced, reduced
from .elementary.hyperbolic import TANH
from .elementary.polynomials import polynomial
from .writer import Function, Module

__all__ = ["ActivationCode", "write_sweep"]

_LEAKY_SLOPE = 0.01
_SATURATED = 350.0  # up to here the slope of tanh is a normal number
_FAR = 40.0  # from here on the normal density is below the smallest double


class Bent(NamedTuple):
    """σ(u), σ'(u) and, where it was asked for, σ''(u)."""

    value: str
    slope: str
    curvature: str | None


class ActivationCode(Enum):
    """The function σ between two layers of a network; the kinks of two have the slope on the left.

    IDENTITY makes a linear network.
    """

    IDENTITY = "identity"
    TANH = "tanh"
    SIGMOID = "sigmoid"
    RELU = "relu"
    LEAKY_RELU = "leaky_relu"
    GELU = "gelu"
    SOFTPLUS = "softplus"
    RELU_CUBED = "relu_cubed"

    @property
    def piecewise_linear(self) -> bool:
        """Whether the slope can be told from the value alone, and there is no curvature."""
        return self in _PIECEWISE_LINEAR

    def apply(self, f: Function, u: str) -> str:
        """Return σ(u) of a piecewise linear σ; NaN comes through."""
        if self is ActivationCode.IDENTITY:
            return u
        below = f.number(0.0) if self is ActivationCode.RELU else f.mul(f.number(_LEAKY_SLOPE), u)
        return f.select(f.compare("olt", u, f.number(0.0)), below, u)

    def pull(self, f: Function, signal: str, a: str) -> str:
        """Return σ'(u) a for a piecewise linear σ, where `signal` is σ(u)."""
        if self is ActivationCode.IDENTITY:
            return a
        above = f.compare("ogt", signal, f.number(0.0))
        below = f.number(0.0) if self is ActivationCode.RELU else f.mul(f.number(_LEAKY_SLOPE), a)
        return f.select(above, a, below)

    def bent(self, f: Function, u: str, *, curvature: bool) -> Bent:
        """Return a smooth σ and its derivatives at u."""
        return _SMOOTH[self](f, u, curvature)


_PIECEWISE_LINEAR = {ActivationCode.IDENTITY, ActivationCode.RELU, ActivationCode.LEAKY_RELU}


def write_sweep(module: Module, activation: ActivationCode, *, flight: int, moving: bool) -> str:
    """Define a function that applies a smooth σ to many tiles in a row, and return its name.

    ``@sweep(ptr signals, ptr slopes, i64 count)`` replaces u by σ(u) and writes σ'(u). With
    `moving` there are two arrays more: `shifts` of u become those of σ(u), and `bends`, the shifts
    of σ'(u), are written. `flight` tiles, a divisor of the count, are one value: that many chains
    of operations run side by side.
    """
    name = f"{'product' if moving else 'gradient'}.sweep{flight}"
    if name in module:
        return name
    tiles = ["signals", "slopes", "shifts", "bends"] if moving else ["signals", "slopes"]
    wide, align = module.wider(flight), min(64, 8 * module.lanes)
    f = wide.function(name, [*(("ptr", tile) for tile in tiles), ("i64", "count")])
    with f.loop("%count", step=str(flight)) as index:
        start = f.value(f"mul i64 {index}, {module.lanes}")
        place = {tile: f.offset(f"%{tile}", start) for tile in tiles}
        bent = activation.bent(f, f.load(place["signals"], align=align), curvature=moving)
        f.store(bent.value, place["signals"], align=align)
        f.store(bent.slope, place["slopes"], align=align)
        if bent.curvature is not None:
            shift = f.load(place["shifts"], align=align)
            f.store(f.mul(bent.slope, shift), place["shifts"], align=align)
            f.store(f.mul(bent.curvature, shift), place["bends"], align=align)
    f.give()
    return name


def _tanh(f: Function, u: str, curvature: bool) -> Bent:
    # As in `tanh`, which divides, with p = 2^n. Halved, D = ((p + 1) + (p - 1) T) / 2.
    # What is missing from 1 is (1 - T) / D, which does not cancel where the unit saturates.
    one, half = f.number(1.0), f.number(0.5)
    size = at_most(f, f.intrinsic("fabs", u), _SATURATED)
    bits, r = nearly_reduced(f, size, 1023 - 1, 0.5)
    z = f.mul(r, r)
    t = f.fma(f.mul(z, r), polynomial(f, z, TANH), r)
    power = exponent(f, bits)
    less, more = f.sub(power, half), f.add(power, half)
    inverse = f.div(one, f.fma(less, t, more))
    height = f.mul(f.fma(more, t, less), inverse)
    missing = f.mul(f.sub(one, t), inverse)
    slope = f.fma(missing, height, missing)
    value = f.intrinsic("copysign", height, u)
    return Bent(value, slope, f.mul(f.mul(f.number(-2.0), value), slope) if curvature else None)


def _sigmoid(f: Function, u: str, curvature: bool) -> Bent:
    fading, rest, value = _logistic(f, u)
    slope = f.mul(f.mul(fading, rest), rest)
    if not curvature:
        return Bent(value, slope, None)
    half = f.mul(f.sub(fading, f.number(1.0)), rest)  # - tanh(|u| / 2)
    turned = f.select(f.compare("olt", u, f.number(0.0)), f.neg(half), half)
    return Bent(value, slope, f.mul(turned, slope))


def _softplus(f: Function, u: str, curvature: bool) -> Bent:
    fading, rest, slope = _logistic(f, u)
    bend = f.mul(f.mul(fading, rest), rest) if curvature else None
    return Bent(elementary(f, Op.SOFTPLUS, u), slope, bend)


def _logistic(f: Function, u: str) -> tuple[str, str, str]:
    """Return e^-|u|, 1 / (1 + e^-|u|) and 1 / (1 + e^-u)."""
    fading = _decay(f, f.intrinsic("fabs", u))
    rest = f.div(f.number(1.0), f.add(f.number(1.0), fading))
    below = f.compare("olt", u, f.number(0.0))
    return fading, rest, f.select(below, f.mul(fading, rest), rest)


def _decay(f: Function, w: str) -> str:
    """Return e^-w for w >= 0."""
    bits, r = reduced(f, f.neg(at_most(f, w, 746.0)), 1023 + 64)
    scale = exponent(f, bits)
    return f.mul(f.fma(growth(f, r), scale, scale), f.number(2.0**-64))


def _gelu(f: Function, u: str, curvature: bool) -> Bent:
    error = elementary(f, Op.ERF, f.mul(f.number(math.sqrt(0.5)), u))
    share = f.fma(f.number(0.5), error, f.number(0.5))
    far = f.compare("ogt", f.intrinsic("fabs", u), f.number(_FAR))
    near = f.select(far, f.intrinsic("copysign", f.number(_FAR), u), u)
    square = f.mul(near, near)
    height = f.number(1.0 / math.sqrt(2.0 * math.pi))
    density = f.mul(height, _decay(f, f.mul(f.number(0.5), square)))
    slope = f.fma(near, density, share)
    bend = f.mul(f.sub(f.number(2.0), square), density) if curvature else None
    return Bent(f.mul(u, share), slope, bend)


def _relu_cubed(f: Function, u: str, curvature: bool) -> Bent:
    above = f.select(f.compare("olt", u, f.number(0.0)), f.number(0.0), u)
    square = f.mul(above, above)
    bend = f.mul(f.number(6.0), above) if curvature else None
    return Bent(f.mul(square, above), f.mul(f.number(3.0), square), bend)


_SMOOTH = {
    ActivationCode.TANH: _tanh,
    ActivationCode.SIGMOID: _sigmoid,
    ActivationCode.SOFTPLUS: _softplus,
    ActivationCode.GELU: _gelu,
    ActivationCode.RELU_CUBED: _relu_cubed,
}

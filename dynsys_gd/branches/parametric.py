"""A map as a function of its state and of one parameter, in floating point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.derivative import derivative, jacobian
from ..engine.kernel import Kernel
from ..engine.numpy_printer import numpy_function
from ..engine.rewrite import stable
from ..engine.tape import lower
from ..errors import InvalidInput
from ..maps.base import Map
from ..maps.open_parameters import checked_open

__all__ = ["Parametric", "parametric"]

Array = NDArray[np.float64]

_ALL = (-np.inf, np.inf)
_ROUNDING = 1e-12  # of a value: how far beyond the end of its range it counts as the end
_OFFSET = 6e-6  # of a central difference: the cube root of the rounding unit


@dataclass(frozen=True, eq=False)
class Parametric:
    """Images, Jacobians and parameter derivatives of a map with one open parameter.

    Parameters
    ----------
    F : Map
    parameter : str
        Its only open parameter.
    limits : tuple of two float
        The range looked at. Differences are taken in its size, and what rounding adds to its ends
        is taken off: a map without formulas may be refused there.
    """

    F: Map
    parameter: str
    limits: tuple[float, float] = _ALL

    @property
    def dimension(self) -> int:
        """Number d of coordinates of a state."""
        return self.F.dimension

    @cached_property
    def _code(self) -> Callable[[Array, Array], Array] | None:
        """From states and the parameter to F, DF row by row, and the derivative by it."""
        F = self.F
        if F.expression is None:
            return None
        # A parameter may cancel out of the formulas.
        symbol = next(iter(F.expression.free_symbols - set(F.variables)), sp.Dummy())
        images = [stable(image) for image in F.expression]
        rates = [derivative(image, symbol) for image in images]
        outputs = [*images, *jacobian(images, F.variables), *rates]
        return numpy_function(lower(outputs, F.variables, [symbol]))

    def at(self, states: Array, value: float) -> tuple[Array, Array, Array]:
        """Return F (n, d), DF (n, d, d) and the derivative of F by the parameter (n, d)."""
        d = self.dimension
        code = self._code
        if code is not None:
            out = code(np.ascontiguousarray(states.T), np.array([value]))
            slopes = np.ascontiguousarray(out[d : d + d * d].T).reshape(-1, d, d)
            return out[:d].T, slopes, out[d + d * d :].T
        kernel = self._kernel(value)
        if kernel is None:
            nothing = np.full(states.shape, np.nan)
            return nothing, np.full((*states.shape, d), np.nan), nothing
        with np.errstate(all="ignore"):
            images = np.asarray(kernel.step(states)[0])
            return images, kernel.jacobian(states), self._rates(states, images, value)

    def residual(self, orbit: Array, value: float) -> Array:
        """Return x_(k+1) - F(x_k) around an orbit (p, d)."""
        d = self.dimension
        code = self._code
        if code is not None:
            images = code(np.ascontiguousarray(orbit.T), np.array([value]))[:d].T
        else:
            images = self._images(orbit, value)
        return np.roll(orbit, -1, axis=0) - images

    def _rates(self, states: Array, images: Array, value: float) -> Array:
        """Return the derivative by the parameter, from one side at the end of what it may be."""
        width = self.limits[1] - self.limits[0]
        h = _OFFSET * max(width if np.isfinite(width) else 1.0, abs(value))
        high, low = self._images(states, value + h), self._images(states, value - h)
        if not np.isfinite(low).any():
            return (high - images) / h
        return (images - low) / h if not np.isfinite(high).any() else (high - low) / (2 * h)

    def _images(self, states: Array, value: float) -> Array:
        kernel = self._kernel(value)
        if kernel is None:
            return np.full(states.shape, np.nan)
        with np.errstate(all="ignore"):
            return np.asarray(kernel.step(states)[0])

    def _kernel(self, value: float) -> Kernel | None:
        """Return the map at a value of the parameter, None where it takes no such value."""
        inside = float(np.clip(value, *self.limits))
        off = abs(value - inside)
        chosen = inside if off <= _ROUNDING * max(abs(value), abs(inside)) else float(value)
        try:
            return self.F.at(**{self.parameter: chosen}).kernel()
        except InvalidInput:
            return None


def parametric(F: Map, parameter: str, limits: tuple[float, float] = _ALL) -> Parametric:
    """Return a map as a function of its state and its one open parameter, see `Parametric`.

    Raises
    ------
    InvalidInput
        Where F is no map, the parameter is unknown, others are open too, or the map has kinks.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> well = parametric(GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta), "eta")
    >>> image, slope, rate = well.at(np.array([[2.0]]), 0.5)
    >>> image.item(), slope.item(), rate.item()
    (-1.0, -4.5, -6.0)
    """
    checked_open(F, [parameter])
    if F.expression is not None:
        _refuse_kinks(F)
    return Parametric(F, parameter, limits)


def _refuse_kinks(F: Map) -> None:
    assert F.expression is not None
    symbols: list[sp.Symbol] = sorted(F.expression.free_symbols, key=str)
    if not lower([stable(image) for image in F.expression], symbols).analytic:
        raise InvalidInput("F", F.describe(), "a smooth map", "orbits end at kinks")

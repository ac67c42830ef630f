"""A map as a function of its state and of one parameter, in floating point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.derivative import derivative, jacobian
from ..engine.numpy_printer import numpy_function
from ..engine.rewrite import stable
from ..engine.tape import lower
from ..errors import InvalidInput
from ..maps.base import Map
from ..maps.open_parameters import checked_open

__all__ = ["Parametric", "parametric"]

Array = NDArray[np.float64]

_OFFSET = 6e-6  # of a central difference: the cube root of the rounding unit


@dataclass(frozen=True, eq=False)
class Parametric:
    """Images, Jacobians and parameter derivatives of a map with one open parameter.

    Parameters
    ----------
    F : Map
    parameter : str
        Its only open parameter.
    """

    F: Map
    parameter: str

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
        kernel = self.F.at(**{self.parameter: float(value)}).kernel()
        h = _OFFSET * max(1.0, abs(value))
        with np.errstate(all="ignore"):
            high, low = (
                self.F.at(**{self.parameter: float(value + side * h)}).kernel().step(states)[0]
                for side in (1, -1)
            )
            return kernel.step(states)[0], kernel.jacobian(states), (high - low) / (2 * h)

    def residual(self, orbit: Array, value: float) -> Array:
        """Return x_(k+1) - F(x_k) around an orbit (p, d)."""
        d = self.dimension
        code = self._code
        if code is not None:
            images = code(np.ascontiguousarray(orbit.T), np.array([value]))[:d].T
        else:
            kernel = self.F.at(**{self.parameter: float(value)}).kernel()
            with np.errstate(all="ignore"):
                images = kernel.step(orbit)[0]
        return np.roll(orbit, -1, axis=0) - images


def parametric(F: Map, parameter: str) -> Parametric:
    """Return a map as a function of its state and its one open parameter.

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
    return Parametric(F, parameter)


def _refuse_kinks(F: Map) -> None:
    assert F.expression is not None
    symbols: list[sp.Symbol] = sorted(F.expression.free_symbols, key=str)
    if not lower([stable(image) for image in F.expression], symbols).analytic:
        raise InvalidInput("F", F.describe(), "a smooth map", "orbits end at kinks")

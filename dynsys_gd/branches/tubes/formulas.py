"""One step of a map, with one parameter, as straight-line code on intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.derivative import jacobian
from ...engine.intervals import IntervalFunction, interval_function
from ...engine.rewrite import stable
from ...engine.tape import lower as lowered
from ...errors import InvalidInput
from ...maps.base import Map
from ..parametric import parametric
from .series import Along

__all__ = ["DEGREE", "Bounds", "Formulas", "formulas_of"]

Bounds = NDArray[np.float64]

DEGREE = 3  # of the polynomials around which tubes are laid


@dataclass(frozen=True)
class Formulas:
    """A map F(x, λ) of d coordinates x and one parameter λ; plain data.

    Parameters
    ----------
    images : tuple of d sympy expressions
    variables : tuple of d Symbol
    parameter : Symbol
    """

    images: tuple[sp.Expr, ...]
    variables: tuple[sp.Symbol, ...]
    parameter: sp.Symbol

    @property
    def dimension(self) -> int:
        """Number d of coordinates."""
        return len(self.variables)

    def along(self) -> Formulas:
        """Return the map of x and of a tangent vector q together: (F(x, λ), DF(x, λ) q)."""
        return _along(self)

    @property
    def slopes(self) -> sp.ImmutableMatrix:
        """The derivative of F by x."""
        return _slopes(self)

    def slopes_on(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds, Bounds, Bounds]:
        """Return bounds of F (d, n) and of its derivative by x and λ (d, d + 1, n).

        Parameters
        ----------
        lower, upper : ndarray, shape (d + 1, n)
            Boxes of x, then λ.
        """
        d = self.dimension
        low, high = _slope_code(self)(lower, upper)
        shape = (d, d + 1, low.shape[1])
        return low[:d], high[:d], low[d:].reshape(shape), high[d:].reshape(shape)

    def series_on(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return bounds of Taylor coefficients of F along a curve, (d, DEGREE + 2, n).

        Parameters
        ----------
        lower, upper : ndarray, shape (d + 1, DEGREE + 1, n)
            Bounds of the Taylor coefficients of x, then of λ; those of higher orders are zero.
        """
        n = lower.shape[2]
        low, high = _series_code(self)(lower.reshape(-1, n), upper.reshape(-1, n))
        return low.reshape(-1, DEGREE + 2, n), high.reshape(-1, DEGREE + 2, n)


def formulas_of(F: Map, parameter: str) -> Formulas:
    """Return the formulas of a map with one open parameter.

    Raises
    ------
    InvalidInput
        As `parametric`, and for a map without a symbolic form.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> formulas = formulas_of(GradientDescent(Loss(x**2 / 2, [x]), eta), "eta")
    >>> formulas.images
    (-eta*x + x,)
    """
    parametric(F, parameter)
    if F.expression is None:
        raise InvalidInput(
            "branch", F.describe(), "a branch of a map with formulas", "floats prove nothing"
        )
    names = (s for s in F.expression.free_symbols if s.name == parameter)
    # A parameter may cancel out of the formulas.
    symbol = next((s for s in names if s not in F.variables), sp.Dummy(parameter))
    images = tuple(stable(image) for image in F.expression)
    return Formulas(images, tuple(F.variables), symbol)


@lru_cache(maxsize=32)
def _slopes(formulas: Formulas) -> sp.ImmutableMatrix:
    return jacobian(formulas.images, formulas.variables)


@lru_cache(maxsize=32)
def _along(formulas: Formulas) -> Formulas:
    q = [sp.Dummy(f"q{i}") for i in range(formulas.dimension)]
    carried = formulas.slopes * sp.Matrix(q)
    variables = (*formulas.variables, *q)
    return Formulas((*formulas.images, *carried), variables, formulas.parameter)


# Asked again for another branch of the same map, the code is found compiled.
@lru_cache(maxsize=32)
def _slope_code(formulas: Formulas) -> IntervalFunction:
    inputs = [*formulas.variables, formulas.parameter]
    outputs = [*formulas.images, *jacobian(formulas.images, inputs)]
    return interval_function(lowered(outputs, inputs))


@lru_cache(maxsize=32)
def _series_code(formulas: Formulas) -> IntervalFunction:
    """From Taylor coefficients of x(τ) and λ(τ) at τ = 0 to those of F(x(τ), λ(τ))."""
    inputs = [*formulas.variables, formulas.parameter]
    curve = {
        symbol: [sp.Dummy(f"c{i}_{order}") for order in range(DEGREE + 1)]
        for i, symbol in enumerate(inputs)
    }
    along = Along(curve)
    outputs = [
        along.coefficient(image, order) for image in formulas.images for order in range(DEGREE + 2)
    ]
    return interval_function(lowered(outputs, [c for given in curve.values() for c in given]))

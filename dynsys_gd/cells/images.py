"""Where cells go in one step: boxes and parallelepipeds that contain every image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..engine.derivative import jacobian
from ..engine.intervals import IntervalFunction, interval_function
from ..engine.operations import Op
from ..engine.rewrite import stable
from ..engine.tape import lower as lowered
from ..errors import InvalidInput
from ..maps.base import Map
from ..orbits.certified.outward import Bounds, down, middle, raised, up
from ..orbits.certified.system import exactly, system_of

__all__ = ["Formulas", "Images", "formulas_of", "images_of"]

Mask = NDArray[np.bool_]

_MAY_JUMP = {Op.SIGN, Op.STEP, Op.SELECT}


@dataclass(frozen=True)
class Formulas:
    """A map without open parameters as formulas: plain data that travels to other processes.

    Parameters
    ----------
    variables : tuple of d Symbol
    images : tuple of d sympy expressions
    smooth : bool
        Whether every operation is analytic where it is defined, so that derivatives tell.
    continuous : bool
        Whether every operation is continuous where it is defined.
    """

    variables: tuple[sp.Symbol, ...]
    images: tuple[sp.Expr, ...]
    smooth: bool
    continuous: bool

    @property
    def dimension(self) -> int:
        """Number d of coordinates."""
        return len(self.variables)

    def values(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return bounds (d, n) of the formulas on boxes (d, n)."""
        return _value_code(self)(lower, upper)

    def slopes(self, lower: Bounds, upper: Bounds) -> tuple[Bounds, Bounds]:
        """Return bounds (d, d, n) of the Jacobian of a smooth map on boxes (d, n)."""
        d = self.dimension
        low, high = _slope_code(self)(lower, upper)
        return low.reshape(d, d, -1), high.reshape(d, d, -1)


@dataclass(frozen=True, eq=False)
class Images:
    """Bounds of the images of n boxes.

    Each image lies in its box; where `sheared` it also lies in {c + A u + v : |u_i| <= 1,
    |v_i| <= e_i}, by the mean value theorem.

    Parameters
    ----------
    lower, upper : ndarray, shape (d, n)
        Infinite where nothing is known.
    centre : ndarray, shape (d, n)
        The points c.
    linear : ndarray, shape (d, d, n)
        The matrices A.
    error : ndarray, shape (d, n)
        The half widths e.
    sheared : ndarray of bool, shape (n,)
    """

    lower: Bounds
    upper: Bounds
    centre: Bounds
    linear: Bounds
    error: Bounds
    sheared: Mask

    @property
    def known(self) -> Mask:
        """Whether the image is bounded in every coordinate."""
        return np.asarray((np.isfinite(self.lower) & np.isfinite(self.upper)).all(axis=0))


def formulas_of(F: Map) -> Formulas:
    """Return the formulas of a map; kinks and jumps are allowed, and told.

    Raises
    ------
    InvalidInput
        For a map without a symbolic form or with open parameters.
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "such as GradientDescent(loss, step_size)")
    if F.expression is None:
        raise InvalidInput(
            "F", F.describe(), "a symbolic map", "bounds of images are proved from formulas"
        )
    if F.parameters:
        raise InvalidInput(
            "F",
            f"open parameters {', '.join(F.parameters)}",
            "a map whose parameters have values",
            f"write F.at({F.parameters[0]}=...)",
        )
    return _written(F)


@lru_cache(maxsize=64)
def _written(F: Map) -> Formulas:
    assert F.expression is not None
    variables = tuple(F.variables)
    images = tuple(exactly(stable(image)) for image in F.expression)
    tape = lowered(images, variables)
    if tape.analytic:
        return Formulas(variables, system_of(F).images, True, True)
    jumps = any(instruction.op in _MAY_JUMP for instruction in tape.code)
    return Formulas(variables, images, False, not jumps)


def images_of(formulas: Formulas, lower: Bounds, upper: Bounds) -> Images:
    """Return bounds of the images of boxes (d, n).

    Notes
    -----
    The box is that of the formulas, cut with that of the mean value form F(c) + DF(X)(x - c); on
    an interval where the derivative has one sign, the images of its ends. A function with finite
    bounds is defined on the whole box, and with finite bounds of its slopes it is smooth there.
    """
    d, n = lower.shape
    lower, upper = (np.ascontiguousarray(b, dtype=float) for b in (lower, upper))
    if not formulas.smooth:
        low, high = formulas.values(lower, upper)
        nothing = np.zeros((d, n))
        return Images(low, high, nothing, np.zeros((d, d, n)), nothing, np.zeros(n, dtype=bool))
    centre = middle(lower, upper)
    below, above = _image_code(formulas)(
        np.concatenate([lower, centre]), np.concatenate([upper, centre])
    )
    low, high = below[:d].copy(), above[:d].copy()
    fine: Mask = np.asarray(np.isfinite(below).all(axis=0) & np.isfinite(above).all(axis=0))
    with np.errstate(all="ignore"):
        at, slopes = (below[d : 2 * d], above[d : 2 * d]), (below[2 * d :], above[2 * d :])
        half = up(np.maximum(upper - centre, centre - lower))
        value = 0.5 * at[0] + 0.5 * at[1]
        slope = (0.5 * slopes[0] + 0.5 * slopes[1]).reshape(d, d, n)
        least, most = (bound.reshape(d, d, n) for bound in slopes)
        apart = np.maximum(most - slope, slope - least)
        linear = slope * half
        sizes = np.abs(linear)
        # What A lacks: the spread of the slopes, and the rounding of the product.
        lost = (apart * half + sizes * 2.0**-52).sum(axis=1)
        aside = np.maximum(at[1] - value, value - at[0])
        error = raised(aside + lost, 2 * d + 5)
        spread = raised(sizes.sum(axis=1) + error, d + 1)
        fine &= np.isfinite(spread).all(axis=0) & np.isfinite(value).all(axis=0)
        low = np.where(fine, np.maximum(low, down(value - spread)), low)
        high = np.where(fine, np.minimum(high, up(value + spread)), high)
    if d == 1:
        low, high = _by_ends(formulas, lower, upper, low, high, fine, slopes)
    return Images(low, high, value, linear, error, fine)


def _by_ends(
    formulas: Formulas,
    lower: Bounds,
    upper: Bounds,
    low: Bounds,
    high: Bounds,
    fine: Mask,
    slopes: tuple[Bounds, Bounds],
) -> tuple[Bounds, Bounds]:
    """Return bounds cut with the images of the ends, on intervals where F is monotone."""
    rising, falling = fine & (slopes[0][0] >= 0), fine & (slopes[1][0] <= 0)
    first, last = formulas.values(lower, lower), formulas.values(upper, upper)
    least = np.where(rising, first[0], np.where(falling, last[0], -np.inf))
    most = np.where(rising, last[1], np.where(falling, first[1], np.inf))
    return np.maximum(low, least), np.minimum(high, most)


@lru_cache(maxsize=64)
def _value_code(formulas: Formulas) -> IntervalFunction:
    return interval_function(lowered(formulas.images, formulas.variables))


@lru_cache(maxsize=64)
def _slope_code(formulas: Formulas) -> IntervalFunction:
    return interval_function(
        lowered(list(jacobian(formulas.images, formulas.variables)), formulas.variables)
    )


@lru_cache(maxsize=64)
def _image_code(formulas: Formulas) -> IntervalFunction:
    """From a box X and a point c of it to F(X), F(c), DF(X)."""
    d, x = formulas.dimension, formulas.variables
    c = [sp.Dummy(f"c{i}") for i in range(d)]
    at_centre = [image.xreplace(dict(zip(x, c, strict=True))) for image in formulas.images]
    slopes = list(jacobian(formulas.images, x))
    return interval_function(lowered([*formulas.images, *at_centre, *slopes], [*x, *c]))

"""Unstable points that turning points land on, at any parameter value: moving or neutral."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ...engine.arithmetic import Arithmetic
from ...engine.iteration import orbit
from ..parametric import Parametric

__all__ = ["MovingPoint", "NeutralPoint", "neutral_factors", "neutral_fixed_points", "orbit_of"]

Array = NDArray[np.float64]


def orbit_of(system: Parametric, x: float, value: float, steps: int) -> Array:
    """Return x and its images, shape (steps + 1,)."""
    kernel = system.F.at(**{system.parameter: float(value)}).kernel()
    return orbit(kernel, np.array([[x]]), steps, arithmetic=Arithmetic.PLAIN)[:, 0, 0]


@dataclass(frozen=True, eq=False)
class MovingPoint:
    """A periodic point with a multiplier that is not 1, by Newton's method from near by."""

    system: Parametric
    guess: float
    period: int
    unit: float = 1.0  # of length: what a step next to the origin is compared with

    def at(self, value: float) -> float | None:
        """Return the point at a parameter value, or None."""
        x = self.guess
        for _ in range(30):
            points = orbit_of(self.system, x, value, self.period)
            with np.errstate(all="ignore"):
                slopes = self.system.at(points[:-1, None], value)[1]
                step = float((points[-1] - x) / (1.0 - np.prod(slopes)))
            if not np.isfinite(step):
                return None
            x += step
            if abs(step) <= 4e-16 * max(self.unit, abs(x)):
                break
        else:
            if abs(step) > 1e-12 * max(self.unit, abs(x)):
                return None
        return x


@dataclass(frozen=True, eq=False)
class NeutralPoint:
    """A fixed point with multiplier 1 at every parameter value: a repeated root of F(x) - x."""

    system: Parametric
    guess: float
    period: int = 1

    def at(self, value: float) -> float | None:
        """Return the point at a parameter value, or None."""
        points = neutral_fixed_points(self.system, value)
        if not len(points):
            return None
        return float(points[np.abs(points - self.guess).argmin()])


def neutral_fixed_points(system: Parametric, value: float) -> Array:
    """Return the repeated roots of F(x) - x of a polynomial map, as simple roots of a factor."""
    F = system.F
    assert F.expression is not None
    roots: list[float] = []
    for coefficients, names in _repeated(F.expression[0], F.variables[0]):
        at = dict.fromkeys(names, value)
        for root in np.roots([float(each.subs(at)) for each in coefficients]):
            if abs(root.imag) <= 1e-12 * max(1.0, abs(root)):
                roots.append(float(root.real))
    return np.array(sorted(roots))


@lru_cache(maxsize=64)
def _repeated(
    image: sp.Expr, x: sp.Symbol
) -> tuple[tuple[tuple[sp.Expr, ...], tuple[sp.Symbol, ...]], ...]:
    """Return coefficients in x of the repeated factors of F(x) - x, and their other symbols."""
    return tuple(
        (tuple(sp.Poly(factor, x).all_coeffs()), tuple(factor.free_symbols - {x}))
        for factor in neutral_factors(image, x)
    )


def neutral_factors(image: sp.Expr, x: sp.Symbol) -> tuple[sp.Expr, ...]:
    """Return the repeated factors of F(x) - x of a polynomial map, each once."""
    difference = sp.nsimplify(image, rational=True) - x
    if not difference.is_polynomial(x):
        return ()
    factors = sp.factor_list(sp.together(difference))[1]
    return tuple(factor for factor, power in factors if power > 1 and factor.has(x))

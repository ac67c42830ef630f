"""The equations of an orbit and a parameter together: one more unknown than equations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...orbits.certified.outward import down, middle, up
from .formulas import DEGREE, Formulas
from .polynomials import coefficients_everywhere

__all__ = ["CyclicSystem", "Linear", "Series"]

Bounds = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Linear:
    """Derivative (b, n, n + 1) and values (b, n) of the equations on boxes.

    Both as middle and radius; the values are those at boxes that are points.
    """

    centre: Bounds
    radius: Bounds
    value: Bounds
    error: Bounds


@dataclass(frozen=True, eq=False)
class Series:
    """What the equations are along a polynomial curve: g_0 + g_1 σ + ... + g_(K+1) σ^(K+1).

    Parameters
    ----------
    centre, radius : ndarray, shape (b, n, K + 2)
        The last coefficient is bounded for all σ in [-1, 1], the others at σ = 0.
    """

    centre: Bounds
    radius: Bounds


@dataclass(frozen=True, eq=False)
class CyclicSystem:
    """f(x_k, λ) - S_k x_(k+1) = 0 for k = 0, ..., p - 1, indices modulo p.

    Unknowns are v = (x_0, ..., x_(p-1), λ) in R^(n+1) with n = p d.

    Parameters
    ----------
    formulas : Formulas
    period : int
    signs : tuple of d int
        The diagonal of S_(p-1), entries 1 and -1; the other S_k are the identity.
    """

    formulas: Formulas
    period: int
    signs: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number n of equations."""
        return self.period * self.formulas.dimension

    @np.errstate(all="ignore")
    def linear(self, lower: Bounds, upper: Bounds) -> Linear:
        """Return bounds of the derivative on boxes (b, n + 1)."""
        p, d = self.period, self.formulas.dimension
        b, n = len(lower), self.size
        low, high, slope_low, slope_high = self.formulas.slopes_on(
            self._blocks(lower), self._blocks(upper)
        )
        centre = middle(slope_low, slope_high)
        spread = up(np.maximum(slope_high - centre, centre - slope_low))
        # The derivative of log x has bounds where log x is not defined.
        spread = np.where(np.isfinite(high - low)[:, None], spread, np.inf)
        matrix, radius = np.zeros((b, n, n + 1)), np.zeros((b, n, n + 1))
        for target, source in ((matrix, centre), (radius, spread)):
            blocks = source.reshape(d, d + 1, b, p).transpose(2, 3, 0, 1)  # (b, p, d, d + 1)
            for k in range(p):
                rows = slice(k * d, (k + 1) * d)
                target[:, rows, rows] = blocks[:, k, :, :d]
                target[:, rows, n] = blocks[:, k, :, d]
        for k in range(p):
            after = (k + 1) % p
            for i in range(d):
                # For p = 1 this is added to the block: one rounding more.
                place = (slice(None), k * d + i, after * d + i)
                moved = matrix[place] - self._sign(k, i)
                if p == 1:
                    radius[place] = up(radius[place] + 2.0**-52 * np.abs(moved))
                matrix[place] = moved
        low, high = (bound.reshape(d, b, p).transpose(1, 2, 0) for bound in (low, high))
        following = np.roll(lower[:, :n].reshape(b, p, d), -1, axis=1)
        following[:, -1] *= np.array(self.signs)
        below, above = down(low - following), up(high - following)
        value = middle(below, above)
        error = up(np.maximum(above - value, value - below))
        return Linear(matrix, radius, value.reshape(b, n), error.reshape(b, n))

    @np.errstate(all="ignore")
    def series(self, coefficients: Bounds) -> Series:
        """Return what the equations are along curves with coefficients (b, n + 1, K + 1)."""
        if not coefficients[..., 1:].any():  # points, for which no series need be compiled
            here = self.linear(coefficients[..., 0], coefficients[..., 0])
            return Series(here.value[..., None], here.error[..., None])
        p, d = self.period, self.formulas.dimension
        b, n = len(coefficients), self.size
        low, high = coefficients_everywhere(coefficients)
        thin = self._curves(coefficients)
        given_low = np.concatenate([thin, self._curves(low)], axis=2)
        given_high = np.concatenate([thin, self._curves(high)], axis=2)
        below, above = self.formulas.series_on(given_low, given_high)
        below, above = (
            np.concatenate(
                [bound[:, : DEGREE + 1, : b * p], bound[:, DEGREE + 1 :, b * p :]], axis=1
            )
            .reshape(d, DEGREE + 2, b, p)
            .transpose(2, 3, 0, 1)
            for bound in (below, above)
        )  # (b, p, d, K + 2)
        following = np.roll(coefficients[:, :n].reshape(b, p, d, -1), -1, axis=1)
        following[:, -1] *= np.array(self.signs)[:, None]
        below, above = below.copy(), above.copy()
        below[..., :-1] = down(below[..., :-1] - following)
        above[..., :-1] = up(above[..., :-1] - following)
        centre = middle(below, above)
        radius = up(np.maximum(above - centre, centre - below))
        return Series(centre.reshape(b, n, -1), radius.reshape(b, n, -1))

    def _sign(self, k: int, i: int) -> int:
        return self.signs[i] if k == self.period - 1 else 1

    def _blocks(self, bound: Bounds) -> Bounds:
        """Return boxes (b, n + 1) as boxes of single steps, (d + 1, b p)."""
        p, d, b = self.period, self.formulas.dimension, len(bound)
        states = bound[:, :-1].reshape(b * p, d).T
        return np.concatenate([states, np.repeat(bound[:, -1], p)[None]])

    def _curves(self, bound: Bounds) -> Bounds:
        """Return coefficients (b, n + 1, K + 1) as those of single steps, (d + 1, K + 1, b p)."""
        p, d, b = self.period, self.formulas.dimension, len(bound)
        states = bound[:, :-1].reshape(b * p, d, -1).transpose(1, 2, 0)
        return np.concatenate([states, np.repeat(bound[:, -1], p, axis=0).T[None]])

"""The invariant curve near its saddle: a polynomial K with F^p(K(s)) = K(λ s).

The parameterisation method: K is unique up to the scale of s, since no power of one multiplier of
a saddle equals a multiplier on the other side of the unit circle. It is found in Chebyshev
polynomials by Newton's method, so that nothing but values and Jacobians of the map is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from ...engine.kernel import Kernel
from ...errors import UndecidedError
from .saddle import Saddle

__all__ = ["LocalCurve", "local_curve"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_TERMS = 24
_TAIL = 3
_NEWTON_STEPS = 12
_GOAL = 2e-13  # relative to the size of the saddle
_RELATIVE = 1e-6  # largest error relative to the length: a kink has one at every length
_SCALES = 30


@dataclass(frozen=True, eq=False)
class LocalCurve:
    """K(s) = base + s slope + s² Σ rest_k T_k(s) on [-1, 1].

    Parameters
    ----------
    base, slope : ndarray, shape (d,)
    rest : ndarray, shape (n, d)
    multiplier : float
    error : float
        Estimated distance between K and the curve: what changes with half as many terms more,
        and the largest residual of the equation.
    """

    base: Rows
    slope: Rows
    rest: Rows
    multiplier: float
    error: float = np.inf

    @cached_property
    def _bend_slope(self) -> Rows:
        return np.asarray(chebyshev.chebder(self.rest))

    def points(self, s: Numbers) -> Rows:
        """Return K(s), shape (n, d)."""
        bend = chebyshev.chebvander(s, len(self.rest) - 1) @ self.rest
        return np.asarray(self.base + s[:, None] * (self.slope + s[:, None] * bend))

    def tangents(self, s: Numbers) -> Rows:
        """Return K'(s), shape (n, d)."""
        terms = chebyshev.chebvander(s, len(self.rest) - 1)
        bend, change = terms @ self.rest, terms[:, :-1] @ self._bend_slope
        return np.asarray(self.slope + s[:, None] * (2 * bend + s[:, None] * change))


def local_curve(saddle: Saddle, tolerance: float) -> LocalCurve:
    """Return the longest local curve, over powers of two, that is accurate.

    Where none reaches rounding errors, the best one below `tolerance` is taken.
    """
    kernel = saddle.cycle.return_kernel()
    size = 1 + float(np.abs(saddle.cycle.points).max())
    best, least = None, _RELATIVE
    for power in range(_SCALES):
        scale = size * 0.5 ** (power - 2)
        curve = _solved(kernel, saddle, scale, _TERMS, None)
        if curve is None:
            continue
        error = _error(kernel, saddle, curve)
        if error < least * scale:
            best, least = replace(curve, error=error), error / scale
        if best is not None and error <= _GOAL * size:
            break
    if best is None or best.error > tolerance:
        raise UndecidedError(
            "no invariant curve was found near the saddle to the tolerance; "
            "the map may not be smooth there"
        )
    return best


def _solved(
    kernel: Kernel, saddle: Saddle, scale: float, terms: int, start: LocalCurve | None
) -> LocalCurve | None:
    """Return K with K'(0) of length `scale`, or None where Newton's method does not converge."""
    base, multiplier = saddle.cycle.points[0], saddle.multiplier
    curve = LocalCurve(base, scale * saddle.directions[0], np.zeros((terms, len(base))), multiplier)
    if start is not None:
        rest = np.zeros((terms, len(base)))
        rest[: len(start.rest)] = start.rest
        curve = LocalCurve(base, start.slope, rest, multiplier)
    s = chebyshev.chebpts1(terms)
    small, goal = np.inf, 1e-15 * (1 + float(np.abs(base).max()))
    for _ in range(_NEWTON_STEPS):
        correction = _correction(kernel, curve, s)
        if correction is None:
            return None
        curve = LocalCurve(base, curve.slope, curve.rest + correction, multiplier)
        moved = float(np.abs(correction).max())
        if moved <= goal or (moved < 1e-11 and moved > 0.3 * small):
            break
        small = moved
    # More than rounding noise in the last correction: the curve is too long for so few terms.
    return curve if moved <= 1e-9 * float(np.linalg.norm(curve.slope)) else None


def _arguments(multiplier: float) -> tuple[float, float]:
    """Return a and b such that F^p(K(a s)) = K(b s) asks K for [-1, 1] only, one end reached."""
    return (1 / multiplier, 1.0) if abs(multiplier) > 1 else (1.0, multiplier)


def _correction(kernel: Kernel, curve: LocalCurve, s: Numbers) -> Rows | None:
    """Return Newton's correction of the coefficients for (F^p(K(a s)) - K(b s)) / s² = 0."""
    n, d = curve.rest.shape
    a, b = _arguments(curve.multiplier)
    before = curve.points(a * s)
    with np.errstate(all="ignore"):
        defect = (curve.points(b * s) - kernel.step(before)[0]) / s[:, None] ** 2
        slopes = kernel.jacobian(before)
    if not (np.isfinite(defect).all() and np.isfinite(slopes).all()):
        return None
    terms_a = chebyshev.chebvander(a * s, n - 1) * a**2
    terms_b = chebyshev.chebvander(b * s, n - 1) * b**2
    matrix = np.einsum("jil,jk->jikl", slopes, terms_a)
    matrix -= np.einsum("il,jk->jikl", np.eye(d), terms_b)
    try:
        solution = np.linalg.solve(matrix.reshape(n * d, n * d), defect.ravel())
    except np.linalg.LinAlgError:
        return None
    return np.asarray(solution.reshape(n, d)) if np.isfinite(solution).all() else None


def _error(kernel: Kernel, saddle: Saddle, curve: LocalCurve) -> float:
    """Return the distance to a curve with more terms, or the residual where that is larger."""
    finer = _solved(kernel, saddle, 0.0, _TERMS + _TERMS // 2, curve)
    if finer is None:
        return np.inf
    s = np.linspace(-1, 1, 4 * _TERMS + 1)
    a, b = _arguments(curve.multiplier)
    with np.errstate(all="ignore"):
        residual = kernel.step(curve.points(a * s))[0] - curve.points(b * s)
    change = finer.points(s) - curve.points(s)
    tail = np.abs(curve.rest[-_TAIL:]).sum()
    worst = max(np.abs(residual).max(), np.abs(change).max(), float(tail))
    return float(worst) if np.isfinite(worst) else np.inf

"""The exponent of a power law from a few points, with an error that does not trust the law."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

__all__ = ["PointUse", "PowerLaw", "Readings", "fit", "windowed"]

Vector = NDArray[np.float64]

_FEWEST_IN_FIT = 3
_FEWEST_TO_JUDGE = 5  # a parabola through four points leaves one degree of freedom
_FEWEST_TO_HALVE = 6
_LEFT_OUT, _BENT = 1.5, 3.0  # standard errors of the curvature
_KEPT = 2 / 3
_EXACT = 1e-9


class PointUse(Enum):
    """Whether a point takes part in the fit, and if not, why.

    Examples
    --------
    >>> PointUse.BENT.value
    'left out: the law bends here'
    """

    FITTED = "fitted"
    TOO_FEW = "left out: too few events"
    SATURATED = "left out: too coarse, close to saturation"
    BENT = "left out: the law bends here"


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Points (x, y) on double logarithmic axes, the finest scale last.

    Parameters
    ----------
    x, y : ndarray, shape (m,)
        Logarithms of the scales and of the shares.
    covariance : ndarray, shape (m, m)
        Of the chance errors of `y`.
    low, high : ndarray, shape (m,)
        Between which `y` lies whatever was not decided.
    dof : float
        Degrees of freedom of the covariance, infinite where it is known.
    """

    x: Vector
    y: Vector
    covariance: Vector
    low: Vector
    high: Vector
    dof: float = np.inf

    def take(self, chosen: NDArray[np.bool_]) -> Readings:
        """Return the chosen points."""
        return Readings(
            x=self.x[chosen],
            y=self.y[chosen],
            covariance=self.covariance[np.ix_(chosen, chosen)],
            low=self.low[chosen],
            high=self.high[chosen],
            dof=self.dof,
        )


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    """share = exp(intercept) · scale^exponent, fitted to `points` points.

    Parameters
    ----------
    exponent, intercept : float
    error : float
        Standard error of the exponent: chance errors and lack of fit together.
    scatter : float
        Standard deviation of the points about the law in excess of their chance errors.
    dof : float
        Degrees of freedom of `error`.
    down, up : float
        How far undecided starts may move the exponent at most.
    bend : float
        By how many standard errors the points bend away from a power law; 0 for too few points.
    points : int
    """

    exponent: float
    intercept: float
    error: float
    scatter: float
    dof: float
    down: float
    up: float
    bend: float
    points: int
    finer: tuple[float, float] | None

    @property
    def bent(self) -> bool:
        """Whether the points clearly bend: then the exponent is no limit yet."""
        return self.bend > _BENT

    def interval(self, level: float) -> tuple[float, float]:
        """Return an interval for the exponent at this confidence level."""
        from scipy.stats import norm, t

        tail = 0.5 * (1.0 + level)
        wide = norm.ppf(tail) if np.isinf(self.dof) else t.ppf(tail, self.dof)
        reach = float(wide) * self.error
        return self.exponent - self.down - reach, self.exponent + self.up + reach


def fit(readings: Readings) -> PowerLaw | None:
    """Return the fit of a straight line, or None for fewer than three points.

    Notes
    -----
    The points are y = a + αx + lack of fit + chance. They have equal weights, for lack of fit is
    worst where chance errors are small: at coarse scales. With the hat matrix H, M = I - H and the
    covariance C of the chance errors, E|My|² = tr(MC) + τ²(m - 2) gives the variance τ² of the lack
    of fit, and C + τ²I that of the exponent.
    """
    if len(readings.x) < _FEWEST_IN_FIT:
        return None
    line = np.stack([np.ones_like(readings.x), readings.x], axis=1)
    (intercept, exponent), covariance, tau2 = _regression(line, readings)
    bend = 0.0
    if len(readings.x) >= _FEWEST_TO_JUDGE:
        parabola = np.column_stack([line, (readings.x - readings.x.mean()) ** 2])
        coefficients, spread, _ = _regression(parabola, readings)
        bend = float(abs(coefficients[2]) / max(np.sqrt(spread[2, 2]), _EXACT))
    slope = np.linalg.pinv(line)[1]
    above, below = readings.high - readings.y, readings.y - readings.low
    gain, loss = np.maximum(slope, 0.0), np.maximum(-slope, 0.0)
    half = readings.x <= np.median(readings.x)
    finer = fit(readings.take(half)) if len(readings.x) >= _FEWEST_TO_HALVE else None
    lacks = float(len(readings.x) - 2) if tau2 > 0 else np.inf
    return PowerLaw(
        exponent=float(exponent),
        intercept=float(intercept),
        error=float(np.sqrt(covariance[1, 1])),
        scatter=float(np.sqrt(tau2)),
        dof=min(lacks, readings.dof),
        down=float(gain @ below + loss @ above),
        up=float(gain @ above + loss @ below),
        bend=bend,
        points=len(readings.x),
        finer=None if finer is None else (finer.exponent, finer.error),
    )


def windowed(readings: Readings, allowed: NDArray[np.bool_]) -> tuple[PowerLaw | None, list[bool]]:
    """Return the fit of the allowed points without the coarsest ones at which the law bends.

    While a parabola fits better than the line by more than 1.5 standard errors, the coarsest
    scale is left out, as long as five of them stay, and two thirds of them.
    """
    chosen = allowed.copy()
    fewest = max(_FEWEST_TO_JUDGE, int(np.ceil(_KEPT * allowed.sum())))
    law = fit(readings.take(chosen))
    while law is not None and law.bend > _LEFT_OUT and chosen.sum() > fewest:
        chosen[np.flatnonzero(chosen)[0]] = False
        law = fit(readings.take(chosen))
    return law, [bool(c) for c in chosen]


def _regression(
    design: NDArray[np.float64], readings: Readings
) -> tuple[Vector, NDArray[np.float64], float]:
    """Return the coefficients, their covariance, and the variance τ² of the lack of fit."""
    m, p = design.shape
    rows = np.linalg.pinv(design)
    rest = np.eye(m) - design @ rows
    excess = float(np.sum((rest @ readings.y) ** 2) - np.trace(rest @ readings.covariance))
    tau2 = max(0.0, excess / (m - p))
    total = readings.covariance + tau2 * np.eye(m)
    return rows @ readings.y, rows @ total @ rows.T, tau2

"""From one minimum to a flatter one, along the set of minima, in floating point."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..losses.base import AbstractLoss

__all__ = ["SearchSettings", "flatter_minimum", "is_minimum", "polished"]

Point = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """Caps and tolerances of the search; relative to the largest eigenvalue where they can be.

    Attributes
    ----------
    scales : tuple of float
        Standard deviations of the normal laws that starts come from.
    starts : int
        Starts for each scale.
    gradient : float
        Largest gradient norm of an accepted minimum, relative to 1 + |θ| times the sharpness.
    kernel : float
        Eigenvalues below this share of the largest one count as zero.
    flatter_steps, polish_steps : int
        Caps of the descent along the minima and of the Newton steps back to them.
    norms : tuple of int
        The p of the p-norms of the eigenvalues that stand in for the largest one.
    collapse : float
        A sharpness below this share of the Hessian norm at the start counts as degenerate.
    """

    scales: tuple[float, ...] = (0.5, 1.0, 2.0)
    starts: int = 6
    gradient: float = 1e-9
    kernel: float = 1e-6
    flatter_steps: int = 150
    polish_steps: int = 12
    norms: tuple[int, ...] = (8, 64, 512)
    collapse: float = 1e-4


def flatter_minimum(loss: AbstractLoss, point: Point, settings: SearchSettings) -> Point:
    """Return a flatter minimum by descent along the kernel of the Hessian."""
    for p in settings.norms:
        step = 0.1
        value, slope = _norm_and_slope(loss, point, p, settings)
        for _ in range(settings.flatter_steps):
            size = float(np.linalg.norm(slope))
            if size * (1 + np.linalg.norm(point)) < 1e-7 or step < 1e-9:
                break
            aim = point - step * slope
            trial = polished(loss, aim, settings)
            far = trial is None or np.linalg.norm(trial - aim) > 0.5 * step * size
            if trial is None or far or not is_minimum(loss, trial, settings):
                step /= 4
                continue
            new_value, new_slope = _norm_and_slope(loss, trial, p, settings)
            if new_value > value - 1e-4 * step * size * size:
                step /= 2.5
                continue
            moved, turned = trial - point, new_slope - slope
            curvature = float(moved @ turned)
            step = float(moved @ moved) / curvature if curvature > 0 else 2 * step
            point, value, slope = trial, new_value, new_slope
    return point


def _norm_and_slope(
    loss: AbstractLoss, point: Point, p: int, settings: SearchSettings
) -> tuple[float, Point]:
    """Return log of the p-norm of the eigenvalues, and its gradient along the kernel.

    The derivative of vᵀ∇²L v along w is the second derivative of ∇L along v, in direction w.
    """
    values, vectors = np.linalg.eigh(loss.hessian_at(point))
    top = float(values[-1])
    weights = np.clip(values / top, 0, None) ** (p - 1)
    total = float(np.sum(np.clip(values / top, 0, None) ** p))
    h = 1e-4 * (1 + float(np.linalg.norm(point)))
    here = loss.gradient_at(point)
    slope = np.zeros_like(point)
    for weight, vector in zip(weights, vectors.T, strict=True):
        if weight > 1e-8:
            bend = loss.gradient_at(point + h * vector) + loss.gradient_at(point - h * vector)
            slope += weight * (bend - 2 * here) / h**2
    kernel = vectors[:, np.abs(values) <= settings.kernel * top]
    tangent = kernel @ (kernel.T @ slope)
    return math.log(top) + math.log(total) / p, tangent / (top * total)


def polished(loss: AbstractLoss, point: Point, settings: SearchSettings) -> Point | None:
    """Return the minimum next to `point` by Newton steps off the kernel, or None."""
    for _ in range(settings.polish_steps):
        gradient, hessian = loss.gradient_at(point), loss.hessian_at(point)
        if not np.all(np.isfinite(hessian)):
            return None
        values, vectors = np.linalg.eigh(hessian)
        size = float(np.abs(values).max())
        if size == 0:
            return None
        bound = settings.gradient * size * (1 + float(np.linalg.norm(point)))
        kept = np.abs(values) > settings.kernel * size
        step = vectors[:, kept] @ ((vectors[:, kept].T @ gradient) / values[kept])
        # A small gradient is not enough: for a degenerate minimum the Newton step stays long.
        short = np.linalg.norm(step) <= 1e-7 * (1 + float(np.linalg.norm(point)))
        if np.linalg.norm(gradient) <= bound and short:
            return point - step
        point = point - step
        if not np.all(np.isfinite(point)):
            return None
    return None


def is_minimum(loss: AbstractLoss, point: Point, settings: SearchSettings) -> bool:
    """Return whether no Hessian eigenvalue is negative, up to the tolerance of the kernel."""
    values = np.linalg.eigvalsh(loss.hessian_at(point))
    return bool(values[0] >= -settings.kernel * max(values[-1], -values[0]))

"""Flat minima looked for in floating point, where no exact answer is at hand.

Every minimum that is found has a sharpness of at least the smallest one: 2/sharpness is an
estimate of the critical step size from below.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..evidence import Evidence, Grade
from ..losses.base import AbstractLoss
from .flatter_minima import SearchSettings, flatter_minimum, is_minimum, polished
from .threshold import Threshold, ThresholdStatus

__all__ = ["SearchSettings", "numerical_threshold"]

Point = NDArray[np.float64]

_NEXT_DOOR = 1e-6


@dataclass
class _Found:
    minima: int = 0
    starts: int = 0
    degenerate: bool = False
    sharpness: float = math.inf
    point: Point | None = None
    residual: float = math.inf


def numerical_threshold(
    loss: AbstractLoss,
    *,
    rng: np.random.Generator | int | None = None,
    seconds: float = 20,
    settings: SearchSettings | None = None,
    why: str = "",
) -> Threshold:
    """Return a NUMERICAL critical step size, an estimate from below, or an undecided one.

    Parameters
    ----------
    loss : AbstractLoss
    rng : Generator, int or None
        Where the starts come from.
    seconds : float
        No new start after this time.
    settings : SearchSettings, optional
    why : str
        Why nothing better was possible; said first in the reason.

    Notes
    -----
    Undecided where no start reaches a minimum, and where the sharpness of a minimum falls towards
    zero: then the threshold may be infinite, which floating point cannot tell.
    """
    chosen = settings or SearchSettings()
    generator = np.random.default_rng(rng)
    deadline = time.monotonic() + seconds
    found = _Found()
    for scale in chosen.scales:
        for _ in range(chosen.starts):
            start = scale * generator.standard_normal(loss.dimension)
            if time.monotonic() > deadline or found.degenerate:
                break
            with np.errstate(all="ignore"):
                _try_start(loss, start, chosen, found)
    return _as_threshold(found, why)


def _try_start(loss: AbstractLoss, start: Point, settings: SearchSettings, found: _Found) -> None:
    import scipy.optimize  # slow to import, and rarely needed

    found.starts += 1
    typical = float(np.abs(loss.hessian_at(start)).max())
    run = scipy.optimize.minimize(
        loss, start, jac=loss.gradient_at, method="L-BFGS-B", options={"maxiter": 2000}
    )
    if not np.all(np.isfinite(run.x)):
        return
    point = polished(loss, run.x, settings)
    if point is None:
        # A minimum at infinity, or one without curvature: its sharpness has no positive limit.
        found.degenerate |= _is_flattening(loss, run.x, typical, settings)
        return
    if not is_minimum(loss, point, settings) or not _is_smooth(loss, point):
        return
    found.minima += 1
    before = float(loss.sharpness_at(point))
    point = flatter_minimum(loss, point, settings)
    sharpness = float(loss.sharpness_at(point))
    if sharpness < settings.collapse * max(before, typical):
        found.degenerate = True
    elif sharpness < found.sharpness:
        found.sharpness, found.point = sharpness, point
        found.residual = float(np.linalg.norm(loss.gradient_at(point)))


def _is_smooth(loss: AbstractLoss, point: Point) -> bool:
    """Return whether the sharpness is about the same next door, which it is not at a cusp."""
    values, vectors = np.linalg.eigh(loss.hessian_at(point))
    step = _NEXT_DOOR * (1 + float(np.linalg.norm(point))) * vectors[:, -1]
    beside = loss.sharpness_at(np.stack([point + step, point - step]))
    return bool(np.all(np.abs(beside - values[-1]) <= 0.1 * values[-1]))


def _is_flattening(
    loss: AbstractLoss, point: Point, typical: float, settings: SearchSettings
) -> bool:
    gradient = float(np.linalg.norm(loss.gradient_at(point)))
    sharpness = float(np.abs(loss.hessian_at(point)).max())
    return gradient < 1e-3 * max(typical, 1e-300) and sharpness < 1e-2 * typical


def _as_threshold(found: _Found, why: str) -> Threshold:
    prefix = f"{why}; " if why else ""
    if found.degenerate or found.point is None:
        seen = (
            "minima without curvature, or ever flatter ones, were met: it may be infinite"
            if found.degenerate
            else f"none of {found.starts} starts led to a minimum"
        )
        return Threshold(
            name="critical step size",
            status=ThresholdStatus.UNDECIDED,
            value=math.nan,
            evidence=Evidence(grade=Grade.NUMERICAL, reason=prefix + seen),
        )
    return Threshold(
        name="critical step size",
        status=ThresholdStatus.VALUE,
        value=2 / found.sharpness,
        attained_at=found.point[None, :],
        evidence=Evidence(
            grade=Grade.NUMERICAL,
            reason=f"{prefix}flattest of {found.minima} minima from {found.starts} starts, "
            f"gradient norm {found.residual:.1e}: others could be flatter, so this is an estimate "
            "from below",
            sources=("craciun2024convergence",),
        ),
    )

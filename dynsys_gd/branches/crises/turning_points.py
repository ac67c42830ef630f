"""Where does a map of the line turn around? Its critical points at one parameter value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..parametric import Parametric

__all__ = ["turning_point_near", "turning_points", "unit_of"]

Array = NDArray[np.float64]

_CELLS = 512
_OFF_CENTRE = 0.4142135623730951  # of a cell: symmetric maps have slopes that vanish at its middle
_REACH = (1e-6, 1e-4, 1e-2)  # of the length of the interval, tried in turn


def turning_points(system: Parametric, value: float, interval: tuple[float, float]) -> Array:
    """Return where the derivative of F changes its sign within an interval, ascending, shape (m,).

    Two of them within one of 512 cells are missed.
    """
    low, high = interval
    at = low + (high - low) * (np.arange(_CELLS) + _OFF_CENTRE) / _CELLS
    at = np.concatenate([[low], at, [high]])
    slopes = system.at(at[:, None], value)[1][:, 0, 0]
    with np.errstate(all="ignore"):
        products = slopes[1:] * slopes[:-1]
        turns = np.flatnonzero(np.isfinite(products) & (products < 0))
    return np.array([_between(system, value, (at[k], at[k + 1]), unit_of(interval)) for k in turns])


def turning_point_near(
    system: Parametric, value: float, guess: float, interval: tuple[float, float]
) -> float | None:
    """Return the turning point next to a guess, or None where there is none."""
    length = interval[1] - interval[0]
    for reach in _REACH:
        low, high = guess - reach * length, guess + reach * length
        ends = system.at(np.array([[low], [high]]), value)[1][:, 0, 0]
        if ends[0] * ends[1] < 0:
            return _between(system, value, (low, high), unit_of(interval))
    return None


def unit_of(interval: tuple[float, float]) -> float:
    """Return what distances next to the origin are compared with: 1, or a shorter interval."""
    return min(1.0, interval[1] - interval[0])


def _between(system: Parametric, value: float, ends: tuple[float, float], unit: float) -> float:
    from scipy.optimize import brentq

    def slope(x: float) -> float:
        return float(system.at(np.array([[x]]), value)[1].item())

    # A critical value depends on its critical point to second order only.
    size = max(unit, *map(abs, ends))
    return float(brentq(slope, *ends, xtol=1e-15 * size, rtol=1e-15))

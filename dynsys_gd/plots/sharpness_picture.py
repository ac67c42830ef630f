"""Sharpness along orbits, beside the largest at which a minimum is stable."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..ensembles.sharpness_along import SharpnessAlong
from ..maps.gradient_descent import GradientDescent
from .style import ACCENT, GRID, ORBITS
from .words import count, formula, on_the_map, title

__all__ = ["draw_sharpness"]

_MOST_LINES = 12
_BAND = (5, 50, 95)
_FAR = 10.0


def draw_sharpness(found: SharpnessAlong, ax: Axes, **style: Any) -> None:
    """Draw a line for each orbit, or the spread of many; `style` goes to the lines."""
    n = len(found)
    line = {"color": ORBITS[0], "linewidth": 1.2, **style}
    if n <= _MOST_LINES:
        label = "one orbit" if n == 1 else f"{n} orbits"
        for k, values in enumerate(found.values):
            ax.plot(found.steps, values, label=label if k == 0 else None, **line)
    else:
        _spread(found, ax, line)
    if found.limit is not None:
        name = "2/η" if isinstance(found.map, GradientDescent) else "limit"
        label = f"{name} = {found.limit:.4g}, a minimum is stable below"
        ax.axhline(found.limit, color=ACCENT, linestyle="--", linewidth=1.2, label=label)
    _limit_view(found, ax)
    ax.set_xlabel("steps")
    ax.set_ylabel("sharpness, largest Hessian eigenvalue")
    ax.grid(color=GRID, linewidth=0.6)
    ax.legend(loc="best", frameon=True, framealpha=0.9, edgecolor=GRID)
    F = found.map
    what = formula(F.loss.describe()) if F.loss is not None else formula(F.describe())
    title(ax, f"Sharpness along {count(n)} orbit{'s' if n > 1 else ''} on {what}{on_the_map(F)}")


def _spread(found: SharpnessAlong, ax: Axes, line: dict[str, Any]) -> None:
    """Draw the median of the orbits whose sharpness is finite, and where most of them are."""
    seen = np.isfinite(found.values).any(axis=0)
    low, middle, high = np.full((3, len(found.steps)), np.nan)
    low[seen], middle[seen], high[seen] = np.nanpercentile(found.values[:, seen], _BAND, axis=0)
    ax.fill_between(found.steps, low, high, color=line["color"], alpha=0.25, linewidth=0,
                    label=f"{_BAND[0]} to {_BAND[2]} % of the orbits")  # fmt: skip
    ax.plot(found.steps, middle, label=f"median of {count(len(found))} orbits", **line)


def _limit_view(found: SharpnessAlong, ax: Axes) -> None:
    """Leave out what escapes: one such orbit would press all others onto the axis."""
    stay = np.isfinite(found.values).all(axis=1)
    shown: NDArray[np.float64] = found.values[stay] if stay.any() else found.values
    values = shown[np.isfinite(shown)]
    marks = [0.0] if found.limit is None else [0.0, found.limit]
    usual = max(marks[-1], float(np.median(np.abs(values)))) if values.size else marks[-1]
    near = np.append(values[np.abs(values) <= _FAR * usual], marks)
    room = 0.06 * (np.ptp(near) or 1.0)
    ax.set_ylim(near.min() - (room if near.min() < 0 else 0.0), near.max() + room)

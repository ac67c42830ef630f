"""Relative progress along orbits, and directional smoothness below, with running means."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..ensembles.progress_along import ProgressAlong
from .canvas import panel_below
from .style import GRID, INK, ORBITS
from .words import count, formula, on_the_map, title

__all__ = ["draw_progress"]

_SHOWN = 2000  # steps, of the first orbit, so that dots do not melt into a band
_RANGE = (2, 98)  # percentiles of the values in view


def draw_progress(found: ProgressAlong, ax: Axes, **style: Any) -> None:
    """Draw the first orbit as dots, with the running means weighted by ‖∇L‖².

    `style` goes to the dots.
    """
    below = panel_below(ax, (1.0, 1.0))
    progress, smooth = found.progress[0], found.step_size * found.smoothness[0]
    _view(ax, progress, found.squared_gradients[0], 0.0, style)
    _view(below, smooth, found.squared_gradients[0], 2.0, style)
    ax.sharex(below)
    ax.tick_params(labelbottom=False)
    ax.set_ylabel("relative progress RP")
    below.set_ylabel("η · directional smoothness")
    below.set_xlabel("steps" if not found.transient else f"steps after {count(found.transient)}")
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
    what = formula(found.map.loss.describe())
    title(ax, f"Progress along an orbit on {what}{on_the_map(found.map)}")


def _view(
    ax: Axes,
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    level: float,
    style: dict[str, Any],
) -> None:
    steps = np.arange(min(len(values), _SHOWN))
    usable = np.isfinite(values) & np.isfinite(weights)
    with np.errstate(all="ignore"):
        total = np.cumsum(np.where(usable, weights, 0.0))
        mean = np.cumsum(np.where(usable, values * weights, 0.0)) / total
    dots = {"color": ORBITS[0], "marker": ".", "markersize": 3.0, "linestyle": "none", **style}
    ax.plot(steps, values[steps], label="each step", **dots)
    ax.plot(steps, mean[steps], color=ORBITS[1], label="running mean,\nweights ‖∇L‖²")
    ax.axhline(level, color=INK, linestyle=(0, (6, 3)), linewidth=1.4, label=f"{level:g}")
    near = values[: len(steps)][usable[: len(steps)]]
    if len(near):
        low, high = np.percentile(np.append(near, level), _RANGE)
        room = 0.1 * (high - low) or 1.0
        ax.set_ylim(min(low, level) - room, max(high, level) + room)
    ax.grid(color=GRID, linewidth=0.6)

"""Time averages with their errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..branches.exponents.average_result import BirkhoffAverage
from .spectrum_picture import draw_batches, map_text
from .style import GRID, ORBITS
from .words import count, formula, title

__all__ = ["draw_average"]


def draw_average(found: BirkhoffAverage, ax: Axes, **style: Any) -> None:
    """Draw the batches of one orbit, or the averages along many; `style` goes to the markers."""
    name = formula(found.observable)
    if len(found) == 1:
        value, error = float(found.averages[0]), float(found.errors[0])
        label = f"{value:.6g}" + (f" ± {error:.1g}" if error > 0 else "")
        if not np.isfinite(value):
            label = "none: no finite values"
        draw_batches(ax, found.means[:, 0], value, error, found.steps, 0, label, **style)
        ax.set_xlabel(f"steps, after {count(found.transient)}")
        what = f"Time average of {name}, batch by batch"
    else:
        known = np.isfinite(found.averages)
        kept = {"markersize": 4.0, "elinewidth": 0.8, "color": ORBITS[0], **style}
        ax.errorbar(np.flatnonzero(known) + 1, found.averages[known], 2 * found.errors[known],
                    fmt="o", linestyle="none", label="average ± 2 errors", **kept)  # fmt: skip
        lost = int((~known).sum())
        ax.set_xlabel("orbit" + (f", {lost} without finite values not shown" if lost else ""))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        what = f"Time averages of {name} along {count(len(found))} orbits"
    ax.set_ylabel(f"mean of {name}")
    ax.grid(color=GRID, linewidth=0.6)
    ax.legend(loc="best", frameon=True, framealpha=0.9, edgecolor=GRID)
    title(ax, f"{what}: {map_text(found.map)}")

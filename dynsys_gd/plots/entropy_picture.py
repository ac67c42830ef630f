"""Which interval covers which, and how periodic points multiply."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from ..branches.exponents.entropy_result import EntropyBound, OrbitGrowth
from .spectrum_picture import map_text
from .style import ACCENT, GRID, INK, ORBITS, QUIET
from .words import symbol_of, title

__all__ = ["draw_entropy", "draw_growth"]


def draw_entropy(found: EntropyBound, ax: Axes, **style: Any) -> None:
    """Draw a rectangle for each interval (across) and each that it covers (up)."""
    points, name = found.points, found.map.names[0]
    if len(points) > 1:
        look = {"cmap": ListedColormap(["#FFFFFF", "#7FA8CC"]), "vmin": 0, "vmax": 1,
                **style}  # fmt: skip
        ax.pcolormesh(points, points, found.matrix.T, **look)
        ax.plot(points, points, "--", color=QUIET, linewidth=0.8)
        ax.plot(
            points, np.full(len(points), points[0]), "|", color=INK, markersize=7, clip_on=False
        )
        ax.set_xlim(points[0], points[-1])
        ax.set_ylim(points[0], points[-1])
    ax.set_xlabel(f"{symbol_of(name)}: intervals between points of orbits")
    ax.set_ylabel("intervals that are covered")
    title(ax, f"{found.headline()}, for {map_text(found.map)}")


def draw_growth(found: OrbitGrowth, ax: Axes, **style: Any) -> None:
    """Draw log(points with F^n = id) / n against n, incomplete counts hatched."""
    places = np.arange(1, len(found.rates) + 1)
    for whole, label, hatch in ((True, "complete counts", ""), (False, "at least", "///")):
        chosen = found.complete == whole
        if chosen.any():
            face = ORBITS[0] if whole else "#FFFFFF"
            look = {"color": face, "edgecolor": INK, "hatch": hatch, "linewidth": 0.6, **style}
            ax.bar(places[chosen], found.rates[chosen], label=label, **look)
    if np.isfinite(found.estimate):
        label = f"the last one, {found.estimate:.4g}: an estimate, no bound"
        ax.axhline(found.estimate, color=ACCENT, linestyle="--", label=label)
    ax.set_xlabel("n")
    ax.set_xticks(places)
    ax.set_ylabel("log(number of points with $F^n$ = id) / n")
    ax.set_ylim(0.0, 1.3 * max(0.1, float(found.rates.max())))
    ax.legend(loc="upper right", frameon=True, framealpha=0.9, edgecolor=GRID)
    title(ax, f"Growth of periodic points: {map_text(found.map)}")

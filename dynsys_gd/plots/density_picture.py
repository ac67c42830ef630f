"""Where orbits spend their time."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from ..branches.exponents.density_result import OrbitDensity
from .spectrum_picture import map_text
from .style import GRID, ORBITS
from .words import label_axes, symbol_of, title

__all__ = ["draw_histogram"]


def draw_histogram(found: OrbitDensity, ax: Axes, **style: Any) -> None:
    """Draw a histogram with a band of two errors, or the densities of cells by lightness."""
    if len(found.edges) == 1:
        _on_a_line(found, ax, **style)
    else:
        _in_the_plane(found, ax, **style)
    title(ax, f"Where orbits spend their time: {map_text(found.map)}")


def _on_a_line(found: OrbitDensity, ax: Axes, **style: Any) -> None:
    edges = found.edges[0]
    low, high = (found.density + side * 2 * found.errors for side in (-1, 1))
    colour = ORBITS[0]
    ax.fill_between(edges, np.append(low, low[-1]), np.append(high, high[-1]), step="post",
                    color=colour, alpha=0.3, linewidth=0, label="± 2 standard errors")  # fmt: skip
    ax.stairs(found.density, edges, **{"color": colour, "label": "density", **style})
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel(symbol_of(found.names[0]))
    ax.set_ylabel("share of the time per unit of length")
    ax.grid(color=GRID, linewidth=0.6)
    ax.legend(loc="best", frameon=True, framealpha=0.9, edgecolor=GRID)


def _in_the_plane(found: OrbitDensity, ax: Axes, **style: Any) -> None:
    visited = found.density > 0
    if visited.any():
        shown = np.ma.masked_where(~visited, found.density)
        limits = LogNorm(float(found.density[visited].min()), float(found.density.max()))
        # Darker is denser, so that the picture reads alike in grey.
        look = {"cmap": "viridis_r", "norm": limits, "rasterized": True, **style}
        image = ax.pcolormesh(found.edges[0], found.edges[1], shown.T, **look)
        ax.figure.colorbar(image, ax=ax, label="share of the time per unit of area")
    label_axes(ax, found.names)
    ax.set_xlim(found.edges[0][0], found.edges[0][-1])
    ax.set_ylim(found.edges[1][0], found.edges[1][-1])

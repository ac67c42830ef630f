"""A cobweb: the staircase of an orbit between the graph of its map and the diagonal."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..branches.diagrams.cobweb import Cobweb
from .style import ACCENT, INK, ORBITS, QUIET, look_of_kind
from .words import formula, on_the_map, symbol_of, title

__all__ = ["draw_cobweb"]

_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_EARLY = 0.4  # opacity of the first steps: where the orbit ends up stands out


def draw_cobweb(web: Cobweb, ax: Axes, **style: Any) -> None:
    """Draw staircase, graphs, and fixed and periodic points; `style` goes to the staircase."""
    low, high = web.region.low[0], web.region.high[0]
    _stairs(web, ax, style)
    lines: dict[str, Any] = {"linewidth": 1.8, "zorder": 3}
    ax.plot(web.places, web.graph, color=INK, label="F", **lines)
    if web.period > 1:
        name = f"$F^{{{web.period}}}$"
        ax.plot(web.places, web.power, color=ORBITS[0], linestyle="--", label=name, **lines)
    ax.plot([low, high], [low, high], color=QUIET, linestyle=":", linewidth=1.1, label="diagonal")
    x = web.points[0]
    start: dict[str, Any] = {"marker": "|", "markersize": 12, "linestyle": "none"}
    ax.plot([x], [low], color=ACCENT, label="start", markeredgewidth=1.6, clip_on=False,
            zorder=6, **start)  # fmt: skip
    _orbits(web, ax)
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_aspect("equal", adjustable="box")
    symbol = symbol_of(web.map.names[0])
    ax.set_xlabel(f"{symbol}, step t")
    ax.set_ylabel(f"{symbol}, step t + 1")
    handles, labels = ax.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    stairs = Line2D([], [], color=ACCENT, linewidth=1.1, label="orbit")
    ax.legend(handles=[*unique.values(), stairs], **_BESIDE)
    F = web.map
    what = F.loss.describe() if F.loss is not None else F.describe()
    title(ax, f"Cobweb of {len(web.points) - 1} steps on {formula(what)}{on_the_map(F)}")


def _stairs(web: Cobweb, ax: Axes, style: dict[str, Any]) -> None:
    """Draw the early half of the steps faintly, and the late half in full."""
    x = np.repeat(web.points, 2)
    a, b = x[:-1], np.concatenate([[web.region.low[0]], x[2:]])
    middle = 2 * (len(web.points) // 2)
    line: dict[str, Any] = {"color": ACCENT, "linewidth": 1.0, "zorder": 4, **style}
    ax.plot(a[: middle + 1], b[: middle + 1], **{"alpha": _EARLY, **line})
    ax.plot(a[middle:], b[middle:], **line)


def _orbits(web: Cobweb, ax: Axes) -> None:
    """Mark fixed and periodic points on the diagonal, where F^p meets it."""
    for orbits in web.orbits:
        for orbit in orbits.orbits:
            look = look_of_kind(orbit.kind)
            x = np.asarray(orbit.points, dtype=np.float64)[:, 0]
            words = "fixed point" if len(x) == 1 else f"period {len(x)}"
            mark: dict[str, Any] = {
                "marker": look.marker,
                "markersize": 8.5 if len(x) == 1 else 6.5,
                "markerfacecolor": look.colour,
                "markeredgecolor": "white",
                "markeredgewidth": 0.9,
                "linestyle": "none",
            }
            ax.plot(x, x, zorder=7, label=f"{words}, {look.label}", **mark)

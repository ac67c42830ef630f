"""The skeleton of an attractor: periodic points of growing period over a cloud of states."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ..orbits.multipliers import Multipliers, multipliers
from ..orbits.skeleton import Skeleton
from ..regions import Box
from .canvas import panel_below
from .orbit_marks import size_for
from .orbits_picture import box_of
from .plane import view_of
from .shown import BESIDE, add_legend, add_title
from .style import INK, QUIET
from .words import count, formula, label_axes, symbol_of, title

__all__ = ["draw_skeleton"]

_MARKERS = ("o", "s", "^", "d", "v", "P", "X", "*")
_MOST_ENTRIES = 22
_SMALL = 2.5  # points, below which an edge would hide the colour
_GREY = "#9A9A9A"
_BINS = 400
_HEIGHTS = (1.0, 0.34)


def draw_skeleton(skeleton: Skeleton, ax: Axes, **style: Any) -> None:
    """Draw the points of every period, short ones on top; `style` goes to their marks.

    In one dimension the height of a point is its period. Below, each orbit by how fast its
    neighbours leave it, where the multipliers are known and the axes were empty.
    """
    plane = skeleton.map.dimension > 1
    over = ax.has_data()
    growth = multipliers(skeleton)
    if not over and len(growth.orbits) and not growth.without:
        _growth(growth, skeleton, panel_below(ax, _HEIGHTS))
    box = _view(skeleton)
    cloud = skeleton.cloud[_within(skeleton.cloud, box)]
    entries: list[Any] = []
    if len(cloud) and not over:
        (_cloud if plane else _strip)(cloud, ax, box)
        mark: dict[str, Any] = {"linestyle": "none", "marker": "o", "color": _GREY}
        entries.append(Line2D([], [], label=f"{count(len(cloud))} iterates", markersize=3, **mark))
    entries += _points(skeleton, ax, style, plane=plane)
    names = skeleton.map.names
    if over:
        for entry in entries:
            entry.set_label(f"period {entry.get_label()}")
        add_legend(ax, entries)
        add_title(ax, skeleton.summary())
        return
    ax.set_xlim(box.low[0], box.high[0])
    if plane:
        ax.set_ylim(box.low[1], box.high[1])
        label_axes(ax, names)
    else:
        ax.set_xlabel(symbol_of(names[0]))
        ax.set_ylabel("period")
        ticks = [0, *skeleton.periods[:: 1 + len(skeleton.periods) // 16]]
        ax.set_yticks(ticks, ["visits", *map(str, ticks[1:])])
        ax.set_ylim(-0.6, skeleton.periods[-1] + 0.6)
    if len(entries) > _MOST_ENTRIES:
        more = Line2D([], [], linestyle="none", label="…")
        entries = [*entries[: _MOST_ENTRIES - 4], more, *entries[-3:]]
    legend = ax.legend(handles=entries, title="period: orbits", alignment="left", **BESIDE)
    legend.get_title().set_fontsize(9)
    title(ax, formula(skeleton.headline()))


def _cloud(cloud: NDArray[np.float64], ax: Axes, box: Box) -> None:
    look: dict[str, Any] = {"linestyle": "none", "marker": ".", "color": _GREY, "markersize": 1.2}
    ax.plot(cloud[:, 0], cloud[:, 1], markeredgewidth=0, zorder=1, rasterized=True, **look)


def _strip(cloud: NDArray[np.float64], ax: Axes, box: Box) -> None:
    """Draw how often each place of the line is visited, as a strip of greys at height 0."""
    span = float(box.low[0]), float(box.high[0])
    visits, _ = np.histogram(cloud[:, 0], bins=_BINS, range=span)
    extent = (*span, -0.35, 0.35)
    top = max(1.0, float(np.quantile(visits[visits > 0], 0.95)))
    ax.imshow(visits[None], extent=extent, aspect="auto", cmap="Greys", vmin=0, vmax=1.5 * top)


def _growth(growth: Multipliers, skeleton: Skeleton, ax: Axes) -> None:
    """Draw log|μ|/p of the largest multiplier of each orbit against its period."""
    periods = np.array([orbit.period for orbit in growth.orbits])
    values = growth.growth
    kept = np.isfinite(values)
    look: dict[str, Any] = {"linestyle": "none", "marker": "_", "color": INK, "markersize": 9}
    ax.plot(periods[kept], values[kept], markeredgewidth=0.8, **look)
    ax.axhline(0.0, color=QUIET, linewidth=0.8, linestyle=":")
    ax.set_xlim(skeleton.periods[0] - 0.7, skeleton.periods[-1] + 0.7)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("period")
    ax.set_ylabel("log|μ| / period")


def _points(skeleton: Skeleton, ax: Axes, style: dict[str, Any], *, plane: bool) -> list[Any]:
    """Mark the points, longest period first; return an entry for each period met."""
    total = sum(p * len(f.orbits) for p, f in zip(skeleton.periods, skeleton.sets, strict=True))
    size = size_for(total, largest=7.5)
    shade = Normalize(0, max(1, len(skeleton.periods) - 1))
    entries = []
    for place, found in reversed(list(enumerate(skeleton.sets))):
        period = skeleton.periods[place]
        if not found.orbits:
            if not found.complete:
                entries.append(Line2D([], [], linestyle="none", label=f"{period}: 0 (open)"))
            continue
        points = np.concatenate([orbit.points for orbit in found.orbits])
        other = points[:, 1] if plane else np.full(len(points), float(period))
        # Short periods are large and dark: few of them, and they organise the others.
        share = 1.0 - shade(place)
        crowd_size = size + (7.5 - size) * share**2
        look: dict[str, Any] = {
            "linestyle": "none",
            "marker": _MARKERS[place % len(_MARKERS)],
            "color": colormaps["plasma"](0.92 * (1.0 - share)),
            "markeredgecolor": INK,
            "markeredgewidth": 0.3 + 0.4 * share if crowd_size > _SMALL else 0.0,
            "markersize": crowd_size,
            **style,
        }
        ax.plot(points[:, 0], other, zorder=3 + share, **look)
        word = f"{period}: {len(found.orbits)}" + ("" if found.complete else " (open)")
        entries.append(
            Line2D([], [], label=word, **{**look, "markersize": 6, "markeredgewidth": 0.5})
        )
    return entries[::-1]


def _view(skeleton: Skeleton) -> Box:
    points = [orbit.points for orbit in skeleton]
    region = box_of(skeleton.region)
    if region is not None and region.dimension == skeleton.map.dimension:
        cloud = skeleton.cloud[_within(skeleton.cloud, region)]
        points = [*points, cloud, np.array([region.low, region.high])]
    if not points:
        return Box([-1.0, -1.0], [1.0, 1.0])
    rows = np.concatenate(points)
    if rows.shape[1] == 1:
        room = 0.03 * float(np.ptp(rows)) or 1.0
        return Box([float(rows.min()) - room], [float(rows.max()) + room])
    low, high = rows[:, :2].min(axis=0), rows[:, :2].max(axis=0)
    if np.all(high > low):
        room = 0.03 * (high - low)
        return Box((low - room).tolist(), (high + room).tolist())
    return view_of(rows[:, :2])


def _within(rows: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    n = min(box.dimension, rows.shape[1])
    low, high = np.asarray(box.low[:n], dtype=float), np.asarray(box.high[:n], dtype=float)
    return np.asarray(np.all((rows[:, :n] >= low) & (rows[:, :n] <= high), axis=1))

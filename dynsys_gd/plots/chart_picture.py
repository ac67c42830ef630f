"""Charts: panels of curves, levels, bands and cells, side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ..claims.chart import Chart, Curve, Mark, Panel, Raster
from .style import ACCENT, FATES, GRID, INK, LINES_OF_ORBITS, ORBITS, QUIET

__all__ = ["chart_size", "draw_chart"]

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_SHADES = ("#CC79A7", "#56B4E9", "#F0E442", "#D55E00", "#0072B2", "#1A1A1A")
_WORDS_OF_FATES = {  # what becomes of a start has one colour in all pictures
    "converges": "CONVERGED",
    "cycles": "CYCLING",
    "stays": "BOUNDED",
    "diverges": "ESCAPED",
    "escapes": "ESCAPED",
    "does not converge": "ESCAPED",
    "undecided": "UNDECIDED",
}
_WIDTH, _HEIGHT = 4.6, 4.0
_LEVELS = ((0, (6, 3)), (0, (1, 2)), (0, (6, 2, 1, 2)), (0, (3, 3)))
_FEW_DECADES = 2.0


def chart_size(chart: Chart) -> tuple[float, float]:
    """Return width and height in inches."""
    columns, rows = _columns_and_rows(len(chart.panels))
    return (max(6.8, _WIDTH * columns), (_HEIGHT + 0.5) * rows)


def _columns_and_rows(n: int) -> tuple[int, int]:
    """Up to three panels stand side by side, four in two rows."""
    return (n, 1) if n <= 3 else (2, 2)


def draw_chart(chart: Chart, ax: Axes, **style: Any) -> None:
    """Draw the panels in the room of `ax`; `style` goes to the curves."""
    from .words import title

    axes = _split(ax, len(chart.panels))
    for panel, place in zip(chart.panels, axes, strict=True):
        _draw_panel(panel, place, style)
    if len(axes) == 1 and not chart.panels[0].title:
        title(ax, chart.title)
        return
    for panel, place in zip(chart.panels, axes, strict=True):
        place.set_title(panel.title)
    ax.figure.suptitle(chart.title, x=0.01, ha="left", fontsize=11)


def _split(ax: Axes, n: int) -> list[Axes]:
    """Return `n` axes in the room of `ax`, which becomes the first of them."""
    if n == 1:
        return [ax]
    columns, rows = _columns_and_rows(n)
    place = ax.get_subplotspec()
    if place is None:
        x, y, width, height = ax.get_position().bounds
        parts = [
            (x + (k % columns) * width / columns, y + (rows - 1 - k // columns) * height / rows)
            for k in range(n)
        ]
        size = (0.82 * width / columns, 0.8 * height / rows)
        ax.set_position((*parts[0], *size))
        return [ax, *(ax.figure.add_axes((*part, *size)) for part in parts[1:])]
    grid = place.subgridspec(rows, columns)
    ax.set_subplotspec(grid[0, 0])
    others = [ax.figure.add_subplot(grid[k // columns, k % columns]) for k in range(1, n)]
    return [ax, *others]


def _draw_panel(panel: Panel, ax: Axes, style: dict[str, Any]) -> None:
    if panel.raster is not None:
        _draw_raster(panel.raster, ax)
    for k, band in enumerate(panel.bands):
        ax.fill_between(band.x, band.low, band.high, color=QUIET, alpha=0.25 - 0.08 * (k % 3),
                        linewidth=0, label=band.label or None)  # fmt: skip
    for k, curve in enumerate(panel.curves):
        _draw_curve(curve, k if curve.like is None else curve.like, ax, style)
    for k, level in enumerate(panel.levels):
        draw = ax.axvline if level.vertical else ax.axhline
        colour = INK if k % 2 == 0 else ACCENT
        draw(level.value, color=colour, linestyle=_LEVELS[k % len(_LEVELS)], linewidth=1.2,
             label=level.label or None)  # fmt: skip
    ax.set_xlabel(panel.x_label)
    ax.set_ylabel(panel.y_label)
    if panel.log_x:
        ax.set_xscale("log")
    if panel.log_y:
        ax.set_yscale("log")
    if panel.x_range is not None:
        ax.set_xlim(*panel.x_range)
    if panel.y_range is not None:
        ax.set_ylim(*panel.y_range)
    for axis, log in ((ax.xaxis, panel.log_x), (ax.yaxis, panel.log_y)):
        if log:
            _log_ticks(axis)
    if panel.equal:
        ax.set_aspect("equal", adjustable="box")
    if panel.raster is None:
        ax.grid(color=GRID, linewidth=0.6)
    handles, labels = ax.get_legend_handles_labels()
    if labels:
        below = panel.raster is not None or len(labels) > 4
        place: dict[str, Any] = {"loc": "best"}
        if below:
            place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.16), "ncols": 2}
        legend = ax.legend(handles, labels, **place)
        for handle in legend.legend_handles:
            if isinstance(handle, Line2D) and handle.get_marker() == ",":
                handle.set(marker="o", markersize=3)  # a pixel would not be seen


def _log_ticks(axis: Axis) -> None:
    """Label few numbers: over less than two decades 1, 2 and 5, beyond them powers of ten."""
    low, high = sorted(axis.get_view_interval())
    axis.set_minor_formatter(NullFormatter())
    if low > 0 and np.log10(high / low) < _FEW_DECADES:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _draw_curve(curve: Curve, k: int, ax: Axes, style: dict[str, Any]) -> None:
    colour = ORBITS[k % len(ORBITS)]
    look: dict[str, Any] = {"color": colour, "label": curve.label or None}
    if curve.mark is Mark.DOTS:
        options = {**look, "linestyle": "none", "marker": ",", "rasterized": True, **style}
    elif curve.mark is Mark.POINTS:
        options = {**look, "linestyle": "none", "marker": _MARKERS[k % 7], "markersize": 4.5}
    else:
        line = LINES_OF_ORBITS[k % len(LINES_OF_ORBITS)]
        options = {**look, "linestyle": line, "linewidth": 1.4}
        if curve.mark is Mark.BOTH:
            options |= {"marker": _MARKERS[k % 7], "markersize": 4.5}
    ax.plot(curve.x, curve.y, **{**options, **style})


def _draw_raster(raster: Raster, ax: Axes) -> None:
    values = np.asarray(raster.values)
    extent = (raster.low[0], raster.high[0], raster.low[1], raster.high[1])
    shared: dict[str, Any] = {
        "extent": extent,
        "origin": "lower",
        "interpolation": "nearest",
        "aspect": "auto",
    }
    # Inset: a bar of its own would be as high as its room, which a panel of equal units leaves.
    beside = ax.inset_axes((1.04, 0, 0.06, 1))
    if not raster.words:
        image = ax.imshow(values, cmap="cividis", **shared)
        ax.figure.colorbar(image, cax=beside, label=raster.label)
        return
    n = len(raster.words)
    norm = BoundaryNorm(np.arange(n + 1) - 0.5, n)
    image = ax.imshow(values, cmap=ListedColormap(_shades(raster.words)), norm=norm, **shared)
    bar = ax.figure.colorbar(image, cax=beside, ticks=range(n), label=raster.label)
    bar.ax.set_yticklabels(list(raster.words))


def _shades(words: tuple[str, ...]) -> list[str]:
    """Return the colour of each word: that of a fate where it names one."""
    free = iter(_SHADES)
    return [
        FATES[_WORDS_OF_FATES[word]].colour if word in _WORDS_OF_FATES else next(free)
        for word in words
    ]

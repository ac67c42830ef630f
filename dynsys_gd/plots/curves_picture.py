"""Invariant curves over one another, where they cross, and the immediate basin of a sink."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ..orbits.curves.basin_result import BasinCell, ImmediateBasin
from ..orbits.curves.crossings import Crossings
from ..orbits.curves.invariant_curve import CurveSide, InvariantCurve
from ..orbits.display import point_text
from ..regions import Box
from .plane import contours, view_of
from .style import ACCENT, FATES, GRID, INK, KINDS, QUIET, Look
from .words import count, formula, label_axes, on_the_map, symbol_of, title

__all__ = ["basin_size", "draw_crossings", "draw_immediate_basin", "draw_invariant_curve"]

_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_CURVES: dict[CurveSide, Look] = {
    CurveSide.STABLE: Look(label="stable curve", colour="#14507F", line="--"),
    CurveSide.UNSTABLE: Look(label="unstable curve", colour=ACCENT, line="-"),
}
_PALER = 0.6  # share of white in cells of the basin that are not joined to the sink
_ALONG = 801


def draw_invariant_curve(curve: InvariantCurve, ax: Axes, **style: Any) -> None:
    """Draw the branches and the saddle; `style` goes to the lines.

    On axes that show something already, the curve is added and the title stays.
    """
    fresh = not ax.has_data()
    view = _view(curve)
    F = curve.map
    if fresh and F.loss is not None and F.dimension == F.loss.dimension == 2:
        contours(F.loss, ax, view)
    handles = _lines(curve, ax, style)
    _frame(ax, view, fresh)
    _legend(ax, handles)
    if fresh:
        label_axes(ax, F.names[:2])
        title(ax, formula(curve.headline()) + on_the_map(F))


def draw_crossings(found: Crossings, ax: Axes, **style: Any) -> None:
    """Draw both curves and mark where they cross; `style` goes to the marks."""
    fresh = not ax.has_data()
    handles = []
    for curve in (found.first, found.second):
        handles += _lines(curve, ax, {})
    marks: dict[str, Any] = {
        "linestyle": "none",
        "marker": "o",
        "markersize": 4.5,
        "markerfacecolor": "white",
        "markeredgecolor": INK,
        "markeredgewidth": 0.9,
        "label": f"{count(len(found))} crossings",
        **style,
    }
    ax.plot(found.points[:, 0], found.points[:, 1], zorder=7, **marks)
    handles.append(Line2D([], [], **marks))
    points = [found.points] if len(found) else []
    around = np.concatenate([found.first.orbit, found.second.orbit, *points])
    _frame(ax, view_of(around), fresh)
    _legend(ax, handles)
    if fresh:
        label_axes(ax, found.first.map.names[:2])
        title(ax, found.headline() + on_the_map(found.first.map))


def basin_size(basin: ImmediateBasin) -> tuple[float, float]:
    """Return the size of the picture in inches."""
    return (8.0, 4.2) if basin.ends is not None else (8.0, 5.0)


def draw_immediate_basin(basin: ImmediateBasin, ax: Axes, **style: Any) -> None:
    """Draw the cells of a grid by what became of them; `style` goes to the image."""
    handles: list[Any] = [_entry(basin, cell) for cell in BasinCell if basin.count(cell)]
    box = basin.region
    if basin.ends is None:
        image = _colours(basin).swapaxes(0, 1)
        extent = (box.low[0], box.high[0], box.low[1], box.high[1])
        options = {"interpolation": "nearest", "aspect": "auto", "zorder": 0, **style}
        ax.imshow(image, origin="lower", extent=extent, **options)
        marks = basin.sink
        if max(np.subtract(box.high, box.low)) < 3 * min(np.subtract(box.high, box.low)):
            ax.set_aspect("equal", adjustable="box")
        label_axes(ax, basin.map.names[:2])
        ax.set_ylim(box.low[1], box.high[1])
    else:
        handles += _on_the_line(basin, ax, style)
        marks = np.repeat(basin.sink, 2, axis=1)  # fixed by F^p: on the diagonal
    handles.append(_mark(ax, marks, KINDS["SINK"], edge="#FFFFFF"))  # seen on dark cells
    ax.set_xlim(box.low[0], box.high[0])
    ax.legend(handles=handles, **_BESIDE)
    title(ax, formula(basin.headline()) + on_the_map(basin.map))


def _lines(curve: InvariantCurve, ax: Axes, style: dict[str, Any]) -> list[Any]:
    look = _CURVES[curve.which]
    saddle = point_text(curve.orbit[0], None)
    options: dict[str, Any] = {
        "color": look.colour,
        "linestyle": look.line,
        "linewidth": 1.3,
        "solid_capstyle": "round",
        **style,
    }
    for k, branch in enumerate(curve.branches):
        # What does not touch the saddle is drawn thinner.
        thin = {} if k < curve.primary else {"linewidth": 0.6 * options["linewidth"]}
        ax.plot(branch[:, 0], branch[:, 1], zorder=4, **{**options, **thin})
    of_what = saddle if curve.period == 1 else f"{saddle}, period {curve.period}"
    line = Line2D([], [], label=f"{look.label} of {of_what}", **options)
    return [line, _mark(ax, curve.orbit, KINDS["SADDLE"])]


def _mark(ax: Axes, points: NDArray[np.float64], look: Look, edge: str = INK) -> Line2D:
    mark: dict[str, Any] = {
        "linestyle": "none",
        "marker": look.marker,
        "markersize": 8.5 if look is KINDS["SINK"] else 8,
        "markerfacecolor": look.colour,
        "markeredgecolor": edge,
        "markeredgewidth": 1.0,
        "label": look.label,
    }
    ax.plot(points[:, 0], points[:, 1], zorder=8, **mark)
    return Line2D([], [], **mark)


def _view(curve: InvariantCurve) -> Box:
    """Return what the curve fills, within its region."""
    rows = np.concatenate([curve.orbit, *curve.branches])[:, :2]
    return view_of(rows, margin=0.08)


def _frame(ax: Axes, view: Box, fresh: bool) -> None:
    """Show `view`; where something was drawn before, show that too."""
    low, high = np.array(view.low), np.array(view.high)
    if not fresh:
        (a, b), (c, d) = ax.get_xlim(), ax.get_ylim()
        low, high = np.minimum(low, (a, c)), np.maximum(high, (b, d))
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])


def _legend(ax: Axes, handles: list[Any]) -> None:
    """Put up a legend that keeps the entries of the one that is there."""
    known = ax.get_legend()
    before = [] if known is None else list(known.legend_handles)
    unique = {str(handle.get_label()): handle for handle in [*before, *handles]}
    ax.legend(handles=list(unique.values()), **_BESIDE)


def _on_the_line(basin: ImmediateBasin, ax: Axes, style: dict[str, Any]) -> list[Any]:
    """Draw F^p over the cells, with the square on each interval, which its graph does not leave."""
    assert basin.ends is not None
    box, period = basin.region, basin.period
    low, high = box.low[0], box.high[0]
    options = {"interpolation": "nearest", "aspect": "auto", "zorder": 0, **style}
    ax.imshow(_colours(basin)[None], extent=(low, high, low, high), **options)
    xs = np.linspace(low, high, _ALONG)
    with np.errstate(all="ignore"):
        ys = basin.map.iterate(xs[:, None], period)[:, 0]
    name = "map" if period == 1 else f"map, {period} steps"
    casing: dict[str, Any] = {"color": "white", "linewidth": 3.4, "zorder": 3}
    ax.plot(xs, ys, **casing)
    (graph,) = ax.plot(xs, ys, color=INK, linewidth=1.5, zorder=4, label=name)
    (diagonal,) = ax.plot(xs, xs, color=QUIET, linewidth=0.9, linestyle=":", zorder=3)
    diagonal.set_label("diagonal")
    for a, b in basin.ends:
        ax.plot([a, b, b, a, a], [a, a, b, b, a], color=GRID, linewidth=1.1, zorder=5)
        ax.plot([a, b], [a, b], linestyle="none", marker="|", color=INK, markersize=9, zorder=6)
    ax.set_ylim(low, high)
    symbol = symbol_of(basin.map.names[0])
    ax.set_xlabel(f"{symbol}, step t")
    ax.set_ylabel(f"{symbol}, step t + {period}")
    return [graph, diagonal]


def _colour(cell: BasinCell) -> tuple[float, float, float]:
    if cell in (BasinCell.IMMEDIATE, BasinCell.BASIN):
        full = np.array(to_rgb(FATES["CONVERGED"].colour))
        share = _PALER if cell is BasinCell.BASIN else 0.0
        mixed = full + share * (1 - full)
        return (float(mixed[0]), float(mixed[1]), float(mixed[2]))
    return to_rgb(FATES["ESCAPED" if cell is BasinCell.OUTSIDE else "UNDECIDED"].colour)


def _colours(basin: ImmediateBasin) -> NDArray[np.float64]:
    return np.array([_colour(cell) for cell in BasinCell])[basin.cells]


def _entry(basin: ImmediateBasin, cell: BasinCell) -> Patch:
    words = {
        BasinCell.IMMEDIATE: "immediate basin",
        BasinCell.BASIN: "rest of the basin",
        BasinCell.OUTSIDE: "does not tend to the sink",
        BasinCell.UNDECIDED: "undecided",
    }
    share = 100 * basin.count(cell) / basin.cells.size
    label = f"{words[cell]} ({share:.3g} %)"
    return Patch(facecolor=_colour(cell), edgecolor=INK, linewidth=0.6, label=label)

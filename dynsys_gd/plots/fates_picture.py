"""What became of each start: an image for a grid, points for anything else."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ..ensembles.fates import Fate, Fates
from ..regions import Box
from .critical_set import draw_critical_set
from .plane import view_of
from .style import GRID, INK, QUIET, look_of_fate
from .words import count, formula, label_axes, on_the_map, symbol_of, title

__all__ = ["draw_fates", "fates_size"]

_LIGHTEST = 0.2  # share of white in the slowest convergent start; more looks like "cycling" in grey
_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_MOST_POINTS = 20_000
_FLOOR = 0.1


def fates_size(fates: Fates) -> tuple[float, float]:
    """Return the size of the picture in inches."""
    return (8.0, 3.6) if fates.starts.shape[1] == 1 else (8.0, 5.0)


def draw_fates(fates: Fates, ax: Axes, **style: Any) -> None:
    """Draw the fates over the starts; `style` goes to the image or to the points."""
    dimension = fates.starts.shape[1]
    if dimension == 1:
        handles = _on_a_line(fates, ax, style)
    elif dimension == 2:
        handles = _in_the_plane(fates, ax, style)
    else:
        handles = _in_space(fates, ax, style)
    entries = [_entry(fates, fate, image=fates.grid is not None) for fate in _met(fates)]
    ax.legend(handles=[*entries, *handles], **_BESIDE)
    title(ax, _sentence(fates))


def _in_the_plane(fates: Fates, ax: Axes, style: dict[str, Any]) -> list[Any]:
    grid = fates.grid
    if grid is not None:
        box = grid.box
        image = _colours(fates).reshape(*grid.shape, 3).swapaxes(0, 1)
        extent = (box.low[0], box.high[0], box.low[1], box.high[1])
        options = {"interpolation": "nearest", "aspect": "auto", "zorder": 0, **style}
        ax.imshow(image, origin="lower", extent=extent, **options)
    else:
        box = view_of(fates.starts, margin=0.05)
        _points(fates, ax, fates.starts, style)
    handles = draw_critical_set(fates.map, ax, box)
    ax.set_xlim(box.low[0], box.high[0])
    ax.set_ylim(box.low[1], box.high[1])
    if max(np.subtract(box.high, box.low)) < 3 * min(np.subtract(box.high, box.low)):
        ax.set_aspect("equal", adjustable="box")
    label_axes(ax, _names(fates))
    return handles


def _on_a_line(fates: Fates, ax: Axes, style: dict[str, Any]) -> list[Any]:
    x = fates.starts[:, 0]
    if fates.grid is not None:
        low, high = fates.grid.box.low[0], fates.grid.box.high[0]
        bottom, top = _graph_of_the_loss(fates, ax)
        options = {"interpolation": "nearest", "aspect": "auto", "zorder": 0, **style}
        ax.imshow(_colours(fates)[None], extent=(low, high, bottom, top), **options)
        ax.set_xlim(low, high)
        ax.set_ylim(bottom, top)
    else:
        rows = np.stack([x, np.maximum(fates.steps, 1).astype(float)], axis=1)
        _points(fates, ax, rows, style)
        ax.set_yscale("log")
        ax.set_ylabel("steps until decided")
    span = Box([np.min(x) - 1e-9], [np.max(x) + 1e-9]) if fates.grid is None else fates.grid.box
    handles = draw_critical_set(fates.map, ax, span, on_the_loss=fates.grid is not None)
    ax.set_xlabel(f"{symbol_of(_names(fates)[0])} at the start")
    return handles


def _graph_of_the_loss(fates: Fates, ax: Axes) -> tuple[float, float]:
    """Draw the loss over the starts and return the range of the other axis."""
    loss = fates.map.loss
    if loss is None:
        ax.set_yticks([])
        return 0.0, 1.0
    values = loss(fates.starts)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.08 * (high - low) or 1.0
    casing = [patheffects.Stroke(linewidth=3.5, foreground="white"), patheffects.Normal()]
    ax.plot(fates.starts[:, 0], values, color=INK, linewidth=1.5, zorder=3, path_effects=casing)
    ax.set_ylabel("loss")
    return low - room, high + room


def _in_space(fates: Fates, ax: Axes, style: dict[str, Any]) -> list[Any]:
    """Draw size at the end against size at the start, which any dimension has."""
    with np.errstate(all="ignore"):
        distance = np.linalg.norm(fates.starts, axis=1)
    gone = fates.where(Fate.ESCAPED) | ~np.isfinite(fates.residual)
    positive = fates.residual[~gone & (fates.residual > 0)]
    low, top = (np.min(positive), 10.0 * np.max(positive)) if positive.size else (_FLOOR, 1.0)
    sizes = np.where(gone, top, np.clip(fates.residual, low, top))
    _points(fates, ax, np.stack([distance, sizes], axis=1), style)
    ax.set_yscale("log")
    ax.set_ylim(low / 5, 5 * top)
    if gone.any():
        ax.text(0.01, 1.2 * top, "∞", transform=ax.get_yaxis_transform(), color=QUIET)
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_xlabel("distance of the start from the origin")
    gradient = fates.map.loss is not None
    ax.set_ylabel("gradient norm at the end" if gradient else "size of the step at the end")
    return []


def _points(fates: Fates, ax: Axes, rows: NDArray[np.float64], style: dict[str, Any]) -> None:
    share = min(1.0, _MOST_POINTS / len(rows))
    for order, fate in enumerate(_met(fates)):
        look = look_of_fate(fate)
        chosen = np.flatnonzero(fates.where(fate))[:: max(1, round(1 / share))]
        options: dict[str, Any] = {
            "s": 14,
            "linewidths": 0.5,
            "zorder": 2 + order,
            "rasterized": True,
            **style,
        }
        if look.marker == "x":  # has no inside; its line carries the colour
            options = {"c": QUIET, **options}
        else:
            options = {"c": look.colour, "edgecolors": INK, **options}
        ax.scatter(rows[chosen, 0], rows[chosen, 1], marker=look.marker, **options)


def _colours(fates: Fates) -> NDArray[np.float64]:
    """Return a colour for each start; slower convergence is a little lighter."""
    table = np.array([to_rgb(look_of_fate(fate).colour) for fate in Fate])
    colours = table[fates.fate]
    converged = fates.where(Fate.CONVERGED)
    if converged.any():
        speed = np.log1p(fates.steps[converged].astype(float))
        spread = float(np.ptp(speed))
        share = _LIGHTEST * (speed - speed.min()) / spread if spread > 0 else np.zeros_like(speed)
        colours[converged] += share[:, None] * (1.0 - colours[converged])
    return colours


def _met(fates: Fates) -> list[Fate]:
    return [fate for fate in Fate if fates.count(fate)]


def _entry(fates: Fates, fate: Fate, *, image: bool) -> Any:
    look = look_of_fate(fate)
    share = 100 * fates.count(fate) / len(fates)
    label = f"{look.label}: {count(fates.count(fate))} ({share:.3g} %)"
    if image:
        return Patch(facecolor=look.colour, edgecolor=INK, linewidth=0.6, label=label)
    crossed = look.marker == "x"
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=look.marker,
        color=QUIET if crossed else look.colour,
        markeredgecolor=QUIET if crossed else INK,
        markeredgewidth=0.5,
        markersize=6,
        label=label,
    )


def _names(fates: Fates) -> tuple[str, ...]:
    return fates.map.names[: fates.starts.shape[1]]


def _sentence(fates: Fates) -> str:
    F = fates.map
    what = formula(F.loss.describe()) if F.loss is not None else f"the {formula(F.describe())}"
    return (
        f"Fates of {count(len(fates))} starts on {what}{on_the_map(F)}, "
        f"within {count(fates.budget.steps)} steps"
    )

"""One orbit: on the contours of its loss, as a cobweb, or as size against step."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..maps.trajectory import Trajectory
from .plane import contours, view_of
from .style import ACCENT, GRID, INK, QUIET
from .words import count, formula, label_axes, on_the_map, symbol_of, title

__all__ = ["draw_trajectory"]

_FAR = 4.0
_DASHES = (0, (4, 3))


def draw_trajectory(trajectory: Trajectory, ax: Axes, **style: Any) -> None:
    """Draw an orbit the way its dimension asks for; `style` goes to the line of the orbit."""
    F = trajectory.map
    if F.dimension == 1:
        _cobweb(trajectory, ax, style)
    elif F.project(trajectory.points).shape[1] == 2:
        _in_the_plane(trajectory, ax, style)
    else:
        _sizes(trajectory, ax, style)


def _in_the_plane(trajectory: Trajectory, ax: Axes, style: dict[str, Any]) -> None:
    F = trajectory.map
    points = np.asarray(F.project(trajectory.points))
    near = _part_in_view(points)
    shown = points[:near]
    box = view_of(shown)
    if F.loss is not None:
        contours(F.loss, ax, box)
        line = {"linewidth": 1.0, "color": ACCENT, "marker": "o", "markersize": 3.0, **style}
    else:
        line = {"linestyle": "none", "color": INK, "marker": "o", "markersize": 2.0, **style}
    ended = near == len(points)
    leaving = points[: near + 1]  # one step more: the line shows where the orbit goes
    rows = leaving if np.all(np.isfinite(leaving)) else shown
    label = "orbit" if ended else "orbit, leaves the picture"
    ax.plot(rows[:, 0], rows[:, 1], zorder=3, label=label, **line)
    _mark_ends(ax, shown, ended=ended)
    ax.set_xlim(box.low[0], box.high[0])
    ax.set_ylim(box.low[1], box.high[1])
    label_axes(ax, F.names)
    ax.legend(loc="best", frameon=True, framealpha=0.9, edgecolor=GRID)
    title(ax, _sentence(trajectory, near))


def _cobweb(trajectory: Trajectory, ax: Axes, style: dict[str, Any]) -> None:
    F = trajectory.map
    near = _part_in_view(trajectory.points)
    x = trajectory.points[:near, 0]
    low, high = float(np.min(x)), float(np.max(x))
    room = 0.15 * max(high - low, 1e-3 * (1 + abs(high)))
    xs = np.linspace(low - room, high + room, 801)
    name = symbol_of(F.names[0])
    with np.errstate(all="ignore"):
        images = F(xs[:, None])[:, 0]
    ax.plot(xs, xs, color=QUIET, linewidth=0.8, linestyle=_DASHES, label="diagonal", zorder=1)
    ax.plot(xs, images, color=INK, linewidth=1.5, label="map", zorder=2)
    corners = np.repeat(x, 2)
    line = {"color": ACCENT, "linewidth": 0.8, **style}
    ended = near == len(trajectory.points)
    label = "orbit" if ended else "orbit, leaves the picture"
    ax.plot(corners[:-1], corners[1:], zorder=3, label=label, **line)
    _mark_ends(ax, np.stack([x, x], axis=1), ended=ended)
    inside = np.clip(images[np.isfinite(images)], low - room, high + room)
    ax.set_xlim(xs[0], xs[-1])
    ax.set_ylim(min(low - room, inside.min()), max(high + room, inside.max()))
    ax.set_xlabel(f"{name}, step t")
    ax.set_ylabel(f"{name}, step t + 1")
    ax.legend(loc="best", frameon=True, framealpha=0.9, edgecolor=GRID)
    title(ax, _sentence(trajectory, near))


def _sizes(trajectory: Trajectory, ax: Axes, style: dict[str, Any]) -> None:
    F = trajectory.map
    with np.errstate(all="ignore"):
        residuals = F.kernel().step(np.asarray(trajectory.points))[1]
        sizes = np.linalg.norm(residuals, axis=1)
    what = "gradient norm" if F.loss is not None else "size of the step"
    line = {"color": ACCENT, "linewidth": 1.2, **style}
    ax.plot(np.arange(len(sizes)), np.where(sizes > 0, sizes, np.nan), label=what, **line)
    ax.set_yscale("log")
    ax.set_xlabel("step t")
    ax.set_ylabel(what)
    ax.grid(color=GRID, linewidth=0.6)
    title(ax, _sentence(trajectory, len(trajectory.points)))


def _part_in_view(points: NDArray[np.float64]) -> int:
    """Return how many leading points fit in one picture: an orbit that escapes leaves it."""
    with np.errstate(all="ignore"):
        size = np.max(np.abs(points), axis=1)
    far = np.flatnonzero(~(size <= _FAR * (1.0 + size[0])))
    return max(1, int(far[0])) if far.size else len(points)


def _mark_ends(ax: Axes, points: NDArray[np.float64], *, ended: bool) -> None:
    ends: dict[str, Any] = {
        "linestyle": "none",
        "markersize": 8,
        "markeredgecolor": INK,
        "zorder": 4,
    }
    ax.plot(*points[:1].T, marker="o", markerfacecolor="white", label="start", **ends)
    if ended:
        ax.plot(*points[-1:].T, marker="s", markerfacecolor=ACCENT, label="end", **ends)


def _sentence(trajectory: Trajectory, near: int) -> str:
    steps = len(trajectory.points) - 1
    F = trajectory.map
    what = F.loss.describe() if F.loss is not None else f"the {F.describe()}"
    tail = "" if near > steps else f", the last {count(steps + 1 - near)} outside the picture"
    return f"{count(steps)} steps on {formula(what)}{on_the_map(F)}{tail}"

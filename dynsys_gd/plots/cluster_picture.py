"""What a certified search left undecided: hatched boxes, a question mark where these are small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ..orbits.cluster import Cluster
from .plane import view_of
from .style import INK
from .words import title

__all__ = ["draw_cluster", "draw_clusters", "draw_clusters_on_the_line"]

_SMALL = 0.01  # share of the view below which a hatch cannot be seen
_HATCH: dict[str, Any] = {"facecolor": "none", "edgecolor": INK, "hatch": "////", "linewidth": 0.6}
_SIGN: dict[str, Any] = {
    "linestyle": "none",
    "marker": "$?$",
    "color": INK,
    "markersize": 9,
    "markeredgewidth": 0.6,
}


def draw_cluster(cluster: Cluster, ax: Axes, **style: Any) -> None:
    """Draw one cluster by itself; `style` goes to its boxes."""
    hull = cluster.hull[..., :2, :]
    if hull.shape[1] == 1:
        draw_clusters_on_the_line((cluster,), ax, style)
        low, high = float(hull[..., 0].min()), float(hull[..., 1].max())
        room = 0.25 * (high - low) or 1e-12
        ax.set_xlim(low - room, high + room)
        ax.set_yticks([])
        ax.set_xlabel("coordinate 1")
    else:
        corners = hull.transpose(0, 2, 1).reshape(-1, 2)
        box = view_of(corners)
        ax.set_xlim(box.low[0], box.high[0])
        ax.set_ylim(box.low[1], box.high[1])
        draw_clusters((cluster,), ax, style)
        ax.set_xlabel("coordinate 1")
        ax.set_ylabel("coordinate 2")
    title(ax, cluster.headline())


def draw_clusters(clusters: Sequence[Cluster], ax: Axes, style: dict[str, Any]) -> list[Any]:
    """Draw clusters in the plane, within the limits the axes have; return legend entries."""
    boxes = [cluster.boxes[:, :, :2, :].reshape(-1, 2, 2) for cluster in clusters]
    return _drawn(boxes, ax, style)


def draw_clusters_on_the_line(
    clusters: Sequence[Cluster], ax: Axes, style: dict[str, Any], *, on_the_graph: bool = False
) -> list[Any]:
    """Draw clusters of one coordinate as hatched strips over the height of the axes.

    Small ones are signs at the top, or on the graph of the map where that is shown.
    """
    if on_the_graph:
        least = _SMALL * float(np.ptp(ax.get_xlim()))
        if all(np.ptp(cluster.hull, axis=-1).max() < least for cluster in clusters):
            return _signs_on_the_graph(clusters, ax)
    strips = []
    for cluster in clusters:
        x = cluster.boxes[:, :, :1, :].reshape(-1, 1, 2)
        strips.append(np.concatenate([x, np.broadcast_to([0.0, 1.0], x.shape)], axis=1))
    return _drawn(strips, ax, style, strips=True)


def _signs_on_the_graph(clusters: Sequence[Cluster], ax: Axes) -> list[Any]:
    if not clusters:
        return []
    orbits = [cluster.hull[:, 0].mean(axis=-1) for cluster in clusters]
    rows = np.concatenate([np.stack([x, np.roll(x, -1)], axis=1) for x in orbits])
    _sign(ax, rows)
    return [Line2D([], [], **_SIGN, label=_label(len(clusters)))]


def _sign(ax: Axes, rows: NDArray[np.float64], **where: Any) -> None:
    """Draw question marks, each on a white disc so that it is seen on lines and basins."""
    disc: dict[str, Any] = {
        "linestyle": "none",
        "marker": "o",
        "color": "#FFFFFF",
        "markeredgecolor": INK,
    }
    ax.plot(rows[:, 0], rows[:, 1], zorder=7, markersize=12, markeredgewidth=0.6, **disc, **where)
    ax.plot(rows[:, 0], rows[:, 1], zorder=7, **_SIGN, **where)


def _label(clusters: int) -> str:
    return "unresolved" + (f"\u2009×{clusters}" if clusters > 1 else "")


def _drawn(
    groups: list[NDArray[np.float64]], ax: Axes, style: dict[str, Any], *, strips: bool = False
) -> list[Any]:
    """Draw groups of boxes, each of shape (m, 2, 2); small groups as one sign."""
    view = np.array([ax.get_xlim(), (0.0, 1.0) if strips else ax.get_ylim()])
    least = _SMALL * (view[:, 1] - view[:, 0])
    where: dict[str, Any] = {"transform": ax.get_xaxis_transform()} if strips else {}
    wide, small = [], []
    for boxes in groups:
        width = boxes[..., 1].max(axis=0) - boxes[..., 0].min(axis=0)
        if strips and width[0] < least[0]:
            small.append([boxes[:, 0].mean(), 0.96])
        elif np.all(width < least):
            small += boxes.mean(axis=2)[:1].tolist()
        else:
            wide.append(boxes)
    handles: list[Any] = []
    label = _label(len(groups))
    if wide:
        bounds = np.concatenate(wide)
        (x0, x1), (y0, y1) = bounds[:, 0].T, bounds[:, 1].T
        corners = np.stack([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]).transpose(2, 0, 1)
        look = {**_HATCH, **style}
        ax.add_collection(PolyCollection(list(corners), zorder=3, **look, **where), autolim=False)
        handles.append(Patch(**look, label=label))
    if small:
        rows = np.array(small)
        _sign(ax, rows, **where)
        handles.append(Line2D([], [], **_SIGN, label=label))
    return handles[:1]

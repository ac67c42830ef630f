"""The graph of cells: on a line its edges, in the plane how many cells each image may meet."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ..cells.cell_graph import CellGraph
from .shown import BESIDE
from .style import FATES, INK, QUIET
from .words import count, label_axes, on_the_map, symbol_of, title

__all__ = ["cell_graph_size", "draw_cell_graph"]

_MOST = 512  # pixels along an axis
_EDGES = ListedColormap(["#FFFFFF", "#14507F"])
_DARK, _PALE = 0.15, 0.95  # the part of the colour map that is used


def cell_graph_size(graph: CellGraph) -> tuple[float, float]:
    """Return the size of the picture in inches."""
    return (6.8, 5.4) if graph.cells.dimension == 1 else (8.2, 5.4)


def draw_cell_graph(graph: CellGraph, ax: Axes, **style: Any) -> None:
    """Draw the graph; `style` goes to its image.

    In one dimension a column is a cell, and what is filled are the cells that its image may meet.
    In more it is the number of them; of three coordinates and more the middle slice is shown.
    """
    (_on_line if graph.cells.dimension == 1 else _in_plane)(graph, ax, style)
    many = f"{count(len(graph))} cells, {count(graph.edges)} edges"
    known = graph.evidence.grade.value
    title(ax, f"Where cells may go in one step{on_the_map(graph.map)}: {many}, {known}")


def _on_line(graph: CellGraph, ax: Axes, style: dict[str, Any]) -> None:
    n = len(graph)
    pixels = min(n, _MOST)
    shrink = n // pixels
    filled = np.zeros((pixels, pixels))
    sources = np.repeat(np.arange(n), np.diff(graph.indptr))
    filled[graph.indices // shrink, sources // shrink] = 1.0
    low, high = graph.box.low[0], graph.box.high[0]
    options = {"cmap": _EDGES, "interpolation": "nearest", "aspect": "auto", **style}
    ax.imshow(filled, origin="lower", extent=(low, high, low, high), vmin=0, vmax=1, **options)
    ax.plot([low, high], [low, high], color=QUIET, linewidth=0.8, linestyle="--")
    handles = [Patch(facecolor=_EDGES(1.0), edgecolor=INK, linewidth=0.6, label="may be met")]
    edges = graph.cells.edges[0]
    handles += _stripes(ax, edges, graph.escaping, FATES["ESCAPED"].colour, "may leave the box")
    handles += _stripes(ax, edges, graph.unbounded, QUIET, "no bound known")
    name = graph.map.names[0]
    ax.set_xlabel(f"{symbol_of(name)}, step t")
    ax.set_ylabel(f"{symbol_of(name)}, step t + 1")
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.legend(handles=handles, **BESIDE)


def _stripes(
    ax: Axes, edges: NDArray[np.float64], marked: NDArray[np.bool_], colour: str, label: str
) -> list[Patch]:
    """Shade the columns of marked cells; return the entry of the legend."""
    if not marked.any():
        return []
    ends = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
    for first, last in ends.reshape(-1, 2):
        ax.axvspan(edges[first], edges[last], facecolor=colour, alpha=0.6, zorder=0.5, linewidth=0)
    return [Patch(facecolor=colour, alpha=0.6, edgecolor=INK, linewidth=0.6, label=label)]


def _in_plane(graph: CellGraph, ax: Axes, style: dict[str, Any]) -> None:
    shape = graph.cells.counts
    middle = tuple(k // 2 for k in shape[2:])
    every: Any = (slice(None), slice(None), *middle)
    many = np.diff(graph.indptr).reshape(shape)[every].astype(float)
    leaving, unbounded = (mark.reshape(shape)[every] for mark in (graph.leaving, graph.unbounded))
    shown = np.where(leaving | unbounded, np.nan, many)
    # Light means few: dark cells are those that the map tears apart.
    part = ListedColormap(colormaps["cividis"](np.linspace(_PALE, _DARK, 256)))
    colours = part.with_extremes(bad=FATES["ESCAPED"].colour)
    box = graph.box
    extent = (box.low[0], box.high[0], box.low[1], box.high[1])
    options = {"cmap": colours, "interpolation": "nearest", "aspect": "auto", **style}
    image = ax.imshow(shown.T, origin="lower", extent=extent, **options)
    ax.figure.colorbar(image, ax=ax, label="cells that the image may meet")
    handles = []
    if leaving.any():
        handles.append(_swatch(FATES["ESCAPED"].colour, "surely leave the box"))
    if unbounded.any():
        paint = np.zeros((*unbounded.T.shape, 4))
        paint[unbounded.T] = (*to_rgb(INK), 1.0)
        ax.imshow(paint, origin="lower", extent=extent, interpolation="nearest", aspect="auto")
        handles.append(_swatch(INK, "no bound known"))
    sides = np.subtract(box.high, box.low)[:2]
    if max(sides) < 3 * min(sides):
        ax.set_aspect("equal", adjustable="box")
    label_axes(ax, graph.map.names[:2])
    if handles:
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, -0.1), ncols=2)


def _swatch(colour: str, label: str) -> Patch:
    return Patch(facecolor=colour, edgecolor=INK, linewidth=0.6, label=label)

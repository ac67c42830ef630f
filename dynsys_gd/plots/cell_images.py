"""Values and kinds on cells as images: of more than two coordinates the first two."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from ..cells.cells import Cells
from .words import label_axes, symbol_of

__all__ = ["frame", "kinds_image", "named", "summed", "values_image"]

_MOST = 512  # pixels along an axis

Numbers = NDArray[np.float64]


def summed(cells: Cells, weights: Numbers) -> Numbers:
    """Return the sums of weights of cells in pixels, shape (columns, rows); (columns, 1) in 1-D."""
    places, counts = cells.places, cells.counts
    axes = min(cells.dimension, 2)
    shrink = [max(1, counts[i] // _MOST) for i in range(axes)]
    shape = tuple(counts[i] // shrink[i] for i in range(axes))
    image = np.zeros(shape)
    np.add.at(image, tuple(places[i] // shrink[i] for i in range(axes)), weights)
    return image.reshape(shape[0], -1)


def kinds_image(
    ax: Axes, parts: list[tuple[Cells, str, str]], cells: Cells, style: dict[str, Any]
) -> None:
    """Draw each pixel in the colour of the kind that most of its cells have, the last one in doubt.

    Each part comes as its cells, its colour and its hatch; `cells` gives the frame.
    """
    amounts = np.array([summed(part, np.ones(len(part))) for part, _, _ in parts])
    kind = len(parts) - 1 - amounts[::-1].argmax(axis=0)
    some = amounts.max(axis=0) > 0
    colours = np.ones((*kind.shape, 4))
    colours[..., 3] = some
    colours[..., :3] = np.array([to_rgb(colour) for _, colour, _ in parts])[kind]
    extent = _extent(cells)
    options = {"interpolation": "nearest", "aspect": "auto", "zorder": 1, **style}
    ax.imshow(colours.swapaxes(0, 1), origin="lower", extent=extent, **options)
    for k, (_, _, hatch) in enumerate(parts):
        shown = some & (kind == k)
        if not hatch or not shown.any():
            continue
        field = np.repeat(shown, 2, axis=1) if shown.shape[1] == 1 else shown
        hatched = ax.contourf(
            field.T.astype(float),
            [0.5, 1.5],
            colors="none",
            hatches=[hatch],
            extent=extent,
            zorder=2,
        )
        hatched.set_edgecolor("#FFFFFF")
        hatched.set_linewidth(0.0)
    frame(ax, cells)


def values_image(ax: Axes, cells: Cells, image: Numbers, **style: Any) -> Any:
    """Draw an image of values, made by `summed`, and return what a colour bar needs."""
    options = {"interpolation": "nearest", "aspect": "auto", "zorder": 1, **style}
    drawn = ax.imshow(image.T, origin="lower", extent=_extent(cells), **options)
    frame(ax, cells)
    return drawn


def frame(ax: Axes, cells: Cells) -> None:
    """Let coordinates have equal lengths where that leaves room, and drop the axis of a line."""
    sides = np.subtract(cells.region.high, cells.region.low)[:2]
    if cells.dimension == 1:
        ax.set_yticks([])
    elif max(sides) < 3 * min(sides):
        ax.set_aspect("equal", adjustable="box")


def named(ax: Axes, names: tuple[str, ...]) -> None:
    """Label the first two coordinates; a line has one."""
    if len(names) == 1:
        ax.set_xlabel(symbol_of(names[0]))
    else:
        label_axes(ax, names[:2])


def _extent(cells: Cells) -> tuple[float, float, float, float]:
    low, high = cells.region.low, cells.region.high
    bottom, top = (low[1], high[1]) if cells.dimension > 1 else (0.0, 1.0)
    return low[0], high[0], bottom, top

"""What lies under the pictures in the plane: contours of the loss, and a view that holds points."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from ..losses.base import AbstractLoss
from ..regions import Box

__all__ = ["contours", "view_of"]

_MESH = 151
_LEVELS = 12
_PALE = LinearSegmentedColormap.from_list("pale", ["#C9D3DE", "#F7F5F1"])


def contours(loss: AbstractLoss, ax: Axes, box: Box) -> Any:
    """Draw the contours of a loss of two parameters over `box`, closer together near its minimum.

    The levels are evenly spaced in the fourth root of the height above the lowest value met, so
    that the valleys and the far walls are both seen.
    """
    xs, ys = (np.linspace(a, b, _MESH) for a, b in zip(box.low, box.high, strict=True))
    mesh = np.stack(np.meshgrid(xs, ys), axis=-1)
    with np.errstate(all="ignore"):
        values = loss(mesh)
    values = np.where(np.isfinite(values), values, np.nan)
    low, high = np.nanmin(values), np.nanmax(values)
    if not low < high:
        return None
    levels = low + (high - low) * np.linspace(0, 1, _LEVELS) ** 4
    ax.contourf(xs, ys, values, levels, cmap=_PALE, zorder=0)
    return ax.contour(xs, ys, values, levels[1:], colors="#A9B4C0", linewidths=0.6, zorder=1)


def view_of(points: NDArray[np.float64], *, margin: float = 0.25) -> Box:
    """Return a box around points, shape (n, 2), with room to spare and never too thin."""
    finite = points[np.all(np.isfinite(points), axis=1)]
    low, high = finite.min(axis=0), finite.max(axis=0)
    side = float(np.max(high - low)) or 1.0 + float(np.abs(finite).max())
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 0.3 * side) + margin * side
    return Box((middle - half).tolist(), (middle + half).tolist())

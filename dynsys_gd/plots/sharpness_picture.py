"""Sharpness along orbits, beside the largest at which a minimum is stable, and the loss below."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..ensembles.sharpness_along import SharpnessAlong
from ..maps.gradient_descent import GradientDescent
from ..maps.heavy_ball import HeavyBall
from ..maps.nesterov import Nesterov
from .canvas import panel_below
from .style import GRID, INK, ORBITS, look_of_orbit
from .words import count, formula, on_the_map, title

__all__ = ["draw_sharpness"]

_MOST_LINES = 12
_NAMED = 6
_BAND = (5, 50, 95)
_FAR = 10.0
_FAR_LOSS = 1e3  # times the loss at the start: beyond, orbits leave the picture
_FLOOR = 1e-20  # of the loss: rounding leaves nothing to see below
_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_LIMITS = {
    GradientDescent: "2/η",
    HeavyBall: "2(1 + β)/η",
    Nesterov: "2(1 + β)/((1 + 2β)η)",
}


def draw_sharpness(found: SharpnessAlong, ax: Axes, **style: Any) -> None:
    """Draw sharpness and loss, a line for each orbit, or the spread of many.

    `style` goes to the lines.
    """
    n = len(found)
    below = panel_below(ax, (2.4, 1.0))
    _lines(found, found.values, ax, style)
    _lines(found, found.losses, below, style)
    if found.limit is not None:
        name = _LIMITS.get(type(found.map), "limit")
        label = f"{name} = {found.limit:.4g}: a minimum\nis stable below"
        ax.axhline(found.limit, color=INK, linestyle=(0, (6, 3)), linewidth=1.4, label=label)
    _limit_view(found, ax)
    ax.sharex(below)
    ax.tick_params(labelbottom=False)
    ax.set_ylabel("sharpness, largest Hessian eigenvalue")
    ax.grid(color=GRID, linewidth=0.6)
    ax.legend(**_BESIDE)
    _loss_view(found, below)
    F = found.map
    what = formula(F.loss.describe()) if F.loss is not None else formula(F.describe())
    title(ax, f"Sharpness along {count(n)} orbit{'s' if n > 1 else ''} on {what}{on_the_map(F)}")


def _lines(found: SharpnessAlong, values: NDArray[np.float64], ax: Axes, style: Any) -> None:
    """Draw a line for each orbit, all different where few, or the spread of many."""
    n = len(values)
    if n > _MOST_LINES:
        _spread(found, values, ax, {"color": ORBITS[0], "linewidth": 1.2, **style})
        return
    for k, row in enumerate(values):
        look = look_of_orbit(k)
        named = look.label if n <= _NAMED else f"{n} orbits" if k == 0 else None
        options = {"color": look.colour, "linestyle": look.line, "linewidth": 1.2, **style}
        ax.plot(found.steps, row, label=named, **options)


def _spread(
    found: SharpnessAlong, values: NDArray[np.float64], ax: Axes, line: dict[str, Any]
) -> None:
    """Draw the median of the orbits for which it is finite, and where most of them are."""
    seen = np.isfinite(values).any(axis=0)
    low, middle, high = np.full((3, len(found.steps)), np.nan)
    low[seen], middle[seen], high[seen] = np.nanpercentile(values[:, seen], _BAND, axis=0)
    ax.fill_between(found.steps, low, high, color=line["color"], alpha=0.25, linewidth=0,
                    label=f"{_BAND[0]} to {_BAND[2]} % of the orbits")  # fmt: skip
    ax.plot(found.steps, middle, label=f"median of {count(len(values))} orbits", **line)


def _loss_view(found: SharpnessAlong, ax: Axes) -> None:
    """Show the loss on a scale that suits it; what escapes is left out as above."""
    stay = np.isfinite(found.losses).all(axis=1) & np.isfinite(found.values).all(axis=1)
    shown = found.losses[stay] if stay.any() else found.losses
    begin = shown[:, 0][np.isfinite(shown[:, 0])]
    values = shown[np.abs(shown) <= _FAR_LOSS * (np.abs(begin).max(initial=0.0) or 1.0)]
    if values.size and (values >= 0).all() and (values > 0).any():
        ax.set_yscale("log")
        low = max(float(values[values > 0].min()), _FLOOR)
        ax.set_ylim(0.5 * low, max(2.0 * float(values.max()), 4.0 * low))
    elif values.size:
        room = 0.06 * float(np.ptp(values)) or 1.0
        ax.set_ylim(float(values.min()) - room, float(values.max()) + room)
    ax.set_xlabel("steps")
    ax.set_ylabel("loss")
    ax.grid(color=GRID, linewidth=0.6)


def _limit_view(found: SharpnessAlong, ax: Axes) -> None:
    """Leave out what escapes: one such orbit would press all others onto the axis."""
    stay = np.isfinite(found.values).all(axis=1)
    shown: NDArray[np.float64] = found.values[stay] if stay.any() else found.values
    values = shown[np.isfinite(shown)]
    marks = [0.0] if found.limit is None else [0.0, found.limit]
    usual = max(marks[-1], float(np.median(np.abs(values)))) if values.size else marks[-1]
    near = np.append(values[np.abs(values) <= _FAR * usual], marks)
    room = 0.06 * (np.ptp(near) or 1.0)
    ax.set_ylim(near.min() - (room if near.min() < 0 else 0.0), near.max() + room)

"""The loss and the coordinates along a gradient flow."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..ensembles.gradient_flow import GradientFlow
from .canvas import panel_below
from .style import GRID, INK, look_of_orbit
from .words import formula, title

__all__ = ["draw_flow"]

_NAMED = 6  # coordinates with a look and a name of their own
_FLOOR = 1e-16  # of the loss at the start: rounding leaves nothing to see below
_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}


def draw_flow(found: GradientFlow, ax: Axes, **style: Any) -> None:
    """Draw each coordinate over time, and the loss below. `style` goes to the lines."""
    below = panel_below(ax, (2.0, 1.0))
    names = found.loss.names
    for k, (name, row) in enumerate(zip(names, found.points.T, strict=True)):
        look = look_of_orbit(k)
        label = name if len(names) <= _NAMED else f"{len(names)} coordinates" if k == 0 else None
        options = {"color": look.colour, "linestyle": look.line, "linewidth": 1.3, **style}
        ax.plot(found.times, row, label=label, **options)
    below.plot(found.times, found.losses, color=INK, linewidth=1.3)
    known = found.losses[np.isfinite(found.losses)]
    if known[0] > 0 and (known >= 0).all():
        below.set_yscale("log")
        low = max(float(known[known > 0].min()), _FLOOR * float(known[0]))
        below.set_ylim(0.5 * low, 2.0 * float(known.max()))
    for axes in (ax, below):
        if not found.complete:
            axes.axvline(found.reached, color=INK, linestyle=":", linewidth=1.0)
        axes.grid(color=GRID, linewidth=0.6)
    ax.sharex(below)
    ax.tick_params(labelbottom=False)
    ax.set_ylabel("coordinates")
    ax.legend(**_BESIDE)
    below.set_xlabel("time t, that of t/η steps")
    below.set_ylabel("loss")
    title(ax, f"Gradient flow on {formula(found.loss.describe())}")

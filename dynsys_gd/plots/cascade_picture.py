"""A cascade: how fast its doubling points come near to their limit."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..branches.cascades.cascade_result import Cascade
from ..evidence import Grade
from .style import GRID, INK, ORBITS, QUIET
from .words import formula, symbol_of, title

__all__ = ["draw_cascade"]

_MOST_RATIOS = 12


def draw_cascade(cascade: Cascade, ax: Axes, **style: Any) -> None:
    """Draw distances to the limit by period, and the ratios; `style` goes to the points."""
    name = symbol_of(cascade.parameter)
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_xlabel("period of the orbit that doubles")
    limit = cascade.extrapolated
    if limit is None:
        _values(cascade, ax, style)
        ax.set_ylabel(name)
    else:
        _distances(cascade, ax, style)
        ax.set_ylabel(f"distance of {name} to the limit")
    places = np.arange(len(cascade))
    ax.set_xticks(places, [str(period) for period in cascade.periods])
    if not len(cascade):
        ax.set_yticks([])
    else:
        ax.set_xlim(-0.5, len(cascade) - 0.5)
        ax.legend(loc="upper right")
    title(ax, formula(cascade.headline()))


def _distances(cascade: Cascade, ax: Axes, style: dict[str, Any]) -> None:
    limit = cascade.extrapolated
    assert limit is not None
    heights = np.array([abs(float(limit.value - d.decimal)) for d in cascade.doublings])
    places = np.arange(len(heights))
    ax.plot(places, heights, color=QUIET, linewidth=1.0, zorder=1)
    _marks(cascade, ax, places, heights, style)
    ax.set_yscale("log")
    notes = [f"limit {limit.shown}"]
    if 0 < len(cascade.ratios) <= _MOST_RATIOS:
        notes.append("numbers: ratios of the distances of neighbours")
    ax.text(0.02, 0.03, "\n".join(notes), transform=ax.transAxes, fontsize=9, color=INK)
    if len(cascade.ratios) > _MOST_RATIOS:
        return
    for n, ratio in enumerate(cascade.ratios, start=1):
        # Beside the piece that is so many times shorter than the one before.
        ax.annotate(
            f"{ratio:.6f}",
            (n, heights[n]),
            textcoords="offset points",
            xytext=(8, 3),
            fontsize=8,
            color=INK,
        )


def _values(cascade: Cascade, ax: Axes, style: dict[str, Any]) -> None:
    places = np.arange(len(cascade))
    _marks(cascade, ax, places, cascade.values, style)


def _marks(cascade: Cascade, ax: Axes, places: Any, heights: Any, style: dict[str, Any]) -> None:
    certified = np.array([d.evidence.grade is Grade.CERTIFIED for d in cascade.doublings], bool)
    for shown, word, face in (
        (certified, "doubling point, certified", ORBITS[0]),
        (~certified, "doubling point, numerical", "white"),
    ):
        if shown.any():
            look = {"marker": "o", "linestyle": "none", "markersize": 7, "color": ORBITS[0]}
            options = {**look, "markerfacecolor": face, "label": word, **style}
            ax.plot(places[shown], heights[shown], **options)

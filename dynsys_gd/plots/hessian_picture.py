"""The largest Hessian eigenvalues with their bounds, above what is known of all others."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..ensembles.top_eigenvalues import HessianSpectrum
from .style import GRID, INK, ORBITS
from .words import formula, title

__all__ = ["draw_hessian_spectrum"]


def draw_hessian_spectrum(found: HessianSpectrum, ax: Axes, **style: Any) -> None:
    """Draw the eigenvalues in descending order, and where the others can be.

    `style` goes to the points.
    """
    ranks = np.arange(1, len(found) + 1)
    room = np.clip(found.upper - found.values, 0.0, None)
    known = np.isfinite(room)
    look = {"color": ORBITS[0], "marker": "o", "markersize": 6, "linestyle": "none", **style}
    spread = np.stack([np.zeros(len(found)), np.where(known, room, 0.0)])
    ax.errorbar(
        ranks, found.values, yerr=spread, capsize=4, label="eigenvalue, with its bound", **look
    )
    shown = [*found.values, *found.upper[known], 0.0]
    if np.isfinite(found.others):
        label = f"all others lie below {found.others:.4g}\n(level {found.level:g})"
        ax.axhline(found.others, color=INK, linestyle=(0, (6, 3)), linewidth=1.4, label=label)
        shown.append(found.others)
    low, high = min(shown), max(shown)
    margin = 0.06 * ((high - low) or 1.0)
    ax.set_ylim(low - margin, high + margin)
    ax.set_xlim(0.5, len(found) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("rank")
    ax.set_ylabel("Hessian eigenvalue")
    ax.grid(color=GRID, linewidth=0.6)
    ax.legend(loc="best")
    title(ax, f"Largest Hessian eigenvalues of {formula(found.loss.describe())}")

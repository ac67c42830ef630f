"""The sharp transition: gradient norm in the long run and convergent share, by step size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..claims.transition_scan import QUANTILES, TransitionScan
from ..ensembles.fates import Fate
from ..thresholds.threshold import Threshold
from .canvas import panel_below
from .norms_panel import draw_norms
from .style import ACCENT, GRID, INK, QUIET, look_of_fate
from .words import count, formula, title

__all__ = ["draw_transition"]

_HEIGHTS = (1.0, 0.8)
_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_DASHES = (0, (5, 2))
_PLATEAU = "#CC79A7"


def draw_transition(scan: TransitionScan, ax: Axes, **style: Any) -> None:
    """Draw both panels in the room of `ax`; `style` goes to the median line."""
    lower = panel_below(ax, _HEIGHTS)
    lower.sharex(ax)
    _norms(scan, ax, style)
    _shares(scan, lower)
    for panel in (ax, lower):
        if math.isfinite(scan.critical) and scan.critical > 0:
            label = _theory(scan.threshold) if panel is ax else None
            panel.axvline(
                scan.critical, color=ACCENT, linewidth=1.6, linestyle=_DASHES, label=label, zorder=1
            )
        panel.grid(color=GRID, linewidth=0.6)
    ax.tick_params(labelbottom=False)
    lower.set_xlabel("step size η")
    ax.legend(**_BESIDE)
    handles, labels = lower.get_legend_handles_labels()
    lower.legend(handles[::-1], labels[::-1], **_BESIDE)
    title(
        ax,
        f"What becomes of {count(scan.n)} starts as the step size grows, on "
        f"{formula(scan.loss.describe())}, {scan.region.describe()}",
    )


def _norms(scan: TransitionScan, ax: Axes, style: dict[str, Any]) -> None:
    draw_norms(
        ax,
        scan.step_sizes,
        scan.gradient_norm,
        band=f"{100 * QUANTILES[0]:g} to {100 * QUANTILES[-1]:g} % of the starts",
        gone="median start escapes",
        style=style,
    )
    ax.set_ylabel("gradient norm in the long run")


def _shares(scan: TransitionScan, ax: Axes) -> None:
    steps, limits = scan.step_sizes, scan.interval()
    converged = look_of_fate(Fate.CONVERGED)
    bars = np.abs(limits.T - scan.share)
    ax.errorbar(
        steps,
        scan.share,
        yerr=bars,
        color=converged.colour,
        marker="o",
        markersize=4,
        linewidth=1.2,
        capsize=2,
        label="converge to a minimum\n(95 % interval)",
        zorder=3,
    )
    others: tuple[tuple[str, NDArray[np.int64], str, str], ...] = (
        ("end on a plateau", scan.plateau, "s", _PLATEAU),
        ("escape", scan.escaped, "x", QUIET),
        ("undecided", scan.undecided, "*", INK),
    )
    for label, counts, marker, colour in others:
        if counts.any():
            look: dict[str, Any] = {
                "marker": marker,
                "color": colour,
                "markersize": 4,
                "linewidth": 0.8,
            }
            ax.plot(steps, counts / scan.n, label=label, zorder=2, **look)
    ax.set_ylim(-0.04, 1.04)
    ax.set_ylabel("share of the starts")


def _theory(threshold: Threshold) -> str:
    if not threshold.decided:
        return f"no minimum is stable\nbeyond {threshold.upper:.6g} ({threshold.evidence.grade})"
    exact = threshold.exact
    value = str(exact) if exact is not None and len(str(exact)) <= 12 else f"{threshold.value:.6g}"
    return f"critical step size {value}\n({threshold.evidence.grade})"

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
from .style import ACCENT, GRID, INK, QUIET, look_of_fate
from .words import count, formula, title

__all__ = ["draw_transition"]

_FLOOR = 1e-17  # below the smallest gradient that rounding leaves; an exact zero is drawn here
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
    steps, norms = scan.step_sizes, scan.gradient_norm
    finite = norms[np.isfinite(norms)]
    top = 30.0 * float(np.max(finite, initial=1e-3))
    shown = np.clip(np.where(np.isfinite(norms), norms, top), _FLOOR, top)
    low, middle, high = shown.T
    band = f"{100 * QUANTILES[0]:g} to {100 * QUANTILES[-1]:g} % of the starts"
    ax.fill_between(steps, low, high, color="#14507F", alpha=0.22, linewidth=0, label=band)
    line: dict[str, Any] = {
        "color": "#14507F",
        "linewidth": 1.4,
        "marker": "o",
        "markersize": 3.5,
        **style,
    }
    ax.plot(steps, middle, label="median", **line)
    gone = ~np.isfinite(norms[:, 1])
    if gone.any():
        mark: dict[str, Any] = {"linestyle": "none", "marker": "^", "color": INK, "markersize": 6}
        ax.plot(steps[gone], middle[gone], label="median start escapes", **mark)
    ax.set_yscale("log")
    ax.set_ylim(0.3 * float(shown.min()), 3.0 * top)
    ax.set_ylabel("gradient norm in the long run")
    edges = (
        (shown.min() <= _FLOOR, _FLOOR, "0", "bottom"),
        (bool(shown.max() == top), top, "∞", "top"),
    )
    for reached, level, words, va in edges:
        if reached:
            ax.axhline(level, color=QUIET, linewidth=0.6, linestyle=":")
            here = ax.get_yaxis_transform()
            ax.text(0.995, level, words, transform=here, ha="right", va=va, color=QUIET)
    if not finite.size:
        ax.set_yticks([])  # every start escapes: there is no scale
        ax.minorticks_off()


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

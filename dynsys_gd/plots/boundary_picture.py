"""How the boundary shows at finer and finer scales: points, the fitted law, and its window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..measure.boundary.boxes import BoxCounting
from ..measure.boundary.dimension import BoundaryDimension
from ..measure.boundary.entropy_result import BasinEntropy
from ..measure.boundary.power_law import PointUse, PowerLaw
from ..measure.boundary.resolution import ResolutionScaling
from ..measure.boundary.uncertainty import UncertaintyExponent
from .style import ACCENT, GRID, INK, QUIET
from .words import formula, title

__all__ = ["draw_basin_entropy", "draw_boundary_dimension"]

_LINE = "#14507F"
_WINDOW = "#E3ECF4"
_MARKS = {PointUse.FITTED: "o", PointUse.TOO_FEW: "x", PointUse.SATURATED: "s", PointUse.BENT: "D"}
_SHARES: dict[type, tuple[str, str]] = {
    UncertaintyExponent: ("distance ε, as a fraction of the region", "pairs with different labels"),
    BoxCounting: ("side ε of a box, as a fraction of the region", "boxes that the boundary meets"),
    ResolutionScaling: ("side ε of a pixel, as a fraction of the region", "pixels at the boundary"),
}


def draw_boundary_dimension(result: BoundaryDimension, ax: Axes, **style: Any) -> None:
    """Draw the shares with their intervals and the fit; `style` goes to the points."""
    shown = [point for point in result.points if point.events > 0]
    rows = [(p.scale, p.share, p.low, p.high, p.use) for p in shown]
    low, high = result.exponent_interval()
    label = (
        f"α = {result.exponent:.3f}, in [{low:.3f}, {high:.3f}] at {100 * result.level:g} %"
        f"{', still bending' if result.bent else ''}"
    )
    _law(ax, result.law, [p.scale for p in shown if p.use is PointUse.FITTED], label)
    _points(ax, rows, style)
    none = [point for point in result.points if not point.events]
    _limits(ax, [p.scale for p in none], [p.high for p in none], result.level)
    across, up = _SHARES.get(type(result.method), ("scale ε", "share"))
    ax.set_xlabel(across)
    ax.set_ylabel(f"share of {up}" if up != "share" else up)
    _finish(ax)
    if result.law is None:
        title(ax, "No dimension of a boundary: too little of it was seen")
        return
    low, high = result.interval()
    title(
        ax,
        f"Dimension of the boundary D = {result.dimensions} − α = {result.dimension:.3f}, "
        f"in [{low:.3f}, {high:.3f}]: {formula(result.labels.describe())}",
    )


def draw_basin_entropy(result: BasinEntropy, ax: Axes, **style: Any) -> None:
    """Draw both entropies by the size of the boxes; `style` goes to the points of the first."""
    level = f"{100 * result.level:g} %"
    shown = [point for point in result.points if point.mixed > 0]
    if result.law is not None:
        low, high = result.law.interval(result.level)
        label = f"α = {result.exponent:.3f}, in [{low:.3f}, {high:.3f}] at {level}"
        _law(ax, result.law, [p.size for p in shown if p.use is PointUse.FITTED], label)
    rows = [(p.size, p.entropy, p.low, p.high, p.use) for p in shown]
    _points(ax, rows, {"label": "basin entropy", **style})
    none = [point for point in result.points if not point.mixed]
    _limits(ax, [p.size for p in none], [p.high for p in none], result.level)
    sizes = np.array([p.size for p in shown])
    middle = np.array([p.boundary for p in shown])
    ends = np.array([[p.boundary_low, p.boundary_high] for p in shown]).reshape(-1, 2)
    bars = np.nan_to_num(np.abs(ends.T - middle))
    look: dict[str, Any] = {"fmt": "^", "color": ACCENT, "mfc": "white", "capsize": 3}
    if shown:
        ax.errorbar(sizes, middle, yerr=bars, label="boundary basin entropy", **look)
    ax.axhline(np.log(2.0), color=INK, linewidth=1.0, linestyle=(0, (5, 2)), label="log 2")
    ax.set_xlabel("side of a box, as a fraction of the region")
    ax.set_ylabel("entropy (nats)")
    _finish(ax)
    title(ax, f"Basin entropy: {formula(result.labels.describe())}")


def _law(ax: Axes, law: PowerLaw | None, fitted: Sequence[float], label: str) -> None:
    """Draw the line over its window, and lightly beyond."""
    if law is None or not fitted:
        return
    inside = np.array([min(fitted), max(fitted)])
    beyond = np.array([inside[0] / 2, inside[1] * 2])
    ax.axvspan(inside[0] / 1.15, inside[1] * 1.15, color=_WINDOW, zorder=0, label="fit window")
    for scales, line, words in ((inside, "-", label), (beyond, ":", None)):
        shares = np.exp(law.intercept) * scales**law.exponent
        ax.plot(scales, shares, color=_LINE, linestyle=line, linewidth=1.3, label=words, zorder=2)


def _points(
    ax: Axes, rows: Sequence[tuple[float, float, float, float, PointUse]], style: dict[str, Any]
) -> None:
    for use, mark in _MARKS.items():
        chosen = [row[:4] for row in rows if row[4] is use]
        if not chosen:
            continue
        scale, share, low, high = np.array(chosen).T
        # No bar reaches zero on a logarithmic axis: it ends at the lower edge.
        bars = [share - np.maximum(low, share * 1e-3), np.maximum(high - share, 0.0)]
        left_out = use is not PointUse.FITTED
        look: dict[str, Any] = {
            "fmt": mark,
            "color": QUIET if left_out else INK,
            "markersize": 5,
            "capsize": 3,
            "linewidth": 1.0,
            "label": use.value,
            **({} if left_out else style),
        }
        if left_out and mark != "x":
            look["mfc"] = "white"
        ax.errorbar(scale, share, yerr=np.maximum(bars, 0.0), zorder=3, **look)


def _limits(ax: Axes, scales: Sequence[float], highest: Sequence[float], level: float) -> None:
    """Draw how much there may be at scales at which nothing was seen."""
    if scales:
        label = f"none seen: upper limit at {100 * level:g} %"
        ax.plot(scales, highest, "v", color=QUIET, markersize=6, label=label, zorder=3)


def _finish(ax: Axes) -> None:
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.legend(loc="best", frameon=True, framealpha=1.0, facecolor="white", edgecolor=GRID)

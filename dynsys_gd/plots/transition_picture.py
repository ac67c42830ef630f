"""A scan of a parameter: convergent share, gradient norm in the long run, and what steps decide."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..ensembles.fates import Fate
from ..measure.transition.point import QUANTILES
from ..measure.transition.result import Transition
from .canvas import panel_below
from .norms_panel import draw_norms
from .style import ACCENT, GRID, INK, LINES_OF_ORBITS, QUIET, look_of_fate
from .words import formula, symbol_of, title

__all__ = ["draw_scan", "scan_size"]

_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_DASHES = (0, (5, 2))
_BRACKET = "#F0E442"
_VISIBLE = 1e-3  # a smaller undecided share is no wider than the line
_MARKERS = "osDv"
_NARROW = 0.05  # of the whole range
_BESIDE_BRACKET = 1.5
_ROOM = (0.36, 0.42)  # width and height of the close-up, as shares of the panel
_CORNERS = ((0.62, 0.52), (0.62, 0.2), (0.09, 0.2), (0.09, 0.52))


def scan_size(scan: Transition) -> tuple[float, float]:
    """Return the size of the picture: a third panel shows the budgets where there are some."""
    return (8.2, 8.2 if scan.budgets else 5.8)


def draw_scan(scan: Transition, ax: Axes, **style: Any) -> None:
    """Draw the panels in the room of `ax`; `style` goes to the line of the share."""
    if scan.budgets:
        steps = panel_below(ax, (2.0, 0.75))
        _budgets(scan, steps)
    norms = panel_below(ax, (1.0, 0.9))
    norms.sharex(ax)
    _shares(scan, ax, style)
    _norms(scan, norms)
    for panel in (ax, norms):
        _critical(scan, panel, with_label=panel is ax)
        panel.grid(color=GRID, linewidth=0.6)
        panel.legend(**_BESIDE)
    _close_up(scan, ax, style)
    ax.tick_params(labelbottom=False)
    name = symbol_of(scan.parameter)
    norms.set_xlabel(name if scan.theory is None else f"step size {name}")
    F = scan.map
    what = formula(F.loss.describe() if F.loss is not None else F.describe())
    law = scan.region.describe().replace(", ", ",\u00a0").replace(" × ", "\u00a0×\u00a0")
    title(ax, f"How much converges to {scan.target} as {name} grows, on {what}, {law}")


def _close_up(scan: Transition, ax: Axes, style: dict[str, Any]) -> None:
    """Show what is too narrow to be seen in the whole range, in the room that is mostly empty."""
    low, high = scan.critical.interval
    span = scan.values[-1] - scan.values[0]
    if scan.critical.value is None or high - low > _NARROW * span:
        return
    if max(p.estimate.undecided for p in scan.points if low <= p.at <= high) < _VISIBLE:
        return
    inset = ax.inset_axes((*_emptiest_corner(scan), *_ROOM))
    _shares(scan, inset, style)
    _critical(scan, inset, with_label=False)
    beside = _BESIDE_BRACKET * (high - low)
    inset.set_xlim(low - beside, high + beside)
    near = [p for p in scan.points if low - beside <= p.at <= high + beside]
    inset.set_ylim(-0.04, 1.15 * max(p.interval[1] for p in near) + 0.04)
    inset.set_ylabel("")
    inset.tick_params(labelsize=7.5)
    inset.locator_params(axis="x", nbins=4)
    inset.locator_params(axis="y", nbins=4)
    inset.grid(color=GRID, linewidth=0.5)
    inset.set_title("close-up", fontsize=8, color=QUIET)
    ax.indicate_inset_zoom(inset, edgecolor=QUIET)


def _emptiest_corner(scan: Transition) -> tuple[float, float]:
    """Return where, as shares of the panel, a close-up hides least of the curves."""
    x = np.linspace(scan.values[0], scan.values[-1], 200)
    bounded = [point.norms.bounded / point.norms.n for point in scan.points]
    curves = [np.interp(x, scan.values, y) for y in (bounded, *scan.intervals.T)]
    across = 0.05 + 0.9 * np.linspace(0.0, 1.0, 200)

    def hidden(corner: tuple[float, float]) -> int:
        left, low = corner
        beside = (across > left) & (across < left + _ROOM[0])
        return sum(
            int(np.count_nonzero(beside & (y > low) & (y < low + _ROOM[1] + 0.05))) for y in curves
        )

    return min(_CORNERS, key=hidden)


def _shares(scan: Transition, ax: Axes, style: dict[str, Any]) -> None:
    x, limits = scan.values, scan.intervals
    lower = np.array([point.estimate.lower for point in scan.points])
    upper = np.array([point.estimate.upper for point in scan.points])
    blue, undecided = look_of_fate(Fate.CONVERGED).colour, look_of_fate(Fate.UNDECIDED)
    band = f"{100 * scan.level:g} % for all together"
    low, high = limits.T
    ax.fill_between(x, low, high, color=blue, alpha=0.22, linewidth=0, label=band, zorder=2)
    if (upper - lower).max() > _VISIBLE:
        ax.fill_between(
            x,
            lower,
            upper,
            facecolor="none",
            edgecolor=undecided.colour,
            hatch=undecided.hatch,
            linewidth=0,
            label="undecided",
            zorder=3,
        )
        # Next to the critical value the hatched part is narrow; the bars show it at any width.
        rows = np.flatnonzero(upper - lower > _VISIBLE)
        ax.vlines(x[rows], lower[rows], upper[rows], color=INK, linewidth=1.0, zorder=3)
        ax.plot(x[rows], upper[rows], undecided.marker, color=INK, markersize=5, zorder=4)
    line = {"color": blue, "linewidth": 1.4, "marker": "o", "markersize": 3.5, **style}
    ax.plot(x, lower, label=f"converge to {scan.target}", zorder=4, **line)
    bounded = np.array([point.norms.bounded / point.norms.n for point in scan.points])
    ax.plot(x, bounded, color=QUIET, linewidth=1.0, linestyle=":", label="stay bounded", zorder=2)
    ax.set_ylim(-0.04, 1.04)
    ax.set_ylabel("share of the starts")


def _norms(scan: Transition, ax: Axes) -> None:
    rows = np.array([point.norms.quantiles for point in scan.points])
    draw_norms(
        ax,
        scan.values,
        np.where(np.isnan(rows), np.inf, rows),
        band=f"{100 * QUANTILES[0]:g} to {100 * QUANTILES[-1]:g} % of\nthose that stay bounded",
        gone="no start stays bounded",
        style={},
    )
    memory = scan.map.loss is not None and scan.map.dimension > scan.map.loss.dimension
    ax.set_ylabel(
        "gradient and velocity norm\nin the long run"
        if memory
        else "gradient norm\nin the long run"
    )


def _critical(scan: Transition, ax: Axes, *, with_label: bool) -> None:
    low, high = scan.critical.interval
    if scan.critical.value is not None:
        words = f"vanishes in\n[{low:.6g}, {high:.6g}]" if with_label else None
        ax.axvspan(low, high, color=_BRACKET, alpha=0.55, linewidth=0.8, label=words, zorder=1)
    if scan.theory is None:
        return
    line = scan.theory
    at = line.upper if math.isnan(line.value) else line.value
    if math.isfinite(at) and at > 0:
        words = line.words.replace(" (", "\n(") if with_label else None
        ax.axvline(at, color=ACCENT, linewidth=1.6, linestyle=_DASHES, label=words, zorder=1.5)


def _budgets(scan: Transition, ax: Axes) -> None:
    """Draw the undecided share against the steps, one line a value, with what the slowing takes."""
    name = symbol_of(scan.parameter)
    for k, at in enumerate(sorted({look.at for look in scan.budgets})):
        looks = [look for look in scan.budgets if look.at == at]
        steps = [look.steps for look in looks]
        line: dict[str, Any] = {
            "color": INK,
            "linestyle": LINES_OF_ORBITS[k % len(LINES_OF_ORBITS)],
            "marker": _MARKERS[k % len(_MARKERS)],
            "markersize": 4.5,
            "markerfacecolor": "white" if k % 2 else INK,
            "linewidth": 1.1,
        }
        ax.plot(steps, [look.undecided for look in looks], label=f"{name} = {at:.6g}", **line)
    expected = sorted({look.expected for look in scan.budgets if look.expected is not None})
    first, last = scan.budgets[0].steps, max(look.steps for look in scan.budgets)
    shown = [least for least in expected if first <= least <= last]
    for k, at_least in enumerate(shown):
        words = "steps the slowing takes" if k == 0 else None
        ax.axvline(at_least, color=ACCENT, linewidth=1.2, linestyle=":", label=words, zorder=1)
    ax.set_xscale("log", base=2)
    ax.set_ylim(bottom=-0.02 * max(ax.get_ylim()[1], 0.05))
    ax.set_xlabel("budget of steps")
    ax.set_ylabel("undecided share")
    ax.grid(color=GRID, linewidth=0.6)
    ax.legend(**_BESIDE)

"""A certified branch: its orbits by the parameter, and how wide the proved tubes are below."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ..branches.tubes.certified_branch import CertifiedBranch
from ..branches.tubes.certified_point import CertifiedPoint
from ..orbits.kinds import Kind
from ..orbits.normal_forms.kinds import Bifurcation
from .branch_picture import MARKS
from .canvas import panel_below
from .style import GRID, INK, KINDS
from .words import formula, symbol_of, title

__all__ = ["draw_certified_branch", "draw_certified_point"]

_LINES = {
    "SINK": "-",
    "SADDLE": (0, (5, 1.6)),
    "SOURCE": (0, (1.2, 1.2)),
    "UNDECIDED": (0, (4, 1.5, 1, 1.5)),
}
_SAMPLES = 24
_SLIVER = 0.012  # of the range: gaps narrower than this are drawn so wide, or nobody sees them
_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}


def draw_certified_branch(result: CertifiedBranch, ax: Axes, **style: Any) -> None:
    """Draw the first coordinate of every point of the orbit; `style` goes to the lines."""
    below = panel_below(ax, (2.6, 1.3))
    p, d = result.branch.points.shape[1:]
    for kind, points in _pieces(result):
        options = {"color": KINDS[kind].colour, "linestyle": _LINES[kind], "linewidth": 1.8}
        for k in range(p):
            ax.plot(points[:, -1], points[:, k * d], **{**options, **style})
    _widths(result, below)
    _gaps(result, (ax, below))
    for point in result.special:
        x = np.full(p, 0.5 * sum(point.interval))
        y = point.enclosure[:, 0].mean(axis=1)
        _mark(ax, x, y, point.bifurcation)
    ax.sharex(below)
    ax.tick_params(labelbottom=False)
    ax.set_ylabel(symbol_of(result.map.variables[0].name))
    below.set_xlabel(symbol_of(result.parameter))
    ax.legend(handles=_legend(result), **_BESIDE)
    where = result.map.loss.describe() if result.map.loss is not None else result.map.describe()
    what = "fixed point" if result.period == 1 else f"orbit of period {result.period}"
    state = "Proved" if result.complete else "Proved but for gaps"
    title(ax, formula(f"{state}: {what} on {where}"))


def _pieces(result: CertifiedBranch) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield the curves along which neither the kind changes nor a gap lies."""
    for stretch in result.stretches:
        segments = [result.segments[place] for place in stretch]
        for kind, group in groupby(segments, key=lambda segment: segment.kind.name):
            yield kind, np.concatenate([segment.along(_SAMPLES) for segment in group])


def _widths(result: CertifiedBranch, ax: Axes) -> None:
    for segment in result.segments:
        low, high = segment.parameter
        alone = 2 * float(segment.radius[np.argmax(segment.tight)])
        ax.fill_between([low, high], segment.width, alone, color=GRID, linewidth=0.0)
        ax.plot([low, high], [segment.width] * 2, color=INK, linewidth=1.6)
    ax.set_yscale("log")
    ax.set_ylabel("width")


def _gaps(result: CertifiedBranch, axes: tuple[Axes, Axes]) -> None:
    least = _SLIVER * (result.part[1] - result.part[0])
    for gap in result.gaps:
        low, high = gap.parameter
        room = max(0.0, 0.5 * (least - (high - low)))
        for ax in axes:
            ax.axvspan(low - room, high + room, facecolor="none", edgecolor=INK, hatch="////",
                       linewidth=0.0)  # fmt: skip


def _mark(ax: Axes, x: Any, y: Any, bifurcation: Bifurcation) -> None:
    ax.plot(x, y, linestyle="none", markersize=6, color=INK, zorder=4, **MARKS[bifurcation])


def _legend(result: CertifiedBranch) -> list[Any]:
    handles: list[Any] = []
    seen = {segment.kind for segment in result.segments}
    for kind in Kind:
        if kind in seen:
            look = KINDS[kind.name]
            line: dict[str, Any] = {
                "color": look.colour,
                "linestyle": _LINES[kind.name],
                "linewidth": 1.8,
            }
            handles.append(Line2D([], [], label=look.label, **line))
    for bifurcation in dict.fromkeys(point.bifurcation for point in result.special):
        mark: dict[str, Any] = {
            "color": INK,
            "linestyle": "none",
            "markersize": 6,
            **MARKS[bifurcation],
        }
        handles.append(Line2D([], [], label=f"{bifurcation}, proved", **mark))
    if result.gaps:
        patch: dict[str, Any] = {
            "facecolor": "none",
            "edgecolor": INK,
            "hatch": "////",
            "linewidth": 0.0,
        }
        handles.append(Patch(label="gap: no proof", **patch))
    if result.segments:
        known, alone = "below: the orbit is\nknown within", "and it is alone within"
        handles.append(Line2D([], [], label=known, color=INK, linewidth=1.6))
        handles.append(Patch(label=alone, color=GRID, linewidth=0.0))
    return handles


def draw_certified_point(result: CertifiedPoint, ax: Axes, **style: Any) -> None:
    """Draw the interval of the parameter, in units of its own width; `style` goes to the bar."""
    low, high = result.interval
    value = result.point.value
    options = {"color": INK, "linewidth": 6.0, "solid_capstyle": "butt", **style}
    ax.plot([low - value, high - value], [0, 0], **options)
    _mark(ax, [0.0], [0.0], result.bifurcation)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_ylim(-1, 1)
    room = max(high - low, 1e-300)
    ax.set_xlim(low - value - room, high - value + room)
    ax.set_xlabel(f"{symbol_of(result.point.parameter or '')} − {value:.15g}")
    title(ax, formula(f"Exactly one {result.bifurcation} in the interval"))

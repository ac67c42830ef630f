"""Crises: the bands of attractors over a parameter, and how a turning point lands on an orbit."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from ..branches.crises.crises_result import Crises
from ..branches.crises.crisis import Crisis, CrisisSide
from ..branches.crises.kinds import CrisisKind
from ..evidence import Outcome
from .style import ACCENT, FATES, GRID, INK, KINDS, ORBITS, QUIET, Look
from .words import formula, symbol_of, title

__all__ = ["LOOKS_OF_CRISES", "draw_crises", "draw_crisis"]

_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}

LOOKS_OF_CRISES: dict[CrisisKind, Look] = {
    CrisisKind.MERGING: Look(label="attractor merging", colour=ORBITS[0], marker="o", line="-"),
    CrisisKind.BAND_MERGING: Look(label="band merging", colour=QUIET, marker="|", line=":"),
    CrisisKind.INTERIOR: Look(label="interior crisis", colour=ORBITS[1], marker="D", line="-."),
    CrisisKind.BOUNDARY: Look(label="boundary crisis", colour=ACCENT, marker="s", line="--"),
    CrisisKind.BLOW_UP: Look(label="blow-up", colour="#B2182B", marker="X", line="--"),
}


def draw_crises(crises: Crises, ax: Axes, **style: Any) -> None:
    """Draw the bands of all attractors and the crises; `style` goes to the bands."""
    values = crises.values
    half = 0.5 * float(values[1] - values[0])
    at = np.repeat(values, [len(low) for low in crises.low])
    low, high = np.concatenate(crises.low), np.concatenate(crises.high)
    if len(at):
        ends = np.stack([np.column_stack([at, low]), np.column_stack([at, high])], axis=1)
        settings = {"colors": INK, "linewidths": 1.2, **style}
        ax.add_collection(LineCollection(list(ends), **settings), autolim=True)
        # Points of cycles are bands without length.
        ax.scatter(at, 0.5 * (low + high), s=1.5, color=INK, linewidths=0)
        ax.autoscale_view()
    handles: list[Any] = [Line2D([], [], color=INK, linewidth=1.6, label="bands of attractors")]
    escaping = FATES["ESCAPED"]
    gone = crises.escaping > 0
    for value in values[gone]:
        ax.axvspan(value - half, value + half, color=escaping.colour, linewidth=0, zorder=0)
    if gone.any():
        handles.append(Patch(color=escaping.colour, label="some orbit escapes"))
    for kind, look in LOOKS_OF_CRISES.items():
        found = crises.of(kind)
        for crisis in found:
            ax.axvline(crisis.value, color=look.colour, linestyle=look.line, linewidth=1.1)
            hollow = crisis.confirmed is Outcome.UNDECIDED
            fill = "white" if hollow else look.colour
            mark: dict[str, Any] = {"markerfacecolor": fill, "markersize": 7}
            ax.plot(
                [crisis.value], [0.965], marker=look.marker, color=look.colour, linestyle="none",
                transform=ax.get_xaxis_transform(), clip_on=False, zorder=5, **mark,
            )  # fmt: skip
        if found:
            handles.append(
                Line2D([], [], color=look.colour, linestyle=look.line, marker=look.marker,
                       label=f"{look.label} ({len(found)})")
            )  # fmt: skip
    ax.set_xlim(values[0] - half, values[-1] + half)
    ax.set_xlabel(symbol_of(crises.parameter))
    ax.set_ylabel(symbol_of(crises.map.names[0]))
    ax.grid(color=GRID, linewidth=0.5)
    ax.legend(handles=handles, **_BESIDE)
    title(ax, formula(f"Crises of {crises.map.describe()}"))


def draw_crisis(crisis: Crisis, ax: Axes, **style: Any) -> None:
    """Draw how a turning point lands on the unstable orbit; `style` goes to its steps."""
    if crisis.graph is None or crisis.path is None or crisis.points is None:
        _bands_alone(crisis, ax)
    else:
        _staircase(crisis, ax, style)
    name = symbol_of(crisis.parameter)
    word = str(crisis.kind)
    title(ax, f"{word[0].upper()}{word[1:]} at {name} = {crisis.value:.10g}")


def _staircase(crisis: Crisis, ax: Axes, style: dict[str, Any]) -> None:
    assert crisis.graph is not None
    assert crisis.path is not None
    assert crisis.points is not None
    path, orbit = crisis.path[:, 0], crisis.points[:, 0]
    sides = [side.boxes[:, :, 0] for side in (crisis.before, crisis.after)]
    everything = np.concatenate([path, orbit, *(boxes.ravel() for boxes in sides)])
    low, high = float(everything.min()), float(everything.max())
    room = 0.12 * (high - low)
    low, high = low - room, high + room
    ax.plot(*crisis.graph.T, color=INK, linewidth=1.8, label="F", zorder=3)
    ax.plot([low, high], [low, high], color=QUIET, linestyle=":", linewidth=1.1, label="diagonal")
    steps = np.repeat(path, 2)
    line: dict[str, Any] = {"color": ACCENT, "linewidth": 1.4, "zorder": 4, **style}
    ax.plot(
        steps[:-1], np.concatenate([[low], steps[2:]]), label="turning point, its images", **line
    )
    ax.plot([path[0]], [low], marker="|", color=ACCENT, markersize=12, linestyle="none",
            markeredgewidth=2, clip_on=False, zorder=6)  # fmt: skip
    look = KINDS["SOURCE"]
    words = "unstable fixed point" if len(orbit) == 1 else f"unstable orbit of period {len(orbit)}"
    ax.plot(orbit, orbit, linestyle="none", marker=look.marker, color=look.colour, markersize=8,
            markeredgecolor="white", zorder=7, label=words)  # fmt: skip
    for shift, side, colour, hatch in (
        (0.02, crisis.before, FATES["CONVERGED"].colour, ""),
        (0.055, crisis.after, FATES["BOUNDED"].colour, "////"),
    ):
        shown: str | None = _side_words(crisis, side)
        for a, b in side.boxes[:, :, 0]:
            ax.add_patch(
                Rectangle((a, low + shift * (high - low)), max(b - a, 0.004 * (high - low)),
                          0.025 * (high - low), facecolor=colour, hatch=hatch, edgecolor="white",
                          linewidth=0, zorder=5, label=shown)
            )  # fmt: skip
            shown = None
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_aspect("equal", adjustable="box")
    symbol = symbol_of(crisis.map.names[0])
    ax.set_xlabel(f"{symbol}, step t")
    ax.set_ylabel(f"{symbol}, step t + 1")
    ax.legend(**_BESIDE)


def _side_words(crisis: Crisis, side: CrisisSide) -> str:
    name = symbol_of(crisis.parameter)
    below = side.value < crisis.value
    return f"attractor at {name} {'just below' if below else 'just above'}"


def _bands_alone(crisis: Crisis, ax: Axes) -> None:
    """Draw the boxes of the attractor on both sides, without the orbit that is met."""
    plane = crisis.before.boxes.shape[2] > 1
    for row, (side, colour, hatch) in enumerate(
        (
            (crisis.before, FATES["CONVERGED"].colour, ""),
            (crisis.after, FATES["BOUNDED"].colour, "////"),
        )
    ):
        for k, (a, b) in enumerate(side.boxes):
            corner = (a[0], a[1]) if plane else (a[0], row - 0.3)
            size = (b[0] - a[0], b[1] - a[1]) if plane else (b[0] - a[0], 0.6)
            label = _side_words(crisis, side) if k == 0 else None
            fill = "none" if plane else colour
            settings: dict[str, Any] = {"facecolor": fill, "edgecolor": colour}
            ax.add_patch(Rectangle(corner, *size, hatch=hatch, label=label, **settings))
    if crisis.points is not None and plane:
        look = KINDS["SADDLE"]
        ax.plot(*crisis.points[:, :2].T, linestyle="none", marker=look.marker, color=look.colour,
                label="unstable orbit")  # fmt: skip
    ax.autoscale_view()
    ax.set_xlabel(symbol_of(crisis.map.names[0]))
    if plane:
        ax.set_ylabel(symbol_of(crisis.map.names[1]))
    else:
        ax.set_ylim(-0.6, 1.6)
        ax.set_yticks([0, 1], ["before", "after"])
    ax.legend(**_BESIDE)

"""Attractors: where they are, and how their basin shares and extents change with a parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..branches.attractors.attractor_set import AttractorSet
from ..branches.attractors.history import AttractorHistory
from ..branches.attractors.kinds import AttractorChange
from .canvas import panel_below
from .style import FATES, GRID, INK, Look, look_of_orbit
from .words import formula, symbol_of, title

__all__ = ["draw_attractors", "draw_history"]

_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---", "+++")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_SHOWN = 10  # attractors in a legend
_MANY = 60  # points of an attractor, from which on they are drawn small
_CONTRAST = (0, 3, 2, 1, 4, 6)  # neighbours in this order differ in grey too

_EVENTS: dict[AttractorChange, Look] = {
    AttractorChange.BIRTH: Look(label="birth", colour=INK, marker="^"),
    AttractorChange.DEATH: Look(label="death", colour=INK, marker="v"),
    AttractorChange.SPLITTING: Look(label="splitting", colour=INK, marker="<"),
    AttractorChange.MERGING: Look(label="merging", colour=INK, marker=">"),
    AttractorChange.PERIOD: Look(label="change of period", colour=INK, marker="|"),
    AttractorChange.KIND: Look(label="change of kind", colour=INK, marker="x"),
    AttractorChange.SIZE: Look(label="change of size", colour=INK, marker="d"),
}
_ROWS = {
    AttractorChange.PERIOD: 1.12,
    AttractorChange.KIND: 1.12,
    AttractorChange.SIZE: 1.12,
}


def _colour(label: int) -> str:
    return look_of_orbit(_CONTRAST[label % len(_CONTRAST)]).colour


def draw_attractors(found: AttractorSet, ax: Axes, **style: Any) -> None:
    """Draw the points of all attractors in the first two coordinates; `style` goes to them."""
    names = found.map.names
    plane = found.map.dimension > 1
    for k, attractor in enumerate(found):
        wide = len(attractor.points) > _MANY
        low, high = found.interval(k)
        label = (
            f"{attractor.words}: {100 * found.share(k):.3g} % ({100 * low:.2g}–{100 * high:.2g})"
        )
        mark: dict[str, Any] = {
            "marker": _MARKERS[k % len(_MARKERS)],
            "markersize": 2.5 if wide else 6.5,
            "color": _colour(k),
            "linestyle": "none",
            "markeredgewidth": 0 if wide else 0.7,
            "markeredgecolor": "white",
            "label": label if k < _SHOWN else None,
            **style,
        }
        x = attractor.points[:, 0]
        y = attractor.points[:, 1] if plane else np.full(len(x), float(k))
        ax.plot(x, y, **mark)
    handles = ax.get_legend_handles_labels()[0]
    if found.escaped:
        share = f"escaped: {100 * found.escaped / found.n:.3g} %"
        handles.append(Patch(facecolor=FATES["ESCAPED"].colour, edgecolor=INK, label=share))
    if found.undecided:
        share = f"undecided: {100 * found.undecided / found.n:.3g} %"
        handles.append(Patch(color=FATES["UNDECIDED"].colour, label=share))
    ax.set_xlabel(symbol_of(names[0]))
    if plane:
        ax.set_ylabel(symbol_of(names[1]))
    else:
        ax.set_yticks(range(len(found)))
        ax.set_ylim(-0.7, max(len(found), 1) - 0.3)
        ax.set_ylabel("attractor")
    ax.grid(color=GRID, linewidth=0.5)
    if handles:
        ax.legend(handles=handles, **_BESIDE)
    title(ax, formula(f"Attractors of {found.map.describe()}"))


def draw_history(history: AttractorHistory, ax: Axes, **style: Any) -> None:
    """Draw shares above one another, and below the extents; `style` goes to the shares."""
    below = panel_below(ax, (1.3, 1.0))
    values = history.values
    edges = np.concatenate(
        [values[:1], 0.5 * (values[1:] + values[:-1]), values[-1:]]
    )  # fmt: skip
    looks = [(_colour(label), label) for label in range(history.count)]
    layers = [
        *((history.shares[:, label], colour, _HATCHES[label % len(_HATCHES)], f"attractor {label}")
          for colour, label in looks),
        (history.undecided, FATES["UNDECIDED"].colour, "", "undecided"),
        (history.escaped, FATES["ESCAPED"].colour, "", "escaped"),
    ]  # fmt: skip
    base = np.zeros(len(values))
    handles: list[Any] = []
    for k, (share, colour, hatch, name) in enumerate(layers):
        if not share.any():
            continue
        top = base + share
        settings: dict[str, Any] = {
            "facecolor": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0, **style,
        }  # fmt: skip
        # Each value stands for the room halfway to its neighbours.
        ax.fill_between(
            np.repeat(edges, 2)[1:-1], np.repeat(base, 2), np.repeat(top, 2), **settings
        )
        if k < _SHOWN or k >= history.count:
            handles.append(Patch(label=name, **settings))
        base = top
    _events(history, ax, handles)
    for colour, label in looks:
        seen = history.attractor(label)
        at = np.array([value for value, _ in seen])
        low = np.array([attractor.low[0] for _, attractor in seen])
        high = np.array([attractor.high[0] for _, attractor in seen])
        below.vlines(at, low, high, color=colour, linewidth=2.0, alpha=0.75)
        mark: dict[str, Any] = {"color": colour, "linestyle": "none", "markersize": 3.5}
        marker = _MARKERS[label % len(_MARKERS)]
        below.plot(at, low, marker=marker, **mark)
        below.plot(at, high, marker=marker, **mark)
    ax.sharex(below)
    ax.tick_params(labelbottom=False)
    ax.set_xlim(values[0], values[-1])
    ax.set_ylim(0.0, 1.18)
    ax.set_yticks([0.0, 0.5, 1.0])
    ax.set_ylabel("share of the starts")
    below.set_xlabel(symbol_of(history.parameter))
    below.set_ylabel(f"extent in {symbol_of(history.map.names[0])}")
    below.grid(color=GRID, linewidth=0.5)
    ax.legend(handles=handles, **_BESIDE)
    title(ax, formula(f"Attractors of {history.map.describe()}"))


def _events(history: AttractorHistory, ax: Axes, handles: list[Any]) -> None:
    """Mark events in the middle of their brackets, above the shares."""
    for change, look in _EVENTS.items():
        events = history.of(change)
        if not events:
            continue
        middle = [0.5 * (event.interval[0] + event.interval[1]) for event in events]
        mark: dict[str, Any] = {
            "marker": look.marker, "color": look.colour, "linestyle": "none", "markersize": 6,
        }  # fmt: skip
        ax.plot(middle, [_ROWS.get(change, 1.05)] * len(middle), clip_on=False, **mark)
        if change not in _ROWS:
            for value in middle:
                ax.axvline(value, color=INK, linewidth=0.7, linestyle=":")
        handles.append(Line2D([], [], label=f"{look.label} ({len(events)})", **mark))

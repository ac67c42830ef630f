"""How the points of orbits are marked: by kind, many at once, with a count in the legend."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..orbits.kinds import CriticalKind, Kind
from ..orbits.periodic_orbit import PeriodicOrbit
from .style import INK, KINDS, QUIET, STABILITY, look_of_kind, look_of_orbit

__all__ = ["draw_loops", "draw_marks", "marked", "size_for", "unique"]

_ROLES = {
    CriticalKind.MINIMUM: "SINK",  # of every gradient map whose step size is small
    CriticalKind.SADDLE: "SADDLE",
    CriticalKind.MAXIMUM: "SOURCE",
}
_NAMED = 7  # orbits that have a colour of their own; see style.ORBITS
_MOST_SEGMENTS = 80
_SMALL = 3.0  # points, below which an edge would hide the colour
_TIMES = "\u2009×"

Rows = NDArray[np.float64]


def marked(orbit: PeriodicOrbit) -> dict[str, Any]:
    """Return how the points of an orbit are marked.

    The marker says what they are for the map: sinks are dark discs. Minima of the loss that are no
    sinks are white. While the step size is open it says what they are for the loss.
    """
    look, role = look_of_kind(orbit.kind), orbit.critical
    if orbit.kind is Kind.UNDECIDED and role in _ROLES:
        look = KINDS[_ROLES[role]]
        return {
            "linestyle": "none",
            "marker": look.marker,
            "color": STABILITY["SOME"].colour if role is CriticalKind.MINIMUM else look.colour,
            "markeredgecolor": INK,
            "markersize": 8,
            "label": f"{role} of the loss",
        }
    sink = orbit.kind is Kind.SINK
    minimum = role is CriticalKind.MINIMUM and not sink
    told = role not in (None, CriticalKind.UNDECIDED) and str(role) != look.label
    return {
        "linestyle": "none",
        "marker": look.marker,
        "color": "#FFFFFF" if minimum else look.colour,
        "markeredgecolor": "#FFFFFF" if sink else INK,  # seen on dark basins too
        "markersize": 8.5 if sink else 8,
        "label": f"{look.label} ({role} of the loss)" if told else look.label,
    }


def size_for(count: int, largest: float = 8.0) -> float:
    """Return the size in points at which so many markers stay apart."""
    return float(np.clip(largest * (60 / max(count, 60)) ** 0.4, 1.8, largest))


def draw_marks(
    ax: Axes,
    orbits: Sequence[PeriodicOrbit],
    places: Sequence[Rows],
    *,
    period_told: bool = False,
    largest: float = 8.0,
    **where: Any,
) -> list[Line2D]:
    """Mark the points of each orbit, all that look alike as one artist.

    Parameters
    ----------
    ax : Axes
    orbits : sequence of PeriodicOrbit
    places : sequence of ndarray, shape (m, 2)
        Where the points of each orbit are drawn; none for an orbit that is out of sight.
    period_told : bool
        Whether the legend tells periods above one.
    largest : float
        Size of the markers in points where they are few.
    **where
        Goes to ``ax.plot``.

    Returns
    -------
    list of Line2D
        Legend entries, with a count for more than one orbit.
    """
    groups: dict[str, list[int]] = {}
    looks: dict[str, dict[str, Any]] = {}
    for index, orbit in enumerate(orbits):
        if not len(places[index]):
            continue
        look = marked(orbit)
        if period_told and orbit.period > 1:
            look["label"] += f" of period {orbit.period}"
        looks.setdefault(look["label"], look)
        groups.setdefault(look["label"], []).append(index)
    shrink = size_for(sum(len(rows) for rows in places), largest) / 8.0
    handles = []
    # Rare kinds are drawn last: they are not hidden by the many.
    for label in sorted(groups, key=lambda name: -len(groups[name])):
        members = groups[label]
        rows = np.concatenate([places[k] for k in members])
        look = {**looks[label], "markersize": shrink * looks[label]["markersize"]}
        crowded = look["markersize"] < _SMALL and look["color"] != "#FFFFFF"
        look["markeredgewidth"] = 0.0 if crowded else max(0.3, shrink)
        ax.plot(rows[:, 0], rows[:, 1], **{"zorder": 6, **look, **where})
        if len(members) > 1:
            look["label"] += f"{_TIMES}{len(members)}"
        look["markersize"] = max(look["markersize"], 5.0)
        look["markeredgewidth"] = max(look["markeredgewidth"], 0.3)
        handles.append(Line2D([], [], **look))
    return handles


def draw_loops(
    ax: Axes, loops: Sequence[tuple[int, int, Rows]], style: dict[str, Any], *, named: bool
) -> list[Line2D]:
    """Draw cycles as closed lines; few of them in colours of their own, very many not at all.

    Parameters
    ----------
    ax : Axes
    loops : sequence of (index, period, corners)
        The place of an orbit in its list, its period, and the corners in order, shape (m, 2).
    style : dict
        Goes to the lines.
    named : bool
        Whether few orbits are told apart by colour, with an entry for each in the legend.
    """
    closed = [np.concatenate([rows, rows[:1]]) for _, _, rows in loops]
    if named and len(loops) <= _NAMED:
        return [
            _loop(ax, rows, index, period, style)
            for (index, period, _), rows in zip(loops, closed, strict=True)
        ]
    if sum(len(rows) for rows in closed) <= _MOST_SEGMENTS:
        # A white casing keeps the lines in sight on any picture.
        for colour, width in (("#FFFFFF", 2.2), (QUIET if named else INK, 0.9)):
            options: dict[str, Any] = {
                "colors": colour,
                "linewidths": width,
                "zorder": 4,
                "alpha": 0.8,
            }
            ax.add_collection(LineCollection(closed, **options), autolim=False)
    return []


def _loop(ax: Axes, rows: Rows, index: int, period: int, style: dict[str, Any]) -> Line2D:
    look = look_of_orbit(index)
    line: dict[str, Any] = {
        "color": look.colour,
        "linestyle": look.line,
        "linewidth": 1.3,
        "label": f"{look.label}, period {period}",
        **style,
    }
    return ax.plot(rows[:, 0], rows[:, 1], zorder=4, **line)[0]


def unique(handles: Iterable[Any]) -> list[Any]:
    """Return the entries of a legend, each label once."""
    return list({handle.get_label(): handle for handle in handles}.values())

"""Fixed points and periodic orbits: on the line, in the plane, or by their multipliers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..maps.base import Map
from ..orbits.critical_manifold import CriticalManifold
from ..orbits.orbit_set import Minima, OrbitSet
from ..orbits.periodic_orbit import PeriodicOrbit
from ..regions import Box
from .critical_set import draw_family, marked
from .plane import contours, view_of
from .style import GRID, INK, QUIET, look_of_orbit
from .words import formula, label_axes, on_the_map, symbol_of, title

__all__ = ["draw_family_alone", "draw_minima", "draw_multipliers", "draw_orbit", "draw_orbits"]

_BESIDE: dict[str, Any] = {
    "loc": "upper left",
    "bbox_to_anchor": (1.01, 1.0),
    "borderaxespad": 0.0,
}
_MOST_ENTRIES = 8
_DASHES = (0, (4, 3))


def draw_orbits(found: OrbitSet, ax: Axes, **style: Any) -> None:
    """Draw every orbit and family of a list; `style` goes to the lines of longer orbits."""
    region = found.region if isinstance(found.region, Box) else None
    _draw(found.orbits, found.families, region, ax, style)
    title(ax, formula(found.headline()))


def draw_minima(minima: Minima, ax: Axes, **style: Any) -> None:
    """Draw the minima of a loss, isolated ones and families."""
    _draw(minima.orbits, minima.families, None, ax, style)
    title(ax, formula(minima.headline()))


def draw_orbit(orbit: PeriodicOrbit, ax: Axes, **style: Any) -> None:
    """Draw one orbit; `style` goes to its line where it is longer than a point."""
    _draw((orbit,), (), None, ax, style)
    title(ax, formula(orbit.headline()) + on_the_map(orbit.map))


def draw_family_alone(family: CriticalManifold, ax: Axes, **style: Any) -> None:
    """Draw one family of fixed points where it is a curve in the plane."""
    _draw((), (family,), None, ax, style)
    title(ax, formula(family.headline()) + on_the_map(family.map))


def _draw(
    orbits: Sequence[PeriodicOrbit],
    families: Sequence[CriticalManifold],
    region: Box | None,
    ax: Axes,
    style: dict[str, Any],
) -> None:
    maps = [item.map for item in orbits] + [item.map for item in families]
    if not maps:
        ax.set_axis_off()
        ax.text(0.5, 0.5, "none", ha="center", va="center", transform=ax.transAxes)
        return
    F: Map = maps[0]
    size = F.dimension if F.loss is None else F.loss.dimension
    if size == 1 and F.dimension == 1 and not F.parameters:
        handles = _on_the_line(F, orbits, ax, style)
    elif size == 2:
        handles = _in_the_plane(F, orbits, families, region, ax, style)
    else:
        handles = draw_multipliers(orbits, families, ax)
    unique = list({handle.get_label(): handle for handle in handles}.values())
    if unique:
        ax.legend(handles=unique[:_MOST_ENTRIES], **_BESIDE)


def _in_the_plane(
    F: Map,
    orbits: Sequence[PeriodicOrbit],
    families: Sequence[CriticalManifold],
    region: Box | None,
    ax: Axes,
    style: dict[str, Any],
) -> list[Any]:
    box = _view(orbits, families) if region is None else region
    if F.loss is not None and not F.loss.parameters:
        contours(F.loss, ax, box)
    handles: list[Any] = []
    for family in families:
        handles += draw_family(family, ax, box)
    for index, orbit in enumerate(orbits):
        points = np.asarray(orbit.points)[:, :2]
        if orbit.period > 1:
            handles.append(_loop(ax, points, index, orbit.period, style))
        handles.append(_marks(ax, points, orbit))
    ax.set_xlim(box.low[0], box.high[0])
    ax.set_ylim(box.low[1], box.high[1])
    label_axes(ax, F.names)
    return handles


def _on_the_line(
    F: Map, orbits: Sequence[PeriodicOrbit], ax: Axes, style: dict[str, Any]
) -> list[Any]:
    """Draw the graph of the map with fixed points on the diagonal and cycles as cobwebs."""
    states = np.concatenate([orbit.points[:, 0] for orbit in orbits])
    room = 0.25 * max(float(np.ptp(states)), 1e-3 + 0.5 * float(np.abs(states).max()))
    xs = np.linspace(states.min() - room, states.max() + room, 801)
    with np.errstate(all="ignore"):
        (graph,) = ax.plot(xs, F(xs[:, None])[:, 0], color=INK, linewidth=1.5, label="map")
    (diagonal,) = ax.plot(xs, xs, color=QUIET, linewidth=0.8, linestyle=_DASHES, label="diagonal")
    handles: list[Any] = [graph, diagonal]
    for index, orbit in enumerate(orbits):
        x = orbit.points[:, 0]
        if orbit.period > 1:
            ring = np.repeat(np.append(x, x[0]), 2)
            corners = np.stack([ring[:-1], ring[1:]], axis=1)
            handles.append(_loop(ax, corners, index, orbit.period, style))
        images = np.roll(x, -1) if orbit.period > 1 else x
        handles.append(_marks(ax, np.stack([x, images], axis=1), orbit))
    ax.set_xlim(xs[0], xs[-1])
    ax.set_ylim(xs[0], xs[-1])
    name = symbol_of(F.names[0])
    ax.set_xlabel(f"{name}, step t")
    ax.set_ylabel(f"{name}, step t + 1")
    return handles


def draw_multipliers(
    orbits: Sequence[PeriodicOrbit], families: Sequence[CriticalManifold], ax: Axes
) -> list[Any]:
    """Draw the multipliers in the complex plane with the unit circle, for any dimension."""
    angle = np.linspace(0, 2 * np.pi, 361)
    ax.plot(np.cos(angle), np.sin(angle), color=QUIET, linewidth=1.0, label="unit circle")
    handles: list[Any] = []
    for orbit in orbits:
        if orbit.multipliers is not None:
            values = np.asarray(orbit.multipliers)
            handles.append(_marks(ax, np.stack([values.real, values.imag], axis=1), orbit))
    for family in families:
        if family.example is None or family.map.parameters:
            continue
        F, point = family.map, np.array([[float(c) for c in family.example]])
        values = np.linalg.eigvals(F.jacobian_at(F.lift(point)))[0]
        (line,) = ax.plot(
            values.real,
            values.imag,
            linestyle="none",
            marker="+",
            markersize=9,
            color=INK,
            label="a point of a family",
        )
        handles.append(line)
    ax.set_aspect("equal", adjustable="datalim")
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_xlabel("real part of the multipliers")
    ax.set_ylabel("imaginary part")
    return handles


def _loop(
    ax: Axes, points: NDArray[np.float64], index: int, period: int, style: dict[str, Any]
) -> Line2D:
    look = look_of_orbit(index)
    closed = np.concatenate([points, points[:1]])
    line: dict[str, Any] = {
        "color": look.colour,
        "linestyle": look.line,
        "linewidth": 1.3,
        "label": f"{look.label}, period {period}",
        **style,
    }
    return ax.plot(closed[:, 0], closed[:, 1], zorder=4, **line)[0]


def _marks(ax: Axes, points: NDArray[np.float64], orbit: PeriodicOrbit) -> Line2D:
    mark = marked(orbit)
    ax.plot(points[:, 0], points[:, 1], zorder=6, **mark)
    return Line2D([], [], **mark)


def _view(orbits: Sequence[PeriodicOrbit], families: Sequence[CriticalManifold]) -> Box:
    """Return a box around the points; families reach farther, so it is wide and centred at 0."""
    points = [np.asarray(orbit.points)[:, :2] for orbit in orbits]
    if not families:
        return view_of(np.concatenate(points))
    points += [np.array([[float(c) for c in f.example]]) for f in families if f.example]
    half = max([3.0, *(1.5 * float(np.abs(p).max()) for p in points)])
    return Box([-half, -half], [half, half])

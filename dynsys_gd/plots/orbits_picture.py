"""Fixed points and periodic orbits: on the line, in the plane, or by their multipliers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..maps.base import Map
from ..orbits.cluster import Cluster
from ..orbits.critical_manifold import CriticalManifold
from ..orbits.orbit_set import Minima, OrbitSet
from ..orbits.periodic_orbit import PeriodicOrbit
from ..regions import Ball, Box, Region
from .cluster_picture import draw_clusters, draw_clusters_on_the_line
from .critical_set import draw_family, draw_points
from .multipliers_picture import draw_multipliers
from .orbit_marks import draw_loops, draw_marks
from .plane import contours, view_of
from .shown import View, add_legend, add_title, view_on
from .style import INK, QUIET
from .words import formula, label_axes, on_the_map, symbol_of, title

__all__ = ["box_of", "draw_family_alone", "draw_minima", "draw_orbit", "draw_orbits"]

_DASHES = (0, (4, 3))


@dataclass(frozen=True, kw_only=True)
class _Contents:
    """What is drawn on one picture."""

    orbits: Sequence[PeriodicOrbit] = ()
    families: Sequence[CriticalManifold] = ()
    clusters: Sequence[Cluster] = ()
    region: Region | None = None

    @property
    def map(self) -> Map | None:
        maps = [orbit.map for orbit in self.orbits] + [family.map for family in self.families]
        return maps[0] if maps else None


def draw_orbits(found: OrbitSet, ax: Axes, **style: Any) -> None:
    """Draw a list of orbits, on top of a picture where the axes hold one.

    `style` goes to the lines of longer orbits.
    """
    told = re.match(r"Fixed points|Orbits of period \d+", found.title)
    counted = found.headline().rsplit(": ", 1)[-1]
    contents = _Contents(
        orbits=found.orbits,
        families=found.families,
        clusters=found.clusters,
        region=found.region,
    )
    _draw(contents, ax, style, found.headline(), f"{told[0] if told else 'Orbits'}: {counted}")


def draw_minima(minima: Minima, ax: Axes, **style: Any) -> None:
    """Draw the minima of a loss, isolated ones and families."""
    contents = _Contents(orbits=minima.orbits, families=minima.families)
    _draw(contents, ax, style, minima.headline(), minima.headline())


def draw_orbit(orbit: PeriodicOrbit, ax: Axes, **style: Any) -> None:
    """Draw one orbit; `style` goes to its line where it is longer than a point."""
    whole = orbit.headline() + on_the_map(orbit.map)
    _draw(_Contents(orbits=(orbit,)), ax, style, whole, orbit.headline())


def draw_family_alone(family: CriticalManifold, ax: Axes, **style: Any) -> None:
    """Draw one family of fixed points where it is a curve in the plane."""
    whole = family.headline() + on_the_map(family.map)
    _draw(_Contents(families=(family,)), ax, style, whole, family.headline())


def _draw(contents: _Contents, ax: Axes, style: dict[str, Any], sentence: str, short: str) -> None:
    F, over = contents.map, ax.has_data()
    if F is None:
        _draw_no_orbits(contents, ax, over=over)
    else:
        view = view_on(ax, F)
        limits = ax.axis()
        if view is View.PLANE:
            handles = _in_the_plane(F, contents, ax, style, over=over)
        elif view is View.COBWEB:
            handles = _on_the_graph(F, contents, ax, style, over=over)
        elif view is View.LINE:
            handles = _on_a_line(contents, ax)
        else:
            handles = draw_multipliers(contents.orbits, contents.families, ax)
        if over and view is not View.MULTIPLIERS:
            ax.axis(limits)
        add_legend(ax, handles)
    if over:
        add_title(ax, formula(short))
    else:
        title(ax, formula(sentence))


def _draw_no_orbits(contents: _Contents, ax: Axes, *, over: bool) -> None:
    box = box_of(contents.region)
    if contents.clusters and box is not None and box.dimension <= 2:
        if not over:
            ax.set_xlim(box.low[0], box.high[0])
        if box.dimension == 1:
            add_legend(ax, draw_clusters_on_the_line(contents.clusters, ax, {}))
            return
        if not over:
            ax.set_ylim(box.low[1], box.high[1])
        add_legend(ax, draw_clusters(contents.clusters, ax, {}))
    elif not over:
        ax.set_axis_off()
        ax.text(0.5, 0.5, "none", ha="center", va="center", transform=ax.transAxes)


def _in_the_plane(
    F: Map, contents: _Contents, ax: Axes, style: dict[str, Any], *, over: bool
) -> list[Any]:
    orbits = contents.orbits
    places = [np.asarray(orbit.points)[:, :2] for orbit in orbits]
    if over:
        (left, right), (bottom, top) = sorted(ax.get_xlim()), sorted(ax.get_ylim())
        box = Box([left, bottom], [right, top])
    else:
        box = _room(F, contents, places)
        if F.loss is not None and F.loss.dimension == 2 and not F.loss.parameters:
            contours(F.loss, ax, box)
        label_axes(ax, F.names)
    ax.set_xlim(box.low[0], box.high[0])
    ax.set_ylim(box.low[1], box.high[1])
    handles: list[Any] = []
    for family in contents.families:
        handles += draw_family(family, ax, box)
    loops = [(k, o.period, places[k]) for k, o in enumerate(orbits) if o.period > 1]
    handles += draw_loops(ax, loops, style, named=not over)
    handles += draw_marks(ax, orbits, _within(box, places), period_told=over, clip_on=False)
    return handles + draw_clusters(contents.clusters, ax, {})


def _within(box: Box, places: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Return the points that lie in the view, whose marks may then stand over its edge."""
    return [rows[box.contains(rows)] for rows in places]


def _on_the_graph(
    F: Map, contents: _Contents, ax: Axes, style: dict[str, Any], *, over: bool
) -> list[Any]:
    """Draw the graph of the map with fixed points on the diagonal and cycles as cobwebs."""
    handles: list[Any] = []
    if not over:
        handles += _graph(F, contents, ax)
    places, loops = [], []
    for index, orbit in enumerate(contents.orbits):
        x = orbit.points[:, 0]
        places.append(np.stack([x, np.roll(x, -1)], axis=1))
        if orbit.period > 1:
            ring = np.repeat(np.append(x, x[0]), 2)
            loops.append((index, orbit.period, np.stack([ring[:-1], ring[1:]], axis=1)))
    handles += draw_loops(ax, loops, style, named=not over)
    handles += draw_marks(ax, contents.orbits, places, period_told=over)
    return handles + draw_clusters_on_the_line(contents.clusters, ax, {}, on_the_graph=True)


def _graph(F: Map, contents: _Contents, ax: Axes) -> list[Any]:
    states = [orbit.points[:, 0] for orbit in contents.orbits]
    states += [cluster.hull[:, 0].ravel() for cluster in contents.clusters]
    if not states:
        box = box_of(contents.region)
        states = [np.array([-1.0, 1.0] if box is None else [box.low[0], box.high[0]])]
    x = np.concatenate(states)
    room = 0.25 * max(float(np.ptp(x)), 1e-3 + 0.5 * float(np.abs(x).max()))
    xs = np.linspace(x.min() - room, x.max() + room, 801)
    with np.errstate(all="ignore"):
        (graph,) = ax.plot(xs, F(xs[:, None])[:, 0], color=INK, linewidth=1.5, label="map")
    (diagonal,) = ax.plot(xs, xs, color=QUIET, linewidth=0.8, linestyle=_DASHES, label="diagonal")
    ax.set_xlim(xs[0], xs[-1])
    ax.set_ylim(xs[0], xs[-1])
    name = symbol_of(F.names[0])
    ax.set_xlabel(f"{name}, step t")
    ax.set_ylabel(f"{name}, step t + 1")
    return [graph, diagonal]


def _on_a_line(contents: _Contents, ax: Axes) -> list[Any]:
    """Draw points over starts on a line, on the loss where the picture shows it."""
    low, high = sorted(ax.get_xlim())
    shows_loss = ax.get_ylabel() == "loss"
    handles = draw_points(contents.orbits, ax, Box([low], [high]), on_the_loss=shows_loss)
    return handles + draw_clusters_on_the_line(contents.clusters, ax, {})


def box_of(region: Region | None) -> Box | None:
    """Return a box around a bounded region, or None."""
    if isinstance(region, Ball):
        centre, radius = np.asarray(region.center, dtype=float), float(region.radius)
        return Box((centre - radius).tolist(), (centre + radius).tolist())
    return region if isinstance(region, Box) else None


def _room(F: Map, contents: _Contents, places: list[NDArray[np.float64]]) -> Box:
    box = box_of(contents.region)
    if box is not None and box.dimension == 1:  # of the loss; the state is the pair of two points
        return Box([*box.low] * 2, [*box.high] * 2)
    if box is not None:
        return Box(list(box.low[:2]), list(box.high[:2]))
    if not contents.families:
        return view_of(np.concatenate(places))
    # Families reach farther than points, so the view is wide and centred at 0.
    examples = [f.example for f in contents.families if f.example]
    places = [*places, *(np.array([[float(c) for c in e[:2]]]) for e in examples)]
    half = max([3.0, *(1.5 * float(np.abs(rows).max()) for rows in places)])
    return Box([-half, -half], [half, half])

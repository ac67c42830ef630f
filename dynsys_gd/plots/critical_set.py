"""Fixed points and their families, drawn under other pictures: what is stable, and what is not."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from contourpy import contour_generator
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..errors import DynsysError
from ..losses.symbolic import Loss
from ..maps.base import Map
from ..orbits.critical_manifold import CriticalManifold
from ..orbits.fixed_points import fixed_points
from ..orbits.kinds import CriticalKind
from ..orbits.orbit_set import OrbitSet
from ..orbits.periodic_orbit import PeriodicOrbit
from ..regions import Box
from .orbit_marks import draw_marks, unique
from .style import ACCENT
from .words import formula

__all__ = ["draw_critical_set", "draw_family", "draw_points"]

_SECONDS = 5.0
_MESH = 601
_DASHES = (0, (2.2, 1.6))


def draw_critical_set(F: Map, ax: Axes, box: Box, *, on_the_loss: bool = False) -> list[Any]:
    """Draw the fixed points of a map in `box`; return entries for the legend.

    Nothing is drawn where they are not found exactly within a few seconds.
    """
    known = _known(F, box)
    if known is None:
        return []
    handles = [handle for family in known.families for handle in draw_family(family, ax, box)]
    handles += draw_points(known.orbits, ax, box, on_the_loss=on_the_loss)
    return unique(handles)


def draw_family(family: CriticalManifold, ax: Axes, box: Box) -> list[Any]:
    """Draw a curve of fixed points in the plane, solid where it is stable, dashed elsewhere."""
    if len(family.variables) != 2 or family.dimension != 1:
        return []
    minima = family.critical is CriticalKind.MINIMUM
    what = "minima" if minima else "fixed points" if family.period == 1 else "periodic points"
    casing = [patheffects.Stroke(linewidth=4.0, foreground="white"), patheffects.Normal()]
    handles = {}
    for curve in _curves(family, box):
        for part, word, line in _parts(family, curve):
            label = f"{what}, {word}"
            look: dict[str, Any] = {"color": ACCENT, "linewidth": 2.0, "linestyle": line}
            ax.plot(*curve[part].T, path_effects=casing, zorder=5, label=label, **look)
            handles[label] = Line2D([], [], label=label, **look)
    return [handles[label] for label in sorted(handles)]


def draw_points(
    orbits: Sequence[PeriodicOrbit], ax: Axes, box: Box, *, on_the_loss: bool = False
) -> list[Any]:
    """Draw orbits in the plane, or on the line: on its edge or on the loss."""
    inside, places = [], []
    for orbit in orbits:
        points = np.asarray(orbit.points)[:, : box.dimension]
        rows = points[box.contains(points)]
        if not len(rows):
            continue
        if box.dimension == 1:
            loss = orbit.map.loss if on_the_loss else None
            heights = np.zeros(len(rows)) if loss is None else loss(rows)
            rows = np.stack([rows[:, 0], heights], axis=1)
        inside.append(orbit)
        places.append(rows)
    on_the_edge = box.dimension == 1 and not (on_the_loss and _has_loss(orbits))
    where: dict[str, Any] = {"transform": ax.get_xaxis_transform()} if on_the_edge else {}
    return draw_marks(ax, inside, places, period_told=True, clip_on=False, **where)


def _has_loss(orbits: Sequence[PeriodicOrbit]) -> bool:
    return any(orbit.map.loss is not None for orbit in orbits)


@lru_cache(maxsize=32)
def _known(F: Map, box: Box) -> OrbitSet | None:
    size = F.dimension if F.loss is None else F.loss.dimension
    if F.parameters or size != box.dimension or F.expression is None:
        return None
    try:
        return fixed_points(F, box, seconds=_SECONDS)
    except DynsysError:
        return None


def _curves(family: CriticalManifold, box: Box) -> list[NDArray[np.float64]]:
    """Return the curve as polygons: the level zero of its equation over a fine mesh."""
    if len(family.equations) != 1:
        return []
    xs, ys = (np.linspace(a, b, _MESH) for a, b in zip(box.low, box.high, strict=True))
    mesh = np.stack(np.meshgrid(xs, ys), axis=-1)
    with np.errstate(all="ignore"):
        values = Loss(family.equations[0], list(family.variables))(mesh)
    lines = contour_generator(xs, ys, values).lines(0.0)
    return [np.asarray(line, dtype=np.float64) for line in lines]


def _parts(family: CriticalManifold, curve: NDArray[np.float64]) -> list[tuple[slice, str, Any]]:
    """Return the parts of a curve with the word and the line for each."""
    if family.map.parameters:
        names = formula(", ".join(family.map.parameters))
        return [(slice(None), f"stability depends on {names}", "-.")]
    looks = {True: ("stable", "-"), False: ("unstable", _DASHES)}
    return [(part, *looks[stable]) for part, stable in _runs(_stable_along(family, curve))]


def _stable_along(family: CriticalManifold, curve: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether the multipliers across the family lie inside the unit circle."""
    F = family.map
    state = F.lift(curve)
    product = np.broadcast_to(np.eye(F.dimension), (len(state), F.dimension, F.dimension))
    for _ in range(family.period):
        product = F.jacobian_at(state) @ product
        state = F(state)
    multipliers = np.linalg.eigvals(product)
    order = np.argsort(np.abs(multipliers - 1.0), axis=1)
    across = np.take_along_axis(multipliers, order, axis=1)[:, family.dimension :]
    return np.asarray(np.all(np.abs(across) < 1.0, axis=1))


def _runs(flags: NDArray[np.bool_]) -> list[tuple[slice, bool]]:
    """Return the stretches on which `flags` is constant, each reaching to where the next begins."""
    cuts = np.flatnonzero(flags[1:] != flags[:-1]) + 1
    starts, stops = [0, *cuts], [*cuts, len(flags)]
    return [
        (slice(int(a), int(min(b + 1, len(flags)))), bool(flags[a]))
        for a, b in zip(starts, stops, strict=True)
    ]

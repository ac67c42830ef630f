"""Multipliers in the complex plane: which are inside the unit circle, and where they leave it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..orbits.critical_manifold import CriticalManifold
from ..orbits.multipliers import Multipliers
from ..orbits.periodic_orbit import PeriodicOrbit
from .orbit_marks import draw_marks
from .shown import MULTIPLIERS, add_legend
from .style import GRID, INK, QUIET
from .words import title

__all__ = ["draw_multipliers", "draw_multipliers_alone"]

_LINEAR_UP_TO = 4.0  # in size; larger ones are drawn on a logarithmic scale outside the circle
_OUTERMOST = 3.0
_MOST_CIRCLES = 4
_VISIBLE = 0.006  # share of the picture from which an enclosure is seen
_CORNERS = 9


@dataclass(frozen=True)
class _Scale:
    """Keeps the unit disc as it is; outside, the radius is 1 + rate · log|μ|, or linear."""

    top: float

    @property
    def linear(self) -> bool:
        return self.top <= _LINEAR_UP_TO

    def radius(self, size: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.linear:
            return size
        rate = min(1.0, (_OUTERMOST - 1) / math.log(self.top))
        return np.where(size <= 1, size, 1 + rate * np.log(np.maximum(size, 1.0)))

    def place(self, values: NDArray[np.complex128]) -> NDArray[np.float64]:
        """Return where complex numbers are drawn, shape (n, 2)."""
        size = np.abs(values)
        stretch = np.ones_like(size)
        np.divide(self.radius(size), size, out=stretch, where=size > 0)
        return np.stack([values.real * stretch, values.imag * stretch], axis=-1)


def draw_multipliers_alone(found: Multipliers, ax: Axes, **style: Any) -> None:
    """Draw the multipliers of many orbits; `style` goes to the marks."""
    add_legend(ax, draw_multipliers(found.orbits, found.families, ax, **style))
    title(ax, found.headline())


def draw_multipliers(
    orbits: Sequence[PeriodicOrbit],
    families: Sequence[CriticalManifold],
    ax: Axes,
    **style: Any,
) -> list[Any]:
    """Draw multipliers in the complex plane with the unit circle, for any dimension."""
    known = [orbit for orbit in orbits if orbit.multipliers is not None]
    rows = [np.asarray(orbit.multipliers) for orbit in known]
    beside = [values for family in families if (values := _of_family(family)) is not None]
    sizes = np.abs(np.concatenate([np.ones(1, dtype=complex), *rows, *beside]))
    scale = _Scale(float(np.max(sizes[np.isfinite(sizes)])))
    handles = _circles(ax, scale)
    handles += _enclosures(known, ax, scale)
    handles += draw_marks(ax, known, [scale.place(v) for v in rows], largest=6.5, **style)
    for values in beside:
        x, y = scale.place(values).T
        look: dict[str, Any] = {"linestyle": "none", "marker": "+", "color": INK, "markersize": 9}
        ax.plot(x, y, zorder=6, **look)
        handles.append(Line2D([], [], label="a point of a family", **look))
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel(MULTIPLIERS)
    ax.set_ylabel("imaginary part")
    return handles


def _of_family(family: CriticalManifold) -> NDArray[np.complex128] | None:
    if family.example is None or family.map.parameters or family.period > 1:
        return None
    F, point = family.map, np.array([[float(c) for c in family.example]])
    return np.asarray(np.linalg.eigvals(F.jacobian_at(F.lift(point)))[0], dtype=np.complex128)


def _circles(ax: Axes, scale: _Scale) -> list[Any]:
    """Draw the unit circle, its two real points, and circles for the sizes outside."""
    angle = np.exp(1j * np.linspace(0, 2 * np.pi, 361))
    (unit,) = ax.plot(angle.real, angle.imag, color=INK, linewidth=1.2, label="unit circle")
    ax.fill(angle.real, angle.imag, color=GRID, alpha=0.45, linewidth=0, zorder=0)
    for place, word, side in ((-1, "flip", "right"), (1, "fold", "left")):
        ax.plot([place], [0], marker="|", color=INK, markersize=11, markeredgewidth=1.4, zorder=5)
        ax.annotate(
            word,
            (place, 0),
            (4 * place, -13),
            textcoords="offset points",
            ha=side,
            color=QUIET,
            fontsize=9,
        )
    ax.axhline(0, color=GRID, linewidth=0.8, zorder=0)
    ax.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    if scale.linear:
        ax.grid(color=GRID, linewidth=0.6)
        return [unit]
    powers = math.ceil(math.log10(scale.top))
    step = math.ceil(powers / _MOST_CIRCLES)
    outer = [10.0**k for k in range(step, powers + 1, step)] or [10.0]
    radii = scale.radius(np.array(outer))
    for radius in radii:
        ring = radius * angle
        ax.plot(ring.real, ring.imag, color=QUIET, linewidth=0.6, linestyle=":", zorder=1)
    ticks = [0.0, 1.0, *radii]
    words = ["0", "1", *(_power(value) for value in outer)]
    places = [-t for t in ticks[:0:-1]] + ticks
    texts = [f"−{word}" for word in words[:0:-1]] + words
    ax.set_xticks(places, texts)
    ax.set_yticks(places, texts)
    ax.tick_params(labelsize=8)
    return [unit]


def _power(value: float) -> str:
    exponent = round(math.log10(value))
    return str(10**exponent) if exponent < 3 else f"$10^{{{exponent}}}$"


def _enclosures(orbits: Sequence[PeriodicOrbit], ax: Axes, scale: _Scale) -> list[Any]:
    """Draw the certified bounds of multipliers where they are wide enough to be seen."""
    least = _VISIBLE * float(scale.radius(np.array(scale.top)))
    shapes = []
    for orbit in orbits:
        bounds = orbit.multiplier_bounds
        if bounds is None:
            continue
        for (a, b), (c, d) in bounds[np.isfinite(bounds).all(axis=(1, 2))]:
            u, v = np.linspace(a, b, _CORNERS), np.linspace(c, d, _CORNERS)
            edge = np.concatenate([u + 1j * c, b + 1j * v, u[::-1] + 1j * d, a + 1j * v[::-1]])
            shape = scale.place(edge)
            if np.ptp(shape, axis=0).max() > least:
                shapes.append(shape)
    if not shapes:
        return []
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": INK, "linewidth": 0.7}
    ax.add_collection(PolyCollection(shapes, zorder=7, **look))
    return [Line2D([], [], linestyle="none", marker="s", markerfacecolor="none",
                   markeredgecolor=INK, markeredgewidth=0.7, label="enclosure")]  # fmt: skip

"""A plane of two parameters, coloured by period or exponent, its regions labelled."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, to_rgba
from matplotlib.patches import Patch

from ..branches.diagrams.behaviour import Behaviour
from ..branches.diagrams.colour import ColourBy
from ..branches.diagrams.plane_result import ParameterPlane, PlaneRegion
from .period_look import (
    EXPONENTS,
    checked_colour,
    exponent_norm,
    kinds_in_order,
    kinds_of,
    look_of_code,
)
from .style import FATES, INK
from .words import formula, symbol_of, title

__all__ = ["draw_plane"]

_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_MOST_LABELS = 30
_WORTH_A_LABEL = 1.5e-3  # share of the plane
_FEW_CELLS = 25


def draw_plane(
    plane: ParameterPlane,
    ax: Axes,
    *,
    colour: ColourBy = ColourBy.PERIOD,
    start: int = 0,
    **style: Any,
) -> None:
    """Draw the plane that one start sees, by period or by exponent; `style` goes to the image."""
    by = checked_colour(colour)
    regions = plane.regions(start)
    x, y = plane.values
    behaviour, period = plane.behaviour[..., start], plane.period[..., start]
    mesh: dict[str, Any] = {"shading": "nearest", "rasterized": True, **style}
    if by is ColourBy.EXPONENT:
        exponents = plane.exponent[..., start]
        norm = exponent_norm(exponents)
        ax.set_facecolor(FATES["ESCAPED"].colour)
        ax.pcolormesh(x, y, np.ma.masked_invalid(exponents.T), cmap=EXPONENTS, norm=norm, **mesh)
        bar = ScalarMappable(norm=norm, cmap=EXPONENTS)
        ax.figure.colorbar(bar, ax=ax, label="largest Lyapunov exponent", extend="min", pad=0.02)
    else:
        kinds = kinds_of(behaviour, period)
        codes = kinds_in_order(kinds)
        places = np.searchsorted(np.sort(codes), kinds)
        looks = [look_of_code(code) for code in sorted(codes)]
        colours = ListedColormap([to_rgba(look.colour) for look in looks])
        bounds: dict[str, Any] = {"vmin": -0.5, "vmax": len(codes) - 0.5}
        ax.pcolormesh(x, y, places.T, cmap=colours, **bounds, **mesh)
        handles = []
        for code in codes:
            look = look_of_code(code)
            share = 100 * float(np.mean(kinds == code))
            label = f"{look.label} ({share:.3g} %)"
            handles.append(Patch(facecolor=look.colour, edgecolor=INK, linewidth=0.6, label=label))
        ax.legend(handles=handles, **_BESIDE)
    _label(regions, ax)
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(y[0], y[-1])
    ax.set_xlabel(symbol_of(plane.parameters[0]))
    ax.set_ylabel(symbol_of(plane.parameters[1]))
    F = plane.map
    what = F.loss.describe() if F.loss is not None else F.describe()
    shown = "Periods" if by is ColourBy.PERIOD else "Lyapunov exponents"
    title(ax, formula(f"{shown} of the attractors on {what}"))


def _label(regions: tuple[PlaneRegion, ...], ax: Axes) -> None:
    """Write into the large regions what orbits do there: in grey the colours of some are alike."""
    halo = [patheffects.withStroke(linewidth=2.2, foreground="white")]
    named: set[Behaviour] = set()
    worth = [r for r in regions if r.share >= _WORTH_A_LABEL and r.size >= _FEW_CELLS]
    for region in worth[:_MOST_LABELS]:
        text = str(region.period) if region.period else region.behaviour.words
        # Undecided points are slivers along bifurcations, and chaos is in one place enough.
        if region.behaviour is Behaviour.UNDECIDED or region.behaviour in named:
            continue
        if not region.period:
            named.add(region.behaviour)
        ax.annotate(text, region.inside, ha="center", va="center", fontsize=9, color=INK,
                    path_effects=halo, annotation_clip=True)  # fmt: skip

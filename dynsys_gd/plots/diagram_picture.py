"""A bifurcation diagram: where orbits end by the parameter, and their exponents below."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ..branches.diagrams.behaviour import Behaviour
from ..branches.diagrams.colour import ColourBy
from ..branches.diagrams.diagram_result import BifurcationDiagram
from .canvas import panel_below
from .period_look import (
    EXPONENTS,
    checked_colour,
    exponent_norm,
    kinds_in_order,
    kinds_of,
    look_of_code,
)
from .style import FATES, GRID, INK, QUIET
from .words import formula, symbol_of, title

__all__ = ["draw_diagram"]

_LEVELS = 3000  # of the observable: points nearer to one another are drawn once
_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_SMALL = 0.8
_LARGE = 3.0


def draw_diagram(
    diagram: BifurcationDiagram, ax: Axes, *, colour: ColourBy = ColourBy.PERIOD, **style: Any
) -> None:
    """Draw the points, coloured by period or by exponent; `style` goes to the points."""
    by = checked_colour(colour)
    below = panel_below(ax, (3.0, 1.1))
    x, y, kinds, exponents = _points(diagram)
    size = _SMALL if len(diagram) > 200 else _LARGE
    options: dict[str, Any] = {"s": size, "linewidths": 0, "rasterized": True, **style}
    norm = exponent_norm(diagram.exponent)
    gone = _escapes(diagram, ax)
    if by is ColourBy.EXPONENT:
        ax.scatter(x, y, c=exponents, cmap=EXPONENTS, norm=norm, **options)
        bar = ScalarMappable(norm=norm, cmap=EXPONENTS)
        label = "largest Lyapunov exponent"
        ax.figure.colorbar(bar, ax=ax, label=label, extend="min", pad=0.02, aspect=30)
        if gone:
            ax.legend(handles=gone, loc="upper left")
    else:
        handles = []
        for code in kinds_in_order(kinds):
            look, here = look_of_code(code), kinds == code
            ax.scatter(x[here], y[here], **{"color": look.colour, **options})
            mark: dict[str, Any] = {
                "marker": "o",
                "linestyle": "none",
                "markersize": 6,
                "color": look.colour,
            }
            handles.append(Line2D([], [], label=look.label, **mark))
        ax.legend(handles=[*handles, *gone], **_BESIDE)
    _exponents(diagram, below)
    below.set_xlim(ax.get_xlim())
    ax.sharex(below)
    ax.tick_params(labelbottom=False)
    ax.set_ylabel(_named(diagram.observable))
    below.set_xlabel(symbol_of(diagram.parameter))
    F = diagram.map
    what = F.loss.describe() if F.loss is not None else F.describe()
    title(ax, formula(f"Where orbits end on {what}"))


def _points(
    diagram: BifurcationDiagram,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return parameter, observable, kind and exponent of the points that can be told apart."""
    m, s, _ = diagram.points.shape
    kinds = kinds_of(diagram.behaviour, diagram.period)
    low, high = (
        np.nanmin(diagram.points, initial=np.inf),
        np.nanmax(diagram.points, initial=-np.inf),
    )
    step = (high - low) / _LEVELS or 1.0
    columns = []
    for k in range(m):
        here = diagram.points[k]
        levels = np.where(np.isfinite(here), np.round((here - low) / step), -1.0)
        rows = np.broadcast_to(np.arange(s)[:, None], here.shape)
        _, first = np.unique(levels + (_LEVELS + 2.0) * kinds[k][:, None], return_index=True)
        first = first[levels.flat[first] >= 0]
        row = rows.flat[first]
        value = np.full(len(first), diagram.values[k])
        columns.append((value, here.flat[first], kinds[k][row], diagram.exponent[k][row]))
    x, y, kind, exponent = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    return x, y, kind, exponent


def _escapes(diagram: BifurcationDiagram, ax: Axes) -> list[Patch]:
    """Shade the values at which no orbit stays; return an entry for the legend, if there is any."""
    order = np.argsort(diagram.values, kind="stable")
    values = diagram.values[order]
    none = (diagram.behaviour[order] == Behaviour.ESCAPED).all(axis=1)
    middles = (values[1:] + values[:-1]) / 2
    edges = np.concatenate([values[:1], middles, values[-1:]])
    if len(values) == 1:
        edges = edges + np.array([-0.5, 0.5])
    ax.set_xlim(edges[0], edges[-1])
    look: dict[str, Any] = {"facecolor": FATES["ESCAPED"].colour, "linewidth": 0}
    changes = np.flatnonzero(np.diff(np.concatenate([[False], none, [False]]).astype(int)))
    for first, last in changes.reshape(-1, 2).tolist():
        ax.axvspan(edges[first], edges[last], zorder=0, **look)
    words = "every orbit escapes"
    return [Patch(label=words, **{**look, "edgecolor": INK, "linewidth": 0.6})] if any(none) else []


def _exponents(diagram: BifurcationDiagram, ax: Axes) -> None:
    x = np.repeat(diagram.values, diagram.exponent.shape[1])
    y = diagram.exponent.ravel()
    norm = exponent_norm(diagram.exponent)
    bottom, top = float(norm.vmin or 0.0), float(norm.vmax or 0.0)
    inside, beyond = y >= bottom, y < bottom  # neither where there is no number
    look: dict[str, Any] = {"color": INK, "linewidths": 0, "rasterized": True}
    ax.scatter(x[inside], y[inside], s=1.2 if len(diagram) > 200 else _LARGE, **look)
    # Superstable cycles have no lower end: a triangle says that it goes on below.
    ax.scatter(x[beyond], np.full(beyond.sum(), bottom), s=7.0, marker="v", **look)
    ax.axhline(0.0, color=QUIET, linewidth=0.8, linestyle="--")
    ax.set_ylim(bottom - 0.04 * (top - bottom), top + 0.06 * (top - bottom))
    ax.set_ylabel("exponent")
    ax.grid(color=GRID, linewidth=0.5)


def _named(observable: str) -> str:
    return (
        observable
        if observable == "loss" or not observable.isidentifier()
        else symbol_of(observable)
    )

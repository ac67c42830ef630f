"""Curves of bifurcations in the plane of two parameters, and what happens at their points."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.text import Annotation
from numpy.typing import NDArray

from ..branches.plane.bifurcation_curve import BifurcationCurve
from ..branches.plane.codimension_two import CodimensionTwo, CodimensionTwoPoint
from ..orbits.normal_forms.kinds import Bifurcation, Criticality
from .shown import add_legend
from .style import ACCENT, GRID, INK, QUIET, Look
from .words import formula, symbol_of, title

__all__ = ["draw_bifurcation_curve", "draw_codimension_two"]

LOOKS: dict[Bifurcation, Look] = {
    Bifurcation.FLIP: Look(label="flip", colour="#0072B2", line="-"),
    Bifurcation.NEIMARK_SACKER: Look(label="Neimark–Sacker", colour="#D55E00", line="--"),
    Bifurcation.FOLD: Look(label="fold", colour="#1A1A1A", line="-."),
    Bifurcation.PITCHFORK: Look(label="pitchfork", colour="#009E73", line=":"),
    Bifurcation.TRANSCRITICAL: Look(label="transcritical", colour="#CC79A7", line=":"),
}

_WIDTHS = {Criticality.SUPERCRITICAL: 2.8, Criticality.SUBCRITICAL: 1.1}
_USUAL = 1.8
_TURNING = (
    CodimensionTwo.GENERALIZED_FLIP,
    CodimensionTwo.CHENCINER,
    CodimensionTwo.RESONANCE_1_2,
)
_TICK = 0.018  # of the ranges
_TICKS = 45  # along the longer range
_TOGETHER = 0.02  # of the ranges: points this near share one label
_MARGIN = 0.06


def draw_bifurcation_curve(curve: BifurcationCurve, ax: Axes, **style: Any) -> None:
    """Draw one curve beside what the axes show already; `style` goes to the line."""
    look = LOOKS[curve.bifurcation]
    bare = not ax.has_data()
    words = look.label if curve.period == 1 else f"{look.label}, period {curve.period}"
    handles: list[Any] = []
    for criticality, places in _parts(curve):
        options: dict[str, Any] = {
            "color": look.colour,
            "linestyle": look.line,
            "linewidth": _WIDTHS.get(criticality, _USUAL),
            "zorder": 3,
            **style,
        }
        told = f", {criticality}" if criticality in _WIDTHS else ""
        ax.plot(*places.T, **options)
        if all(handle.get_label() != words + told for handle in handles):
            handles.append(Line2D([], [], **{**options, "label": words + told}))
    if curve.period > 1:
        middle = curve.values[len(curve) // 2]
        beside: dict[str, Any] = {"xytext": (7, -7), "textcoords": "offset points"}
        ax.annotate(f"period {curve.period}", middle, fontsize=8, color=look.colour, **beside)
    if _side_ticks(curve, ax, look.colour):
        side = "two orbits exist" if curve.bifurcation is Bifurcation.FOLD else "|μ| < 1"
        ticks: dict[str, Any] = {"linestyle": "none", "marker": "|", "color": look.colour}
        handles.append(Line2D([], [], **ticks, label=f"ticks: {side} on this side"))
    _labels(curve, ax)
    _limits(curve, ax, bare)
    # With several curves in one picture the legend grows.
    previous = ax.get_legend()
    if previous is not None:
        known = previous.legend_handles
        seen = {handle.get_label() for handle in known if handle is not None}
        handles = [*known, *(handle for handle in handles if handle.get_label() not in seen)]
    add_legend(ax, handles)
    if bare:
        first, second = curve.parameters
        ax.set_xlabel(symbol_of(first))
        ax.set_ylabel(symbol_of(second))
        F = curve.map
        what = F.loss.describe() if F.loss is not None else F.describe()
        title(ax, formula(f"Bifurcations on {what}"))


def _parts(curve: BifurcationCurve) -> list[tuple[Criticality, NDArray[np.float64]]]:
    """Return the stretches of one criticality, each as points of the plane."""
    told = [c if c in _WIDTHS else None for c in curve.criticalities]
    # At single steps, such as a resonance, nothing is told: they go with their neighbours.
    last = next((c for c in told if c is not None), None)
    kinds = [last := c if c is not None else last for c in told]
    turns = {p.after: p.values for p in curve.special if p.kind in _TURNING}
    parts: list[tuple[Criticality, list[Any]]] = []
    for k, (step, kind) in enumerate(zip(curve.steps, kinds, strict=True)):
        kind = kind or Criticality.UNDECIDED
        if not parts or parts[-1][0] is not kind:
            between = turns.get(k - 1, step.values)
            if parts:
                parts[-1][1].append(between)
            parts.append((kind, [between] if parts else []))
        parts[-1][1].append(step.values)
    return [(kind, np.array(places)) for kind, places in parts]


def _side_ticks(curve: BifurcationCurve, ax: Axes, colour: str) -> bool:
    """Draw short lines to the side on which the orbit is the more stable; False if not known."""
    ranges = np.ptp(np.array(curve.to), axis=1)
    values = curve.values
    sides = np.array([step.side for step in curve.steps])
    known = np.isfinite(sides).all(axis=1)
    if known.sum() < 2:
        return False
    shares = values / ranges
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(shares, axis=0), axis=1)))
    places = np.arange(0.5 / _TICKS, along[-1], 1.0 / _TICKS)
    base = _between(places, along, values)
    way = _between(places, along[known], sides[known])
    segments = np.stack([base, base + _TICK * way * ranges], axis=1)
    ax.add_collection(LineCollection(list(segments), colors=colour, linewidths=0.7, zorder=2))
    return True


def _between(
    places: NDArray[np.float64], along: NDArray[np.float64], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.stack([np.interp(places, along, column) for column in columns.T], axis=1)


def _labels(curve: BifurcationCurve, ax: Axes) -> None:
    """Mark the points of codimension two; those at one place share their label."""
    ranges = np.ptp(np.array(curve.to), axis=1)
    left = list(curve.special)
    while left:
        first = np.array(left[0].values)
        here = [p for p in left if np.all(np.abs(p.values - first) <= _TOGETHER * ranges)]
        left = [point for point in left if point not in here]
        names = dict.fromkeys(point.kind.label for point in here)
        shown = [t for t in ax.texts if isinstance(t, Annotation) and t.get_fontweight() == "bold"]
        near = [t for t in shown if np.all(np.abs(np.array(t.xy) - first) <= _TOGETHER * ranges)]
        if near:
            # Another curve has a point here.
            names = dict.fromkeys([*near[0].get_text().split(", "), *names])
            near[0].set_text(", ".join(names))
            continue
        ax.plot(*first, marker="o", markersize=6.5, markerfacecolor="white", color=INK, zorder=5)
        ax.annotate(
            ", ".join(names),
            tuple(first),
            xytext=(5, 6),
            textcoords="offset points",
            fontsize=9,
            fontweight="bold",
            color=INK,
            zorder=6,
            annotation_clip=False,
        )


def _limits(curve: BifurcationCurve, ax: Axes, bare: bool) -> None:
    """Show the ranges, together with what was shown before."""
    (left, right), (bottom, top) = (
        (low - _MARGIN * (high - low), high + _MARGIN * (high - low)) for low, high in curve.to
    )
    if not bare:
        (l, r), (b, t) = ax.get_xlim(), ax.get_ylim()
        left, right, bottom, top = min(left, l), max(right, r), min(bottom, b), max(top, t)
    ax.set_xlim(left, right)
    ax.set_ylim(bottom, top)


def draw_codimension_two(point: CodimensionTwoPoint, ax: Axes, **style: Any) -> None:
    """Draw the multipliers with the unit circle, the critical ones marked; `style` to the marks."""
    mu = point.at.multipliers
    on = np.abs(np.abs(mu) - 1.0) <= 1e-6
    reach = 1.15 * max(1.0, float(np.max(np.abs(mu[np.isfinite(mu)]), initial=1.0)))
    ax.add_patch(Circle((0, 0), 1.0, facecolor="none", edgecolor=QUIET, linewidth=1.2))
    ax.axhline(0.0, color=GRID, linewidth=0.8, zorder=0)
    ax.axvline(0.0, color=GRID, linewidth=0.8, zorder=0)
    handles = []
    for chosen, label, marker, colour in (
        (on, "on the unit circle", "o", ACCENT),
        (~on, "elsewhere", "X", INK),
    ):
        if not chosen.any():
            continue
        options: dict[str, Any] = {
            "linestyle": "none",
            "marker": marker,
            "color": colour,
            "markersize": 8,
            "zorder": 3,
            **style,
        }
        ax.plot(mu[chosen].real, mu[chosen].imag, **options)
        handles.append(Line2D([], [], **{**options, "label": f"multipliers {label}"}))
    add_legend(ax, handles)
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-reach, reach)
    ax.set_aspect("equal")
    ax.set_xlabel("real part")
    ax.set_ylabel("imaginary part")
    title(ax, point.headline())

"""The branches that a normal form predicts, against its parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..orbits.normal_forms.kinds import Bifurcation, Criticality
from ..orbits.normal_forms.normal_form import NormalForm
from .style import ACCENT, GRID, INK, QUIET
from .words import formula, symbol_of, title

__all__ = ["draw_normal_form"]

_SAMPLES = 201
_SPAN = 0.1  # of the critical value, drawn on both sides
_DASHES = (0, (5, 2))
_NEW = {
    Bifurcation.FLIP: "orbit of twice the period",
    Bifurcation.FOLD: "the two orbits",
    Bifurcation.TRANSCRITICAL: "the orbit that crosses",
    Bifurcation.PITCHFORK: "the two new orbits",
    Bifurcation.NEIMARK_SACKER: "closed curve",
}
_STABLE, _UNSTABLE = "stable along the direction", "unstable along it"


def draw_normal_form(form: NormalForm, ax: Axes, **style: Any) -> None:
    """Draw the orbit and what branches off, solid where stable; `style` goes to the branches."""
    value = 0.0 if form.value is None else form.value
    width = _SPAN * (abs(value) or 1.0)
    # Denser towards the critical value, where square roots are steep.
    steps = np.linspace(-1, 1, _SAMPLES)
    distance = width * steps * np.abs(steps)
    for kind in (True, False):
        line: dict[str, Any] = {"linestyle": "-" if kind else _DASHES}
        label = _STABLE if kind else _UNSTABLE
        for offsets, colour, stable in _branches(form, distance):
            shown = np.where(stable == kind, offsets, np.nan)
            if np.isfinite(shown).any():
                options = style if colour == ACCENT else {}
                look = {"color": colour, "linewidth": 1.6, "label": label, **line, **options}
                ax.plot(value + distance, shown, **look)
                label = "_" + label
    ax.plot([value], [0.0], "o", color=INK, markersize=5)
    ax.axvline(value, color=QUIET, linewidth=0.8)
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_xlim(value - width, value + width)
    name = form.parameter
    ax.set_xlabel("growth μ of the multiplier" if name is None else symbol_of(name))
    pair = form.bifurcation is Bifurcation.NEIMARK_SACKER
    ax.set_ylabel("radius |w|" if pair else "offset w along the critical direction")
    handles = [_plain(line) for line in ax.get_legend_handles_labels()[0]]
    if any(colour == ACCENT for _, colour, _ in _branches(form, distance)):
        colour = style.get("color", ACCENT)
        handles.append(Line2D([], [], color=colour, linewidth=1.6, label=_NEW[form.bifurcation]))
    ax.legend(handles=handles)
    title(ax, formula(form.headline()))


def _plain(line: Any) -> Line2D:
    """Return the legend entry of a line style, which holds for every colour."""
    look = {"linestyle": line.get_linestyle(), "linewidth": 1.6, "label": line.get_label()}
    return Line2D([], [], color=QUIET, **look)


def _branches(form: NormalForm, distance: np.ndarray) -> list[tuple[np.ndarray, str, np.ndarray]]:
    """Return offsets, colour and stability of each branch; NaN where it does not exist."""
    coefficient, kind = form.coefficient, form.bifurcation
    rate = (form.push if kind is Bifurcation.FOLD else form.speed) or 1.0
    base = (0 * distance, INK, rate * distance < 0)
    if form.criticality is Criticality.CONSERVATIVE:
        return [(0 * distance, INK, np.ones(len(distance), dtype=bool))]
    if form.criticality in (Criticality.DEGENERATE, Criticality.UNDECIDED):
        return [base]
    if kind is Bifurcation.TRANSCRITICAL:
        return [base, (-rate * distance / coefficient, ACCENT, rate * distance > 0)]
    sign = 1 if kind is Bifurcation.FLIP else -1
    square = sign * rate * distance / coefficient
    size = np.sqrt(np.where(square >= 0, square, np.nan))
    if kind is Bifurcation.FOLD:
        return [
            (size, ACCENT, coefficient * size <= 0),
            (-size, ACCENT, -coefficient * size <= 0),
        ]
    takes_over = np.full(len(distance), form.criticality is Criticality.SUPERCRITICAL)
    if kind is Bifurcation.NEIMARK_SACKER:
        return [base, (size, ACCENT, takes_over)]
    return [base, (size, ACCENT, takes_over), (-size, ACCENT, takes_over)]

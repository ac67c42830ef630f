"""The stability card: sizes of the multipliers against the step size, or where they lie."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp
from matplotlib.axes import Axes

from ..orbits.stability import Stability
from .multipliers_picture import draw_multipliers
from .orbits_picture import draw_family_alone
from .style import ACCENT, GRID, QUIET, STABILITY, look_of_orbit
from .words import formula, title

__all__ = ["draw_stability"]

_SAMPLES = 161
_BESIDE: dict[str, Any] = {
    "loc": "upper left",
    "bbox_to_anchor": (1.01, 1.0),
    "borderaxespad": 0.0,
}
_DASHES = (0, (5, 2))


def draw_stability(card: Stability, ax: Axes, **style: Any) -> None:
    """Draw the card of a point or cycle; `style` goes to the curves of multipliers."""
    if card.orbit is None and card.family is not None:
        draw_family_alone(card.family, ax, **style)
        return
    symbol = _open_parameter(card)
    if symbol is not None:
        _curves(card, symbol, ax, style)
    elif card.orbit is not None:
        handles = draw_multipliers((card.orbit,), (), ax)
        ax.legend(handles=handles, **_BESIDE)
    title(ax, formula(card.headline()))


def _open_parameter(card: Stability) -> sp.Symbol | None:
    """Return the parameter that the multipliers depend on, where it is the only one."""
    symbols = set().union(*(m.free_symbols for m in card.exact_multipliers or ()))
    return symbols.pop() if len(symbols) == 1 else None


def _curves(card: Stability, symbol: sp.Symbol, ax: Axes, style: dict[str, Any]) -> None:
    lost = None if card.threshold is None else float(card.threshold)
    right = 1.6 * lost if lost and math.isfinite(lost) else 2.0
    values = np.linspace(0, right, _SAMPLES + 1)[1:]
    for index, multiplier in enumerate(dict.fromkeys(card.exact_multipliers or ())):
        look = look_of_orbit(index)
        sizes = [abs(complex(multiplier.subs(symbol, v).evalf())) for v in values]
        text = formula(str(multiplier))
        line: dict[str, Any] = {
            "color": look.colour,
            "linestyle": look.line,
            "label": text if len(text) <= 32 else f"multiplier {index + 1}",
            **style,
        }
        ax.plot(values, sizes, **line)
    ax.axhline(1.0, color=QUIET, linewidth=0.8)
    colour = STABILITY["SOME"].colour
    for k, (low, high) in enumerate(_intervals(card.step_sizes, right)):
        label = "stable" if k == 0 else None
        ax.axvspan(low, high, color=colour, alpha=0.3, linewidth=0, label=label)
    if lost and math.isfinite(lost):
        label = f"stability is lost at {card.threshold}"
        label = label if len(label) <= 36 else f"stability is lost at {lost:.6g}"
        ax.axvline(lost, color=ACCENT, linewidth=1.6, linestyle=_DASHES, label=label)
    ax.set_xlim(0, right)
    ax.set_ylim(bottom=0)
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_xlabel("step size η" if card.parameter in (None, "eta") else str(card.parameter))
    ax.set_ylabel("size of the multipliers")
    ax.legend(**_BESIDE)


def _intervals(stable: sp.Set | None, right: float) -> list[tuple[float, float]]:
    if stable is None:
        return []
    parts = stable.args if isinstance(stable, sp.Union) else (stable,)
    ends = [(p.start, p.end) for p in parts if isinstance(p, sp.Interval)]
    return [
        (max(0.0, float(low)), min(right, float(high)))
        for low, high in ends
        if float(low) < right and float(high) > 0
    ]

"""A critical step size on the line of step sizes: where minima are stable, and where none is."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from matplotlib.axes import Axes

from ..thresholds.threshold import Threshold, ThresholdStatus
from .style import ACCENT, INK, STABILITY
from .words import title

__all__ = ["draw_threshold"]

_CHARACTERS = 74  # across the whole line
_NARROWEST = 0.12  # of the line: below it a span has no room for words


def draw_threshold(threshold: Threshold, ax: Axes, **style: Any) -> None:
    """Draw what is known for each step size; `style` goes to the spans."""
    right = _right_end(threshold)
    for low, high, name in _spans(threshold, right):
        look = STABILITY[name]
        fill = {"facecolor": look.colour, "edgecolor": "#BBBBBB", "hatch": look.hatch, **style}
        ax.axvspan(low, high, linewidth=0, **fill)
        share = (high - low) / right
        if share >= _NARROWEST:
            words = textwrap.fill(look.label, int(share * _CHARACTERS))
            box = {"facecolor": look.colour, "edgecolor": "none", "pad": 2.5}
            ax.text((low + high) / 2, 0.36, words, ha="center", va="center", bbox=box)
    if threshold.status is ThresholdStatus.VALUE and math.isfinite(threshold.value):
        ax.axvline(threshold.value, color=ACCENT, linewidth=2.0)
        box = {"facecolor": "white", "edgecolor": ACCENT, "boxstyle": "round,pad=0.25"}
        words = _value_in_words(threshold)
        ax.text(threshold.value, 0.8, words, ha="center", va="center", color=INK, bbox=box)
    ax.set_xlim(0, right)
    ax.set_ylim(0, 1)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("step size η")
    sentence = threshold.headline()
    title(ax, sentence[:1].upper() + sentence[1:])


def _spans(threshold: Threshold, right: float) -> list[tuple[float, float, str]]:
    if threshold.status is ThresholdStatus.NO_MINIMUM:
        return [(0.0, right, "NO_MINIMUM")]
    low, high = min(threshold.lower, right), min(threshold.upper, right)
    weak = "WEAK_" if threshold.name.startswith("weak") else ""
    spans = [(0.0, low, f"{weak}SOME"), (low, high, "OPEN"), (high, right, f"{weak}NONE")]
    # An enclosure of rounding width is a line, not a span.
    return [span for span in spans if span[1] - span[0] > 1e-6 * right]


def _right_end(threshold: Threshold) -> float:
    ends = [e for e in (threshold.value, threshold.upper, threshold.lower) if math.isfinite(e)]
    largest = max(ends, default=0.0)
    return 1.6 * largest if largest > 0 else 1.0


def _value_in_words(threshold: Threshold) -> str:
    if threshold.exact is not None and len(str(threshold.exact)) <= 16:
        return f"η = {threshold.exact}"
    return f"η = {threshold.value:.8g}"

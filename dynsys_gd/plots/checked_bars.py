"""A checked certificate: how many statements of each kind were verified."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.axes import Axes

from ..checker.checked import Checked
from ..evidence import Outcome
from .style import INK, look_of_outcome
from .words import title

__all__ = ["draw_checked"]

_WIDTH = 60


def draw_checked(checked: Checked, ax: Axes, **style: Any) -> None:
    """Draw one bar for each kind of statement, longer by the logarithm; `style` is for the bars."""
    names = [name for name, _ in checked.verified]
    counts = [count for _, count in checked.verified]
    look = look_of_outcome(Outcome.YES if checked.accepted else Outcome.UNDECIDED)
    fill = {"facecolor": look.colour, "edgecolor": INK, "linewidth": 0.6, **style}
    places = range(len(names))
    bars = ax.barh(places, counts, 0.6, **fill)
    ax.bar_label(bars, [str(count) for count in counts], padding=3)
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.set_xscale("symlog", linthresh=1)
    ax.set_xlim(0, 4 * max([1, *counts]))
    ax.set_xlabel(textwrap.fill(f"statements verified, of {checked.subject}", _WIDTH))
    title(ax, checked.headline())

"""An exact share: one bar, with the number in symbols."""

from __future__ import annotations

from typing import Any

import sympy as sp
from matplotlib.axes import Axes

from ..ensembles.fates import Fate
from ..measure.exact.known import KnownMeasure
from .estimate_bar import frame_bar
from .style import INK, look_of_fate

__all__ = ["draw_known"]

_THICKNESS = 0.5
_LONGEST_FORMULA = 80


def draw_known(known: KnownMeasure, ax: Axes, **style: Any) -> None:
    """Draw the share that converges and the rest, and write it exactly; `style` is for the bars."""
    share = float(known)
    look = look_of_fate(Fate.CONVERGED)
    parts = ((look.colour, 0.0, share, known.target.said), ("#FFFFFF", share, 1 - share, "others"))
    for colour, left, width, label in parts:
        fill = {"facecolor": colour, "edgecolor": INK, "linewidth": 0.6, **style}
        ax.barh(0.0, width, _THICKNESS, left=left, label=label, **fill)
    exact = sp.latex(known.share)
    words = f"{share:.9g}"
    if not known.share.is_Integer and len(exact) <= _LONGEST_FORMULA:
        words = f"${exact}$ = {words}"
    ax.annotate(
        f"{words}, {known.evidence.grade.value}",
        (share, 0.3),
        ha="left" if share < 0.2 else "right" if share > 0.8 else "center",
        va="bottom",
    )
    frame_bar(ax, known)

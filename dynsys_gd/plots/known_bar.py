"""An exact share: one bar, with the number in symbols."""

from __future__ import annotations

import textwrap
from typing import Any

import sympy as sp
from matplotlib.axes import Axes

from ..ensembles.fates import Fate
from ..measure.exact.known import KnownMeasure
from .style import INK, look_of_fate
from .words import formula, on_the_map, title

__all__ = ["draw_known"]

_THICKNESS = 0.5
_LABEL_WIDTH = 60
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
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.3, 0.85)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    law = f"share of the starts, {known.region.describe()}"
    ax.set_xlabel(textwrap.fill(law, _LABEL_WIDTH))
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
    F = known.map
    what = formula(F.loss.describe() if F.loss is not None else F.describe())
    title(ax, f"How many starts {known.target.said} on {what}{on_the_map(F)}")

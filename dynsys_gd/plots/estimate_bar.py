"""A convergent measure: one bar of all starts, with the confidence interval over it."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.axes import Axes

from ..ensembles.fates import Detail, Fate
from ..measure.binomial import rounded_up
from ..measure.estimate import Estimate
from .style import ACCENT, INK, Look, look_of_fate
from .words import count, formula, on_the_map, title

__all__ = ["draw_estimate"]

_THICKNESS = 0.5
_ABOVE = 0.42
_LABEL_WIDTH = 60


def draw_estimate(estimate: Estimate, ax: Axes, **style: Any) -> None:
    """Draw the shares of the fates and the interval of the target; `style` goes to the bars."""
    left = 0.0
    for look, k in _parts(estimate):
        share = k / estimate.n
        fill = {"facecolor": look.colour, "edgecolor": INK, "hatch": look.hatch, **style}
        label = f"{look.label}: {count(k)} ({100 * share:.3g} %)"
        ax.barh(0.0, share, _THICKNESS, left=left, linewidth=0.6, label=label, **fill)
        left += share
    low, high = (0.0, estimate.upper_bound()) if estimate.bound else estimate.interval()
    middle = (low + high) / 2
    ends = [[middle - low], [high - middle]]
    ax.errorbar(middle, _ABOVE, xerr=ends, fmt="none", ecolor=ACCENT, elinewidth=2, capsize=4)
    words = f"below {rounded_up(high)}" if estimate.bound else f"in [{low:.4g}, {high:.4g}]"
    ax.annotate(
        f"{words} at {100 * estimate.level:g} %",
        (middle, _ABOVE),
        xytext=(0, 6),
        textcoords="offset points",
        ha="left" if middle < 0.2 else "right" if middle > 0.8 else "center",
        va="bottom",
    )
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.3, 0.85)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    law = f"share of the starts, {estimate.region.describe()}"
    ax.set_xlabel(textwrap.fill(law, _LABEL_WIDTH))
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
    F = estimate.map
    what = formula(F.loss.describe() if F.loss is not None else F.describe())
    title(ax, f"How much converges to {estimate.target} on {what}{on_the_map(F)}")


def _parts(estimate: Estimate) -> list[tuple[Look, int]]:
    """Return the looks and counts in order: what counts, what may count, and the rest."""
    elsewhere = estimate.count(Fate.CONVERGED) - estimate.hits
    converged = look_of_fate(Fate.CONVERGED)
    other = Look(label="converged elsewhere", colour="#8FA9C4", hatch="\\\\")
    # A drifting orbit may be on its way to the target: it is undecided here, as in the numbers.
    drifting = estimate.count(Detail.UNBOUNDED_DRIFT)
    parts = [
        (Look(label=f"to {estimate.target}", colour=converged.colour), estimate.hits),
        (look_of_fate(Fate.UNDECIDED), estimate.count(Fate.UNDECIDED) + drifting),
        (other, elsewhere),
        *((look_of_fate(fate), estimate.count(fate)) for fate in (Fate.CYCLING, Fate.BOUNDED)),
        (look_of_fate(Fate.ESCAPED), estimate.count(Fate.ESCAPED) - drifting),
    ]
    return [parts[0], *((look, k) for look, k in parts[1:] if k)]

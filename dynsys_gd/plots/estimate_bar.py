"""A convergent measure: one bar of all starts, with the interval of the share over it."""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.axes import Axes

from ..ensembles.fates import Detail, Fate
from ..measure.binomial import rounded_up
from ..measure.estimate import Estimate
from ..measure.exact.known import KnownMeasure
from .style import ACCENT, INK, Look, look_of_fate
from .words import count, formula, on_the_map, title

__all__ = ["draw_estimate", "frame_bar"]

_THICKNESS = 0.5
_ABOVE = 0.42
_LABEL_WIDTH = 60
_LEAST_SHOWN = 0.004  # of the width of the picture: narrower intervals get a mark to be seen by


def draw_estimate(estimate: Estimate, ax: Axes, **style: Any) -> None:
    """Draw the shares of the fates, or of what counts, and the interval; `style` is for the bars.

    A method that counts independent starts knows a fate of each; of the others the share, what may
    add to it, and the rest are drawn.
    """
    left = 0.0
    for look, share, said in _counted(estimate) if estimate.tally else _measured(estimate):
        fill = {"facecolor": look.colour, "edgecolor": INK, "hatch": look.hatch, **style}
        label = f"{look.label}: {said}"
        ax.barh(0.0, share, _THICKNESS, left=left, linewidth=0.6, label=label, **fill)
        left += share
    _interval(estimate, ax)
    frame_bar(ax, estimate)


def frame_bar(ax: Axes, result: Estimate | KnownMeasure) -> None:
    """Give a bar of shares its axis, legend and title."""
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.3, 0.85)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    law = f"share of the starts, {result.region.describe()}"
    ax.set_xlabel(textwrap.fill(law, _LABEL_WIDTH))
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
    F = result.map
    what = formula(F.loss.describe() if F.loss is not None else F.describe())
    title(ax, f"How many starts {result.target.said} on {what}{on_the_map(F)}")


def _interval(estimate: Estimate, ax: Axes) -> None:
    low, high = (0.0, estimate.upper_bound()) if estimate.bound else estimate.interval()
    middle = (low + high) / 2
    ends = [[middle - low], [high - middle]]
    ax.errorbar(middle, _ABOVE, xerr=ends, fmt="none", ecolor=ACCENT, elinewidth=2, capsize=4)
    if high - low < _LEAST_SHOWN:
        ax.plot([middle], [_ABOVE], marker="|", markersize=9, color=ACCENT)
    words = f"below {rounded_up(high)}" if estimate.bound else _words(low, high)
    trust = "proved" if estimate.proved else f"at {100 * estimate.level:g} %"
    ax.annotate(
        f"{words}, {trust}" if estimate.proved else f"{words} {trust}",
        (middle, _ABOVE),
        xytext=(0, 6),
        textcoords="offset points",
        ha="left" if middle < 0.2 else "right" if middle > 0.8 else "center",
        va="bottom",
    )


def _words(low: float, high: float) -> str:
    """Return the interval in as many digits as tell its ends apart."""
    digits = 4
    while digits < 12 and high > low and f"{low:.{digits}g}" == f"{high:.{digits}g}":
        digits += 1
    return f"in [{low:.{digits}g}, {high:.{digits}g}]"


def _counted(estimate: Estimate) -> list[tuple[Look, float, str]]:
    """Return look, share and words: of what counts, of what may count, and of the rest."""
    elsewhere = estimate.count(Fate.CONVERGED) - estimate.hits
    other = Look(label="converged elsewhere", colour="#8FA9C4", hatch="\\\\")
    # A drifting orbit may be on its way to the target: it is undecided here, as in the numbers.
    drifting = estimate.count(Detail.UNBOUNDED_DRIFT)
    parts = [
        (_target(estimate), estimate.hits),
        (look_of_fate(Fate.UNDECIDED), estimate.count(Fate.UNDECIDED) + drifting),
        (other, elsewhere),
        *((look_of_fate(fate), estimate.count(fate)) for fate in (Fate.CYCLING, Fate.BOUNDED)),
        (look_of_fate(Fate.ESCAPED), estimate.count(Fate.ESCAPED) - drifting),
    ]
    shown = [parts[0], *((look, k) for look, k in parts[1:] if k)]
    n = estimate.n
    return [(look, k / n, f"{count(k)} ({_percent(k / n)})") for look, k in shown]


def _measured(estimate: Estimate) -> list[tuple[Look, float, str]]:
    """Return look, share and words where only shares are known."""
    rest = Look(label="others", colour="#FFFFFF")
    parts = [
        (_target(estimate), estimate.lower),
        (look_of_fate(Fate.UNDECIDED), estimate.undecided),
        (rest, 1.0 - estimate.upper),
    ]
    shown = [parts[0], *((look, share) for look, share in parts[1:] if share > 0)]
    return [(look, share, _percent(share)) for look, share in shown]


def _target(estimate: Estimate) -> Look:
    colour = look_of_fate(Fate.CONVERGED).colour
    words = f"to {estimate.target}" if estimate.tally else estimate.target.said
    return Look(label=words, colour=colour)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"

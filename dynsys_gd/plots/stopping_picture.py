"""When the orbits of an ensemble stopped: an image for a grid, else curves, bars for counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.patches import Patch

from ..engine.stopping import Stop
from ..ensembles.fates import Fate
from ..ensembles.stopping_times import StoppingTimes
from .style import ACCENT, GRID, INK, QUIET, look_of_fate
from .words import count, formula, label_axes, on_the_map, title

__all__ = ["draw_stopping_times"]

_WORDS = {Stop.STILL: "stood still", Stop.FAR: "got far", Stop.TIME: "ran out of time"}
_LINES = {Stop.STILL: "-", Stop.FAR: "--"}
_LIKE = {Stop.STILL: Fate.CONVERGED, Stop.FAR: Fate.ESCAPED, Stop.TIME: Fate.UNDECIDED}


def draw_stopping_times(times: StoppingTimes, ax: Axes, **style: Any) -> None:
    """Draw how long orbits ran; `style` goes to the image, the lines or the bars."""
    if times.stop is None or times.steps is None:
        _bars(times, ax, style)
    elif times.grid is not None and len(times.grid.shape) == 2:
        _image(times, ax, style)
    else:
        _curves(times, ax, style)
    F = times.map
    what = formula(F.loss.describe()) if F.loss is not None else f"the {formula(F.describe())}"
    title(ax, f"Stopping times of {count(times.n)} starts on {what}{on_the_map(F)}")


def _image(times: StoppingTimes, ax: Axes, style: dict[str, Any]) -> None:
    grid = times.grid
    assert grid is not None
    assert times.stop is not None
    assert times.steps is not None
    box = grid.box
    extent = (box.low[0], box.high[0], box.low[1], box.high[1])
    steps = np.maximum(times.steps, 1).reshape(grid.shape).T
    reasons = times.stop.reshape(grid.shape).T
    options = {"interpolation": "nearest", "aspect": "auto", "zorder": 0, **style}
    handles = []
    for reason in Stop:
        if not times.count(reason):
            continue
        look = look_of_fate(_LIKE[reason])
        shown = np.ma.masked_array(steps, mask=reasons != reason)
        lightest = "#FFFFFF" if reason is not Stop.TIME else look.colour
        ramp = LinearSegmentedColormap.from_list(look.label, [look.colour, lightest])
        scale = LogNorm(1, max(2, times.rule.steps) * 3)
        ax.imshow(shown, origin="lower", extent=extent, cmap=ramp, norm=scale, **options)
        handles.append(Patch(facecolor=look.colour, edgecolor=INK, label=_WORDS[reason]))
        if reason is Stop.STILL:
            bar = ScalarMappable(norm=LogNorm(1, max(2, times.rule.steps)), cmap=ramp)
            ax.figure.colorbar(bar, ax=ax, label="steps until the orbit stood still", shrink=0.7)
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3)
    if max(np.subtract(box.high, box.low)) < 3 * min(np.subtract(box.high, box.low)):
        ax.set_aspect("equal", adjustable="box")
    label_axes(ax, times.map.names[:2])


def _curves(times: StoppingTimes, ax: Axes, style: dict[str, Any]) -> None:
    """Draw the share of all starts that has stopped, and that has not, after so many steps."""
    assert times.stop is not None
    assert times.steps is not None
    last = times.rule.steps
    ended = np.sort(times.steps[times.stop != Stop.TIME])
    going = 1.0 - np.arange(len(ended) + 1) / max(1, times.n)
    ax.step(np.concatenate([[1], ended, [last]]), np.append(going, going[-1]), where="post",
            label="still running", **{"color": ACCENT, "linestyle": ":", **style})  # fmt: skip
    for reason in (Stop.STILL, Stop.FAR):
        if not times.count(reason):
            continue
        look = look_of_fate(_LIKE[reason])
        steps = np.sort(times.steps[times.stop == reason])
        share = np.arange(1, len(steps) + 1) / times.n
        # The fill of an escape is too pale for a line.
        colour = look.colour if reason is Stop.STILL else QUIET
        options = {"color": colour, "linestyle": _LINES[reason], **style}
        ax.step(np.append(steps, last), np.append(share, share[-1]), where="post",
                label=_WORDS[reason], **options)  # fmt: skip
    ax.set_xscale("log")
    ax.set_xlim(1, max(2, last))
    ax.set_ylim(0, 1.02)
    ax.grid(color=GRID, linewidth=0.6)
    ax.set_xlabel("steps")
    ax.set_ylabel("share of the starts")
    ax.legend(loc="best")


def _bars(times: StoppingTimes, ax: Axes, style: dict[str, Any]) -> None:
    """Draw how many starts stopped for each reason, where no more is remembered."""
    for place, reason in enumerate(Stop):
        share = times.count(reason) / max(1, times.n)
        look = look_of_fate(_LIKE[reason])
        ax.barh(place, share, **{"color": look.colour, "edgecolor": INK, **style})
        ax.text(share, place, f" {count(times.count(reason))}", va="center")
    ax.set_yticks(range(len(Stop)), [_WORDS[reason] for reason in Stop])
    ax.invert_yaxis()
    ax.set_xlim(0, 1.15)
    ax.set_xlabel("share of the starts")

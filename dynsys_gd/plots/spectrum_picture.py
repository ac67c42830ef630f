"""Lyapunov exponents with their errors, and the angles of covariant directions."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ..branches.exponents.covariant_result import CovariantDirections
from ..branches.exponents.spectrum_result import LyapunovSpectrum
from .style import ACCENT, GRID, INK, LINES_OF_ORBITS, ORBITS, QUIET
from .words import count, formula, on_the_map, title

__all__ = ["draw_batches", "draw_covariant", "draw_exponents", "map_text"]

_MARKERS = "osD^vP*"
_MOST_SHOWN = 7
_MANY = 200


def map_text(F: Any) -> str:
    """Return what was iterated, for a title."""
    what = F.loss.describe() if F.loss is not None else F.describe()
    return f"{formula(what)}{on_the_map(F)}"


def draw_exponents(found: LyapunovSpectrum, ax: Axes, **style: Any) -> None:
    """Draw the batches of one orbit, or the exponents of many; `style` goes to the markers."""
    k = found.exponents.shape[1]
    shown = min(k, _MOST_SHOWN)
    if len(found) == 1:
        for j in range(shown):
            label = f"$\\lambda_{{{j + 1}}}$ = {_value(found, 0, j)}"
            draw_batches(ax, found.rates[:, 0, j], found.exponents[0, j], found.errors[0, j],
                         found.steps, j, label, **style)  # fmt: skip
        ax.set_xlabel(f"steps, after {count(found.transient)}")
        what = "Lyapunov exponents of an orbit, batch by batch"
    else:
        small = 2.0 if len(found) > _MANY else 4.0
        for j in range(shown):
            colour = ORBITS[j % len(ORBITS)]
            values, errors = found.exponents[:, j], found.errors[:, j]
            known = np.isfinite(values)
            kept = {"markersize": small, "elinewidth": 0.8, **style}
            ax.errorbar(np.flatnonzero(known) + 1, values[known], 2 * errors[known],
                        fmt=_MARKERS[j], color=colour, label=f"$\\lambda_{{{j + 1}}}$, ± 2 errors",
                        linestyle="none", **kept)  # fmt: skip
        lost = int((~np.isfinite(found.exponents[:, 0])).sum())
        ax.set_xlabel("orbit" + (f", {lost} not shown: escaped or $-\\infty$" if lost else ""))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        what = f"Lyapunov exponents of {count(len(found))} orbits"
    ax.axhline(0.0, color=INK, linewidth=0.8, linestyle=":")
    ax.set_ylabel("exponent per step")
    ax.grid(color=GRID, linewidth=0.6)
    ax.legend(loc="best", frameon=True, framealpha=0.9, edgecolor=GRID)
    title(ax, f"{what}: {map_text(found.map)}")


def draw_batches(
    ax: Axes,
    means: NDArray[np.float64],
    value: float,
    error: float,
    steps: int,
    index: int,
    label: str,
    **style: Any,
) -> None:
    """Draw the means of batches as points, and their mean as a line with a band of two errors.

    Without a mean there is an entry in the legend only: a lost direction counts as a contraction
    by some large factor, which is no rate.
    """
    colour, number = ORBITS[index % len(ORBITS)], len(means)
    if np.isfinite(value):
        middles = (np.arange(number) + 0.5) * steps / number
        kept = {"markersize": 3.5, "color": colour, **style}
        ax.plot(middles, means, _MARKERS[index % len(_MARKERS)], linestyle="none", **kept)
        ends = [0, steps]
        ax.fill_between(ends, value - 2 * error, value + 2 * error, color=colour, alpha=0.25,
                        linewidth=0)  # fmt: skip
        line = LINES_OF_ORBITS[index % len(LINES_OF_ORBITS)]
        ax.plot(ends, [value, value], line, color=colour, linewidth=1.4, label=label)
    else:
        ax.plot([], [], color=colour, label=label)


def draw_covariant(found: CovariantDirections, ax: Axes, **style: Any) -> None:
    """Draw how often growing and shrinking directions meet at which angle."""
    bars = {"color": ORBITS[0], "edgecolor": INK, "linewidth": 0.4, **style}
    ax.hist(found.angles, bins=np.linspace(0.0, np.pi / 2, 46).tolist(), **bars)
    least = float(found.angles.min())
    ax.axvline(least, color=ACCENT, linestyle="--", label=f"smallest: {least:.2g}")
    ax.set_xlim(0.0, np.pi / 2)
    ax.set_xticks([0.0, np.pi / 4, np.pi / 2], ["0", "π/4", "π/2"])
    ax.set_xlabel("angle between growing and shrinking directions, radians")
    ax.set_ylabel("points of the orbit")
    ax.tick_params(colors=QUIET, labelcolor=INK)
    ax.legend(loc="best", frameon=True, framealpha=0.9, edgecolor=GRID)
    title(ax, f"Angles along {count(len(found.points))} steps: {map_text(found.map)}")


def _value(found: LyapunovSpectrum, row: int, j: int) -> str:
    value, error = found.exponents[row, j], found.errors[row, j]
    if np.isneginf(value):
        return "$-\\infty$"
    if not np.isfinite(value):
        return "none"
    return f"{value:.5g}" + (f" ± {error:.1g}" if error > 0 else "")

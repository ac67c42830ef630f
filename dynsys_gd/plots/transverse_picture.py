"""Exponents normal to an invariant subspace, and where they change sign."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..branches.exponents.transverse_result import TransverseExponent, TransverseScan
from ..evidence import Outcome
from .spectrum_picture import map_text
from .style import ACCENT, GRID, INK, ORBITS, QUIET
from .words import symbol_of, title

__all__ = ["draw_transverse", "draw_transverse_scan"]


def draw_transverse(found: TransverseExponent, ax: Axes, **style: Any) -> None:
    """Draw the exponents of every start, along the subspace and normal to it."""
    kinds = (
        ("normal to the subspace", found.exponents, found.errors, "o", ORBITS[0]),
        ("along it", found.along, found.along_errors, "s", QUIET),
    )
    for label, values, errors, marker, colour in kinds:
        starts = np.repeat(np.arange(1, len(values) + 1), values.shape[1])
        flat, room = values.ravel(), 2 * errors.ravel()
        known = np.isfinite(flat)
        kept = {"markersize": 4.0, "elinewidth": 0.8, "color": colour, **style}
        ax.errorbar(starts[known], flat[known], room[known], fmt=marker, linestyle="none",
                    label=f"{label}, ± 2 errors", **kept)  # fmt: skip
    ax.axhline(0.0, color=INK, linewidth=0.8, linestyle=":")
    ax.set_xlim(0.5, len(found.course) + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("start; orbits that escape, and exponents $-\\infty$, are left out")
    _finish(ax)
    title(ax, f"Exponents at an invariant subspace: {map_text(found.map)}")


def draw_transverse_scan(found: TransverseScan, ax: Axes, **style: Any) -> None:
    """Draw the transverse exponent against the parameter, with its changes of sign."""
    known = np.isfinite(found.exponents)
    alongside = np.isfinite(found.along)
    ax.plot(found.values[alongside], found.along[alongside], "--", color=QUIET, linewidth=1.0,
            label="largest exponent along the subspace")  # fmt: skip
    kept = {"markersize": 3.5, "linewidth": 1.0, "color": ORBITS[0], **style}
    ax.errorbar(found.values[known], found.exponents[known], 2 * found.errors[known], fmt="o-",
                label="normal to it, ± 2 errors", **kept)  # fmt: skip
    for k, crossing in enumerate(found.crossings):
        kind = "blow-out" if crossing.blow_out is Outcome.YES else "change of sign"
        label = f"{kind} in [{crossing.low:.6g}, {crossing.high:.6g}]"
        ax.axvspan(crossing.low, crossing.high, facecolor="none", edgecolor=ACCENT, hatch="///",
                   linewidth=1.0, label=label if k < 4 else None)  # fmt: skip
    ax.axhline(0.0, color=INK, linewidth=0.8, linestyle=":")
    ax.set_xlim(found.values[0], found.values[-1])
    ax.set_xlabel(symbol_of(found.parameter))
    _finish(ax)
    title(ax, f"Exponents at an invariant subspace: {map_text(found.map)}")


def _finish(ax: Axes) -> None:
    ax.set_ylabel("exponent per step")
    ax.grid(color=GRID, linewidth=0.6)
    ax.legend(loc="best", frameon=True, framealpha=0.9, edgecolor=GRID)

"""Gradient norms in the long run by a parameter, on a scale that also has zero and infinity."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from .style import INK, QUIET

__all__ = ["draw_norms"]

_FLOOR = 1e-17  # below the smallest gradient that rounding leaves; an exact zero is drawn here
_BLUE = "#14507F"


def draw_norms(
    ax: Axes,
    x: NDArray[np.float64],
    norms: NDArray[np.float64],
    *,
    band: str,
    gone: str,
    style: dict[str, Any],
) -> None:
    """Draw low, middle and high quantiles, shape (k, 3), infinite where there is none.

    Parameters
    ----------
    ax : Axes
    x : ndarray, shape (k,)
    norms : ndarray, shape (k, 3)
    band : str
        Words for what lies between the low and the high ones.
    gone : str
        Words for an infinite middle one.
    style : dict
        Goes to the line of the middle ones.
    """
    finite = norms[np.isfinite(norms)]
    top = 30.0 * float(np.max(finite, initial=1e-3))
    shown = np.clip(np.where(np.isfinite(norms), norms, top), _FLOOR, top)
    low, middle, high = shown.T
    ax.fill_between(x, low, high, color=_BLUE, alpha=0.22, linewidth=0, label=band)
    line: dict[str, Any] = {
        "color": _BLUE,
        "linewidth": 1.4,
        "marker": "o",
        "markersize": 3.5,
        **style,
    }
    ax.plot(x, middle, label="median", **line)
    escaped = ~np.isfinite(norms[:, 1])
    if escaped.any():
        mark: dict[str, Any] = {"linestyle": "none", "marker": "^", "color": INK, "markersize": 6}
        ax.plot(x[escaped], middle[escaped], label=gone, **mark)
    ax.set_yscale("log")
    ax.set_ylim(0.3 * float(shown.min()), 3.0 * top)
    edges = (
        (shown.min() <= _FLOOR, _FLOOR, "0", "bottom"),
        (bool(shown.max() == top), top, "∞", "top"),
    )
    for reached, level, words, va in edges:
        if reached:
            ax.axhline(level, color=QUIET, linewidth=0.6, linestyle=":")
            here = ax.get_yaxis_transform()
            ax.text(0.995, level, words, transform=here, ha="right", va=va, color=QUIET)
    if not finite.size:
        ax.set_yticks([])  # every start escapes: there is no scale
        ax.minorticks_off()

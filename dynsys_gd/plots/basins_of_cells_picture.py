"""Where the orbits of each cell must go: committed to an attracting set, out of the box, open."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ..cells.basins.cell_basins import CellBasins
from ..ensembles.fates import Fate
from .cell_images import kinds_image, named
from .style import INK, ORBITS, QUIET, look_of_fate
from .words import formula, on_the_map, title

__all__ = ["draw_cell_basins"]

_HATCHES = ("", "///", "\\\\\\", "...", "--", "ooo")
_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_FEW = 64  # cells of an attracting set that are marked one by one, to be seen at all
_MOST = 6  # basins told apart; the others share a look


def draw_cell_basins(result: CellBasins, ax: Axes, **style: Any) -> None:
    """Draw committed cells in the colour of their set, and mark the sets; `style` for the image."""
    cells = result.cells
    gone, open_ = look_of_fate(Fate.ESCAPED), look_of_fate(Fate.UNDECIDED)
    parts = [(cells.take(result.leaves), gone.colour, "")]
    low, high = result.leaving
    handles: list[Any] = [_entry(gone.colour, "", f"leave the box:\n{_shares(low, high)}", INK)]
    for k, each in enumerate(result.basins):
        place = min(k, _MOST)
        colour, hatch = ORBITS[place], _HATCHES[place % len(_HATCHES)]
        parts.append((each.committed, colour, hatch))
        if k < _MOST:
            said = f"to set {k}: {_shares(each.lower, each.upper)}"
            handles.append(_entry(colour, hatch, said.replace(": ", ":\n"), "white"))
    undecided = (result.goal < 0) & ~result.leaves
    parts.append((cells.take(undecided), "#C4C4C4", ""))
    handles.append(_entry("#C4C4C4", "", f"{open_.label}: {100 * result.undecided:.4g} %", QUIET))
    if len(result) > _MOST:
        colour, hatch = ORBITS[_MOST], _HATCHES[0]
        handles.insert(-1, _entry(colour, hatch, f"to {len(result) - _MOST} more sets", "white"))
    large = [each.cells for each in result if len(each.cells) > _FEW]
    parts += [(each, INK, "") for each in large]
    kinds_image(ax, parts, cells, style)
    if large:
        handles.append(_entry(INK, "", "attracting set", INK))
    small = [each.cells for each in result if len(each.cells) <= _FEW]
    look: dict[str, Any] = {"ms": 5, "mfc": "white", "mec": INK, "zorder": 4, "linestyle": ""}
    for k, some in enumerate(small):
        middle = 0.5 * (some.lower + some.upper)
        up = middle[1] if cells.dimension > 1 else np.full(len(some), 0.5)
        mark = ax.plot(middle[0], up, "o", **look, label="attracting set of few cells")
        handles += mark if k == 0 else []
    ax.legend(handles=handles, **_BESIDE)
    named(ax, result.map.names)
    F = result.map
    on = formula(F.loss.describe() if F.loss is not None else F.describe()) + on_the_map(F)
    title(ax, f"Basins from {len(cells)} cells, {result.evidence.grade.value}: {on}")


def _shares(low: float, high: float) -> str:
    return f"{100 * low:.4g} to {100 * high:.4g} %"


def _entry(colour: str, hatch: str, label: str, edge: str) -> Patch:
    return Patch(facecolor=colour, hatch=hatch, edgecolor=edge, linewidth=0.6, label=label)

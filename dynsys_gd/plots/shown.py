"""What axes already show, so that orbits drawn on top are put in the right place."""

from __future__ import annotations

from enum import Enum
from typing import Any

from matplotlib.axes import Axes

from ..errors import InvalidInput
from ..maps.base import Map
from .orbit_marks import unique
from .style import RC
from .words import inches_of, symbol_of, wrapped

__all__ = ["BESIDE", "MULTIPLIERS", "View", "add_legend", "add_title", "view_on"]

MULTIPLIERS = "real part of the multipliers"
BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_MOST_ENTRIES = 16


class View(Enum):
    """What the two directions of a picture of orbits are.

    PLANE: two coordinates. LINE: a coordinate, and the loss or nothing. COBWEB: a coordinate and
    its image. MULTIPLIERS: the complex plane.
    """

    PLANE = "plane"
    LINE = "line"
    COBWEB = "cobweb"
    MULTIPLIERS = "multipliers"


def view_on(ax: Axes, F: Map) -> View:
    """Return how orbits of a map are drawn on axes, which may hold a picture already.

    Raises
    ------
    InvalidInput
        For a picture that orbits have no place on.
    """
    usual = _usual(F)
    if not ax.has_data():
        return usual
    x, y = ax.get_xlabel(), ax.get_ylabel()
    own = symbol_of(F.names[0])
    if x == MULTIPLIERS:
        return View.MULTIPLIERS
    if x == f"{own} at the start":
        return View.LINE
    if y == f"{own}, step t + 1":
        return View.COBWEB
    labels = (own, symbol_of(F.names[1])) if F.dimension > 1 else (own,)
    if usual is View.MULTIPLIERS or (any((x, y)) and (x, y)[: len(labels)] != labels):
        raise InvalidInput(
            "ax",
            f"axes of {x or 'no label'} and {y or 'no label'}",
            f"axes that show the coordinates {', '.join(F.names[:2])}, or empty ones",
        )
    return usual


def _usual(F: Map) -> View:
    size = F.dimension if F.loss is None else F.loss.dimension
    if size == 2 or (size == 1 and F.dimension == 2):
        return View.PLANE
    if F.dimension == 1 and not F.parameters:
        return View.COBWEB
    return View.MULTIPLIERS


def add_legend(ax: Axes, handles: list[Any]) -> None:
    """Put entries beside the axes, under those that are there."""
    before = ax.get_legend()
    old: list[Any] = []
    if before is not None:
        old = list(before.legend_handles)
        for handle, text in zip(old, before.get_texts(), strict=True):
            handle.set_label(text.get_text())
    entries = unique([*old, *handles])
    if entries:
        ax.legend(handles=entries[: len(old) + _MOST_ENTRIES], **BESIDE)


def add_title(ax: Axes, line: str) -> None:
    """Add a line to the title of a picture."""
    before = ax.get_title(loc="left")
    size = RC["axes.titlesize"]
    more = "\n".join(wrapped(line, max(2.0, inches_of(ax)[0]), size=size))
    ax.set_title(f"{before}\n{more}" if before else more, loc="left")

"""A Morse graph: the sets in their places, and beside them the order they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from numpy.typing import NDArray

from ..cells.cells import Cells
from ..cells.morse.morse_graph import MorseGraph
from ..cells.morse.morse_set import MorseKind, MorseSet
from ..evidence import Outcome
from .style import FATES, INK, KINDS, OUTCOMES, QUIET, STABILITY, Look
from .words import inches_of, label_axes, on_the_map, symbol_of, title

__all__ = ["draw_morse_graph", "morse_graph_size"]

_LOOKS: dict[MorseKind, Look] = {
    MorseKind.ATTRACTING: KINDS["SINK"],
    MorseKind.REPELLING: KINDS["SOURCE"],
    MorseKind.SADDLE: KINDS["SADDLE"],
    MorseKind.UNDECIDED: OUTCOMES["UNDECIDED"],
}
_CAPTURED = STABILITY["SOME"].colour
_PIXELS = 9  # halvings of an axis that are painted
_MOST_LABELS = 40
_CANDIDATES = 500  # cells of a set at which its label may stand
_APART = 0.12  # of the sides of the box: labels farther from each other do not crowd
_WIDTHS = (1.0, 0.55)
_BELOW = 0.42  # inches from the axes to the legend
_SHADE = 0.45  # of the colour of captured regions, which is laid on white


def morse_graph_size(found: MorseGraph) -> tuple[float, float]:
    """Return the size of the picture in inches."""
    if found.box.dimension == 1:
        return (9.6, max(3.0, 1.6 + 0.28 * len(found)))
    return (9.8, 5.6)


def draw_morse_graph(found: MorseGraph, ax: Axes, **style: Any) -> None:
    """Draw the sets, what the attracting ones capture, and the order; `style` goes to the sets.

    On a line every set has a row. In the plane pixels have the colour of the set they meet; of
    more coordinates the first two are shown, captured regions in the middle of the others.
    """
    beside = _panel_beside(ax)
    drawn = _on_line if found.box.dimension == 1 else _in_plane
    handles = drawn(found, ax, style)
    _order(found, beside)
    known = found.evidence.grade.value
    title(ax, f"{found.headline()}{on_the_map(found.map)}, {known}")
    below = -_BELOW / inches_of(ax)[1]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, below), ncols=3)


def _pale() -> tuple[float, ...]:
    """Return the colour of captured regions."""
    return tuple(1.0 - _SHADE + _SHADE * part for part in to_rgb(_CAPTURED))


def _panel_beside(ax: Axes) -> Axes:
    """Shrink `ax` to the left part of its room and return new axes in the right part."""
    place = ax.get_subplotspec()
    if place is not None:
        parts = place.subgridspec(1, 2, width_ratios=_WIDTHS)
        ax.set_subplotspec(parts[0])
        return ax.figure.add_subplot(parts[1])
    x, y, width, height = ax.get_position().bounds
    share = _WIDTHS[1] / sum(_WIDTHS)
    ax.set_position((x, y, (0.94 - share) * width, height))
    return ax.figure.add_axes((x + (1.0 - share) * width, y, share * width, height))


def _on_line(found: MorseGraph, ax: Axes, style: dict[str, Any]) -> list[Patch]:
    cover = found.cover
    low, high = cover.lower[0], cover.upper[0]
    for each in found.sets:
        if each.attracting is Outcome.YES:
            captured = found.captured(each.number)
            _bars(ax, low, high, captured, each.number, color=_pale(), linewidth=0)
    for each in found.sets:
        look = _LOOKS[each.kind]
        mask = np.zeros(len(cover), dtype=bool)
        mask[each.nodes] = True
        options = {"color": look.colour, "linewidth": 0.6, "edgecolor": INK, **style}
        for first, last in _spans(low, high, mask):
            ax.plot(0.5 * (first + last), each.number, marker=look.marker, color=look.colour,
                    markeredgecolor=INK, markeredgewidth=0.5, markersize=5, zorder=3)  # fmt: skip
        _bars(ax, low, high, mask, each.number, **options)
    ax.set_yticks(range(len(found)))
    ax.set_ylim(-0.7, len(found) - 0.3)
    ax.set_xlim(found.box.low[0], found.box.high[0])
    ax.set_ylabel("Morse set")
    ax.set_xlabel(symbol_of(found.map.names[0]))
    ax.grid(axis="y", color="#D9D9D9", linewidth=0.6)
    return _entries(found, escaping=False)


def _bars(
    ax: Axes,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    mask: NDArray[np.bool_],
    row: int,
    **options: Any,
) -> None:
    spans = [(a, b - a) for a, b in _spans(low, high, mask)]
    options = {"zorder": 2, **options}
    if "edgecolor" in options:
        options["facecolor"] = options.pop("color")
    ax.broken_barh(spans, (row - 0.28, 0.56), **options)


def _spans(
    low: NDArray[np.float64], high: NDArray[np.float64], mask: NDArray[np.bool_]
) -> list[tuple[float, float]]:
    """Return the intervals that marked cells of a line form."""
    order = np.argsort(low[mask])
    begin, end = low[mask][order], high[mask][order]
    if not len(begin):
        return []
    cuts = np.flatnonzero(begin[1:] > end[:-1])
    firsts, lasts = np.concatenate([[0], cuts + 1]), np.concatenate([cuts, [len(begin) - 1]])
    return list(zip(begin[firsts].tolist(), end[lasts].tolist(), strict=True))


def _in_plane(found: MorseGraph, ax: Axes, style: dict[str, Any]) -> list[Patch]:
    grid = _pixels(found)
    shape = grid.counts[:2]
    box = found.box
    xs, ys = (0.5 * e[1:] + 0.5 * e[:-1] for e in grid.edges[:2])
    rest = [0.5 * (a + b) for a, b in zip(box.low[2:], box.high[2:], strict=True)]
    mesh = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)
    nodes = found.cover.at(np.column_stack([mesh, *(np.full(len(mesh), r) for r in rest)]))
    paint = np.ones((*shape, 3))
    escaping = found.may_escape()
    paint[escaping[nodes].reshape(shape)] = to_rgb(FATES["ESCAPED"].colour)
    for each in found.sets:
        if each.attracting is Outcome.YES:
            captured = found.captured(each.number)[nodes].reshape(shape)
            paint[captured] = _pale()
    for each in sorted(found.sets, key=len, reverse=True):  # small ones on top
        paint[_of_set(each, grid)] = to_rgb(_LOOKS[each.kind].colour)
    for part, look in _family_looks(found):
        paint[part] = to_rgb(look.colour)
    extent = (box.low[0], box.high[0], box.low[1], box.high[1])
    options = {"interpolation": "nearest", "aspect": "auto", **style}
    ax.imshow(paint.swapaxes(0, 1), origin="lower", extent=extent, **options)
    labelled = found.sets[:_MOST_LABELS]
    for each, at in zip(labelled, _label_places(labelled), strict=True):
        look = _LOOKS[each.kind]
        if len(each) <= 64:
            ax.plot(*_middles(each), linestyle="none", marker=look.marker, color=look.colour,
                    markeredgecolor="white", markeredgewidth=0.4, markersize=4.5)  # fmt: skip
        ax.annotate(
            str(each.number), at, textcoords="offset points", xytext=(5, 4), fontsize=8, zorder=5,
            bbox={"boxstyle": "round,pad=0.12", "fc": "white", "ec": "none", "alpha": 0.75},
        )  # fmt: skip
    sides = np.subtract(box.high, box.low)[:2]
    if max(sides) < 3 * min(sides):
        ax.set_aspect("equal", adjustable="box")
    label_axes(ax, found.map.names[:2])
    return _entries(found, escaping=bool(escaping.any()))


def _middles(each: MorseSet) -> NDArray[np.float64]:
    """Return the middles of the cells in the first two coordinates, shape (2, n)."""
    return 0.5 * each.cells.lower[:2] + 0.5 * each.cells.upper[:2]


def _label_places(sets: Sequence[MorseSet]) -> list[tuple[float, float]]:
    """Return for each set the middle of a cell of its own, apart from the labels of the others.

    Sets of few cells, which have little choice, come first; of places that are far enough from
    all labels a set takes the one next to its centre.
    """
    taken: dict[int, NDArray[np.float64]] = {}
    for each in sorted(sets, key=len):
        low, high = np.array(each.cells.region.low[:2]), np.array(each.cells.region.high[:2])
        own = _middles(each).T[:: max(1, len(each) // _CANDIDATES)]
        scaled = (own - low) / (high - low)
        others = np.array([(at - low) / (high - low) for at in taken.values()]).reshape(-1, 1, 2)
        apart = np.linalg.norm(scaled - others, axis=2).min(axis=0, initial=_APART)
        central = np.linalg.norm(scaled - scaled.mean(axis=0), axis=1)
        taken[each.number] = own[np.lexsort((central.round(9), -apart.round(9)))[0]]
    return [(float(taken[each.number][0]), float(taken[each.number][1])) for each in sets]


def _pixels(found: MorseGraph) -> Cells:
    """Return the cells that are painted: the finest ones, or coarser where they are many."""
    d = found.box.dimension
    return Cells(found.box, min(found.depth, _PIXELS * d), np.empty(0, dtype=np.int64))


def _of_set(each: MorseSet, grid: Cells, which: Any = slice(None)) -> tuple[Any, Any]:
    """Return the pixels that cells of a set lie in."""
    places = each.cells.places[:, which]
    shifts = np.log2(np.divide(each.cells.counts, grid.counts)).astype(np.int64)
    return tuple(places[k] >> shifts[k] for k in range(2))


def _family_looks(found: MorseGraph) -> list[tuple[tuple[Any, Any], Look]]:
    grid, drawn = _pixels(found), []
    for each in found.sets:
        for part in each.families:
            for mask, look in zip(
                (part.undecided, part.unstable, part.stable), _of_families(), strict=True
            ):
                drawn.append((_of_set(each, grid, mask), look))
    return drawn


def _of_families() -> tuple[Look, Look, Look]:
    return KINDS["NEUTRAL"], KINDS["SOURCE"], KINDS["SINK"]


def _entries(found: MorseGraph, *, escaping: bool) -> list[Patch]:
    kinds = {each.kind for each in found.sets}
    named: list[tuple[Any, str]] = [
        (_LOOKS[kind].colour, f"{kind}" if kind is not MorseKind.UNDECIDED else "kind undecided")
        for kind in MorseKind
        if kind in kinds
    ]
    if any(each.families for each in found.sets):
        words = ("family, undecided", "family, unstable", "family, stable")
        named += [(look.colour, word) for look, word in zip(_of_families(), words, strict=True)]
    if any(each.attracting is Outcome.YES for each in found.sets):
        named.append((_pale(), "captured by an attracting set"))
    if escaping:
        named.append((FATES["ESCAPED"].colour, "may leave the box"))
    return [Patch(facecolor=c, edgecolor=INK, linewidth=0.6, label=word) for c, word in named]


def _order(found: MorseGraph, ax: Axes) -> None:
    """Draw the order, from above to below."""
    ax.set_axis_off()
    ax.set_title("may lead to", loc="center", fontsize=9, color=QUIET)
    if not len(found):
        return
    graph = found.graph
    height: dict[int, int] = {}
    for number in range(len(found)):  # numbers grow from below to above
        height[number] = 1 + max((height[j] for j in graph.successors(number)), default=-1)
    place: dict[int, tuple[float, float]] = {}
    for level in set(height.values()):
        row = [k for k in height if height[k] == level]
        for i, k in enumerate(row):
            place[k] = ((i + 0.5) / len(row), float(level))
    small = len(found) > 12
    for a, b in graph.edges:
        ax.annotate(
            "", place[b], place[a],
            arrowprops={"arrowstyle": "-|>", "color": QUIET, "linewidth": 0.5 if small else 0.9,
                        "shrinkA": 6, "shrinkB": 6, "mutation_scale": 7 if small else 10},
        )  # fmt: skip
    for k, (x, y) in place.items():
        look = _LOOKS[found[k].kind]
        ax.plot(x, y, marker=look.marker, color=look.colour, markersize=6 if small else 10,
                markeredgecolor=INK, markeredgewidth=0.6, linestyle="none")  # fmt: skip
        ax.annotate(
            str(k), (x, y), textcoords="offset points", xytext=(6, 3), zorder=5,
            fontsize=7 if small else 9,
            bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.85},
        )  # fmt: skip
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.5, max(height.values()) + 0.5)

"""Branches against their parameter: solid where stable, special points marked by their kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ..branches.bifurcation_point import BifurcationPoint
from ..branches.branch import Branch
from ..errors import InvalidInput
from ..orbits.kinds import Kind
from ..orbits.normal_forms.kinds import Bifurcation, Criticality
from ..orbits.normal_forms.normal_form import NormalForm
from .period_look import look_of_code
from .style import ACCENT, GRID, INK, QUIET
from .words import formula, symbol_of, title

__all__ = ["MARKS", "draw_branch", "draw_point"]

_WIDTH = 1.6
_DASHES = (0, (5, 2))
_DOTS = (0, (1, 1.5))
_SPAN = 0.05  # of the critical value, drawn on both sides of a point alone
_SAMPLES = 101
_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}

#: one marker for each kind of special point, open or filled so that they differ in grey too
MARKS: dict[Bifurcation, dict[str, Any]] = {
    Bifurcation.FLIP: {"marker": "o", "markerfacecolor": "white"},
    Bifurcation.FOLD: {"marker": ">", "markerfacecolor": INK},
    Bifurcation.TRANSCRITICAL: {"marker": "X", "markerfacecolor": "white"},
    Bifurcation.PITCHFORK: {"marker": "D", "markerfacecolor": INK},
    Bifurcation.NEIMARK_SACKER: {"marker": "s", "markerfacecolor": "white"},
}
_LINES: dict[str, Any] = {"stable": "-", "unstable": _DASHES, "stability undecided": _DOTS}


def draw_branch(branch: Branch, ax: Axes, *, coordinate: int = 0, **style: Any) -> None:
    """Draw one coordinate of all points of the orbits; `style` goes to the lines."""
    values, rows, words = _in_order(branch, _checked(coordinate, branch.map.dimension))
    look = look_of_code(branch.period)
    options: dict[str, Any] = {"color": look.colour, "linewidth": _WIDTH, **style}
    for word, line in _LINES.items():
        shown = words == word
        if not shown.any():
            continue
        # A piece between two orbits is drawn as the first of them, so one more value is needed.
        ends = np.concatenate([[False], shown])
        keep = np.concatenate([shown, [False]]) | ends
        for row in rows.T:
            ax.plot(
                *_pieces(values, row, shown, keep),
                **{"linestyle": line, "solid_capstyle": "butt", **options},
            )
        _explain(ax, word, color=QUIET, linewidth=_WIDTH, linestyle=line)
    _explain(ax, look.label, color=options["color"], linewidth=3.0, linestyle="-")
    for point in branch.special:
        _mark(point, ax, coordinate)
    _finish(ax, branch.map, branch.parameter, coordinate)
    title(ax, formula(f"Orbits followed on {_described(branch.map)}"))


def draw_point(point: BifurcationPoint, ax: Axes, *, coordinate: int = 0, **style: Any) -> None:
    """Mark the orbit, and draw what its normal form predicts; `style` goes to the new orbits."""
    _checked(coordinate, point.map.dimension)
    alone = not ax.has_data()
    form = point.normal_form
    if alone and point.parameter is not None:
        _predicted(point, form, ax, coordinate, style)
    _mark(point, ax, coordinate)
    _finish(ax, point.map, point.parameter, coordinate)
    if alone:
        title(ax, formula(point.headline()))


def _in_order(branch: Branch, coordinate: int) -> tuple[Any, Any, NDArray[Any]]:
    """Return parameter values, the coordinate of all points (n, p), and words for the pieces.

    Special points are put between the orbits beside them, so that lines change where they are.
    """
    values, rows = list(branch.values), list(branch.points[:, :, coordinate])
    words = [_word(kind) for kind in branch.kinds]
    before = words[:-1]
    after = words[1:]
    # A piece without a special point is as its first end, or the second where that is undecided.
    pieces = [b if a == "stability undecided" else a for a, b in zip(before, after, strict=True)]
    for place in sorted(range(len(branch.special)), key=lambda k: -branch.special[k].after):
        point = branch.special[place]
        k = point.after
        if not 0 <= k < len(before):
            continue
        values.insert(k + 1, point.value)
        rows.insert(k + 1, point.at.points[:, coordinate])
        pieces.insert(k + 1, after[k])
    return np.array(values), np.array(rows), np.array(pieces)


def _word(kind: Kind) -> str:
    if kind is Kind.SINK:
        return "stable"
    return "unstable" if kind in (Kind.SADDLE, Kind.SOURCE) else "stability undecided"


def _pieces(values: Any, row: Any, shown: Any, keep: Any) -> tuple[Any, Any]:
    """Return a line with gaps where nothing of this kind is to be drawn."""
    x, y = [], []
    for k in np.flatnonzero(keep):
        x.append(values[k])
        y.append(row[k])
        if k == len(shown) or not shown[k]:
            x.append(np.nan)
            y.append(np.nan)
    return x, y


def _mark(point: BifurcationPoint, ax: Axes, coordinate: int) -> None:
    look = {**MARKS[point.bifurcation], "linestyle": "none", "markersize": 6, "color": INK}
    heights = point.at.points[:, coordinate]
    ax.plot(np.full(len(heights), point.value), heights, zorder=4, **look)
    word = str(point.bifurcation)
    _explain(ax, word[0].upper() + word[1:], **look)


def _explain(ax: Axes, label: str, **look: Any) -> None:
    """Add an entry to the legend unless another branch on the axes has brought it."""
    if label not in ax.get_legend_handles_labels()[1]:
        ax.plot([], [], label=label, **look)


def _finish(ax: Axes, F: Any, parameter: str | None, coordinate: int) -> None:
    """Name the axes unless another picture has, and add to the legend that is there."""
    ax.grid(color=GRID, linewidth=0.6)
    if not ax.get_ylabel():
        ax.set_xlabel("length along the family" if parameter is None else symbol_of(parameter))
        ax.set_ylabel(symbol_of(F.names[coordinate]))
    handles, labels = ax.get_legend_handles_labels()
    own: dict[str, Any] = dict(zip(labels, handles, strict=True))
    before: Any = ax.get_legend()
    known = {} if before is None else {each.get_label(): each for each in before.legend_handles}
    entries = {label: known[label] for label in known if label not in own}
    entries |= {label: own[label] for label in sorted(own, key=_rank)}
    ax.legend(list(entries.values()), list(entries), **_BESIDE)


def _rank(label: str) -> tuple[int, int, str]:
    """Return where an entry of the legend stands: lines, then periods, then special points."""
    if label.startswith("period"):
        number = label.split()[-1]
        return 1, 0 if "above" not in label else 1, number.rjust(3)
    first = 2 if label[0].isupper() else 0
    return first, 0, "" if first == 0 else label


def _described(F: Any) -> str:
    return str(F.loss.describe() if F.loss is not None else F.describe())


def _checked(coordinate: Any, dimension: int) -> int:
    if isinstance(coordinate, bool) or not isinstance(coordinate, (int, np.integer)):
        raise InvalidInput("coordinate", coordinate, "an integer")
    if not 0 <= coordinate < dimension:
        raise InvalidInput("coordinate", coordinate, f"one from 0 to {dimension - 1}")
    return int(coordinate)


def _predicted(
    point: BifurcationPoint,
    form: NormalForm | None,
    ax: Axes,
    coordinate: int,
    style: dict[str, Any],
) -> None:
    """Draw the orbit along its tangent, and the new ones to leading order."""
    span = _SPAN * (abs(point.value) or 1.0)
    steps = np.linspace(-1.0, 1.0, _SAMPLES)
    distance = span * steps * np.abs(steps)
    x = point.at.points[:, coordinate]
    tangent = point.at.tangent
    moves = tangent[:-1].reshape(point.at.points.shape)[:, coordinate]
    rate = moves / tangent[-1] if abs(tangent[-1]) > 1e-6 else np.zeros(len(x))
    fold = point.bifurcation is Bifurcation.FOLD
    speed = None if form is None else form.speed
    if not fold:
        for sign, word in ((-1, "stable along the direction"), (1, "unstable along it")):
            side = distance[distance * sign * (speed or 0.0) >= 0]
            if speed is None:
                side, word = distance, "stability undecided"
            for k in range(len(x)):
                line = _LINES["stable" if sign < 0 else "unstable"] if speed else _DOTS
                ax.plot(
                    point.value + side,
                    x[k] + rate[k] * side,
                    color=INK,
                    linewidth=_WIDTH,
                    linestyle=line,
                )
            _explain(ax, word, color=QUIET, linewidth=_WIDTH, linestyle=line)
            if speed is None:
                break
    _new_orbits(point, form, ax, coordinate, np.abs(distance), rate, style)
    ax.set_xlim(point.value - span, point.value + span)


def _new_orbits(
    point: BifurcationPoint,
    form: NormalForm | None,
    ax: Axes,
    coordinate: int,
    distance: NDArray[np.float64],
    rate: NDArray[np.float64],
    style: dict[str, Any],
) -> None:
    square = (Bifurcation.FLIP, Bifurcation.PITCHFORK, Bifurcation.FOLD)
    if form is None or form.side not in (-1, 1) or point.bifurcation not in square:
        return
    offsets = np.unique(distance) * form.side
    sizes = np.array([form.amplitude(float(form.value or 0.0) + step) for step in offsets])
    v = point.direction.real
    # Stability of the two sides of a fold is told along the direction of the normal form.
    turn = np.sign(v[0] @ form.direction.real) or 1.0
    v = turn * v[:, coordinate] / np.linalg.norm(v[0])
    takes_over = form.criticality is not Criticality.SUBCRITICAL
    fold = point.bifurcation is Bifurcation.FOLD
    look: dict[str, Any] = {"color": ACCENT, "linewidth": _WIDTH, **style}
    for k, centre in enumerate(point.at.points[:, coordinate]):
        for sign in (-1, 1):
            stable = sign * form.coefficient < 0 if fold else takes_over
            ax.plot(
                point.value + offsets,
                centre + rate[k] * offsets + sign * sizes * v[k],
                **{"linestyle": "-" if stable else _DASHES, **look},
            )
    if fold:
        for word, line in (("stable along the direction", "-"), ("unstable along it", _DASHES)):
            _explain(ax, word, color=QUIET, linewidth=_WIDTH, linestyle=line)
    new = {
        Bifurcation.FLIP: "orbit of twice the period",
        Bifurcation.PITCHFORK: "the two new orbits",
        Bifurcation.FOLD: "the two orbits",
    }[point.bifurcation]
    _explain(ax, f"{new}, to leading order", color=look["color"], linewidth=3.0, linestyle="-")

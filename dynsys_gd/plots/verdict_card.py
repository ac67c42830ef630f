"""The verdict card: a statement, what it needs, what was seen, on one sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes

from ..claims.verdict import Verdict
from ..evidence import Finding
from .style import GRID, INK, QUIET, STATUSES, look_of_outcome
from .words import count, formula, inches_of, wrapped

__all__ = ["card_size", "draw_verdict"]

_WIDTH = 8.6  # inches
_LINE = 0.16  # inches
_FONT = 8.5
_COLUMNS = (0.0, 0.026, 0.44, 0.57, 1.0)  # where the mark and the three columns begin, and the end
_GAP = 0.015


@dataclass(frozen=True, kw_only=True)
class _Row:
    """Texts that start on one line of the card; the longest decides its height."""

    cells: tuple[tuple[float, str], ...]
    size: float = _FONT
    colour: str = INK
    weight: str = "normal"
    style: str = "normal"
    before: float = 0.0  # empty lines above
    after: float = 0.0  # empty lines below
    rule: bool = False  # a thin line above

    @property
    def lines(self) -> float:
        longest = max(text.count("\n") + 1 for _, text in self.cells)
        return self.before + longest * self.size / _FONT + self.after


def card_size(verdict: Verdict) -> tuple[float, float]:
    """Return the size of the sheet in inches: as high as its text."""
    return _WIDTH, _LINE * (sum(row.lines for row in _rows(verdict)) + 2.8)


def draw_verdict(verdict: Verdict, ax: Axes, **style: Any) -> None:
    """Write the verdict card; `style` goes to every text."""
    rows = list(_rows(verdict))
    height = sum(row.lines for row in rows) + 2.2
    wide, high = _room(ax)
    shrink = min(1.0, wide / _WIDTH, high / (_LINE * height))
    style = {"in_layout": False, **style}  # text that is a little too wide must not move the rest
    ax.set_axis_off()
    ax.set_xlim(-0.02, 1.01)
    ax.set_ylim(height, -0.4)
    look = STATUSES[verdict.status.name]
    ax.text(
        0.01,
        0.6,
        f" {look.label} ",
        fontsize=12 * shrink,
        fontweight="bold",
        color="white" if look.grey < 60 else INK,
        va="center",
        bbox={"facecolor": look.colour, "edgecolor": INK, "boxstyle": "round,pad=0.35"},
        **style,
    )
    meaning = f"{verdict.status.meaning}."
    ax.text(0.24, 0.6, meaning, fontsize=_FONT * shrink, color=INK, va="center", **style)
    y = 2.9
    for row in rows:
        if row.rule:
            ax.axhline(y + row.before - 1.4, color=GRID, linewidth=0.8)
        font = {"fontsize": row.size * shrink, "color": row.colour, "fontweight": row.weight}
        # One text for each line: matplotlib aligns the last line of a block, a table the first.
        for x, text in row.cells:
            for k, line in enumerate(text.split("\n")):
                down = y + row.before + k * row.size / _FONT
                ax.text(x, down, line, va="baseline", fontstyle=row.style, **{**font, **style})
        y += row.lines


def _room(ax: Axes) -> tuple[float, float]:
    """Return the inches that the card will have: the whole sheet where it is alone on it."""
    figure = ax.figure
    if len(figure.axes) > 1:
        return inches_of(ax)
    return figure.bbox.width / figure.dpi, figure.bbox.height / figure.dpi


def _rows(verdict: Verdict) -> Iterator[_Row]:
    claim, instance = verdict.claim, verdict.instance
    yield _paragraph(claim.title, size=12.0, weight="bold", after=0.2)
    where = f"{formula(instance.F.describe())}; {instance.region.describe()}"
    starts = f"; {count(instance.starts)} starts, seed {instance.seed}"
    yield _paragraph(where + starts, colour=QUIET, after=0.5)
    yield _paragraph(claim.statement, style="italic", after=0.7)
    yield _Row(cells=_cells("", "If", "known", "because"), weight="bold", after=0.35)
    for hypothesis, finding in zip(claim.hypotheses, verdict.findings, strict=True):
        yield _line(hypothesis.statement, finding)
    header = _cells("", "Then", "seen", "because")
    yield _Row(cells=header, weight="bold", before=0.8, after=0.35, rule=True)
    yield _line(claim.conclusion, verdict.observation.finding)
    for k, note in enumerate(verdict.notes):
        first: dict[str, Any] = {"before": 0.8, "rule": True} if k == 0 else {}
        yield _paragraph(note, colour=QUIET, after=0.3, **first)


def _paragraph(
    text: str, *, size: float = _FONT, weight: str = "normal", style: str = "normal", **rest: Any
) -> _Row:
    lines = wrapped(text, 0.97 * _WIDTH, size=size, weight=weight, italic=style == "italic")
    cells = ((_COLUMNS[0], "\n".join(lines)),)
    return _Row(cells=cells, size=size, weight=weight, style=style, **rest)


def _line(statement: str, finding: Finding) -> _Row:
    told = finding.detail or finding.evidence.reason
    sign = look_of_outcome(finding.outcome).sign
    return _Row(cells=_cells(sign, formula(statement), finding.label, formula(told)), after=0.5)


def _cells(*texts: str) -> tuple[tuple[float, str], ...]:
    """Return the texts of one row, each set in the width of its column."""
    widths = [right - left - _GAP for left, right in pairwise(_COLUMNS)]
    return tuple(
        (left, "\n".join(wrapped(text, 0.97 * _WIDTH * width, size=_FONT)))
        for left, width, text in zip(_COLUMNS, widths, texts, strict=False)
    )

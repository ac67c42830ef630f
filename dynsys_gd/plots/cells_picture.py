"""What cells prove of a region: where almost every start converges, where it does not, the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from ..checker.content import Content
from ..ensembles.fates import Fate
from ..maps.base import Map
from ..measure.enclosure.certificate import Certificate
from ..measure.enclosure.theorem import BasinTheorem
from ..measure.estimate import Estimate
from ..regions import Box
from .estimate_bar import draw_estimate
from .style import ACCENT, INK, QUIET, Look, look_of_fate
from .words import formula, label_axes, on_the_map, symbol_of, title

__all__ = ["draw_measured", "draw_theorem", "measured_size", "theorem_size"]

_FINEST = {1: 12, 2: 9}  # level whose cells are the pixels
_HATCHED = 0.01  # share of the undecided from which they are hatched
_BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
_PLANE, _LINE, _BAR = (8.0, 5.0), (8.0, 2.4), (7.6, 2.1)

Shares = NDArray[np.float64]


def measured_size(estimate: Estimate) -> tuple[float, float]:
    """Return the size of the picture of an estimate in inches."""
    if _content(estimate) is None:
        return _BAR
    return _LINE if estimate.region.dimension == 1 else _PLANE


def theorem_size(theorem: BasinTheorem) -> tuple[float, float]:
    """Return the size of the picture of a theorem in inches."""
    return _LINE if theorem.asked.dimension == 1 else _PLANE


def draw_measured(estimate: Estimate, ax: Axes, **style: Any) -> None:
    """Draw the cells of a proved estimate, where it has some, else the bar of the shares."""
    content = _content(estimate)
    if content is None:
        draw_estimate(estimate, ax, **style)
        return
    assert isinstance(estimate.region, Box)
    shares = (estimate.lower, 1 - estimate.upper, estimate.undecided)
    _cells(content, estimate.map, estimate.region, ax, [f"{100 * s:.4g} %" for s in shares], style)
    low, high = estimate.interval()
    known = f"in [{low:.9g}, {high:.9g}], {estimate.evidence.grade.value}"
    on = _named(estimate.map, estimate.region)
    title(ax, f"Starts that {estimate.target.said} on {on}: a share {known}")


def draw_theorem(theorem: BasinTheorem, ax: Axes, **style: Any) -> None:
    """Draw the cells of a proof and the outline of the box that is proved; `style` is for that."""
    content = None if theorem.certificate is None else theorem.certificate.content
    handles = _cells(content, theorem.map, theorem.asked, ax, ["", "", ""], {})
    if theorem.box is not None:
        low, high = theorem.box.low, theorem.box.high
        line = {"fill": False, "edgecolor": ACCENT, "linewidth": 2.0, "zorder": 4, **style}
        bottom, top = (low[1], high[1]) if theorem.map.dimension > 1 else (0.02, 0.98)
        outline = Rectangle((low[0], bottom), high[0] - low[0], top - bottom, **line)
        ax.add_patch(outline)
        outline.set_label("proved box")
        ax.legend(handles=[*handles, outline], **_BESIDE)
    known = theorem.headline()
    if theorem.box is not None:
        what = f"Almost every point of the marked box converges to {theorem.target}"
        known = f"{what}, {theorem.evidence.grade.value}"
    title(ax, f"{known}, on {_named(theorem.map, theorem.asked)}")


def _content(estimate: Estimate) -> Content | None:
    certificate = getattr(estimate.reading, "certificate", None)
    return certificate.content if isinstance(certificate, Certificate) else None


def _cells(
    content: Content | None,
    F: Map,
    region: Box,
    ax: Axes,
    said: list[str],
    style: dict[str, Any],
) -> list[Any]:
    """Draw the cells and return the entries of the legend."""
    d = region.dimension
    finest = _FINEST[min(d, 2)]
    known = (
        np.zeros((2,) + (2**finest,) * min(d, 2)) if content is None else _painted(content, finest)
    )
    looks = [look_of_fate(f) for f in (Fate.CONVERGED, Fate.ESCAPED, Fate.UNDECIDED)]
    labels = ["converge", "do not converge", "undecided"]
    rest = 1.0 - known.sum(axis=0)
    # Where a pixel has several kinds of cells the larger part counts, the undecided one in doubt.
    kind = np.array([2, 0, 1])[np.stack([rest, *known]).argmax(axis=0)]
    colours = np.array([to_rgb(look.colour) for look in looks])[kind]
    bottom, top = (region.low[1], region.high[1]) if d > 1 else (0.0, 1.0)
    extent = (region.low[0], region.high[0], bottom, top)
    image = colours[None] if d == 1 else colours.swapaxes(0, 1)
    options = {"interpolation": "nearest", "aspect": "auto", "zorder": 0, **style}
    ax.imshow(image, origin="lower", extent=extent, **options)
    if d > 1 and (kind == 2).mean() > _HATCHED:
        hatched = ax.contourf(
            (kind == 2).T.astype(float),
            [0.5, 1.5],
            colors="none",
            hatches=[looks[2].hatch],
            extent=extent,
            zorder=1,
        )
        hatched.set_edgecolor(QUIET)
        hatched.set_linewidth(0.0)
    if d == 1:
        ax.set_yticks([])
        ax.set_xlabel(f"{symbol_of(F.names[0])} at the start")
    else:
        sides = np.subtract(region.high, region.low)[:2]
        if max(sides) < 3 * min(sides):
            ax.set_aspect("equal", adjustable="box")
        label_axes(ax, F.names[:2])
    handles = [_entry(*parts) for parts in zip(looks, labels, said, strict=True)]
    ax.legend(handles=handles, **_BESIDE)
    return handles


def _painted(content: Content, finest: int) -> Shares:
    """Return how much of each pixel converges, and how much does not; of space the middle slice."""
    cells = content.cells
    level, place = cells.level.astype(np.int64), cells.place
    d = place.shape[1]
    taken = ((place >> level[:, None]) == 0).all(axis=1)
    if d == 3:
        size = np.ldexp(1.0, -level)
        taken &= (place[:, 2] * size <= 0.5) & ((place[:, 2] + 1) * size > 0.5)
        d = 2
    kinds = np.where(cells.mask & 1 == 0, 0, np.where(cells.mask == 1, 1, 2))
    taken &= kinds < 2
    level, place, kinds = level[taken], place[taken, :d], kinds[taken]
    shares = np.zeros((2,) + (2**finest,) * d)
    for at in np.unique(level):
        rows = level == at
        spots = (kinds[rows], *place[rows].T)
        if at <= finest:
            side = 2 ** (finest - at)
            blocks = shares.reshape(2, *(k for _ in range(d) for k in (2**at, side)))
            index = (spots[0], *(part for spot in spots[1:] for part in (spot, slice(None))))
            blocks[index] = 1.0
        else:
            shift = at - finest
            pixels = (spots[0], *(spot >> shift for spot in spots[1:]))
            np.add.at(shares, pixels, 2.0 ** -float(d * shift))
    return shares


def _entry(look: Look, label: str, said: str) -> Patch:
    return Patch(
        facecolor=look.colour,
        edgecolor=QUIET if look.hatch else INK,
        hatch=look.hatch,
        linewidth=0.6,
        label=f"{label}: {said}" if said else label,
    )


def _named(F: Map, region: Box) -> str:
    """Return what was iterated, and where the picture of three dimensions is cut."""
    on = formula(F.loss.describe() if F.loss is not None else F.describe()) + on_the_map(F)
    if region.dimension < 3:
        return on
    return f"{on}, where {F.names[2]} = {(region.low[2] + region.high[2]) / 2:.6g}"

"""The fixed point index of a map and of its square on a set of cells, by certified degrees."""

from __future__ import annotations

import numpy as np

from ...orbits.certified.outward import Bounds, down, up
from ..cells import Cells
from ..images import Formulas, Mask, images_of

__all__ = ["fixed_point_index"]

_HALVINGS = 24
_MOST = 2**17  # pieces of the boundary


def fixed_point_index(formulas: Formulas, cells: Cells, iterate: int) -> int | None:
    """Return the degree of x - F^k(x) on the union of cells; None where it was not computed.

    Parameters
    ----------
    formulas : Formulas
        Of a continuous map.
    cells : Cells
        In one or two dimensions.
    iterate : int
        The power k.

    Notes
    -----
    In one dimension from the signs at the ends of each interval. In the plane from the turns of
    x - F^k(x) along the boundary, which is halved until the bounds of each piece, taken together
    with those at its ends, leave out zero: between the ends the direction then turns by less than
    half a turn, and the turns add up to a whole number.
    """
    if cells.dimension == 1:
        return _on_line(formulas, cells, iterate)
    return _in_plane(formulas, cells, iterate) if cells.dimension == 2 else None


def _field(formulas: Formulas, low: Bounds, high: Bounds, iterate: int) -> tuple[Bounds, Bounds]:
    """Return bounds of x - F^k(x) on boxes."""
    least, most = low, high
    with np.errstate(all="ignore"):
        for _ in range(iterate):
            images = images_of(formulas, least, most)
            least, most = images.lower, images.upper
        return down(low - most), up(high - least)


def _at_points(formulas: Formulas, points: Bounds, iterate: int) -> tuple[Bounds, Bounds]:
    """Return bounds of x - F^k(x) at points: in boxes this small derivatives tell nothing more."""
    least, most = points, points
    with np.errstate(all="ignore"):
        for _ in range(iterate):
            least, most = formulas.values(least, most)
        return down(points - most), up(points - least)


def _on_line(formulas: Formulas, cells: Cells, iterate: int) -> int | None:
    places = cells.places[0]
    begins = places[np.diff(places, prepend=-2) > 1]
    ends = places[np.diff(places, append=places[-1] + 2) > 1] + 1
    total = 0
    for side, at in ((-1, begins), (1, ends)):
        points = cells.edge(0, at)[None]
        low, high = _at_points(formulas, points, iterate)
        if ((low <= 0) & (high >= 0)).any():
            return None
        total += side * int(np.where(low[0] > 0, 1, -1).sum())
    return total // 2


def _in_plane(formulas: Formulas, cells: Cells, iterate: int) -> int | None:
    first, last = _boundary(cells)
    turns, most = 0.0, 0
    for _ in range(_HALVINGS):
        if most + first.shape[1] > _MOST:
            return None
        low, high = _field(formulas, np.minimum(first, last), np.maximum(first, last), iterate)
        one, other = (_at_points(formulas, p, iterate) for p in (first, last))
        least = np.minimum(low, np.minimum(one[0], other[0]))
        largest = np.maximum(high, np.maximum(one[1], other[1]))
        clear = ((least > 0) | (largest < 0)).any(axis=0)
        clear &= (np.isfinite(least) & np.isfinite(largest)).all(axis=0)
        u, v = (0.5 * a[:, clear] + 0.5 * b[:, clear] for a, b in (one, other))
        sizes = [np.abs(w).max(axis=0) for w in (u, v)]
        if not all(size.all() for size in sizes):  # halves of the smallest doubles are zero
            return None
        u, v = u / sizes[0], v / sizes[1]  # products of tiny or of huge numbers would be lost
        turns += float(np.arctan2(u[0] * v[1] - u[1] * v[0], (u * v).sum(axis=0)).sum())
        most += int(clear.sum())
        if clear.all():
            index = turns / (2 * np.pi)
            return round(index) if abs(index - round(index)) < 1e-3 else None
        first, last = first[:, ~clear], last[:, ~clear]
        middle = 0.5 * first + 0.5 * last
        first, last = (
            np.concatenate([first, middle], axis=1),
            np.concatenate([middle, last], axis=1),
        )
    return None


def _boundary(cells: Cells) -> tuple[Bounds, Bounds]:
    """Return the ends of the sides between these cells and others, cells on the left."""
    x, y = cells.places
    counts = np.array(cells.counts)
    ends = []
    for dx, dy, corners in (
        (0, -1, ((0, 0), (1, 0))),
        (1, 0, ((1, 0), (1, 1))),
        (0, 1, ((1, 1), (0, 1))),
        (-1, 0, ((0, 1), (0, 0))),
    ):
        beside = np.array([x + dx, y + dy])
        inside = ((beside >= 0) & (beside < counts[:, None])).all(axis=0)
        free: Mask = np.asarray(~inside)
        free[inside] = cells.rows_of(cells.codes_of(beside[:, inside])) < 0
        ends.append([
            np.array([cells.edge(0, x[free] + i), cells.edge(1, y[free] + j)])
            for i, j in corners
        ])  # fmt: skip
    first, last = (np.concatenate(part, axis=1) for part in zip(*ends, strict=True))
    return first, last

"""Resolution scaling: how many pixels of a picture touch another label, as the pixels shrink."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.starts import GridStarts
from ...errors import InvalidInput
from ...regions import MOST_CELLS, Box, positive_count
from ..binomial import checked_level
from .counting import COPY, Cells, checked_copies, copies, sum_up
from .dimension import BoundaryDimension
from .labels import OPEN, Codes
from .question import BoundaryMethod, BoundaryQuestion, labels_of

__all__ = ["ResolutionScaling"]

_COARSEST = 8
_FEWEST = 3
_MOST_RESOLUTIONS = 14


@dataclass(frozen=True)
class ResolutionScaling(BoundaryMethod):
    """Whole grids at growing resolution: the share of pixels with a neighbour of another label.

    Parameters
    ----------
    resolutions : tuple of int, optional
        Pixels along each axis, growing; 8, 16, 32, … as far as `most` allows where not given.
    most : int
        Most starts in all, where no resolutions are given.
    copies : int
        Of the box, smaller by 1/8 and placed at random inside of it; at least 2.
    level : float
        Confidence level between 0 and 1.

    Notes
    -----
    A pixel is its centre, its neighbours are the 2d next ones along the axes, also those just
    outside of the copy. The number of such pixels grows like R^D. The copies show how much depends
    on where the grid happens to lie: the interval uses the spread between them, by Student's law,
    and the scatter of their mean about the line. Resolutions with fewer than 20 such pixels, or
    with more than 20 % of all, are left out of the fit, and the coarsest ones while a parabola
    fits better by more than 1.5 standard errors.

    References
    ----------
    Liang and Montúfar (2025), ``liang2025chaos``, count pixels so; Sohl-Dickstein (2024),
    ``sohldickstein2024boundary``, boxes of pictures.

    Examples
    --------
    >>> ResolutionScaling(resolutions=(32, 64, 128, 256), copies=4).copies
    4
    """

    resolutions: tuple[int, ...] | None = None
    most: int = 3_000_000
    copies: int = 6
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.resolutions is not None:
            object.__setattr__(self, "resolutions", _checked_resolutions(self.resolutions))
        object.__setattr__(self, "most", positive_count(self.most, "most"))
        object.__setattr__(self, "copies", checked_copies(self.copies))
        object.__setattr__(self, "level", checked_level(self.level))

    def describe(self) -> str:
        return f"resolution scaling in {self.copies} copies of the box"

    def answer(self, question: BoundaryQuestion) -> BoundaryDimension:
        """Return the dimension, graded STATISTICAL."""
        box = question.box()
        places = copies(box, question.seed, self.copies)
        seen = []
        starts = 0
        resolutions = self._chosen(box.dimension)
        for k, resolution in enumerate(resolutions):
            seen.append(_cells(question, places, resolution))
            starts += (resolution + 2) ** box.dimension * self.copies
            question.work.tell(k + 1, len(resolutions))
        reason = f"all pixels of {self.copies} copies of the box at random places"
        return sum_up(question, self, self.level, seen, starts, reason)

    def _chosen(self, d: int) -> tuple[int, ...]:
        """Return the resolutions in d dimensions, or refuse them."""
        if self.resolutions is not None:
            if (self.resolutions[-1] + 2) ** d > MOST_CELLS:
                expected = f"at most {MOST_CELLS:.0e} pixels in {d} dimensions"
                raise InvalidInput("resolutions", self.resolutions, expected)
            return self.resolutions
        found, cost = [_COARSEST], 0
        while len(found) < _MOST_RESOLUTIONS:
            cost += (2 * found[-1] + 2) ** d * self.copies
            if cost > self.most:
                break
            found.append(2 * found[-1])
        if len(found) < _FEWEST:
            remedy = "UncertaintyExponent() takes any number of dimensions"
            raise InvalidInput("most", self.most, f"enough for {_FEWEST} resolutions", remedy)
        return tuple(found)


def _cells(question: BoundaryQuestion, places: list[Box], resolution: int) -> Cells:
    """Count the pixels of every copy that touch another label."""
    d = question.region.dimension
    shape = (resolution + 2,) * d
    grids = []
    for place in places:
        pixel = np.subtract(place.high, place.low) / resolution
        grids.append(GridStarts(tuple(place.low - pixel), tuple(place.high + pixel), shape))
    mixed, maybe, undecided = [], [], 0
    for labels in labels_of(question, grids):
        touching, open_ones = _touching(labels.reshape(shape))
        mixed.append(float(np.count_nonzero(touching)))
        maybe.append(float(np.count_nonzero(open_ones & ~touching)))
        undecided += int(np.count_nonzero(open_ones & ~touching))
    return Cells(
        scale=COPY / resolution,
        total=resolution**d,
        mixed=np.array(mixed),
        maybe=np.array(maybe),
        undecided=undecided,
    )


def _touching(labels: Codes) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which inner pixels have a neighbour of another label, and which may have one."""
    inner = (slice(1, -1),) * labels.ndim
    here = labels[inner]
    touching, open_ones = np.zeros(here.shape, bool), here == OPEN
    for there in _neighbours(labels):
        known = (here != OPEN) & (there != OPEN)
        touching |= known & (here != there)
        open_ones |= there == OPEN
    return touching, open_ones


def _neighbours(labels: Codes) -> Iterator[Codes]:
    for axis in range(labels.ndim):
        for shift in (slice(0, -2), slice(2, None)):
            place = [slice(1, -1)] * labels.ndim
            place[axis] = shift
            yield labels[tuple(place)]


def _checked_resolutions(resolutions: Any) -> tuple[int, ...]:
    expected = "at least three whole numbers, growing, the first at least 4"
    if not isinstance(resolutions, (tuple, list)) or len(resolutions) < _FEWEST:
        raise InvalidInput("resolutions", resolutions, expected)
    found = tuple(positive_count(r, "resolutions") for r in resolutions)
    if list(found) != sorted(set(found)) or found[0] < 4:
        raise InvalidInput("resolutions", resolutions, expected)
    return found

"""Where a map of the line is strictly monotone, and where on such a piece it takes given values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...engine.operations import Op
from ...engine.tape import lower as lowered
from ...errors import InvalidInput
from ...orbits.certified.outward import middle
from ..images import Formulas

__all__ = ["Pieces", "Preimages", "continuous", "monotone_pieces", "preimages"]

_FIRST = 64  # intervals that are looked at first
_MOST = 4096  # undecided intervals under way
_STEPS = 80  # halvings until neighbouring doubles, but for places next to 0

_CONTINUOUS_KINKS = {Op.ABS, Op.MAX, Op.MIN}

Bounds = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pieces:
    """Intervals that cover a region, end to end.

    Parameters
    ----------
    ends : ndarray, shape (k + 1,)
        Ascending.
    sign : ndarray of int, shape (k,)
        1 where the map rises strictly, -1 where it falls, 0 where neither is known.
    """

    ends: Bounds
    sign: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Preimages:
    """Where a map takes given values on one monotone piece.

    Parameters
    ----------
    lower, upper : ndarray, shape (m,)
        Bounds of the places; both at an end of the piece for values that are not taken.
    """

    lower: Bounds
    upper: Bounds


def continuous(formulas: Formulas) -> bool:
    """Return whether a map is continuous wherever it is defined: it may have kinks, not jumps."""
    ops = {step.op for step in lowered(formulas.images, formulas.variables).code}
    return all(op.analytic or op in _CONTINUOUS_KINKS for op in ops)


def monotone_pieces(formulas: Formulas, low: float, high: float, halvings: int) -> Pieces:
    """Return where a continuous map of the line is proved to rise and to fall.

    An interval on which that stays open is halved, up to so many times.

    Raises
    ------
    InvalidInput
        Where that stays open on more than tiny intervals around single points.
    """
    ends = np.append(low + (high - low) * (np.arange(_FIRST) / _FIRST), high)
    lower, upper = ends[:-1], ends[1:]
    settled: list[tuple[Bounds, Bounds, NDArray[np.int64]]] = []
    for turn in range(halvings + 1):
        sign = _signs(formulas, lower, upper)
        cut = middle(lower, upper)
        small = (cut <= lower) | (cut >= upper) | (turn == halvings)
        done = (sign != 0) | small
        settled.append((lower[done], upper[done], sign[done]))
        lower, upper, cut = lower[~done], upper[~done], cut[~done]
        if len(lower) > _MOST:
            remedy = "take method=SampledCells()"
            expected = "a map that rises or falls strictly but at single points"
            received = f"one that may be constant near {lower[len(lower) // 2]:g}"
            raise InvalidInput("F", received, expected, remedy)
        lower, upper = np.concatenate([lower, cut]), np.concatenate([cut, upper])
    begin, end, sign = (np.concatenate(part) for part in zip(*settled, strict=True))
    order = np.argsort(begin)
    begin, end, sign = begin[order], end[order], sign[order]
    first = np.flatnonzero(np.concatenate([[True], sign[1:] != sign[:-1]]))
    return Pieces(ends=np.append(begin[first], end[-1]), sign=sign[first])


def preimages(
    formulas: Formulas, low: float, high: float, rising: bool, values: Bounds
) -> Preimages:
    """Return where the map takes `values` on a piece on which it is strictly monotone."""

    def before(points: Bounds, at: Bounds) -> NDArray[np.bool_]:
        """Whether the preimage of each value surely lies above a point."""
        least, most = formulas.values(points[None], points[None])
        return np.asarray(most[0] < at) if rising else np.asarray(least[0] > at)

    def after(points: Bounds, at: Bounds) -> NDArray[np.bool_]:
        least, most = formulas.values(points[None], points[None])
        return np.asarray(least[0] > at) if rising else np.asarray(most[0] < at)

    n = len(values)
    first, last = np.full(n, low), np.full(n, high)
    beneath, beyond = after(first, values), before(last, values)
    last[beneath], first[beyond] = low, high
    inner = np.flatnonzero(~beneath & ~beyond)
    wanted = values[inner]
    at_least, ceiling = first[inner], last[inner]
    for _ in range(_STEPS):
        cut = middle(at_least, ceiling)
        sure = before(cut, wanted)
        at_least, ceiling = np.where(sure, cut, at_least), np.where(sure, ceiling, cut)
    floor, at_most = first[inner], last[inner]
    for _ in range(_STEPS):
        cut = middle(floor, at_most)
        sure = after(cut, wanted)
        floor, at_most = np.where(sure, floor, cut), np.where(sure, cut, at_most)
    first[inner], last[inner] = at_least, at_most
    return Preimages(lower=first, upper=last)


def _signs(formulas: Formulas, lower: Bounds, upper: Bounds) -> NDArray[np.int64]:
    """Return the proved sign of the derivative on intervals, 0 where there is none.

    Only where bounds of the values are finite is a map with poles known to be continuous.
    """
    values = formulas.values(lower[None], upper[None])
    least, most = (bound[0, 0] for bound in formulas.slopes(lower[None], upper[None]))
    defined = np.isfinite(values[0][0]) & np.isfinite(values[1][0])
    defined &= np.isfinite(least) & np.isfinite(most)
    sign = (least > 0).astype(np.int64) - (most < 0).astype(np.int64)
    return np.where(defined, sign, 0)

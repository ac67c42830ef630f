"""Transition probabilities of maps of the line with proved bounds: lengths between preimages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...orbits.certified.outward import down, up
from ...orbits.exact.gradient_sets import FLOAT_REASON
from ...regions import positive_count
from ..cells import Cells
from ..images import Formulas, formulas_of
from .line_pieces import Pieces, continuous, monotone_pieces, preimages
from .method import Entries, TransferMethod, TransferQuestion

__all__ = ["MonotonePieces"]

_NOISE = 1e-10  # entries below, whose proved lower bound is 0, are rounding
_ULPS = 16  # by which the lengths of a cell may miss its own in sum

Bounds = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class MonotonePieces(TransferMethod):
    """Measure which part of each interval lands in which one, for maps of the line.

    Parameters
    ----------
    halvings : int
        How often the intervals around critical points and kinks are halved, 1/64 of the region at
        first. With 44, the default, they end below a part in 10^14 of it.

    Notes
    -----
    Where bounds of F' have a sign, F is strictly monotone, and the points of a cell that land in
    another one form an interval between two preimages of edges. These are enclosed by bisection
    with interval arithmetic: every entry lies between ``entries.lower`` and ``entries.upper``.
    What is left, tiny intervals around critical points and kinks, may land anywhere in a bound of
    its image, and widens those bounds. The map has to be continuous, and constant nowhere.

    Nothing random enters, and matrices of maps that expand piecewise linearly are exact but for
    rounding.

    Examples
    --------
    >>> from dynsys_gd import Box, textbook, transfer_operator
    >>> P = transfer_operator(textbook.logistic(), Box([0], [1]), 1, method=MonotonePieces())
    >>> bool(P.entries.upper[0, 0] - P.entries.lower[0, 0] < 1e-7)  # 1 - 1/√2
    True
    """

    halvings: int = 44

    def __post_init__(self) -> None:
        object.__setattr__(self, "halvings", positive_count(self.halvings, "halvings"))

    def entries(self, question: TransferQuestion) -> Entries:
        F, cells = question.F, question.cells
        if F.dimension != 1:
            remedy = "take method=SampledCells()"
            raise InvalidInput("F", f"{F.dimension} coordinates", "a map of the line", remedy)
        formulas = formulas_of(F)
        if not continuous(formulas):
            remedy = "take method=SampledCells()"
            raise InvalidInput("F", F.describe(), "a map without jumps", remedy)
        low, high = cells.region.low[0], cells.region.high[0]
        pieces = monotone_pieces(formulas, low, high, self.halvings)
        found = [
            _window(formulas, pieces, k, cells) for k in np.flatnonzero(pieces.sign == 0).tolist()
        ]
        found += [
            _overlaps(formulas, pieces, k, cells) for k in np.flatnonzero(pieces.sign).tolist()
        ]
        question.work.tell(len(cells), len(cells))
        evidence = Evidence(
            grade=Grade.CERTIFIED,
            reason="preimages of the edges of cells enclosed in interval arithmetic",
            sources=("ulam1960collection",),
        )
        lower, matrix, upper = _assembled(found, cells, len(pieces.sign))
        return Entries(
            matrix=matrix,
            lower=lower,
            upper=upper,
            evidence=evidence if F.exact else evidence.weakened_to(Grade.NUMERICAL, FLOAT_REASON),
        )

    def describe(self) -> str:
        return "lengths between preimages on monotone pieces, with proved bounds"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Lengths:
    """Parts of cells, by their numbers, that land in cells; lengths in doubles."""

    source: Rows
    target: Rows
    lower: Bounds
    nominal: Bounds
    upper: Bounds


def _overlaps(formulas: Formulas, pieces: Pieces, k: int, cells: Cells) -> _Lengths:
    """Return what lands where of one monotone piece."""
    begin, end = pieces.ends[k], pieces.ends[k + 1]
    edges, rising = cells.edges[0], bool(pieces.sign[k] > 0)
    at = preimages(formulas, begin, end, rising, edges)
    # Best guesses reach to the middle of the windows beside the piece, whose share they take.
    first = begin if k == 0 else 0.5 * (pieces.ends[k - 1] + begin)
    last = end if k + 2 == len(pieces.ends) else 0.5 * (end + pieces.ends[k + 2])
    guess = np.clip(0.5 * at.lower + 0.5 * at.upper, at.lower, at.upper)
    guess = np.where(at.upper >= end, last, np.where(at.lower <= begin, first, guess))
    near, far = (slice(None, -1), slice(1, None)) if rising else (slice(1, None), slice(None, -1))
    target = np.arange(len(edges) - 1)
    some = at.upper[far] > at.lower[near]
    target = target[some]
    left, right = (
        (at.lower[near][some], at.upper[near][some]),
        (
            at.lower[far][some],
            at.upper[far][some],
        ),
    )
    guesses = guess[near][some], guess[far][some]
    outer = np.minimum(left[0], guesses[0]), np.maximum(right[1], guesses[1])
    which, source = _met(edges, *outer)
    low, high = edges[source], edges[source + 1]
    inside = np.minimum(high, right[0][which]) - np.maximum(low, left[1][which])
    around = np.minimum(high, right[1][which]) - np.maximum(low, left[0][which])
    about = np.minimum(high, guesses[1][which]) - np.maximum(low, guesses[0][which])
    return _Lengths(
        source=source,
        target=target[which],
        lower=np.maximum(down(inside), 0.0),
        nominal=np.maximum(about, 0.0),
        upper=np.maximum(up(around), 0.0),
    )


def _window(formulas: Formulas, pieces: Pieces, k: int, cells: Cells) -> _Lengths:
    """Return what may land where of an interval on which nothing but a bound is known."""
    begin, end = pieces.ends[k : k + 1], pieces.ends[k + 1 : k + 2]
    edges = cells.edges[0]
    low, high = (bound[0] for bound in formulas.values(begin[None], end[None]))
    target = _met(edges, low, high, closed=True)[1]
    own = _met(edges, begin, end)[1]
    source, target = np.repeat(own, len(target)), np.tile(target, len(own))
    around = np.minimum(edges[source + 1], end) - np.maximum(edges[source], begin)
    nothing = np.zeros(len(source))
    upper = np.maximum(up(around), 0.0)
    return _Lengths(source=source, target=target, lower=nothing, nominal=nothing, upper=upper)


def _met(edges: Bounds, low: Bounds, high: Bounds, closed: bool = False) -> tuple[Rows, Rows]:
    """Return which of the intervals meets which cell, in pairs; `closed` ones also by an end."""
    most = len(edges) - 2
    first = np.searchsorted(edges, low, side="left" if closed else "right") - 1
    last = np.searchsorted(edges, high, side="right" if closed else "left") - 1
    first, last = np.maximum(first, 0), np.minimum(last, most)
    count = np.maximum(last - first + 1, 0)
    which = np.repeat(np.arange(len(count)), count)
    return which, first[which] + np.arange(len(which)) - (np.cumsum(count) - count)[which]


def _assembled(found: list[_Lengths], cells: Cells, terms: int) -> tuple[Any, Any, Any]:
    """Return the three matrices of lower bounds, best guesses and upper bounds."""
    from scipy.sparse import csr_matrix

    n = len(cells)
    source, target = (np.concatenate([getattr(f, k) for f in found]) for k in ("source", "target"))
    lower, nominal, upper = (
        np.concatenate([getattr(f, k) for f in found]) for k in ("lower", "nominal", "upper")
    )
    width = np.diff(cells.edges[0])[source]
    own, to = cells.rows_of(source), cells.rows_of(target)
    kept = (own >= 0) & (to >= 0)
    places = own[kept], to[kept]
    shares = down(lower / up(width)), nominal / width, up(upper / down(width))
    # As many terms as there are pieces are added to one entry.
    slack = (terms + 2) * 2.0**-52

    def summed(values: Bounds) -> Any:
        return csr_matrix((np.maximum(values[kept], 0.0), places), shape=(n, n))

    least, about, most = (summed(values) for values in shares)
    least.data *= 1.0 - slack
    most.data = np.minimum(most.data * (1.0 + slack), 1.0)
    # Made of the same places, the three have entries at the same ones.
    about.data = np.clip(about.data, least.data, most.data)
    about.data[(about.data < _NOISE) & (least.data <= 0.0)] = 0.0
    about.eliminate_zeros()
    # A length is off by a unit in the last place of its ends, which small cells make large.
    reach = np.maximum(np.abs(cells.lower[0]), np.abs(cells.upper[0]))
    rounded = _ULPS * 2.0**-52 * reach / (cells.upper[0] - cells.lower[0])
    total = np.asarray(about.sum(axis=1)).ravel()
    whole = np.abs(total - 1.0) <= rounded
    about.data /= np.repeat(np.where(whole, total, 1.0), np.diff(about.indptr))
    for matrix in (least, about, most):
        matrix.sort_indices()
    return least, about, most

"""What becomes of the starts of an ensemble, piece by piece: counted, or one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import chunk_rows, row_slices
from ...engine.work import Work
from ...ensembles.budget import Budget
from ...ensembles.fates import Detail, Fate
from ...ensembles.simulate import simulate
from ...ensembles.starts import Starts
from ...maps.base import Map
from ..question import MeasureQuestion
from ..target import Target

__all__ = ["Labels", "Piece", "Tally", "how_counted", "labelled", "pieces", "tallies"]

#: Few orbits are left in late windows; larger pieces keep the lanes full. Measured.
_MOST_CHUNKS = 8

#: Pieces that a run is cut into at least, where it has as many chunks, so that there is something
#: to share out.
_FEWEST_PIECES = 16


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The starts `first` … `last` - 1 of an ensemble: plain data that can travel."""

    F: Map
    starts: Starts
    first: int
    last: int
    budget: Budget


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What became of the starts of one piece.

    Parameters
    ----------
    counts : Counter of Detail
    steps : int
        Steps of all of them together.
    """

    counts: Counter[Detail]
    steps: int

    @property
    def n(self) -> int:
        """Number of starts."""
        return self.counts.total()

    def __add__(self, other: Tally) -> Tally:
        return Tally(counts=self.counts + other.counts, steps=self.steps + other.steps)

    @property
    def pairs(self) -> tuple[tuple[Detail, int], ...]:
        """The counts in the order of the details, those that did not occur left out."""
        return tuple((detail, self.counts[detail]) for detail in Detail if self.counts[detail])


@dataclass(frozen=True, kw_only=True, eq=False)
class Labels:
    """What became of each start.

    Parameters
    ----------
    detail : ndarray of int8, shape (n,)
    steps : int
        Steps of all of them together.
    """

    detail: NDArray[np.int8]
    steps: int

    @property
    def ends(self) -> tuple[Detail, ...]:
        """The ends that occurred."""
        return tuple(Detail(int(code)) for code in np.unique(self.detail))

    def hits(self, target: Target) -> NDArray[np.bool_]:
        """Return which starts were seen to converge to the target, shape (n,)."""
        return np.array([target.counts(detail) for detail in Detail])[self.detail]

    def possible(self, target: Target) -> NDArray[np.bool_]:
        """Return which starts may converge to the target: hits and undecided ones, shape (n,)."""
        open_ends = [
            detail.fate is Fate.UNDECIDED or detail is Detail.UNBOUNDED_DRIFT for detail in Detail
        ]
        return self.hits(target) | np.array(open_ends)[self.detail]


def pieces(
    question: MeasureQuestion, starts: Starts, first: int = 0, last: int | None = None
) -> Iterator[Piece]:
    """Yield the starts `first` … `last` - 1, by default all, piece by piece."""
    end = starts.n if last is None else last
    chunk = chunk_rows(question.F.dimension)
    chunks = (end - first) // (chunk * _FEWEST_PIECES)
    for part in row_slices(end - first, chunk * min(max(chunks, 1), _MOST_CHUNKS)):
        yield Piece(
            F=question.F,
            starts=starts,
            first=first + part.start,
            last=first + part.stop,
            budget=question.budget,
        )


def tallies(work: Work, tasks: Iterable[Piece]) -> Iterator[Tally]:
    """Yield the tally of each piece, in order."""
    for answer in work.answers(_counted, tasks):
        counts = Counter({Detail(int(code)): int(k) for code, k in answer["counts"]})
        yield Tally(counts=counts, steps=int(answer["steps"]))


def labelled(work: Work, tasks: Iterable[Piece], total: int, done: int = 0) -> Labels:
    """Return what became of each start of all pieces, in order.

    Progress is told as that of `total` starts, `done` of which came before these.
    """
    details, steps = [np.empty(0, dtype=np.int8)], 0
    for answer in work.answers(_labelled, tasks):
        details.append(np.asarray(answer["detail"], dtype=np.int8))
        steps += int(answer["steps"])
        done += len(details[-1])
        work.tell(done, total)
    return Labels(detail=np.concatenate(details), steps=steps)


def how_counted(ends: Iterable[Detail]) -> str:
    """Return how starts with these ends were counted, for the evidence of an estimate."""
    reason = (
        "undecided ones counted at both extremes; every start that counts as converging "
        "passed the audit of its limit"
    )
    if any(detail in (Detail.CHAOTIC, Detail.QUASI_PERIODIC) for detail in ends):
        reason += "; bounded ones count as not converging, which was seen up to the budget only"
    return reason


def _counted(piece: Piece) -> dict[str, Any]:
    answer = _labelled(piece)
    codes, occurrences = np.unique(answer["detail"], return_counts=True)
    counts = [[int(c), int(k)] for c, k in zip(codes, occurrences, strict=True)]
    return {"counts": counts, "steps": answer["steps"]}


def _labelled(piece: Piece) -> dict[str, Any]:
    rows = piece.starts.rows(piece.first, piece.last)
    fates = simulate(piece.F, rows, budget=piece.budget)
    return {"detail": np.asarray(fates.detail, dtype=np.int8), "steps": int(fates.steps.sum())}

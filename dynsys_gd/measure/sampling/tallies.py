"""What becomes of the starts of an ensemble, piece by piece: counted, or one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import chunk_rows, row_slices
from ...ensembles.budget import Budget
from ...ensembles.fates import Detail
from ...ensembles.simulate import simulate
from ...ensembles.starts import Starts
from ...maps.base import Map
from ..event import Event, Membership
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
    to: Event
    budget: Budget


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What became of the starts of one piece.

    Parameters
    ----------
    counts : Counter of Detail, or of Membership
    steps : int
        Steps of all of them together.
    """

    counts: Counter[Detail | Membership]
    steps: int

    @property
    def n(self) -> int:
        """Number of starts."""
        return self.counts.total()

    def __add__(self, other: Tally) -> Tally:
        return Tally(counts=self.counts + other.counts, steps=self.steps + other.steps)

    @property
    def pairs(self) -> tuple[tuple[Detail | Membership, int], ...]:
        """The counts in the order of the ends, those that did not occur left out."""
        return tuple((end, k) for end, k in sorted(self.counts.items()) if k)


@dataclass(frozen=True, kw_only=True, eq=False)
class Labels:
    """What became of each start.

    Parameters
    ----------
    to : Target or Survival
        What was asked.
    codes : ndarray of int8, shape (n,)
        Of the ends of this event.
    steps : int
        Steps of all of them together.
    """

    to: Event
    codes: NDArray[np.int8]
    steps: int

    @classmethod
    def none(cls, to: Event) -> Labels:
        """Return the labels of no starts."""
        return cls(to=to, codes=np.empty(0, dtype=np.int8), steps=0)

    def __add__(self, other: Labels) -> Labels:
        codes = np.concatenate([self.codes, other.codes])
        return Labels(to=self.to, codes=codes, steps=self.steps + other.steps)

    @property
    def ends(self) -> tuple[Detail | Membership, ...]:
        """The ends that occurred."""
        return tuple(_end(self.to, int(code)) for code in np.unique(self.codes))

    @property
    def hits(self) -> NDArray[np.bool_]:
        """Which starts were seen to converge to the target, or to belong to the event."""
        return np.array([self.to.counts(end) for end in self.to.ends])[self.codes]

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Which of them may: hits and undecided ones."""
        return self.hits | np.array([self.to.leaves_open(end) for end in self.to.ends])[self.codes]


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
            to=question.to,
            budget=question.budget,
        )


def tallies(question: MeasureQuestion, tasks: Iterable[Piece]) -> Iterator[Tally]:
    """Yield the tally of each piece, in order."""
    for answer in question.work.answers(_counted, tasks):
        counts = Counter({_end(question.to, int(code)): int(k) for code, k in answer["counts"]})
        yield Tally(counts=counts, steps=int(answer["steps"]))


def labelled(
    question: MeasureQuestion, tasks: Iterable[Piece], total: int, done: int = 0
) -> Labels:
    """Return what became of each start of all pieces, in order.

    Progress is told as that of `total` starts, `done` of which came before these.
    """
    parts, steps = [np.empty(0, dtype=np.int8)], 0
    for answer in question.work.answers(_labelled, tasks):
        parts.append(np.asarray(answer["codes"], dtype=np.int8))
        steps += int(answer["steps"])
        done += len(parts[-1])
        question.work.tell(done, total)
    return Labels(to=question.to, codes=np.concatenate(parts), steps=steps)


def how_counted(to: Event, ends: Iterable[Detail | Membership]) -> str:
    """Return how starts with these ends were counted, for the evidence of an estimate."""
    if not isinstance(to, Target):
        return "orbits in double precision"
    reason = (
        "undecided ones counted at both extremes; every start that counts as converging "
        "passed the audit of its limit"
    )
    if any(detail in (Detail.CHAOTIC, Detail.QUASI_PERIODIC) for detail in ends):
        reason += "; bounded ones count as not converging, which was seen up to the budget only"
    return reason


def _end(to: Event, code: int) -> Detail | Membership:
    end = to.ends(code)
    assert isinstance(end, (Detail, Membership))
    return end


def _counted(piece: Piece) -> dict[str, Any]:
    answer = _labelled(piece)
    codes, occurrences = np.unique(answer["codes"], return_counts=True)
    counts = [[int(c), int(k)] for c, k in zip(codes, occurrences, strict=True)]
    return {"counts": counts, "steps": answer["steps"]}


def _labelled(piece: Piece) -> dict[str, Any]:
    rows = piece.starts.rows(piece.first, piece.last)
    if not isinstance(piece.to, Target):
        seen = piece.to.seen(piece.F, rows, piece.budget)
        return {"codes": seen.memberships, "steps": seen.steps}
    fates = simulate(piece.F, rows, budget=piece.budget)
    return {"codes": np.asarray(fates.detail, dtype=np.int8), "steps": int(fates.steps.sum())}

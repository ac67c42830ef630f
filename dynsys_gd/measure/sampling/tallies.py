"""What becomes of the starts of an ensemble, counted piece by piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.work import Work
from ...ensembles.budget import Budget
from ...ensembles.fates import Detail
from ...ensembles.simulate import simulate
from ...ensembles.starts import Starts
from ...maps.base import Map

__all__ = ["Piece", "Tally", "tallies"]


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


def tallies(work: Work, pieces: Iterable[Piece]) -> Iterator[Tally]:
    """Yield the tally of each piece, in order."""
    for answer in work.answers(_simulated, pieces):
        counts = Counter({Detail(int(code)): int(k) for code, k in answer["counts"]})
        yield Tally(counts=counts, steps=int(answer["steps"]))


def _simulated(piece: Piece) -> dict[str, Any]:
    rows = piece.starts.rows(piece.first, piece.last)
    fates = simulate(piece.F, rows, budget=piece.budget)
    codes, occurrences = np.unique(fates.detail, return_counts=True)
    return {
        "counts": [[int(c), int(k)] for c, k in zip(codes, occurrences, strict=True)],
        "steps": int(fates.steps.sum()),
    }

"""One simulation for both: how much converges, and the gradient norm of what stays bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import row_slices
from ...engine.work import Work
from ...ensembles.budget import Budget
from ...ensembles.fates import Detail, Fate
from ...ensembles.simulate import simulate
from ...ensembles.starts import drawn
from ...maps.base import Map
from ...regions import Region

__all__ = ["MOST_NORMS", "Look", "Piece", "looked_at", "pieces_of"]

#: starts at each value whose gradient norms are kept
MOST_NORMS = 16_384

_ROWS = 2_048  # a piece: small, so that a single value keeps several workers busy


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The draws `first` … `last` - 1 of `n` at one value: plain data that can travel."""

    F: Map
    region: Region
    n: int
    seed: int
    first: int
    last: int
    budget: Budget


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """What became of the starts of one value.

    Parameters
    ----------
    tally : tuple of (Detail, int)
    residuals : ndarray
        Residual norms of the bounded ones among the first `looked` starts.
    looked : int
    steps : int
        Of all orbits together.
    """

    tally: tuple[tuple[Detail, int], ...]
    residuals: NDArray[np.float64]
    looked: int
    steps: int


def pieces_of(F: Map, region: Region, n: int, seed: int, budget: Budget) -> list[Piece]:
    """Return the pieces of one value; the number of workers plays no part."""
    return [
        Piece(F=F, region=region, n=n, seed=seed, first=s.start, last=s.stop, budget=budget)
        for s in row_slices(n, _ROWS)
    ]


def looked_at(
    work: Work,
    values: Iterable[list[Piece]],
    *,
    on_rows: Callable[[int], Any] | None = None,
) -> Iterator[Look]:
    """Yield what became of the starts of each value, in order; all pieces are shared out at once.

    Parameters
    ----------
    work : Work
    values : iterable of lists of Piece
        One list a value, none empty.
    on_rows : callable, optional
        Told how many starts each piece had, once it is done.
    """
    lists = list(values)
    answers = work.answers(_simulated, (piece for pieces in lists for piece in pieces))
    for pieces in lists:
        counts: Counter[Detail] = Counter()
        residuals, looked, steps = [], 0, 0
        for piece in pieces:
            answer = next(answers)
            counts.update({Detail(int(code)): int(k) for code, k in answer["counts"]})
            steps += int(answer["steps"])
            if on_rows is not None:
                on_rows(piece.last - piece.first)
            if piece.first < MOST_NORMS:
                residuals.append(np.asarray(answer["residuals"], dtype=np.float64))
                looked += piece.last - piece.first
        yield Look(
            tally=tuple((detail, counts[detail]) for detail in Detail if counts[detail]),
            residuals=np.concatenate(residuals),
            looked=looked,
            steps=steps,
        )


def _simulated(piece: Piece) -> dict[str, Any]:
    starts = drawn(piece.region, piece.n, rng=piece.seed).rows(piece.first, piece.last)
    fates = simulate(piece.F, starts, budget=piece.budget)
    gone = fates.where(Fate.ESCAPED) & ~fates.where(Detail.UNBOUNDED_DRIFT)
    bounded = ~gone & np.isfinite(fates.residual)
    kept = fates.residual[bounded] if piece.first < MOST_NORMS else fates.residual[:0]
    codes, occurrences = np.unique(fates.detail, return_counts=True)
    return {
        "counts": [[int(c), int(k)] for c, k in zip(codes, occurrences, strict=True)],
        "steps": int(fates.steps.sum()),
        "residuals": kept,
    }

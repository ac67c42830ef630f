"""What is asked about a boundary, and how its labels are computed in pieces."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import checked_executor, checked_progress, row_slices
from ...engine.journal.checkpoint import Run, opened
from ...engine.starts import GivenStarts, Starts
from ...engine.work import Work
from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...maps.base import Map
from ...regions import Box, Region, seed_of
from .dimension import BoundaryDimension
from .labels import Codes, FateLabels, GivenLabels, Labels, Partition

__all__ = ["BoundaryMethod", "BoundaryQuestion", "asked", "labels_of", "stream"]

_PILOT = 4096
_ROWS = 2**15
_PILOT_STREAM = 0


@dataclass(frozen=True, kw_only=True)
class BoundaryQuestion:
    """How wrinkled the boundary between the sets of a partition is.

    Parameters
    ----------
    labels : Labels
        Which set a start belongs to.
    region : Region
    seed : int
        From which everything random follows.
    work : Work
    """

    labels: Labels
    region: Region
    seed: int
    work: Work

    def box(self) -> Box:
        """Return the region where it is a box, or refuse it."""
        if not isinstance(self.region, Box):
            remedy = "UncertaintyExponent() takes any law"
            raise InvalidInput("region", self.region, "a Box for methods that count cells", remedy)
        return self.region


class BoundaryMethod(ABC):
    """One way to measure the dimension of a boundary; a frozen dataclass of settings.

    A new way gives `answer` and `describe`, and is then passed as ``method=``.

    Examples
    --------
    >>> from dynsys_gd import BoxCounting
    >>> isinstance(BoxCounting(), BoundaryMethod)
    True
    """

    @abstractmethod
    def answer(self, question: BoundaryQuestion) -> BoundaryDimension:
        """Return the dimension; `boundary_dimension` has checked the arguments."""

    @abstractmethod
    def describe(self) -> str:
        """Return the method in words, with what its error depends on."""


@contextmanager
def asked(
    name: str,
    F: Any,
    region: Any,
    settings: Mapping[str, Any],
    *,
    by: Any,
    budget: Any,
    rng: Any,
    executor: Executor | None,
    progress: Callable[[int, int | None], Any] | None,
    checkpoint: str | os.PathLike[str] | None,
) -> Iterator[BoundaryQuestion]:
    """Check the arguments of a user and give the question for the time of a ``with`` block.

    `name` is that of the function, and `settings` are what its answer depends on besides.
    """
    if not isinstance(region, Region):
        raise InvalidInput("region", region, "a Box, Ball or Gaussian")
    if by is not None and not isinstance(by, Partition):
        raise InvalidInput("by", by, "Partition.FATE, CONVERGENCE or LIMIT")
    if budget is not None and not isinstance(budget, Budget):
        raise InvalidInput("budget", budget, "a Budget", "for example Budget(steps=1000)")
    checked_executor(executor)
    checked_progress(progress)
    labels = _fates(F, region, by, budget) if isinstance(F, Map) else _given(F, by, budget)
    run = Run(
        name=name,
        arguments={"F": labels, "region": region, **settings},
        seed=seed_of(rng),
        seed_given=rng is not None,
    )
    with opened(checkpoint, run) as journal:
        seed = run.seed if journal is None else journal.seed
        work = Work(executor=executor, progress=progress, journal=journal)
        if isinstance(labels, FateLabels) and labels.by is Partition.LIMIT:
            found = next(iter(work.answers(_limits, [_Pilot(labels, region, seed)])))
            labels = replace(labels, limits=tuple(tuple(limit) for limit in found))
        yield BoundaryQuestion(labels=labels, region=region, seed=seed, work=work)


def stream(seed: int, *path: int) -> np.random.Generator:
    """Return the generator of one piece of work; `path` says which."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=path))


def labels_of(question: BoundaryQuestion, sets: Sequence[Starts]) -> Iterator[Codes]:
    """Yield the labels of each set of starts, in order; all of them are computed side by side."""
    tasks = [
        _Piece(question.labels, starts, rows.start, rows.stop)
        for starts in sets
        for rows in row_slices(starts.n, _ROWS)
    ]
    # Points that were listed travel with their own piece only.
    answers = question.work.answers(_labelled, map(_lightened, tasks))
    for starts in sets:
        pieces = [next(answers) for _ in row_slices(starts.n, _ROWS)]
        arrays = [np.asarray(piece, dtype=np.int32) for piece in pieces]
        yield np.concatenate([np.empty(0, dtype=np.int32), *arrays])


@dataclass(frozen=True)
class _Piece:
    labels: Labels
    starts: Starts
    first: int
    last: int


@dataclass(frozen=True)
class _Pilot:
    labels: FateLabels
    region: Region
    seed: int


def _lightened(piece: _Piece) -> _Piece:
    if not isinstance(piece.starts, GivenStarts):
        return piece
    rows = piece.starts.rows(piece.first, piece.last)
    return _Piece(piece.labels, GivenStarts(rows), 0, len(rows))


def _labelled(piece: _Piece) -> NDArray[np.int32]:
    return piece.labels.of(piece.starts.rows(piece.first, piece.last))


def _limits(pilot: _Pilot) -> list[list[float]]:
    points = pilot.region.sample(_PILOT, rng=stream(pilot.seed, _PILOT_STREAM))
    return [list(limit) for limit in pilot.labels.seen_from(points).limits]


def _fates(F: Map, region: Region, by: Partition | None, budget: Budget | None) -> FateLabels:
    sizes = {F.dimension, F.loss.dimension if F.loss is not None else F.dimension}
    if region.dimension not in sizes:
        received = f"dimension {region.dimension}"
        wanted = " or ".join(map(str, sorted(sizes)))
        raise InvalidInput("region", received, f"dimension {wanted}, that of the map")
    F.kernel()  # refuses open parameters before any work is shared out
    return FateLabels(F, by or Partition.FATE, budget or Budget())


def _given(F: Any, by: Any, budget: Any) -> GivenLabels:
    if not callable(F) or isinstance(F, type):
        remedy = "wrap a loss, for example as GradientDescent"
        raise InvalidInput("F", F, "a map, or a function from points to labels", remedy)
    for argument, value in (("by", by), ("budget", budget)):
        if value is not None:
            remedy = "the function says itself what it tells apart"
            raise InvalidInput(argument, value, "nothing where F is a function", remedy)
    return GivenLabels(F)

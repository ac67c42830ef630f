"""Basin entropy: how uncertain the label of a start in a small box is."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import row_slices
from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...regions import Box, positive_count
from ..binomial import checked_level, interval
from .entropy_result import BasinEntropy, EntropyPoint
from .labels import OPEN, Codes, Labels, Partition
from .power_law import PointUse, PowerLaw, Readings, windowed
from .question import BoundaryQuestion, asked, stream
from .uncertainty import checked_scales

__all__ = ["basin_entropy"]

_BOXES_STREAM = 4
_ROWS = 2**15
_FEWEST_MIXED = 20
_SATURATED = 0.3
_TINY = 1e-100  # below any share, and its square is no zero
Chosen = NDArray[np.bool_]

_SIZES = tuple(2.0**-k for k in range(3, 8))


def basin_entropy(
    F: Map | Callable[..., Any],
    box: Box,
    *,
    sizes: tuple[float, ...] = _SIZES,
    boxes: int = 2000,
    starts_per_box: int = 25,
    level: float = 0.95,
    by: Partition | None = None,
    budget: Budget | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> BasinEntropy:
    """Return the basin entropy of the sets of starts that meet different fates.

    Parameters
    ----------
    F : Map or callable
        As for `boundary_dimension`: a map, or a function from points to whole-number labels.
    box : Box
        Where it is looked at.
    sizes : tuple of float
        Sides of the small boxes as fractions of the sides of `box`, falling.
    boxes : int
        How many small boxes of each size are drawn at random.
    starts_per_box : int
        At least 2; the entropy is that of the labels of so many random starts.
    level : float
        Confidence level between 0 and 1.
    by : Partition, optional
        What is told apart under a map: fates, by default, or limits.
    budget : Budget, optional
        Caps and tolerances of the simulation.
    rng : int, Generator or SeedSequence, optional
        From which everything random follows; the result records a number that repeats it.
    executor : concurrent.futures.Executor, optional
        Who computes; the result does not depend on it, to the last bit.
    progress : callable, optional
        Called as ``progress(done, total)``.
    checkpoint : str or path, optional
        A file that keeps what is computed, made where it does not exist; the same call with the
        same file computes only what is missing.

    Returns
    -------
    BasinEntropy
        Graded STATISTICAL. Its `fractal` applies the log 2 criterion, a sufficient one only.

    Raises
    ------
    InvalidInput
        For something else than a box, one of the wrong dimension, a checkpoint of another run,
        and wrong types.

    Notes
    -----
    In a small box a share p_i of the starts has the label i, and S = -Σ p_i log p_i. The basin
    entropy S_b is the mean of S over all boxes, the boundary basin entropy S_bb that over those
    with more than one label. From few starts a box S comes out too small on average, never too
    large, so the criterion S_bb > log 2 errs to the safe side. S_b falls like size^α, α = d - D.

    The boxes are independent: the interval of S_bb is Student's for the mean over the mixed ones,
    and that of S_b multiplies it with the Clopper-Pearson interval of their share, each at half the
    error. Undecided starts are left out, and the limits hold whatever their labels are.

    References
    ----------
    Daza, Wagemakers, Georgeot, Guéry-Odelin and Sanjuán (2016), ``daza2016basin``.

    Examples
    --------
    >>> def halves(points):
    ...     return points[:, 0] > 0.3
    >>> smooth = basin_entropy(halves, Box([-1, -1], [1, 1]), rng=0)
    >>> smooth.boundary_entropy < 0.6931, smooth.fractal
    (True, <Outcome.UNDECIDED: 'undecided'>)
    """
    falling = checked_scales(sizes, "sizes", least=1)
    number = positive_count(boxes, "boxes")
    each = positive_count(starts_per_box, "starts_per_box")
    if each < 2:
        raise InvalidInput("starts_per_box", each, "at least 2", "one start is never mixed")
    level = checked_level(level)
    settings = {"sizes": falling, "boxes": number, "starts_per_box": each}
    tables = []
    with asked(
        "basin_entropy",
        F,
        box,
        settings,
        by=by,
        budget=budget,
        rng=rng,
        executor=executor,
        progress=progress,
        checkpoint=checkpoint,
    ) as question:
        inside = question.box()
        for k, size in enumerate(falling):
            tables.append(_labels(question, inside, k, size, number, each))
            question.work.tell(k + 1, len(falling))
    kinds = np.unique(np.concatenate([table.ravel() for table in tables]))
    seen = tuple(int(kind) for kind in kinds if kind != OPEN)
    entropies = [_entropies(table, seen) for table in tables]
    points, law = _read(entropies, falling, each, level, len(seen))
    return BasinEntropy(
        labels=question.labels,
        region=inside,
        points=points,
        law=law,
        level=level,
        seen=seen,
        starts_per_box=each,
        starts=number * each * len(falling),
        undecided=sum(int(np.count_nonzero(table == OPEN)) for table in tables),
        seed=question.seed,
        evidence=Evidence(
            grade=Grade.STATISTICAL,
            reason=f"{number} independent boxes of each size; Student's interval for the mixed "
            "ones, Clopper-Pearson for their share; undecided starts at both extremes",
            sources=("daza2016basin", "clopper1934use"),
        ),
    )


@dataclass(frozen=True)
class _Piece:
    labels: Labels
    box: Box
    size: float
    seed: int
    place: tuple[int, int]
    boxes: int
    each: int


def _labels(
    question: BoundaryQuestion, box: Box, k: int, size: float, number: int, each: int
) -> Codes:
    """Return the labels in the boxes of one size, one row a box."""
    pieces = (
        _Piece(question.labels, box, size, question.seed, (k, j), rows.stop - rows.start, each)
        for j, rows in enumerate(row_slices(number, max(1, _ROWS // each)))
    )
    return np.concatenate(
        [np.asarray(answer) for answer in question.work.answers(_labelled, pieces)]
    )


def _labelled(piece: _Piece) -> Codes:
    rng = stream(piece.seed, _BOXES_STREAM, *piece.place)
    low, sides = np.asarray(piece.box.low), np.subtract(piece.box.high, piece.box.low)
    corners = rng.random((piece.boxes, 1, len(low))) * (1.0 - piece.size)
    within = rng.random((piece.boxes, piece.each, len(low))) * piece.size
    points = (low + (corners + within) * sides).reshape(-1, len(low))
    return piece.labels.of(points).reshape(piece.boxes, piece.each)


@dataclass(frozen=True)
class _Entropies:
    """The entropy of each box: of what is decided, and at least and at most of all."""

    middle: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]


def _entropies(table: Codes, seen: tuple[int, ...]) -> _Entropies:
    kinds = max(2, len(seen))  # an undecided start may have the other label
    counts = np.zeros((len(table), kinds))
    for column, label in enumerate(seen):
        counts[:, column] = np.count_nonzero(table == label, axis=1)
    left = np.count_nonzero(table == OPEN, axis=1)
    rows = np.arange(len(table))
    # Entropy is least where all open starts join the largest set, and greatest where each joins
    # the smallest one, by concavity.
    least, most = counts.copy(), counts.copy()
    least[rows, counts.argmax(axis=1)] += left
    for turn in range(int(left.max(initial=0))):
        going = np.flatnonzero(left > turn)
        most[going, most[going].argmin(axis=1)] += 1
    return _Entropies(*(_entropy(each) for each in (counts, least, most)))


def _entropy(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import entr

    total = np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return np.asarray(entr(counts / total).sum(axis=1))


def _read(
    tables: list[_Entropies], sizes: tuple[float, ...], each: int, level: float, kinds: int
) -> tuple[tuple[EntropyPoint, ...], PowerLaw | None]:
    bare = [_point(table, size, each, level) for table, size in zip(tables, sizes, strict=True)]
    mean = np.array([point.entropy for point in bare])
    enough = np.array([point.mixed >= _FEWEST_MIXED for point in bare])
    calm = mean <= _SATURATED * math.log(max(2, kinds))
    positive = np.maximum(mean, _TINY)
    chance = [table.middle.var() / len(table.middle) for table in tables]
    readings = Readings(
        x=np.log(sizes),
        y=np.log(positive),
        covariance=np.diag(chance / positive**2),
        low=np.log(np.maximum([table.least.mean() for table in tables], _TINY)),
        high=np.log(np.maximum([table.most.mean() for table in tables], _TINY)),
    )
    law, fitted = windowed(readings, enough & calm)
    points = []
    for k, point in enumerate(bare):
        use = PointUse.FITTED if fitted[k] else PointUse.BENT
        use = PointUse.SATURATED if not calm[k] else use
        use = PointUse.TOO_FEW if not enough[k] else use
        points.append(replace(point, use=use))
    return tuple(points), law


def _point(table: _Entropies, size: float, each: int, level: float) -> EntropyPoint:
    number = len(table.middle)
    mixed, perhaps = table.middle > 0, table.most > 0
    half = 0.5 * (1.0 + level)
    share = interval(int(mixed.sum()), int((perhaps & ~mixed).sum()), number, level=half)
    low, high = _boundary(table, mixed, perhaps, each, level)
    lower, higher = _boundary(table, mixed, perhaps, each, half)
    top = float(table.most.max(initial=0.0)) or math.log(2.0)
    return EntropyPoint(
        size=size,
        boxes=number,
        mixed=int(mixed.sum()),
        entropy=float(table.middle.mean()),
        low=share[0] * (max(0.0, lower) if math.isfinite(lower) else 0.0),
        high=share[1] * (higher if math.isfinite(higher) else top),
        boundary=float(table.middle[mixed].mean()) if mixed.any() else math.nan,
        boundary_low=low,
        boundary_high=high,
        use=PointUse.FITTED,
    )


def _boundary(
    table: _Entropies, mixed: Chosen, perhaps: Chosen, each: int, level: float
) -> tuple[float, float]:
    """Return the limits of the mean entropy of mixed boxes, whatever the open starts are."""
    # A box that is mixed only if an open start differs may have as little as one such start.
    smallest = float(_entropy(np.array([[1.0, each - 1.0]]))[0])
    few = np.full(int((perhaps & ~mixed).sum()), smallest)
    surely = table.least[mixed]
    low = _student(surely, level)[0], _student(np.concatenate([surely, few]), level)[0]
    high = _student(table.most[mixed], level)[1], _student(table.most[perhaps], level)[1]
    return float(np.min(low)), float(np.max(high))


def _student(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    """Return Student's interval of the mean, NaN for fewer than two values."""
    from scipy.stats import sem, t

    if len(values) < 2:
        return math.nan, math.nan
    reach = float(t.ppf(0.5 * (1.0 + level), len(values) - 1) * sem(values))
    return float(values.mean() - reach), float(values.mean() + reach)

"""The uncertainty exponent: how often a small error in the start changes its label."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...regions import Ball, Box, Gaussian, Region, positive_count
from ..binomial import checked_level, lower_limit, upper_limit
from .dimension import BoundaryDimension, ScalePoint
from .labels import OPEN, Labels
from .power_law import PointUse, PowerLaw, Readings, windowed
from .question import BoundaryMethod, BoundaryQuestion, stream

__all__ = ["UncertaintyExponent", "checked_scales"]

_FIRST, _LARGEST = 2**11, 2**14  # pairs of one piece of work
_FEWEST_EVENTS = 50
_SATURATED = 0.3  # of the share of independent pairs
_PAIRS_STREAM = 1
_SPREAD_ROWS = 4096


@dataclass(frozen=True)
class UncertaintyExponent(BoundaryMethod):
    """Pairs of starts at a small distance in a random direction, and how often labels differ.

    Parameters
    ----------
    scales : tuple of float
        The distances, falling, as fractions of the region: of each side of a box, the diameter of
        a ball, each standard deviation of a Gaussian.
    events : int
        At each distance, pairs are drawn until so many differ.
    pairs : int
        Most pairs in all. Distances for which the rest will not do are left out.
    level : float
        Confidence level between 0 and 1.

    Notes
    -----
    The share f(ε) of such pairs falls like ε^α, where D = d - α is the dimension of the boundary in
    d dimensions: α = 1 for a smooth one. The exponent is that of a fit over the stated
    window: distances with fewer than 50 differing pairs are left out, those at which f is more than
    0.3 of its value for independent pairs, and the coarsest ones while a parabola fits better by
    more than 1.5 standard errors. The standard error holds the scatter of the points about the
    line, where it is more than chance. Undecided pairs are left out of f, and the interval is
    widened by what they could change at most.

    References
    ----------
    McDonald, Grebogi, Ott and Yorke (1985), ``mcdonald1985fractal``.

    Examples
    --------
    >>> UncertaintyExponent(events=200).events
    200
    """

    scales: tuple[float, ...] = tuple(2.0**-k for k in range(4, 17))
    events: int = 500
    pairs: int = 2**21
    level: float = 0.95

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", checked_scales(self.scales, "scales", least=3))
        object.__setattr__(self, "events", positive_count(self.events, "events"))
        if self.events < _FEWEST_EVENTS:
            raise InvalidInput("events", self.events, f"at least {_FEWEST_EVENTS}")
        object.__setattr__(self, "pairs", positive_count(self.pairs, "pairs"))
        object.__setattr__(self, "level", checked_level(self.level))

    def describe(self) -> str:
        return f"uncertainty exponent, {self.events} events at each distance"

    def answer(self, question: BoundaryQuestion) -> BoundaryDimension:
        """Return the dimension, graded STATISTICAL."""
        seen: list[_Count] = []
        left = self.pairs
        for k, scale in enumerate(self.scales):
            if _expected(seen) > left:
                break
            seen.append(_counted(question, k, scale, self.events, left))
            left -= seen[-1].computed
            question.work.tell(self.pairs - left, self.pairs)
        points, law = _read(self, seen)
        return BoundaryDimension(
            labels=question.labels,
            region=question.region,
            method=self,
            points=points,
            law=law,
            level=self.level,
            dimensions=int(np.count_nonzero(_spread(question.region))),
            starts=2 * (self.pairs - left),
            undecided=sum(count.undecided for count in seen),
            seed=question.seed,
            evidence=Evidence(
                grade=Grade.STATISTICAL,
                reason=f"independent pairs, until {self.events} differ at each distance; "
                "fit in the window, lack of fit in the error, undecided pairs at both "
                "extremes; a power law is assumed to go on below the window",
                sources=("mcdonald1985fractal", "clopper1934use"),
            ),
        )


@dataclass(frozen=True)
class _Pairs:
    """One piece of the pairs at one distance: what it holds follows from these numbers alone."""

    labels: Labels
    region: Region
    seed: int
    place: tuple[int, int]
    n: int
    reach: tuple[float, ...]


@dataclass(frozen=True)
class _Count:
    """Of `n` pairs `differ` have different labels and `undecided` may; `stopped` at the last one.

    `computed` pairs were labelled, and `apart` of independent pairs have different labels.
    """

    scale: float
    n: int
    differ: int
    undecided: int
    stopped: bool
    computed: int
    apart: float

    @property
    def share(self) -> float:
        return self.differ / max(1, self.n - self.undecided)

    def interval(self, level: float) -> tuple[float, float]:
        """Return the exact limits; a count that ended with an event leaves this event out above."""
        each, last = 0.5 * (1.0 + level), int(self.stopped and self.n > 1)
        high = upper_limit(self.differ + self.undecided - last, self.n - last, level=each)
        return lower_limit(self.differ, self.n, level=each), high


def _counted(question: BoundaryQuestion, k: int, scale: float, events: int, most: int) -> _Count:
    reach = tuple(float(s) for s in scale * _spread(question.region))
    pieces = (
        _Pairs(question.labels, question.region, question.seed, (k, j), size, reach)
        for j, size in enumerate(_sizes(most))
    )
    n = differ = undecided = computed = 0
    apart = 1.0
    answers = question.work.answers(_compared, pieces)
    for size, answer in zip(_sizes(most), answers, strict=False):
        computed += size
        apart = float(answer["apart"]) if n == 0 else apart
        hits, open_ones = np.asarray(answer["differ"]), np.asarray(answer["undecided"])
        wanted = events - differ
        if len(hits) >= wanted:
            last = int(hits[wanted - 1]) + 1
            undecided += int(np.count_nonzero(open_ones < last))
            return _Count(scale, n + last, events, undecided, True, computed, apart)
        n, differ, undecided = n + size, differ + len(hits), undecided + len(open_ones)
    return _Count(scale, n, differ, undecided, False, computed, apart)


def _sizes(most: int) -> Iterator[int]:
    """Yield the sizes of the pieces: small ones first, where few pairs may do."""
    left, size = most, _FIRST
    while left > 0:
        yield min(size, left)
        left -= size
        size = min(2 * size, _LARGEST)


def _compared(piece: _Pairs) -> dict[str, Any]:
    rng = stream(piece.seed, _PAIRS_STREAM, *piece.place)
    here = piece.region.sample(piece.n, rng=rng)
    direction = rng.standard_normal(here.shape)
    moves = np.asarray(piece.reach) > 0
    direction[:, ~moves] = 0.0
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    labels = piece.labels.of(np.concatenate([here, here + direction * np.asarray(piece.reach)]))
    first, second = labels[: piece.n], labels[piece.n :]
    unknown = (first == OPEN) | (second == OPEN)
    shares = np.unique(first[first != OPEN], return_counts=True)[1] / piece.n
    return {
        "differ": np.flatnonzero(~unknown & (first != second)),
        "undecided": np.flatnonzero(unknown),
        "apart": float(1.0 - np.sum(shares**2)),
    }


def _expected(seen: list[_Count]) -> float:
    """Return how many pairs the next distance will need, growing as they did so far."""
    if not seen:
        return 0.0
    growth = seen[-1].n / seen[-2].n if len(seen) > 1 else 1.0
    return seen[-1].n * growth if seen[-1].stopped else math.inf


def _read(
    method: UncertaintyExponent, seen: list[_Count]
) -> tuple[tuple[ScalePoint, ...], PowerLaw | None]:
    """Return the points with the part they play, and the fit."""
    enough = np.array([count.differ >= _FEWEST_EVENTS for count in seen])
    calm = np.array([count.share <= _SATURATED * seen[0].apart for count in seen])
    allowed = enough & calm
    y = np.log([max(count.share, 1e-100) for count in seen])
    low = np.log([max(count.differ, 1e-100) / count.n for count in seen])
    high = np.log([max(count.differ + count.undecided, 1e-100) / count.n for count in seen])
    chance = [(1.0 - count.share) / max(1, count.differ) for count in seen]
    readings = Readings(
        x=np.log([count.scale for count in seen]),
        y=y,
        covariance=np.diag(chance),
        low=low,
        high=high,
    )
    law, fitted = windowed(readings, allowed)
    points = []
    for count, ample, quiet, used in zip(seen, enough, calm, fitted, strict=True):
        use = PointUse.FITTED if used else PointUse.BENT
        use = PointUse.SATURATED if not quiet else use
        use = PointUse.TOO_FEW if not ample else use
        lowest, highest = count.interval(method.level)
        points.append(
            ScalePoint(
                scale=count.scale,
                share=count.share,
                low=lowest,
                high=highest,
                events=count.differ,
                total=count.n,
                undecided=count.undecided,
                use=use,
            )
        )
    return tuple(points), law


def _spread(region: Region) -> NDArray[np.float64]:
    """Return the unit of the distances along each axis, zero where a coordinate is fixed."""
    if isinstance(region, Box):
        return np.subtract(region.high, region.low)
    if isinstance(region, Ball):
        return np.full(region.dimension, 2.0 * region.radius)
    if isinstance(region, Gaussian):
        return np.asarray(region.scale)
    return np.asarray(region.sample(_SPREAD_ROWS, rng=0).std(axis=0))


def checked_scales(scales: Any, argument: str, *, least: int) -> tuple[float, ...]:
    """Return fractions of the region, from the coarsest to the finest, or refuse them."""
    expected = f"a list of falling fractions between 0 and 1, at least {least}"
    try:
        found = tuple(float(scale) for scale in scales)
    except (TypeError, ValueError):
        raise InvalidInput(argument, scales, expected) from None
    falling = all(a > b for a, b in pairwise(found))
    if len(found) < least or not falling or not 0 < found[-1] <= found[0] < 1:
        raise InvalidInput(argument, scales, expected)
    return found

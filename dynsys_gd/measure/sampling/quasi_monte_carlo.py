"""Measuring by starts that fill the region more evenly than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

import numpy as np

from ...engine.starts.directions import MOST_DIMENSIONS
from ...engine.starts.nets import quality
from ...ensembles.starts import sobol_nets
from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...regions import positive_count
from ..binomial import checked_level
from ..estimate import Estimate
from ..question import MeasureMethod, MeasureQuestion
from ..survival import Survival
from ..target import Target
from .replicated import Replicated, gain_bound
from .tallies import how_counted, labelled, pieces

__all__ = ["QuasiMonteCarlo", "grid_shape", "net_size"]

_FEWEST = 16  # starts of a replicate

#: What replicates may hide is the gain of a net times some points; with this bound it stays
#: below half of the error of independent draws.
_LARGEST_GAIN = 0.1  # times √n
_GAIN_OF_THE_PLANE = 2.0


@dataclass(frozen=True)
class QuasiMonteCarlo(MeasureMethod):
    """Scrambled Sobol points, several scramblings for the error.

    Parameters
    ----------
    n : int
        Number of starts, not exceeded: nets have a power of two of points, and cells of a grid
        are whole.
    replicates : int
        Independent scramblings, from 2 to 64; few large ones are more precise than many small.
    level : float
        Confidence level between 0 and 1.

    Raises
    ------
    InvalidInput
        When used: for a law whose coordinates are not independent, or that has more than 101
        random ones, and for fewer than 16 starts a replicate.

    Notes
    -----
    The error of a share falls like n^(-1/2-1/(2d)) where the boundary of the set is smooth: in
    the plane like n^-3/4. The region is cut by quantiles into a grid of cells, and each cell holds
    small nets, independent of each other. Against one large net nothing is lost in that rate, and
    the error becomes a sum over many independent cells, for which normal theory is good with few
    replicates. The interval (`Replicated`) allows for what agreeing replicates may hide, by the
    known bound on the variance of scrambled nets.

    A law must have independent coordinates with quantile functions; fixed ones are left out. With
    more than about three random coordinates little is gained over `MonteCarlo`, whose interval is
    exact.

    References
    ----------
    [sobol1967distribution]; Owen (2003), ``owen2003variance``; Pan and Owen (2023),
    ``pan2023nonzero``.

    Examples
    --------
    >>> QuasiMonteCarlo(n=500_000)
    QuasiMonteCarlo(n=500000, replicates=3, level=0.95)
    """

    n: int = 100_000
    replicates: int = 3
    level: float = 0.95

    events: ClassVar[tuple[type, ...]] = (Target, Survival)

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", positive_count(self.n, "n"))
        replicates = positive_count(self.replicates, "replicates")
        if not 2 <= replicates <= 64:
            raise InvalidInput("replicates", replicates, "a whole number from 2 to 64")
        object.__setattr__(self, "replicates", replicates)
        if self.n < _FEWEST * replicates:
            raise InvalidInput("n", self.n, f"at least {_FEWEST * replicates} starts")
        object.__setattr__(self, "level", checked_level(self.level))

    def answer(self, question: MeasureQuestion) -> Estimate:
        """Return the estimate, graded STATISTICAL."""
        began = perf_counter()
        d = len(question.region.random_coordinates)
        if d > MOST_DIMENSIONS:
            expected = f"a law with at most {MOST_DIMENSIONS} random coordinates"
            raise InvalidInput("region", f"{d} of them", expected, "take MonteCarlo")
        each = self.n // self.replicates
        m = net_size(d, each)
        shape = grid_shape(d, each >> m)
        starts = sobol_nets(question.region, shape, m, self.replicates, rng=question.seed)
        labels = labelled(question, pieces(question, starts), starts.n)
        by_net = (self.replicates, math.prod(shape), 1 << m)
        counts = [
            np.count_nonzero(which.reshape(by_net), axis=2).astype(np.int64)
            for which in (labels.hits, labels.possible)
        ]
        gain = gain_bound(quality(d), d, 1 << m)
        return Estimate(
            map=question.F,
            region=question.region,
            target=question.to,
            reading=Replicated(counts[0], counts[1], points=1 << m, gain=gain),
            level=self.level,
            seed=question.seed,
            budget=question.budget,
            map_steps=labels.steps,
            evidence=Evidence(
                grade=Grade.STATISTICAL,
                reason=f"{self.replicates} independently scrambled sets of Sobol points, "
                f"Student's interval at {100 * self.level:g} % widened by what agreeing ones "
                "may hide, " + how_counted(question.to, labels.ends),
                sources=(
                    "sobol1967distribution",
                    "matousek1998discrepancy",
                    "satterthwaite1946approximate",
                    "pan2023nonzero",
                ),
            ),
            seconds=perf_counter() - began,
        )


def net_size(dimension: int, n: int) -> int:
    """Return m such that `n` points in all are best cut into nets of 2^m.

    Nets of √n points leave √n cells. In more than two dimensions, where the bound on the gain of
    nets grows, they are kept smaller; nets of one point are a stratified sample.

    Examples
    --------
    >>> net_size(2, 125_000), net_size(6, 125_000), net_size(6, 400)
    (8, 5, 1)
    """
    m = (n.bit_length() - 1) // 2
    most = max(_GAIN_OF_THE_PLANE, _LARGEST_GAIN * math.sqrt(n))
    while gain_bound(quality(dimension), dimension, 1 << m) > most:
        m -= 1
    return m


def grid_shape(dimension: int, cells: int) -> tuple[int, ...]:
    """Return the shape of a grid of nearly so many cells, not more, its sides nearly equal.

    Examples
    --------
    >>> grid_shape(2, 240), grid_shape(3, 30), grid_shape(10, 9)
    ((16, 15), (3, 3, 3), (2, 2, 2, 1, 1, 1, 1, 1, 1, 1))
    """
    shape = []
    left = cells
    for axis in range(dimension):
        side = max(1, round(left ** (1.0 / (dimension - axis)) + 1e-9))
        if side == 1 and left > 1:
            side = 2
        while side > 1 and side > left:
            side -= 1
        shape.append(side)
        left //= side
    return tuple(sorted(shape, reverse=True))

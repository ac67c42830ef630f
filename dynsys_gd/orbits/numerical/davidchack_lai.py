"""Long orbits from shorter ones: the semi-implicit scheme of Davidchack and Lai."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.eigen import pseudo_solution
from ...regions import positive_count
from ..orbit_set import OrbitSet
from ..question import OrbitMethod, OrbitQuestion, undecided
from .findings import Findings
from .newton_search import searched, too_long
from .return_map import repeated, return_map, signed_permutations
from .seeds import opened, positive_number
from .starts import settled_starts, stretches
from .systems import system_of
from .task import Task

__all__ = ["DavidchackLai"]

Array = NDArray[np.float64]

_SETTLED = 1e-7  # of the scale: Newton's method ends the approach
_POLISH = 20
_ROWS = 40_000  # at once


@dataclass(frozen=True, kw_only=True)
class DavidchackLai(OrbitMethod):
    """Find orbits of one period from points of orbits of the next ones; never known complete.

    Parameters
    ----------
    starts : int or array_like of shape (n, d)
        How many points of the region are seeds as well, or such points themselves.
    damping : float
        β > 0: how strongly a step is held back where F^p(x) - x is large.
    steps : int
        Steps after which a seed is given up.
    seeds : int
        At most so many points of orbits are taken as seeds, evenly spread over all of them.
    modulo : tuple of float or None, optional
        Period of each coordinate of the state; see `NewtonSearch`.

    Raises
    ------
    InvalidInput
        As for `NewtonSearch`, and for maps of more than 4 coordinates.

    Notes
    -----
    With g(x) = F^p(x) - x the step is x' = x + [β |g(x)| C - Dg(x)]⁻¹ g(x), for every matrix C
    with one entry ±1 in each row and column: a stabilising transformation far from orbits, Newton's
    method close to them [davidchack1999efficient]_. Orbits of the periods 1, 2, …, p are found one
    after the other, each from the points of the one before; then those of period p + 1, from which
    period p is searched a second time. On chaotic attractors the points of orbits of one period lie
    close to those of the next.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, DavidchackLai, SymbolicMap, periodic_orbits
    >>> F = SymbolicMap([4 * x * (1 - x)], [x])
    >>> len(periodic_orbits(F, Box([0], [1]), period=6, method=DavidchackLai()))
    9
    """

    starts: Any = 50
    damping: float = 4.0
    steps: int = 100
    seeds: int = 4_000
    modulo: Sequence[float | None] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", settled_starts(self.starts))
        positive_count(self.steps, "steps")
        positive_count(self.seeds, "seeds")
        positive_number(self.damping, "damping")

    def answer(self, question: OrbitQuestion) -> OrbitSet:
        task, given, wanted = opened(question, self.starts, self.modulo)
        if given is None:
            return undecided(question, too_long(task))
        last = np.empty((0, task.dimension))
        elsewhere = 0  # starts of searches for other periods
        farthest = 1
        periods = [*range(1, task.period + 2), task.period]
        for period in periods:
            part = replace(task, period=period)
            here = wanted if period == task.period else Findings.none(system_of(part, False))
            farthest = max(farthest, period)
            told = _counting_from(question, elsewhere + (0 if here is wanted else wanted.tried))
            self._search(here, part, np.concatenate([given, self._spread(last)]), told)
            elsewhere += 0 if here is wanted else here.tried
            if len(here.orbits):
                last = here.orbits.reshape(-1, task.dimension)
            if task.out_of_time():
                wanted.finished = False
                break
        wanted.notes.append(f"seeds from orbits of the periods up to {farthest}")
        sources = ("davidchack1999efficient", "chao1984nonparametric")
        return wanted.answer(question, "the semi-implicit stabilised scheme", sources)

    def _spread(self, points: Array) -> Array:
        if len(points) <= self.seeds:
            return points
        return points[np.linspace(0, len(points) - 1, self.seeds).astype(np.int64)]

    def _search(
        self, findings: Findings, task: Task, seeds: Array, question: OrbitQuestion
    ) -> None:
        matrices = signed_permutations(task.dimension)
        size = max(1, _ROWS // (len(matrices) * task.period))
        for first in range(0, len(seeds), size):
            if task.out_of_time():
                findings.finished = False
                return
            runs = repeated(seeds[first : first + size], matrices)
            settled = self._settled(task, *runs)
            searched(findings, stretches(task, settled), _POLISH, question, runs=len(runs[0]))

    def _settled(self, task: Task, points: Array, matrices: Array) -> Array:
        """Return where the scheme has come to rest."""
        at_rest: list[Array] = []
        for _ in range(self.steps):
            if not len(points) or task.out_of_time():
                break
            away, slope = return_map(task, points)
            with np.errstate(all="ignore"):
                rest = np.abs(away).max(axis=1) <= _SETTLED * task.scale
                at_rest.append(points[rest])
                length = np.sqrt((away**2).sum(axis=1))
                going = ~rest & np.isfinite(slope).all(axis=(1, 2)) & np.isfinite(length)
                held = self.damping * length[going, None, None] * matrices[going] - slope[going]
                step = pseudo_solution(held, away[going], cut=1e-14, symmetric=False)
                points = task.reduced(points[going] + step)
                matrices = matrices[going]
            near = task.near(points)
            points, matrices = points[near], matrices[near]
        return np.concatenate(at_rest) if at_rest else np.empty((0, task.dimension))


def _counting_from(question: OrbitQuestion, before: int) -> OrbitQuestion:
    """Return the question with progress that counts on from earlier searches."""
    progress = question.progress
    if progress is None:
        return question
    return replace(question, progress=lambda done, known: progress(before + done, before + known))

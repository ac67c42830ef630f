"""Orbits made stable: the transformations of Schmelcher and Diakonos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...regions import positive_count
from ..orbit_set import OrbitSet
from ..question import OrbitMethod, OrbitQuestion, undecided
from .newton_search import searched, too_long
from .return_map import (
    repeated,
    return_map,
    signed_permutations,
    turned_by,
)
from .seeds import opened, positive_number
from .starts import settled_starts, stretches
from .task import Task

__all__ = ["SchmelcherDiakonos"]

Array = NDArray[np.float64]

_SETTLED = 1e-3  # of the scale: Newton's method ends the approach
_POLISH = 20
_ROWS = 40_000  # at once


@dataclass(frozen=True, kw_only=True)
class SchmelcherDiakonos(OrbitMethod):
    """Find orbits as stable fixed points of transformed maps; never known complete.

    Parameters
    ----------
    starts : int or array_like of shape (n, d)
        How many points are drawn from the region, or points to start from. Each is followed under
        every transformation.
    strength : float
        λ in (0, 1): how much of F^p(x) - x a step takes. Smaller is slower and surer.
    steps : int
        Steps of each transformed map.
    modulo : tuple of float or None, optional
        Period of each coordinate of the state; see `NewtonSearch`.

    Raises
    ------
    InvalidInput
        As for `NewtonSearch`, and for maps of more than 4 coordinates.

    Notes
    -----
    x' = x + λ C (F^p(x) - x) has the fixed points of F^p; for each hyperbolic one some matrix C
    with one entry ±1 in each row and column makes it stable when λ is small
    [schmelcher1997detecting]_. All 2^d d! matrices are used. Here λ is divided by
    1 + |DF^p(x)|: a change of time along the same curves, which spares choosing λ for each
    period. What has settled is completed by Newton's method on the whole orbit. Steps needed grow
    like the largest multiplier: a method for low periods.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, SchmelcherDiakonos, SymbolicMap, periodic_orbits
    >>> F = SymbolicMap([4 * x * (1 - x)], [x])
    >>> len(periodic_orbits(F, Box([0], [1]), period=4, method=SchmelcherDiakonos()))
    3
    """

    starts: Any = 100
    strength: float = 0.3
    steps: int = 1_000
    modulo: Sequence[float | None] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", settled_starts(self.starts))
        positive_count(self.steps, "steps")
        positive_number(self.strength, "strength", below=1.0)

    def answer(self, question: OrbitQuestion) -> OrbitSet:
        task, given, findings = opened(question, self.starts, self.modulo)
        if given is None:
            return undecided(question, too_long(task))
        matrices = signed_permutations(task.dimension)
        size = max(1, _ROWS // (len(matrices) * task.period))
        for first in range(0, len(given), size):
            if task.out_of_time():
                findings.finished = False
                break
            runs = repeated(given[first : first + size], matrices)
            settled = self._settled(task, *runs)
            searched(findings, stretches(task, settled), _POLISH, question, runs=len(runs[0]))
        findings.notes.append(f"each point was followed under {len(matrices)} transformations")
        sources = ("schmelcher1997detecting", "chao1984nonparametric")
        return findings.answer(question, "stabilising transformations", sources)

    def _settled(self, task: Task, points: Array, matrices: Array) -> Array:
        """Return where the transformed maps have come to rest."""
        at_rest: list[Array] = []
        for _ in range(self.steps):
            if not len(points) or task.out_of_time():
                break
            away, derivative = return_map(task, points)
            with np.errstate(all="ignore"):
                rest = np.abs(away).max(axis=1) <= _SETTLED * task.scale
                at_rest.append(points[rest])
                size = np.sqrt((derivative**2).sum(axis=(1, 2)))
                going = ~rest & np.isfinite(size) & np.isfinite(away).all(axis=1)
                step = turned_by(matrices, away) * (self.strength / (1.0 + size))[:, None]
                points = task.reduced((points + step)[going])
                matrices = matrices[going]
            near = task.near(points)
            points, matrices = points[near], matrices[near]
        return np.concatenate(at_rest) if at_rest else np.empty((0, task.dimension))

"""Orbits by Newton's method from many starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.kernel import TapeKernel
from ...errors import InvalidInput
from ...regions import generator_of, positive_count
from ..orbit_set import OrbitSet
from ..question import OrbitMethod, OrbitQuestion, undecided
from .findings import Findings
from .newton import solved
from .starts import checked_starts, drawn_orbits, settled_starts, stretches
from .systems import GradientSystem, System, system_of
from .task import LONGEST, Task, task_of

__all__ = ["LinearSolver", "NewtonSearch", "known_orbits", "searched", "too_long"]

Array = NDArray[np.float64]

_DIRECT_UP_TO = 300  # coordinates
_MOST_STARTS = 1_000
_FEWEST_STARTS = {False: 32, True: 16}  # by whether derivatives are known along directions only
_WORK = 3e7  # operations in one step of Newton's method for all starts, which sets their number
_MOST_ENTRIES = 4_000_000  # of Jacobians held at once
_DIRECT_SOURCES = ("deuflhard2004newton", "wright1992stable")
_KRYLOV_SOURCES = ("knoll2004jacobian", "saad1986gmres")


class LinearSolver(Enum):
    """How the linear equations of a Newton step are solved.

    DIRECT: from Jacobians, by orthogonal elimination around the orbit. KRYLOV: from products with
    directions only, by GMRES; Jacobians are never formed.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Ball, GradientDescent, Loss, fixed_points
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")
    >>> method = NewtonSearch(solver=LinearSolver.KRYLOV)
    >>> [float(o.points[0, 0].round(9)) for o in fixed_points(F, Ball([0], 2), method=method)]
    [-1.0, 0.0, 1.0]
    """

    DIRECT = "direct"
    KRYLOV = "Krylov"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class NewtonSearch(OrbitMethod):
    """Find orbits of any smooth map by Newton's method from many starts; never known complete.

    Parameters
    ----------
    starts : int, array_like of shape (n, d) or (n, p, d), or None
        How many starts are drawn in a round, or states to start from; points of a loss start at
        rest. By default 1000, fewer where a step costs much.
    rounds : int
        At most so many rounds of drawn starts; the search ends with a round after which no orbit
        was met only once.
    steps : int
        Newton steps after which a start is given up.
    modulo : tuple of float or None, optional
        Period of each coordinate of the state, None for one that is not periodic. Differences are
        taken modulo these, so that an orbit may close after whole turns.
    solver : LinearSolver, optional
        By default DIRECT up to 300 coordinates, KRYLOV beyond.

    Raises
    ------
    InvalidInput
        For starts, periods or counts that cannot be used, and, from the search, for open
        parameters and for no region where no starts are given.

    Notes
    -----
    The unknown is the whole orbit: x_(k+1) - F(x_k) = 0 around it (multiple shooting), so that
    long orbits of expanding maps are as well conditioned as short ones [deuflhard2004newton]_; the
    cost of a step is linear in the period [wright1992stable]_. For fixed points of a gradient map
    it is ∇L = 0. Starts for longer periods are points, stretches of trajectories, and stretches
    after which a trajectory nearly returns. Beyond 300 coordinates: Newton-Krylov
    [knoll2004jacobian]_ with products from the tangent map, or, where the map has no symbolic
    form and for gradients, from difference quotients.

    Solutions that are multiple, or have others next to them, are counted, not listed: on a
    manifold of minima there are as many as starts. How many orbits were
    missed is estimated from how often each was met [chao1984nonparametric]_.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, NewtonSearch, SymbolicMap, periodic_orbits
    >>> F = SymbolicMap([4 * x * (1 - x)], [x])
    >>> found = periodic_orbits(F, Box([0], [1]), period=5, method=NewtonSearch())
    >>> len(found), found.complete, found.orbits[0].multipliers.real.round(6)
    (6, False, array([-32.]))
    """

    starts: Any = None
    rounds: int = 8
    steps: int = 60
    modulo: Sequence[float | None] | None = None
    solver: LinearSolver | None = None

    def __post_init__(self) -> None:
        if self.starts is not None:
            object.__setattr__(self, "starts", settled_starts(self.starts))
        positive_count(self.rounds, "rounds")
        positive_count(self.steps, "steps")
        if self.solver is not None and not isinstance(self.solver, LinearSolver):
            raise InvalidInput("solver", self.solver, "a LinearSolver, or None")

    def answer(self, question: OrbitQuestion) -> OrbitSet:
        given = None
        if isinstance(self.starts, tuple):
            given = checked_starts(self.starts, question.F, question.period)
        task = task_of(question, self.modulo, given)
        if task.period * task.dimension > LONGEST:
            return undecided(question, too_long(task))
        krylov = self._krylov(task)
        system = system_of(task, krylov)
        findings = Findings.none(system)
        if question.continued is not None:
            findings.know(known_orbits(question.continued, task))
        if given is not None:
            rows = given if given.shape[1] == task.period else stretches(task, given[:, 0])
            searched(findings, rows, self.steps, question)
        else:
            assert question.region is not None
            count = _count(task, krylov) if self.starts is None else self.starts
            rng = _generator(question)
            for _ in range(self.rounds):
                rows = drawn_orbits(task, question.region, count, rng)
                searched(findings, rows, self.steps, question)
                if not findings.finished or not findings.once:
                    break
        if krylov:
            products = "difference quotients" if _by_differences(system) else "the tangent map"
            how = f"Newton-Krylov iteration with products from {products}"
            return findings.answer(question, how, (*_KRYLOV_SOURCES, "chao1984nonparametric"))
        sources = (*_DIRECT_SOURCES, "chao1984nonparametric")
        return findings.answer(question, "Newton's method", sources)

    def _krylov(self, task: Task) -> bool:
        if self.solver is None:
            return task.dimension > _DIRECT_UP_TO
        return self.solver is LinearSolver.KRYLOV


def searched(
    findings: Findings, rows: Array, steps: int, question: OrbitQuestion, runs: int | None = None
) -> None:
    """Run Newton's method from orbits, shape (n, p, d), and take in where it leads.

    `runs` is how many starts these orbits are left of, where not all came so far.
    """
    system = findings.system
    task = system.task
    findings.lost(0 if runs is None else runs - len(rows))
    # Rows of a Jacobian, or of a Krylov basis.
    width = 64 if system.krylov else task.dimension
    batch = max(1, _MOST_ENTRIES // (task.period * task.dimension * width))
    for first in range(0, len(rows), batch):
        if task.out_of_time():
            findings.finished = False
            return
        part = rows[first : first + batch]
        findings.add(solved(system, system.unknowns(part), steps), len(part))
        if question.progress is not None:
            question.progress(findings.tried, findings.tried + len(rows) - first - len(part))


def too_long(task: Task) -> str:
    """Say that an orbit has too many numbers."""
    return (
        f"an orbit of {task.period} points with {task.dimension} coordinates is too long for a "
        f"numerical search, which takes {LONGEST} numbers at most; simulate long trajectories"
    )


def _count(task: Task, krylov: bool) -> int:
    d = task.dimension
    work = task.period * d * (3000.0 if krylov else d**2)
    return int(np.clip(_WORK / work, _FEWEST_STARTS[krylov], _MOST_STARTS))


def known_orbits(earlier: OrbitSet, task: Task) -> Array:
    """Return the orbits of an earlier answer as far as they answer the same question."""
    shape = (task.period, task.dimension)
    fitting = [orbit.points for orbit in earlier.orbits if orbit.points.shape == shape]
    return np.array(fitting).reshape(-1, *shape)


def _generator(question: OrbitQuestion) -> np.random.Generator:
    """Return where draws come from; one that goes on does not repeat what came before."""
    before = 0 if question.continued is None else question.continued.boxes or 0
    if before and isinstance(question.rng, (int, np.integer)):
        return np.random.default_rng([int(question.rng), before])
    return generator_of(question.rng)


def _by_differences(system: System) -> bool:
    return isinstance(system, GradientSystem) or not isinstance(system.task.kernel, TapeKernel)

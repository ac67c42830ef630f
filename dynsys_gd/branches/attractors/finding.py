"""Which attractors do random starts from a region lead to, and how many lead to each?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import checked_executor, checked_progress, row_slices
from ...engine.work import Work
from ...ensembles import starts as ensembles
from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...regions import Region, positive_count, seed_of
from .attractor import Attractor
from .attractor_set import AttractorSet
from .collected import ESCAPED, UNKNOWN, collected
from .settling import SettleTask, settle

__all__ = ["Question", "asked", "attractors", "representatives"]

Array = NDArray[np.float64]

_ROWS = 128  # starts of a piece of work
_NUDGE = 1e-7  # relative to 1 + |x|
_SEEDS = 4  # states of each attractor that are starts at the next value


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """What is asked at each parameter value; checked."""

    region: Region
    n: int
    level: float
    seed: int
    budget: Budget

    def answer(
        self,
        F: Map,
        work: Work,
        known: Sequence[Attractor] = (),
        told: Callable[[int], Any] | None = None,
    ) -> AttractorSet:
        """Return the attractors of a map; those known before give starts that do not count."""
        seeds, whose = representatives(known, F.dimension)
        points = ensembles.drawn(self.region, self.n, rng=self.seed).rows()
        states = np.concatenate([ensembles.states_of(F, points), seeds])
        parts = row_slices(len(states), _ROWS)
        tasks = (SettleTask(F=F, states=states[part], budget=self.budget) for part in parts)
        answers = []
        for part, answer in zip(parts, work.answers(settle, tasks), strict=True):
            answers.append(answer)
            if told is not None:
                told(part.stop)
        joined = {name: np.concatenate([a[name] for a in answers]) for name in answers[0]}
        found = collected(F, joined, self.n, self.budget)
        where, ends = found.where[: self.n], found.where[self.n :]
        return AttractorSet(
            map=F,
            region=self.region,
            attractors=found.attractors,
            n=self.n,
            escaped=int((where == ESCAPED).sum()),
            undecided=int((where == UNKNOWN).sum()),
            seeds=tuple(ends.tolist()),
            carried=tuple(
                attractor
                for k, attractor in enumerate(known)
                if (ends[whose == k] == UNKNOWN).all()
            ),
            level=self.level,
            seed=self.seed,
            budget=self.budget,
            evidence=Evidence(
                grade=Grade.STATISTICAL,
                reason=f"{self.n} independent starts, Clopper-Pearson limits at "
                f"{100 * self.level:g} % each; attractors by finite orbits in double precision, "
                "those with few starts may be missed",
                sources=("datseris2022effortless", "clopper1934use", "benettin1980lyapunov"),
            ),
        )


def attractors(
    F: Map,
    region: Region,
    *,
    n: int = 1000,
    level: float = 0.95,
    budget: Budget | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
) -> AttractorSet:
    """Return the attractors that random starts from a region lead to, with their shares.

    Parameters
    ----------
    F : Map
        Every parameter must have a value.
    region : Box, Ball, Gaussian or Distribution
        Law of the starts.
    n : int
        How many.
    level : float
        Between 0 and 1: of the interval of each share.
    budget : Budget, optional
        Caps and tolerances, as for `simulate`.
    rng : int, Generator or SeedSequence, optional
        Where the starts come from.
    executor : concurrent.futures.Executor, optional
        Who computes; the answer does not depend on it, to the last bit.
    progress : callable, optional
        Called as ``progress(done, n)`` with numbers of starts.

    Returns
    -------
    AttractorSet
        Graded STATISTICAL.

    Raises
    ------
    InvalidInput
        For open parameters, a region of the wrong dimension, a level outside (0, 1), and wrong
        types.

    Notes
    -----
    Orbits are run and audited as `simulate` does. Limits that agree are one fixed point or cycle.
    Limits where DF^p - I has a kernel are members of families, such as the curve of minima xy = 1:
    near ones are joined where Newton's method finds members all along between them, and one piece
    of a curve counts as one attractor. Late pieces of bounded orbits lie on one set if they are as
    near to each other as states of one orbit are; sets that a longer orbit visits in turn are one
    too, and those that it leaves for good were transients, which count as undecided. That
    recurrence tells attractors apart is the idea of Datseris and Wagemakers [1]_, who use cells of
    a grid. A transient that outlasts the budget is taken for an attractor.

    Where invariant sets come in continuous families of another kind, as closed curves about an
    elliptic point or chaotic sets under a symmetry do, each start may have its own; at most 64 are
    told apart.

    Distances are compared with 1 + \\|x\\|, as by `simulate`: what lies within about a millionth
    of the origin is taken for one point. Choose units accordingly.

    References
    ----------
    .. [1] Datseris, Wagemakers (2022), Effortless estimation of basins of attraction, Chaos 32.

    Examples
    --------
    >>> from sympy.abc import x
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> well = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), "6/5")
    >>> attractors(well, Box([-1], [1]), n=100, rng=0)
    2 attractors found from 100 starts
      map: gradient descent on x**4/4 - x**2/2, step size 6/5
      starts: uniform in [-1, 1]
      cycle of period 2: ... % in [...], exponent -0.19...
      cycle of period 2: ... % in [...], exponent -0.19...
      evidence: STATISTICAL: 100 independent starts, ...
    """
    question = asked(F, region, n, level, budget, rng)
    if F.parameters:
        names = ", ".join(F.parameters)
        raise InvalidInput(
            "F", f"a map with {names} open", "every parameter to have a value",
            f"write F.at({F.parameters[0]}=...)",
        )  # fmt: skip
    checked_executor(executor)
    checked_progress(progress)
    work = Work(executor=executor, progress=progress)
    return question.answer(F, work, told=lambda done: work.tell(done, question.n))


def representatives(known: Sequence[Attractor], dimension: int) -> tuple[Array, NDArray[np.int64]]:
    """Return states next to each attractor, a few each, and whose they are.

    On the attractor itself they would stay, to the last bit, when it is no longer stable.
    """
    rng = np.random.default_rng(0)
    states, whose = [np.empty((0, dimension))], []
    for k, attractor in enumerate(known):
        m = len(attractor.points)
        rows = np.unique(np.linspace(0, m - 1, min(m, _SEEDS)).astype(int))
        points = attractor.points[rows]
        moves = rng.standard_normal(points.shape)
        states.append(points + _NUDGE * (1.0 + np.abs(points).max()) * moves)
        whose += [k] * len(rows)
    return np.concatenate(states), np.array(whose, dtype=np.int64)


def asked(F: Any, region: Any, n: Any, level: Any, budget: Any, rng: Any) -> Question:
    """Return what is asked, or refuse it."""
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    if not isinstance(region, Region):
        raise InvalidInput("region", region, "a law such as a Box, Ball or Gaussian")
    widths = sorted({F.dimension if F.loss is None else F.loss.dimension, F.dimension})
    if region.dimension not in widths:
        wide = " or ".join(map(str, widths))
        raise InvalidInput("region", f"dimension {region.dimension}", f"dimension {wide}")
    number = isinstance(level, (int, float)) and not isinstance(level, bool)
    if not number or not 0.0 < level < 1.0:
        raise InvalidInput("level", level, "a number between 0 and 1")
    if budget is not None and not isinstance(budget, Budget):
        raise InvalidInput("budget", budget, "a Budget", "for example Budget(steps=2**16)")
    return Question(
        region=region,
        n=positive_count(n, "n"),
        level=float(level),
        seed=seed_of(rng),
        budget=Budget() if budget is None else budget,
    )

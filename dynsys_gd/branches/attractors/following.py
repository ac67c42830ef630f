"""Attractors and basin shares followed along a parameter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.chunks import checked_executor, checked_progress
from ...engine.journal.checkpoint import Run, checked_checkpoint, opened
from ...engine.work import Work
from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...evidence import Evidence, Grade
from ...maps.base import Map
from ...maps.open_parameters import checked_open
from ...regions import Region, count_from_zero
from ...values import to_value
from .attractor import Attractor
from .attractor_set import AttractorSet
from .finding import Question, asked
from .history import AttractorEvent, AttractorHistory
from .kinds import AttractorChange
from .matching import Matching, matched

__all__ = ["attractor_steps", "follow_attractors"]

Array = NDArray[np.float64]

_REACH = 0.1  # of the extent of all attractors
_LEAST_REACH = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class _Course:
    F: Map
    parameter: str
    values: Array
    question: Question
    halvings: int

    def first(self, work: Work) -> Iterator[AttractorSet]:
        """Yield the attractors at the given values, each begun with those before it."""
        before: AttractorSet | None = None
        for done, value in enumerate(self.values):
            before = self.at(float(value), work, before)
            work.tell((done + 1) * self.question.n, None)
            yield before

    def at(self, value: float, work: Work, before: AttractorSet | None) -> AttractorSet:
        known = () if before is None else (*before, *before.carried)
        found = self.question.answer(self.F.at(**{self.parameter: value}), work, known)
        if before is None or not found.carried:
            return found
        # What goes on as an attractor that was found need not be carried any further.
        pairs = matched(before, found, _reach_of([before, found])).pairs
        seen = {id(known[i]) for i, _ in pairs}
        return replace(found, carried=tuple(a for a in found.carried if id(a) not in seen))

    def refined(
        self, values: list[float], sets: list[AttractorSet], work: Work
    ) -> tuple[list[float], list[AttractorSet]]:
        """Halve the brackets of events, as often as asked for."""
        for _ in range(self.halvings):
            reach = _reach_of(sets)
            more: list[tuple[float, AttractorSet]] = [(values[0], sets[0])]
            for (low, one), (high, other) in pairwise(zip(values, sets, strict=True)):
                if matched(one, other, reach).changes:
                    middle = 0.5 * (low + high)
                    added = self.at(middle, work, one)
                    # What was found here came from the value below the middle.
                    other = self.at(high, work, added)
                    more.append((middle, added))
                more.append((high, other))
                work.tell(len(more) * self.question.n, None)
            values, sets = [value for value, _ in more], [found for _, found in more]
        return values, sets


def follow_attractors(
    F: Map,
    parameter: str,
    values: Iterable[Any],
    *,
    region: Region,
    n: int = 200,
    level: float = 0.95,
    reach: float | None = None,
    halvings: int = 0,
    budget: Budget | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> AttractorHistory:
    """Return how attractors and their basin shares change with a parameter.

    Parameters
    ----------
    F : Map
        With one parameter open, for example ``GradientDescent(loss, eta)``.
    parameter : str
        Its name.
    values : iterable of numbers or text
        At least two, ascending.
    region : Box, Ball, Gaussian or Distribution
        Law of the starts, the same ones at each value.
    n : int
        How many.
    level : float
        Between 0 and 1: of the interval of each share.
    reach : float, optional
        Distance beyond which attractors at neighbouring values are not taken for the same one; a
        tenth of the extent of all attractors by default.
    halvings : int
        How often brackets of events are halved.
    budget : Budget, optional
        Caps and tolerances, as for `simulate`.
    rng : int, Generator or SeedSequence, optional
        Where the starts come from.
    executor : concurrent.futures.Executor, optional
        Who computes; the answer does not depend on it, to the last bit.
    progress : callable, optional
        Called as ``progress(starts, None)``.
    checkpoint : str or path, optional
        A file that keeps what is computed, as in `convergent_measure`.

    Returns
    -------
    AttractorHistory
        Graded STATISTICAL.

    Raises
    ------
    InvalidInput
        For a parameter that is unknown or not the only one open, values that are not ascending
        numbers, a region of the wrong dimension, a checkpoint of another run, and wrong types.

    Notes
    -----
    At each value the attractors of the value before give a few starts besides the random ones, so
    that an attractor with a small basin is not lost; these do not count for the shares. Attractors
    at neighbouring values are matched so that the sum of their distances is least [1]_; the
    distance of two sets is the larger of the mean distances of the points of one from the other,
    and counts a quarter where an orbit that began on one ended on the other. What is left over
    was born, died, split off from an attractor or merged into one, whichever its place says.

    References
    ----------
    .. [1] Datseris, Luiz Rossi, Wagemakers (2023), Framework for global stability analysis of
       dynamical systems, Chaos 33.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> history = follow_attractors(F, "eta", [0.9, 1.1, 1.3], region=Box([-1], [1]), n=40, rng=0)
    >>> for event in history.events:
    ...     print(event)
    change of period of 0, 1 to 2 in [0.9, 1.1]
    ...
    """
    course = _asked(F, parameter, values, region, n, level, halvings, budget, rng)
    given = _asked_reach(reach)
    with _at_work(course, rng, executor, progress, checkpoint) as (run, work):
        sets = list(run.first(work))
        places, sets = run.refined([float(v) for v in run.values], sets, work)
    return _history(run, places, sets, given)


def attractor_steps(
    F: Map,
    parameter: str,
    values: Iterable[Any],
    *,
    region: Region,
    n: int = 200,
    level: float = 0.95,
    budget: Budget | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Iterator[AttractorSet]:
    """Return the attractors at each value of a parameter, one by one, as soon as they are known.

    Those that `follow_attractors` matches. Stop whenever enough is seen.

    Parameters
    ----------
    F, parameter, values, region, n, level, budget, rng, executor, progress, checkpoint
        As for `follow_attractors`. A generator as `rng` moves on at the call.

    Returns
    -------
    iterator of AttractorSet

    Raises
    ------
    InvalidInput
        As `follow_attractors` does, before the first value.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> for found in attractor_steps(F, "eta", [0.9, 1.1], region=Box([-1], [1]), n=40, rng=0):
    ...     print([attractor.words for attractor in found])
    ['fixed point', 'fixed point']
    ['cycle of period 2', 'cycle of period 2']
    """
    course = _asked(F, parameter, values, region, n, level, 0, budget, rng)
    checked_executor(executor)
    checked_progress(progress)
    checked_checkpoint(checkpoint)

    def steps() -> Iterator[AttractorSet]:
        with _at_work(course, rng, executor, progress, checkpoint) as (run, work):
            yield from run.first(work)

    return steps()


def _asked(
    F: Any,
    parameter: Any,
    values: Any,
    region: Any,
    n: Any,
    level: Any,
    halvings: Any,
    budget: Any,
    rng: Any,
) -> _Course:
    question = asked(F, region, n, level, budget, rng)
    checked_open(F, [parameter])
    cuts = count_from_zero(halvings, "halvings")
    expected = "at least two numbers, ascending"
    if isinstance(values, (str, bytes, dict)) or not isinstance(values, Iterable):
        raise InvalidInput("values", values, expected, "numpy.linspace(0.9, 1.4, 51)")
    numbers = []
    for value in values:
        number = to_value(value, "values")
        if not number.is_number:
            raise InvalidInput("values", value, expected)
        numbers.append(float(number))
    grid = np.array(numbers)
    if len(grid) < 2 or not np.isfinite(grid).all() or not (np.diff(grid) > 0).all():
        raise InvalidInput("values", values, expected)
    for end in grid[[0, -1]]:
        F.at(**{parameter: float(end)}).kernel()  # refuses settings out of their range
    return _Course(F=F, parameter=parameter, values=grid, question=question, halvings=cuts)


def _asked_reach(reach: Any) -> float | None:
    if reach is None:
        return None
    number = isinstance(reach, (int, float)) and not isinstance(reach, bool)
    if not number or not np.isfinite(reach) or reach <= 0:
        raise InvalidInput("reach", reach, "a positive number")
    return float(reach)


@contextmanager
def _at_work(
    course: _Course,
    rng: Any,
    executor: Executor | None,
    progress: Callable[[int, int | None], Any] | None,
    checkpoint: str | os.PathLike[str] | None,
) -> Iterator[tuple[_Course, Work]]:
    """Give the course what computes it, and the seed of its file where none was asked for."""
    checked_executor(executor)
    checked_progress(progress)
    question = course.question
    names = ("F", "parameter", "values", "halvings")
    arguments = {name: getattr(course, name) for name in names}
    arguments |= {f.name: getattr(question, f.name) for f in fields(question) if f.name != "seed"}
    run = Run(
        name="follow_attractors",
        arguments=arguments,
        seed=question.seed,
        seed_given=rng is not None,
    )
    with opened(checkpoint, run) as journal:
        work = Work(executor=executor, progress=progress, journal=journal)
        seed = question.seed if journal is None else journal.seed
        yield replace(course, question=replace(question, seed=seed)), work


def _reach_of(sets: list[AttractorSet]) -> float:
    points = [np.stack([a.low, a.high]) for found in sets for a in found]
    if not points:
        return _LEAST_REACH
    everything = np.concatenate(points)
    size = float(np.linalg.norm(everything.max(axis=0) - everything.min(axis=0)))
    return max(_REACH * size, _LEAST_REACH)


def _history(
    course: _Course, values: list[float], sets: list[AttractorSet], reach: float | None
) -> AttractorHistory:
    near = _reach_of(sets) if reach is None else reach
    labels = [tuple(range(len(sets[0])))]
    events: list[AttractorEvent] = []
    fresh = len(sets[0])
    carried: tuple[int, ...] = ()
    for k, (before, after) in enumerate(pairwise(sets)):
        matching = matched(before, after, near)
        known, old = (*before, *before.carried), (*labels[k], *carried)
        row = [-1] * len(after)
        for i, j in matching.pairs:
            row[j] = old[i]
        for j, label in enumerate(row):
            if label < 0:
                row[j] = fresh
                fresh += 1
        carried = tuple(old[i] for i, each in enumerate(known) if each in after.carried)
        labels.append(tuple(row))
        events += _events(matching, known, after, old, row, (values[k], values[k + 1]))
    return AttractorHistory(
        map=course.F,
        parameter=course.parameter,
        region=course.question.region,
        values=np.array(values),
        sets=tuple(sets),
        labels=tuple(labels),
        events=tuple(events),
        evidence=Evidence(
            grade=Grade.STATISTICAL,
            reason=f"{course.question.n} independent starts, the same at each value; attractors by "
            f"finite orbits, matched within {near:.3g}; between the values nothing is known",
            sources=("datseris2023framework", *sets[0].evidence.sources),
        ),
    )


def _events(
    matching: Matching,
    known: Sequence[Attractor],
    after: AttractorSet,
    old: tuple[int, ...],
    new: list[int],
    interval: tuple[float, float],
) -> Iterator[AttractorEvent]:
    for change in matching.changes:
        i, j = change.before, change.after
        born = change.kind in (AttractorChange.BIRTH, AttractorChange.SPLITTING)
        label, other = (None if j is None else new[j]), (None if i is None else old[i])
        if not born:
            label, other = other, label
        assert label is not None
        yield AttractorEvent(
            change=change.kind,
            interval=interval,
            label=label,
            other=other if other != label else None,
            periods=(
                0 if i is None else known[i].period,
                0 if j is None else after[j].period,
            ),
        )

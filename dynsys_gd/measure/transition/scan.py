"""Scanning a parameter: how much converges, what the rest does, and where the share vanishes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import fields, replace
from time import perf_counter
from typing import Any

from ...engine.chunks import checked_executor, checked_progress
from ...engine.journal.checkpoint import Run, checked_checkpoint, opened
from ...engine.work import Work
from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...evidence import Evidence, weakest
from ...maps.base import Map
from ...regions import Region
from ...thresholds.threshold import Threshold
from ..question import MeasureMethod
from ..sampling.monte_carlo import MonteCarlo
from ..target import Target
from .checking import checked_scan
from .point import TransitionPoint
from .points import Scan
from .refinement import Refinement, bracketed
from .result import Transition
from .slowing import budget_looks, values_to_look_at
from .theory import compared, theory_of

__all__ = ["transition", "transition_points"]


def transition(
    F: Map,
    parameter: str,
    values: Iterable[Any],
    *,
    region: Region,
    method: MeasureMethod | None = None,
    to: Target = Target.MINIMA,
    budget: Budget | None = None,
    refine: Refinement | None = None,
    level: float = 0.95,
    threshold: Threshold | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Transition:
    """Return how the convergent share changes with a parameter, and where it vanishes.

    Parameters
    ----------
    F : Map
        With one parameter open, for example ``GradientDescent(loss, eta)``.
    parameter : str
        Its name. The critical step size of theory is compared where it is the step size.
    values : iterable of numbers or text
        At least two, ascending; ``"1/2"`` is exact.
    region : Box, Ball, Gaussian
        Law of the initialisations, as in `convergent_measure`.
    method : MeasureMethod, optional
        How to measure at each value, ``MonteCarlo(n=10_000)`` by default. Of any other one the
        gradient norms come from a simulation of its own.
    to : Target
        Which limits count: minima, or every fixed point.
    budget : Budget, optional
        Caps and tolerances of the simulation.
    refine : Refinement, optional
        How closely the critical value is looked for; ``Refinement(points=0)`` adds no values.
    level : float
        Between 0 and 1: how often, at least, all intervals of the scan hold together. The level of
        the method plays no part.
    threshold : Threshold, optional
        The critical step size of the loss under gradient descent; computed where none is given,
        which may take long.
    rng : int, Generator or SeedSequence, optional
        Where the starts come from.
    executor : concurrent.futures.Executor, optional
        Who computes; the answer does not depend on it, to the last bit.
    progress : callable, optional
        Called as ``progress(done, most)`` with numbers of starts; fewer values than allowed may
        be needed.
    checkpoint : str or path, optional
        A file that keeps what is computed, as in `convergent_measure`.

    Returns
    -------
    Transition
        Graded STATISTICAL, or as the method grades.

    Raises
    ------
    InvalidInput
        For values that are not ascending numbers, a parameter that is unknown or not the only one
        open, a region of the wrong dimension, minima of a map that has no loss, a checkpoint of
        another run, and wrong types.

    Notes
    -----
    The given values share their starts: that takes most of the noise out of the shape of the curve,
    and makes its errors dependent. A value added by bisection is chosen by looking at the others
    and gets starts of its own. Each of the at most K values gets the share (1 - level)/K of the
    error, whether it is used or not. So all intervals hold together: for the given values by
    Bonferroni's inequality, which allows any dependence; for each added one because its starts do
    not depend on what led to its place.

    The bracket of the critical value goes from the largest value at which the lower limit of the
    share is above zero to the smallest one beyond, from which on the upper limit is negligible
    (see `Refinement`) at every value looked at. Its ends are bisected until they are as close to
    their neighbours as asked for. Undecided starts count neither as converged nor as diverged: they
    keep values between the ends open, and `BracketLimit` says so.

    Next to the critical step size η* convergence takes about ln(1/tolerance)/(2 |1 - η/η*|) steps.
    Beyond it the gradient norm grows from zero like the square root of η/η* - 1 where the minima
    give way to stable cycles: no jump, although it looks like one on a logarithmic scale.

    References
    ----------
    Clopper and Pearson (1934), ``clopper1934use``; Dunn (1961), ``dunn1961multiple``; Crăciun and
    Ghoshdastidar, ``craciun2024convergence``.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import Box, GradientDescent, Loss, MonteCarlo
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> values = ["1/2", "3/4", "5/4", "3/2"]
    >>> seen = transition(F, "eta", values, region=Box([-2], [2]), method=MonteCarlo(1000), rng=0)
    >>> low, high = seen.critical.interval
    >>> low < 1 < high, high - low < 0.02
    (True, True)
    >>> seen.theory.words, seen.comparison.detail
    ('critical step size 1 (PROVED)', 'it lies in the empirical interval')
    """
    began = perf_counter()
    scan = checked_scan(
        F,
        parameter,
        values,
        region=region,
        method=method,
        to=to,
        budget=budget,
        refine=refine,
        level=level,
        rng=rng,
    )
    if threshold is not None and not isinstance(threshold, Threshold):
        expected = "a Threshold, as critical_step_size(loss) returns"
        raise InvalidInput("threshold", threshold, expected)
    with _at_work(scan, rng, executor, progress, checkpoint) as run:
        points = sorted(run.points(), key=lambda point: point.at)
        bracket = bracketed(points, negligible=run.negligible, width=run.width)
        line, no_theory = theory_of(F, parameter, to, threshold=threshold, seed=run.seed)
        found = Transition(
            map=F,
            parameter=parameter,
            region=region,
            target=to,
            points=tuple(points),
            level=run.level,
            refine=run.refine,
            negligible=run.negligible,
            width=run.width,
            critical=bracket,
            theory=line,
            no_theory=no_theory,
            comparison=None if line is None else compared(line, bracket),
            budgets=(),
            seed=run.seed,
            budget=run.budget,
            map_steps=sum(point.estimate.map_steps for point in points),
            evidence=_evidence(run, points),
            seconds=0.0,
        )
        chosen = values_to_look_at(points, bracket)
        expected_at = {point.at: found.expected_steps(point.at) for point in chosen}
        looks = budget_looks(run, chosen, expected_at)
    return replace(found, budgets=looks, seconds=perf_counter() - began)


def transition_points(
    F: Map,
    parameter: str,
    values: Iterable[Any],
    *,
    region: Region,
    method: MeasureMethod | None = None,
    to: Target = Target.MINIMA,
    budget: Budget | None = None,
    refine: Refinement | None = None,
    level: float = 0.95,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Iterator[TransitionPoint]:
    """Return what each value of a parameter shows, one by one, as soon as it is known.

    The same values, with the same starts and intervals, as `transition` collects: those given,
    ascending, then those added next to where the share vanishes. Stop whenever enough is seen.

    Parameters
    ----------
    F, parameter, values, region, method, to, budget, refine, level, rng, executor, progress, \
checkpoint
        As for `transition`. A generator as `rng` moves on at the call.

    Returns
    -------
    iterator of TransitionPoint

    Raises
    ------
    InvalidInput
        As `transition` does, before the first value.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import Box, GradientDescent, Loss, MonteCarlo
    >>> F = GradientDescent(Loss(x**2 / 2, [x]), eta)
    >>> few = MonteCarlo(n=500)
    >>> points = transition_points(F, "eta", [1, 3], region=Box([-1], [1]), method=few, rng=0)
    >>> next(points)
    eta = 1: 100 % converge, in [0.9862, 1], median gradient norm 0
    """
    scan = checked_scan(
        F,
        parameter,
        values,
        region=region,
        method=method,
        to=to,
        budget=budget,
        refine=refine,
        level=level,
        rng=rng,
    )
    checked_executor(executor)
    checked_progress(progress)
    checked_checkpoint(checkpoint)

    def points() -> Iterator[TransitionPoint]:
        with _at_work(scan, rng, executor, progress, checkpoint) as run:
            yield from run.points()

    return points()


@contextmanager
def _at_work(
    scan: Scan,
    rng: Any,
    executor: Executor | None,
    progress: Callable[[int, int | None], Any] | None,
    checkpoint: str | os.PathLike[str] | None,
) -> Iterator[Scan]:
    """Give the scan what computes it, and the seed of its file where none was asked for."""
    checked_executor(executor)
    checked_progress(progress)
    arguments = {
        field.name: getattr(scan, field.name)
        for field in fields(scan)
        if field.name not in ("seed", "work")
    }
    run = Run(name="transition", arguments=arguments, seed=scan.seed, seed_given=rng is not None)
    with opened(checkpoint, run) as journal:
        work = Work(executor=executor, progress=progress, journal=journal)
        yield replace(scan, work=work, seed=scan.seed if journal is None else journal.seed)


def _evidence(run: Scan, points: Sequence[TransitionPoint]) -> Evidence:
    grade = weakest(point.estimate.evidence.grade for point in points)
    if isinstance(run.method, MonteCarlo):
        how = (
            f"{run.method.n} independent starts at each value, the same for all given ones and new "
            "ones for each added one; Clopper-Pearson limits, undecided ones at both extremes"
        )
    else:
        how = f"at each value: {points[0].estimate.evidence.reason}"
    reason = (
        f"{how}; all intervals hold together at {100 * run.level:g} %, shared out evenly among at "
        f"most {run.most} values; limits audited; between the values nothing is known"
    )
    own = [key for point in points for key in point.estimate.evidence.sources]
    sources = tuple(dict.fromkeys([*own, "dunn1961multiple", "craciun2024convergence"]))
    return Evidence(grade=grade, reason=reason, sources=sources)

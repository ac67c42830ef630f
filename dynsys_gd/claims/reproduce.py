"""Run a study: every claim in every case."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor

import numpy as np

from ..engine.chunks import checked_executor, checked_progress
from ..errors import InvalidInput
from ..regions import seed_of
from .claim import Case, Claim
from .reproduction import Reproduction, Role, Trial
from .study import Study
from .verify import verify

__all__ = ["reproduce", "trials"]


def trials(
    study: Study,
    *,
    rng: np.random.Generator | int | None = None,
    executor: Executor | None = None,
    progress: Callable[[str], None] | None = None,
) -> Iterator[Trial]:
    """Yield one trial after another: the examples of each claim, then its controls.

    Parameters
    ----------
    study : Study
    rng : Generator or int, optional
        Seed of the draws of initialisations; seeds of data are settings of the study.
    executor : concurrent.futures.Executor, optional
        Runs chunks of initialisations; the numbers do not depend on it.
    progress : callable, optional
        Called with one line of text before each step.

    Yields
    ------
    Trial

    Raises
    ------
    InvalidInput
        For something that is not a study.

    Examples
    --------
    >>> from dynsys_gd.claims import get_study
    >>> first = next(trials(get_study("step_size_matters").small(), rng=0))
    >>> first.role, first.as_expected
    (<Role.EXAMPLE: 'example'>, <Outcome.YES: 'yes'>)
    """
    if not isinstance(study, Study):
        remedy = "take one from dynsys_gd.claims.studies()"
        raise InvalidInput("study", study, "a Study", remedy)
    checked_executor(executor)
    checked_progress(progress)
    return _trials(study, seed_of(rng), executor, progress)


def reproduce(
    study: Study,
    *,
    rng: np.random.Generator | int | None = None,
    executor: Executor | None = None,
    progress: Callable[[str], None] | None = None,
) -> Reproduction:
    """Run a study: check each of its claims in each of its cases, and compare its numbers.

    Parameters
    ----------
    study : Study
        From ``dynsys_gd.claims.studies()``, or made by you; ``study.small()`` runs in seconds,
        ``study.at(name=value)`` with other constants.
    rng : Generator or int, optional
        Seed of the draws of initialisations; seeds of data are settings of the study.
    executor : concurrent.futures.Executor, optional
        Runs chunks of initialisations; the numbers do not depend on it.
    progress : callable, optional
        Called with one line of text before each step.

    Returns
    -------
    Reproduction

    Raises
    ------
    InvalidInput
        For something that is not a study.

    Examples
    --------
    >>> from dynsys_gd.claims import get_study
    >>> reproduce(get_study("step_size_matters").small(), rng=0).reproduced
    <Outcome.YES: 'yes'>
    """
    seed, start = seed_of(rng), time.perf_counter()
    done = tuple(trials(study, rng=seed, executor=executor, progress=progress))
    figure = study.figure([trial.verdict for trial in done])
    return Reproduction(
        study=study,
        trials=done,
        figure=figure,
        seed=seed,
        seconds=time.perf_counter() - start,
    )


def _trials(
    study: Study,
    seed: int,
    executor: Executor | None,
    progress: Callable[[str], None] | None,
) -> Iterator[Trial]:
    for claim in study.made():
        for case, role in _cases(claim):
            start = time.perf_counter()
            if progress is not None:
                progress(f"{study.name}: {case.title}")
            verdict = verify(
                claim, case.F, region=case.region, rng=seed, executor=executor, progress=progress
            )
            seconds = time.perf_counter() - start
            yield Trial(claim=claim, case=case, role=role, verdict=verdict, seconds=seconds)


def _cases(claim: Claim) -> Iterator[tuple[Case, Role]]:
    shown = Role.DISPUTED if claim.disputed else Role.EXAMPLE
    yield from ((case, shown) for case in claim.examples())
    yield from ((case, Role.CONTROL) for case in claim.counterexamples().values())
    yield from ((case, Role.CONTROL) for case in claim.controls())

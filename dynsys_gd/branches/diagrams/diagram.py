"""Bifurcation diagrams: where orbits end, for one value of a parameter after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from typing import Any

from ...engine.chunks import checked_executor, checked_progress
from ...engine.journal.checkpoint import checked_checkpoint
from ...ensembles.budget import Budget
from ...errors import InvalidInput
from ...maps.base import Map
from ...maps.open_parameters import checked_open
from ...regions import Region, count_from_zero, positive_count
from .asking import (
    asked_budget,
    asked_seed,
    asked_starts,
    asked_values,
)
from .column import DiagramColumn
from .diagram_result import BifurcationDiagram
from .observable import observable_of
from .running import Sweep, at_work, seen_by_numbers
from .values import many_values

__all__ = ["bifurcation_columns", "bifurcation_diagram"]

_NAME = "bifurcation_diagram"


def bifurcation_diagram(
    F: Map,
    parameter: str,
    values: Iterable[Any],
    *,
    region: Region | None = None,
    starts: Any = 20,
    observable: Any = None,
    points: int = 100,
    transient: int = 1000,
    carry: bool = False,
    budget: Budget | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> BifurcationDiagram:
    """Return where orbits end as one parameter changes, with periods and Lyapunov exponents.

    Parameters
    ----------
    F : Map
        With one parameter open, for example ``GradientDescent(loss, eta)``.
    parameter : str
        Its name.
    values : iterable of numbers or text
        In the order in which they are gone through, which matters where states are carried:
        ascending and descending values show hysteresis.
    region : Box, Ball, Gaussian or Distribution, optional
        Law from which starts are drawn, the same ones at each value.
    starts : int, or rows of numbers or expressions
        How many are drawn from the region, or, without a region, the starts themselves: points of
        the loss, from which a map with memory starts at rest, or states. Expressions in the
        parameter give starts that move with it, such as critical points of the map.
    observable : str, sympy expression, or the loss of `F`, optional
        What is kept of a state: a coordinate by its name, an expression in coordinates and
        parameter, or ``F.loss``. The first coordinate by default.
    points : int
        How many of the last states are kept of each orbit.
    transient : int
        Steps at each value before anything is looked at.
    carry : bool
        Whether orbits go on, at the next value, from where they ended, moved by 1e-9 (1 + \\|x\\|):
        a state that rounding has put exactly on a cycle would stay there when it is no longer
        stable. An orbit that escaped begins again at its start.
    budget : Budget, optional
        ``max_period``, ``recurrence`` (how near to its cycle an orbit has to be), ``radius``,
        ``growth_steps``, ``lyapunov_steps``, ``lyapunov_batches`` and ``arithmetic`` count.
    rng : int, Generator or SeedSequence, optional
        Where the starts come from.
    executor : concurrent.futures.Executor, optional
        Who computes; the answer does not depend on it, to the last bit.
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of orbits.
    checkpoint : str or path, optional
        A file that keeps what is computed, as in `convergent_measure`.

    Returns
    -------
    BifurcationDiagram
        Graded NUMERICAL.

    Raises
    ------
    InvalidInput
        For a parameter that is unknown or not the only one open, values that are not numbers or out
        of the range of a setting, a region or starts of the wrong dimension, a checkpoint of
        another run, and wrong types.

    Notes
    -----
    After the transient the largest Lyapunov exponent λ is measured, from the growth of a tangent
    [benettin1980lyapunov]_; then returns are looked at over ``max(points, 3 max_period)`` steps.
    An orbit is periodic where the rest of its way to a cycle, estimated from how returns became
    better, is within the tolerance, returns after shorter times clearly miss, and λ is not clearly
    positive. Next to a bifurcation orbits settle slowly, like the power -1/2 of the time where
    they pass it: there `Behaviour.UNDECIDED` is the answer until the transient is long enough.

    The values advance together in one compiled loop, each row of which carries its own parameter;
    for maps without formulas, and for those of several steps, one value comes after the other.

    References
    ----------
    Diagrams of this kind: May [may1976simple]_. Of gradient descent beyond the critical step size:
    Chen et al. [chen2022beyond]_.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> values = [0.9, 1.1, 1.25, 1.4, 2.5]
    >>> bifurcation_diagram(F, "eta", values, region=Box([-1.2], [1.2]), starts=8, rng=0)
    Bifurcation diagram of 5 values of eta in [0.9, 2.5]: ...
    """
    sweep = _asked(
        F, parameter, values, region, starts, observable, points, transient, carry, budget, rng
    )
    with at_work(sweep, _NAME, rng, executor, progress, checkpoint) as (run, work):
        found = run.collected(work)
    return _result(run, found)


def bifurcation_columns(
    F: Map,
    parameter: str,
    values: Iterable[Any],
    *,
    region: Region | None = None,
    starts: Any = 20,
    observable: Any = None,
    points: int = 100,
    transient: int = 1000,
    carry: bool = False,
    budget: Budget | None = None,
    rng: Any = None,
    executor: Executor | None = None,
    progress: Callable[[int, int | None], Any] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Iterator[DiagramColumn]:
    """Return what each value of a parameter shows, one by one, as soon as it is known.

    The columns that `bifurcation_diagram` collects. Stop whenever enough is seen.

    Parameters
    ----------
    F, parameter, values, region, starts, observable, points, transient, carry, budget, rng, \
executor, progress, checkpoint
        As for `bifurcation_diagram`. A generator as `rng` moves on at the call.

    Returns
    -------
    iterator of DiagramColumn

    Raises
    ------
    InvalidInput
        As `bifurcation_diagram` does, before the first value.

    Examples
    --------
    >>> from sympy.abc import eta, x
    >>> from dynsys_gd import GradientDescent, Loss
    >>> F = GradientDescent(Loss(x**4 / 4 - x**2 / 2, [x]), eta)
    >>> for column in bifurcation_columns(F, "eta", [0.9, 1.1, 1.4], starts=[[0.3]]):
    ...     print(column)
    0.9: 1 periodic (periods 1)
    1.1: 1 periodic (periods 2)
    1.4: 1 chaotic
    """
    sweep = _asked(
        F, parameter, values, region, starts, observable, points, transient, carry, budget, rng
    )
    checked_executor(executor)
    checked_progress(progress)
    checked_checkpoint(checkpoint)

    def columns() -> Iterator[DiagramColumn]:
        with at_work(sweep, _NAME, rng, executor, progress, checkpoint) as (run, work):
            yield from run.columns(work)

    return columns()


def _asked(
    F: Any,
    parameter: Any,
    values: Any,
    region: Any,
    starts: Any,
    observable: Any,
    points: Any,
    transient: Any,
    carry: Any,
    budget: Any,
    rng: Any,
) -> Sweep:
    """Return what is to be computed, or refuse it."""
    checked = checked_open(F, [parameter], "parameter")
    if not isinstance(carry, bool):
        raise InvalidInput("carry", carry, "True or False")
    grid = asked_values(values, "values")[:, None]
    sweep = Sweep(
        where=many_values(checked, (parameter,), grid),
        region=region,
        starts=asked_starts(checked, region, starts),
        observable=observable_of(checked, observable),
        points=positive_count(points, "points"),
        transient=count_from_zero(transient, "transient"),
        carry=carry,
        budget=asked_budget(budget),
        seed=asked_seed(rng, region),
    )
    _ = sweep.states  # starts that are no numbers somewhere are refused here
    return sweep


def _result(sweep: Sweep, found: dict[str, Any]) -> BifurcationDiagram:
    assert sweep.observable is not None
    return BifurcationDiagram(
        map=sweep.F,
        parameter=sweep.where.names[0],
        values=sweep.where.grid[:, 0].copy(),
        observable=sweep.observable.name,
        region=sweep.region,
        seed=sweep.seed,
        carry=sweep.carry,
        transient=sweep.transient,
        budget=sweep.budget,
        evidence=seen_by_numbers(sweep),
        **found,
    )

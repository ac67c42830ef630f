"""The fate of many starts under one map."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.chunks import (
    checked_executor,
    checked_progress,
    chunk_rows,
    map_ordered,
    row_slices,
)
from ..engine.driver import squared_norm
from ..errors import InvalidInput
from ..evidence import Evidence, Grade
from ..maps.base import Map
from .budget import Budget
from .classify import WindowTask, advance
from .fates import FATE_OF_DETAIL, Fates
from .lanes import Decisions, Lanes
from .starts import grid_of, points_of, states_of

__all__ = ["simulate"]

Rows = NDArray[np.float64]


def simulate(
    F: Map,
    starts: Any,
    *,
    budget: Budget = Budget(),  # noqa: B008 (frozen)
    executor: Executor | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Fates:
    """Iterate `F` from every start and say what became of each orbit.

    Parameters
    ----------
    F : Map
        Every parameter must have a value.
    starts : array_like of shape (n, k), Grid, or Starts
        Points of the loss, from which a map with memory starts at rest, or states of the map.
    budget : Budget
        Caps and tolerances.
    executor : concurrent.futures.Executor, optional
        Computes chunks of starts; the result does not depend on it.
    progress : callable, optional
        Called as ``progress(decided, n)``.

    Returns
    -------
    Fates

    Raises
    ------
    InvalidInput
        For no starts, starts that are not finite, rows of another width, or open parameters.

    Notes
    -----
    Orbits run through windows of doubling length. At the end of each, an orbit with a short last
    step and a residual no larger than in the window before is a candidate: Newton's method finds
    the limit, and its multipliers decide, those along a family of limits left out. An orbit that
    returns at a constant size is a candidate for a cycle and judged by the multipliers of the
    p-step map. Escape means blow-up, not distance alone: the numbers overflow, or the orbit grows
    outside of `Budget.radius` and keeps growing until it is outside of `Budget.horizon`. One that
    grows so slowly that time is up before must find the map expanding at every distance up to
    there; otherwise it is undecided, for near a maximum of a wide loss orbits grow by a constant
    factor until they come to a minimum far away. A minimum beyond the horizon may be missed. What
    is left at the end is named by its trend and by its Lyapunov exponent. "Bounded" always means
    up to the budget.

    The result does not depend on the executor. For symbolic maps the fate of a start does not
    depend on the other starts either, to the last bit; network losses multiply matrices in batches
    and may differ there in rounding.

    References
    ----------
    Multipliers and stability: Kuznetsov [kuznetsov2004elements]_.

    Examples
    --------
    >>> from sympy.abc import x, y
    >>> from dynsys_gd import Box, GradientDescent, Loss
    >>> F = GradientDescent(Loss((x*y - 1)**2 / 2, [x, y]), step_size="1/2")
    >>> simulate(F, Box([-3, -3], [3, 3]).grid(20))
    400 starts: 65 % converged, 33.5 % escaped, 1.5 % undecided
      map: gradient descent on (x*y - 1)**2/2, step size 1/2
      converged: 260 minimum
      escaped: 134 diverged
      undecided: 6 saddle reached
      evidence: NUMERICAL: double precision, ...
    """
    if not isinstance(F, Map):
        raise InvalidInput("F", F, "a map", "for a loss write GradientDescent(loss, step_size)")
    if not isinstance(budget, Budget):
        raise InvalidInput("budget", budget, "a Budget", "for example Budget(steps=1000)")
    checked_executor(executor)
    checked_progress(progress)
    given = points_of(F, starts)
    states = states_of(F, given)
    decisions = _simulated(F, states, budget, executor, progress)
    details = decisions.detail.astype(np.int8)
    return Fates(
        map=F,
        starts=given,
        fate=FATE_OF_DETAIL[details],
        detail=details,
        limit=np.ascontiguousarray(F.project(decisions.limit)),
        budget=budget,
        grid=grid_of(starts),
        evidence=_evidence(budget),
        **{
            field.name: getattr(decisions, field.name)
            for field in fields(decisions)
            if field.name not in ("index", "detail", "limit")
        },
    )


def _simulated(
    F: Map,
    states: Rows,
    budget: Budget,
    executor: Executor | None,
    progress: Callable[[int, int], Any] | None,
) -> Decisions:
    n = len(states)
    size = chunk_rows(F.dimension)
    lanes = Lanes.start(states, _scale(F, states, size))
    table = Decisions.open(lanes.index, states, 0)
    decided = done = 0

    def record(answer: tuple[Lanes, Decisions]) -> None:
        nonlocal decided
        answer[1].write_into(table)
        decided += len(answer[1].index)
        if progress is not None:
            progress(decided, n)

    for length in budget.windows():
        tasks = [
            WindowTask(F, budget, lanes.take(rows), done, length)
            for rows in row_slices(len(lanes), size)
        ]
        answers = map_ordered(advance, tasks, executor=executor, on_answer=record)
        lanes = Lanes.joined([going_on for going_on, _ in answers])
        done += length
        if not len(lanes):
            break
    return table


def _scale(F: Map, states: Rows, size: int) -> NDArray[np.float64]:
    """Return 1 + |x_0| + |x_1 - x_0| of each row: how far an orbit may go without escaping."""
    kernel = F.kernel()
    scale = np.empty(len(states))
    with np.errstate(all="ignore"):
        for rows in row_slices(len(states), size):
            here = states[rows]
            first = np.sqrt(squared_norm(kernel.step(np.asfortranarray(here))[0] - here))
            first = np.where(np.isfinite(first), first, 0.0)
            scale[rows] = 1.0 + np.sqrt(squared_norm(here)) + first
    return scale


def _evidence(budget: Budget) -> Evidence:
    reason = (
        f"double precision, at most {budget.steps} steps; limits by Newton's method, "
        f"multipliers kept {budget.margin:g} off the unit circle; escape: overflow, or growth "
        f"still unchecked at {budget.horizon:g} times the size of the start (a limit farther out "
        "could be missed)"
    )
    return Evidence(grade=Grade.NUMERICAL, reason=reason, sources=("kuznetsov2004elements",))

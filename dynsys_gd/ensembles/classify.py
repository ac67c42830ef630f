"""Which fate an orbit meets: what is asked at the end of each window, and when time is up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.driver import Departure, EscapeRule, Window, run_window
from ..engine.kernel import Kernel
from ..maps.base import Map
from .audit import NONE, audit_points
from .budget import Budget
from .fates import Detail
from .iterate import norms
from .lanes import Decisions, Lanes
from .lyapunov import lyapunov_exponents
from .recurrence import audit_cycles, sizes_and_periods
from .trends import decay_exponents, drifting

__all__ = ["WindowTask", "advance"]

_STANDARD_ERRORS = 5.0
_FLAT_EXPONENT = 1e-2

# These end an orbit's simulation. The others are kept in mind and asked again a window later, since
# an orbit may still leave the point it passes.
_FINAL = np.array(
    [
        Detail.MINIMUM,
        Detail.STABLE_POINT,
        Detail.DEGENERATE_MINIMUM,
        Detail.PLATEAU,
        Detail.PARTIAL_PLATEAU,
        Detail.STABLE_CYCLE,
    ]
)


@dataclass(frozen=True, eq=False)
class WindowTask:
    """One chunk of orbits and the window to take them through; plain data, for any executor."""

    F: Map
    budget: Budget
    lanes: Lanes
    done: int
    length: int

    @property
    def last(self) -> bool:
        """Whether the budget ends with this window."""
        return self.done + self.length >= self.budget.steps


def advance(task: WindowTask) -> tuple[Lanes, Decisions]:
    """Take the orbits through one window; return those that go on and the decisions on the others.

    Parameters
    ----------
    task : WindowTask

    Returns
    -------
    lanes : Lanes
        Undecided orbits, none after the last window.
    decisions : Decisions
    """
    budget, lanes = task.budget, task.lanes
    kernel = task.F.kernel()
    window = run_window(
        kernel,
        lanes.states,
        task.length,
        radius=budget.radius * lanes.scale,
        lags=budget.max_period + 1,
        tolerance=budget.tolerance,
        escape=EscapeRule(steps=budget.growth_steps),
    )
    sizes, periods = sizes_and_periods(window.lag_distances, budget)
    new = _remembered(lanes, window, sizes, task.done)
    decisions = Decisions.open(lanes.index, window.states, task.done + task.length)
    decisions.residual[:] = window.largest_residual
    _departed(decisions, window, task.done)
    frozen = window.last_step == 0
    _converged(task, kernel, decisions, window, lanes, frozen)
    _cycling(task, kernel, decisions, periods, lanes.amplitude, sizes)
    repeating = frozen | _repeats(window, periods)
    final = np.isin(decisions.detail, _FINAL) | (window.departure != Departure.NONE)
    final |= decisions.decided & repeating
    arrived = np.isin(decisions.detail, _FINAL) & (decisions.period == 1)
    decisions.steps[arrived] = new.settled[arrived]
    if task.last:
        _time_is_up(kernel, decisions, new, budget)
        final[:] = True
    going_on = np.flatnonzero(~final)
    return new.take(going_on), decisions.take(np.flatnonzero(final))


def _remembered(lanes: Lanes, window: Window, sizes: NDArray[np.float64], done: int) -> Lanes:
    moved = window.settled > 0
    return Lanes(
        index=lanes.index,
        states=window.states,
        scale=lanes.scale,
        residuals=np.column_stack([lanes.residuals[:, 1:], window.largest_residual]),
        sizes=np.column_stack([lanes.sizes[:, 1:], window.largest_norm]),
        amplitude=sizes,
        settled=np.where(moved, done + window.settled, lanes.settled),
    )


def _departed(decisions: Decisions, window: Window, done: int) -> None:
    gone = window.departure != Departure.NONE
    undefined = window.departure == Departure.NOT_A_NUMBER
    decisions.detail[gone] = Detail.DIVERGED
    decisions.detail[undefined] = Detail.NOT_A_NUMBER
    decisions.steps[gone] = done + window.departed_after[gone]
    decisions.limit[gone] = np.nan


def _converged(
    task: WindowTask,
    kernel: Kernel,
    decisions: Decisions,
    window: Window,
    lanes: Lanes,
    frozen: NDArray[np.bool_],
) -> None:
    """Audit the orbits with a short last step whose residual has not grown since last window."""
    budget = task.budget
    with np.errstate(all="ignore"):
        short = window.last_step <= budget.tolerance * (1.0 + norms(window.states))
        falling = window.largest_residual <= lanes.residuals[:, -1]
    rows = np.flatnonzero(~decisions.decided & short & falling)
    if rows.size:
        found = audit_points(task.F, kernel, window.states[rows], frozen[rows], budget)
        known = found.detail != NONE
        decisions.note(rows[known], found.take(known), 1)


def _cycling(
    task: WindowTask,
    kernel: Kernel,
    decisions: Decisions,
    periods: NDArray[np.int64],
    before: NDArray[np.float64],
    sizes: NDArray[np.float64],
) -> None:
    """Audit the orbits that return, if they have kept their size while the time doubled."""
    with np.errstate(all="ignore"):
        kept = sizes >= task.budget.persistence * before
    rows = np.flatnonzero(~decisions.decided & (periods > 1) & kept)
    if rows.size:
        found = audit_cycles(task.F, kernel, decisions.limit[rows], periods[rows], task.budget)
        known = found.detail != NONE
        decisions.note(rows[known], found.take(known), periods[rows][known])


def _repeats(window: Window, periods: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which orbits repeat bit by bit, so that more steps cannot change anything."""
    which = np.maximum(periods, 1) - 1
    distances = np.take_along_axis(window.lag_distances, which[None, :], axis=0)[0]
    return (periods > 1) & (distances == 0)


def _time_is_up(kernel: Kernel, decisions: Decisions, lanes: Lanes, budget: Budget) -> None:
    """Name what was seen of the orbits that no earlier test decided."""
    rows = np.flatnonzero(~decisions.decided)
    decay = decay_exponents(lanes.residuals[rows])
    slow = ~np.isnan(decay)
    decisions.detail[rows[slow]] = Detail.SLOW_DECAY
    decisions.decay[rows[slow]] = decay[slow]
    rows = rows[~slow]
    drift = drifting(lanes.sizes[rows], lanes.scale[rows])
    decisions.detail[rows[drift]] = Detail.UNBOUNDED_DRIFT
    decisions.limit[rows[drift]] = np.nan
    rows = rows[~drift]
    if not rows.size:
        return
    exponents, errors, states = lyapunov_exponents(kernel, lanes.states[rows], budget)
    decisions.exponent[rows] = exponents
    with np.errstate(all="ignore"):
        # An orbit that leaves while its exponent is measured is not called bounded.
        inside = norms(states) <= budget.radius * lanes.scale[rows]
        chaotic = inside & (exponents > _STANDARD_ERRORS * errors)
        flat = np.abs(exponents) + _STANDARD_ERRORS * errors <= _FLAT_EXPONENT
        regular = inside & (np.abs(exponents) <= _STANDARD_ERRORS * errors) & flat
    decisions.detail[rows] = np.where(
        chaotic, Detail.CHAOTIC, np.where(regular, Detail.QUASI_PERIODIC, Detail.BUDGET_SPENT)
    )

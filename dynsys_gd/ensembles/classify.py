"""Which fate an orbit meets: what is asked at the end of each window, and when time is up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.driver import Departure, EscapeRule, Window, run_window
from ..engine.kernel import Kernel
from ..maps.base import Map
from .audit import NONE, audit_points
from .beyond import expands_beyond
from .budget import Budget
from .fates import Detail
from .iterate import norms
from .lanes import Decisions, Lanes
from .lyapunov import lyapunov_exponents
from .recurrence import audit_cycles, recurrence
from .trends import decay_exponents, drifting, exploding, resting, staying

__all__ = ["WindowTask", "advance"]

Mask = NDArray[np.bool_]

# A residual much smaller than in an earlier window, or while the exponent is measured than in the
# last one, means that the orbit is coming to rest, or was caught in one of its rests.
_REPRESENTATIVE = 0.5

# An orbit that returns this closely may be on its way to a cycle. When time is up, and its exponent
# is not positive, Newton's method says whether the cycle is there.
_NEAR_A_CYCLE = 1e-3

_SETTLING = 0.5  # of the return distance, while the time doubles

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
    budget, lanes, kernel = task.budget, task.lanes, task.F.kernel()
    window = run_window(
        kernel,
        lanes.states,
        task.length,
        radius=budget.radius * lanes.scale,
        lags=max(2, budget.max_period),
        tolerance=budget.tolerance,
        escape=EscapeRule(steps=budget.growth_steps, reach=budget.horizon / budget.radius),
        arithmetic=budget.arithmetic,
    )
    seen = recurrence(window.lag_distances, budget.recurrence)
    new = lanes.after(window, seen, task.done)
    decisions = Decisions.open(lanes.index, window.states, task.done + task.length)
    decisions.residual[:] = window.largest_residual
    _escaped(kernel, decisions, window, new, task)
    escaped = decisions.decided
    frozen = window.last_step == 0
    _converged(task, kernel, decisions, window, lanes)
    _cycling(task, kernel, decisions, new, lanes, seen.exact)
    arrived = np.isin(decisions.detail, _FINAL)
    decisions.steps[arrived & (decisions.period == 1)] = new.settled[
        arrived & (decisions.period == 1)
    ]
    final = escaped | arrived | (decisions.decided & (frozen | seen.exact))
    if task.last:
        _time_is_up(task, kernel, decisions, window, new, lanes.closest)
        final[:] = True
    return new.take(np.flatnonzero(~final)), decisions.take(np.flatnonzero(final))


def _escaped(
    kernel: Kernel, decisions: Decisions, window: Window, new: Lanes, task: WindowTask
) -> None:
    gone = window.departure != Departure.NONE
    decisions.detail[gone] = Detail.DIVERGED
    decisions.detail[window.departure == Departure.NOT_A_NUMBER] = Detail.NOT_A_NUMBER
    decisions.steps[gone] = task.done + window.departed_after[gone]
    slowly = ~gone & exploding(new.sizes, task.budget.radius * new.scale)
    horizon = task.budget.horizon * new.scale
    slowly &= task.last | (new.sizes[:, -1] > horizon)
    rows = np.flatnonzero(slowly)
    if rows.size:
        # Per step, over the last window. An orbit whose growth the map checks somewhere on its way
        # to the horizon has shown no blow-up: half of the rate is less than its fluctuations.
        with np.errstate(all="ignore"):
            rate = np.log(new.sizes[rows, -1] / new.sizes[rows, -2]) / task.length
        on = expands_beyond(kernel, window.states[rows], horizon[rows], rate / 2)
        slowly[rows[~on]] = False
    decisions.detail[slowly] = Detail.DIVERGED
    decisions.limit[gone | slowly] = np.nan


def _converged(
    task: WindowTask,
    kernel: Kernel,
    decisions: Decisions,
    window: Window,
    lanes: Lanes,
) -> None:
    """Audit the orbits with a short last step whose residual has not grown since last window.

    In the last window also those that came late and have settled or stand: there is no other window
    to see their residual fall.
    """
    frozen = window.last_step == 0
    with np.errstate(all="ignore"):
        short = window.last_step <= task.budget.tolerance * (1.0 + norms(window.states))
        falling = window.largest_residual <= lanes.residuals[:, -1]
    if task.last:
        falling |= frozen | (window.settled + task.budget.max_period <= task.length)
    rows = np.flatnonzero(~decisions.decided & short & falling)
    if rows.size:
        found = audit_points(
            task.F, kernel, window.states[rows], frozen[rows], task.budget, last=task.last
        )
        known = found.detail != NONE
        decisions.note(rows[known], found.take(known))


def _cycling(
    task: WindowTask,
    kernel: Kernel,
    decisions: Decisions,
    new: Lanes,
    lanes: Lanes,
    exact: Mask,
) -> None:
    """Audit the orbits that return, if they have kept their size while the time doubled."""
    with np.errstate(all="ignore"):
        kept = new.amplitude >= task.budget.persistence * lanes.amplitude
    rows = np.flatnonzero(~decisions.decided & (new.period > 1) & kept)
    if not rows.size:
        return
    periods = new.period[rows]
    found = audit_cycles(task.F, kernel, new.states[rows], periods, task.budget)
    # A chaotic orbit comes close to an unstable cycle now and then; one that is held there by
    # rounding repeats bit by bit, or is still there a window later.
    held = exact[rows] | (periods == lanes.period[rows])
    known = (found.detail == Detail.STABLE_CYCLE) | ((found.detail != NONE) & held)
    decisions.note(rows[known], found.take(known))


def _time_is_up(
    task: WindowTask,
    kernel: Kernel,
    decisions: Decisions,
    window: Window,
    lanes: Lanes,
    closest_before: NDArray[np.float64],
) -> None:
    """Name what was seen of the orbits that no earlier test decided."""
    rows = np.flatnonzero(~decisions.decided)
    decay = decay_exponents(lanes.residuals[rows])
    slow = ~np.isnan(decay)
    decisions.detail[rows[slow]] = Detail.SLOW_DECAY
    decisions.decay[rows[slow]] = decay[slow]
    rows = rows[~slow]
    drift = drifting(lanes.extents[rows], lanes.residuals[rows], lanes.scale[rows])
    # Growth like a power is what the word stands for. What grows faster and is not on its way to
    # the horizon has not shown where it goes.
    drift &= ~exploding(lanes.sizes[rows], task.budget.radius * lanes.scale[rows])
    decisions.detail[rows[drift]] = Detail.UNBOUNDED_DRIFT
    decisions.limit[rows[drift]] = np.nan
    rows = rows[~drift]
    if not rows.size:
        return
    found = lyapunov_exponents(kernel, lanes.states[rows], task.budget)
    # Of an orbit that escaped meanwhile no exponent is known.
    decisions.exponent[rows] = np.where(np.isfinite(found.mean), found.mean, np.nan)
    loose = recurrence(window.lag_distances[:, rows], _NEAR_A_CYCLE)
    with np.errstate(all="ignore"):
        bounded = staying(lanes.extents[rows], lanes.scale[rows])
        bounded &= ~resting(lanes.residuals[rows], by=_REPRESENTATIVE)
        bounded &= norms(found.states) <= task.budget.radius * lanes.scale[rows]
        bounded &= found.largest_residual >= _REPRESENTATIVE * lanes.residuals[rows, -1]
        round_and_round = found.quasi_periodic & (loose.closest > _NEAR_A_CYCLE)
        round_and_round &= ~resting(lanes.residuals[rows])
        # Along a family of cycles the exponent is zero whatever the orbit does: one that returns
        # ever more closely is settling on a cycle and not going round for good.
        round_and_round &= loose.closest >= _SETTLING * closest_before[rows]
    decisions.detail[rows] = np.select(
        [bounded & found.chaotic, bounded & round_and_round],
        [int(Detail.CHAOTIC), int(Detail.QUASI_PERIODIC)],
        int(Detail.BUDGET_SPENT),
    )
    late = np.flatnonzero(bounded & ~found.chaotic & (loose.period > 1))
    if late.size:
        periods = loose.period[late]
        cycles = audit_cycles(task.F, kernel, lanes.states[rows[late]], periods, task.budget)
        stable = cycles.detail == Detail.STABLE_CYCLE
        decisions.note(rows[late[stable]], cycles.take(stable))

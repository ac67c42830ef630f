"""Many orbits are looked at: what does each do in the long run?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.driver import EscapeRule
from ...engine.iteration import iterate, orbit
from ...engine.kernel import Kernel
from ...ensembles.budget import Budget
from ...ensembles.lyapunov import Exponents, lyapunov_exponents
from .behaviour import Behaviour
from .observable import Observable
from .settled import settled_periods
from .values import ManyValues

__all__ = ["LookTask", "look", "piece_length"]

Array = NDArray[np.float64]

_STAGE = (
    512  # steps: no multiplier of 1/2 or more leads from `_NOTHING` to subnormal numbers in them
)
_NOTHING = 1e-90
_NEAR_A_CYCLE = 1e-3  # of the size of an orbit: what returns so closely may still settle
_EXACT = 1e-9
_FLAT = 0.005  # error of an exponent
_ALIKE = 0.02  # of the size: by how much the box about an orbit differs from half to half
_STANDARD_ERRORS = 5.0
_ROUNDING = 1e-12  # of exponents
_ROUNDS = 4.0  # length of the path over size


@dataclass(frozen=True, kw_only=True, eq=False)
class LookTask:
    """Some points of the parameter space with their starts; plain data, for any executor.

    Parameters
    ----------
    where : ManyValues
    states : ndarray, shape (m, s, d)
    transient : int
        Steps that are not looked at.
    observable : Observable or None
    kept : int
        On how many of the last states it is looked at.
    budget : Budget
    """

    where: ManyValues
    states: Array
    transient: int
    observable: Observable | None
    kept: int
    budget: Budget


def look(task: LookTask) -> dict[str, NDArray[Any]]:
    """Return what the orbits do.

    Returns
    -------
    dict
        ``behaviour``, ``period``, ``exponent`` and ``error`` of shape (m, s); ``states`` of shape
        (m, s, d), the last ones; and ``points`` of shape (m, s, kept), the observable.
    """
    m, s, d = task.states.shape
    seen = [_look(kernel, rows, d, task) for kernel, rows in task.where.kernels(task.states)]
    names = ("behaviour", "period", "exponent", "error")
    answer: dict[str, NDArray[Any]] = {
        name: np.concatenate([each[name] for each in seen]).reshape(m, s) for name in names
    }
    answer["states"] = np.concatenate([each["states"] for each in seen]).reshape(m, s, d)
    if task.observable is not None:
        passed = [each["passed"].reshape(task.kept, -1, s, d) for each in seen]
        where = task.where
        points = np.concatenate(passed, axis=1)
        values = task.observable.of(where.F, where.names, where.grid, points)
        answer["points"] = np.ascontiguousarray(values.transpose(1, 2, 0))
    return answer


def _look(kernel: Kernel, rows: Array, d: int, task: LookTask) -> dict[str, NDArray[Any]]:
    states = _after(kernel, rows, d, task)
    # What is no number any more needs no second look.
    here = np.flatnonzero(np.isfinite(states).all(axis=1))
    n, kept = len(rows), task.kept
    if here.size == n:
        return _judged(kernel, states, rows[:, :d], task)
    found: dict[str, NDArray[Any]] = {
        "behaviour": np.full(n, int(Behaviour.ESCAPED), dtype=np.int8),
        "period": np.zeros(n, dtype=np.int64),
        "exponent": np.full(n, np.nan),
        "error": np.full(n, np.nan),
        "states": np.full((n, d), np.nan),
        "passed": np.full((kept, n, d), np.nan),
    }
    if here.size:
        answer = _judged(kernel, states[here], rows[here, :d], task)
        for name, array in answer.items():
            if name == "passed":
                found[name][:, here] = array
            else:
                found[name][here] = array
    return found


def _after(kernel: Kernel, rows: Array, d: int, task: LookTask) -> Array:
    """Return the rows after the transient, with 0 for coordinates that are next to nothing.

    Orbits that tend to 0 would be iterated among subnormal numbers, a hundred times more slowly.
    """
    states, done = rows, 0
    while True:
        steps = min(_STAGE, task.transient - done)
        states = iterate(kernel, states, steps, arithmetic=task.budget.arithmetic)
        states[:, :d][np.abs(states[:, :d]) < _NOTHING] = 0.0
        done += steps
        if done >= task.transient:
            return states


def _judged(
    kernel: Kernel, states: Array, starts: Array, task: LookTask
) -> dict[str, NDArray[Any]]:
    """Return what orbits do from `states` on."""
    budget, d = task.budget, starts.shape[1]
    exponents = lyapunov_exponents(kernel, states, budget, traced=False)
    length = piece_length(task.kept, budget)
    passed = orbit(kernel, exponents.states, length, arithmetic=budget.arithmetic)[:, :, :d]
    gone = escaped(passed, starts, budget)
    behaviour = np.full(len(states), int(Behaviour.UNDECIDED), dtype=np.int8)
    behaviour[exponents.chaotic] = Behaviour.CHAOTIC
    behaviour[gone] = Behaviour.ESCAPED
    period = np.zeros(len(states), dtype=np.int64)
    # An orbit may sit on an unstable cycle where it was started, or put there by rounding.
    held = exponents.chaotic & ~gone
    held[held] = _returns_exactly(passed[-1 - budget.max_period :, held])
    others = np.flatnonzero((behaviour == Behaviour.UNDECIDED) | held)
    if others.size:
        # Each coordinate contiguous, as they come from the engine.
        piece = passed
        if others.size < len(states):
            piece = passed.transpose(0, 2, 1)[:, :, others].transpose(0, 2, 1)
        returns = settled_periods(piece, budget.max_period, budget.recurrence)
        settled = returns.period > 0
        unstable = others[settled & exponents.chaotic[others]]
        period[others] = returns.period
        behaviour[others[settled]] = Behaviour.PERIODIC
        period[unstable], behaviour[unstable] = 0, Behaviour.UNDECIDED
        left = ~settled & ~held[others]
        # What nearly returns is about to settle: the exponent is as small next to a bifurcation.
        left &= returns.closest > _NEAR_A_CYCLE
        others, piece = others[left], piece[:, left]
        behaviour[others[_going_round(piece, exponents, others)]] = Behaviour.QUASI_PERIODIC
    if gone.any():
        passed[:, gone] = np.nan
    return {
        "behaviour": behaviour,
        "period": period,
        "exponent": np.where(gone, np.nan, exponents.mean),
        "error": np.where(gone, np.nan, exponents.error),
        "passed": passed[length + 1 - task.kept :],
        "states": passed[-1],
    }


def _returns_exactly(piece: Array) -> NDArray[np.bool_]:
    """Return which orbits end where they were before, but for rounding."""
    with np.errstate(all="ignore"):
        last = piece[-1]
        gaps = piece[:-1] - last
        nearest = np.einsum("tnd,tnd->tn", gaps, gaps).min(axis=0)
        size = 1.0 + _lengths(last)
        return np.asarray(nearest <= (_EXACT * size) ** 2)


def _going_round(piece: Array, exponents: Exponents, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which orbits go round and round in the same place, with exponent zero.

    A cycle that drifts along a family of minima has exponent zero too, but its box moves.

    Shear lets the stretching grow like a power of the time, more slowly from batch to batch: that
    is a zero with a large error. An orbit that leaves an unstable cycle has a small error.
    """
    half = len(piece) // 2
    with np.errstate(all="ignore"):
        steps = piece[1:] - piece[:-1]
        path = np.sqrt(np.einsum("tnd,tnd->tn", steps, steps)).sum(axis=0)
        (low, high), (later_low, later_high) = (
            (part.min(axis=0), part.max(axis=0)) for part in (piece[:half], piece[half:])
        )
        size = _lengths(np.maximum(high, later_high) - np.minimum(low, later_low))
        moved = np.maximum(_lengths(later_low - low), _lengths(later_high - high))
    mean, error = exponents.mean[rows], exponents.error[rows]
    zero = (np.abs(mean) <= _STANDARD_ERRORS * error + _ROUNDING) & (error <= _FLAT)
    return (moved <= _ALIKE * size) & zero & (path >= _ROUNDS * size) & (size > 0)


def _lengths(rows: Array) -> Array:
    return np.asarray(np.sqrt(np.einsum("nd,nd->n", rows, rows)))


def piece_length(kept: int, budget: Budget) -> int:
    """Return over how many steps returns are looked at."""
    return max(kept, 3 * budget.max_period)


def escaped(passed: Array, starts: Array, budget: Budget) -> NDArray[np.bool_]:
    """Return which orbits are gone: no numbers any more, or far out with ratios that do not fall.

    Parameters
    ----------
    passed : ndarray, shape (t, n, d)
    starts : ndarray, shape (n, d)
    budget : Budget
    """
    with np.errstate(all="ignore"):
        last = passed[-1 - budget.growth_steps :]
        sizes = np.sqrt(np.einsum("tnd,tnd->tn", last, last))
        far = sizes[0] > budget.radius * (1.0 + _lengths(starts))
        ratios = sizes[1:] / sizes[:-1]
        growing = (ratios >= EscapeRule().ratio).all(axis=0)
        growing &= (ratios[1:] >= ratios[:-1] * (1 - 1e-9)).all(axis=0)
        return ~np.isfinite(sizes).all(axis=0) | (far & growing)

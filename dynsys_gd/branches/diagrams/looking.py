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
from ...ensembles.lyapunov import lyapunov_exponents
from .behaviour import Behaviour
from .observable import Observable
from .settled import settled_periods
from .values import ManyValues

__all__ = ["LookTask", "look", "piece_length"]

Array = NDArray[np.float64]

_NEAR_A_CYCLE = 1e-3


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


def _look(kernel: Kernel, rows: Array, d: int, task: LookTask) -> dict[str, Any]:
    budget = task.budget
    states = iterate(kernel, rows, task.transient, arithmetic=budget.arithmetic)
    exponents = lyapunov_exponents(kernel, states, budget)
    length = piece_length(task.kept, budget)
    passed = orbit(kernel, exponents.states, length, arithmetic=budget.arithmetic)[:, :, :d]
    gone = escaped(passed, rows[:, :d], budget)
    returns = settled_periods(passed, budget.max_period, budget.recurrence)
    period = returns.period
    period[gone | exponents.chaotic] = 0
    behaviour = np.full(len(rows), int(Behaviour.UNDECIDED), dtype=np.int8)
    # What nearly returns is about to settle: the exponent is as small next to a bifurcation.
    round_ = exponents.quasi_periodic & (returns.closest > _NEAR_A_CYCLE)
    behaviour[round_] = Behaviour.QUASI_PERIODIC
    behaviour[exponents.chaotic] = Behaviour.CHAOTIC
    behaviour[period > 0] = Behaviour.PERIODIC
    behaviour[gone] = Behaviour.ESCAPED
    passed[:, gone] = np.nan
    return {
        "behaviour": behaviour,
        "period": period,
        "exponent": np.where(gone, np.nan, exponents.mean),
        "error": np.where(gone, np.nan, exponents.error),
        "passed": passed[length + 1 - task.kept :],
        "states": passed[-1],
    }


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
        far = sizes[0] > budget.radius * (1.0 + np.sqrt(np.einsum("nd,nd->n", starts, starts)))
        ratios = sizes[1:] / sizes[:-1]
        growing = (ratios >= EscapeRule().ratio).all(axis=0)
        growing &= (ratios[1:] >= ratios[:-1] * (1 - 1e-9)).all(axis=0)
        return ~np.isfinite(sizes).all(axis=0) | (far & growing)

"""Where do the orbits of some starts end? One chunk of them, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.iteration import iterate, orbit
from ...ensembles.budget import Budget
from ...ensembles.fates import Detail, Fate
from ...ensembles.iterate import PStep, polish
from ...ensembles.multipliers import GAP
from ...ensembles.simulate import simulate
from ...maps.base import Map

__all__ = ["PIECE", "SettleTask", "settle"]

Array = NDArray[np.float64]

PIECE = 512  # states that are kept of a bounded orbit

_ROUNDS = 8  # of Newton's method, from an orbit that is on the cycle to within the tolerance


@dataclass(frozen=True, kw_only=True, eq=False)
class SettleTask:
    """Some starts under one map; plain data, for any executor."""

    F: Map
    states: Array
    budget: Budget


def settle(task: SettleTask) -> dict[str, NDArray[Any]]:
    """Return what became of the starts.

    Returns
    -------
    dict
        ``fate``, ``detail`` and ``period`` of shape (n,); ``state`` of shape (n, d), a state of
        the attractor; ``pieces`` of shape (b, PIECE, d), late states of those that are bounded.
    """
    F, states, budget = task.F, task.states, task.budget
    fates = simulate(F, states, budget=budget)
    kernel = F.kernel()
    state = np.array(states)
    converged = fates.where(Fate.CONVERGED)
    if converged.any():
        limits = np.array(fates.limit[converged])
        state[converged] = limits if limits.shape[1] == F.dimension else F.lift(limits)
    moving = np.flatnonzero(fates.where(Fate.CYCLING) | fates.where(Fate.BOUNDED))
    if moving.size:
        state[moving] = iterate(kernel, states[moving], budget.steps, arithmetic=budget.arithmetic)
    cycling = np.flatnonzero(fates.where(Fate.CYCLING))
    for period in np.unique(fates.period[cycling]):
        rows = cycling[fates.period[cycling] == period]
        found = polish(PStep(F, kernel, int(period)), state[rows], cut=GAP, rounds=_ROUNDS)
        state[rows[found.regular]] = found.points[found.regular]
    bounded = np.flatnonzero(fates.where(Fate.BOUNDED))
    pieces = np.empty((0, PIECE, F.dimension))
    if bounded.size:
        passed = orbit(kernel, state[bounded], PIECE - 1, arithmetic=budget.arithmetic)
        pieces = np.ascontiguousarray(passed.transpose(1, 0, 2))
    return {
        "fate": np.array(fates.fate, dtype=np.int64),
        "detail": np.array(fates.detail, dtype=np.int64),
        "period": np.array(fates.period, dtype=np.int64),
        "state": state,
        "pieces": pieces,
    }


DEGENERATE = (Detail.DEGENERATE_MINIMUM, Detail.PLATEAU, Detail.PARTIAL_PLATEAU)

"""Does an orbit repeat itself? Least period from return distances, then the cycle audited."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.iteration import orbit
from ..engine.kernel import Kernel
from ..maps.base import Map
from .audit import NONE, Verdicts, row_blocks
from .budget import Budget
from .fates import Detail
from .iterate import PStep, norms, polish
from .multipliers import GAP, Side, in_a_family, spectrum

__all__ = ["Recurrence", "audit_cycles", "recurrence"]

Rows = NDArray[np.float64]

_SAME_POINT = 1e-8  # of points on a polished cycle, relative to its size


@dataclass(frozen=True, eq=False)
class Recurrence:
    """How closely recent orbit pieces return, per row.

    Parameters
    ----------
    size : ndarray, shape (n,)
        Largest distance within the piece.
    period : ndarray of int, shape (n,)
        Smallest p > 1 with a return distance below the tolerance times the size; 0 where none is
        seen, or where already one step returns.
    closest : ndarray, shape (n,)
        Smallest return distance relative to the size.
    exact : ndarray of bool, shape (n,)
        Whether the piece repeats bit by bit with that period.
    """

    size: NDArray[np.float64]
    period: NDArray[np.int64]
    closest: NDArray[np.float64]
    exact: NDArray[np.bool_]


def recurrence(lag_distances: NDArray[np.float64], tolerance: float) -> Recurrence:
    """Return how closely orbit pieces return.

    Parameters
    ----------
    lag_distances : ndarray, shape (lags, n)
        Distance from one state to the states 1, 2, … steps later.
    tolerance : float
        Relative to the largest of them.

    Examples
    --------
    >>> recurrence(np.array([[1.0], [0.0], [1.0], [0.0]]), 1e-6).period
    array([2])
    """
    n = lag_distances.shape[1]
    period, exact = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=bool)
    with np.errstate(all="ignore"):
        size, least = lag_distances.max(axis=0), lag_distances.min(axis=0)
        rows = np.flatnonzero((least <= tolerance * size) & (size > 0))
        if rows.size:
            returning = lag_distances[:, rows]
            lag = (returning <= tolerance * size[rows]).argmax(axis=0)
            at_lag = np.take_along_axis(returning, lag[None, :], axis=0)[0]
            period[rows] = np.where(lag > 0, lag + 1, 0)
            exact[rows] = (lag > 0) & (at_lag == 0)
        closest = least / size
    return Recurrence(size=size, period=period, closest=closest, exact=exact)


def audit_cycles(
    F: Map, kernel: Kernel, states: Rows, periods: NDArray[np.int64], budget: Budget
) -> Verdicts:
    """Return what each recurrent orbit sits on, by the multipliers of its p-step map.

    Parameters
    ----------
    F : Map
    kernel : Kernel
    states : ndarray, shape (n, d)
    periods : ndarray of int, shape (n,)
        Periods as observed, all above 1. An orbit that approaches a p-cycle alternately returns
        better after 2p steps; the verdicts hold the least period, found at the cycle itself.
    budget : Budget
    """
    verdicts = Verdicts.blank(states)
    for period in np.unique(periods):
        which = np.flatnonzero(periods == period)
        for block in row_blocks(which.size, states.shape[1]):
            rows = which[block]
            verdicts.put(rows, _audit_period(F, kernel, states[rows], int(period), budget))
    return verdicts


def _audit_period(F: Map, kernel: Kernel, states: Rows, period: int, budget: Budget) -> Verdicts:
    steps = PStep(F, kernel, period)
    found = polish(steps, states, cut=GAP, rounds=6)
    size, largest_residual, least = _along(kernel, found.points, period, budget)
    # Where Newton's method ends at a fixed point the size is zero: this was no cycle.
    near = (found.moved <= budget.capture * size) & (least > 1)
    points = np.where(near[:, None], found.points, states)
    here = spectrum(steps, points, budget)
    stable = near & found.regular & (here.side == Side.INSIDE) & (here.kernel < states.shape[1])
    kernels = np.flatnonzero(stable & (here.kernel > 0))
    if kernels.size:
        stable[kernels] = in_a_family(steps, points[kernels], budget)
    detail = np.full(len(states), int(Detail.NEUTRAL_CYCLE))
    detail[here.side == Side.OUTSIDE] = Detail.CYCLE_ARTEFACT
    detail[stable] = Detail.STABLE_CYCLE
    detail[~near] = NONE
    out = Verdicts(
        detail=detail,
        limit=points,
        period=np.full(len(states), period),
        multiplier=here.largest,
        residual=largest_residual,
    )
    shorter = np.flatnonzero(near & (least < period))
    if shorter.size:
        out.put(shorter, audit_cycles(F, kernel, points[shorter], least[shorter], budget))
    return out


def _along(
    kernel: Kernel, points: Rows, period: int, budget: Budget
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the size of each cycle, its largest residual norm and its least period."""
    passed = orbit(kernel, points, period, arithmetic=budget.arithmetic)
    n, d = points.shape
    with np.errstate(all="ignore"):
        residuals = norms(kernel.step(passed[:-1].reshape(-1, d))[1]).reshape(period, n)
        distances = norms((passed[1:] - points).reshape(-1, d)).reshape(period, n)
        size = distances.max(axis=0)
        back = distances <= _SAME_POINT * size
    back[-1] = True
    divisor = np.array([period % p == 0 for p in range(1, period + 1)])
    return size, residuals.max(axis=0), (back & divisor[:, None]).argmax(axis=0) + 1

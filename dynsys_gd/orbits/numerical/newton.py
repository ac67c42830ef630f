"""Newton's method, damped, for a batch of starts that drop out as they finish."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .systems import System

__all__ = ["Converged", "solved"]

Array = NDArray[np.float64]

SMALL_STEP = 1e-9  # of the size of a point: a full step this short is the last one
SMALL_RESIDUAL = 1e-8  # of derivative times size, which must have been reached by then
_ROUNDING = 8 * float(np.finfo(np.float64).eps)
_HALVINGS = 12
_DECREASE = 1e-4
_SHORT = 0.05  # part of a step below which another one is tried
_HELD_BACK = (1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # of the largest singular value


@dataclass(frozen=True, eq=False)
class Converged:
    """Where a batch of starts ended.

    Parameters
    ----------
    orbits : ndarray, shape (m, p, d)
        Solutions, in the unknowns of the system.
    places : ndarray of int, shape (m,)
        Which starts led there.
    finished : bool
        Whether the time limit let every start come to its end.
    """

    orbits: Array
    places: NDArray[np.int64]
    finished: bool


def solved(system: System, starts: Array, steps: int) -> Converged:
    """Return where Newton's method leads from each start, shape (n, p, d), as far as it converges.

    Parameters
    ----------
    system : System
    starts : ndarray, shape (n, p, d)
    steps : int
        After so many steps a start is given up.

    Notes
    -----
    Steps are at most as long as the region and are halved until the residual |R| falls
    [deuflhard2004newton]_. Where they get short, steps for single points are held back in nearly
    singular directions instead, after Levenberg and Marquardt. A start is given up where that fails
    too, where the map is not defined, and far away from the region. The last step is a full one,
    shorter than 1e-9 of the point.
    """
    X, places = starts.copy(), np.arange(len(starts))
    R = system.residual(X)
    done: list[Array] = []
    from_starts: list[NDArray[np.int64]] = []
    finished = True
    for _ in range(steps):
        usable = np.isfinite(R).all(axis=(1, 2)) & system.task.near(system.states(X)).all(axis=1)
        X, R, places = X[usable], R[usable], places[usable]
        if not len(X):
            break
        if system.task.out_of_time():
            finished = False
            break
        step, slope = system.correction(X, R)
        ready = _is_last(system, X, R, step, slope)
        if ready.any():
            last = X[ready] + np.where(np.isfinite(step[ready]), step[ready], 0.0)
            best = _better(system, last, X[ready], R[ready])
            done.append(best)
            from_starts.append(places[ready])
        going = ~ready & np.isfinite(step).all(axis=(1, 2))
        X, R, places, step = X[going], R[going], places[going], step[going]
        if not len(X):
            break
        X_new, R_new, part = _damped(system, X, R, step)
        short = np.flatnonzero(part < _SHORT)
        if len(short):
            X_held, R_held = _held_back(system, X[short], R[short])
            better = _norm(R_held) < _norm(R_new[short])
            X_new[short[better]], R_new[short[better]] = X_held[better], R_held[better]
            part[short[better]] = 1.0
        moved = part > 0
        X, R = X_new, R_new
        X, R, places = X[moved], R[moved], places[moved]
    shape = (0, *starts.shape[1:])
    return Converged(
        orbits=np.concatenate(done) if done else np.empty(shape),
        places=np.concatenate(from_starts) if done else np.empty(0, dtype=np.int64),
        finished=finished,
    )


def _is_last(system: System, X: Array, R: Array, step: Array, slope: Array) -> NDArray[np.bool_]:
    """Return whether the next step is the last one, or only rounding is left to be seen."""
    size = _largest(X)
    residual = _largest(R)
    with np.errstate(invalid="ignore"):
        length = np.where(np.isfinite(step).all(axis=(1, 2)), _largest(step), np.inf)
        small = length <= SMALL_STEP * np.maximum(size, system.task.scale)
        solved_so_far = residual <= SMALL_RESIDUAL * slope * np.maximum(size, system.task.scale)
        rounding = residual <= _ROUNDING * slope * size
        return np.asarray((small & solved_so_far) | rounding | (residual == 0))


def _better(system: System, new: Array, old: Array, R: Array) -> Array:
    """Return the new points except where their residual is larger."""
    fresh = _largest(system.residual(new))
    with np.errstate(invalid="ignore"):
        return np.where((fresh <= _largest(R))[:, None, None], new, old)


def _damped(system: System, X: Array, R: Array, step: Array) -> tuple[Array, Array, Array]:
    """Return points after a step that lowers the residual, and which part of it; 0 for none."""
    reach = 2.0 * system.task.size
    with np.errstate(divide="ignore"):
        t = np.minimum(1.0, reach / _largest(step))
    before = _norm(R)
    X_new, R_new = X.copy(), R.copy()
    open_ = np.arange(len(X))
    for _ in range(_HALVINGS):
        trial = X[open_] + t[open_, None, None] * step[open_]
        fresh = system.residual(trial)
        with np.errstate(invalid="ignore"):
            good = _norm(fresh) <= (1.0 - _DECREASE * t[open_]) * before[open_]
        X_new[open_[good]], R_new[open_[good]] = trial[good], fresh[good]
        open_ = open_[~good]
        if not len(open_):
            break
        t[open_] *= 0.5
    t[open_] = 0.0
    return X_new, R_new, t


def _held_back(system: System, X: Array, R: Array) -> tuple[Array, Array]:
    """Return the best of a few Levenberg-Marquardt steps, or the point where none is better.

    Where the derivative is nearly singular, as on the way to a family, Newton's step is long and
    of no use in the singular directions; these are held back here.
    """
    A = system.matrices(X)
    if A is None:
        return X, R
    finite = np.asarray(np.isfinite(A).all(axis=(1, 2)))
    U, s, Vt = np.linalg.svd(np.where(finite[:, None, None], A, 0.0))
    along = np.einsum("nji,nj->ni", U, -R[:, 0])
    start, X, R = X, X.copy(), R.copy()
    best = (1.0 - _DECREASE) * _norm(R)
    for fraction in _HELD_BACK:
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = s / (s**2 + (fraction * s[:, :1]) ** 2)
            step = np.einsum("nij,ni->nj", Vt, factor * along)
        trial = start + step[:, None]
        fresh = system.residual(trial)
        size = _norm(fresh)
        with np.errstate(invalid="ignore"):
            better = size < best
        X[better], R[better], best[better] = trial[better], fresh[better], size[better]
    return X, R


def _largest(orbits: Array) -> Array:
    return np.abs(orbits).max(axis=(1, 2))


def _norm(orbits: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.sqrt(np.einsum("nkd,nkd->n", orbits, orbits))

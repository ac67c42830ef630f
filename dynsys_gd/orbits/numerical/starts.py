"""Where a search begins: points of the region, stretches of trajectories, near returns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.iteration import iterate, orbit
from ...errors import InvalidInput
from ...maps.base import Map
from ...maps.gradient_map import GradientMap
from ...regions import Region, positive_count
from .task import Task

__all__ = ["checked_starts", "drawn_and_passed", "drawn_orbits", "settled_starts", "stretches"]

Array = NDArray[np.float64]

_NUMBERS = 4_000_000  # in a table of trajectories
_LONGEST_PASSAGE = 400
_PASSAGE = 300
_CHOSEN_FROM = 8  # times as many near returns as are wanted


def settled_starts(starts: Any) -> Any:
    """Return a count, or given starts as nested tuples, which nobody can change."""
    expected = "a whole number of at least 1, or finite numbers of shape (n, d) or (n, p, d)"
    if isinstance(starts, (str, bytes, bool, int, float, np.number, type(None))):
        if isinstance(starts, (str, bytes)) or starts is None:
            raise InvalidInput("starts", starts, expected)
        return positive_count(starts, "starts")
    try:
        array = np.asarray(starts)
        real = np.array(array, dtype=np.float64) if array.dtype.kind in "iuf" else None
    except (TypeError, ValueError):
        real = None
    if real is None or real.ndim not in (2, 3) or not real.size:
        raise InvalidInput("starts", starts, expected)
    if not np.isfinite(real).all():
        raise InvalidInput("starts", starts, expected, "leave out rows that are not finite")
    rows = real.tolist()
    if real.ndim == 2:
        return tuple(tuple(row) for row in rows)
    return tuple(tuple(tuple(point) for point in row) for row in rows)


def checked_starts(starts: Any, F: Map, period: int) -> Array:
    """Return given starts as orbits of states, shape (n, 1 or p, d), or refuse them."""
    d = F.dimension
    sizes = sorted({d, d if F.loss is None else F.loss.dimension})
    width = " or ".join(map(str, sizes))
    shapes = f"(n, {width})" + (f" or (n, {period}, {width})" if period > 1 else "")
    expected = f"a whole number of at least 1, or finite numbers of shape {shapes}"
    array = np.array(starts, dtype=np.float64)
    rows = array[:, None] if array.ndim == 2 else array
    fits = rows.ndim == 3 and len(rows) and rows.shape[1] in (1, period) and rows.shape[2] in sizes
    if not fits:
        raise InvalidInput("starts", f"shape {array.shape}", expected)
    return _lifted(F, rows)


def drawn_points(task: Task, region: Region, n: int, rng: np.random.Generator) -> Array:
    """Return states drawn from the region, shape (n, d); points of the loss at rest."""
    return _lifted(task.F, region.sample(n, rng=rng)[:, None])[:, 0]


def drawn_and_passed(
    task: Task, region: Region, n: int, rng: np.random.Generator, *, every: int = 2
) -> Array:
    """Return states from the region, one in `every` moved along its trajectory, shape (n, d).

    A trajectory that leaves the neighbourhood of the region keeps its first point.
    """
    points = drawn_points(task, region, n, rng)
    with np.errstate(all="ignore"):
        later = task.reduced(iterate(task.kernel, points[::every], _PASSAGE))
    stays = _stays(task, later[:, None])
    points[::every][stays] = later[stays]
    return points


def drawn_orbits(task: Task, region: Region, n: int, rng: np.random.Generator) -> Array:
    """Return starts for whole orbits, shape (n, p, d).

    One third each: points drawn one by one, stretches of trajectories from drawn points, and
    stretches after which a trajectory nearly returns. What leaves the neighbourhood of the region
    is replaced by points of the first sort. For fixed points one third comes from the ends of
    trajectories, which find the sinks of large problems.
    """
    p = task.period
    if p == 1:
        return drawn_and_passed(task, region, n, rng, every=3)[:, None]
    points = region.sample(n * p, rng=rng).reshape(n, p, region.dimension)
    orbits = _lifted(task.F, points)
    third = n // 3
    for place, found in (
        (third, stretches(task, orbits[third : 2 * third, 0])),
        (2 * third, _near_returns(task, region, n - 2 * third, rng)),
    ):
        usable = np.flatnonzero(_stays(task, found))
        orbits[place + usable] = found[usable]
    return orbits


def stretches(task: Task, points: Array) -> Array:
    """Return the orbits of states, shape (n, d), of as many points as the period."""
    if task.period == 1 or not len(points):
        return points[:, None]
    passed = orbit(task.kernel, points, task.period - 1)
    return np.ascontiguousarray(passed.swapaxes(0, 1))


def _near_returns(task: Task, region: Region, n: int, rng: np.random.Generator) -> Array:
    """Return stretches of trajectories whose ends nearly meet, shape (at most n, p, d)."""
    p, d = task.period, task.dimension
    length = p + min(_LONGEST_PASSAGE, max(50, 4 * p))
    trajectories = max(1, min(n, _NUMBERS // (length * d)))
    points = drawn_points(task, region, trajectories, rng)
    with np.errstate(all="ignore"):
        passed = orbit(task.kernel, points, length)  # (length + 1, m, d)
        away = task.wrapped(passed[p:] - passed[:-p])
        gap = np.abs(away).max(axis=2)
        stays = _stays(task, passed.swapaxes(0, 1)[:, :, None].reshape(-1, 1, d))
    stays = stays.reshape(trajectories, length + 1).T
    # How many of the p + 1 points of a stretch are in reach.
    counted = np.concatenate([np.zeros((1, trajectories)), np.cumsum(stays, axis=0)])
    whole = counted[p + 1 :] - counted[: -p - 1] == p + 1
    with np.errstate(invalid="ignore"):
        usable = whole & (gap > 1e-6 * task.scale)
    candidates = np.flatnonzero(usable.ravel())
    order = np.argsort(gap.ravel()[candidates], kind="stable")
    best = candidates[order[: _CHOSEN_FROM * n]]
    picked = np.sort(rng.permutation(best)[:n])
    first, which = np.divmod(picked, trajectories)
    return passed[first[:, None] + np.arange(p), which[:, None]]


def _stays(task: Task, orbits: Array) -> NDArray[np.bool_]:
    """Return for each orbit whether it keeps within about the region."""
    with np.errstate(all="ignore"):
        off = np.abs(task.wrapped(orbits - task.centre)).max(axis=2)
        return np.asarray((off <= 1.5 * task.size).all(axis=1))


def _lifted(F: Map, points: Array) -> Array:
    """Return states from points of the loss along orbits, shape (n, p, d).

    A state that remembers takes the point before it on the orbit.
    """
    if points.shape[2] == F.dimension or F.loss is None:
        return points
    if isinstance(F, GradientMap):
        return np.concatenate([np.roll(points, k, axis=1) for k in range(F.blocks)], axis=2)
    return F.lift(points)

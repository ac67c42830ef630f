"""Which different orbits of the asked least period a search has proved, enclosed tightly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from .equations import Equations
from .operator import attempt, inflated
from .outward import Bounds, middle

__all__ = ["Solutions", "solutions"]

_ROUNDS = 60
_ROOMS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)  # tried around an orbit, largest first
# A round that shrinks the bounds no more than to this share is the last one; wide bounds, as those
# of an orbit close to a bifurcation, begin slowly.
_GAIN, _GAIN_OF_WIDE = 0.9, 0.999
_NEAR = 1e-7  # orbits whose invariants differ by more are different: enclosures are narrower
_FARTHEST = 1e-3  # what that may become where coordinates are large and the region is small


@dataclass(frozen=True, eq=False)
class Solutions:
    """Proved orbits, each once.

    Parameters
    ----------
    lower, upper : ndarray, shape (p, d, n)
        Tight bounds of the orbits.
    unique_lower, unique_upper : ndarray, shape (p, d, n)
        Around each a box that holds no other solution.
    unsure_lower, unsure_upper : ndarray, shape (p, d, m)
        Boxes with a proved solution that could not be told from another one or from an orbit of
        a shorter period.
    """

    lower: Bounds
    upper: Bounds
    unique_lower: Bounds
    unique_upper: Bounds
    unsure_lower: Bounds
    unsure_upper: Bounds


def solutions(
    equations: Equations,
    lower: Bounds,
    upper: Bounds,
    image_lower: Bounds,
    image_upper: Bounds,
    scale: Bounds,
) -> Solutions:
    """Return the different orbits of least period p among proved solutions.

    Parameters
    ----------
    equations : Equations
    lower, upper : ndarray, shape (p, d, n)
        Boxes with exactly one solution each.
    image_lower, image_upper : ndarray, shape (p, d, n)
        Bounds of these solutions.
    scale : ndarray, shape (d,)
        Width of the region.
    """
    measure = scale[None, :, None]
    low, high = np.maximum(lower, image_lower), np.minimum(upper, image_upper)
    near = _near(low, high, measure)
    narrow_enough = 0.01 * near / len(low)
    low, high = _refined(equations, low, high, measure, narrow_enough)
    turn = np.argmin(middle(low, high)[:, 0], axis=0)  # as all lists of orbits begin
    low, high, lower, upper = (_turned(bound, turn) for bound in (low, high, lower, upper))
    unique_low, unique_high = _alone(equations, low, high, lower, upper, measure)
    narrow = np.max((high - low) / measure, axis=(0, 1)) < narrow_enough
    state = np.where(narrow, _KEEP, _UNSURE)
    for shift in _proper_shifts(equations.period):
        relation = _compared(low, high, low, high, unique_low, unique_high, shift)
        state[relation == _SAME] = _DROP
        state[(relation == _OPEN) & (state == _KEEP)] = _UNSURE
    places = np.flatnonzero(state == _KEEP)
    drop, unsure = _duplicates(
        low[..., places],
        high[..., places],
        unique_low[..., places],
        unique_high[..., places],
        measure,
        near,
    )
    state[places[drop]] = _DROP
    state[places[unsure & ~drop]] = _UNSURE
    keep, open_ = state == _KEEP, state == _UNSURE
    # Rounded, so that equal coordinates are equal.
    first = np.round(middle(low, high)[0] / (near * scale[:, None]))[:, keep]
    order = np.lexsort(first[::-1])
    chosen = np.flatnonzero(keep)[order]
    return Solutions(
        low[..., chosen], high[..., chosen],
        unique_low[..., chosen], unique_high[..., chosen],
        low[..., open_], high[..., open_],
    )  # fmt: skip


def _near(low: Bounds, high: Bounds, measure: Bounds) -> float:
    """Return how far apart, in shares of the region, different orbits are told by their invariants.

    Enclosures must be much narrower, which rounding does not allow far from the origin.
    """
    if not low.size:
        return _NEAR
    far = float(np.max(np.maximum(np.abs(low), np.abs(high)) / measure))
    return min(max(_NEAR, 1000 * len(low) * 2.0**-52 * far), _FARTHEST)


_KEEP, _DROP, _UNSURE = 0, 1, 2
_SAME, _OTHER, _OPEN = 0, 1, 2


def _refined(
    equations: Equations, lower: Bounds, upper: Bounds, measure: Bounds, narrow: float
) -> tuple[Bounds, Bounds]:
    """Return narrower bounds of the solutions, as long as they become narrower."""
    low, high = lower.copy(), upper.copy()
    active = np.arange(low.shape[2])
    for _ in range(_ROUNDS):
        if not len(active):
            break
        part = low[..., active], high[..., active]
        tried = attempt(equations, *inflated(*part, 1e-3, 1e-15 * measure))
        new = np.maximum(part[0], tried.lower), np.minimum(part[1], tried.upper)
        before, after = (((b - a) / measure).max(axis=(0, 1)) for a, b in (part, new))
        low[..., active], high[..., active] = new
        gain = np.where(after > narrow, _GAIN_OF_WIDE, _GAIN)
        active = active[after < gain * before]
    return low, high


def _turned(bound: Bounds, turn: NDArray[np.int_]) -> Bounds:
    """Return orbits that begin at the given time indices."""
    period = len(bound)
    places = (np.arange(period)[:, None] + turn) % period
    return np.take_along_axis(bound, places[:, None, :], axis=0)


def _alone(
    equations: Equations,
    lower: Bounds,
    upper: Bounds,
    box_lower: Bounds,
    box_upper: Bounds,
    measure: Bounds,
) -> tuple[Bounds, Bounds]:
    """Return boxes with the solution well inside and no other one.

    A solution on a face of its box is found from both sides, and only a box around it can tell
    that the two are one.
    """
    unique_low, unique_high = box_lower.copy(), box_upper.copy()
    missing = np.arange(lower.shape[2])
    for room in _ROOMS:
        if not len(missing):
            break
        around = inflated(lower[..., missing], upper[..., missing], 0.0, room * measure)
        done = attempt(equations, *around).proved
        unique_low[..., missing[done]] = around[0][..., done]
        unique_high[..., missing[done]] = around[1][..., done]
        missing = missing[~done]
    return unique_low, unique_high


def _proper_shifts(period: int) -> list[int]:
    """Return p/q for each prime divisor q of p: an orbit of a shorter period repeats after one."""
    return [period // q for q in sp.primefactors(period)] if period > 1 else []


def _compared(
    low: Bounds,
    high: Bounds,
    other_low: Bounds,
    other_high: Bounds,
    unique_low: Bounds,
    unique_high: Bounds,
    shift: int,
) -> NDArray[np.int_]:
    """Return whether the orbits (low, high), moved on by `shift`, are the others.

    SAME where the moved enclosure lies in the box in which the other one is alone, OTHER where
    the enclosures do not meet.
    """
    low, high = np.roll(low, -shift, axis=0), np.roll(high, -shift, axis=0)
    inside = np.all((low >= unique_low) & (high <= unique_high), axis=(0, 1))
    apart = np.any((low > other_high) | (high < other_low), axis=(0, 1))
    return np.where(inside, _SAME, np.where(apart, _OTHER, _OPEN))


def _duplicates(
    low: Bounds,
    high: Bounds,
    unique_low: Bounds,
    unique_high: Bounds,
    measure: Bounds,
    near: float,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which solutions are later copies of another up to a shift, and which may be."""
    period, _, n = low.shape
    drop, unsure = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    if n < 2:
        return drop, unsure
    middles = middle(low, high)
    points = (middles - middles.mean(axis=(0, 2), keepdims=True)) / measure
    # Invariants under a shift: pairs that differ in them are different orbits.
    keys = np.concatenate([points.mean(axis=0), (points**2).mean(axis=0), (points**3).mean(axis=0)])
    size = 1 + np.abs(points).max()
    from scipy.spatial import cKDTree

    pairs = cKDTree(keys.T).query_pairs(3 * near * size**2, p=np.inf, output_type="ndarray")
    if not len(pairs):
        return drop, unsure
    first, second = np.sort(pairs, axis=1).T
    same, open_ = np.zeros(len(pairs), dtype=bool), np.zeros(len(pairs), dtype=bool)
    for shift in range(period):
        relation = _compared(
            low[..., second], high[..., second], low[..., first], high[..., first],
            unique_low[..., first], unique_high[..., first], shift,
        )  # fmt: skip
        same |= relation == _SAME
        open_ |= relation == _OPEN
    drop[second[same]] = True
    open_ &= ~same
    unsure[first[open_]] = unsure[second[open_]] = True
    return drop, unsure

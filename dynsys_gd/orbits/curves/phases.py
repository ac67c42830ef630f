"""To which point of a sink do orbits tend, or to something else?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...engine.arithmetic import Arithmetic
from ...engine.iteration import iterate, orbit
from .cycle import Cycle, refined
from .trap import NOWHERE, Trap

__all__ = ["ELSEWHERE", "RUNNING", "phases"]

Rows = NDArray[np.float64]

ELSEWHERE = -1  # it went far away, to another attracting orbit, or repeats something else
RUNNING = NOWHERE  # nothing of the kind within the steps allowed

_FIRST_BLOCK, _LONGEST_BLOCK = 8, 256
_LONGEST = 32  # least period of another attracting orbit that is looked for
_REPEATS = 1e-14
_CLOSE = 1e-8  # relative distance to an attracting orbit from which nothing comes away
_TRIES = 4
_FAR = 1e8
_ROWS = 50_000


def phases(trap: Trap, rows: Rows, steps: int) -> NDArray[np.intp]:
    """Return for each row the point x_j to which F^(pk) takes it, ELSEWHERE, or RUNNING."""
    found = np.full(len(rows), RUNNING, dtype=np.intp)
    others: list[Rows] = []
    for first in range(0, len(rows), _ROWS):
        found[first : first + _ROWS] = _phases(trap, others, rows[first : first + _ROWS], steps)
    return found


def _phases(trap: Trap, others: list[Rows], rows: Rows, steps: int) -> NDArray[np.intp]:
    kernel, period = trap.cycle.kernel, trap.cycle.period
    found = trap.holds(rows)
    running = np.flatnonzero(found == RUNNING)
    now, done, block = rows[running], 0, _FIRST_BLOCK
    while len(running) and done < steps:
        # Whole returns, so that the point that is approached tells the phase of the start.
        length = period * -(-min(block, steps - done) // period)
        now = iterate(kernel, now, length, arithmetic=Arithmetic.PLAIN)
        done += length
        state = trap.holds(now)
        with np.errstate(all="ignore"):
            state[~(np.abs(now).max(axis=1) < _FAR)] = ELSEWHERE
        if done >= 4 * _FIRST_BLOCK:
            still = np.flatnonzero(state == RUNNING)
            state[still[_elsewhere(trap, others, now[still])]] = ELSEWHERE
        found[running] = state
        going = state == RUNNING
        running, now = running[going], now[going]
        block = min(2 * block, _LONGEST_BLOCK)
    return found


def _elsewhere(trap: Trap, others: list[Rows], rows: Rows) -> NDArray[np.bool_]:
    """Return for each row outside the trap whether it was recognised to stay outside.

    It has come close to another attracting orbit, or returns to itself soon, up to rounding.
    Attracting orbits that are met for the first time are added to `others`.
    """
    caught = np.zeros(len(rows), dtype=bool)
    for points in others:
        caught |= _close(rows, points)
    left = np.flatnonzero(~caught)
    if not len(left):
        return caught
    passed = orbit(trap.cycle.kernel, rows[left], _LONGEST, arithmetic=Arithmetic.PLAIN)
    with np.errstate(all="ignore"):
        away = np.abs(passed[1:] - rows[left]).max(axis=2) / np.abs(rows[left]).max(axis=1)
    caught[left] = (away <= _REPEATS).any(axis=0)
    candidates = ~caught[left] & (away <= _CLOSE).any(axis=0)
    for _ in range(_TRIES):
        places = np.flatnonzero(candidates)
        if not len(places):
            break
        place = places[0]
        candidates[place] = False
        period = 1 + int(np.flatnonzero(away[:, place] <= _CLOSE)[0])
        found = _attracting(trap, passed[:period, place])
        if found is not None:
            others.append(found)
            here = _close(rows[left], found)
            caught[left[here]] = True
            candidates &= ~here
    return caught


def _close(rows: Rows, points: Rows) -> NDArray[np.bool_]:
    """Return for each row whether it is very close to one of some points."""
    near = np.zeros(len(rows), dtype=bool)
    for point in points:
        near |= np.abs(rows - point).max(axis=1) <= _CLOSE * (1 + np.abs(point).max())
    return near


def _attracting(trap: Trap, guess: Rows) -> Rows | None:
    """Return the attracting orbit at `guess`, or None where it is the sink or not attracting."""
    points = refined(trap.cycle.kernel, guess)
    if points is None or _close(trap.cycle.points, points).any():
        return None
    slope = Cycle(trap.cycle.F, trap.cycle.kernel, points).return_slope()
    attracts = np.isfinite(slope).all() and np.abs(np.linalg.eigvals(slope)).max() < 1 - 1e-9
    return points if attracts else None

"""Does an orbit come so close to a sink that it cannot leave again?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...engine.arithmetic import Arithmetic
from ...engine.iteration import iterate, orbit
from ...errors import InvalidInput
from .cycle import Cycle

__all__ = ["ELSEWHERE", "RUNNING", "Trap", "phases", "trap_of"]

Rows = NDArray[np.float64]

ELSEWHERE = -1  # it went far away, or repeats something else
RUNNING = -2  # nothing of the kind within the steps allowed

_WIDEST = 16.0
_HALVINGS = 60
_SHELLS = np.linspace(0.05, 1.0, 12)
_DIRECTIONS = 96
_SHRINKS = 0.999
_FIRST_BLOCK, _LONGEST_BLOCK = 8, 256
_LAGS = 12
_REPEATS = 1e-14
_FAR = 1e8
_ROWS = 50_000


@dataclass(frozen=True, eq=False)
class Trap:
    """Ellipsoids about the points x_j of a sink, each mapped into itself by F^p.

    Parameters
    ----------
    cycle : Cycle
    forms : ndarray, shape (p, d, d)
        The ellipsoid is (x - x_j)ᵀ P (x - x_j) <= r².
    radii : ndarray, shape (p,)
    """

    cycle: Cycle
    forms: NDArray[np.float64]
    radii: NDArray[np.float64]

    def holds(self, rows: Rows) -> NDArray[np.intp]:
        """Return for each row in which ellipsoid it lies, or RUNNING for none."""
        inside = np.full(len(rows), RUNNING, dtype=np.intp)
        for j, centre in enumerate(self.cycle.points):
            away = rows - centre
            with np.errstate(all="ignore"):
                value = np.einsum("ni,ij,nj->n", away, self.forms[j], away)
            inside[value <= self.radii[j] ** 2] = j
        return inside


def trap_of(cycle: Cycle) -> Trap:
    """Return the trap of a sink: the largest, over halvings, in which F^p was seen to contract.

    P solves Aᵀ P A - P = -1 for the Jacobian A of F^p, so that F^p contracts near the sink in the
    norm of P; how far out is looked at on 12 shells.
    """
    d = cycle.points.shape[1]
    sizes = np.abs(np.linalg.eigvals(cycle.return_slope()))
    if not sizes.max() < 1 - 1e-9:
        raise InvalidInput(
            "sink",
            f"multipliers of size {', '.join(f'{size:.6g}' for size in sizes)}",
            "an orbit with every multiplier inside the unit circle",
        )
    from scipy.linalg import solve_discrete_lyapunov

    kernel = cycle.return_kernel()
    directions = np.array([[-1.0], [1.0]])
    if d > 1:
        directions = np.random.default_rng(0).normal(size=(_DIRECTIONS * d, d))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    forms, radii = [], []
    for j, centre in enumerate(cycle.points):
        slope = cycle.return_slope(j)
        form = solve_discrete_lyapunov(slope.T, np.eye(d))
        form = form / np.linalg.eigvalsh(form)[-1]  # the ellipsoid holds the ball of its radius
        back = np.linalg.inv(np.linalg.cholesky(form)).T  # from the unit ball to the ellipsoid
        unit = (_SHELLS[:, None, None] * (directions @ back.T)).reshape(-1, d)
        radius = _WIDEST * (1 + float(np.abs(centre).max()))
        for _ in range(_HALVINGS):
            with np.errstate(all="ignore"):
                moved = kernel.step(centre + radius * unit)[0] - centre
                after = np.einsum("ni,ij,nj->n", moved, form, moved)
                before = radius**2 * np.einsum("ni,ij,nj->n", unit, form, unit)
                if np.all(after < _SHRINKS * before):
                    break
            radius /= 2
        else:
            raise InvalidInput("sink", centre.tolist(), "a sink about which the map is smooth")
        forms.append(form)
        radii.append(radius / 2)  # half, since only some points were looked at
    return Trap(cycle, np.array(forms), np.array(radii))


def phases(trap: Trap, rows: Rows, steps: int) -> NDArray[np.intp]:
    """Return for each row the point x_j to which F^(pk) takes it, ELSEWHERE, or RUNNING."""
    found = np.full(len(rows), RUNNING, dtype=np.intp)
    for first in range(0, len(rows), _ROWS):
        found[first : first + _ROWS] = _phases(trap, rows[first : first + _ROWS], steps)
    return found


def _phases(trap: Trap, rows: Rows, steps: int) -> NDArray[np.intp]:
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
            state[still[_repeats(trap, now[still])]] = ELSEWHERE
        found[running] = state
        going = state == RUNNING
        running, now = running[going], now[going]
        block = min(2 * block, _LONGEST_BLOCK)
    return found


def _repeats(trap: Trap, rows: Rows) -> NDArray[np.bool_]:
    """Return for each row outside the trap whether it returns to itself soon, up to rounding."""
    period = trap.cycle.period
    if not len(rows):
        return np.zeros(0, dtype=bool)
    passed = orbit(trap.cycle.kernel, rows, _LAGS * period, arithmetic=Arithmetic.PLAIN)
    away = np.abs(passed[period::period] - rows).max(axis=2)
    size = np.abs(rows).max(axis=1)
    return np.asarray((away <= _REPEATS * size).any(axis=0))

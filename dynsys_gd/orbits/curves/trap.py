"""Does an orbit come so close to a sink that it cannot leave again?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from .cycle import Cycle

__all__ = ["NOWHERE", "Trap", "trap_of"]

Rows = NDArray[np.float64]

NOWHERE = -2  # in none of the ellipsoids

_WIDEST = 16.0
_HALVINGS = 60
_SHELLS = np.linspace(0.05, 1.0, 12)
_DIRECTIONS = 96
_SHRINKS = 0.999


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
        """Return for each row in which ellipsoid it lies, or NOWHERE."""
        inside = np.full(len(rows), NOWHERE, dtype=np.intp)
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

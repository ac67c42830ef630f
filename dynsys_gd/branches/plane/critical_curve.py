"""The equations of a curve of bifurcations: an orbit, and a matrix that has to be singular."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...orbits.normal_forms.kinds import Bifurcation
from ..continuation.curve import Curve, Vector
from .system import PlaneSystem

__all__ = ["CriticalCurve", "Frame"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Frame:
    """The singular vectors that belong to the smallest singular values.

    Parameters
    ----------
    matrix : ndarray, shape (n, n + e)
    left : ndarray, shape (n, l)
    right : ndarray, shape (n + e, r)
    """

    matrix: Array
    left: Array
    right: Array

    @property
    def value(self) -> Array:
        """What has to vanish, shape (l r,)."""
        return np.asarray(self.left.T @ self.matrix @ self.right).ravel()


@dataclass(frozen=True, eq=False)
class CriticalCurve(Curve):
    """Orbits with a critical multiplier, in the plane of two parameters.

    Unknowns are the p points, the cosine κ of the angle for a Neimark-Sacker curve, and both
    parameter values; equations are x_(k+1) = F(x_k) and that a matrix E is singular:

    flip          v_(k+1) = A_k v_k around the orbit with v_p = -v_0
    fold          the same with v_p = v_0
    crossing      the same with the derivatives by both parameters as further columns
    two angles    twice around, v_2p - 2 κ v_p + v_0 = 0: M² - 2 κ M + I is singular twice

    Products of the Jacobians A_k are never formed. With the singular vectors ψ and φ of the
    smallest singular values, ψᵀ E φ vanishes there and has the derivative ψᵀ (dE) φ; this is the
    minimally augmented system [govaerts2000numerical]_ with the best borders there are, chosen
    anew in each evaluation, and it stays regular at the strong resonances κ = ±1.

    Parameters
    ----------
    system : PlaneSystem
    period : int
    bifurcation : Bifurcation
    units : tuple of three float
        The units in which distances of states and of the two parameters are measured.
    """

    system: PlaneSystem
    period: int
    bifurcation: Bifurcation
    units: tuple[float, float, float] = (1.0, 1.0, 1.0)
    family: int = 0

    @property
    def turning(self) -> bool:
        """Whether a pair on the unit circle is followed."""
        return self.bifurcation is Bifurcation.NEIMARK_SACKER

    @property
    def crossing(self) -> bool:
        """Whether points are followed where branches cross."""
        return self.bifurcation in (Bifurcation.PITCHFORK, Bifurcation.TRANSCRITICAL)

    @cached_property
    def weights(self) -> Vector:
        d, (length, first, second) = self.system.dimension, self.units
        states = np.full(self.period * d, length**-2.0 / self.period)
        cosine = [0.25] if self.turning else []  # it runs over an interval of length two
        return np.concatenate([states, cosine, [first**-2.0, second**-2.0]])

    def orbit(self, u: Vector) -> Vector:
        return np.asarray(u[: self.period * self.system.dimension].reshape(self.period, -1))

    def values(self, u: Vector) -> Array:
        """Return both parameter values."""
        return np.asarray(u[-2:])

    def value(self, u: Vector) -> float:
        return float(u[-2])

    def cosine(self, u: Vector) -> float:
        """Return cos θ of the critical pair e^(±iθ); NaN where there is none."""
        return float(u[-3]) if self.turning else float("nan")

    def jacobians(self, u: Vector) -> NDArray[np.float64]:
        return self.system.at(self.orbit(u), self.values(u))[1]

    def residual(self, u: Vector) -> Vector:
        images, slopes, rates = self.system.at(self.orbit(u), self.values(u))
        moved = (np.roll(self.orbit(u), -1, axis=0) - images).ravel()
        if not np.isfinite(slopes).all():
            return np.full(moved.size + 1, np.nan)
        return np.append(moved, self._frame(slopes, rates, self.cosine(u)).value)

    def around(self, u: Vector) -> Frame:
        """Return the singular vectors at a point, without columns for the parameters."""
        _, slopes, rates = self.system.at(self.orbit(u), self.values(u))
        if self.crossing:
            return _smallest(_around(slopes, {0: 1.0}), 1)
        return self._frame(slopes, rates, self.cosine(u))

    def linear(self, u: Vector) -> tuple[Vector, Any]:
        x, values, p, d = self.orbit(u), self.values(u), self.period, self.system.dimension
        images, slopes, rates = self.system.at(x, values)
        moved = (np.roll(x, -1, axis=0) - images).ravel()
        finite = np.isfinite(slopes).all() and np.isfinite(rates).all()
        if not finite or not np.isfinite(moved).all():
            return np.full(moved.size + 1, np.nan), np.zeros((moved.size + 1, len(u)))
        frame = self._frame(slopes, rates, self.cosine(u))
        rows = np.zeros((p * d, len(u)))
        rows[:, : p * d] = _around(slopes, {0: 1.0})
        rows[:, -2:] = -rates.reshape(p * d, 2)
        return np.append(moved, frame.value), np.vstack([rows, self._slope(frame, x, values)])

    def _frame(self, slopes: Array, rates: Array, cosine: float) -> Frame:
        if self.turning:
            return _smallest(_around(slopes, {0: -1.0, self.period: 2.0 * cosine}), 2)
        if self.bifurcation is Bifurcation.FLIP:
            return _smallest(_around(slopes, {0: -1.0}), 1)
        matrix = _around(slopes, {0: 1.0})
        if self.crossing:
            matrix = np.hstack([matrix, -rates.reshape(len(matrix), 2)])
        return _smallest(matrix, 1)

    def _slope(self, frame: Frame, x: Array, values: Array) -> Array:
        """Return the derivative of `frame.value` by all unknowns, one row for each entry."""
        p, d = self.period, self.system.dimension
        rounds = 2 if self.turning else 1
        count = rounds * p
        left = frame.left.reshape(count, d, -1)
        states = np.tile(x, (rounds, 1))
        rows = []
        for phi in frame.right.T:
            directions = np.zeros((count, d + 2))
            directions[:, :d] = phi[: count * d].reshape(count, d)
            directions[:, d:] = phi[count * d :] if self.crossing else 0.0
            bent = self.system.bent(states, values, directions)
            change = -np.einsum("cil,cij->lcj", left, bent)  # E contains -A_k
            for k in range(left.shape[2]):
                by_state = change[k, :, :d].reshape(rounds, p, d).sum(axis=0).ravel()
                by_value = change[k, :, d:].sum(axis=0)
                middle = []
                if self.turning:
                    half = phi.reshape(count, d)[p]
                    middle = [2.0 * float(left[-1, :, k] @ half)]
                rows.append(np.concatenate([by_state, middle, by_value]))
        order = np.arange(len(rows)).reshape(frame.right.shape[1], -1).T.ravel()
        return np.array(rows)[order]


def _around(slopes: Array, closing: dict[int, float]) -> Array:
    """Return v_(k+1) - A_k v_k around the orbit, as often as `closing` reaches.

    The last row ends with the multiples in `closing` of the blocks that it names.
    """
    p, d = slopes.shape[:2]
    count = p * (2 if len(closing) > 1 else 1)
    matrix = np.zeros((count, d, count, d))
    place = np.arange(count)
    matrix[place, :, place] = -np.tile(slopes, (count // p, 1, 1))
    matrix[place[:-1], :, place[1:]] += np.eye(d)
    for block, factor in closing.items():
        matrix[-1, :, block] += factor * np.eye(d)
    return matrix.reshape(count * d, count * d)


def _smallest(matrix: Array, nullity: int) -> Frame:
    left, _, right = np.linalg.svd(matrix)
    extra = matrix.shape[1] - matrix.shape[0]
    return Frame(matrix, left[:, -nullity:], right[-nullity - extra :].T)

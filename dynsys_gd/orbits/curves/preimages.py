"""Which points are mapped onto a known curve, next to one that is?

A point z lies on the stable set where some image of it lies on the local curve K. The unknown is
the whole chain z_0, z_1 = F(z_0), …, F(z_(n-1)) = K(σ), solved at once: no inverse of the map is
needed, a fold is passed like any other place, and errors of the map do not pile up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...engine.arithmetic import Arithmetic
from ...engine.iteration import orbit
from ...engine.kernel import Kernel
from .local_curve import LocalCurve

__all__ = ["Chain", "Chains"]

Rows = NDArray[np.float64]

_NEWTON_STEPS = 8
_DONE = 1e-14


@dataclass(frozen=True, eq=False)
class Chain:
    """A point of the stable set with its images.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        z_0, …, z_(n-1).
    s : float
        F(z_(n-1)) = K(s).
    moved : float
        Length of the last correction of z_0.
    """

    points: Rows
    s: float
    moved: float = np.inf

    @property
    def first(self) -> Rows:
        """The point of the set itself."""
        return np.asarray(self.points[0])

    def plus(self, change: Chain, share: float) -> Chain:
        """Return this chain moved along a change of all its points."""
        return Chain(self.points + share * change.points, self.s + share * change.s)


@dataclass(frozen=True, eq=False)
class Chains:
    """The equations of chains of one map onto one local curve.

    Parameters
    ----------
    kernel : Kernel
        One step of F.
    local : LocalCurve
    period : int
        F^p maps the local curve into itself.
    """

    kernel: Kernel
    local: LocalCurve
    period: int

    def solved(self, guess: Chain, along: Rows, target: float) -> Chain | None:
        """Return the chain near `guess` with along · z_0 = target, or None."""
        chain, size = guess, 1 + float(np.abs(guess.points).max())
        for _ in range(_NEWTON_STEPS):
            corrected = self._corrected(chain, along, target)
            if corrected is None or abs(corrected.s) > 2:
                return None
            change = np.abs(corrected.points - chain.points).max()
            chain = corrected
            if change <= _DONE * size:
                return chain
        return chain if change <= 1e3 * _DONE * size else None

    def tangent(self, chain: Chain, along: Rows) -> Chain | None:
        """Return how the chain moves along the set, z_0 at unit speed with along · z_0 growing."""
        right = np.zeros(2 * len(chain.points) + 1)
        right[0] = 1.0
        change = self._solve(chain, along, right)
        if change is None:
            return None
        speed = float(np.linalg.norm(change.points[0]))
        return Chain(change.points / speed, change.s / speed)

    def _corrected(self, chain: Chain, along: Rows, target: float) -> Chain | None:
        """Return the chain after one step of Newton's method."""
        with np.errstate(all="ignore"):
            images = self.kernel.step(chain.points)[0]
        following = np.concatenate([chain.points[1:], self.local.points(np.array([chain.s]))])
        right = np.concatenate([[target - along @ chain.points[0]], (following - images).ravel()])
        change = self._solve(chain, along, right)
        if change is None:
            return None
        moved = float(np.linalg.norm(change.points[0]))
        return Chain(chain.points + change.points, chain.s + change.s, moved)

    def _solve(self, chain: Chain, along: Rows, right: Rows) -> Chain | None:
        """Return the change of the chain that the linearised equations ask for.

        Their matrix has two bands on either side: first along · z_0, then DF(z_k) and -1 in turn.
        """
        from scipy.linalg import solve_banded

        n = len(chain.points)
        with np.errstate(all="ignore"):
            slopes = self.kernel.jacobian(chain.points)
        bands = np.zeros((5, 2 * n + 1))  # entry (i, j) of the matrix stands at [2 + i - j, j]
        bands[2, 0], bands[1, 1] = along
        bands[3, 0 : 2 * n : 2], bands[2, 1 : 2 * n : 2] = slopes[:, 0, 0], slopes[:, 0, 1]
        bands[4, 0 : 2 * n : 2], bands[3, 1 : 2 * n : 2] = slopes[:, 1, 0], slopes[:, 1, 1]
        bands[1, 2 : 2 * n : 2], bands[1, 3 : 2 * n : 2] = -1.0, -1.0
        tangent = self.local.tangents(np.array([chain.s]))[0]
        bands[1, 2 * n], bands[2, 2 * n] = -tangent
        if not (np.isfinite(bands).all() and np.isfinite(right).all()):
            return None
        try:
            change = solve_banded((2, 2), bands, right, check_finite=False)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(change).all():
            return None
        return Chain(change[:-1].reshape(n, 2), float(change[-1]))

    def lengthened(self, chain: Chain) -> Chain:
        """Return the same chain with one return more: K(s) and its images, then K(λ s)."""
        start = self.local.points(np.array([chain.s]))
        more = orbit(self.kernel, start, self.period - 1, arithmetic=Arithmetic.PLAIN)[:, 0]
        points = np.concatenate([chain.points, more])
        return Chain(points, chain.s * self.local.multiplier, chain.moved)

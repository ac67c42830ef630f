"""The p-step map seen from its fixed points: displacement, derivative, Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.arithmetic import Arithmetic
from ..engine.batch import columns_of
from ..engine.driver import squared_norm
from ..engine.eigen import pseudo_solution
from ..engine.iteration import iterate, orbit
from ..engine.kernel import Kernel
from ..maps.base import Map
from ..maps.gradient_descent import GradientDescent

__all__ = ["PStep", "Polished", "applied", "multiplied", "norms", "polish", "pseudo_step"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_LARGEST = 1e100
_SMALL = 8  # dimension up to which products are written out, entry by entry over all rows


@dataclass(frozen=True, eq=False)
class PStep:
    """The map x -> F^p(x), whose fixed points are the p-periodic points of F.

    Parameters
    ----------
    F : Map
    kernel : Kernel
    period : int
    """

    F: Map
    kernel: Kernel
    period: int = 1

    @property
    def symmetric(self) -> bool:
        """Whether the derivative is symmetric: I - ηH is, products of such matrices are not."""
        return self.period == 1 and isinstance(self.F, GradientDescent)

    def displacement(self, states: Rows) -> Rows:
        """Return F^p(x) - x. For one gradient step it is -η∇L, not rounded by the sum x - η∇L."""
        with np.errstate(all="ignore"):
            if self.period == 1 and isinstance(self.F, GradientDescent):
                return -float(self.F.step_size) * self.kernel.step(states)[1]
            images = iterate(self.kernel, states, self.period, arithmetic=Arithmetic.NUMPY)
            return images - states

    def derivative(self, states: Rows) -> NDArray[np.float64]:
        """Return D(F^p) - I by the chain rule, shape (n, d, d); NaN where it is astronomic.

        Every entry is contiguous over the rows.
        """
        with np.errstate(all="ignore"):
            # In the arithmetic of the Jacobians: what machine code rounds apart is not this orbit.
            first, *rest = orbit(self.kernel, states, self.period - 1, arithmetic=Arithmetic.NUMPY)
            product = self.kernel.jacobian(first)
            for following in rest:
                product = multiplied(self.kernel.jacobian(following), product)
            n, d = states.shape
            entries = np.array(columns_of(product), order="C")
            entries[:: d + 1] -= 1.0
            # Of such matrices no decomposition is known; NaN says so without stopping the rest.
            moderate = np.abs(entries).max(axis=0) <= _LARGEST
            if not moderate.all():
                entries[:, ~moderate] = np.nan
            return np.moveaxis(entries.reshape(d, d, n), -1, 0)


@dataclass(frozen=True, eq=False)
class Polished:
    """Limits found by Newton's method from orbit states.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    moved : ndarray, shape (n,)
        Distance from the state to the point.
    regular : ndarray of bool, shape (n,)
        Whether the steps shrank as they do in the region of quadratic convergence.
    """

    points: Rows
    moved: Numbers
    regular: NDArray[np.bool_]


def norms(rows: Rows) -> Numbers:
    """Return |x| of each row."""
    with np.errstate(all="ignore"):
        return np.sqrt(squared_norm(rows))


def applied(matrices: NDArray[np.float64], rows: Rows) -> Rows:
    """Return A v for each row, shape (n, d); each row is summed alike however many there are."""
    d = matrices.shape[2]
    if d > _SMALL:
        return np.asarray((matrices @ rows[:, :, None])[:, :, 0])
    total = matrices[:, :, 0] * rows[:, 0, None]
    for j in range(1, d):
        total += matrices[:, :, j] * rows[:, j, None]
    return total


def multiplied(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return A B for each row, shape (n, d, d), summed alike however many rows there are."""
    d = left.shape[2]
    if d > _SMALL:
        return left @ right
    total = left[:, :, 0, None] * right[:, 0, None, :]
    for j in range(1, d):
        total += left[:, :, j, None] * right[:, j, None, :]
    return total


def pseudo_step(
    matrices: NDArray[np.float64], rights: Rows, *, cut: float, symmetric: bool
) -> Rows:
    """Return -A⁺ r for each row, singular values below ``cut * max(1, |A|)`` taken as zero.

    Rows with a non-finite entry stay where they are.
    """
    return -pseudo_solution(matrices, rights, cut=cut, symmetric=symmetric)


def polish(steps: PStep, states: Rows, *, cut: float, rounds: int) -> Polished:
    """Return the fixed points of the p-step map that Newton's method finds from `states`.

    Notes
    -----
    x <- x - (DF^p(x) - I)⁺ (F^p(x) - x) with the Moore-Penrose inverse, so that families of fixed
    points are met at a nearby member. Quadratic convergence shows in the second step being at most
    a tenth of the first, and the last being at rounding level.
    """
    start = np.ascontiguousarray(states.T)  # columns: each coordinate contiguous over the rows
    points = start.copy()
    n = points.shape[1]
    first, second, last = np.zeros(n), np.zeros(n), np.full(n, np.inf)
    active = np.arange(n)
    for k in range(rounds):
        here = points[:, active] if active.size < n else points
        move = pseudo_step(
            steps.derivative(here.T),
            steps.displacement(here.T),
            cut=cut,
            symmetric=steps.symmetric,
        )
        there = here + move.T
        points[:, active] = there
        length = norms(move)
        last[active] = length
        if k == 0:
            first[:] = length
        elif k == 1:
            second[active] = length
        moving = length > 1e-15 * (1.0 + norms(there.T))
        active = active[moving & np.isfinite(length)]
        if not active.size:
            break
    floor = 1e-10 * (1.0 + norms(points.T))
    regular = (second <= 0.1 * first + floor) & (last <= floor)
    return Polished(points.T, norms((points - start).T), regular)

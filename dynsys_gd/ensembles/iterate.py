"""The p-step map seen from its fixed points: displacement, derivative, Newton's method."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..engine.driver import squared_norm
from ..engine.kernel import Kernel
from ..maps.base import Map
from ..maps.gradient_descent import GradientDescent

__all__ = ["PStep", "Polished", "applied", "norms", "polish", "pseudo_step"]

Rows = NDArray[np.float64]
Numbers = NDArray[np.float64]

_LARGEST = 1e100


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
            images = states
            for _ in range(self.period):
                images = self.kernel.step(images)[0]
            return images - states

    def derivative(self, states: Rows) -> NDArray[np.float64]:
        """Return D(F^p) - I by the chain rule, shape (n, d, d); NaN where it is astronomic."""
        with np.errstate(all="ignore"):
            product = self.kernel.jacobian(states)
            for _ in range(self.period - 1):
                states = self.kernel.step(states)[0]
                product = self.kernel.jacobian(states) @ product
            derivative = product - np.eye(states.shape[1])
            # Decompositions of such matrices fail; a row of NaN says so without stopping the rest.
            size = np.abs(derivative).max(axis=(1, 2), keepdims=True)
            return np.where(size <= _LARGEST, derivative, np.nan)


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
    return np.asarray((matrices @ rows[:, :, None])[:, :, 0])


def pseudo_step(
    matrices: NDArray[np.float64], rights: Rows, *, cut: float, symmetric: bool
) -> Rows:
    """Return -A⁺ r for each row, singular values below ``cut * max(1, |A|)`` taken as zero.

    Rows with a non-finite entry stay where they are.
    """
    finite = np.all(np.isfinite(matrices), axis=(1, 2)) & np.all(np.isfinite(rights), axis=1)
    A = np.where(finite[:, None, None], matrices, 0.0)
    r = np.where(finite[:, None], rights, 0.0)
    if symmetric:
        values, right = np.linalg.eigh(A)
        left = right
    else:
        left, values, adjoint = np.linalg.svd(A)
        right = np.swapaxes(adjoint, 1, 2)
    size = np.abs(values)
    kept = size > cut * np.maximum(1.0, size.max(axis=1, keepdims=True))
    inverse = np.divide(1.0, values, out=np.zeros_like(values), where=kept)
    return -applied(right, inverse * applied(np.swapaxes(left, 1, 2), r))


def polish(steps: PStep, states: Rows, *, cut: float, rounds: int) -> Polished:
    """Return the fixed points of the p-step map that Newton's method finds from `states`.

    Notes
    -----
    x <- x - (DF^p(x) - I)⁺ (F^p(x) - x) with the Moore-Penrose inverse, so that families of fixed
    points are met at a nearby member. Quadratic convergence shows in the second step being at most
    a tenth of the first, and the last being at rounding level.
    """
    points = np.ascontiguousarray(states)
    points = points.copy()
    n = len(points)
    first, second, last = np.zeros(n), np.zeros(n), np.full(n, np.inf)
    active = np.arange(n)
    for k in range(rounds):
        here = points[active]
        move = pseudo_step(
            steps.derivative(here),
            steps.displacement(here),
            cut=cut,
            symmetric=steps.symmetric,
        )
        points[active] = here + move
        last[active] = norms(move)
        if k == 0:
            first[:] = last
        elif k == 1:
            second[active] = last[active]
        moving = last[active] > 1e-15 * (1.0 + norms(points[active]))
        active = active[moving & np.isfinite(last[active])]
        if not active.size:
            break
    floor = 1e-10 * (1.0 + norms(points))
    regular = (second <= 0.1 * first + floor) & (last <= floor)
    return Polished(points, norms(points - states), regular)

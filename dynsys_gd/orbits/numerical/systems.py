"""Which equations an orbit solves: closed chains of a map, or a vanishing gradient."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...losses.base import AbstractLoss
from ...maps.gradient_map import GradientMap
from .cyclic import closed_chain, smallest_singular
from .krylov import solved_in_krylov_space
from .task import Task

__all__ = ["NEXT", "ChainSystem", "GradientSystem", "System", "system_of"]

Array = NDArray[np.float64]

NEXT = 1e-7  # of the scale: how far around a solution there must not be another one
_NEXT_RELATIVE = 1e-9  # of the solution, where that is more
_NEARLY = 2e-2
_DIRECTIONS = 3
_SINGULAR = 1e-6  # ratio of singular values in a Krylov space below which it counts as singular
_OFFSET = 6e-6  # of a central difference: the cube root of the rounding unit


@dataclass(frozen=True, eq=False)
class System(ABC):
    """Equations R(X) = 0 for orbits X, shape (n, p, d), whole batches at once.

    Parameters
    ----------
    task : Task
    krylov : bool
        Whether corrections are found from derivatives along directions only.
    """

    task: Task
    krylov: bool

    @abstractmethod
    def residual(self, orbits: Array) -> Array:
        """Return R, shape (n, p, d); NaN where the map is not defined."""

    @abstractmethod
    def along(self, orbits: Array, directions: Array) -> Array:
        """Return the derivative of R along directions, shape (n, p, d)."""

    @abstractmethod
    def direct(self, orbits: Array, residual: Array) -> tuple[Array, Array]:
        """Return Newton's corrections, shape (n, p, d), and the sizes of the derivatives, (n,)."""

    @abstractmethod
    def direct_extremes(self, orbits: Array) -> tuple[Array, Array]:
        """Return smallest and largest singular value of what decides about regularity, (n,)."""

    def correction(self, orbits: Array, residual: Array) -> tuple[Array, Array]:
        """Return Newton's corrections and the sizes of the derivatives."""
        if not self.krylov:
            return self.direct(orbits, residual)
        found = solved_in_krylov_space(
            lambda V: self.along(orbits, V), -residual, give_up=self.task.out_of_time
        )
        return found.solution, found.largest

    def extremes(self, orbits: Array) -> tuple[Array, Array]:
        """Return smallest and largest singular value, seen in a Krylov space where that is used."""
        if not self.krylov:
            return self.direct_extremes(orbits)
        right = np.random.default_rng(0).standard_normal(orbits.shape)
        found = solved_in_krylov_space(
            lambda V: self.along(orbits, V), right, enough=0.0, give_up=self.task.out_of_time
        )
        return found.smallest, found.largest

    def matrices(self, orbits: Array) -> Array | None:
        """Return the derivatives of R, shape (n, d, d), for single points where they are known."""
        return None

    def isolated(self, orbits: Array) -> NDArray[np.bool_]:
        """Return for each solution whether it is simple, with no other one next to it, (n,).

        From points at a small distance one step of Newton's method must lead back, nearly all the
        way. On a family it leads to another member; to a multiple solution it goes part of the way.
        """
        if self.krylov:
            smallest, largest = self.extremes(orbits)
            return np.asarray(smallest > _SINGULAR * largest)
        size = np.abs(orbits).max(axis=(1, 2), initial=0.0)
        distance = np.maximum(NEXT * self.task.scale, _NEXT_RELATIVE * size)
        simple = np.ones(len(orbits), dtype=bool)
        for draw in np.random.default_rng(0).uniform(-1.0, 1.0, (_DIRECTIONS, *orbits.shape[1:])):
            beside = orbits + distance[:, None, None] * draw
            back = self.direct(beside, self.residual(beside))[0]
            with np.errstate(invalid="ignore"):
                off = np.abs(self.task.wrapped(beside + back - orbits)).max(axis=(1, 2))
                simple &= off <= _NEARLY * distance
        return simple

    def states(self, orbits: Array) -> Array:
        """Return orbits of the map, shape (n, p, d)."""
        return orbits

    def unknowns(self, states: Array) -> Array:
        """Return the unknowns that belong to orbits of the map."""
        return states


@dataclass(frozen=True, eq=False)
class ChainSystem(System):
    """R_k = x_(k+1) - F(x_k) around the orbit: multiple shooting; x - F(x) for a fixed point."""

    def residual(self, orbits: Array) -> Array:
        with np.errstate(all="ignore"):
            images = self.task.kernel.step(_rows(orbits))[0]
            after = np.concatenate([orbits[:, 1:], orbits[:, :1]], axis=1)
            return self.task.wrapped(after - images.reshape(orbits.shape))

    def along(self, orbits: Array, directions: Array) -> Array:
        with np.errstate(all="ignore"):
            moved = self.task.kernel.tangent(_rows(orbits), _rows(directions))[2]
            after = np.concatenate([directions[:, 1:], directions[:, :1]], axis=1)
            # A difference quotient along nothing is 0/0.
            still = np.asarray(~_rows(directions).any(axis=1))
            moved = np.where(still[:, None], 0.0, moved)
            return after - moved.reshape(orbits.shape)

    def jacobians(self, orbits: Array) -> Array:
        """Return the Jacobians along orbits, shape (n, p, d, d)."""
        n, p, d = orbits.shape
        with np.errstate(all="ignore"):
            return self.task.kernel.jacobian(_rows(orbits)).reshape(n, p, d, d)

    def matrices(self, orbits: Array) -> Array | None:
        if self.krylov or orbits.shape[1] > 1:
            return None
        return np.eye(orbits.shape[2]) - self.jacobians(orbits)[:, 0]

    def direct(self, orbits: Array, residual: Array) -> tuple[Array, Array]:
        jacobians = self.jacobians(orbits)
        size = np.abs(jacobians).sum(axis=3).max(axis=(1, 2))
        return closed_chain(jacobians, -residual).solution, 1.0 + size

    def direct_extremes(self, orbits: Array) -> tuple[Array, Array]:
        return smallest_singular(closed_chain(self.jacobians(orbits), np.zeros_like(orbits)).core)


@dataclass(frozen=True, eq=False)
class GradientSystem(System):
    """R = ∇L: the fixed points of a gradient map, whatever the rule and the step size."""

    loss: AbstractLoss

    def residual(self, orbits: Array) -> Array:
        with np.errstate(all="ignore"):
            return self.loss.gradient_at(np.ascontiguousarray(orbits))

    def along(self, orbits: Array, directions: Array) -> Array:
        size = np.linalg.norm(orbits, axis=2, keepdims=True)
        length = np.linalg.norm(directions, axis=2, keepdims=True)
        with np.errstate(all="ignore"):
            h = _OFFSET * (1.0 + size) / np.where(length > 0, length, 1.0)
            up, down = (
                self.residual(orbits + h * directions),
                self.residual(orbits - h * directions),
            )
            return (up - down) / (2 * h)

    def hessians(self, orbits: Array) -> Array:
        """Return Hessians, shape (n, d, d)."""
        with np.errstate(all="ignore"):
            return self.loss.hessian_at(np.ascontiguousarray(orbits[:, 0]))

    def matrices(self, orbits: Array) -> Array | None:
        return None if self.krylov else self.hessians(orbits)

    def direct(self, orbits: Array, residual: Array) -> tuple[Array, Array]:
        H = self.hessians(orbits)
        # I - A = H, so that a chain of one equation is the equation of Newton's method.
        chain = closed_chain((np.eye(H.shape[1]) - H)[:, None], -residual)
        return chain.solution, np.abs(H).sum(axis=2).max(axis=1)

    def direct_extremes(self, orbits: Array) -> tuple[Array, Array]:
        return smallest_singular(self.hessians(orbits))

    def states(self, orbits: Array) -> Array:
        return self.task.F.lift(orbits)

    def unknowns(self, states: Array) -> Array:
        return self.task.F.project(states)


def system_of(task: Task, krylov: bool) -> System:
    """Return the equations that fit a task."""
    F = task.F
    if task.period == 1 and task.periods is None and isinstance(F, GradientMap):
        points = np.random.default_rng(0).normal(size=(3, F.loss.dimension))
        with np.errstate(all="ignore"):
            gradient = F.loss.gradient_at(points)
            used = task.kernel.step(F.lift(points))[1][:, : F.loss.dimension]
        # A rule of the user's own may rest where the gradient does not vanish.
        if np.allclose(used, gradient, rtol=1e-6, atol=1e-9, equal_nan=True):
            return GradientSystem(task, krylov, F.loss)
    return ChainSystem(task, krylov)


def _rows(orbits: Array) -> Array:
    return np.ascontiguousarray(orbits).reshape(-1, orbits.shape[2])

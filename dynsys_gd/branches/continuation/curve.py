"""The equations of a branch: one more unknown than equations, so that solutions form a curve."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine.kernel import Kernel
from ...orbits.numerical.cyclic import multipliers as cyclic_multipliers
from ..followed import FollowedOrbit
from ..parametric import Parametric

__all__ = ["Curve", "FamilyCurve", "OrbitCurve", "Vector"]

Vector = NDArray[np.float64]
Matrix = Any  # a dense array, or a sparse one in columns

_DENSE = 160  # unknowns up to which matrices are dense


class Curve(ABC):
    """Equations R(u) = 0 for u in R^n, of which some n - 1 are independent on the branch."""

    family: int  # dimension of the solution set beside the branch itself

    @property
    @abstractmethod
    def weights(self) -> Vector:
        """Weights of the squares in the length of a step, shape (n,)."""

    @property
    def size(self) -> int:
        """Number n of unknowns."""
        return len(self.weights)

    @abstractmethod
    def residual(self, u: Vector) -> Vector:
        """Return R(u); NaN where the map is not defined."""

    @abstractmethod
    def linear(self, u: Vector) -> tuple[Vector, Matrix]:
        """Return R(u) and its derivative, dense or sparse."""

    @abstractmethod
    def jacobians(self, u: Vector) -> NDArray[np.float64]:
        """Return DF along the orbit, shape (p, d, d)."""

    @abstractmethod
    def orbit(self, u: Vector) -> Vector:
        """Return the orbit, shape (p, d)."""

    @abstractmethod
    def value(self, u: Vector) -> float:
        """Return the parameter value."""

    def norm(self, v: Vector) -> float:
        """Return the length of a vector of unknowns."""
        return float(np.sqrt(np.sum(self.weights * v * v)))

    def scaled(self, u: Vector, rows: Any) -> Vector:
        """Return residuals, or rows of a dense derivative, with those of the orbit in its units.

        Then what is small beside one is small, whatever the size of the states.
        """
        states = self.orbit(u).size
        factors = np.ones(len(rows))
        factors[:states] = np.sqrt(self.weights[:states])
        return np.asarray((rows.T * factors).T)

    def extent(self, u: Vector) -> float:
        """Return the length of the states alone: parameters are large beside a narrow range."""
        states = self.orbit(u).size
        return float(np.sqrt(np.sum((self.weights * u * u)[:states])))

    def followed(self, u: Vector, tangent: Vector, value: float | None = None) -> FollowedOrbit:
        """Return the orbit with its multipliers."""
        return FollowedOrbit(
            value=self.value(u) if value is None else value,
            points=self.orbit(u).copy(),
            multipliers=cyclic_multipliers(self.jacobians(u)[None])[0],
            tangent=tangent.copy(),
            residual=float(np.max(np.abs(self.residual(u)))),
        )


@dataclass(frozen=True, eq=False)
class OrbitCurve(Curve):
    """x_(k+1) = F(x_k, λ) around an orbit: multiple shooting with the parameter as unknown.

    Parameters
    ----------
    system : Parametric
    period : int
    family : int
        Dimension of the family of fixed points at each parameter value.
    units : tuple of two float
        The units in which distances of states and of parameter values are measured.
    """

    system: Parametric
    period: int
    family: int = 0
    units: tuple[float, float] = (1.0, 1.0)

    @cached_property
    def weights(self) -> Vector:
        d, (length, share) = self.system.dimension, self.units
        return np.append(np.full(self.period * d, length**-2.0 / self.period), share**-2.0)

    def orbit(self, u: Vector) -> Vector:
        return np.asarray(u[:-1].reshape(self.period, -1))

    def value(self, u: Vector) -> float:
        return float(u[-1])

    def residual(self, u: Vector) -> Vector:
        return self.system.residual(self.orbit(u), self.value(u)).ravel()

    def jacobians(self, u: Vector) -> NDArray[np.float64]:
        return self.system.at(self.orbit(u), self.value(u))[1]

    def linear(self, u: Vector) -> tuple[Vector, Matrix]:
        x, p, d = self.orbit(u), self.period, self.system.dimension
        images, slopes, rates = self.system.at(x, self.value(u))
        residual = (np.roll(x, -1, axis=0) - images).ravel()
        if p * d + 1 <= _DENSE:
            matrix = np.zeros((p, d, p, d))
            place = np.arange(p)
            matrix[place, :, place] -= slopes
            matrix[place, :, (place + 1) % p] += np.eye(d)
            return residual, np.column_stack([matrix.reshape(p * d, p * d), -rates.ravel()])
        return residual, self._sparse(slopes, rates)

    def _sparse(self, slopes: Vector, rates: Vector) -> Matrix:
        from scipy.sparse import csc_array

        p, d = self.period, self.system.dimension
        rows = np.arange(p * d).reshape(p, d, 1)
        own = np.broadcast_to(np.arange(p * d).reshape(p, 1, d), (p, d, d))
        values = np.concatenate([-slopes.ravel(), np.ones(p * d), -rates.ravel()])
        at_row = np.concatenate(
            [np.broadcast_to(rows, (p, d, d)).ravel(), np.arange(p * d), np.arange(p * d)]
        )
        at_column = np.concatenate(
            [own.ravel(), (np.arange(p * d) + d) % (p * d), np.full(p * d, p * d)]
        )
        return csc_array((values, (at_row, at_column)), shape=(p * d, p * d + 1))


@dataclass(frozen=True, eq=False)
class FamilyCurve(Curve):
    """x = F(x) without an open parameter, on a family of dimension one: the family itself.

    Parameters
    ----------
    kernel : Kernel
    length : float
        The unit in which lengths are measured.
    """

    kernel: Kernel
    length: float = 1.0
    family: int = 0

    @cached_property
    def weights(self) -> Vector:
        return np.full(self.kernel.dimension, self.length**-2.0)

    def orbit(self, u: Vector) -> Vector:
        return np.asarray(u[None, :])

    def value(self, u: Vector) -> float:
        return float("nan")

    def residual(self, u: Vector) -> Vector:
        with np.errstate(all="ignore"):
            return np.asarray(u - self.kernel.step(u[None, :])[0][0])

    def jacobians(self, u: Vector) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return self.kernel.jacobian(u[None, :])

    def linear(self, u: Vector) -> tuple[Vector, Matrix]:
        return self.residual(u), np.eye(len(u)) - self.jacobians(u)[0]

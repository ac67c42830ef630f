"""Lanczos' method on one symmetric operator of any size, and what its random start proves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "KrylovBasis",
    "NotFinite",
    "Operator",
    "Scaled",
    "TopPair",
    "largest",
    "least_share",
]

Array = NDArray[np.float64]
Operator = Callable[[Array], Array]

_CLOSED = 1e-13  # a new direction below this share of the operator is rounding, not a direction
_HALVINGS = 200
_LOOK = 3  # products between two looks at the residual


class NotFinite(ArithmeticError):
    """A product with the operator is infinite or NaN."""


class Scaled:
    """An operator times a power of two, with which its first product that is not zero has size 1.

    Squares of its numbers then neither overflow nor vanish, and nothing else changes.

    Parameters
    ----------
    multiply : callable
        v -> Av, shapes (d,).

    Examples
    --------
    >>> A = Scaled(lambda v: 1e-200 * v)
    >>> float(A(np.ones(1))[0]), float(A.back(A(np.ones(1)))[0])
    (0.7654505172902097, 1e-200)
    """

    def __init__(self, multiply: Operator) -> None:
        self._multiply = multiply
        self._exponent: int | None = None

    def __call__(self, vector: Array) -> Array:
        image = np.asarray(self._multiply(vector), dtype=np.float64)
        if self._exponent is None:
            largest = float(np.abs(image).max())
            if not 0 < largest < math.inf:
                return image
            self._exponent = math.frexp(largest)[1]
        return self._by(image, -self._exponent)

    def back(self, numbers: Any) -> Array:
        """Return eigenvalues, or what else has the size of A, from those of the scaled operator."""
        return self._by(numbers, self._exponent or 0)

    def _by(self, numbers: Any, exponent: int) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(np.ldexp(numbers, exponent))


class KrylovBasis:
    """An orthonormal basis of the Krylov space of a start, with the operator restricted to it.

    Parameters
    ----------
    multiply : callable
        v -> Av for a symmetric A, shapes (d,).
    start : ndarray, shape (d,)
        Not zero, also after its part along `apart` is taken away.
    room : int
        Most vectors that are held, from 1 to d less the rows of `apart`.
    apart : ndarray, shape (m, d)
        Orthonormal rows. The operator is A on their orthogonal complement.

    Notes
    -----
    Each new vector is orthogonalised twice against all others, so that no eigenvalue shows more
    often than the space allows [parlett1998symmetric]_. A full basis is replaced by its best Ritz
    vectors and goes on from there, which is the thick restart [wu2000thick]_.
    """

    def __init__(self, multiply: Operator, start: Array, *, room: int, apart: Array) -> None:
        self._multiply, self._apart = multiply, apart
        self._vectors = np.empty((room + 1, len(start)))
        self._matrix = np.zeros((room, room))
        self.count = 0  #: vectors multiplied so far
        self.size = 0.0  #: the longest product seen with a unit vector
        self.products = 0
        self.beyond = 0.0  #: length of what the last product has outside of the space
        self.closed = False  #: whether the space is invariant, up to rounding
        self.fresh = True  #: whether this is the Krylov space of the start, not yet restarted
        first = self._outside(self._outside(start))
        self._vectors[0] = first / np.linalg.norm(first)

    @property
    def full(self) -> bool:
        """Whether a restart is due before the next product."""
        return self.count == len(self._matrix)

    def extend(self) -> None:
        """Multiply the operator with the newest vector.

        Raises
        ------
        NotFinite
        """
        c, known = self.count, self._vectors[: self.count + 1]
        image = np.asarray(self._multiply(known[c]), dtype=np.float64)
        self.products += 1
        length = float(np.linalg.norm(image))
        if not math.isfinite(length):
            raise NotFinite("the product with a unit vector is not finite")
        self.size = max(self.size, length)
        row = np.zeros(c + 1)
        for _ in range(2):
            image = self._outside(image)
            part = known @ image
            image = image - part @ known
            row += part
        self._matrix[c, : c + 1] = self._matrix[: c + 1, c] = row
        self.beyond = float(np.linalg.norm(image))
        self.closed = self.beyond <= _CLOSED * self.size
        self._vectors[c + 1] = 0.0 if self.closed else image / self.beyond
        self.count = c + 1

    def ritz(self) -> tuple[Array, Array, Array]:
        """Return Ritz values in descending order, their residuals, and coordinates in columns."""
        values, coordinates = np.linalg.eigh(self._matrix[: self.count, : self.count])
        values, coordinates = values[::-1], coordinates[:, ::-1]
        return values, np.abs(self.beyond * coordinates[-1]), coordinates

    def vectors_of(self, coordinates: Array) -> Array:
        """Return vectors of the space, rows, from their coordinates, columns."""
        return np.asarray(coordinates.T @ self._vectors[: self.count])

    def restart(self, keep: int) -> None:
        """Go on from the `keep` highest Ritz vectors; the next vector stays what it is."""
        values, _, coordinates = self.ritz()
        self._vectors[:keep] = self.vectors_of(coordinates[:, :keep])
        self._vectors[keep] = self._vectors[self.count]
        self._matrix[:] = 0.0
        self._matrix[range(keep), range(keep)] = values[:keep]
        self.count, self.fresh = keep, False

    def upper_bound(self, share: float) -> float:
        """Return a number that the largest eigenvalue does not exceed, unless the start is poor.

        Parameters
        ----------
        share : float
            Where the start, as a unit vector, has a squared component of at least that along the
            eigenspace, the bound holds, up to rounding.

        Notes
        -----
        Let p_i be the Lanczos polynomials, orthonormal for the measure that has the mass w_j, the
        squared component of the start, at the eigenvalue λ_j. The polynomial
        P = Σ_i p_i(λ_1) p_i gives P(λ_1)² w_1 ≤ ∫ P² = P(λ_1), so that Σ_{i≤n} p_i(λ_1)² ≤ 1/w_1.
        To the right of the largest Ritz value the sum grows: where it passes 1/share is the bound.
        It is that of [vandorsselaer2001computing]_, who use the last term of the sum alone.

        A space that is closed but for rounding is not known to be more than that: what leads out of
        it counts as being as long as it may be for all that was computed.
        """
        assert self.fresh, "a restarted basis has no Lanczos polynomials"
        diagonal = np.diagonal(self._matrix)[: self.count].tolist()
        beyond = max(self.beyond, _CLOSED * self.size)
        beside = [*np.diagonal(self._matrix, 1)[: self.count - 1].tolist(), beyond]
        low = float(self.ritz()[0][0])
        if self.count == self._vectors.shape[1] - len(self._apart) or not self.size:
            return low  # the whole space has been seen, or the operator is zero
        step = self.size
        while not _exceeds(low + step, diagonal, beside, 1 / share):
            step *= 2  # few products say little: the bound may lie far above all that was seen
        high = low + step
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            if not low < middle < high:
                break
            above = _exceeds(middle, diagonal, beside, 1 / share)
            low, high = (low, middle) if above else (middle, high)
        return high

    def _outside(self, vector: Array) -> Array:
        if len(self._apart):
            vector = vector - (self._apart @ vector) @ self._apart
        return vector


def _exceeds(at: float, diagonal: list[float], beside: list[float], limit: float) -> bool:
    """Return whether Σ p_i(at)² > limit."""
    before, here, total, back = 0.0, 1.0, 1.0, 0.0
    for a, b in zip(diagonal, beside, strict=True):
        before, here = here, ((at - a) * here - back * before) / b
        total, back = total + here * here, b
        if total > limit:
            return True
    return False


def least_share(dimension: int, risk: float) -> float:
    """Return what the squared component of a random direction along a fixed one exceeds.

    Parameters
    ----------
    dimension : int
        Of the space, at least 1; the direction is uniform on the sphere.
    risk : float
        Probability, above 0 and below 1, with which it is exceeded not.

    Notes
    -----
    The squared component has the distribution Beta(1/2, (d - 1)/2).

    Examples
    --------
    >>> least_share(1, 0.01), round(least_share(3, 0.01), 10)
    (1.0, 0.0001)
    """
    if dimension == 1:
        return 1.0
    from scipy.special import betaincinv

    return float(betaincinv(0.5, 0.5 * (dimension - 1), risk))


@dataclass(frozen=True, kw_only=True)
class TopPair:
    """The largest Ritz value with its unit vector and its residual.

    Parameters
    ----------
    value, residual : float
    vector : ndarray, shape (d,)
    """

    value: float
    residual: float
    vector: Array


def largest(
    multiply: Operator, start: Array, *, steps: int, cycles: int, tolerance: float
) -> TopPair:
    """Return the largest eigenvalue that a start leads to.

    Parameters
    ----------
    multiply : callable
    start : ndarray, shape (d,)
    steps, cycles : int
        Vectors held, and how often they may be filled up.
    tolerance : float
        Residual at which the search ends, relative to the operator.

    Raises
    ------
    NotFinite

    Examples
    --------
    >>> round(largest(lambda v: [3.0, 1.0] * v, np.ones(2), steps=2, cycles=1, tolerance=0).value)
    3
    """
    room, none = min(steps, len(start)), np.empty((0, len(start)))
    scaled = Scaled(multiply)
    basis = KrylovBasis(scaled, start, room=room, apart=none)
    while True:
        basis.extend()
        if not (basis.full or basis.closed or basis.count % _LOOK == 0):
            continue
        values, residuals, coordinates = basis.ritz()
        cycles -= basis.full
        if basis.closed or residuals[0] <= tolerance * basis.size or cycles <= 0:
            (vector,) = basis.vectors_of(coordinates[:, :1])
            value, residual = scaled.back([values[0], residuals[0]])
            return TopPair(value=float(value), residual=float(residual), vector=vector)
        if basis.full:
            basis.restart(max(1, len(values) // 2))

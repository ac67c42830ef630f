"""Normal-form coefficients along a curve of bifurcations, in floating point.

With M = D(F^p), B and C the second and third derivative of F^p, q the critical eigenvector with
|q| = 1 and ℓ the left one with ℓ q = 1 [kuznetsov2004elements]_, sections 4 and 5.4:

flip        b = ℓ C(q,q,q)/6 - ℓ B(q, (M - I)⁻¹ B(q,q))/2
fold        a = ℓ B(q,q)/2
two angles  2 e^(iθ) d = ℓ C(q,q,q̄) + 2 ℓ B(q, (I - M)⁻¹ B(q,q̄)) + ℓ B(q̄, (e^(2iθ) I - M)⁻¹ B(q,q))
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .system import PlaneSystem

__all__ = ["Coefficient", "Forms", "flip", "fold", "pair"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Coefficient:
    """A coefficient, and the sum of the sizes of its summands, to measure rounding against."""

    value: float
    size: float


@dataclass(frozen=True, eq=False)
class Forms:
    """The derivatives of F^p at a point of an orbit, by state and parameters, as forms.

    Parameters
    ----------
    system : PlaneSystem
        With formulas.
    points : ndarray, shape (p, d)
    values : ndarray, shape (2,)
    """

    system: PlaneSystem
    points: NDArray[np.float64]
    values: NDArray[np.float64]

    def along(self, *directions: Array) -> Array:
        """Return the mixed derivative of F^p along up to three directions of d + 2 entries."""
        d = self.system.dimension
        count = len(directions)
        parts = [np.zeros(d)] * 2**count
        for i, v in enumerate(directions):
            parts[2**i] = v[:d]
        for x in self.points:
            parts = self._step(x, parts, directions)
        return parts[-1]

    def _step(self, x: Array, parts: list[Array], directions: tuple[Array, ...]) -> list[Array]:
        """Send the derivatives of the state so far through F once."""
        d = self.system.dimension
        rates = {2**i: v[d:] for i, v in enumerate(directions)}
        slopes = [
            np.concatenate([part, rates.get(k, np.zeros(2))]) if k else part
            for k, part in enumerate(parts)
        ]
        return self.system.pushed(x, self.values, slopes)

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """M = D(F^p) at the first point."""
        total = np.eye(self.system.dimension)
        for slope in self.system.at(self.points, self.values)[1]:
            total = slope @ total
        return total

    @cached_property
    def rates(self) -> NDArray[np.float64]:
        """The derivatives of F^p by both parameters, shape (d, 2)."""
        d = self.system.dimension
        return np.stack([self.along(np.eye(d + 2)[d + j]).real for j in range(2)], axis=1)

    def state(self, vector: Array) -> Array:
        """Return a direction that leaves the parameters as they are."""
        return np.concatenate([vector, np.zeros(2)])

    def solved(
        self, multiplier: complex, right: Array, *, beside: tuple[Array, Array] | None = None
    ) -> Array:
        """Return (multiplier I - M)⁻¹ right, infinite where it is not defined.

        With `beside` = (v, ℓ), a right and a left eigenvector, it is solved for h with ℓ h = 0,
        which exists also where their multiplier is met.
        """
        matrix = multiplier * np.eye(len(right)) - self.matrix
        if beside is not None:
            column, row = beside
            matrix = np.block([[matrix, column[:, None]], [row[None, :], np.zeros((1, 1))]])
            right = np.append(right, 0.0)
        try:
            found = np.asarray(np.linalg.solve(matrix, right))
        except np.linalg.LinAlgError:
            found = np.full(len(right), np.inf, dtype=np.result_type(matrix, right))
        return found if beside is None else found[:-1]

    def drift(self, multiplier: complex) -> Array:
        """Return the derivatives of a simple multiplier by both parameters along the orbits."""
        q, left = self.vectors(multiplier)
        found = []
        for j in range(2):
            velocity = self.solved(1.0, self.rates[:, j])
            moving = np.concatenate([velocity, np.eye(2)[j]])
            found.append(left @ self.along(self.state(q), moving) / (left @ q))
        return np.array(found)

    def vectors(self, multiplier: complex) -> tuple[Array, Array]:
        """Return the right and the left eigenvector of a multiplier, both of length one."""
        shift: Any = multiplier if multiplier.imag else multiplier.real
        left, _, right = np.linalg.svd(self.matrix - shift * np.eye(len(self.matrix)))
        return right[-1].conj(), left[:, -1].conj()


def flip(forms: Forms, q: Array, left: Array) -> Coefficient:
    """Return b ℓ q, which stays finite where ℓ q vanishes; `left` need not be normalised."""
    along = forms.state(q)
    h = -forms.solved(1.0, forms.along(along, along))
    third = left @ forms.along(along, along, along) / 6
    mixed = -(left @ forms.along(along, forms.state(h))) / 2
    return Coefficient(float(third + mixed), float(abs(third) + abs(mixed)))


def fold(forms: Forms, q: Array, left: Array) -> Coefficient:
    """Return a ℓ q."""
    along = forms.state(q)
    second = forms.along(along, along)
    return Coefficient(float(left @ second) / 2, float(np.abs(left) @ np.abs(second)) / 2)


def pair(forms: Forms, multiplier: complex) -> Coefficient:
    """Return the real part of d, the first Lyapunov coefficient.

    Notes
    -----
    Of B(q,q) the part g q̄ along the other critical vector is told apart: it contributes
    (g ḡ)/(2 (e^(3iθ) - 1)) to d, which has a pole at the 1:3 resonance but the real part
    -(g ḡ)/4 on the whole circle.
    """
    q, left = forms.vectors(multiplier)
    left = left / (left @ q)
    along, bar = forms.state(q), forms.state(q.conj())
    still = forms.solved(1.0, forms.along(along, bar))
    bent = forms.along(along, along)
    resonant = left.conj() @ bent
    rest = bent - resonant * q.conj()
    twice = forms.solved(multiplier**2, rest, beside=(q.conj(), left.conj()))
    terms = [
        left @ forms.along(along, along, bar),
        2 * (left @ forms.along(along, forms.state(still))),
        left @ forms.along(bar, forms.state(twice)),
    ]
    scaled = [*(term / (2 * multiplier) for term in terms), -(abs(resonant) ** 2) / 4]
    return Coefficient(float(sum(scaled).real), float(sum(abs(term) for term in scaled)))

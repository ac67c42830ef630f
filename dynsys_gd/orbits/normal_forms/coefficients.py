"""The coefficients of the normal forms, after reduction to the critical direction.

With A = D(F^p), B and C its second and third derivative at the orbit, q the critical eigenvector,
ℓ the left one (a row with ℓ q = 1) and w the coordinate along q, |q| = 1:

flip        w -> -(1 + μ) w + b w³,  b = ℓ C(q,q,q)/6 - ℓ B(q, (A - I)⁻¹ B(q,q))/2
one         w -> w + s δ + m δ w + a w² + c w³,  a = ℓ B(q,q)/2,
            c = ℓ C(q,q,q)/6 + ℓ B(q,h)/2 with (I - A) h = B(q,q) - (ℓ B(q,q)) q and ℓ h = 0
two angles  w -> e^(iθ) w (1 + μ + d |w|²),  2 e^(iθ) d = ℓ C(q,q,q̄)
            + 2 ℓ B(q, (I - A)⁻¹ B(q,q̄)) + ℓ B(q̄, (e^(2iθ) I - A)⁻¹ B(q,q))

Here δ is the change of the parameter. The formulas are computed with any q; dividing by a power
of its length at the end keeps square roots out of exact arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flint

from .derivatives import Chain, rounded
from .linear import (
    Vector,
    bordered_solution,
    dot,
    null_vector,
    shifted,
    solution,
    transposed,
)
from .scalars import Field

__all__ = ["Direction", "One", "Pair", "flip", "multiplier_one", "pair", "singular"]


@dataclass(frozen=True, eq=False)
class Direction:
    """A critical eigenvector, the left one with ℓ q = 1, and |q|²."""

    multiplier: Any
    q: Vector
    left: Vector
    square: Any  # |q|²


@dataclass(frozen=True, eq=False)
class One:
    """Coefficients at a multiplier 1 for q as it came: s, m, a and c."""

    push: Any | None
    speed: Any | None
    quadratic: Any
    cubic: list[Any] | None  # its two summands


@dataclass(frozen=True, eq=False)
class Pair:
    """Coefficients at a pair on the unit circle: d, and the multiplier's change per parameter."""

    d: list[Any]  # its three summands
    speed: Any | None


def singular(chain: Chain, multiplier: Any) -> Direction | None:
    """Return the eigenvectors of a simple multiplier, or None where they are undecided."""
    numbers = chain.numbers
    matrix = shifted(chain.matrix, multiplier)
    approximate = rounded(matrix, numbers)
    q = null_vector(matrix, numbers, approximate)
    left = null_vector(transposed(matrix), numbers, approximate.T)
    if q is None or left is None:
        return None
    product = dot(left, q)
    if _may_vanish(product, numbers):
        return None
    scale = numbers.inverse(product)
    square = dot(q, [numbers.conjugate(entry) for entry in q])
    return Direction(multiplier, q, [entry * scale for entry in left], square)


def flip(chain: Chain, at: Direction) -> list[Any] | None:
    """Return the summands of b |q|², or None where A - I cannot be inverted on B(q, q)."""
    numbers, q, left = chain.numbers, at.q, at.left
    h = solution(shifted(chain.matrix, numbers.constant(1)), chain.along(q, q), numbers)
    if h is None:
        return None
    third, mixed = dot(left, chain.along(q, q, q)), dot(left, chain.along(q, h))
    return [third * _ratio(numbers, 1, 6), -mixed * _ratio(numbers, 1, 2)]


def moving(chain: Chain) -> Vector | None:
    """Return how the orbit moves with the parameter, dx/dα = (I - A)⁻¹ dF/dα."""
    numbers = chain.numbers
    push = chain.along(None, parameter=[numbers.constant(1)])
    if all(numbers.is_zero(entry) for entry in push):
        return push
    matrix = shifted(chain.matrix, numbers.constant(1))
    found = solution(matrix, push, numbers)
    return None if found is None else [-entry for entry in found]


def drift(chain: Chain, at: Direction, velocity: Vector) -> Any:
    """Return the derivative of the multiplier by the parameter along a branch of orbits."""
    one = chain.numbers.constant(1)
    return dot(at.left, chain.along(at.q, velocity, parameter=[None, one]))


def multiplier_one(chain: Chain, at: Direction, velocity: Vector | None) -> One:
    """Return s, m, a and c; `velocity` is dx/dα of the branch that is known to persist."""
    numbers, q, left = chain.numbers, at.q, at.left
    push = speed = None
    if chain.parameter:
        gone = chain.along(None, parameter=[numbers.constant(1)])
        push = dot(left, gone)
        if velocity is None and all(numbers.is_zero(entry) for entry in gone):
            velocity = gone
        if velocity is not None:
            speed = drift(chain, at, velocity)
    bent = chain.along(q, q)
    along = dot(left, bent)
    right = [along * direction - entry for entry, direction in zip(bent, q, strict=True)]
    h = bordered_solution(shifted(chain.matrix, numbers.constant(1)), right, q, left, numbers)
    cubic = None
    if h is not None:
        third, mixed = dot(left, chain.along(q, q, q)), dot(left, chain.along(q, h))
        cubic = [third * _ratio(numbers, 1, 6), mixed * _ratio(numbers, 1, 2)]
    return One(push, speed, along * _ratio(numbers, 1, 2), cubic)


def pair(chain: Chain, at: Direction) -> Pair | None:
    """Return d |q|², and the logarithmic change of the multiplier with the parameter."""
    numbers, q, left = chain.numbers, at.q, at.left
    bar = [numbers.conjugate(entry) for entry in q]
    matrix, square = chain.matrix, at.multiplier * at.multiplier
    still = solution(shifted(matrix, numbers.constant(1)), chain.along(q, bar), numbers)
    twice = solution(shifted(matrix, square), chain.along(q, q), numbers)
    if still is None or twice is None:
        return None
    two = numbers.constant(2)
    terms = [
        dot(left, chain.along(q, q, bar)),
        -dot(left, chain.along(q, still)) * two,
        -dot(left, chain.along(bar, twice)),
    ]
    inverse = numbers.inverse(at.multiplier)
    speed = None
    if chain.parameter:
        velocity = moving(chain)
        if velocity is not None:
            speed = drift(chain, at, velocity) * inverse
    scale = inverse * _ratio(numbers, 1, 2)
    return Pair([term * scale for term in terms], speed)


def _ratio(numbers: Any, above: int, below: int) -> Any:
    return numbers.constant(above) * numbers.inverse(numbers.constant(below))


def _may_vanish(value: Any, numbers: Any) -> bool:
    if isinstance(numbers, Field):
        return bool(value.is_zero())
    ball: flint.acb = value
    return bool(ball.contains(0))

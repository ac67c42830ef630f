"""Which multipliers of a chain are critical, and the coefficients that belong to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ..algebra.spectra import Matrix as FieldMatrix
from ..algebra.spectra import characteristic, circle_count
from .circle import NEAR, eigenvalue_ball, on_circle, refuse_resonance, upper_one
from .coefficients import (
    Direction,
    drift,
    flip,
    moving,
    multiplier_one,
    pair,
    singular,
)
from .derivatives import Chain, rounded
from .kinds import Bifurcation
from .linear import dot, kernel, shifted, transposed
from .refusals import in_order, not_critical, refusal, several, shown, unsolved
from .scalars import Field

__all__ = ["Reading", "multipliers_of", "read_balls", "read_exactly"]

_NOISE = 1e-9  # what a coefficient of rounded data is told from, relative to its summands
_LARGEST_EXACT = 12  # degree up to which a coefficient is written down exactly


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What was found, for a direction of length one.

    Parameters
    ----------
    bifurcation : Bifurcation
    coefficient : arb
        Contains the exact coefficient where the chain does.
    exact : sympy number or None
    zero : bool
        Whether the coefficient is proved to be zero.
    size : float
        The sum of the sizes of its summands, against which rounding is measured.
    direction, multipliers : ndarray of complex
    speed, push, twist : float or None
    simple : bool
        Whether it is certain that no other multiplier is on the unit circle.
    along_family : bool
        Whether further multipliers are 1, in directions along a family.
    """

    bifurcation: Bifurcation
    coefficient: flint.arb
    exact: sp.Expr | None
    zero: bool
    size: float
    direction: NDArray[Any]
    multipliers: NDArray[np.complex128]
    speed: float | None
    push: float | None = None
    twist: float | None = None
    simple: bool = True
    along_family: bool = False


def read_exactly(
    chain: Chain, family: Callable[[int], bool], velocity: list[Any] | None
) -> Reading:
    """Return the normal form by exact arithmetic.

    Parameters
    ----------
    chain : Chain
        In a real number field, at an orbit.
    family : callable
        k -> whether the point is proved to lie on a family of k dimensions.
    velocity : list of field elements, or None
        How the branch moves with the parameter, where that was given.
    """
    field: Field = chain.numbers
    matrix: FieldMatrix = [[entry.value for entry in row] for row in chain.matrix]
    assert field.real is not None
    polynomial = characteristic(field.real, matrix)
    count = circle_count(field.real, polynomial)
    ones, minus = _order(chain, polynomial, 1), _order(chain, polynomial, -1)
    multipliers = multipliers_of(chain)
    if not count.on:
        raise not_critical(multipliers)
    if minus == 1 and count.on == 1 + ones:
        if ones:
            _justified(chain, ones, family, multipliers)
        return _flip(chain, multipliers, along_family=bool(ones))
    if ones == count.on:
        if family(ones):
            raise refusal(
                f"multipliers {shown(multipliers)}",
                "a multiplier on the unit circle across the family of fixed points",
                "the multiplier 1 only says that the point can be moved along the family",
            )
        if ones == 1:
            return _one(chain, multipliers, velocity)
    if not ones and not minus and count.on == 2:
        turned = on_circle(chain, multipliers)
        return _pair(turned, multipliers)
    raise several(multipliers)


def multipliers_of(chain: Chain) -> NDArray[np.complex128]:
    """Return the multipliers of the orbit, rounded."""
    found = np.linalg.eigvals(rounded(chain.matrix, chain.numbers))
    return np.asarray(found, dtype=np.complex128)


def read_balls(
    chain: Chain, multipliers: NDArray[np.complex128], velocity: list[Any] | None
) -> Reading:
    """Return the normal form by ball arithmetic; what is critical is read from rounded numbers."""
    near = np.abs(np.abs(multipliers) - 1) <= NEAR
    critical = multipliers[near]
    if not len(critical):
        raise not_critical(multipliers)
    if len(critical) == 1 and abs(critical[0] + 1) <= 2 * NEAR:
        return _flip(chain, multipliers, simple=_others_off(chain))
    if len(critical) == 1:
        return _one(chain, multipliers, velocity)
    if len(critical) == 2 and np.all(np.abs(critical.imag) > 1e-3):
        return _pair(chain, multipliers)
    raise several(multipliers)


def _order(chain: Chain, polynomial: list[flint.fmpq_poly], value: int) -> int:
    """Return how often a rational number is a root of the characteristic polynomial."""
    field: Field = chain.numbers
    coefficients = [field.element(c) for c in polynomial]
    at, order = field.constant(value), 0
    while len(coefficients) > 1:
        quotient = [coefficients[-1]]
        for c in reversed(coefficients[:-1]):
            quotient.append(c + quotient[-1] * at)
        if not quotient[-1].is_zero():
            break
        coefficients, order = quotient[-2::-1], order + 1
    return order


def _flip(
    chain: Chain,
    multipliers: NDArray[np.complex128],
    *,
    simple: bool = True,
    along_family: bool = False,
) -> Reading:
    numbers = chain.numbers
    at = singular(chain, numbers.constant(-1))
    parts = None if at is None else flip(chain, at)
    if at is None or parts is None:
        raise unsolved(multipliers)
    velocity = moving(chain) if chain.parameter else None
    speed = None if velocity is None else -_float(drift(chain, at, velocity), chain)
    return _reading(
        Bifurcation.FLIP,
        chain,
        at,
        multipliers,
        _shares(parts, at, numbers),
        root=False,
        speed=speed,
        simple=simple,
        along_family=along_family,
    )


def _one(chain: Chain, multipliers: NDArray[np.complex128], velocity: list[Any] | None) -> Reading:
    numbers = chain.numbers
    at = singular(chain, numbers.constant(1))
    if at is None:
        raise unsolved(multipliers)
    found = multiplier_one(chain, at, velocity)
    length = float(np.sqrt(_float(at.square, chain)))
    speed = None if found.speed is None else _float(found.speed, chain)
    push = None if found.push is None else _float(found.push, chain) * length
    pushed = found.push is not None and not _small(found.push, numbers)
    if found.speed is not None and not pushed and _small(found.speed, numbers):
        raise refusal(
            f"multipliers {shown(multipliers)}",
            "a multiplier that the parameter moves",
            "it stays 1 to first order as the parameter changes: no bifurcation in this parameter",
        )
    if not _small(found.quadratic, numbers):
        kind = Bifurcation.TRANSCRITICAL if found.push is not None and not pushed else None
        kind = kind or Bifurcation.FOLD
        return _reading(
            kind,
            chain,
            at,
            multipliers,
            [found.quadratic],
            root=True,
            speed=speed if kind is Bifurcation.TRANSCRITICAL else None,
            push=push if kind is Bifurcation.FOLD else None,
        )
    if pushed or found.cubic is None:
        raise refusal(
            f"multipliers {shown(multipliers)}",
            "a bifurcation of codimension one",
            "the quadratic coefficient vanishes while the parameter pushes along the critical "
            "direction: a cusp, for which one parameter is not enough",
        )
    parts = _shares(found.cubic, at, numbers)
    if _small(_total(parts), numbers):
        raise refusal(
            f"multipliers {shown(multipliers)}",
            "a bifurcation of codimension one",
            "the quadratic and the cubic coefficient vanish both: a family of fixed points goes "
            "through the point, or the bifurcation is of higher codimension",
        )
    return _reading(Bifurcation.PITCHFORK, chain, at, multipliers, parts, root=False, speed=speed)


def _pair(chain: Chain, multipliers: NDArray[np.complex128]) -> Reading:
    numbers = chain.numbers
    near = upper_one(multipliers)
    if isinstance(numbers, Field):
        mu, simple = numbers.t, True
    else:
        mu, simple = eigenvalue_ball(chain, near)
    refuse_resonance(mu, near, numbers)
    at = singular(chain, mu)
    found = None if at is None else pair(chain, at)
    if at is None or found is None:
        raise unsolved(multipliers)
    parts, half = _shares(found.d, at, numbers), numbers.inverse(numbers.constant(2))
    speed = None if found.speed is None else complex(rounded(found.speed, numbers)).real
    twist = complex(rounded(_total(parts), numbers)).imag
    return _reading(
        Bifurcation.NEIMARK_SACKER,
        chain,
        at,
        multipliers,
        [(part + numbers.conjugate(part)) * half for part in parts],
        root=False,
        speed=speed,
        twist=twist,
        simple=simple,
    )


def _reading(
    bifurcation: Bifurcation,
    chain: Chain,
    at: Direction,
    multipliers: NDArray[np.complex128],
    parts: list[Any],
    *,
    root: bool,
    **rest: Any,
) -> Reading:
    """Return the reading; with `root` the coefficient is still to be divided by the length of q."""
    numbers, value = chain.numbers, _total(parts)
    size = float(np.sum(np.abs(rounded(parts, numbers))))
    direction = rounded(at.q, numbers)
    direction = direction / np.linalg.norm(direction)
    place = int(np.argmax(np.abs(direction)))
    turn = direction[place] / abs(direction[place])
    direction = direction / turn
    if bifurcation is not Bifurcation.NEIMARK_SACKER:
        direction = direction.real
    # The sign of a and s belongs to the direction as it is shown.
    sign = -1 if root and turn.real < 0 else 1
    exact = None
    if isinstance(numbers, Field):
        ball, zero = numbers.ball(value).real, value.is_zero()
        number = numbers.number(value)
        if number.degree <= _LARGEST_EXACT:
            exact = number.to_sympy()
            if root:
                exact = sign * exact / sp.sqrt(numbers.number(at.square).to_sympy())
        square = numbers.ball(at.square).real
    else:
        ball, zero, square = value.real, False, at.square.real
    if root:
        ball = sign * ball / square.sqrt()
        if rest.get("push") is not None:
            rest["push"] *= sign
    return Reading(
        bifurcation=bifurcation,
        coefficient=ball,
        exact=exact,
        zero=zero,
        size=size,
        direction=direction,
        multipliers=in_order(multipliers),
        **{"speed": None, **rest},
    )


def _total(parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _shares(parts: list[Any], at: Direction, numbers: Any) -> list[Any]:
    """Return the summands of a coefficient of third order for a direction of length one."""
    scale = numbers.inverse(at.square)
    return [part * scale for part in parts]


def _justified(
    chain: Chain,
    ones: int,
    family: Callable[[int], bool],
    multipliers: NDArray[np.complex128],
) -> None:
    """Refuse a flip beside multipliers 1, except on a family where the sharpness is stationary."""
    field: Field = chain.numbers
    still = shifted(chain.matrix, field.constant(1))
    basis = kernel(still, field)
    if len(basis) != ones or not family(ones):
        raise several(multipliers)
    at = singular(chain, field.constant(-1))
    if at is None:
        raise unsolved(multipliers)
    bent = chain.along(at.q, at.q)
    drifts = [dot(row, bent) for row in kernel(transposed(still), field)]
    slopes = [dot(at.left, chain.along(at.q, tangent)) for tangent in basis]
    if any(not value.is_zero() for value in [*drifts, *slopes]):
        largest = max(abs(_float(value, chain)) for value in slopes)
        raise refusal(
            f"a point of a family of fixed points, multipliers {shown(multipliers)}",
            "a point of the family where the critical multiplier is stationary along it",
            f"the multiplier changes at the rate {largest:.3g} along the family, so an orbit that "
            "alternates drifts along it to where the multiplier is another: no 2-cycle of "
            "predictable size branches off",
        )


def _others_off(chain: Chain) -> bool:
    """Return whether it is certain that only one multiplier can be on the unit circle."""
    try:
        found = flint.acb_mat(chain.matrix).eig(multiple=False)
    except ValueError:
        return False
    return sum(bool(abs(value).overlaps(flint.arb(1))) for value in found) == 1


def _small(value: Any, numbers: Any) -> bool:
    if isinstance(numbers, Field):
        return bool(value.is_zero())
    return abs(complex(value)) <= _NOISE or bool(value.contains(0))


def _float(value: Any, chain: Chain) -> float:
    return float(np.real(rounded(value, chain.numbers)))

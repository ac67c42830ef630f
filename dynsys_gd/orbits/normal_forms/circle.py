"""A pair of multipliers on the unit circle, exactly or in balls."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from ..algebra.spectra import at_rational_numbers, characteristic
from .derivatives import Chain
from .refusals import refusal
from .scalars import Field

__all__ = [
    "NEAR",
    "LargerField",
    "eigenvalue_ball",
    "on_circle",
    "refuse_resonance",
    "upper_one",
]

NEAR = 1e-6  # how far from the circle a multiplier of rounded data may be


def upper_one(multipliers: NDArray[np.complex128]) -> complex:
    """Return the multiplier on the upper half of the unit circle, of those that are rounded."""
    near = (np.abs(np.abs(multipliers) - 1) <= NEAR) & (multipliers.imag > 0)
    return complex(multipliers[near][0])


class LargerField(Exception):
    """The critical multiplier and the orbit have no common field that is worth making."""


def on_circle(chain: Chain, multipliers: NDArray[np.complex128]) -> Chain:
    """Return the chain over the field of the critical multiplier, where the base is rational."""
    field: Field = chain.numbers
    if field.degree > 1 or field.real is None:
        raise LargerField
    polynomial = characteristic(
        at_rational_numbers(), [[entry.value for entry in row] for row in chain.matrix]
    )
    whole = flint.fmpq_poly(
        [c.coeffs()[0] if c.degree() == 0 else flint.fmpq(0) for c in polynomial]
    )
    near = upper_one(multipliers)
    modulus = min(
        (factor for factor, _ in whole.numer().factor()[1]), key=lambda p: _distance(p, near)
    )

    def root(bits: int) -> flint.acb:
        with flint.ctx.workprec(bits):
            return min(
                (r for r, _ in modulus.complex_roots()), key=lambda r: abs(complex(r) - near)
            )

    coefficients = tuple(int(c) for c in modulus.coeffs())
    # An irreducible polynomial with a root on the unit circle is its own reciprocal.
    if coefficients != coefficients[::-1]:
        raise LargerField
    over = Field(coefficients, root, None)

    def moved(entry: Any) -> Any:
        return over.element(entry.value)

    return Chain(
        chain.tape,
        [moved(entry) for entry in chain.start],
        [moved(entry) for entry in chain.parameter],
        chain.period,
        over,
    )


def _distance(polynomial: flint.fmpz_poly, near: complex) -> float:
    return min(abs(complex(root) - near) for root, _ in polynomial.complex_roots())


def refuse_resonance(mu: Any, near: complex, numbers: Any) -> None:
    """Refuse a multiplier one of whose first four powers is 1."""
    power, value = mu, near
    for order in range(1, 5):
        if isinstance(numbers, Field):
            resonant = (power - numbers.constant(1)).is_zero()
        else:
            resonant = abs(value - 1) <= NEAR
        if resonant:
            raise refusal(
                f"multiplier {near:.6g}",
                "a multiplier whose first four powers differ from 1",
                f"its power {order} is 1: a strong resonance, where further terms of the normal "
                "form decide and no closed curve need branch off",
            )
        power, value = power * mu, value * near


def eigenvalue_ball(chain: Chain, near: complex) -> tuple[flint.acb, bool]:
    """Return a ball around the multiplier near a number, and whether it is certified."""
    matrix, certain = flint.acb_mat(chain.matrix), True
    try:
        found = matrix.eig(multiple=False)
    except ValueError:
        found, certain = flint.acb_mat(matrix.mid()).eig(algorithm="approx"), False
    return min(found, key=lambda value: abs(complex(value) - near)), certain

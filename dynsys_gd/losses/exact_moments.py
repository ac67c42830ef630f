"""What the second moments of data are exactly: every float is a dyadic rational.

A column is cut into digits of 20 bits. Products of two digits, summed over at most 2^13 rows, stay
below 2^53, so that one floating-point matrix product computes them without any rounding; the
digits are put together again in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

__all__ = ["exact_gram", "rational_matrix", "sum_of_squares"]

_DIGIT_BITS = 20
_BLOCK_ROWS = 2 ** (53 - 2 * _DIGIT_BITS)
_BLOCKS_IN_INT64 = 2 ** (63 - 53) - 1


def exact_gram(Z: NDArray[np.float64]) -> list[list[Fraction]]:
    """Return ZᵀZ / n without rounding.

    Parameters
    ----------
    Z : ndarray, shape (n, m)
        Finite.

    Returns
    -------
    list of list of Fraction, m × m

    Examples
    --------
    >>> exact_gram(np.array([[0.5, 1.0], [1.0, 3.0]]))
    [[Fraction(5, 8), Fraction(7, 4)], [Fraction(7, 4), Fraction(5, 1)]]
    """
    n, m = Z.shape
    places = _digit_places(Z)
    count = len(places)
    total = np.zeros((count * m, count * m), dtype=object)
    partial = np.zeros((count * m, count * m), dtype=np.int64)
    for block, start in enumerate(range(0, n, _BLOCK_ROWS), start=1):
        digits = _digits(Z[start : start + _BLOCK_ROWS], places)
        partial += (digits.T @ digits).astype(np.int64)
        if block % _BLOCKS_IN_INT64 == 0:
            total, partial = total + partial, np.zeros_like(partial)
    total = (total + partial).reshape(count, m, count, m)
    low = int(np.min(places, initial=0))
    return [
        [
            Fraction(
                sum(
                    int(total[k, i, l, j]) << int(places[k, i] + places[l, j] - 2 * low)
                    for k in range(count)
                    for l in range(count)
                    if total[k, i, l, j]
                )
            )
            * Fraction(2) ** (2 * low)
            / n
            for j in range(m)
        ]
        for i in range(m)
    ]


def rational_matrix(rows: Sequence[Sequence[Fraction]]) -> flint.fmpq_mat:
    """Return fractions as a python-flint matrix."""
    return flint.fmpq_mat(
        [[flint.fmpq(entry.numerator, entry.denominator) for entry in row] for row in rows]
    )


def sum_of_squares(
    end_to_end: sp.Matrix, moments: Sequence[Sequence[Fraction]], inputs: int
) -> sp.Expr:
    """Return ½ E‖W x - y‖² as a sum of squares with exact coefficients.

    With Σ = Uᵀ diag(D) U and C = T diag(D) U the loss is ½ Σ_j D_j ‖W u_j - t_j‖² and a constant.
    Both come out of one symmetric elimination, which skips the zero pivots of a singular Σ.

    Parameters
    ----------
    end_to_end : sympy.Matrix, dy × dx
        The product W of all layers.
    moments : (dx + dy) × (dx + dy) fractions
        ZᵀZ / n of the columns Z = [X Y].
    inputs : int
        dx.
    """
    rest = [list(row) for row in moments]
    size = len(rest)
    total: sp.Expr = sp.Integer(0)
    for j in range(inputs):
        pivot = rest[j][j]
        if pivot == 0:
            continue
        u = [entry / pivot for entry in rest[j]]
        for p in range(inputs, size):
            image = sum(
                (end_to_end[p - inputs, k] * _rational(u[k]) for k in range(inputs)), sp.Integer(0)
            )
            total += _rational(pivot) * (image - _rational(u[p])) ** 2
        rest = [[rest[i][k] - rest[i][j] * u[k] for k in range(size)] for i in range(size)]
    constant = sum((rest[p][p] for p in range(inputs, size)), Fraction(0))
    return (total + _rational(constant)) / 2


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def _digit_places(Z: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the binary place of each digit of each column, shape (count, m)."""
    mantissa, exponent = np.frexp(Z)
    whole = np.ldexp(mantissa, 53).astype(np.int64)
    lowest_bit = np.frexp((whole & -whole).astype(np.float64))[1] - 1
    used = Z != 0
    top = np.where(used, exponent, np.iinfo(np.int32).min).max(axis=0)
    bottom = np.where(used, exponent - 53 + lowest_bit, np.iinfo(np.int32).max).min(axis=0)
    span = np.where(used.any(axis=0), top - bottom, 0)
    count = max(1, -(-int(span.max()) // _DIGIT_BITS))
    top = np.where(used.any(axis=0), top, 0).astype(np.int64)
    return top - _DIGIT_BITS * np.arange(1, count + 1)[:, None]


def _digits(rows: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the digits of each entry as floats, shape (rows, count · m)."""
    rest = rows.copy()
    digits = []
    for place in places:
        digit = np.trunc(np.ldexp(rest, -place))
        rest -= np.ldexp(digit, place)  # deletes leading bits: exact
        digits.append(digit)
    return np.concatenate(digits, axis=1)

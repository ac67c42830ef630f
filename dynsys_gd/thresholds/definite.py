"""Positive definiteness and rank of symmetric matrices, decided rigorously."""

from __future__ import annotations

import flint

__all__ = ["cholesky_factor", "is_positive_definite", "pivot_coordinates"]

_PRIME = (1 << 61) - 1
_SMALL = 24


def is_positive_definite(matrix: flint.arb_mat) -> bool:
    """Return whether every symmetric matrix within these balls is shown positive definite.

    False means "not shown": indefinite, or not decided at the current precision.

    Examples
    --------
    >>> is_positive_definite(flint.arb_mat([[2, 1], [1, 2]]))
    True
    >>> is_positive_definite(flint.arb_mat([[1, 1], [1, 1]]))
    False

    Notes
    -----
    A symmetric block matrix is positive definite if and only if its first block and the Schur
    complement of that block are. Small matrices are eliminated entry by entry.
    """
    size = matrix.nrows()
    if size <= _SMALL:
        return cholesky_factor(matrix) is not None
    half, rows = size // 2, matrix.tolist()
    first = flint.arb_mat([row[:half] for row in rows[:half]])
    if not is_positive_definite(first):
        return False
    side = flint.arb_mat([row[half:] for row in rows[:half]])
    last = flint.arb_mat([row[half:] for row in rows[half:]])
    try:
        complement = last - side.transpose() * first.solve(side)
    except ZeroDivisionError:
        return False
    return is_positive_definite(complement)


def cholesky_factor(matrix: flint.arb_mat) -> flint.arb_mat | None:
    """Return the lower triangular L with LLᵀ = `matrix`, or None where a pivot may not be positive.

    Examples
    --------
    >>> cholesky_factor(flint.arb_mat([[4, 2], [2, 5]]))
    [2.00000000000000,                0]
    [1.00000000000000, 2.00000000000000]
    """
    rows = matrix.tolist()
    factor: list[list[flint.arb]] = []
    for i, row in enumerate(rows):
        current: list[flint.arb] = []
        for j in range(i):
            above = factor[j]
            rest = row[j]
            for k in range(j):
                rest -= current[k] * above[k]
            current.append(rest / above[j])
        pivot = row[i]
        for entry in current:
            pivot -= entry * entry
        if not pivot > 0:
            return None
        factor.append([*current, pivot.sqrt()])
    size = len(rows)
    return flint.arb_mat([[*row, *[flint.arb(0)] * (size - len(row))] for row in factor])


def pivot_coordinates(gram: flint.fmpq_mat, most: int) -> list[int]:
    """Return coordinates P, as many as the rank, with the columns P of `gram` independent.

    Parameters
    ----------
    gram : fmpq_mat, (d, d)
    most : int
        A known upper bound of the rank, for example the number of samples.

    Examples
    --------
    >>> pivot_coordinates(flint.fmpq_mat([[1, 1, 0], [1, 1, 0], [0, 0, 2]]), 3)
    [0, 2]

    Notes
    -----
    Columns that are independent modulo a prime are independent. Where they are as many as the
    rank can be, nothing more is needed; otherwise the elimination is repeated over the rationals.
    """
    whole, _ = gram.numer_denom()
    modular, rank = flint.nmod_mat(whole, _PRIME).rref()
    if rank == min(most, gram.nrows()):
        return _leading_columns(modular, rank)
    echelon, _, rank = whole.rref()
    return _leading_columns(echelon, rank)


def _leading_columns(echelon: flint.fmpz_mat | flint.nmod_mat, rank: int) -> list[int]:
    columns, column = [], 0
    for row in range(rank):
        while echelon[row, column] == 0:
            column += 1
        columns.append(column)
    return columns

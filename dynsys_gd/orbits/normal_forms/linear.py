"""Linear equations over a number field or in complex balls: solutions and null vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flint
import numpy as np
from numpy.typing import NDArray

from .scalars import Element, Field

__all__ = [
    "bordered_solution",
    "dot",
    "kernel",
    "null_vector",
    "shifted",
    "solution",
    "times",
    "transposed",
]

Number = Any
Vector = list[Any]
Matrix = list[list[Any]]


def dot(a: Sequence[Number], b: Sequence[Number]) -> Number:
    """Return the sum of products, without conjugation."""
    total = a[0] * b[0]
    for x, y in zip(a[1:], b[1:], strict=True):
        total = total + x * y
    return total


def times(matrix: Matrix, vector: Vector) -> Vector:
    """Return a matrix times a vector."""
    return [dot(row, vector) for row in matrix]


def transposed(matrix: Matrix) -> Matrix:
    """Return the transpose."""
    return [list(column) for column in zip(*matrix, strict=True)]


def shifted(matrix: Matrix, value: Number) -> Matrix:
    """Return the matrix minus a multiple of the identity."""
    return [
        [entry - value if i == j else entry for j, entry in enumerate(row)]
        for i, row in enumerate(matrix)
    ]


def solution(matrix: Matrix, right: Vector, numbers: Any) -> Vector | None:
    """Return a solution of linear equations, or None where there is none or it is undecided.

    In a field a consistent singular system is solved too, with zeros for what stays free.
    """
    if not isinstance(numbers, Field):
        try:
            columns = flint.acb_mat([[entry] for entry in right])
            solved = flint.acb_mat(matrix).solve(columns)
        except ZeroDivisionError:
            return None
        return [solved[i, 0] for i in range(len(right))]
    rows, pivots = _reduced([[*row, b] for row, b in zip(matrix, right, strict=True)], numbers)
    if pivots and pivots[-1] == len(matrix[0]):
        return None
    found = [numbers.constant(0)] * len(matrix[0])
    for row, column in zip(rows, pivots, strict=False):
        found[column] = row[-1]
    return found


def bordered_solution(
    matrix: Matrix, right: Vector, column: Vector, row: Vector, numbers: Any
) -> Vector | None:
    """Return h with M h + s column = right and row · h = 0, for a simply singular matrix M."""
    zero = numbers.constant(0)
    whole = [[*line, c] for line, c in zip(matrix, column, strict=True)]
    found = solution([*whole, [*row, zero]], [*right, zero], numbers)
    return None if found is None else found[:-1]


def null_vector(matrix: Matrix, numbers: Any, rounded: NDArray[np.complex128]) -> Vector | None:
    """Return a non-zero solution of M q = 0 for a matrix known to be simply singular.

    In balls by bordering: [M, e_i; e_jᵀ, 0] [q; s] = [0; 1] is regular for suitable i and j, its
    solution has s = 0 for the exact matrix, and so the balls contain the exact null vector.
    """
    if isinstance(numbers, Field):
        basis = kernel(matrix, numbers)
        return basis[0] if len(basis) == 1 else None
    left, _, right = np.linalg.svd(rounded)
    i, j = int(np.argmax(np.abs(left[:, -1]))), int(np.argmax(np.abs(right[-1])))
    zero, one = numbers.constant(0), numbers.constant(1)
    size = range(len(matrix))
    whole = [[*row, one if k == i else zero] for k, row in zip(size, matrix, strict=True)]
    whole.append([*(one if k == j else zero for k in size), zero])
    found = solution(whole, [*(zero for _ in size), one], numbers)
    return None if found is None else found[:-1]


def kernel(matrix: Matrix, numbers: Field) -> list[Vector]:
    """Return a basis of the null space, exactly."""
    width = len(matrix[0])
    rows, pivots = _reduced([list(row) for row in matrix], numbers)
    basis = []
    for free in (k for k in range(width) if k not in pivots):
        vector = [numbers.constant(0)] * width
        vector[free] = numbers.constant(1)
        for row, column in zip(rows, pivots, strict=False):
            vector[column] = -row[free]
        basis.append(vector)
    return basis


def _reduced(rows: Matrix, numbers: Field) -> tuple[Matrix, list[int]]:
    """Return the reduced row echelon form and its pivot columns."""
    pivots: list[int] = []
    for column in range(len(rows[0])):
        rank = len(pivots)
        place = next((k for k in range(rank, len(rows)) if not rows[k][column].is_zero()), None)
        if place is None:
            continue
        rows[rank], rows[place] = rows[place], rows[rank]
        scale = numbers.inverse(rows[rank][column])
        rows[rank] = [entry * scale for entry in rows[rank]]
        for k, row in enumerate(rows):
            factor: Element = row[column]
            if k != rank and not factor.is_zero():
                rows[k] = [a - factor * b for a, b in zip(row, rows[rank], strict=True)]
        pivots.append(column)
    return rows, pivots

"""The explicit flattest minimum of a deep linear network."""

from __future__ import annotations

from collections.abc import Sequence

import flint
import numpy as np
from numpy.typing import NDArray

from .sharpness_enclosure import QuadraticForms

__all__ = ["flattest_layers", "smallest_map"]

Matrix = NDArray[np.float64]

_PRECISIONS = (256, 1024, 4096)


def smallest_map(
    second_moment: flint.fmpq_mat, cross_moment: flint.fmpq_mat, forms: QuadraticForms
) -> Matrix:
    """Return Ŵ = CΣ⁺, shape (dy, dx): the smallest matrix that minimises the loss.

    Examples
    --------
    >>> from .sharpness_enclosure import forms_on_inputs
    >>> second, cross = flint.fmpq_mat([[2, 0], [0, 0]]), flint.fmpq_mat([[6, 0]])
    >>> smallest_map(second, cross, forms_on_inputs(second, cross, most=2))
    array([[3., 0.]])

    Notes
    -----
    With F the chosen rows of Σ, which span its range, Ŵ = ZF where Z solves Z FFᵀ = C_P. Solved
    in ball arithmetic, so that an ill-conditioned Σ costs no digits.
    """
    chosen = forms.coordinates
    rows = flint.fmpq_mat([[second_moment[i, j] for j in range(forms.inputs)] for i in chosen])
    columns = flint.fmpq_mat(
        [[cross_moment[i, j] for i in range(cross_moment.nrows())] for j in chosen]
    )
    for precision in _PRECISIONS:
        with flint.ctx.workprec(precision):
            try:
                solved = flint.arb_mat(forms.image).solve(flint.arb_mat(columns))
            except ZeroDivisionError:
                continue
            product = solved.transpose() * flint.arb_mat(rows)
            return np.array([[float(entry.mid()) for entry in row] for row in product.tolist()])
    raise ArithmeticError("the smallest map could not be computed; are the data degenerate?")


def flattest_layers(widths: Sequence[int], target: Matrix, balance: float) -> list[Matrix]:
    """Return W_1 = α^(-1/2) QᵀŴ, W_i = cI, W_N = cQ, padded with zeros to the hidden widths.

    Parameters
    ----------
    widths : sequence of int
        (dx, hidden…, dy).
    target : ndarray, shape (dy, dx)
        Ŵ, of rank at most the smallest width; Q is an orthonormal basis of its range.
    balance : float
        α, and c = α^(1/(2(N-1))).

    Examples
    --------
    >>> [layer.tolist() for layer in flattest_layers((1, 2, 1), np.array([[4.0]]), 4.0)]
    [[[2.0], [0.0]], [[2.0, 0.0]]]
    """
    if len(widths) == 2:
        return [target]
    depth = len(widths) - 1
    basis = _range_basis(target, min(widths))
    c = balance ** (1 / (2 * (depth - 1)))
    core = [basis.T @ target / np.sqrt(balance)]
    core += [c * np.eye(basis.shape[1])] * (depth - 2)
    core += [c * basis]
    layers = []
    for matrix, rows, columns in zip(core, widths[1:], widths, strict=False):
        layer = np.zeros((rows, columns))
        layer[: matrix.shape[0], : matrix.shape[1]] = matrix
        layers.append(layer)
    return layers


def _range_basis(target: Matrix, most: int) -> Matrix:
    left, sizes, _ = np.linalg.svd(target, full_matrices=False)
    rank = int(np.sum(sizes > sizes[0] * max(target.shape) * np.finfo(float).eps))
    basis = left[:, : min(rank, most)]
    # A sign for each column that does not depend on the linear algebra library.
    signs = np.sign(basis[np.argmax(np.abs(basis), axis=0), np.arange(basis.shape[1])])
    return np.asarray(basis * signs)

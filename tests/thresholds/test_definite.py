"""Rigorous definiteness and rank."""

import flint
import numpy as np
import pytest

from dynsys_gd.thresholds.definite import (
    cholesky_factor,
    is_positive_definite,
    pivot_coordinates,
)


@pytest.mark.parametrize("size", [1, 5, 24, 25, 60])
def test_definite_matrices_and_their_smallest_shift_are_told_apart(size):
    rng = np.random.default_rng(size)
    factor = rng.integers(-5, 6, (size, size)) + 12 * np.eye(size, dtype=int)
    gram = factor @ factor.T
    smallest = float(np.linalg.eigvalsh(gram)[0])
    with flint.ctx.workprec(200):
        matrix = flint.arb_mat(gram.astype(int).tolist())
        unit = flint.arb_mat(np.eye(size, dtype=int).tolist())
        assert is_positive_definite(matrix)
        assert is_positive_definite(matrix - unit * (smallest * (1 - 1e-6)))
        assert not is_positive_definite(matrix - unit * (smallest * (1 + 1e-6)))


def test_a_ball_that_holds_a_singular_matrix_is_refused():
    wide = flint.arb_mat([[flint.arb(1, 0.5), 1], [1, flint.arb(1, 0.5)]])
    assert not is_positive_definite(wide)


def test_cholesky_factor_encloses_the_true_one():
    with flint.ctx.workprec(100):
        matrix = flint.arb_mat([[4, 2, 0], [2, 3, 1], [0, 1, 5]])
        factor = cholesky_factor(matrix)
        assert (factor * factor.transpose()).contains(
            flint.fmpz_mat([[4, 2, 0], [2, 3, 1], [0, 1, 5]])
        )


@pytest.mark.parametrize("rank", [1, 3, 5])
def test_pivot_coordinates_are_independent_and_as_many_as_the_rank(rank):
    rng = np.random.default_rng(rank)
    tall = rng.integers(-3, 4, (6, rank)) @ rng.integers(-3, 4, (rank, 8))
    gram = flint.fmpq_mat((tall.T @ tall).tolist())
    for most in (8, 6, rank):
        chosen = pivot_coordinates(gram, most)
        assert len(chosen) == rank == gram.rank()
        block = flint.fmpq_mat([[gram[i, j] for j in chosen] for i in chosen])
        assert block.rank() == rank


def test_zero_matrix_has_no_pivots():
    assert pivot_coordinates(flint.fmpq_mat(3, 3), 3) == []

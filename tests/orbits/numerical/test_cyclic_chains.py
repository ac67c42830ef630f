"""Linear equations around a closed orbit, and multipliers, against dense linear algebra."""

import numpy as np
import pytest

from dynsys_gd.orbits.numerical.cyclic import closed_chain, multipliers, smallest_singular

SHAPES = [(5, 1, 3), (5, 2, 2), (4, 3, 1), (7, 5, 2), (6, 8, 3), (3, 13, 4), (2, 6, 12)]


def drawn(n, p, d):
    rng = np.random.default_rng(n + 10 * p + 100 * d)
    return rng.normal(size=(n, p, d, d)), rng.normal(size=(n, p, d))


def left_over(A, v, b):
    return np.roll(v, -1, axis=1) - np.einsum("npij,npj->npi", A, v) - b


def products(A):
    M = np.tile(np.eye(A.shape[2]), (len(A), 1, 1))
    for k in range(A.shape[1]):
        M = A[:, k] @ M
    return M


@pytest.mark.parametrize(("n", "p", "d"), SHAPES)
def test_the_equations_hold(n, p, d):
    A, b = drawn(n, p, d)
    v = closed_chain(A, b).solution
    assert np.abs(left_over(A, v, b)).max() < 1e-12 * (1 + np.abs(v).max()) * np.abs(A).max() * 10


def test_a_long_expanding_chain_is_as_well_conditioned_as_a_short_one():
    # Products would be 3^2000: beyond doubles.
    A = np.tile(np.array([[3.0, 1.0], [0.0, 0.2]]), (2, 2000, 1, 1))
    _, b = drawn(2, 2000, 2)
    v = closed_chain(A, b).solution
    assert np.abs(left_over(A, v, b)).max() < 1e-13
    assert np.abs(v).max() < 20


def test_the_core_is_singular_where_the_chain_is():
    A = np.tile(np.eye(2), (2, 6, 1, 1))
    A[0, 3] = np.diag([1.0, 0.5])  # the first direction keeps the multiplier 1
    A[1, 3] = np.diag([2.0, 0.5])
    smallest, _ = smallest_singular(closed_chain(A, np.zeros((2, 6, 2))).core)
    assert smallest[0] < 1e-15
    assert smallest[1] > 0.1


@pytest.mark.parametrize(("n", "p", "d"), SHAPES)
def test_multipliers_are_eigenvalues_of_the_product(n, p, d):
    A, _ = drawn(n, p, d)
    expected = np.linalg.eigvals(products(A))
    sizes = np.sort(np.abs(expected), axis=1)[:, ::-1]
    found = multipliers(A)
    assert np.allclose(np.abs(found)[:, 0], sizes[:, 0], rtol=1e-11)
    # Their product is the product of the determinants, small ones included.
    logs = np.log(np.abs(np.linalg.det(A))).sum(axis=1)
    assert np.allclose(np.log(np.abs(found)).sum(axis=1), logs, atol=1e-9)


def test_small_multipliers_keep_their_digits_beside_large_ones():
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    one = turn @ np.diag([4.0, 0.25]) @ turn.T
    found = multipliers(np.tile(one, (1, 60, 1, 1)))[0]
    assert np.allclose(found.real * [0.25**60, 4.0**60], 1.0, rtol=1e-11)


def test_pairs_of_complex_multipliers_keep_their_digits_beside_large_ones():
    turn = np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])
    block = np.zeros((4, 4))
    block[0, 0], block[1:3, 1:3], block[3, 3] = 5.0, 0.9 * turn, 1e-3
    mixed = np.eye(4) + 0.2 * np.random.default_rng(1).normal(size=(4, 4))
    one = mixed @ block @ np.linalg.inv(mixed)
    found = multipliers(np.tile(one, (1, 40, 1, 1)))[0]
    pair = 0.9**40 * np.exp(1j * 0.7 * 40 * np.array([1, -1]))
    assert np.allclose(np.sort_complex(found[1:3] / 0.9**40), np.sort_complex(pair / 0.9**40))
    assert np.allclose([found[0].real / 5.0**40, found[3].real / 1e-120], 1.0)


def test_nothing_overflows_on_the_way():
    A = np.tile(np.diag([8.0, 0.125]), (1, 1200, 1, 1))
    A[:, 600:] = np.diag([0.125, 8.0])
    assert np.allclose(multipliers(A)[0], 1.0)


def test_symmetric_matrices_have_real_multipliers():
    M = np.random.default_rng(0).normal(size=(3, 1, 12, 12))
    assert not multipliers(M + M.swapaxes(2, 3)).imag.any()
    assert multipliers(M).imag.any()

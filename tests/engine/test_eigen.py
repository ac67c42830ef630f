"""Small matrices taken apart: accuracy, degenerate ones, scales, and no say for neighbours."""

import mpmath
import numpy as np
import pytest
from reference.processors import AVX2, SSE2, pretend

from dynsys_gd.engine.eigen import (
    eigenvalues,
    pseudo_solution,
    singular,
    symmetric_eigen,
    symmetric_eigenvalues,
)
from dynsys_gd.engine.machine.cpu import processor

DIMENSIONS = list(range(1, 9))
EVERYWHERE = [processor(), SSE2, AVX2, None]


def symmetric(n, d, seed=0):
    A = np.random.default_rng([seed, n, d]).normal(size=(n, d, d))
    return A + np.swapaxes(A, 1, 2)


def general(n, d, seed=1):
    return np.random.default_rng([seed, n, d]).normal(size=(n, d, d))


def same_bits(a, b):
    return np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()


def awkward(d):
    """Matrices that need many rotations, or none, or cannot be taken apart."""
    graded = 10.0 ** -np.add.outer(np.arange(d), np.arange(d)) * (1.0 + np.eye(d))
    rank_one = np.outer(np.arange(1.0, d + 1), np.arange(1.0, d + 1))
    hole = np.full((d, d), 0.25)
    hole[0, 0] = np.nan
    endless = np.eye(d)
    endless[-1, -1] = -np.inf
    few = [graded, rank_one, hole, endless, np.zeros((d, d)), 3.0 * np.eye(d), np.full((d, d), 2.0)]
    return np.array([*few, 1e300 * graded, 5e-324 * np.ones((d, d)), *symmetric(4, d)])


# -- symmetric ------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("n", [1, 3, 257])
def test_symmetric_matrices_are_rebuilt_from_their_parts(n, d):
    A = symmetric(n, d)
    values, vectors = symmetric_eigen(A)
    size = np.abs(values).max(axis=1)[:, None]
    assert np.all(np.diff(values, axis=1) >= 0)
    assert np.all(np.abs(values - np.linalg.eigvalsh(A)) <= 4e-15 * size)
    gram = np.swapaxes(vectors, 1, 2) @ vectors
    assert np.abs(gram - np.eye(d)).max() <= 2e-15
    assert np.all(np.abs(A @ vectors - vectors * values[:, None, :]) <= 3e-15 * size[:, None])
    # The values alone are found by the same rotations.
    assert same_bits(symmetric_eigenvalues(A), values)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_values_are_within_rounding_of_the_truth(d):
    for A in symmetric(6, d, seed=5):
        with mpmath.workdps(40):
            wanted = mpmath.eigsy(mpmath.matrix(A.tolist()), eigvals_only=True)
            wanted = np.array([float(value) for value in wanted])
        found = symmetric_eigenvalues(A[None])[0]
        assert np.abs(found - np.sort(wanted)).max() <= 1.5e-15 * np.abs(wanted).max()


@pytest.mark.parametrize("d", [2, 3, 5, 8])
def test_small_eigenvalues_of_graded_definite_matrices_are_found_to_relative_accuracy(d):
    """A = D B D with B well conditioned: LAPACK loses the small ones, rotations do not."""
    rng = np.random.default_rng(d)
    for _ in range(4):
        root = rng.normal(size=(d, d))
        B = root @ root.T + d * np.eye(d)
        scales = 10.0 ** -rng.permutation(4 * np.arange(d))
        A = np.tril(scales[:, None] * B * scales)
        A = A + np.tril(A, -1).T
        with mpmath.workdps(120):
            exact = mpmath.eigsy(mpmath.matrix(A.tolist()), eigvals_only=True)
            wanted = np.sort([float(value) for value in exact])
        found = symmetric_eigenvalues(A[None])[0]
        assert wanted[0] <= 1e-7 * wanted[-1]
        np.testing.assert_allclose(found, wanted, rtol=1e-14)


@pytest.mark.parametrize("d", DIMENSIONS)
def test_symmetric_matrices_with_multiple_eigenvalues(d):
    square = np.ones((d, d))
    values, vectors = symmetric_eigen(np.array([np.zeros((d, d)), 3.0 * np.eye(d), square]))
    np.testing.assert_array_equal(values[:2], [[0.0] * d, [3.0] * d])
    np.testing.assert_array_equal(vectors[:2], [np.eye(d)] * 2)
    np.testing.assert_allclose(values[2], [0.0] * (d - 1) + [d], atol=2e-15 * d)
    np.testing.assert_allclose(vectors[2].T @ vectors[2], np.eye(d), atol=2e-15)


def test_only_the_lower_triangle_counts():
    A = symmetric(5, 3)
    upper = A.copy()
    upper[:, 0, 1:] = 1e3
    for d_values, wanted in zip(symmetric_eigen(upper), symmetric_eigen(A), strict=True):
        assert same_bits(d_values, wanted)


@pytest.mark.parametrize("take_apart", [symmetric_eigen, singular])
@pytest.mark.parametrize("power", [-900, -300, 300, 900])
@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_powers_of_two_scale_the_values_and_nothing_else(take_apart, power, d):
    A = symmetric(9, d)
    values, vectors = take_apart(A)
    scaled, turned = take_apart(2.0**power * A)
    assert same_bits(scaled, 2.0**power * values)
    assert same_bits(turned, vectors)


def test_the_largest_numbers_and_the_smallest():
    largest, smallest = np.finfo(float).max, 5e-324
    for size in (largest / 4, 1e300, smallest):
        A = size * np.array([[[1.0, 0.0], [0.0, 2.0]], [[1.0, 1.0], [1.0, 1.0]]])
        np.testing.assert_allclose(symmetric_eigenvalues(A), [[size, 2 * size], [0, 2 * size]])
        np.testing.assert_allclose(singular(A)[0], [[size, 2 * size], [0, 2 * size]])
        np.testing.assert_allclose(eigenvalues(A).real, [[size, 2 * size], [0, 2 * size]])


# -- singular values ------------------------------------------------------------------------------


@pytest.mark.parametrize("d", DIMENSIONS)
@pytest.mark.parametrize("n", [1, 3, 129])
def test_singular_values_and_right_vectors(n, d):
    A = general(n, d)
    values, right = singular(A)
    wanted = np.linalg.svd(A, compute_uv=False)[:, ::-1]
    size = wanted[:, -1:]
    assert np.all(np.abs(values - wanted) <= 4e-15 * size)
    assert np.abs(np.swapaxes(right, 1, 2) @ right - np.eye(d)).max() <= 3e-15
    images = A @ right
    assert np.all(np.abs(np.linalg.norm(images, axis=1) - values) <= 4e-15 * size)
    gram = np.swapaxes(images, 1, 2) @ images
    across = gram * (1 - np.eye(d))
    assert np.all(np.abs(across) <= 1e-14 * (size * size)[:, :, None])


@pytest.mark.parametrize("d", [2, 4, 8])
def test_singular_values_of_graded_columns_are_found_to_relative_accuracy(d):
    A = general(1, d, seed=3)[0] + 2 * np.eye(d)
    A = A * 10.0 ** -(5.0 * np.arange(d))
    with mpmath.workdps(150):
        exact = mpmath.svd_r(mpmath.matrix(A.tolist()), compute_uv=False)
        wanted = np.sort([float(value) for value in exact])
    np.testing.assert_allclose(singular(A[None])[0][0], wanted, rtol=3e-14)


@pytest.mark.parametrize("d", [2, 3, 8])
def test_rank_one(d):
    u, v = np.arange(1.0, d + 1), np.linspace(-1.0, 2.0, d)
    values, right = singular(np.outer(u, v)[None])
    wanted = np.linalg.norm(u) * np.linalg.norm(v)
    np.testing.assert_allclose(values[0], [0.0] * (d - 1) + [wanted], atol=1e-15 * wanted)
    np.testing.assert_allclose(np.abs(right[0, :, -1]), np.abs(v) / np.linalg.norm(v), atol=1e-15)


# -- general eigenvalues --------------------------------------------------------------------------

PAIRS = [
    [[1.0, 2.0], [3.0, 4.0]],
    [[0.0, -1.0], [1.0, 0.0]],
    [[1.0, 1.0], [0.0, 1.0]],
    [[1e8, 1.0], [1.0, 1.1e-8]],  # nearly singular: the small one is lost by a difference
    [[1.0, 1.0 + 2**-40], [1.0 - 2**-40, 1.0]],
    [[2.0, 1e-9], [-1e-9, 2.0 + 2**-30]],
    [[1.0 + 2**-50, 2.0**-26], [-(2.0**-26), 1.0 - 2**-51]],  # all but a double one
    [[-3.0, 5.0], [-2.0, 3.0]],
    [[1e-3, 1e6], [-1e-9, 3e-3]],
    [[1e-30, 1e70], [-1e-80, 3e-40]],
    [[0.0, 1.0], [0.0, 0.0]],
    [[-1.0, 0.0], [0.0, 1.0]],
]


@pytest.mark.parametrize("A", PAIRS, ids=str)
def test_eigenvalues_of_two_by_two_matrices_to_a_few_units_in_the_last_place(A):
    with mpmath.workdps(700):
        (a, b), (c, d) = (map(mpmath.mpf, row) for row in A)
        root = mpmath.sqrt(mpmath.mpc((a - d) ** 2 / 4 + b * c))
        wanted = [complex((a + d) / 2 + sign * root) for sign in (-1, 1)]
    found = eigenvalues(np.array([A]))[0]
    for parts in (np.real, np.imag):
        np.testing.assert_allclose(np.sort(parts(found)), np.sort(parts(wanted)), rtol=1e-15)


def test_eigenvalues_of_many_random_two_by_two_matrices():
    A = general(4001, 2)
    found, wanted = (np.sort_complex(values) for values in (eigenvalues(A), np.linalg.eigvals(A)))
    assert np.abs(found.sum(axis=1) - np.trace(A, axis1=1, axis2=2)).max() <= 2e-15
    # LAPACK is off by the square root of rounding where two of them nearly meet.
    far = np.abs(np.subtract(*wanted.T)) > 1e-3
    assert far.mean() > 0.99
    assert np.abs(found - wanted)[far].max() <= 1e-12


@pytest.mark.parametrize("d", [1, 3, 5])
def test_eigenvalues_of_other_matrices(d):
    A = general(20, d)
    A[3, 0, 0] = np.nan
    found = eigenvalues(A)
    assert np.isnan(found[3]).all()
    rest = np.delete(np.arange(20), 3)
    np.testing.assert_allclose(found[rest], np.linalg.eigvals(A[rest]), atol=1e-13)


# -- pseudo-inverse -------------------------------------------------------------------------------


@pytest.mark.parametrize("is_symmetric", [True, False])
@pytest.mark.parametrize("d", [*DIMENSIONS, 9])
def test_pseudo_solutions_of_matrices_of_every_rank(d, is_symmetric):
    rng = np.random.default_rng(d)
    A = symmetric(30, d) if is_symmetric else general(30, d)
    for rank in range(d):  # the other rows keep full rank
        Q, P = (np.linalg.qr(rng.normal(size=(d, d)))[0][:, :rank] for _ in range(2))
        A[rank] = Q @ np.diag(rng.uniform(1, 2, rank)) @ (Q if is_symmetric else P).T
    b = rng.normal(size=(30, d))
    found = pseudo_solution(A, b, cut=1e-9, symmetric=is_symmetric)
    wanted = (np.linalg.pinv(A, rcond=1e-9) @ b[:, :, None])[:, :, 0]
    sizes = np.linalg.svd(A, compute_uv=False)
    worst = 1.0 / np.where(sizes > 1e-9, sizes, 1.0).min(axis=1, keepdims=True)
    assert np.all(np.abs(found - wanted) <= 1e-13 * worst**2)


@pytest.mark.parametrize("d", [2, 3, 9])
@pytest.mark.parametrize("is_symmetric", [True, False])
def test_pseudo_solutions_are_zero_where_something_is_not_finite(d, is_symmetric):
    A, b = np.array([np.eye(d)] * 4), np.ones((4, d))
    A[0, d - 1, 0], b[1, d - 1], b[2, 0] = np.inf, np.nan, -np.inf
    found = pseudo_solution(A, b, cut=1e-9, symmetric=is_symmetric)
    np.testing.assert_array_equal(found, [[0.0] * d] * 3 + [[1.0] * d])


def test_the_cut_is_relative_to_large_matrices_and_absolute_for_small_ones():
    A = np.array([np.diag([1e6, 1e-4]), np.diag([1e-2, 1e-10])])
    found = pseudo_solution(A, np.ones((2, 2)), cut=1e-9, symmetric=True)
    np.testing.assert_array_equal(found, [[1e-6, 0.0], [1e2, 0.0]])


# -- neighbours, processors, fall-backs -----------------------------------------------------------

FACES = {
    "symmetric": lambda A: np.concatenate([m.reshape(len(A), -1) for m in symmetric_eigen(A)], 1),
    "values": symmetric_eigenvalues,
    "singular": lambda A: np.concatenate([m.reshape(len(A), -1) for m in singular(A)], 1),
    "eigenvalues": lambda A: eigenvalues(A).view(float),
    "solution": lambda A: pseudo_solution(A, A[:, 0], cut=1e-9, symmetric=True),
    "general solution": lambda A: pseudo_solution(A, A[:, 0], cut=1e-9, symmetric=False),
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("d", [1, 2, 3, 4, 8])
def test_a_matrix_does_not_depend_on_its_neighbours(face, d):
    A = awkward(d)
    together = FACES[face](A)
    alone = np.concatenate([FACES[face](A[k : k + 1]) for k in range(len(A))])
    order = np.random.default_rng(0).permutation(np.tile(np.arange(len(A)), 5))
    assert same_bits(alone, together)
    assert same_bits(FACES[face](A[order]), together[order])


@pytest.mark.skipif(processor() is None, reason="no machine code here")
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("other", [SSE2, AVX2])
def test_every_processor_gives_the_same_bits(face, d, other, monkeypatch):
    A = awkward(d)
    here = FACES[face](A)
    pretend(monkeypatch, other)
    assert same_bits(FACES[face](A), here)


@pytest.mark.parametrize("host", EVERYWHERE)
@pytest.mark.parametrize("d", [2, 4, 9])
def test_rows_that_are_not_finite_are_nan_and_the_others_are_not(host, d, monkeypatch):
    pretend(monkeypatch, host)
    A = awkward(d)
    finite = np.isfinite(A).all(axis=(1, 2))
    for face in ("symmetric", "values", "singular", "eigenvalues"):
        found = FACES[face](A)
        assert np.isnan(found[~finite]).all()
        assert np.isfinite(found[finite]).all()


@pytest.mark.parametrize("d", [2, 3])
def test_lapack_stands_in_where_there_is_no_machine_code(d, monkeypatch):
    A = symmetric(40, d)
    here = {face: FACES[face](A) for face in ("values", "solution", "general solution")}
    here_values, right = singular(A)
    pretend(monkeypatch, None)
    for face, found in here.items():
        np.testing.assert_allclose(FACES[face](A), found, rtol=1e-9, atol=1e-12)
    values, other = singular(A)
    np.testing.assert_allclose(values, here_values, rtol=1e-9, atol=1e-14)
    alike = np.abs(np.sum(right * other, axis=1))
    np.testing.assert_allclose(alike, 1.0, rtol=1e-9)


@pytest.mark.parametrize("d", [1, 2, 3, 9])
def test_no_matrices_at_all(d):
    A = np.empty((0, d, d))
    assert symmetric_eigenvalues(A).shape == eigenvalues(A).shape == (0, d)
    assert [part.shape for part in symmetric_eigen(A)] == [(0, d), (0, d, d)]
    assert [part.shape for part in singular(A)] == [(0, d), (0, d, d)]
    assert pseudo_solution(A, np.empty((0, d)), cut=1e-9, symmetric=True).shape == (0, d)

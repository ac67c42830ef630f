"""Linear equations from products only, against dense solutions."""

import numpy as np

from dynsys_gd.orbits.numerical.krylov import solved_in_krylov_space


def matrices(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return np.eye(d) + 0.3 * rng.normal(size=(n, d, d)) / np.sqrt(d), rng.normal(size=(n, d))


def test_every_row_is_solved():
    A, b = matrices(4, 30)
    found = solved_in_krylov_space(
        lambda V: np.einsum("nij,nj->ni", A, V), b, most=30, enough=1e-12
    )
    assert np.allclose(found.solution, np.linalg.solve(A, b[:, :, None])[:, :, 0], atol=1e-10)


def test_extreme_singular_values_are_bounded_from_inside():
    A, b = matrices(3, 25, seed=1)
    found = solved_in_krylov_space(lambda V: np.einsum("nij,nj->ni", A, V), b, most=25, enough=0.0)
    values = np.linalg.svd(A, compute_uv=False)
    assert np.allclose(found.largest, values[:, 0], rtol=1e-6)
    assert np.allclose(found.smallest, values[:, -1], rtol=1e-6)


def test_it_ends_where_it_is_good_enough():
    A, b = matrices(2, 200)
    asked = []

    def product(V):
        asked.append(len(V))
        return np.einsum("nij,nj->ni", A, V)

    found = solved_in_krylov_space(product, b, enough=1e-3)
    rest = np.einsum("nij,nj->ni", A, found.solution) - b
    assert np.all(np.linalg.norm(rest, axis=1) <= 1.01e-3 * np.linalg.norm(b, axis=1))
    assert len(asked) < 20


def test_a_direction_without_curvature_gets_no_step():
    slopes = np.array([2.0, 1.0, 0.0])
    b = np.array([[1.0, 1.0, 0.0]])
    found = solved_in_krylov_space(lambda V: V * slopes, b, enough=1e-12)
    assert np.allclose(found.solution, [[0.5, 1.0, 0.0]])


def test_rows_that_are_solved_do_not_disturb_others():
    found = solved_in_krylov_space(lambda V: 2 * V, np.array([[0.0, 0.0], [1.0, 3.0]]))
    assert np.allclose(found.solution, [[0.0, 0.0], [0.5, 1.5]])


def test_what_is_not_finite_stays_so():
    b = np.array([[np.nan, 1.0], [1.0, 3.0]])
    found = solved_in_krylov_space(lambda V: 2 * V, b)
    assert np.isnan(found.solution[0]).all()
    assert np.allclose(found.solution[1], [0.5, 1.5])


def test_giving_up_returns_the_best_so_far():
    A, b = matrices(1, 50)
    found = solved_in_krylov_space(
        lambda V: np.einsum("nij,nj->ni", A, V), b, enough=0.0, give_up=lambda: True
    )
    rest = np.einsum("nij,nj->ni", A, found.solution) - b
    assert 0 < np.linalg.norm(rest) < np.linalg.norm(b)

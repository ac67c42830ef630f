"""The matrix itself: coarser copies, classes, periods, eigenvalues against dense algebra."""

import networkx
import numpy as np
import pytest
import sympy as sp
from scipy.sparse import csr_matrix, random_array
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd.cells.cells import Cells
from dynsys_gd.cells.transfer.classes import communicating_classes, cyclic_pieces, downstream
from dynsys_gd.cells.transfer.eigenvectors import eigenvalues, leading_left, symmetric_pairs
from dynsys_gd.cells.transfer.surviving import largest_eigenvalues
from dynsys_gd.cells.transfer.transitions import Transitions
from dynsys_gd.errors import InvalidInput

LINE = dg.Box([0], [1])
EXACT = dg.MonotonePieces()
LOGISTIC = dg.textbook.logistic()


def made(matrix):
    cells = Cells.all(LINE, 10).take(np.arange(len(matrix)))
    return Transitions.between(dg.SymbolicMap([x], [x]), cells, csr_matrix(matrix))


def test_a_coarser_copy_is_what_the_larger_cells_give():
    fine = dg.transfer_operator(LOGISTIC, LINE, 7, method=EXACT)
    coarse = dg.transfer_operator(LOGISTIC, LINE, 6, method=EXACT)
    copied = fine.transitions.coarser()
    np.testing.assert_allclose(copied.matrix.toarray(), coarse.matrix.toarray(), atol=1e-12)
    assert copied.volumes.sum() == pytest.approx(1)
    assert copied.parts.tolist() == [k // 2 for k in range(128)]


def test_a_coarser_copy_in_the_plane_halves_both_axes():
    F = dg.SymbolicMap([y / 2, x / 2], [x, y])
    box = dg.Box([-1, -1], [1, 1])
    fine = dg.transfer_operator(F, box, 8, rng=0)
    copied = fine.transitions.coarser()
    truth = dg.transfer_operator(F, box, 6, method=dg.SampledCells(points=400), rng=0)
    assert copied.matrix.shape == (64, 64)
    assert abs(copied.matrix - truth.matrix).max() < 0.05
    assert dg.transfer_operator(F, box, 1, rng=0).transitions.coarser() is None


def test_classes_are_those_of_networkx():
    rng = np.random.default_rng(2)
    for _ in range(20):
        matrix = np.where(rng.random((30, 30)) < 0.05, rng.random((30, 30)), 0.0)
        total = matrix.sum(axis=1, keepdims=True)
        matrix = np.divide(matrix, total, where=total > 0, out=matrix)
        graph = networkx.from_numpy_array(matrix, create_using=networkx.DiGraph)
        expected = {
            frozenset(part): all(set(graph[i]) <= part for i in part)
            for part in networkx.strongly_connected_components(graph)
            if any(graph.has_edge(i, j) for i in part for j in part)
        }
        found = {
            frozenset(each.rows.tolist()): each.closed
            for each in communicating_classes(made(matrix))
        }
        assert found == expected
        for part in expected:
            first = min(part)
            reached = downstream(made(matrix), np.array(sorted(part)))
            assert set(reached.tolist()) == networkx.descendants(graph, first) | part


def test_a_leak_opens_a_class():
    closed = made(np.array([[0.5, 0.5], [1.0, 0.0]]))
    leaky = made(np.array([[0.5, 0.5], [0.999, 0.0]]))
    assert [each.closed for each in communicating_classes(closed)] == [True]
    assert [each.closed for each in communicating_classes(leaky)] == [False]
    np.testing.assert_allclose(leaky.left, [0, 0.001], atol=1e-15)


@pytest.mark.parametrize("period", [1, 2, 3, 6])
def test_cyclic_pieces(period):
    rng = np.random.default_rng(period)
    n = 12 * period
    matrix = np.zeros((n, n))
    piece = np.arange(n) % period
    for i in range(n):
        matrix[i, piece == (piece[i] + 1) % period] = rng.random(12)
    found, pieces = cyclic_pieces(csr_matrix(matrix))
    assert found == period
    assert all(len(np.unique(pieces[piece == k])) == 1 for k in range(period))
    assert cyclic_pieces(csr_matrix([[1.0]]))[0] == 1


@pytest.mark.parametrize("n", [1, 5, 199, 600])
def test_the_leading_vector_is_that_of_dense_algebra(n):
    rng = np.random.default_rng(n)
    matrix = random_array((n, n), density=min(1.0, 20 / n), rng=rng, format="csr")
    matrix = csr_matrix(matrix + sp_ring(n))
    values, vectors = np.linalg.eig(matrix.toarray().T)
    at = np.argmax(values.real)
    found = leading_left(matrix)
    expected = np.abs(vectors[:, at].real)
    assert found.value == pytest.approx(values[at].real, rel=1e-10)
    np.testing.assert_allclose(found.vector, expected / expected.sum(), atol=1e-10)
    assert found.residual < 1e-10 * found.value


def sp_ring(n):
    return csr_matrix((np.ones(n), (np.arange(n), (np.arange(n) + 1) % n)), shape=(n, n))


def test_a_gap_near_zero_is_no_obstacle():
    # A walk on a ring of 1500 places: 1 - λ₂ is about 1e-5.
    n = 1500
    walk = csr_matrix(0.5 * sp_ring(n) + 0.5 * sp_ring(n).T)
    weights = np.linspace(1, 2, n)
    biased = csr_matrix(walk.multiply(weights))
    biased = csr_matrix(biased / biased.sum(axis=1))
    found = leading_left(biased)
    assert found.value == pytest.approx(1, abs=1e-10)
    assert found.residual < 1e-9


def test_the_largest_eigenvalues():
    for n in (4, 700):
        ring = sp_ring(n)
        found, sure = eigenvalues(csr_matrix(0.5 * ring + 0.5 * csr_matrix(np.eye(n))), 3)
        assert sure
        angle = 2 * np.pi / n
        expected = [1, (1 + np.exp(1j * angle)) / 2, (1 + np.exp(-1j * angle)) / 2]
        np.testing.assert_allclose(found, expected, atol=1e-8)
    values, vectors = symmetric_pairs(csr_matrix(np.diag(np.arange(500.0))), 2)
    np.testing.assert_allclose(values, [499, 498])
    assert np.abs(vectors[[499, 498], [0, 1]]) == pytest.approx([1, 1])


def test_spectrum_and_mixing_rate():
    # x -> 1 - 2|x| on two cells forgets everything in a step; a swap forgets nothing.
    P = dg.transfer_operator(
        dg.SymbolicMap([1 - 2 * sp.Abs(x - sp.Rational(1, 2))], [x]), LINE, 1, method=EXACT
    )
    assert P.spectrum().mixing_rate == pytest.approx(0, abs=1e-12)
    swap = dg.transfer_operator(dg.SymbolicMap([1 - x], [x]), LINE, 1, method=EXACT).spectrum()
    assert swap.mixing_rate == pytest.approx(1)
    assert dict(swap.rows())["of modulus 1"] == "2"
    assert np.isnan(P.spectrum(1).mixing_rate)
    wide = dg.transfer_operator(dg.textbook.logistic("18/5"), LINE, 9, method=EXACT).spectrum(3)
    np.testing.assert_allclose(np.real(wide.eigenvalues[:2]), [1, -1], atol=1e-9)


def test_arguments_are_checked():
    F = dg.GradientDescent(dg.Loss(x**2 / 2, [x]), "1/2")
    for region, depth in (
        (LINE, None),
        (LINE, -1),
        (LINE, 2.5),
        (LINE, 25),
        (LINE, True),
        (dg.Box([0, 0], [1, 1]), 4),
        (dg.Ball([0], 1), 4),
        (Cells.all(LINE, 3), 3),
        (Cells.all(LINE, 3).take(np.zeros(8, dtype=bool)), None),
        (None, 4),
        (dg.Box([1], [1 + 2e-15]), 4),  # a few doubles
        (dg.Box([-1e-250], [1e-250]), 4),  # densities would overflow
    ):
        with pytest.raises(InvalidInput):
            dg.transfer_operator(F, region, depth)
    for wrong in (0, -1, 2.5, "9", None, True):
        with pytest.raises(InvalidInput, match="points"):
            dg.SampledCells(points=wrong)
    for name, value in (
        ("method", "sampled"),
        ("method", dg.SampledCells),
        ("rng", -1),
        ("executor", 4),
        ("progress", 3),
    ):
        with pytest.raises(InvalidInput, match=name):
            dg.transfer_operator(F, LINE, 3, **{name: value})
    for wrong in (None, "x", LINE, F.loss):
        with pytest.raises(InvalidInput, match="F"):
            dg.transfer_operator(wrong, LINE, 3)


def test_eigenvalues_are_those_of_the_classes():
    # Many closed classes: the eigenvalue 1 is as often there as there are.
    stay = dg.SymbolicMap([x], [x])
    spectrum = dg.transfer_operator(stay, LINE, 9, method=EXACT).spectrum(5)
    np.testing.assert_allclose(spectrum.eigenvalues, 1.0)
    rng = np.random.default_rng(4)
    matrix = np.triu(rng.random((40, 40)) * (rng.random((40, 40)) < 0.2))
    matrix[:7, :7] = rng.random((7, 7))
    matrix[20:25, 20:25] = 2 * rng.random((5, 5))
    matrix /= 2 * matrix.sum(axis=1).max()
    found, sure = largest_eigenvalues(made(matrix), 8)
    every = np.linalg.eigvals(matrix)
    assert sure
    np.testing.assert_allclose(np.abs(found), np.sort(np.abs(every))[::-1][:8], atol=1e-12)
    none, _ = largest_eigenvalues(made(np.triu(matrix, 1)), 3)
    assert none.tolist() == [0, 0, 0]

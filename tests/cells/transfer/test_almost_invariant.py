"""Sets that exchange little: against simulation, exact matrices and the bound by eigenvalues."""

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd.cells.cells import Cells
from dynsys_gd.cells.transfer.almost_invariant import almost_invariant_sets_of
from dynsys_gd.cells.transfer.transitions import Transitions
from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Evidence, Grade

EXACT = dg.MonotonePieces()
WELL = dg.Loss(x**4 / 4 - x**2 / 2, [x])
LINE = dg.Box([-1.6], [1.6])
KNOWN = Evidence(grade=Grade.NUMERICAL, reason="made up")


def of_matrix(matrix, k=2):
    depth = int(np.log2(len(matrix)))
    cells = Cells.all(dg.Box([0], [1]), depth)
    F = dg.SymbolicMap([x], [x])
    return almost_invariant_sets_of(Transitions.between(F, cells, csr_matrix(matrix)), k, KNOWN)


def blocks(sizes, leak, rng):
    """Return a matrix of blocks with random entries that leak into each other."""
    n = sum(sizes)
    matrix = np.zeros((n, n))
    start = 0
    for size in sizes:
        inner = rng.random((size, size)) + 0.2
        rows = slice(start, start + size)
        matrix[rows, rows] = (1 - leak) * inner / inner.sum(axis=1, keepdims=True)
        others = np.setdiff1d(np.arange(n), np.arange(start, start + size))
        matrix[rows, others] = leak / len(others)
        start += size
    return matrix


@pytest.mark.parametrize("sizes", [(4, 12), (8, 8), (3, 5, 8), (2, 3, 5, 6)])
def test_blocks_are_found(sizes):
    matrix = blocks(sizes, 0.02, np.random.default_rng(len(sizes)))
    found = of_matrix(matrix, len(sizes))
    assert [len(each) for each in found.sets] == list(sizes)
    np.testing.assert_allclose(found.ratios, 0.98, atol=1e-12)
    assert found.exchange == pytest.approx(0.02, abs=1e-12)
    assert sum(found.masses) == pytest.approx(1)
    assert found.limit >= np.mean(found.ratios) - 1e-12
    assert found.cells.codes.tolist() == list(range(16))


def test_no_pair_of_sets_beats_the_bound():
    rng = np.random.default_rng(0)
    matrix = rng.random((8, 8)) ** 6
    matrix /= matrix.sum(axis=1, keepdims=True)
    values, vectors = np.linalg.eig(matrix.T)
    mass = np.abs(vectors[:, np.argmax(values.real)].real)
    mass /= mass.sum()
    found = of_matrix(matrix)
    best = 0.0
    for size in range(1, 5):
        for chosen in itertools.combinations(range(8), size):
            inside = np.isin(np.arange(8), chosen)
            ratios = [
                (mass[s, None] * matrix[np.ix_(s, s)]).sum() / mass[s].sum()
                for s in (inside, ~inside)
            ]
            assert np.mean(ratios) <= found.limit + 1e-12
            best = max(best, min(ratios))
    # A sweep over one eigenvector is a heuristic: it comes near the best, which is not promised.
    assert min(found.ratios) <= best + 1e-12
    assert min(found.ratios) > 0.8 * best


def test_just_beyond_merging_the_halves_exchange_what_orbits_do():
    # At 3√3/2 - 1 = 1.598 the two symmetric bands of the double well have merged.
    F = dg.GradientDescent(WELL, "8/5")
    found = dg.transfer_operator(F, LINE, 12, method=EXACT).almost_invariant_sets()
    states = F.iterate(np.random.default_rng(1).uniform(-1, 1, size=(20_000, 1)), 300)
    points = [states]
    for _ in range(40):
        points.append(F.iterate(points[-1], 1))
    which = np.array([found.at(each) for each in points])
    assert (which >= 0).mean() > 0.999
    seen = (which[1:] != which[:-1]).mean()
    assert found.exchange == pytest.approx(seen, rel=0.03)
    assert found.masses == pytest.approx((0.5, 0.5), abs=1e-9)
    assert min(found.ratios) > 0.98
    assert found.moved < 0.02
    assert found.survival == 1.0
    # Up to the seldom met preimages of the other band, one set is x < 0 and the other x > 0.
    sides = found.at([[-1.1], [-0.3], [0.3], [1.1]])
    assert sides.tolist() == [0, 0, 1, 1]


def test_the_plane_tells_what_the_balanced_line_does():
    loss = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
    plane = dg.transfer_operator(
        dg.GradientDescent(loss, "81/50"), dg.Box([-2, -2], [2, 2]), 16, rng=0
    ).almost_invariant_sets()
    line = dg.transfer_operator(
        dg.GradientDescent(WELL, "81/50"), LINE, 12, method=EXACT
    ).almost_invariant_sets()
    assert plane.exchange == pytest.approx(line.exchange, rel=0.1)
    assert max(plane.eigenvalues) < 1 + 1e-9  # masses below rounding would make larger ones
    assert plane.at([[-1, -1], [1, 1], [1, -1]]).tolist() == [0, 1, -1]


def test_invariant_sets_are_told_apart_exactly():
    F = dg.GradientDescent(WELL, "13/10")
    found = dg.transfer_operator(F, LINE, 10, method=EXACT).almost_invariant_sets()
    assert found.ratios == pytest.approx((1.0, 1.0), abs=1e-12)
    assert found.limit == pytest.approx(1.0, abs=1e-12)


def test_where_all_mass_leaves_it_is_on_condition_of_staying():
    # Two symmetric chaotic bands, each with the same leak: what survives is split between them.
    rng = np.random.default_rng(3)
    leaky = 0.9 * blocks((8, 8), 0.05, rng)
    found = of_matrix(leaky)
    assert found.survival == pytest.approx(0.9)
    np.testing.assert_allclose(found.ratios, 0.95, atol=1e-12)
    assert "leaves" in dict(found.rows())["on condition of staying"]


@pytest.mark.parametrize("k", [0, 1, -2, 2.0, "2", None, True])
def test_numbers_of_sets_that_are_none(k):
    P = dg.transfer_operator(dg.GradientDescent(WELL, "8/5"), LINE, 5, method=EXACT)
    with pytest.raises(InvalidInput, match="k"):
        P.almost_invariant_sets(k)


def test_more_sets_than_cells():
    with pytest.raises(InvalidInput, match="visited"):
        of_matrix(np.full((4, 4), 0.25), 5)
    gone = dg.transfer_operator(dg.SymbolicMap([x + 1], [x]), LINE, 3, method=EXACT)
    with pytest.raises(InvalidInput, match="visited"):
        gone.almost_invariant_sets()

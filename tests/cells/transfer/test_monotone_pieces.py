"""Proved entries: they contain the exact ones, and what cannot be proved is refused."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from sympy.abc import a, x, y

import dynsys_gd as dg
from dynsys_gd.cells.cells import Cells
from dynsys_gd.cells.images import formulas_of
from dynsys_gd.cells.transfer.line_pieces import monotone_pieces, preimages
from dynsys_gd.errors import InvalidInput
from dynsys_gd.evidence import Grade

LINE = dg.Box([0], [1])
EXACT = dg.MonotonePieces()
HALF = sp.Rational(1, 2)
TENT = dg.SymbolicMap([1 - 2 * sp.Abs(x - HALF)], [x])
LOGISTIC = dg.textbook.logistic()


def exact_logistic(n):
    """Return the matrix of 4 x (1 - x) on n equal cells from the formula of its preimages."""
    edges = np.linspace(0, 1, n + 1)
    left = 0.5 - 0.5 * np.sqrt(1 - edges)
    lengths = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            for low, high in ((left[j], left[j + 1]), (1 - left[j + 1], 1 - left[j])):
                lengths[i, j] += max(0.0, min(edges[i + 1], high) - max(edges[i], low))
    return lengths * n


def bounds(P):
    return P.entries.lower.toarray(), P.entries.upper.toarray()


@pytest.mark.parametrize("depth", [0, 1, 3, 5])
def test_entries_of_the_logistic_map(depth):
    P = dg.transfer_operator(LOGISTIC, LINE, depth, method=EXACT)
    truth = exact_logistic(2**depth)
    lower, upper = bounds(P)
    np.testing.assert_allclose(P.matrix.toarray(), truth, atol=1e-13)
    assert (lower <= truth + 1e-15).all()
    assert (upper >= truth - 1e-15).all()
    # Next to a critical point a place is known to the root of rounding, elsewhere to rounding.
    assert (upper - lower).max() < 2**depth * 4e-8
    assert np.sort((upper - lower).ravel())[: 4**depth // 2].max(initial=0.0) < 1e-12
    assert P.evidence.grade is Grade.CERTIFIED


def test_piecewise_linear_entries_are_exact():
    P = dg.transfer_operator(TENT, LINE, 3, method=EXACT)
    truth = np.zeros((8, 8))
    for i in range(8):
        first = min(2 * i, 14 - 2 * i)
        truth[i, [first, first + 1]] = 0.5
    lower, upper = bounds(P)
    np.testing.assert_allclose(P.matrix.toarray(), truth, atol=1e-15)
    assert (lower <= truth).all()
    assert (upper >= truth).all()
    assert (upper - lower).max() < 1e-11


def test_bounds_hold_for_a_map_that_is_no_polynomial():
    # Exact entries by Fractions cannot be had; fine sums of images of points come close.
    F = dg.SymbolicMap([sp.sin(3 * x) + x / 5], [x])
    cells = Cells.all(dg.Box([-2], [2]), 5)
    P = dg.transfer_operator(F, cells, method=EXACT)
    lower, upper = bounds(P)
    points = np.linspace(cells.lower[0], cells.upper[0], 4001)[:-1] + 0.125 / 8000
    landed = cells.at(F(points.reshape(-1, 1))).reshape(points.shape)
    for i in range(32):
        counted = np.bincount(landed[:, i][landed[:, i] >= 0], minlength=32) / 4000
        assert (lower[i] <= counted + 2e-3).all()
        assert (upper[i] >= counted - 2e-3).all()
    assert (upper - lower).max() < 1e-5


def test_rows_sum_to_one_where_nothing_can_leave():
    P = dg.transfer_operator(LOGISTIC, LINE, 12, method=EXACT)
    assert (P.left == 0).all()
    lower, upper = P.entries.lower, P.entries.upper
    assert (np.asarray(lower.sum(axis=1)) <= 1).all()
    assert (np.asarray(upper.sum(axis=1)) >= 1).all()
    assert (P.matrix.data > 0).all()


def test_some_of_the_cells():
    whole = dg.transfer_operator(LOGISTIC, LINE, 5, method=EXACT)
    rows = np.array([1, 2, 7, 20, 31])
    part = dg.transfer_operator(LOGISTIC, whole.cells.take(rows), method=EXACT)
    expected = whole.matrix[rows][:, rows].toarray()
    np.testing.assert_allclose(part.matrix.toarray(), expected, atol=1e-15)


def test_poles_are_no_monotone_places():
    # tan(x) has a positive derivative on both sides of a pole, and across it formally as well.
    F = dg.SymbolicMap([sp.tan(x)], [x])
    pieces = monotone_pieces(formulas_of(F), 1.0, 2.0, 44)
    assert pieces.sign.tolist() == [1, 0, 1]
    low, high = pieces.ends[1:3]
    assert low <= np.pi / 2 < np.nextafter(np.pi / 2, 2) <= high < low + 1e-9


def test_pieces_end_at_critical_points():
    F = dg.GradientDescent(dg.Loss(x**4 / 4 - x**2 / 2, [x]), "1/2")
    pieces = monotone_pieces(formulas_of(F), -2.0, 2.0, 44)
    assert pieces.sign.tolist() == [-1, 0, 1, 0, -1]
    for k, critical in ((1, -1.0), (3, 1.0)):
        assert pieces.ends[k] <= critical <= pieces.ends[k + 1] <= pieces.ends[k] + 1e-11


def test_preimages_are_enclosed():
    formulas = formulas_of(dg.SymbolicMap([x**3], [x]))
    values = np.array([-2.0, 0.001, 1 / 3, 1.0, 9.0])
    found = preimages(formulas, 0.0625, 2.0, True, values)
    assert (found.lower[0], found.upper[0]) == (0.0625, 0.0625)
    assert (found.lower[-1], found.upper[-1]) == (2.0, 2.0)
    for k in (1, 2, 3):
        low, high = Fraction(found.lower[k]), Fraction(found.upper[k])
        assert low**3 <= Fraction(values[k]) <= high**3
        assert high - low < Fraction(1, 10**14)
    falling = preimages(formulas_of(dg.SymbolicMap([-(x**3)], [x])), 0.0625, 2.0, False, -values)
    np.testing.assert_array_equal(falling.lower, found.lower)


def test_a_float_in_the_map_weakens_the_grade():
    F = dg.SymbolicMap([sp.Float(3.9) * x * (1 - x)], [x])
    P = dg.transfer_operator(F, LINE, 4, method=EXACT)
    assert P.evidence.grade is Grade.NUMERICAL


@pytest.mark.parametrize(
    ("F", "box", "said"),
    [
        (dg.textbook.henon(), dg.textbook.henon_box(), "a map of the line"),
        (dg.SymbolicMap([sp.Piecewise((2 * x, x < HALF), (2 * x - 1, True))], [x]), LINE, "jumps"),
        (dg.SymbolicMap([x + sp.sign(x - HALF) / 4], [x]), LINE, "jumps"),
        (dg.SymbolicMap([sp.Max(x, HALF)], [x]), LINE, "single points"),
        (dg.SymbolicMap([sp.Integer(0) * x], [x]), LINE, "single points"),
        (dg.SymbolicMap([sp.log(x)], [x]), dg.Box([-1], [1]), "single points"),
        (dg.SymbolicMap([a * x], [x]), LINE, "every parameter"),
    ],
)
def test_refused(F, box, said):
    with pytest.raises(InvalidInput, match=said):
        dg.transfer_operator(F, box, 4, method=EXACT)


def test_a_kink_is_allowed():
    F = dg.SymbolicMap([sp.Min(2 * x, 2 - 2 * x)], [x])
    by_min = dg.transfer_operator(F, LINE, 6, method=EXACT).matrix.toarray()
    by_abs = dg.transfer_operator(TENT, LINE, 6, method=EXACT).matrix.toarray()
    np.testing.assert_allclose(by_min, by_abs, atol=1e-14)


def test_a_loss_of_two_parameters_needs_points():
    F = dg.GradientDescent(dg.Loss((x * y - 1) ** 2 / 2, [x, y]), "1/2")
    with pytest.raises(InvalidInput, match="SampledCells"):
        dg.transfer_operator(F, dg.Box([-1, -1], [1, 1]), 4, method=EXACT)

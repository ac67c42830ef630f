"""Shares counted from points: against a slow count, whoever computes, for some of the cells."""

import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from sympy.abc import x, y

import dynsys_gd as dg
from dynsys_gd.cells.cells import Cells
from dynsys_gd.cells.transfer.sampled_cells import unit_points

LOSS = dg.Loss((x * y - 1) ** 2 / 2, [x, y])
F = dg.GradientDescent(LOSS, "9/10")
BOX = dg.Box([-3, -2], [3, 2.5])
FEW = dg.SampledCells(points=9)


def same(first, second):
    return all(
        np.array_equal(getattr(first, part), getattr(second, part))
        for part in ("data", "indices", "indptr")
    )


@pytest.mark.parametrize("dimension", [1, 2, 3, 5])
def test_points_are_spread_evenly(dimension):
    points = unit_points(128, dimension)
    assert points.shape == (128, dimension)
    assert (points >= 0).all()
    assert (points < 1).all()
    # Every projection on an axis is evenly spread; so are halves of squares and cubes.
    for column in points.T:
        np.testing.assert_allclose(np.sort(column), (np.arange(128) + 0.5) / 128)
    if dimension in (2, 3):
        boxes = np.histogramdd(points, bins=2, range=[(0, 1)] * dimension)[0]
        assert abs(boxes * 2**dimension / 128 - 1).max() <= 0.25


def test_on_one_axis_points_are_midpoints():
    np.testing.assert_allclose(unit_points(5, 1).ravel(), [0.1, 0.3, 0.5, 0.7, 0.9])


def test_entries_are_what_a_slow_count_gives():
    # An affine map of which the images of all points of a cell are known whatever the shift is.
    half = dg.SymbolicMap([x / 2, y / 2 + 1], [x, y])
    P = dg.transfer_operator(half, dg.Box([0, 0], [4, 4]), 4, method=FEW, rng=3)
    cells = P.cells
    for i in range(len(cells)):
        low, high = cells.lower[:, i], cells.upper[:, i]
        inside = cells.at([0.5 * 0.5 * (low + high) + [0, 1]])[0]
        expected = np.zeros(len(cells))
        expected[inside] = 1.0
        np.testing.assert_array_equal(P.matrix[[i]].toarray().ravel(), expected)


def test_shares_are_near_the_areas():
    P = dg.transfer_operator(F, BOX, 8, method=dg.SampledCells(points=400), rng=0)
    cells = P.cells
    rng = np.random.default_rng(5)
    for i in (0, 77, 120, 200, 255):
        low, high = cells.lower[:, i], cells.upper[:, i]
        landed = cells.at(F(rng.uniform(low, high, size=(40_000, 2))))
        expected = np.bincount(landed[landed >= 0], minlength=256) / 40_000
        assert abs(P.matrix[[i]].toarray().ravel() - expected).max() < 0.03
        assert P.left[i] == pytest.approx((landed < 0).mean(), abs=0.03)


def test_entries_are_unbiased():
    runs = [
        dg.transfer_operator(F, BOX, 4, method=FEW, rng=seed).matrix.toarray()
        for seed in range(300)
    ]
    truth = dg.transfer_operator(F, BOX, 4, method=dg.SampledCells(points=40_000), rng=0)
    spread = np.std(runs, axis=0) / math.sqrt(300)
    off = np.abs(np.mean(runs, axis=0) - truth.matrix.toarray())
    assert (off < 4.5 * spread + 3e-3).all()


def test_who_computes_does_not_matter():
    alone = dg.transfer_operator(F, BOX, 12, rng=4)
    with ThreadPoolExecutor(3) as threads:
        by_threads = dg.transfer_operator(F, BOX, 12, rng=4, executor=threads)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        by_processes = dg.transfer_operator(F, BOX, 12, rng=4, executor=processes)
    assert same(alone.matrix, by_threads.matrix)
    assert same(alone.matrix, by_processes.matrix)
    again = dg.transfer_operator(F, BOX, 12, rng=alone.seed)
    assert same(alone.matrix, again.matrix)
    assert not same(alone.matrix, dg.transfer_operator(F, BOX, 12, rng=5).matrix)


def test_some_cells_have_the_entries_that_all_have():
    whole = dg.transfer_operator(F, BOX, 10, method=FEW, rng=1)
    rows = np.arange(100, 900, 3)
    part = dg.transfer_operator(F, whole.cells.take(rows), method=FEW, rng=1)
    np.testing.assert_array_equal(part.matrix.toarray(), whole.matrix[rows][:, rows].toarray())
    np.testing.assert_allclose(part.left, 1 - part.matrix.toarray().sum(axis=1), atol=1e-15)


def test_a_point_on_a_face_is_counted_once():
    # F is the identity: every point stays in its cell, also those that rounding puts on a face.
    stay = dg.SymbolicMap([x, y], [x, y])
    P = dg.transfer_operator(stay, dg.Box([-1 / 3, 0.1], [1 / 3, 0.7]), 14, rng=0)
    assert P.matrix.nnz == 2**14
    np.testing.assert_array_equal(P.matrix.diagonal(), 1.0)


def test_images_that_are_no_numbers_have_left():
    root = dg.SymbolicMap([x ** sp_half()], [x])
    P = dg.transfer_operator(root, dg.Box([-1], [1]), 1, method=FEW, rng=0)
    np.testing.assert_allclose(P.left, [1.0, 0.0])
    np.testing.assert_allclose(P.matrix.toarray(), [[0, 0], [0, 1]])


def sp_half():
    from sympy import Rational

    return Rational(1, 2)


def test_maps_without_formulas():
    net = dg.LinearNetwork((1, 1, 1), [[1.0], [2.0]], [[1.0], [2.0]])
    G = dg.GradientDescent(net, "1/10")
    P = dg.transfer_operator(G, dg.Box([-2] * G.dimension, [2] * G.dimension), 6, rng=0)
    assert P.matrix.shape == (64, 64)
    assert P.invariant_density().components[0].at([[1.0, 0.0]])[0] >= 0


def test_progress_and_interruption():
    told = []
    dg.transfer_operator(F, BOX, 12, rng=0, progress=lambda *now: told.append(now))
    assert told[-1] == (4096, 4096)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len(told) > 2

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dg.transfer_operator(F, BOX, 12, rng=0, progress=stop)


def test_cells_of_three_coordinates():
    z = dg.SymbolicMap([y, x + y / 2, x / 3], [x, y, *_more()])
    P = dg.transfer_operator(z, dg.Box([-1] * 3, [1] * 3), 9, rng=0)
    assert P.matrix.shape == (512, 512)
    assert (P.matrix.sum(axis=1) <= 1 + 1e-12).all()


def _more():
    from sympy.abc import z

    return [z]


def test_all_of_a_cell_is_accounted_for():
    P = dg.transfer_operator(F, BOX, 10, method=FEW, rng=2)
    total = np.asarray(P.matrix.sum(axis=1)).ravel() + P.left
    np.testing.assert_allclose(total, 1.0, atol=1e-12)
    assert 0 < P.left.mean() < 1


def test_cells_without_a_box_keep_their_order():
    cells = Cells(BOX, 6, np.array([3, 17, 40]))
    P = dg.transfer_operator(F, cells, method=FEW, rng=0)
    assert P.cells is cells
    assert P.matrix.shape == (3, 3)

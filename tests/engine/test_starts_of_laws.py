"""Starts that numpy makes: by blocks, by quantiles, in boxes and in nets."""

import pickle

import numpy as np
import pytest
from scipy import stats

from dynsys_gd import Ball, Box, Distribution, Gaussian, InvalidInput
from dynsys_gd.engine.starts import (
    BoxesStarts,
    DrawnStarts,
    GivenStarts,
    NetStarts,
    QuantileStarts,
    UniformStarts,
)
from dynsys_gd.engine.starts.nets import quality
from dynsys_gd.ensembles.starts import drawn, ensemble_of, sobol_nets
from dynsys_gd.maps.symbolic_map import SymbolicMap

KEY = (0x12345678, 0x9ABCDEF0)
COUPLED = Distribution(stats.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]]))


def every_kind():
    cube = UniformStarts([0, 0], [1, 1], 2**40, KEY)
    return [
        DrawnStarts(Ball([1, 2], 3), 2**40, KEY),
        DrawnStarts(COUPLED, 2**40, KEY),
        QuantileStarts(Gaussian([0, 1], [1, 2]), cube),
        NetStarts((5, 3), 7, 2, KEY),
        BoxesStarts([[0, 0], [1, 2], [5, 5]], [[1, 1], [2, 1], [3, 3]], [700, 0, 1500], KEY),
    ]


@pytest.mark.parametrize("starts", every_kind(), ids=lambda s: type(s).__name__)
def test_each_start_is_a_function_of_its_number(starts):
    together = starts.columns(0, 1900)
    for first, last in [(0, 1), (699, 702), (1000, 1048), (1023, 1025), (1899, 1900), (5, 5)]:
        np.testing.assert_array_equal(starts.columns(first, last), together[:, first:last])
    again = pickle.loads(pickle.dumps(starts))
    np.testing.assert_array_equal(again.rows(100, 200), starts.rows(100, 200))
    filled = np.zeros((starts.dimension, 64))
    starts.fill(filled, 30, 50)
    np.testing.assert_array_equal(filled[:, :50], together[:, 30:80])


@pytest.mark.parametrize("starts", every_kind(), ids=lambda s: type(s).__name__)
def test_no_two_starts_are_equal(starts):
    assert len(np.unique(starts.rows(0, 1900), axis=0)) == 1900


def test_draws_far_apart_and_of_other_keys_differ():
    ball = Ball([0, 0], 1)
    one, other = DrawnStarts(ball, 2**60, KEY), DrawnStarts(ball, 2**60, (1, 2))
    assert not np.array_equal(one.rows(0, 9), one.rows(2**59, 2**59 + 9))
    assert not np.array_equal(one.rows(0, 9), other.rows(0, 9))


def test_draws_have_the_law():
    radius = np.linalg.norm(drawn(Ball([0, 0, 0], 2), 10**12, rng=0).rows(0, 8000), axis=1)
    assert stats.kstest((radius / 2) ** 3, "uniform").pvalue > 0.001
    pairs = drawn(COUPLED, 8000, rng=1).rows()
    assert np.corrcoef(pairs.T)[0, 1] == pytest.approx(0.6, abs=0.03)


def test_quantiles_of_the_cube_have_the_law_and_stay_finite():
    law = Distribution([stats.expon(), stats.norm(1, 2)])
    cube = UniformStarts([0, 0], [1, 1], 4000, KEY)
    points = QuantileStarts(law, cube).rows()
    for column, marginal in zip(points.T, law.laws, strict=True):
        assert stats.kstest(column, marginal.cdf).pvalue > 0.001
    ends = QuantileStarts(law, GivenStarts([[0.0, 0.0], [1.0, 1.0]])).rows()
    assert np.isfinite(ends).all()
    assert ends[0, 1] < -15
    assert ends[1, 1] > 15


@pytest.mark.parametrize(("d", "m"), [(1, 6), (2, 8), (3, 5), (5, 4)])
def test_every_cell_holds_whole_nets(d, m):
    """In one and two dimensions each elementary interval of a cell holds exactly one point."""
    shape = (3, 2, 2, 1, 1)[:d]
    nets = NetStarts(shape, m, 2, KEY)
    points = nets.rows().reshape(2, nets.cells, 2**m, d)
    places = np.stack(np.unravel_index(np.arange(nets.cells), shape), axis=-1)
    local = points * np.array(shape) - places[None, :, None, :]
    assert local.min() >= 0
    assert local.max() <= 1
    for axis in range(d):
        strata = np.sort(np.floor(local[..., axis] * 2**m).astype(int), axis=-1)
        np.testing.assert_array_equal(strata, np.broadcast_to(np.arange(2**m), strata.shape))
    if d == 2:
        for k in range(m + 1):
            i = np.floor(local[..., 0] * 2**k) * 2 ** (m - k) + np.floor(
                local[..., 1] * 2 ** (m - k)
            )
            expected = np.broadcast_to(np.arange(2**m), i.shape)
            np.testing.assert_array_equal(np.sort(i, axis=-1), expected)


def test_points_of_nets_are_uniform_and_nets_are_independent():
    first = NetStarts((1,), 3, 4000, KEY).rows().reshape(4000, 8)
    assert stats.kstest(first[:, 0], "uniform").pvalue > 0.001
    means = first.mean(axis=1)
    assert abs(np.corrcoef(means[:-1], means[1:])[0, 1]) < 0.06
    # Of an interval of length 1/3, eight stratified points hit 2 or 3, with variance 2/9.
    hits = (first < 1 / 3).sum(axis=1)
    assert set(hits) == {2, 3}
    assert hits.mean() == pytest.approx(8 / 3, abs=0.03)


def test_the_quality_is_that_of_nets_checked_by_counting():
    """For d = 3, t = 1: every elementary interval of volume 2^(1-m) holds two points."""
    assert quality(3) == 1
    m = 6
    points = NetStarts((1, 1, 1), m, 1, KEY).rows()
    for a in range(m):
        for b in range(m - a):
            scale = 2.0 ** np.array([a, b, m - 1 - a - b])
            boxes = np.floor(points * scale)
            _, counts = np.unique(boxes, axis=0, return_counts=True)
            assert set(counts) == {2}


def test_boxes_hold_their_counts_and_are_filled_uniformly():
    starts = BoxesStarts([[0.0], [10.0], [20.0]], [[1.0], [2.0], [4.0]], [500, 1500, 0], KEY)
    rows = starts.rows()[:, 0]
    assert np.count_nonzero(rows < 1) == 500
    assert stats.kstest((rows[500:] - 10) / 2, "uniform").pvalue > 0.001


def test_a_cut_holds_the_same_starts_and_only_the_boxes_it_needs():
    starts = BoxesStarts(np.arange(30)[:, None], np.ones((30, 1)), np.arange(30), KEY)
    for first, last in [(0, 435), (7, 7), (100, 101), (55, 78), (434, 435)]:
        cut = starts.cut(first, last)
        assert cut.n == last - first
        np.testing.assert_array_equal(cut.columns(0, cut.n), starts.columns(first, last))
        assert np.all(cut.counts > 0)


def test_boxes_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInput, match="counts"):
        BoxesStarts([[0.0]], [[1.0]], [1, 2], KEY)


def test_nets_in_too_many_dimensions_are_refused():
    with pytest.raises(InvalidInput, match="101"):
        NetStarts((1,) * 102, 3, 2, KEY)


def test_the_fast_engine_gets_points_that_lie_in_memory():
    from sympy.abc import x, y

    F = SymbolicMap([x / 2, y / 2], [x, y])
    starts = drawn(Ball([0, 0], 1), 5000, rng=0)
    stored = ensemble_of(F, starts)
    assert isinstance(stored, GivenStarts)
    np.testing.assert_array_equal(stored.rows(), starts.rows())


def test_nets_follow_the_quantiles_of_a_law():
    starts = sobol_nets(Box([-1, 0], [1, 8]), (4, 2), 3, 2, rng=0)
    rows = starts.rows().reshape(2, 8, 8, 2)
    assert np.all((rows[:, 0, :, 0] < -0.5) & (rows[:, 0, :, 1] < 4))
    assert np.all((rows[:, 7, :, 0] >= 0.5) & (rows[:, 7, :, 1] >= 4))

"""Laws of initialisations: their draws, their volumes, and what they refuse."""

import numpy as np
import pytest
from scipy import stats

from dynsys_gd import Ball, Box, Gaussian, InvalidInput
from dynsys_gd.regions import count_from_zero, seed_of


@pytest.mark.parametrize(
    "region", [Box([-1, 0], [2, 5]), Ball([1, 2, 3], 0.5), Gaussian([0, 1], [1.0, 2.0])]
)
def test_draws_are_repeatable_and_of_the_right_shape(region):
    first, second = region.sample(100, rng=7), region.sample(100, rng=7)
    assert first.shape == (100, region.dimension)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, region.sample(100, rng=8))


def test_box_draws_are_uniform():
    draws = Box([-1, 0], [2, 5]).sample(4000, rng=0)
    for column, (low, high) in zip(draws.T, [(-1, 2), (0, 5)], strict=True):
        assert stats.kstest(column, stats.uniform(low, high - low).cdf).pvalue > 0.001


def test_ball_draws_fill_the_ball_uniformly():
    ball = Ball([1, -1, 2], 2.0)
    distance = np.linalg.norm(ball.sample(4000, rng=0) - ball.center, axis=1)
    assert distance.max() <= 2.0
    assert stats.kstest((distance / 2.0) ** 3, "uniform").pvalue > 0.001


def test_volume_of_balls():
    for d, expected in [(1, 2.0), (2, np.pi), (3, 4 * np.pi / 3)]:
        assert Ball([0.0] * d, 1).volume == pytest.approx(expected, rel=1e-14)


def test_grid_holds_the_cell_centres_in_order():
    grid = Box([0, 0], [2, 3]).grid([2, 3])
    assert grid.points.tolist() == [
        [0.5, 0.5],
        [0.5, 1.5],
        [0.5, 2.5],
        [1.5, 0.5],
        [1.5, 1.5],
        [1.5, 2.5],
    ]


def test_a_coordinate_of_a_gaussian_may_be_fixed():
    draws = Gaussian([0.0, 3.0], [1.0, 0.0]).sample(10, rng=0)
    assert set(draws[:, 1]) == {3.0}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Box([0], [0]),
        lambda: Box([1], [0]),
        lambda: Box([0, 0], [1]),
        lambda: Box([], []),
        lambda: Box([np.nan], [1]),
        lambda: Box([0], [np.inf]),
        lambda: Box("ab", "cd"),
        lambda: Ball([0], 0),
        lambda: Ball([0], -1),
        lambda: Ball([0], np.nan),
        lambda: Ball([[0]], 1),
        lambda: Gaussian([0], 0),
        lambda: Gaussian([0, 0], [1]),
        lambda: Gaussian([0], -1),
        lambda: Box([0], [1]).grid(0),
        lambda: Box([0, 0], [1, 1]).grid([2]),
        lambda: Box([0, 0], [1, 1]).grid(10**5),
        lambda: Box([0], [1]).sample(0),
        lambda: Box([0], [1]).sample(1.5),
        lambda: Box([0], [1]).sample(True),
    ],
)
def test_bad_regions_are_refused(make):
    with pytest.raises(InvalidInput):
        make()


def test_a_volume_beyond_double_precision_is_infinite():
    assert Ball([0.0] * 18, 5e17).volume == np.inf
    assert Ball([0.0] * 18, 5e-30).volume == 0.0


@pytest.mark.parametrize("seed", [0, 5, np.int64(5), 2**100])
def test_a_whole_number_is_its_own_seed(seed):
    assert seed_of(seed) == int(seed)


@pytest.mark.parametrize("rng", [-1, True, "0", 1.5, np.random.RandomState(0)])
def test_what_is_no_source_of_randomness_is_refused(rng):
    with pytest.raises(InvalidInput, match="rng"):
        seed_of(rng)


def test_counts_of_numpy_are_counts():
    assert count_from_zero(np.int64(0), "transient") == 0
    for value in (-1, 1.0, True, "1", None):
        with pytest.raises(InvalidInput, match="a whole number of at least 0"):
            count_from_zero(value, "transient")

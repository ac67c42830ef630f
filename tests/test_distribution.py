"""Laws of scipy as laws of initialisations."""

import pickle

import numpy as np
import pytest
from scipy import stats

from dynsys_gd import Box, Distribution, Gaussian, InvalidInput


def test_coordinates_are_drawn_from_their_own_laws():
    law = Distribution([stats.gamma(2.0), stats.uniform(-1, 2)])
    draws = law.sample(4000, rng=0)
    for column, marginal in zip(draws.T, law.laws, strict=True):
        assert stats.kstest(column, marginal.cdf).pvalue > 0.001
    assert abs(np.corrcoef(draws.T)[0, 1]) < 0.05


@pytest.mark.parametrize(
    "joint",
    [
        stats.multivariate_normal([1, 2, 3]),
        stats.multivariate_t([0, 0], df=3),
        stats.dirichlet([1, 2, 3]),
        stats.multivariate_normal([0.5]),
        stats.uniform_direction(4),
    ],
)
def test_a_multivariate_law_is_drawn_from_as_it_is(joint):
    law = Distribution(joint)
    expected = np.asarray(joint.rvs(size=6, random_state=np.random.default_rng(3)))
    np.testing.assert_array_equal(law.sample(6, rng=3), expected.reshape(6, law.dimension))


def test_quantiles_invert_the_distribution_functions():
    laws = [stats.norm(1, 2), stats.beta(2, 3)]
    u = np.random.default_rng(0).uniform(size=(50, 2))
    points = Distribution(laws).at_quantiles(u)
    for i, law in enumerate(laws):
        np.testing.assert_allclose(law.cdf(points[:, i]), u[:, i], rtol=1e-9)


def test_box_and_gaussian_have_quantiles_too_and_fixed_coordinates_have_none():
    u = np.array([[0.25, 0.5], [0.9, 0.1]])
    np.testing.assert_allclose(
        Box([0, -1], [4, 1]).at_quantiles(u), [[1.0, 0.0], [3.6, -0.8]], rtol=1e-15
    )
    law = Gaussian([1, 5, 0], [2, 0, 1])
    assert law.random_coordinates == (0, 2)
    points = law.at_quantiles(u)
    np.testing.assert_allclose(points[:, 0], stats.norm(1, 2).ppf(u[:, 0]), rtol=1e-12)
    assert set(points[:, 1]) == {5.0}


def test_a_multivariate_law_has_no_quantiles_and_says_what_to_do():
    law = Distribution(stats.multivariate_normal([0, 0]))
    for ask in (lambda: law.random_coordinates, lambda: law.at_quantiles(np.ones((1, 2)) / 2)):
        with pytest.raises(InvalidInput, match="MonteCarlo"):
            ask()


def test_words():
    assert Distribution([stats.norm(0, 2)]).describe() == "norm(0, 2)"
    assert (
        Distribution([stats.norm(loc=1)] * 5).describe() == "norm(loc=1) in each of 5 coordinates"
    )
    assert Distribution([stats.norm()] * 2, name="mine").describe() == "mine"
    joint = Distribution(stats.multivariate_t([0, 0]))
    assert joint.describe() == "multivariate t in 2 dimensions"
    assert joint.volume is None


def test_it_travels():
    for law in (Distribution([stats.norm()]), Distribution(stats.multivariate_normal([0, 1]))):
        copy = pickle.loads(pickle.dumps(law))
        np.testing.assert_array_equal(copy.sample(5, rng=1), law.sample(5, rng=1))

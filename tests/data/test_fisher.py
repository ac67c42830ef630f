"""The shipped measurements are Fisher's, not the misprinted copy."""

import numpy as np

from dynsys_gd import data


def test_shapes_and_species():
    X, Y = data.iris()
    assert X.shape == (150, 4)
    assert Y.shape == (150, 3)
    assert np.array_equal(Y.sum(axis=0), [50, 50, 50])
    assert np.array_equal(Y.sum(axis=1), np.ones(150))


def test_means_are_those_of_the_paper():
    # Fisher (1936), table II: observed means of the species.
    X, Y = data.iris()
    means = Y.T @ X / 50
    assert np.allclose(means[0], [5.006, 3.428, 1.462, 0.246], atol=1e-12)
    assert np.allclose(means[1], [5.936, 2.770, 4.260, 1.326], atol=1e-12)
    assert np.allclose(means[2], [6.588, 2.974, 5.552, 2.026], atol=1e-12)


def test_rows_misprinted_elsewhere_are_right():
    X, _ = data.iris()
    assert X[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert X[37].tolist() == [4.9, 3.6, 1.4, 0.1]


def test_each_call_gives_arrays_of_its_own():
    X, _ = data.iris()
    X[:] = 0
    assert data.iris()[0].min() > 0

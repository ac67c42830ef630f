"""The shipped images are those of the repository, value by value."""

import gzip
import hashlib
from importlib import resources

import numpy as np
import pytest

from dynsys_gd import InvalidInput, data

# Of the table as text, made from sklearn.datasets.load_digits of scikit-learn 1.9.
TABLE = "ec702836eb415f7b9b9ccda8eb714ab7308324079d464354902ce3a77f6b8175"


def test_the_table_is_the_one_that_was_compared():
    file = resources.files("dynsys_gd.data").joinpath("digits.csv.gz")
    assert len(file.read_bytes()) < 100_000
    assert hashlib.sha256(gzip.decompress(file.read_bytes())).hexdigest() == TABLE


def test_equal_to_scikit_learn_where_it_is_installed():
    sklearn = pytest.importorskip("sklearn.datasets", reason="scikit-learn ships the same images")
    bunch = sklearn.load_digits()
    X, Y = data.digits()
    assert np.array_equal(16 * X, bunch.data)
    assert np.array_equal(Y.argmax(axis=1), bunch.target)


def test_shapes_values_and_classes():
    X, Y = data.digits()
    assert X.shape == (1797, 64)
    assert Y.shape == (1797, 10)
    assert X.min() == 0
    assert X.max() == 1
    assert np.array_equal(16 * X, np.round(16 * X))
    assert Y.sum(axis=0).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (Y.sum(axis=1) == 1).all()
    assert np.flatnonzero((X == 0).all(axis=0)).tolist() == [0, 32, 39]


def test_a_zero_is_hollow():
    image = data.digits(1)[0].reshape(8, 8)
    assert image[3, 3] == image[4, 3] == 0 < image[3, 2]


@pytest.mark.parametrize("n", [1, 7, np.int64(1797)])
def test_the_first_rows(n):
    X, Y = data.digits(n)
    everything = data.digits()
    assert np.array_equal(X, everything[0][:n])
    assert np.array_equal(Y, everything[1][:n])


@pytest.mark.parametrize("n", [0, -1, 1798, 2.5, "3", True])
def test_other_numbers_of_rows_are_refused(n):
    with pytest.raises(InvalidInput, match="n: got"):
        data.digits(n)

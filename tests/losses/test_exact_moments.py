"""Second moments without rounding, against sums of fractions."""

import time
from fractions import Fraction

import numpy as np
import pytest

from dynsys_gd.losses.exact_moments import exact_gram
from dynsys_gd.losses.linear_network import LinearNetwork


def slow_gram(Z):
    rows = [[Fraction(float(entry)) for entry in row] for row in Z]
    m = len(rows[0])
    return [
        [sum((r[i] * r[j] for r in rows), Fraction(0)) / len(rows) for j in range(m)]
        for i in range(m)
    ]


@pytest.mark.parametrize(
    "Z",
    [
        np.random.default_rng(0).normal(size=(30, 3)),
        np.array([[0.1, 1e300], [1e-300, -3.0], [5e-324, 2.0**-1000]]),
        np.array([[0.0, -1.0], [0.0, 2.0]]),
        np.array([[2.0**1023, 1.0], [1.0, 2.0**-1074]]),
        np.array([[-0.0, 3.0]]),
        np.random.default_rng(1).integers(-(2**53), 2**53, size=(40, 2)).astype(float),
    ],
    ids=["normal", "wide range", "zero column", "extremes", "one row", "large integers"],
)
def test_equals_the_sum_of_fractions(Z):
    assert exact_gram(Z) == slow_gram(Z)


def test_many_blocks_of_full_digits():
    # Every digit at its largest: the sums inside a block come as near to 2^53 as they can.
    Z = np.full((20_000, 1), float(2**53 - 1))
    assert exact_gram(Z) == [[Fraction(2**53 - 1) ** 2]]


def test_network_moments_are_flint_matrices():
    net = LinearNetwork((2, 1), [[1, 2], [3, 4]], [[5], [6]])
    sigma, cross = net.exact_moments()
    assert str(sigma.tolist()) == "[[5, 7], [7, 10]]"
    assert str(cross.tolist()) == "[[23/2, 17]]"


@pytest.mark.slow
def test_a_million_rows_take_seconds():
    rng = np.random.default_rng(0)
    X, Y = rng.integers(-1000, 1000, size=(10**6, 5)), rng.normal(size=(10**6, 1))
    net = LinearNetwork((5, 1), X, Y)
    began = time.perf_counter()
    sigma, cross = net.exact_moments()
    assert time.perf_counter() - began < 10
    whole = X.T @ X
    assert all(sigma[i, j] * 10**6 == int(whole[i, j]) for i in range(5) for j in range(5))
    assert all(
        float(cross[0, j].p) / float(cross[0, j].q) == pytest.approx(net.cross_moment[0, j])
        for j in range(5)
    )

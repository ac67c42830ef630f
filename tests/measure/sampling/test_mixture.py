"""The confidence sequence: its martingale, its limits, and the probability of ever missing."""

import math

import numpy as np
import pytest
from mpmath import mp
from scipy import stats

from dynsys_gd.measure.binomial import interval
from dynsys_gd.measure.sampling.mixture import Mixture, suited_mixture

WIDE = suited_mixture(0.1, 0.95)
FINE = suited_mixture(0.001, 0.95)


@pytest.mark.parametrize("mixture", [WIDE, FINE])
@pytest.mark.parametrize("p", [0.003, 0.2, 0.5, 0.9])
def test_the_ratio_has_mean_one_under_the_true_probability(mixture, p):
    n = 60
    ratios = np.exp([mixture.log_ratio(p, k, n) for k in range(n + 1)])
    assert np.dot(stats.binom.pmf(np.arange(n + 1), n, p), ratios) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("mixture", [WIDE, FINE])
def test_the_ratio_is_smallest_in_the_count_where_the_docstring_says(mixture):
    n = 40
    for p in np.linspace(0.01, 0.99, 33):
        logs = [mixture.log_ratio(p, k, n) for k in range(n + 1)]
        assert np.argmin(logs) == math.ceil((n - 1) * p)
        assert min(logs) <= 0
        assert np.all(np.diff(logs, 2) >= -1e-9)


@pytest.mark.parametrize(("hits", "n"), [(3, 50), (700, 1000), (123_456, 10**7), (10**6, 10**9)])
def test_limits_solve_their_equation_in_fifty_digits(hits, n):
    low, high = FINE.interval(hits, 0, n, level=0.9)
    with mp.workdps(50):
        for p in (low, high):
            exact = mp.log(sum(_part(w, k, p, hits, n) for w, k in _parts(FINE)))
            assert float(exact) == pytest.approx(math.log(10), abs=1e-4)
    assert low < hits / n < high


def _parts(mixture):
    return zip(mixture.weights, mixture.precisions, strict=True)


def _part(weight, k, p, hits, n):
    p, k = mp.mpf(p), mp.mpf(k)
    ratio = mp.beta(k * p + hits, k * (1 - p) + n - hits) / mp.beta(k * p, k * (1 - p))
    return mp.mpf(weight) * ratio / (p**hits * (1 - p) ** (n - hits))


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5])
def test_the_probability_of_ever_missing_is_below_the_error(p):
    """Exactly, by recursion over the counts: runs that have missed once are taken out."""
    level, most = 0.8, 150
    alive, missed = np.array([1.0]), 0.0
    for n in range(1, most + 1):
        alive = np.append(alive * (1 - p), 0.0) + np.append(0.0, alive * p)
        out = [WIDE.log_ratio(p, k, n) >= -math.log(1 - level) for k in range(n + 1)]
        missed += alive[out].sum()
        alive[out] = 0.0
    assert 0.02 < missed <= 1 - level
    # Fixed-number limits looked at as often miss more often than they say.
    alive, missed = np.array([1.0]), 0.0
    for n in range(1, most + 1):
        alive = np.append(alive * (1 - p), 0.0) + np.append(0.0, alive * p)
        ends = [interval(k, 0, n, level=level) for k in range(n + 1)]
        out = [not low <= p <= high for low, high in ends]
        missed += alive[out].sum()
        alive[out] = 0.0
    assert missed > 1 - level


def test_a_probability_is_inside_just_where_its_ratio_is_small():
    for n, k in [(30, 0), (30, 1), (30, 2), (30, 17), (30, 30), (1, 1), (1, 0)]:
        low, high = WIDE.interval(k, 0, n, level=0.95)
        for p in np.linspace(0.002, 0.998, 250):
            small = WIDE.log_ratio(p, k, n) < math.log(20)
            assert small == (low <= p <= high), (n, k, p)


def test_limits_grow_with_the_count_and_undecided_draws_move_only_the_upper_one():
    ends = np.array([WIDE.interval(k, 0, 80, level=0.9) for k in range(81)])
    assert np.all(np.diff(ends, axis=0) >= 0)
    assert WIDE.interval(20, 10, 80, level=0.9) == (ends[20, 0], ends[30, 1])
    assert WIDE.upper_limit(30, 80, level=0.9) == ends[30, 1]


def test_nothing_and_everything():
    assert WIDE.interval(0, 0, 1000, level=0.95)[0] == 0.0
    assert WIDE.interval(1000, 0, 1000, level=0.95)[1] == 1.0
    assert WIDE.interval(0, 0, 1000, level=0.95)[1] < 0.02
    low, high = FINE.interval(10**12, 0, 10**12, level=0.95)
    assert high == 1.0
    assert 0 < 1 - low < 1e-10


def test_higher_levels_are_wider():
    ends = [WIDE.interval(10, 0, 50, level=level) for level in (0.5, 0.9, 0.999)]
    assert ends[2][0] < ends[1][0] < ends[0][0] < 0.2 < ends[0][1] < ends[1][1] < ends[2][1]


@pytest.mark.parametrize("p", [0.5, 0.1, 0.01])
def test_a_suited_mixture_takes_about_as_many_draws_at_any_probability(p):
    n = int(3.3 * 1.96**2 * p * (1 - p) / 0.001**2)
    low, high = FINE.interval(round(p * n), 0, n, level=0.95)
    assert (high - low) / 2 < 0.001


def test_weights_sum_to_one():
    for mixture in (WIDE, FINE, suited_mixture(0.4, 0.5), Mixture((1.0,), (1.0,))):
        assert math.fsum(mixture.weights) == 1.0
        assert len(mixture.weights) == len(mixture.precisions)
